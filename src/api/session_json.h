/* SPDX-License-Identifier: Apache-2.0
 * What sign-in and the session noun share. */
#ifndef API_SESSION_JSON_H
#define API_SESSION_JSON_H
#include "api/call.h"

#define SESSION_TOKEN_TTL_S (90 * 24 * 3600)
#define SESSION_TOKEN_MIN_S 60
#define SESSION_TOKEN_MAX_S (365 * 24 * 3600)

/** The Session object of c->who. */
json_t *session_json(struct call *c);
/** Reads language, timezone and (when theme is not NULL) theme; absent ones stay as they are. */
bool session_read_preferences(struct call *c, const json_t *body, const char **language,
			      const char **timezone, const char **theme, struct err *e) MUST_CHECK;
/** Makes an API token for c->who and answers 201 with it. */
bool session_answer_new_token(struct call *c, const char *label, int64_t expires_ms, struct err *e)
	MUST_CHECK;
#endif
