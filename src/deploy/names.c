/* SPDX-License-Identifier: Apache-2.0
 * The stable words of the API for deployment and target states. */
#include "deploy/deploy.h"

static const char *const deployment_names[DEPLOYMENT_STATES_] = {
	[DEPLOYMENT_READY] = "ready",
	[DEPLOYMENT_IN_PROGRESS] = "in_progress",
	[DEPLOYMENT_COMPLETED] = "completed",
	[DEPLOYMENT_COMPLETED_WITH_FAILURES] = "completed_with_failures",
	[DEPLOYMENT_FAILED] = "failed",
	[DEPLOYMENT_CANCELLED] = "cancelled",
	[DEPLOYMENT_DRAFT] = "draft",
	[DEPLOYMENT_SUSPENDED] = "suspended",
	[DEPLOYMENT_EXPIRED] = "expired",
};
static const char *const target_names[TARGET_STATES_] = {
	[TARGET_PENDING] = "pending",
	[TARGET_DOWNLOADING] = "downloading",
	[TARGET_INSTALLING] = "installing",
	[TARGET_SUCCEEDED] = "succeeded",
	[TARGET_FAILED] = "failed",
	[TARGET_NOT_APPLICABLE] = "not_applicable",
	[TARGET_CANCELLED] = "cancelled",
	[TARGET_EXPIRED] = "expired",
	[TARGET_AWAITING_APPROVAL] = "awaiting_approval",
};

bool deployment_is_open(enum deployment_state s)
{
	return s == DEPLOYMENT_READY || s == DEPLOYMENT_IN_PROGRESS || s == DEPLOYMENT_SUSPENDED;
}

const char *deployment_state_name(enum deployment_state s)
{
	return s < DEPLOYMENT_STATES_ ? deployment_names[s] : "unknown";
}

const char *deployment_operation_name(enum deployment_operation o)
{
	static const char *const names[DEPLOYMENT_OPERATIONS_] = { "install", "restart_services",
								   "uninstall", "reboot" };
	return o < DEPLOYMENT_OPERATIONS_ ? names[o] : "unknown";
}

const char *target_state_name(enum target_state s)
{
	return s < TARGET_STATES_ ? target_names[s] : "unknown";
}
