/* SPDX-License-Identifier: Apache-2.0
 * The signed-in user's own things: session, preferences, password, API tokens. Signing in is public
 * and stands in public.c. */
#include "api/session_json.h"

#include "api/api_int.h"
#include "api/page.h"
#include "api/security.h"

#define SMALL_BODY (16u << 10)

json_t *session_json(struct call *c)
{
	json_t *user = json_object(), *permissions = json_array(), *server = json_object(),
	       *j = json_object();
	json_object_set_new(user, "id", json_string(c->who.user_id));
	json_object_set_new(user, "name", json_text(str_of(c->who.name)));
	json_object_set_new(user, "role", json_string(role_name(c->who.role)));
	json_object_set_new(user, "language", json_string(c->who.language));
	json_object_set_new(user, "timezone", json_text(str_of(c->who.timezone)));
	json_object_set_new(user, "theme", json_string(c->who.theme));
	for (int p = PERM_SELF; p < PERMISSIONS_; p++)
		if (role_may(c->who.role, (enum permission)p))
			json_array_append_new(permissions,
					      json_string(permission_name((enum permission)p)));
	json_object_set_new(server, "version", json_string(TSUKUROI_VERSION));
	json_object_set_new(server, "time", json_time(c->now_ms));
	json_object_set_new(server, "org", json_string(c->conf->org));
	json_object_set_new(j, "user", user);
	json_object_set_new(j, "permissions", permissions);
	json_object_set_new(j, "csrf", c->who.by_token ? json_null() : json_string(c->who.csrf));
	json_object_set_new(j, "server", server);
	return j;
}

static bool one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* A name of the zone database: only its characters are checked; the browser knows which exist. */
static bool zone_name(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
		      (*p >= '0' && *p <= '9') || strchr("/_+-", *p)))
			return false;
	return *s != '\0';
}

bool session_read_preferences(struct call *c, const json_t *body, const char **language,
			      const char **timezone, const char **theme, struct err *e)
{
	static const char *const languages[] = { "ja", "en", NULL }, *const themes[] = {
		"system", "light", "dark", NULL
	};
	if (!json_opt_str(body, "language", 7, language, e) ||
	    !json_opt_str(body, "timezone", 63, timezone, e) ||
	    (theme && !json_opt_str(body, "theme", 11, theme, e)))
		return false;
	const char *wrong = !one_of(*language, languages)      ? "language"
			    : !zone_name(*timezone)	       ? "timezone"
			    : theme && !one_of(*theme, themes) ? "theme"
							       : NULL;
	if (!wrong)
		return true;
	call_blame(c, arena_printf(c->arena, "/%s", wrong), "invalid", "unknown word");
	return err_set(e, ERR_INVALID, "'%s' is not one that is known", wrong);
}

static bool get_session(struct call *c, struct err *e)
{
	(void)e;
	return call_json(c, 200, session_json(c));
}

static bool patch_session(struct call *c, struct err *e)
{
	static const char *const known[] = { "language", "timezone", "theme", NULL };
	const char *language = c->who.language, *timezone = c->who.timezone, *theme = c->who.theme;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) ||
	    !session_read_preferences(c, body, &language, &timezone, &theme, e) ||
	    !auth_set_preferences(c->conf->auth, c->who.user_id, language, timezone, theme, e))
		return false;
	struct principal *w = &c->who;
	if (language != w->language)
		(void)snprintf(w->language, sizeof(w->language), "%s", language);
	if (timezone != w->timezone)
		(void)snprintf(w->timezone, sizeof(w->timezone), "%s", timezone);
	if (theme != w->theme)
		(void)snprintf(w->theme, sizeof(w->theme), "%s", theme);
	return call_json(c, 200, session_json(c));
}

static bool sign_out(struct call *c, struct err *e)
{
	if (c->who.by_token)
		return call_fail(c, e, 400, "no_session",
				 "a bearer token has no session; revoke the token instead");
	if (!auth_sign_out(c->conf->auth, c->cookie, e) ||
	    !call_audit(c, "session.end", c->who.name, NULL, e))
		return false;
	security_clear_cookie(c->req);
	return call_no_content(c);
}

