/* SPDX-License-Identifier: Apache-2.0
 * Settings: the list with its version as ETag, and changes that name the version they were made on.
 */
#include "settings/settings.h"

#include "api/api_int.h"
#include "api/words.h"

#define MAX_BODY (256u << 10)
#define MAX_VALUE (64u << 10)

/* The text form of settings.h as a JSON value. */
static json_t *value_json(enum setting_type type, const char *text)
{
	int64_t i;
	if (!text)
		return json_null();
	if (type == SETTING_T_BOOLEAN)
		return json_boolean(strcmp(text, "true") == 0);
	if (type == SETTING_T_INTEGER || type == SETTING_T_DURATION_S)
		return str_to_i64(str_of(text), &i) ? json_integer(i) : json_null();
	if (type != SETTING_T_LIST && type != SETTING_T_MAILS)
		return json_text(str_of(text));
	json_t *list = json_array();
	struct str rest = str_of(text), one;
	while (*text && str_split(&rest, '\n', &one))
		json_array_append_new(list, json_text(one));
	return list;
}

static json_t *setting_json(const struct setting_value *s)
{
	json_t *j = json_object();
	json_object_set_new(j, "key", json_string(s->info->key));
	json_object_set_new(j, "type", json_string(setting_type_name(s->info->type)));
	json_object_set_new(j, "value", value_json(s->info->type, s->value));
	json_object_set_new(j, "default",
			    s->info->secret ? json_null()
					    : value_json(s->info->type, s->info->def));
	json_object_set_new(j, "min", json_integer(s->info->min));
	json_object_set_new(j, "max", json_integer(s->info->max));
	if (*s->info->choices)
		json_object_set_new(j, "choices", words_json(str_of(s->info->choices), SIZE_MAX));
	json_object_set_new(j, "secret", json_boolean(s->info->secret));
	json_object_set_new(j, "is_set", json_boolean(s->is_set));
	json_object_set_new(j, "help", json_string(s->info->help));
	return j;
}

static bool answer(struct call *c)
{
	struct setting_value all[SETTINGS_];
	int64_t version = settings_list(c->conf->settings, c->arena, all);
	json_t *items = json_array(), *j = json_object();
	for (int i = 0; i < SETTINGS_; i++)
		json_array_append_new(items, setting_json(&all[i]));
	json_object_set_new(j, "items", items);
	call_etag(c, version);
	return call_json(c, 200, j);
}

static bool get_settings(struct call *c, struct err *e)
{
	(void)e;
	return answer(c);
}

/* The text form of a JSON value; false when it cannot be one. */
static bool value_text(const json_t *v, struct buf *out)
{
	if (json_is_string(v)) {
		buf_adds(out, json_string_value(v));
	} else if (json_is_integer(v)) {
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	} else if (json_is_boolean(v)) {
		buf_adds(out, json_is_true(v) ? "true" : "false");
	} else if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++) {
			const char *item = json_string_value(json_array_get(v, i));
			if (!item || strchr(item, '\n'))
				return false;
			buf_printf(out, "%s%s", i ? "\n" : "", item);
		}
	} else {
		return false;
	}
	return !out->overflowed;
}

/* A text may stand for a text or a choice, a number for a number, and so on: "5" is not 5. */
static bool type_fits(enum setting_type type, const json_t *v)
{
	switch (type) {
	case SETTING_T_INTEGER:
	case SETTING_T_DURATION_S: return json_is_integer(v);
	case SETTING_T_BOOLEAN: return json_is_boolean(v);
	case SETTING_T_LIST:
	case SETTING_T_MAILS: return json_is_array(v);
	case SETTING_T_TEXT:
	case SETTING_T_CHOICE:
	case SETTING_T_TIME:
	case SETTING_T_MAIL:
	case SETTING_T_URL: return json_is_string(v);
	}
	return false;
}

static bool bad_setting(struct call *c, const char *key, const char *code, const char *why,
			struct err *e)
{
	const char *detail = arena_strdup(c->arena, why);
	call_blame(c, arena_printf(c->arena, "/values/%.100s", key), code, detail);
	return call_fail(c, e, 400, code, "%s", detail);
}

static bool read_change(struct call *c, const char *key, const json_t *v,
			struct setting_change *out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(MAX_VALUE);
	if (!setting_find(str_of(key), &out->id))
		return bad_setting(c, key, "unknown_setting",
				   arena_printf(c->arena, "there is no setting '%.100s'", key), e);
	const struct setting_info *info = setting_info(out->id);
	out->reset = json_is_null(v);
	if (out->reset)
		return true;
	if (!type_fits(info->type, v) || !value_text(v, &text))
		return bad_setting(c, key, "invalid_setting",
				   arena_printf(c->arena, "'%s' takes a value of type %s", key,
						setting_type_name(info->type)),
				   e);
	out->value = arena_str(c->arena, buf_str(&text));
	if (!setting_check(info, out->value, e))
		return bad_setting(c, key, "invalid_setting", e->msg, e);
	return true;
}

