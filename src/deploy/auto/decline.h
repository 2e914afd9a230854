/* SPDX-License-Identifier: Apache-2.0
 * Declining patches (M-111, S-09): one patch, or every patch of a product, on all systems or on
 * those of chosen groups (who that is follows the groups), with a reason and an end. Where it is
 * declined a patch does not count as missing and is in no deployment of "everything missing";
 * naming it in a deployment still installs it. */
#ifndef DEPLOY_DECLINE_H
#define DEPLOY_DECLINE_H
#include "deploy/deploy.h"
#include "match/filter.h"

#define DECLINE_MAX_S (2 * 366 * 86400LL)
#define DECLINE_GROUPS_MAX 50

struct decline_group {
	const char *id, *name; /**< name: as it was called when it was declined */
};

struct decline {
	char id[33];
	bool of_product;
	const char *os;	     /**< of a product: "debian:12"; else "" */
	const char *subject; /**< patch id, or product */
	const char *reason, *created_by, *ended_by;
	int64_t created_ms, expires_ms;
	int64_t ended_ms; /**< 0 = it holds */
	const struct decline_group *groups;
	size_t n_groups; /**< 0 = on all systems */
};
/** What is declined on all systems, or for all of these groups, is not declined again before that
 * has ended: ERR_CONFLICT. `reason` 1..500 bytes; `expires_ms` in the future, at most DECLINE_MAX_S
 * ahead; a group must be there, and not depend on what is missing (filter_asks_status()):
 * ERR_INVALID. `what` gives of_product, os, subject, reason,
 * created_by, expires_ms, and groups by their ids. */
bool deploy_decline(struct deploy *d, const struct decline *what, char id_out[static 33],
		    struct err *e) MUST_CHECK;
/** Ends it now; ERR_NOT_FOUND when there is none that holds. */
bool deploy_undecline(struct deploy *d, const char *id, const char *by, struct err *e) MUST_CHECK;
/** Ends those whose time has come (`ended_by` "expiry"), and says which, in `a`. */
bool deploy_decline_expire(struct deploy *d, struct arena *a, struct decline **out, size_t *n_out,
			   struct err *e) MUST_CHECK;
/** A page of those that hold, or of those that ended, newest first; *total_out of all pages. */
bool deploy_declines(struct deploy *d, bool ended, const struct sql_page *page, struct arena *a,
		     struct decline **out, size_t *n_out, int64_t *total_out, struct err *e)
	MUST_CHECK;
/** The one that declines a patch on all systems, copied into `a`; NULL = none. From memory. */
const struct decline *deploy_decline_of(struct deploy *d, const struct patch *p, struct arena *a);
/** Those that decline it for groups, oldest first, copied into `a`. From memory. */
const struct decline *deploy_group_declines_of(struct deploy *d, const struct patch *p,
					       struct arena *a, size_t *n_out);
/** Whether something may be declined for a group: it is there and does not depend on what is
 * missing. ERR_INVALID. */
bool deploy_decline_may_name(const struct match_view *v, const char *group, struct err *e)
	MUST_CHECK;
/** Whether a group may have this filter: it must not make a group that something is declined for
 * depend on what is missing. ERR_CONFLICT, with what is declined. */
bool deploy_decline_fits_group(struct deploy *d, const struct match_view *v, const char *group,
			       const struct filter *x, struct err *e) MUST_CHECK;
/** Members of groups may have changed, or hosts, or time has passed: see match_declined_follow().
 * With `withdraw` orders that wait on machines are made anew without what is declined there now. */
bool deploy_declines_follow(struct deploy *d, bool at_once, bool withdraw, struct err *e)
	MUST_CHECK;
#endif
