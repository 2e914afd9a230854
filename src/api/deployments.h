/* SPDX-License-Identifier: Apache-2.0
 * What routes about one deployment answer with. */
#ifndef API_DEPLOYMENTS_H
#define API_DEPLOYMENTS_H
#include "api/call.h"

/** A DeploymentDetail, with its ETag. */
bool deployments_answer(struct call *c, int status, const char *id, struct err *e) MUST_CHECK;
#endif
