/* SPDX-License-Identifier: Apache-2.0
 * Automated deployment (APD; M-185..M-188, S-08): tasks that make ordinary deployments of whatever
 * matches them, until nothing does. What a task has given to a system is recorded in the same
 * transaction as the deployment, so that nothing is given twice however the server ends. */
#ifndef DEPLOY_AUTO_H
#define DEPLOY_AUTO_H
#include "deploy/auto/auto_decide.h"
#include "deploy/orders/policy.h"

#define AUTO_NAME_MAX 100
#define AUTO_TASKS_MAX 200
#define AUTO_PATTERNS_MAX 200
#define AUTO_SPEC_MAX (1u << 20)
/** The task whose deployments are tests. */
#define AUTO_TEST "test"

struct auto_spec {
	struct auto_criteria criteria;
	const char *policy, *express_policy;
	const char *targets;	     /**< JSON of a selector; "" = every managed system */
	struct deploy_notify notify; /**< who is told of its deployments */
	int64_t force_days; /**< so long after it was made, also outside its windows; 0 = never */
};
struct auto_task {
	char id[33];
	const char *name, *created_by;
	int64_t created_ms, updated_ms, paused_ms;
	struct auto_spec spec;
};
/** Members types, severities, os, include, exclude, age, express, policy, targets,
 * force_after_days, halt_after, notify. Other members are not looked at. Texts live in `a`.
 * ERR_INVALID names the member. */
bool auto_spec_read(const json_t *j, struct arena *a, struct auto_spec *out, struct err *e)
	MUST_CHECK;
/** Sets those members. */
void auto_spec_write(const struct auto_spec *s, json_t *into);

/** By name; texts and the list live in `a`. */
bool auto_list(struct deploy *d, struct arena *a, struct auto_task **out, size_t *n_out,
	       struct err *e) MUST_CHECK;
/** ERR_NOT_FOUND for one that is unknown or removed. */
bool auto_get(struct deploy *d, const char *id, struct arena *a, struct auto_task *out,
	      struct err *e) MUST_CHECK;
/** New when t->id is empty (then filled in), else changed; whether it is paused stays. ERR_CONFLICT
 * when the name is another's, ERR_LIMIT. */
bool auto_save(struct deploy *d, struct auto_task *t, struct err *e) MUST_CHECK;
/** What it has deployed goes on. */
bool auto_remove(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
bool auto_pause(struct deploy *d, const char *id, bool paused, struct err *e) MUST_CHECK;
/** What failed or was given up counts no more: of a patch, or of all (patch NULL) (AC-14). */
bool auto_reset(struct deploy *d, const char *id, const char *patch, const char *by, struct err *e)
	MUST_CHECK;
/** The name of a task whose deployments have a policy, in `a`; NULL = none has. */
bool auto_policy_user(struct deploy *d, const char *policy, struct arena *a, const char **out,
		      struct err *e) MUST_CHECK;

/** The same for a group among the systems of a task or of the tests: named by id, or (as far as a
 * text tells) by its name in a filter. */
bool auto_group_user(struct deploy *d, const char *id, const char *group, struct arena *a,
		     const char **out, struct err *e) MUST_CHECK;

/** A patch that is a task's business, and what is done with it now. */
struct auto_row {
	uint32_t patch;
	struct auto_decision decision;
	roaring_bitmap_t *chosen;  /**< systems that get it now; NULL = none */
	roaring_bitmap_t *refused; /**< that lack it and must not get it now; NULL = none */
	uint32_t lacking;	   /**< of the task's systems */
	uint32_t declined;	   /**< of these: where it is declined */
	uint32_t busy;		   /**< a deployment with it is under way there */
	uint32_t taken_back;	   /**< uninstalled there by a person since */
	uint32_t waits, given_up, cancelled;
	uint32_t failures;
};
struct auto_plan {
	VEC(struct auto_row) rows;	  /**< by patch */
	uint32_t patches, systems, pairs; /**< to deploy now, both lanes */
	uint32_t express_patches, express_systems;
	uint32_t targets; /**< systems of the task */
	int64_t next_ms;  /**< when a patch that is too young now is not; 0 = none */
	uint32_t verdicts[AUTO_VERDICTS_];
};
void auto_plan_done(struct auto_plan *p);
AUTO_DEFINE_VALUE(struct auto_plan, auto_plan_done)
/** What the task would deploy now (the dry run, and what auto_run() deploys). An empty id: nothing
 * has been given to anybody yet. */
bool auto_plan(struct deploy *d, const struct match_view *v, const struct auto_task *t,
	       struct auto_plan *out, struct err *e) MUST_CHECK;

/** The deployments a task made, newest first. */
bool auto_runs(struct deploy *d, const char *task, size_t limit, struct arena *a, char ***out,
	       size_t *n_out, struct err *e) MUST_CHECK;

/** When a task made its last deployment; 0 = never. */
bool auto_last_ms(struct deploy *d, const char *task, int64_t *out, struct err *e) MUST_CHECK;

/** How the decision about a patch that is not approved stands: what auto_run() does (AC-13). By
 * index into `patches` of the view's catalog. */
bool approval_decisions(struct deploy *d, const struct match_view *v, const uint32_t *patches,
			size_t n, struct approval_decision *out, struct err *e) MUST_CHECK;

/** By the leader's clock, every second: runs at once when approvals, tasks or the patch DB changed,
 * soon when scans came in, else every minute; no more often than that where a run takes long. */
bool auto_tick(struct deploy *d, struct err *e) MUST_CHECK;
/** Notes new patches, decides about tested ones, deploys: for one task not again within minutes,
 * unless approvals, tasks or the patch DB changed since the last run. A task that fails does not
 * keep others from running; the first failure is told. */
bool auto_run(struct deploy *d, struct err *e) MUST_CHECK;
/** Another server changed a task. */
void auto_stir(struct deploy *d);
#endif
