/* SPDX-License-Identifier: Apache-2.0
 * The rollout of a deployment (rollout.h) in the database: how far it is, and who changes that. A
 * target whose wave is not open, or whose rollout is halted, is given no order. */
#ifndef DEPLOY_WAVES_H
#define DEPLOY_WAVES_H
#include "deploy/deploy.h"
#include "deploy/rollout/rollout.h"

#define WAVES_REASON_MAX 500

struct rollout_view {
	struct rollout plan; /**< groups that are there have the name they have now */
	struct rollout_counts counts[ROLLOUT_WAVES_MAX];
	struct rollout_verdict verdict;
	uint32_t open;		 /**< waves */
	bool ended;		 /**< the deployment has */
	enum rollout_why halted; /**< NONE = it goes on */
	int64_t halted_ms;
	char *halted_by, *reason; /**< "" = by itself; what an administrator wrote last */
};
/** Gives the groups of waves their names. ERR_NOT_FOUND names the wave whose group is not there,
 * whose index is in *wave_out. */
bool deploy_rollout_bind(struct deploy *d, struct rollout *r, uint32_t *wave_out, struct err *e)
	MUST_CHECK;
/** *present_out: whether the deployment has one. */
bool deploy_rollout(struct deploy *d, const char *id, struct arena *a, struct rollout_view *out,
		    bool *present_out, struct err *e) MUST_CHECK;
/** Nothing more starts, and orders that wait on their machines are withdrawn. ERR_CONFLICT when
 * there are no waves, they have ended, or it is halted already. */
bool deploy_halt(struct deploy *d, const char *id, const char *by, const char *reason,
		 struct err *e) MUST_CHECK;
/** Goes on after a halt: what has failed or keeps silent in the waves that are open is forgiven,
 * and counted no more. ERR_CONFLICT when it is not halted. */
bool deploy_resume_rollout(struct deploy *d, const char *id, const char *reason, struct err *e)
	MUST_CHECK;
#endif
