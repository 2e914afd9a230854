/* SPDX-License-Identifier: Apache-2.0
 * Deployments and their targets as JSON. */
#ifndef API_DEPLOYMENT_JSON_H
#define API_DEPLOYMENT_JSON_H
#include "api/call.h"

json_t *deployment_json(const struct deployment_row *d);
bool deployment_target_json(struct call *c, const char *deployment, const struct target_row *t,
			    json_t **out, struct err *e) MUST_CHECK;
#endif
