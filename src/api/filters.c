/* SPDX-License-Identifier: Apache-2.0
 * See filters.h; and the routes that say what a filter may be and what targets mean. */
#include "api/filters.h"

#include "api/api_int.h"
#include "api/system_json.h"
#include "api/words.h"

#define SAMPLE 10
#define TARGETS_MAX_BODY (4u << 20)

static json_t *words_array(const char *const *words)
{
	json_t *list = json_array();
	for (; words && *words; words++)
		json_array_append_new(list, json_string(*words));
	return list;
}

/* The error in hand is about a filter: answers with where. */
static bool refuse(struct call *c, const char *pointer, const struct filter_error *where,
		   struct err *e)
{
	struct err why = *e;
	if (where && where->at) {
		c->problem_params = json_object();
		json_object_set_new(c->problem_params, "position",
				    json_integer((json_int_t)where->at));
		json_object_set_new(c->problem_params, "expected", words_array(where->words));
	}
	call_blame(c, pointer, "invalid_filter", why.msg);
	return call_fail(c, e, 400, "invalid_filter", "%s", why.msg);
}

bool filters_parse(struct call *c, const char *pointer, const char *text, struct filter **out,
		   struct err *e)
{
	struct filter_error where = { 0 };
	return filter_parse(str_of(text), c->arena, out, &where, e) ||
	       refuse(c, pointer, &where, e);
}

bool filters_hosts(struct call *c, const struct match_view *v, const char *pointer,
		   const struct filter *x, roaring_bitmap_t **out, struct err *e)
{
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, v, c->now_ms);
	return filter_hosts(&run, x, out, e) || refuse(c, pointer, NULL, e);
}

bool filters_targets(struct call *c, const char *pointer, const json_t *j, struct selector *out,
		     struct err *e)
{
	struct selector_error why;
	if (selector_read(j, c->arena, out, &why, e))
		return true;
	const char *at = arena_printf(c->arena, "%s%s", pointer, why.pointer);
	if (why.in_filter)
		return refuse(c, at, &why.filter, e);
	struct err text = *e;
	call_blame(c, at, "invalid_targets", text.msg);
	return call_fail(c, e, 400, "invalid_targets", "%s", text.msg);
}

/* --- rows --- */

static json_t *row_json(const struct filter *x)
{
	json_t *j = json_object(), *values = json_array();
	for (size_t i = 0; i < x->n_values; i++)
		json_array_append_new(values, json_text(x->values[i]));
	if (x->field->type == FILTER_FLAG && !x->n_values)
		json_array_append_new(values, json_string("yes"));
	json_object_set_new(j, "field", json_string(x->field->name));
	json_object_set_new(j, "op", json_string(filter_op_name(x->op)));
	json_object_set_new(j, "values", values);
	json_object_set_new(j, "version", x->version.p ? json_text(x->version) : json_null());
	return j;
}

json_t *filters_rows(const struct filter *x)
{
	bool joined = x->kind == FILTER_AND || x->kind == FILTER_OR;
	bool flat = joined || x->kind == FILTER_TERM;
	for (size_t i = 0; joined && i < x->n; i++)
		flat = flat && x->of[i]->kind == FILTER_TERM;
	if (!flat)
		return json_null();
	json_t *j = json_object(), *items = json_array();
	for (size_t i = 0; joined && i < x->n; i++)
		json_array_append_new(items, row_json(x->of[i]));
	if (!joined)
		json_array_append_new(items, row_json(x));
	json_object_set_new(j, "join", json_string(x->kind == FILTER_OR ? "or" : "and"));
	json_object_set_new(j, "items", items);
	return j;
}

