/* SPDX-License-Identifier: Apache-2.0
 * Deployments and their targets as JSON. */
#ifndef API_DEPLOYMENT_JSON_H
#define API_DEPLOYMENT_JSON_H
#include "api/call.h"

/** Reads what of `expires`, `retry`, `distribution` and `notify` is in the body; the others
 * stay. */
bool deployment_terms_read(struct call *c, const json_t *body, struct deploy_terms *t,
			   struct deploy_notify *notify, struct err *e) MUST_CHECK;
/** The members of a request, NULL-terminated. */
extern const char *const deployment_request_members[];
/** What a request chooses, as JSON text in the call's arena: all of it that is not a column of the
 * deployment; NULL when that is nothing. ERR_LIMIT when it is more than DEPLOY_REQUEST_MAX. */
bool deployment_chosen(struct call *c, const json_t *body, const char **out, struct err *e)
	MUST_CHECK;
json_t *deployment_json(const struct deployment_row *d);
bool deployment_target_json(struct call *c, const char *deployment, const struct target_row *t,
			    json_t **out, struct err *e) MUST_CHECK;
#endif
