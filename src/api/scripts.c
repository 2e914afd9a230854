/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts (M-168, M-173): list, look at, upload, remove. They are signed offline; the server
 * takes and gives them as they are. */
#include "api/scripts.h"
#include "api/api_int.h"
#include "deploy/orders/scripts.h"

#define UPLOAD_MAX_BODY (2 * SCRIPT_SEALED_MAX)

static json_t *script_json(const struct script_row *s)
{
	json_t *j = json_object(), *keys = json_array(), *policies = json_array();
	struct str rest = str_of(s->keys), key;
	while (str_split(&rest, ' ', &key))
		json_array_append_new(keys, json_text(key));
	for (size_t i = 0; i < s->n_policies; i++)
		json_array_append_new(policies, json_text(str_of(s->policies[i])));
	json_object_set_new(j, "id", json_string(s->id));
	json_object_set_new(j, "name", json_text(str_of(s->name)));
	json_object_set_new(j, "platform", json_text(str_of(s->platform)));
	json_object_set_new(j, "version", json_integer(s->version));
	json_object_set_new(j, "expires", json_time(s->expires_ms));
	json_object_set_new(j, "script_size", json_integer(s->script_size));
	json_object_set_new(j, "size", json_integer(s->size));
	json_object_set_new(j, "keys", keys);
	json_object_set_new(j, "policies", policies);
	json_object_set_new(j, "uploaded_by", json_text(str_of(s->uploaded_by)));
	json_object_set_new(j, "uploaded", json_time(s->uploaded_ms));
	return j;
}

static bool param_hash(struct call *c, struct sha256 *out, struct err *e)
{
	return digest_parse(c->params[0], out) ||
	       call_fail(c, e, 404, "not_found", "a script is named by 64 hex digits");
}

static bool list_scripts(struct call *c, struct err *e)
{
	struct script_row *list;
	size_t n;
	if (!script_list(c->conf->deploy, c->arena, &list, &n, e))
		return false;
	json_t *j = json_object(), *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, script_json(&list[i]));
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
}

/* With what it does, for whoever is to choose it. */
static bool answer(struct call *c, int status, const char *id, struct err *e)
{
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	struct script_row row;
	struct script s;
	struct sha256 sum;
	if (!script_get(c->conf->deploy, id, c->arena, &row, e))
		return false;
	if (!digest_parse(str_of(row.id), &sum))
		return err_set(e, ERR_INTERNAL, "a stored script has no hash");
	if (!script_sealed(c->conf->deploy, &sum, &sealed, e) ||
	    !script_open(buf_str(&sealed), NULL, c->arena, &s, e))
		return false;
	json_t *j = script_json(&row);
	json_object_set_new(j, "text", json_text(s.text));
	return call_json(c, status, j);
}

static bool get_script(struct call *c, struct err *e)
{
	struct sha256 sum;
	char id[SHA256_HEX];
	return param_hash(c, &sum, e) && answer(c, 200, digest_hex(&sum, id), e);
}

static bool upload_script(struct call *c, struct err *e)
{
	static const char *const known[] = { "file", NULL };
	AUTO(json_free) json_t *body = NULL;
	AUTO(json_free) json_t *detail = json_object();
	const char *file, *why;
	char id[SHA256_HEX];
	struct script_row row;
	if (!call_body(c, known, &body, e) ||
	    !json_need_str(body, "file", 1, SCRIPT_SEALED_MAX, &file, e))
		return false;
	if (!script_add(c->conf->deploy, str_of(file), c->who.name, id, &why, e)) {
		struct err said = *e;
		if (e->code == ERR_INVALID)
			return call_fail(c, e, 400, why, "%s", said.msg);
		return call_code(c, e, ERR_CONFLICT, "script_exists");
	}
	if (!script_get(c->conf->deploy, id, c->arena, &row, e))
		return false;
	json_object_set_new(detail, "name", json_text(str_of(row.name)));
	json_object_set_new(detail, "version", json_integer(row.version));
	json_object_set_new(detail, "keys", json_text(str_of(row.keys)));
	return call_audit(c, "script.upload", id, TAKE(detail), e) && answer(c, 201, id, e);
}

static bool remove_script(struct call *c, struct err *e)
{
	struct sha256 sum;
	char id[SHA256_HEX];
	if (!param_hash(c, &sum, e))
		return false;
	if (!script_remove(c->conf->deploy, digest_hex(&sum, id), e))
		return call_code(c, e, ERR_CONFLICT, "script_in_use");
	return call_audit(c, "script.remove", id, NULL, e) && call_no_content(c);
}

static bool settle_one(struct call *c, struct actions_script *s, const char *pointer, struct err *e)
{
	struct script_row row;
	char id[SHA256_HEX];
	if (!s->there)
		return true;
	if (!script_get(c->conf->deploy, digest_hex(&s->sha256, id), c->arena, &row, e)) {
		if (e->code != ERR_NOT_FOUND)
			return false;
		call_blame(c, pointer, "unknown_script", "no such script");
		return call_fail(c, e, 400, "unknown_script",
				 "there is no script '%s'; upload it first", id);
	}
	s->size = row.size;
	if (row.expires_ms > c->now_ms)
		return true;
	call_blame(c, pointer, "script_expired", "it has expired");
	return call_fail(c, e, 400, "script_expired",
			 "the script '%s' version %lld has expired; sign it again", row.name,
			 (long long)row.version);
}

bool scripts_settle(struct call *c, struct actions *a, struct err *e)
{
	return settle_one(c, &a->script_before, "/before/script", e) &&
	       settle_one(c, &a->script_after, "/after/script", e);
}

const struct route scripts_routes[] = {
	ROUTE(GET, API "/scripts", PERM_VIEW, list_scripts),
	ROUTE(POST, API "/scripts", PERM_DEPLOY, upload_script, .max_body = UPLOAD_MAX_BODY),
	ROUTE(GET, API "/scripts/{script_id}", PERM_VIEW, get_script),
	ROUTE(DELETE, API "/scripts/{script_id}", PERM_DEPLOY, remove_script),
	ROUTE_TABLE_END,
};
