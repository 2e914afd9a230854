/* SPDX-License-Identifier: Apache-2.0
 * Rollouts of deployments as JSON. */
#ifndef API_ROLLOUTS_H
#define API_ROLLOUTS_H
#include "api/call.h"
#include "deploy/deploy.h"
#include "deploy/rollout/rollout.h"

/** Member `rollout` of a request: *out is NULL without one. 400 `invalid_rollout`. */
bool rollouts_read(struct call *c, const json_t *body, const struct rollout **out, struct err *e)
	MUST_CHECK;
/** Member `rollout` of a deployment: an object, or null. */
bool rollouts_json(struct call *c, const char *deployment, json_t **out, struct err *e) MUST_CHECK;
/** Member `waves` of a preview: how many systems are in each. */
json_t *rollouts_sizes_json(const struct deploy_preview *p);
/** How many of its waves have none. */
uint32_t rollouts_empty(const struct deploy_preview *p);
#endif
