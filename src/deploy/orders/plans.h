/* SPDX-License-Identifier: Apache-2.0
 * Exact plans: what each target's own package manager would do, told by its agent. A deployment may
 * ask that they are approved: its targets stop with their plan, equal plans have one hash, and only
 * an order with the approved hash is carried out, by the root half's own look just before. One that
 * has drifted is judged here: what the deployment permits beside the approved plan is ordered with
 * its own hash, for that one target; everything else waits for an approval. */
#ifndef DEPLOY_PLANS_H
#define DEPLOY_PLANS_H
#include "deploy/deploy.h"

#define PLAN_APPROVALS_MAX 500 /**< at once */

struct plan_group {
	char *hash, *steps; /**< JSON: [{name, arch, from, to, action}] */
	uint32_t systems;
	char *approved_by; /**< NULL = nobody yet */
	int64_t approved_ms;
	char *was, *was_steps; /**< the approved plan from which it drifted; NULL = it has not */
	bool drift_allowed;    /**< by the deployment, so that it needs no approval */
	char *details;	       /**< of a target's: JSON (proto/plan.h); NULL = not told */
};
/** All of them, in no order, without steps. */
bool plan_groups(struct deploy *d, const char *deployment, struct arena *a, struct plan_group **out,
		 size_t *n_out, struct err *e) MUST_CHECK;
/** Their steps, and those of what they were. */
bool plan_group_steps(struct deploy *d, struct plan_group *g, struct arena *a, struct err *e)
	MUST_CHECK;
/** The steps of one plan (`hash`), or of all that the deployment's targets have told (NULL). */
bool plan_steps(struct deploy *d, const char *deployment, const char *hash,
		void (*fn)(void *arg, struct str hash, const char *json), void *arg, struct err *e)
	MUST_CHECK;
/** *wanted_out: the deployment's plans are to be approved; *drift_out: how far one may be from its
 * approved one. */
bool plan_wanted(struct deploy *d, const char *deployment, bool *wanted_out,
		 enum plan_drift *drift_out, struct err *e) MUST_CHECK;
/** Which targets have told a plan and when, the first PLAN_DETAILS_TARGETS by id. A target that
 * tells again has another time. */
#define PLAN_DETAILS_TARGETS 20000
bool plan_told_list(struct deploy *d, const char *deployment,
		    void (*fn)(void *arg, struct str host, int64_t told_ms), void *arg,
		    struct err *e) MUST_CHECK;
/** The details of one of them (`host`), or of all (NULL); NULL of one that told none. */
bool plan_details(struct deploy *d, const char *deployment, const char *host,
		  void (*fn)(void *arg, struct str host, const char *json), void *arg,
		  struct err *e) MUST_CHECK;
/** Approves a plan for every target that has it, now or later. ERR_NOT_FOUND for one that no target
 * has, ERR_CONFLICT for a deployment that asks for no approval or has ended. */
bool plan_approve(struct deploy *d, const char *deployment, const char *hash, const char *by,
		  struct err *e) MUST_CHECK;
/** A target's last plan; ERR_NOT_FOUND when it has told none. */
bool plan_of_target(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		    struct plan_group *out, struct err *e) MUST_CHECK;
#endif
