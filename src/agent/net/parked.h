/* SPDX-License-Identifier: Apache-2.0
 * Orders that wait for their window or for users. They are files, so that a machine that is started
 * anew while its server is away still knows them. What a file holds is an envelope as the server
 * sent it: whoever acts on it verifies it again. Used by one thread at a time. */
#ifndef AGENT_NET_PARKED_H
#define AGENT_NET_PARKED_H
#include "agent/agent_conf.h"
#include "base/vec.h"

#define PARKED_MAX 50

struct parked_order {
	char *envelope;
	char id[33];
	int64_t at_ms;		 /**< wall clock: look again then */
	const char *told_reason; /**< what the server was told by this process; NULL: nothing yet */
	int64_t told_next_ms;
	bool offered; /**< by the server, in this contact */
};
struct parked {
	struct agent_paths paths;
	VEC(struct parked_order) list;
};

/** Reads what was left by the last run; each is due at once. */
bool parked_load(struct parked *p, const struct agent_paths *paths, struct err *e) MUST_CHECK;
void parked_done(struct parked *p);
/** Keeps an order until `at_ms`; one known already gets the new time. ERR_LIMIT when too many. */
bool parked_put(struct parked *p, const char *id, const char *envelope, int64_t at_ms,
		struct err *e) MUST_CHECK;
/** Whether the server has been told why this order waits, and until when. `reason` must live on. */
bool parked_is_told(struct parked *p, const char *id, const char *reason, int64_t next_ms);
void parked_told(struct parked *p, const char *id, const char *reason, int64_t next_ms);
bool parked_has(struct parked *p, const char *id);
/** Due at once; unknown is fine. */
void parked_hurry(struct parked *p, const char *id);
/** Forgets it; unknown is fine. */
void parked_drop(struct parked *p, const char *id);
/** The earliest time of all; INT64_MAX when there is none. */
int64_t parked_next_ms(const struct parked *p);
/** One that is due: its envelope, a copy for the caller, and its time put off by `again_ms`, should
 *  it not come to an end. NULL when none is. */
char *parked_due(struct parked *p, int64_t now_ms, int64_t again_ms);
/** Whether the envelope is known here; marks it as offered. */
bool parked_offer(struct parked *p, struct str envelope);
/** After a contact: what the server no longer offers is withdrawn; all marks are taken off. */
void parked_settle(struct parked *p);
#endif
