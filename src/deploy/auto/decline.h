/* SPDX-License-Identifier: Apache-2.0
 * Declining patches (M-111, S-09): one patch, or every patch of a product, on all systems, with a
 * reason and an end. A declined patch counts as missing nowhere and is in no deployment of
 * "everything missing"; naming it in a deployment still installs it. */
#ifndef DEPLOY_DECLINE_H
#define DEPLOY_DECLINE_H
#include "deploy/deploy.h"

#define DECLINE_MAX_S (2 * 366 * 86400LL)

struct decline {
	char id[33];
	bool of_product;
	const char *os;	     /**< of a product: "debian:12"; else "" */
	const char *subject; /**< patch id, or product */
	const char *reason, *created_by, *ended_by;
	int64_t created_ms, expires_ms;
	int64_t ended_ms; /**< 0 = it holds */
};
/** A patch may be declined again only after the earlier one ended: ERR_CONFLICT. `reason` 1..500
 * bytes; `expires_ms` in the future, at most DECLINE_MAX_S ahead: ERR_INVALID. `what` gives
 * of_product, os, subject, reason, created_by, expires_ms. */
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
/** The one that declines a patch, copied into `a`; NULL = none. From memory. */
const struct decline *deploy_decline_of(struct deploy *d, const struct patch *p, struct arena *a);
#endif
