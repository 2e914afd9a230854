/* SPDX-License-Identifier: Apache-2.0
 * Private to the deploy room: what the files of automated deployment share. */
#ifndef DEPLOY_AUTO_INT_H
#define DEPLOY_AUTO_INT_H
#include "deploy/auto/auto.h"
#include "deploy/deploy_int.h"

bool auto_open(struct deploy *d, struct err *e) MUST_CHECK;
void auto_close(struct deploy *d);

/* --- what a task has given (auto_history.c) ----------------------------------------------------
 */

/* A deployment's patches in the order of the ids' bytes: claims name them by their places. */
struct given {
	char deployment[33];
	struct str *patches; /* sorted */
	size_t n;
};
/* Deployments of a task with any of `wanted` (patch ids); all in `a`. */
bool auto_given(struct deploy *d, const char *task, const struct intern *wanted, struct arena *a,
		struct given **out, size_t *n_out, struct err *e) MUST_CHECK;
/* What one of them gave: `fn` once for each system and patch. */
struct claim {
	struct str host, patch;
	enum target_state state;
	int64_t ended_ms;
	struct str reason; /* the target's */
};
bool auto_claims(struct deploy *d, const struct given *g,
		 void (*fn)(void *arg, const struct claim *c), void *arg, struct err *e) MUST_CHECK;
/* Every (patch, system) that an open deployment holds, whoever made it: `fn` gets the patch and the
 * deployment's open targets. Only for patches in `wanted`. */
bool auto_under_way(struct deploy *d, const struct match_view *v, const struct intern *wanted,
		    void (*fn)(void *arg, uint32_t wanted_no, const roaring_bitmap_t *hosts),
		    void *arg, struct err *e) MUST_CHECK;
/* Since when failures count: per patch of `wanted`, by its number (zeroed array of n). */
bool auto_resets(struct deploy *d, const char *task, const struct intern *wanted, int64_t *out,
		 struct err *e) MUST_CHECK;

/* --- */

/* Systems of a selector's JSON; all managed ones when it is "". The caller's. */
bool auto_hosts(struct deploy *d, const struct match_view *v, const char *targets,
		roaring_bitmap_t **out, struct err *e) MUST_CHECK;
/* A selector's JSON checked, and as it is kept; whether it means every system. */
bool auto_targets_read(const json_t *j, struct arena *a, const char **out, bool *all_out,
		       struct err *e) MUST_CHECK;
/* Of the test systems, as a task. */
void auto_test_task(const struct approval_settings *s, struct auto_task *out);
/* Tests that are over: the patch is approved, or it is noted that it failed. */
bool auto_conclude(struct deploy *d, struct err *e) MUST_CHECK;
/* In a write function: orders of automated deployments, and of those of everything missing, with
 * this patch that wait on machines are withdrawn, and made anew as it is by then. */
bool auto_withdraw(struct sql_conn *c, const char *patch, int64_t now_ms, struct err *e) MUST_CHECK;
/* Whose deployment it is: "" for a person's. */
bool auto_task_of(struct deploy *d, const char *deployment, char out[static 33], struct err *e)
	MUST_CHECK;
/* A patch that an automated deployment must not install on a host any more. */
bool auto_is_withheld(struct deploy *d, const struct match_view *v, const char *task,
		      uint32_t patch, uint32_t host);

/* --- configuration.c --- */
/* Makes a deployment of a resolved set; `also` (or NULL) writes in the same transaction. */
bool deployment_make(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		     const struct resolved *set, const char *id,
		     bool (*also)(struct sql_conn *c, void *arg, struct err *e), void *arg,
		     struct err *e) MUST_CHECK;
#endif
