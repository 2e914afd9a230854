/* SPDX-License-Identifier: Apache-2.0
 * Errors as application/problem+json (RFC 9457). A mistake of our own (status 500) is logged with
 * its text and answered without it. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H
#include "format/json.h"
#include "net/http_server.h"

struct problem {
	int status;
	const char *code; /**< stable word */
	const char *detail;
	json_t *errors, *params; /**< borrowed; may be NULL */
};
void problem_reply(struct http_req *r, const struct problem *p);
/** The reason phrase of a status (RFC 9110), or "Error". */
const char *problem_title(int status);
#endif
