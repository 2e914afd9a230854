/* SPDX-License-Identifier: Apache-2.0
 * Deployment policies as routes give and take them. */
#ifndef API_POLICIES_H
#define API_POLICIES_H
#include "api/call.h"

/** Whether a request may name this policy; answers 400 `unknown_policy` when not. */
bool policy_known(struct call *c, const char *id, struct err *e) MUST_CHECK;
/** {"en", "ja"}: a stored policy's name, the same in both, or with NULL the built-in one's. */
json_t *policy_name_json(const char *name);
#endif
