/* SPDX-License-Identifier: Apache-2.0
 * The cluster rule at work: which groups have one, who of their members is unavailable now, and the
 * places in the database. What is decided is cluster.h's. Private to the deploy room. */
#ifndef DEPLOY_CLUSTER_SLOTS_H
#define DEPLOY_CLUSTER_SLOTS_H
#include "deploy/deploy_int.h"
#include "deploy/rollout/cluster.h"
#include "fleet/group.h"
#include "match/filter.h"

/* Pending since its group has no room; since its window is not open and the order is not to lie on
 * the machine meanwhile (no order is out in either). */
#define REASON_GROUP_FULL "group_full"
#define REASON_GROUP_WINDOW "group_window"
/* Not published there, since it could be begun without a place; deployed from its deadline on. */
#define REASON_GROUP_PUBLISHED "group_published"

struct cluster_group {
	const struct group *group;
	const roaring_bitmap_t *members; /* active ones */
	uint32_t limit;
};
/* Groups with a rule, and the hosts that work; as long as the view is held. */
struct cluster_look {
	struct filter_run run;
	struct cluster_group *groups;
	size_t n;
	roaring_bitmap_t *busy; /* have a place, or are worked on without one; NULL when n == 0 */
	int64_t turn;		/* of the places, before they were read */
	struct arena arena;
};
/* Asks the database nothing when no group has a rule. */
bool cluster_look_begin(struct deploy *d, const struct match_view *v, struct cluster_look *out,
			struct err *e) MUST_CHECK;
void cluster_look_end(struct cluster_look *k);
AUTO_DEFINE_VALUE(struct cluster_look, cluster_look_end)
bool cluster_is_ruled(const struct cluster_look *k, const struct host *h);
/* The first group that has no room for the host's work; NULL = none. *others_out: how many other
 * members of it are unavailable. */
const struct cluster_group *cluster_hinders(struct deploy *d, const struct match_view *v,
					    const struct cluster_look *k, const struct host *h,
					    uint32_t *others_out);
/* "name 1/1": the group, how many of it are unavailable, and how many may be. */
char *cluster_detail(const struct cluster_group *g, uint32_t others, struct arena *a);

/* An order that needs a place is made between the two. */
struct cluster_entry {
	struct cluster_look look;
	bool ruled;			  /* an order needs a place */
	const struct cluster_group *full; /* and there is none in this group */
	uint32_t others;
};
bool cluster_enter(struct deploy *d, const struct match_view *v, const struct host *h,
		   struct cluster_entry *out, struct err *e) MUST_CHECK;
void cluster_leave(struct deploy *d, struct cluster_entry *k);

/* --- places --- */
bool cluster_slot_get(struct deploy *d, const char *host, struct cluster_slot *out, bool *there_out,
		      struct err *e) MUST_CHECK;
/* In the transaction that stores the order. `turn` < 0: the host works already. ERR_UNAVAILABLE
 * when another server has taken a place meanwhile. */
bool cluster_slot_put(struct sql_conn *c, const char *host, const struct cluster_slot *s,
		      int64_t turn, struct err *e) MUST_CHECK;
/* What a verdict says of the place that `s` was; another one that is there by now stays. */
bool cluster_slot_settle(struct sql_conn *c, const char *host, const struct cluster_slot *s,
			 enum cluster_verdict v, struct err *e) MUST_CHECK;
/* A contact. *there_out: it has a place afterwards; *freed_out: it had one, and time has ended it.
 */
bool cluster_meet(struct deploy *d, const struct host *h, uint64_t agent_epoch, uint64_t agent_seq,
		  bool *there_out, bool *freed_out, struct err *e) MUST_CHECK;
/* The host works on an order that was handed out before there was a rule. */
bool cluster_adopt(struct deploy *d, const struct host *h, uint64_t seq, int64_t not_after_ms,
		   struct err *e) MUST_CHECK;
/* Wakes members that wait, as far as there is room or their windows may be open. */
bool cluster_tick(struct deploy *d, struct err *e) MUST_CHECK;
#endif
