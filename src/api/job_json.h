/* SPDX-License-Identifier: Apache-2.0
 * A job as JSON. */
#ifndef API_JOB_JSON_H
#define API_JOB_JSON_H
#include "api/call.h"

json_t *job_json(const struct api_job *job);
#endif
