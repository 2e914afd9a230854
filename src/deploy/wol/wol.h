/* SPDX-License-Identifier: Apache-2.0
 * Waking targets before their windows (M-165, S-13): who is due, which neighbour sends the magic
 * packet, and what became of it. A packet that is sent twice is harmless, one that is not sent is a
 * missed window; so what is not known to be sent is asked for again, so many times. */
#ifndef DEPLOY_WOL_H
#define DEPLOY_WOL_H
#include "deploy/deploy.h"
#include "proto/lan.h"

#define WOL_AHEAD_MS INT64_C(300000) /**< before a window opens: room for a slow boot */
#define WOL_TRIES 3		     /**< of asking somebody, for each window */
#define WOL_ANSWER_MS 60000	     /**< then the next one is asked */
#define WOL_ERRANDS 32		     /**< for one neighbour at once */

/** What became of it; stable words of the column (schema 0032) and the API. */
#define WOL_ASKED "asked"		/**< a neighbour is to send it, and has not said so yet */
#define WOL_SENT "sent"			/**< by the neighbour, or the server itself */
#define WOL_NO_NEIGHBOUR "no_neighbour" /**< nobody of its subnets is in contact; looked again */
#define WOL_NO_INTERFACE "no_interface" /**< its agent has told none */
#define WOL_ZONE_UNKNOWN "zone_unknown" /**< nor the zone that its windows are in */

/** Whether a system is to be awake now: a window is open or opens within WOL_AHEAD_MS, or the
 * deployment is forced then. *window_out names the window, and stays the same for it: its start,
 * or, at any time, when the deployment was made. */
bool wol_due(const struct window_schedule *s, const struct zone *z, int64_t created_ms,
	     int64_t forced_ms, int64_t now_ms, int64_t *window_out);

struct target_wol {
	char *state;	/**< NULL = nothing was done yet */
	char *hostname; /**< of the neighbour, or NULL: the server itself, or nobody */
	int64_t window_ms, at_ms;
};
bool wol_of(struct deploy *d, const char *deployment, const char *host, struct arena *a,
	    struct target_wol *out, struct err *e) MUST_CHECK;

/** What a neighbour is asked to do, and nothing else: a magic packet into a subnet of its own. */
struct wol_errand {
	char system[33];
	uint8_t mac[6];
	char subnet[SUBNET_TEXT];
};
/** For a check-in; WOL_ERRANDS at most, in `a`. */
bool wol_errands(struct deploy *d, uint32_t neighbour, struct arena *a, struct wol_errand **out,
		 size_t *n_out, struct err *e) MUST_CHECK;
/** The neighbour has sent the packets for these systems; of those it was not asked for nothing is
 * noted. */
bool wol_sent(struct deploy *d, uint32_t neighbour, const char *const *systems, size_t n,
	      struct err *e) MUST_CHECK;
#endif