static bool get_fields(struct call *c, struct err *e)
{
	static const char *const types[] = {
		[FILTER_TEXT] = "text",	      [FILTER_VERSION] = "version",
		[FILTER_WORD] = "word",	      [FILTER_NUMBER] = "number",
		[FILTER_AGE] = "age",	      [FILTER_FLAG] = "flag",
		[FILTER_ADDRESS] = "address", [FILTER_GROUP] = "group",
		[FILTER_PATCH] = "patch",     [FILTER_PACKAGE] = "package"
	};
	size_t n;
	const struct filter_field *fields = filter_fields(&n);
	json_t *j = json_object(), *items = json_array();
	(void)e;
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();
		json_object_set_new(one, "name", json_string(fields[i].name));
		json_object_set_new(one, "type", json_string(types[fields[i].type]));
		json_object_set_new(one, "words", words_array(fields[i].words));
		json_array_append_new(items, one);
	}
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
}

/* --- what they mean --- */

static json_t *sample_json(struct call *c, const struct match_view *v,
			   const roaring_bitmap_t *hosts)
{
	json_t *list = json_array();
	roaring_uint32_iterator_t it;
	roaring_init_iterator(hosts, &it);
	for (int i = 0; it.has_value && i < SAMPLE; i++, roaring_advance_uint32_iterator(&it)) {
		const struct host *h = fleet_host(v->fleet, it.current_value);
		json_t *one = json_object();
		json_object_set_new(one, "id", json_string(h->id));
		json_object_set_new(one, "hostname", json_text(str_of(h->attrs.hostname)));
		json_object_set_new(one, "os", json_text(system_os(c, h)));
		json_object_set_new(one, "office", json_text(str_of(h->office)));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *platforms_json(const struct match_view *v, const roaring_bitmap_t *hosts)
{
	json_t *j = json_object();
	for (uint32_t i = 0; i < fleet_dim_count(v->fleet, FLEET_BY_OS); i++) {
		const roaring_bitmap_t *of = fleet_dim_hosts(v->fleet, FLEET_BY_OS, i);
		const char *word = word_platform(fleet_dim_value(v->fleet, FLEET_BY_OS, i));
		uint64_t n = of ? roaring_bitmap_and_cardinality(of, hosts) : 0;
		if (n)
			json_object_set_new(
				j, word,
				json_integer(json_integer_value(json_object_get(j, word)) +
					     (json_int_t)n));
	}
	return j;
}

json_t *filters_preview(struct call *c, const struct match_view *v, const roaring_bitmap_t *hosts)
{
	json_t *j = json_object();
	json_object_set_new(j, "count",
			    json_integer((json_int_t)roaring_bitmap_get_cardinality(hosts)));
	json_object_set_new(j, "sample", sample_json(c, v, hosts));
	json_object_set_new(j, "platforms", platforms_json(v, hosts));
	return j;
}

static bool targets_hosts(struct call *c, const struct match_view *v, const struct selector *s,
			  roaring_bitmap_t **out, struct err *e)
{
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, v, c->now_ms);
	if (selector_hosts(&run, s, true, out, e))
		return true;
	struct err why = *e;
	call_blame(c, "/targets", "invalid_targets", why.msg);
	return call_fail(c, e, 400, "invalid_targets", "%s", why.msg);
}

static bool preview_targets(struct call *c, struct err *e)
{
	static const char *const known[] = { "targets", NULL };
	AUTO(json_free) json_t *body = NULL;
	struct selector s;
	roaring_bitmap_t *hosts;
	if (!call_body(c, known, &body, e) ||
	    !filters_targets(c, "/targets", json_object_get(body, "targets"), &s, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	if (!targets_hosts(c, &v, &s, &hosts, e))
		return false;
	json_t *j = filters_preview(c, &v, hosts);
	roaring_bitmap_free(hosts);
	return call_json(c, 200, j);
}

const struct route filters_routes[] = {
	ROUTE(GET, API "/filter-fields", PERM_VIEW, get_fields),
	ROUTE(POST, API "/targets:preview", PERM_VIEW, preview_targets,
	      .max_body = TARGETS_MAX_BODY),
	ROUTE_TABLE_END,
};
