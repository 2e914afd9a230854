/* SPDX-License-Identifier: Apache-2.0
 * Deployment policies (M-151..M-173, S-19): schedules and actions with a name. A deployment has
 * exactly one; the built-in one, POLICY_ANYTIME, is not stored. */
#ifndef DEPLOY_POLICY_H
#define DEPLOY_POLICY_H
#include "deploy/deploy.h"
#include "window/notice.h"
#include "window/schedule.h"

#define POLICY_NAME_MAX 100
#define POLICY_DESCRIPTION_MAX 1000
#define POLICIES_MAX 500

struct policy {
	char id[33];
	char *name, *description, *created_by;
	int64_t created_ms, updated_ms;
	struct window_schedule schedule;
	struct notification *notification; /**< NULL = users are not told (M-171) */
	struct actions actions;
	int64_t n_open; /**< deployments with it that have not ended */
	bool stale;	/**< policy_save() failed for the changes of another since `updated_ms` */
};
/** By name, removed ones left out; strings and the list live in `a`. */
bool policy_list(struct deploy *d, struct arena *a, struct policy **out, size_t *n_out,
		 struct err *e) MUST_CHECK;
/** ERR_NOT_FOUND for one that is unknown or removed. */
bool policy_get(struct deploy *d, const char *id, struct arena *a, struct policy *out,
		struct err *e) MUST_CHECK;
/** New when p->id is empty (then filled in), else changed: orders that still wait for a window of
 *  its old schedule are withdrawn and made anew; `updated_ms` must be as it was read (0 = whatever
 *  it is). `created_by` of a new one only. ERR_INVALID for
 *  name or description, ERR_CONFLICT for a name that another one has, ERR_LIMIT, ERR_NOT_FOUND. */
bool policy_save(struct deploy *d, struct policy *p, struct err *e) MUST_CHECK;
/** ERR_CONFLICT while a deployment with it has not ended. */
bool policy_remove(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
#endif
