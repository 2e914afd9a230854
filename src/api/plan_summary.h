/* SPDX-License-Identifier: Apache-2.0
 * The plans of all targets of a deployment as one: what happens on how many systems. */
#ifndef API_PLAN_SUMMARY_H
#define API_PLAN_SUMMARY_H
#include "api/call.h"
#include "deploy/orders/plans.h"

#define PLAN_SUMMARY_MAX 1000 /**< of each of its lists; what stands first matters most */

/** PlanSummary of openapi.yaml. `groups`: all of the deployment. */
bool plan_summary(struct call *c, const char *deployment, const struct plan_group *groups, size_t n,
		  json_t **out, struct err *e) MUST_CHECK;
#endif