static bool read_changes(struct call *c, const json_t *body, struct setting_change *out,
			 size_t *n_out, struct err *e)
{
	const char *key;
	json_t *v, *values = json_object_get(body, "values");
	if (!json_is_object(values) || json_object_size(values) > SETTINGS_)
		return call_fail(c, e, 400, "invalid", "'values' must be an object of settings");
	*n_out = 0;
	json_object_foreach(values, key, v)
	{
		if (!read_change(c, key, v, &out[(*n_out)++], e))
			return false;
	}
	return true;
}

static bool patch_settings(struct call *c, struct err *e)
{
	static const char *const known[] = { "values", NULL };
	struct setting_change changes[SETTINGS_];
	size_t n;
	int64_t version;
	AUTO(json_free) json_t *body = NULL;
	if (!call_if_match(c, "the settings", &version, e) || !call_body(c, known, &body, e))
		return false;
	if (!read_changes(c, body, changes, &n, e))
		return false;
	json_t *detail = json_object(), *keys = json_array();
	json_object_set_new(detail, "keys", keys);
	AUTO(json_free) json_t *audit = detail;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(keys, json_string(setting_info(changes[i].id)->key));
	if (!settings_change(c->conf->settings, changes, n, version, NULL, e)) {
		return e->code == ERR_CONFLICT ? call_stale(c, e) : false;
	}
	return call_audit(c, "settings.change", "settings", TAKE(audit), e) && answer(c);
}

/* --- what a status policy would change --- */

/* The number a setting would have. */
static int64_t would_be(struct call *c, const struct setting_change *changes, size_t n,
			enum setting id)
{
	int64_t value = settings_int(c->conf->settings, id);
	for (size_t i = 0; i < n; i++)
		if (changes[i].id == id) {
			struct str text = changes[i].reset ? str_of(setting_info(id)->def)
							   : changes[i].value;
			bool is_number = str_to_i64(text, &value);
			ASSERT(is_number); /* it has passed its row's rules */
		}
	return value;
}

static bool preview_health(struct call *c, struct err *e)
{
	static const char *const known[] = { "values", NULL };
	static const enum severity order[SEVERITIES_] = {
		SEVERITY_CRITICAL, SEVERITY_IMPORTANT, SEVERITY_MODERATE,
		SEVERITY_LOW,	   SEVERITY_UNRATED,
	}; /* as the rows of settings.def */
	struct setting_change changes[SETTINGS_];
	struct health_policy p;
	uint32_t moves[HEALTHS_][HEALTHS_];
	size_t n;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) || !read_changes(c, body, changes, &n, e))
		return false;
	for (int i = 0; i < SEVERITIES_; i++) {
		p.highly[order[i]] = (uint32_t)would_be(
			c, changes, n, (enum setting)(SETTING_HEALTH_HIGHLY_CRITICAL + i));
		p.vulnerable[order[i]] = (uint32_t)would_be(
			c, changes, n, (enum setting)(SETTING_HEALTH_VULNERABLE_CRITICAL + i));
	}
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	match_health_moves(&v, &p, would_be(c, changes, n, SETTING_STALE_SCAN_S), c->now_ms, moves);
	uint32_t before[HEALTHS_] = { 0 }, after[HEALTHS_] = { 0 };
	json_t *list = json_array(), *j = json_object();
	for (int a = 0; a < HEALTHS_; a++)
		for (int b = 0; b < HEALTHS_; b++) {
			before[a] += moves[a][b];
			after[b] += moves[a][b];
			if (a == b || moves[a][b] == 0)
				continue;
			json_t *one = json_object();
			json_object_set_new(one, "from", json_string(health_name((enum health)a)));
			json_object_set_new(one, "to", json_string(health_name((enum health)b)));
			json_object_set_new(one, "systems", json_integer(moves[a][b]));
			json_array_append_new(list, one);
		}
	json_object_set_new(j, "before", words_health_counts(before));
	json_object_set_new(j, "after", words_health_counts(after));
	json_object_set_new(j, "moves", list);
	return call_json(c, 200, j);
}

const struct route settings_routes[] = {
	ROUTE(POST, API "/health-policy:preview", PERM_SETTINGS, preview_health,
	      .max_body = MAX_BODY),
	ROUTE(GET, API "/settings", PERM_SETTINGS, get_settings),
	ROUTE(PATCH, API "/settings", PERM_SETTINGS, patch_settings, .max_body = MAX_BODY),
	ROUTE_TABLE_END,
};
