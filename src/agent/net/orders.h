/* SPDX-License-Identifier: Apache-2.0
 * The thread that carries orders out: download, hand to the root half, report. One order at a time,
 * in the order they came; one that waits for its window lets others pass. Only those are remembered
 * here: the server sends an order again until it has its result, and the root half keeps results
 * until they are acknowledged. */
#ifndef AGENT_NET_ORDERS_H
#define AGENT_NET_ORDERS_H
#include "agent/agent_conf.h"
#include "agent/net/parked.h"
#include "base/str.h"

struct orders;
/** `finished` is called on the orders' thread after something was installed or reported: scan and
 * check in now. The thread lives as long as the process: there is nothing it must finish before its
 * end. */
bool orders_start(const struct agent_paths *p, void (*finished)(void *arg), void *arg,
		  struct orders **out, struct err *e) MUST_CHECK;
/** Queues an envelope unless its order is queued or being worked on. */
void orders_add(struct orders *o, struct str envelope);
/** The server was reached and has offered what it has: what waits for a window and was not among it
 *  is withdrawn, and results that wait are worth a try. */
void orders_contacted(struct orders *o);
/** Envelopes of the orders that wait here, for the caller to free; how many. Any thread. */
size_t orders_parked(struct orders *o, char *out[static PARKED_MAX]);
/** A user has answered: that order is looked at now. Any thread. */
void orders_look(struct orders *o, const char *id);
/** Queued or being worked on. */
unsigned orders_waiting(struct orders *o);
#endif
