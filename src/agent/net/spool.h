/* SPDX-License-Identifier: Apache-2.0
 * Fetching an order's files into the spool, named by their SHA-256: resumed where they stopped, two
 * at a time, verified before they get their name. */
#ifndef AGENT_NET_SPOOL_H
#define AGENT_NET_SPOOL_H
#include "agent/agent_conf.h"
#include "proto/order.h"

#define SPOOL_PARALLEL 2

struct spool_progress {
	/** Called from the fetching threads, one at a time. False ends the fetching. */
	bool (*fn)(void *arg, int64_t done, int64_t total, const char *waiting_for);
	void *arg;
};
/** Returns when every file is there, or with the error of the first that cannot be had:
 * ERR_NOT_FOUND when the server does not offer it, ERR_UNAVAILABLE for a network that may come back
 * or a server that is itself still fetching, ERR_FULL. What was fetched stays for the next try. */
bool spool_fetch(const struct agent_paths *p, const struct order *o,
		 const struct spool_progress *progress, struct err *e) MUST_CHECK;
/** Removes everything that is not a file of one of the orders. */
bool spool_clean(const struct agent_paths *p, const struct order *const *keep, size_t n,
		 struct err *e) MUST_CHECK;
#endif
