/* SPDX-License-Identifier: Apache-2.0
 * Every route that needs no identity, and there are no others: set-up, sign-in, health, the
 * console's files, and an agent's enrolment. At most six; a test counts them. */
#include "api/agent_enrol.h"
#include "api/api_int.h"
#include "api/assets.h"
#include "api/security.h"
#include "api/session_json.h"
#include "api/words.h"

#define SMALL_BODY (16u << 10)

static bool get_health(struct call *c, struct err *e)
{
	AUTO(sql_done) struct sql_conn *conn = sql_reader(c->conf->db, e);
	if (!conn)
		return call_fail(c, e, 503, "unavailable", "the database does not answer");
	json_t *j = json_object();
	json_object_set_new(j, "status", json_string("ok"));
	return call_json(c, 200, j);
}

static bool get_setup(struct call *c, struct err *e)
{
	(void)e;
	json_t *j = json_object();
	json_object_set_new(j, "needed", json_boolean(auth_setup_needed(c->conf->auth)));
	return call_json(c, 200, j);
}

static bool post_setup(struct call *c, struct err *e)
{
	static const char *const known[] = { "token",	 "name",     "password", "email",
					     "language", "timezone", NULL };
	const char *token, *name, *password, *email = "", *language = "en", *timezone = "UTC";
	AUTO(json_free) json_t *body = NULL;
	if (!auth_setup_needed(c->conf->auth))
		return err_set(e, ERR_NOT_FOUND, "there is nothing at this path");
	if (!call_body(c, known, &body, e) || !json_need_str(body, "token", 1, 100, &token, e) ||
	    !json_need_str(body, "name", 1, 63, &name, e) ||
	    !json_need_str(body, "password", 1, 256, &password, e) ||
	    !json_opt_str(body, "email", 254, &email, e) ||
	    !session_read_preferences(c, body, &language, &timezone, NULL, e))
		return false;
	if (!auth_setup(c->conf->auth, token, name, str_of(password), email, language, timezone,
			e)) {
		call_code(c, e, ERR_DENIED, "setup_token_wrong");
		return call_code(c, e, ERR_CONFLICT, "setup_done");
	}
	(void)snprintf(c->who.name, sizeof(c->who.name), "%s", name);
	return call_audit(c, "setup", name, NULL, e) && call_no_content(c);
}

/* A bearer token for a program: the session that proved the password is not kept. */
static bool answer_token(struct call *c, const json_t *body, const char *cookie, struct err *e)
{
	const char *label = "";
	int64_t expires_s = SESSION_TOKEN_TTL_S;
	bool ok = json_opt_str(body, "label", 100, &label, e) &&
		  json_opt_int(body, "expires_in_s", SESSION_TOKEN_MIN_S, SESSION_TOKEN_MAX_S,
			       &expires_s, e);
	struct err ignored = { 0 };
	if (!auth_sign_out(c->conf->auth, cookie, ok ? e : &ignored) || !ok)
		return false;
	return session_answer_new_token(c, *label ? label : "sign-in", c->now_ms + expires_s * 1000,
					e);
}

static bool sign_in(struct call *c, struct err *e)
{
	static const char *const known[] = { "name",  "password",     "kind",
					     "label", "expires_in_s", NULL };
	const char *name, *password, *kind = "cookie";
	char cookie[64];
	int64_t retry_after_s = 0;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) || !json_need_str(body, "name", 1, 63, &name, e) ||
	    !json_need_str(body, "password", 1, 256, &password, e) ||
	    !json_opt_str(body, "kind", 10, &kind, e))
		return false;
	bool token = strcmp(kind, "token") == 0;
	if (!token && strcmp(kind, "cookie") != 0)
		return err_set(e, ERR_INVALID, "'kind' must be cookie or token");
	if (!token && (json_object_get(body, "label") || json_object_get(body, "expires_in_s")))
		return err_set(e, ERR_INVALID,
			       "'label' and 'expires_in_s' go with kind token only");
	if (!auth_sign_in(c->conf->auth, name, str_of(password), http_req_peer(c->req), cookie,
			  &c->who, &retry_after_s, e)) {
		if (e->code == ERR_UNAVAILABLE && retry_after_s > 0)
			http_reply_header(c->req, "Retry-After",
					  arena_printf(c->arena, "%lld", (long long)retry_after_s));
		call_code(c, e, ERR_UNAVAILABLE, "throttled");
		return call_code(c, e, ERR_UNAUTHENTICATED, "sign_in_failed");
	}
	if (!call_audit(c, token ? "session.token" : "session.begin", c->who.name, NULL, e))
		return false;
	if (token)
		return answer_token(c, body, cookie, e);
	security_set_cookie(c->req, cookie);
	return call_json(c, 200, session_json(c));
}

static bool console_file(struct call *c, struct err *e)
{
	const char *path = http_req_path(c->req);
	if (!assets_serve(&c->conf->console, c->req, path))
		return err_set(e, ERR_NOT_FOUND, "there is nothing at this path");
	return true;
}

const struct route public_routes[] = {
	ROUTE(GET, "/healthz", PERM_PUBLIC, get_health),
	ROUTE(GET, API "/setup", PERM_PUBLIC, get_setup),
	ROUTE(POST, API "/setup", PERM_PUBLIC, post_setup, .max_body = SMALL_BODY),
	ROUTE(POST, API "/session", PERM_PUBLIC, sign_in, .max_body = SMALL_BODY),
	ROUTE(GET, "*", PERM_PUBLIC, console_file, .query = QUERY_ANY),
	ROUTE_TABLE_END,
};

const struct route public_agent_routes[] = {
	ROUTE(POST, AGENT "/enroll", PERM_PUBLIC, agent_enrol, .max_body = AGENT_ENROL_MAX_BODY),
	ROUTE_TABLE_END,
};
