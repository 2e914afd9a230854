/* SPDX-License-Identifier: Apache-2.0
 * Deployments and their targets as JSON. */
#ifndef API_DEPLOYMENT_JSON_H
#define API_DEPLOYMENT_JSON_H
#include "api/call.h"

json_t *deployment_json(const struct deployment_row *d);
json_t *deployment_target_json(const struct target_row *t);
#endif
