/* SPDX-License-Identifier: Apache-2.0
 * One contact with the server: attributes and the inventory's hash go, orders and wishes come back,
 * the inventory follows whole or as a delta when the server asks for it. */
#ifndef AGENT_NET_CHECKIN_H
#define AGENT_NET_CHECKIN_H
#include "agent/agent_conf.h"
#include "base/buf.h"
#include "crypto/digest.h"

/** The last scan; text of at most INVENTORY_MAX bytes. */
struct checkin_scan {
	struct str text;
	struct sha256 hash;
	int64_t scanned_ms; /**< 0 = there is none */
	const char *error;  /**< of a later scan that failed, or NULL */
};
struct checkin_reply {
	bool scan;			     /**< the server wants a scan now */
	int64_t refresh_s;		     /**< 0 = not told */
	int64_t skew_ms;		     /**< this machine's clock minus the server's */
	bool tells_wake_on_lan, wake_on_lan; /**< servers of before do not tell */
	size_t n_orders;
};
/** `order` is called for each sealed order of the reply. *retry_after_s_out, always set: how long
 * the server wants to be left alone after a refusal; 0 = it did not say. */
bool checkin_run(const struct agent_paths *p, const struct checkin_scan *scan,
		 void (*order)(void *arg, struct str envelope), void *arg,
		 struct checkin_reply *out, int64_t *retry_after_s_out, struct err *e) MUST_CHECK;
#endif
