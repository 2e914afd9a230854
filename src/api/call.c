/* SPDX-License-Identifier: Apache-2.0
 * Ways to answer a call, to fail it precisely, and to read its body. Must not know any route. */
#include "api/call.h"

#include "api/idempotency.h"
#include "base/enc.h"

#define MAX_REPLY (64u << 20)

bool call_fail(struct call *c, struct err *e, int status, const char *code, const char *fmt, ...)
{
	char text[sizeof(e->msg)];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->problem_status = status;
	c->problem_code = code;
	return err_set(e, ERR_INVALID, "%s", text);
}

void call_blame(struct call *c, const char *pointer, const char *code, const char *detail)
{
	if (!c->problem_errors)
		c->problem_errors = json_array();
	json_t *j = json_object();
	json_object_set_new(j, "pointer", json_text(str_of(pointer)));
	json_object_set_new(j, "code", json_string(code));
	json_object_set_new(j, "detail", json_text(str_of(detail)));
	json_array_append_new(c->problem_errors, j);
}

bool call_code(struct call *c, const struct err *e, enum err_code when, const char *code)
{
	if (e->code == when)
		c->problem_code = code;
	return false;
}

bool call_text(struct call *c, int status, const char *type, struct str body)
{
	http_reply_header(c->req, "Cache-Control", "no-store");
	http_reply(c->req, status, type, body);
	return true;
}

bool call_json(struct call *c, int status, json_t *j)
{
	AUTO(json_free) json_t *owned = j;
	AUTO(buf_done) struct buf b = BUF_INIT(MAX_REPLY);
	json_write(owned, &b);
	ASSERT(!b.overflowed);
	if (c->claim)
		idempotency_keep(c, status, buf_str(&b));
	return call_text(c, status, "application/json", buf_str(&b));
}

bool call_no_content(struct call *c)
{
	return call_text(c, 204, NULL, STR_LIT(""));
}

static bool is_json(const char *type)
{
	static const char want[] = "application/json";
	if (!type || strncasecmp(type, want, sizeof(want) - 1) != 0)
		return false;
	char next = type[sizeof(want) - 1];
	return next == '\0' || next == ';' || next == ' ';
}

bool call_is_json(const struct call *c)
{
	return is_json(http_req_header(c->req, "Content-Type"));
}

bool call_body(struct call *c, const char *const *known, json_t **out, struct err *e)
{
	if (!call_is_json(c))
		return call_fail(c, e, 415, "unsupported_media_type",
				 "the body must be application/json");
	AUTO(json_free) json_t *j = NULL;
	if (!json_parse(http_req_body(c->req), c->route->max_body, &j, e)) {
		if (e->code == ERR_CORRUPT)
			c->problem_status = 400;
		return call_code(c, e, ERR_CORRUPT, "invalid_json");
	}
	if (!json_is_object(j))
		return call_fail(c, e, 400, "invalid_json", "the body must be a JSON object");
	if (!json_only(j, known, e))
		return call_code(c, e, ERR_INVALID, "unknown_member");
	*out = TAKE(j);
	return true;
}

const char *call_param(struct call *c, size_t i)
{
	return arena_str(c->arena, c->params[i]).p;
}

bool call_param_id(struct call *c, size_t i, const char **out, struct err *e)
{
	struct str s = c->params[i];
	bool good = s.n == 32;
	for (size_t k = 0; good && k < s.n; k++)
		good = (s.p[k] >= '0' && s.p[k] <= '9') || (s.p[k] >= 'a' && s.p[k] <= 'f');
	if (!good)
		return err_set(e, ERR_NOT_FOUND, "'%.*s' is not an id", (int)MIN(s.n, 60), s.p);
	*out = call_param(c, i);
	return true;
}

bool call_audit(struct call *c, const char *action, const char *object, json_t *detail,
		struct err *e)
{
	AUTO(json_free) json_t *owned = detail;
	AUTO(buf_done) struct buf b = BUF_INIT(16u << 10);
	if (owned)
		json_write(owned, &b);
	if (!auth_audit(c->conf->auth, c->who.name, http_req_peer(c->req), action, object,
			owned ? buf_str(&b).p : NULL, e))
		return err_prefix(e, "the change was made but not recorded in the audit log");
	api_on_audit(c->api, action);
	return true;
}

bool call_if_match(struct call *c, const char *what, int64_t *out, struct err *e)
{
	const char *header = http_req_header(c->req, "If-Match");
	if (!header)
		return call_fail(c, e, 428, "precondition_required",
				 "header If-Match with the ETag that was read is needed");
	struct str s = str_of(header);
	if (s.n < 3 || s.p[0] != '"' || s.p[s.n - 1] != '"' ||
	    !str_to_i64((struct str) { s.p + 1, s.n - 2 }, out))
		return call_fail(c, e, 412, "precondition_failed", "If-Match holds no ETag of %s",
				 what);
	return true;
}

void call_etag(struct call *c, int64_t version)
{
	http_reply_header(c->req, "ETag", arena_printf(c->arena, "\"%lld\"", (long long)version));
}

bool call_stale(struct call *c, struct err *e)
{
	return call_fail(c, e, 412, "precondition_failed",
			 "it has been changed meanwhile; read it again");
}