static bool change_password(struct call *c, struct err *e)
{
	static const char *const known[] = { "old_password", "new_password", NULL };
	const char *old_password, *new_password;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) ||
	    !json_need_str(body, "old_password", 1, 256, &old_password, e) ||
	    !json_need_str(body, "new_password", 1, 256, &new_password, e))
		return false;
	if (!auth_change_password(c->conf->auth, c->who.user_id, c->cookie, str_of(old_password),
				  str_of(new_password), e)) {
		if (e->code == ERR_UNAUTHENTICATED)
			return call_fail(c, e, 403, "password_wrong",
					 "the old password is not right");
		call_code(c, e, ERR_DENIED, "password_wrong");
		return call_code(c, e, ERR_INVALID, "password_policy");
	}
	return call_audit(c, "user.password", c->who.name, NULL, e) && call_no_content(c);
}

/* --- API tokens --- */

bool session_answer_new_token(struct call *c, const char *label, int64_t expires_ms, struct err *e)
{
	char token[128];
	struct str rest, part, id;
	if (!auth_token_new(c->conf->auth, c->who.user_id, label, expires_ms, token, e))
		return false;
	rest = str_of(token);
	if (!str_split(&rest, '.', &part) || !str_split(&rest, '.', &id))
		return err_set(e, ERR_INTERNAL, "an API token has an unknown form");
	if (!call_audit(c, "token.create", arena_str(c->arena, id).p, NULL, e))
		return false;
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(id));
	json_object_set_new(j, "token", json_string(token));
	json_object_set_new(j, "label", json_text(str_of(label)));
	json_object_set_new(j, "expires", json_time(expires_ms));
	return call_json(c, 201, j);
}

static json_t *token_json(const struct api_token *t)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(t->id));
	json_object_set_new(j, "label", json_text(str_of(t->label)));
	json_object_set_new(j, "created", json_time(t->created_ms));
	json_object_set_new(j, "expires", json_time(t->expires_ms));
	json_object_set_new(j, "last_used", json_time(t->used_ms));
	return j;
}

static bool list_tokens(struct call *c, struct err *e)
{
	struct page_rows p;
	struct api_token *list;
	size_t n;
	int64_t total;
	if (!page_rows_read(c, &p, e) ||
	    !auth_token_list(c->conf->auth, c->who.user_id, &p.ask, c->arena, &list, &n, &total, e))
		return false;
	page_rows_came(&p, n);
	list += p.skip;
	json_t *items = json_array();
	for (size_t i = 0; i < p.n; i++)
		json_array_append_new(items, token_json(&list[i]));
	return call_json(
		c, 200,
		page_rows_reply(c, &p, items, total, &list->created_ms, list->id, sizeof(*list)));
}

static bool create_token(struct call *c, struct err *e)
{
	static const char *const known[] = { "label", "expires_in_s", NULL };
	const char *label;
	int64_t expires_s = SESSION_TOKEN_TTL_S;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) || !json_need_str(body, "label", 1, 100, &label, e) ||
	    !json_opt_int(body, "expires_in_s", SESSION_TOKEN_MIN_S, SESSION_TOKEN_MAX_S,
			  &expires_s, e))
		return false;
	return session_answer_new_token(c, label, c->now_ms + expires_s * 1000, e);
}

static bool revoke_token(struct call *c, struct err *e)
{
	return auth_token_revoke(c->conf->auth, c->who.user_id, call_param(c, 0), e) &&
	       call_audit(c, "token.revoke", call_param(c, 0), NULL, e) && call_no_content(c);
}

static const struct param token_params[] = { PARAMS_LIST, PARAM_LAST };

const struct route session_routes[] = {
	ROUTE(GET, API "/session", PERM_SELF, get_session),
	ROUTE(PATCH, API "/session", PERM_SELF, patch_session, .max_body = SMALL_BODY),
	ROUTE(DELETE, API "/session", PERM_SELF, sign_out),
	ROUTE(POST, API "/password", PERM_SELF, change_password, .max_body = SMALL_BODY),
	ROUTE(GET, API "/tokens", PERM_SELF, list_tokens, .query = token_params),
	ROUTE(POST, API "/tokens", PERM_SELF, create_token, .max_body = SMALL_BODY),
	ROUTE(DELETE, API "/tokens/{token_id}", PERM_SELF, revoke_token),
	ROUTE_TABLE_END,
};
