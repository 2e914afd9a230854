/* SPDX-License-Identifier: Apache-2.0
 * Custom groups (M-179..M-183, S-21): list, make, change, remove, members, and what a filter that
 * is being written means. */
#include "api/api_int.h"
#include "api/failures.h"
#include "api/filters.h"
#include "api/list.h"
#include "api/selection.h"
#include "api/system_list.h"
#include "deploy/auto/decline.h"

#define GROUP_MAX_BODY (64u << 10)
#define MEMBERS_MAX_BODY (2u << 20)
#define OFFICES_SHOWN 20

/* --- JSON --- */

/* What is shown of a group; its members are looked for only when somebody asks. */
struct shown {
	const struct group *g;
	bool looked;
	const roaring_bitmap_t *hosts; /* NULL: its filter means nothing any more */
	char why[240];
	uint64_t count;
};
struct shown_groups {
	const struct match_view *v;
	struct filter_run run;
	struct shown *all;
	const char *q;
	uint64_t kinds;
};

static const struct shown *look(struct shown_groups *s, uint32_t i)
{
	struct shown *x = &s->all[i];
	struct err why = { 0 };
	if (x->looked)
		return x;
	x->looked = true;
	if (filter_group(&s->run, i, &x->hosts, &why))
		x->count = roaring_bitmap_get_cardinality(x->hosts);
	else
		memcpy(x->why, why.msg, sizeof(x->why));
	return x;
}

static void begin(struct call *c, struct shown_groups *s, const struct match_view *v)
{
	uint32_t n = fleet_group_count(v->fleet);
	s->v = v;
	s->all = arena_array(c->arena, struct shown, n + 1);
	for (uint32_t i = 0; i < n; i++)
		s->all[i].g = fleet_group(v->fleet, i);
	filter_run_begin(&s->run, v, c->now_ms);
}

static json_t *offices_json(const struct match_view *v, const roaring_bitmap_t *hosts)
{
	json_t *list = json_array();
	for (uint32_t i = 0; hosts && i < fleet_dim_count(v->fleet, FLEET_BY_OFFICE); i++) {
		const roaring_bitmap_t *of = fleet_dim_hosts(v->fleet, FLEET_BY_OFFICE, i);
		if (of && json_array_size(list) < OFFICES_SHOWN &&
		    roaring_bitmap_intersect(of, hosts))
			json_array_append_new(
				list, json_text(fleet_dim_value(v->fleet, FLEET_BY_OFFICE, i)));
	}
	return list;
}

static json_t *limit_json(const struct group_limit *l)
{
	if (!l->max_unavailable)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, l->percent ? "percent" : "systems",
			    json_integer(l->max_unavailable));
	return j;
}

/* Absent = as it is; null = no rule. */
static bool read_limit(struct call *c, const json_t *body, struct group_limit *out, struct err *e)
{
	static const char *const known[] = { "systems", "percent", NULL };
	const json_t *j = json_object_get(body, "max_unavailable");
	int64_t systems = 0, percent = 0;
	if (!j)
		return true;
	*out = (struct group_limit) { 0 };
	if (json_is_null(j))
		return true;
	bool good = json_is_object(j) && json_only(j, known, NULL) &&
		    json_opt_int(j, "systems", 1, GROUP_LIMIT_MAX, &systems, NULL) &&
		    json_opt_int(j, "percent", 1, 100, &percent, NULL) && !systems != !percent;
	*out = (struct group_limit) { (uint32_t)(systems + percent), percent > 0 };
	if (good)
		return true;
	call_blame(c, "/max_unavailable", "invalid_limit",
		   "it has either 'systems' (1 or more) or 'percent' (1 to 100)");
	return err_set(
		e, ERR_INVALID,
		"'max_unavailable' has either 'systems' (1 or more) or 'percent' (1 to 100)");
}

static json_t *group_json(const struct match_view *v, const struct shown *x)
{
	const struct group *g = x->g;
	bool dynamic = g->kind == GROUP_DYNAMIC;
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(g->id));
	json_object_set_new(j, "name", json_text(str_of(g->name)));
	json_object_set_new(j, "description", json_text(str_of(g->description)));
	json_object_set_new(j, "type", json_string("computer"));
	json_object_set_new(j, "category", json_string(group_kind_name(g->kind)));
	json_object_set_new(j, "filter", dynamic ? json_text(str_of(g->filter)) : json_null());
	json_object_set_new(j, "members",
			    x->hosts ? json_integer((json_int_t)x->count) : json_null());
	json_object_set_new(j, "offices", offices_json(v, x->hosts));
	json_object_set_new(j, "error", x->hosts ? json_null() : json_text(str_of(x->why)));
	json_object_set_new(j, "created_by", json_text(str_of(g->created_by)));
	json_object_set_new(j, "created", json_time(g->created_ms));
	json_object_set_new(j, "changed_by", json_text(str_of(g->changed_by)));
	json_object_set_new(j, "changed", json_time(g->changed_ms));
	json_object_set_new(j, "max_unavailable", limit_json(&g->limit));
	json_object_set_new(j, "version", json_integer(g->version));
	return j;
}

/* --- the list --- */

static const char *word_kind(unsigned i)
{
	return group_kind_name((enum group_kind)i);
}

enum { BY_ID, BY_NAME, BY_CATEGORY, BY_MEMBERS, BY_CHANGED };
static void value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct shown *x = &((struct shown_groups *)arg)->all[item];
	*out = (struct page_value) { 0 };
	switch (column) {
	case BY_ID: *out = (struct page_value) { .is_text = true, .s = str_of(x->g->id) }; break;
	case BY_NAME:
		*out = (struct page_value) { .is_text = true, .s = str_of(x->g->name) };
		break;
	case BY_CATEGORY: out->i = x->g->kind; break;
	case BY_MEMBERS: out->i = (int64_t)look(arg, item)->count; break;
	default: out->i = x->g->changed_ms;
	}
}

static uint32_t failing(void *arg, uint32_t item)
{
	const struct shown_groups *s = arg;
	const struct group *g = s->all[item].g;
	if (s->q && !strcasestr(g->name, s->q) && !strcasestr(g->description, s->q))
		return UINT32_C(1) << 31;
	return s->kinds && !(s->kinds >> g->kind & 1);
}

static void facet(void *arg, uint32_t item, int which, struct list_facets *out)
{
	const struct shown_groups *s = arg;
	(void)which;
	list_facet_add(out, str_of(group_kind_name(s->all[item].g->kind)));
}

static const char *const columns[] = { "id", "name", "category", "members", "changed", NULL };
static const char *const facets[] = { "category", NULL };
static const struct list_kind kind = { .columns = columns,
				       .default_sort = "name",
				       .facets = facets,
				       .value = value,
				       .failing = failing,
				       .facet = facet };

static bool list_groups(struct call *c, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	uint32_t n = fleet_group_count(v.fleet);
	struct list_page page;
	struct shown_groups s = { .q = query_text(&c->query, "q"),
				  .kinds = query_words(&c->query, "category") };
	begin(c, &s, &v);
	bool ok = list_run(c, &kind, &s, (struct list_input) { NULL, n }, &page, e);
	json_t *items = ok ? json_array() : NULL;
	for (size_t i = 0; ok && i < page.n; i++)
		json_array_append_new(items, group_json(&v, look(&s, page.items[i])));
	filter_run_end(&s.run);
	return ok && call_json(c, 200, list_reply(items, &page));
}

/* --- one group --- */

/* Its number under the view, or 404. */
static bool find(struct call *c, const struct match_view *v, uint32_t *out, struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e))
		return false;
	for (uint32_t i = 0; i < fleet_group_count(v->fleet); i++)
		if (strcmp(fleet_group(v->fleet, i)->id, id) == 0) {
			*out = i;
			return true;
		}
	return err_set(e, ERR_NOT_FOUND, "there is no group '%s'", id);
}

static bool answer(struct call *c, int status, const char *id, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct shown_groups s = { 0 };
	json_t *j = NULL;
	begin(c, &s, &v);
	for (uint32_t i = 0; !j && i < fleet_group_count(v.fleet); i++)
		if (strcmp(fleet_group(v.fleet, i)->id, id) == 0) {
			j = group_json(&v, look(&s, i));
			call_etag(c, s.all[i].g->version);
		}
	filter_run_end(&s.run);
	return j ? call_json(c, status, j)
		 : err_set(e, ERR_NOT_FOUND, "there is no group '%s'", id);
}

static bool get_group(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && answer(c, 200, id, e);
}

/* --- changes --- */

/* A filter that may be that of the group `own` ("" for a new one). */
static bool check_filter(struct call *c, const char *text, const char *own, struct err *e)
{
	struct filter *x;
	if (!text[0])
		return true;
	if (!filters_parse(c, "/filter", text, &x, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, &v, c->now_ms);
	if (filter_fits_group(&run, x, own, e))
		return deploy_decline_fits_group(c->conf->deploy, &v, own, x, e) ||
		       call_code(c, e, ERR_CONFLICT, "group_in_use");
	struct err why = *e;
	call_blame(c, "/filter", "invalid_filter", why.msg);
	return call_fail(c, e, 400, "invalid_filter", "%s", why.msg);
}

static bool blame_name(struct call *c, struct err *e)
{
	if (e->code == ERR_CONFLICT)
		return call_code(c, e, ERR_CONFLICT, "group_name_taken");
	if (e->code == ERR_INVALID)
		call_blame(c, "/name", "invalid_name", e->msg);
	return false;
}

static bool create_group(struct call *c, struct err *e)
{
	static const char *const known[] = { "name",   "description",	  "category",
					     "filter", "max_unavailable", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *category;
	struct group_edit g = { .description = "", .filter = "", .by = c->who.name };
	char id[33];
	if (!call_body(c, known, &body, e) ||
	    !json_need_str(body, "name", 1, 4 * GROUP_NAME_MAX, &g.name, e) ||
	    !json_need_str(body, "category", 1, 20, &category, e) ||
	    !json_opt_str(body, "description", GROUP_DESCRIPTION_MAX, &g.description, e) ||
	    !json_opt_str(body, "filter", GROUP_FILTER_MAX, &g.filter, e) ||
	    !read_limit(c, body, &g.limit, e))
		return false;
	while (g.kind < GROUP_KINDS_ && strcmp(group_kind_name(g.kind), category) != 0)
		g.kind++;
	if (g.kind == GROUP_KINDS_)
		return err_set(e, ERR_INVALID, "'category' is static, unique or dynamic");
	if (!check_filter(c, g.filter, "", e))
		return false;
	if (!fleet_group_create(c->conf->fleet, &g, id, e))
		return blame_name(c, e);
	AUTO(json_free) json_t *detail = json_object();
	json_object_set_new(detail, "name", json_text(str_of(g.name)));
	json_object_set_new(detail, "category", json_string(category));
	if (g.limit.max_unavailable)
		json_object_set_new(detail, "max_unavailable", limit_json(&g.limit));
	return call_audit(c, "group.create", id, TAKE(detail), e) && answer(c, 201, id, e);
}

/* What the body leaves out stays as it is; texts in the arena. */
static bool read_edit(struct call *c, const json_t *body, int64_t version, struct group_edit *out,
		      bool *renamed_out, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	uint32_t i;
	if (!find(c, &v, &i, e))
		return false;
	const struct group *g = fleet_group(v.fleet, i), *user = filter_group_user(&v, g);
	if (g->version != version)
		return call_stale(c, e);
	*out = (struct group_edit) { .kind = g->kind,
				     .name = arena_strdup(c->arena, g->name),
				     .description = arena_strdup(c->arena, g->description),
				     .filter = arena_strdup(c->arena, g->filter),
				     .limit = g->limit,
				     .by = c->who.name };
	if (!json_opt_str(body, "name", 4 * GROUP_NAME_MAX, &out->name, e) ||
	    !json_opt_str(body, "description", GROUP_DESCRIPTION_MAX, &out->description, e) ||
	    !json_opt_str(body, "filter", GROUP_FILTER_MAX, &out->filter, e) ||
	    !read_limit(c, body, &out->limit, e))
		return false;
	*renamed_out = strcmp(out->name, g->name) != 0;
	if (*renamed_out && user)
		return call_fail(c, e, 409, "group_in_use",
				 "the filter of the group '%s' refers to the group by its name",
				 user->name);
	return true;
}

static bool change_group(struct call *c, struct err *e)
{
	static const char *const known[] = { "name", "description", "filter", "max_unavailable",
					     NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *id;
	int64_t version;
	bool renamed;
	struct group_edit g;
	if (!call_param_id(c, 0, &id, e) || !call_body(c, known, &body, e) ||
	    !call_if_match(c, "a group", &version, e) ||
	    !read_edit(c, body, version, &g, &renamed, e) || !check_filter(c, g.filter, id, e))
		return false;
	if (!fleet_group_change(c->conf->fleet, id, version, &g, e))
		return blame_name(c, e);
	if (!deploy_declines_follow(c->conf->deploy, true, true, e))
		return false;
	AUTO(json_free) json_t *detail = json_object();
	json_object_set_new(detail, "name", json_text(str_of(g.name)));
	if (g.filter[0])
		json_object_set_new(detail, "filter", json_text(str_of(g.filter)));
	json_object_set_new(detail, "max_unavailable", limit_json(&g.limit));
	return call_audit(c, "group.update", id, TAKE(detail), e) && answer(c, 200, id, e);
}

static bool remove_group(struct call *c, struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e))
		return false;
	if (!deploy_remove_group(c->conf->deploy, id, e))
		return call_code(c, e, ERR_CONFLICT, "group_in_use");
	return call_audit(c, "group.remove", id, NULL, e) && call_no_content(c);
}

/* --- members --- */

static bool list_members(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const roaring_bitmap_t *hosts;
	struct system_filter f;
	uint32_t i;
	struct list_input in;
	if (!find(c, &v, &i, e))
		return false;
	{
		AUTO(filter_run_end) struct filter_run run;
		filter_run_begin(&run, &v, c->now_ms);
		if (!filter_group(&run, i, &hosts, e))
			return false;
		in = system_input(c, hosts);
	}
	system_filter_read(c, &f, &c->query, &v);
	return system_list_reply(c, &f, in, &v, e);
}

/* The numbers of the systems a body selects. */
static bool read_members(struct call *c, uint32_t **out, size_t *n_out, struct err *e)
{
	static const char *const known[] = { "systems", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char **ids;
	if (!call_body(c, known, &body, e) ||
	    !selection_systems(c, json_object_get(body, "systems"), "/systems", &ids, n_out, e))
		return false;
	*out = arena_array(c->arena, uint32_t, *n_out + 1);
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	for (size_t i = 0; i < *n_out; i++)
		(*out)[i] = fleet_host_by_id(v.fleet, str_of(ids[i]))->no;
	return true;
}

static bool move_members(struct call *c, bool in, struct err *e)
{
	const char *id;
	uint32_t *hosts;
	size_t n, changed;
	if (!call_param_id(c, 0, &id, e) || !read_members(c, &hosts, &n, e))
		return false;
	if (!fleet_group_members(c->conf->fleet, id, hosts, n, in, c->who.name, &changed, e))
		return call_code(c, e, ERR_CONFLICT, "group_conflict");
	if (!deploy_declines_follow(c->conf->deploy, true, true, e))
		return false;
	AUTO(json_free) json_t *detail = json_object();
	json_object_set_new(detail, "systems", json_integer((json_int_t)changed));
	return call_audit(c, in ? "group.add" : "group.take_out", id, TAKE(detail), e) &&
	       answer(c, 200, id, e);
}

static bool add_members(struct call *c, struct err *e)
{
	return move_members(c, true, e);
}

static bool take_members_out(struct call *c, struct err *e)
{
	return move_members(c, false, e);
}

/* --- a filter that is being written --- */

static bool preview_group(struct call *c, struct err *e)
{
	static const char *const known[] = { "filter", NULL };
	AUTO(json_free) json_t *body = NULL;
	AUTO(buf_done) struct buf plain = BUF_INIT(4 * FILTER_MAX);
	const char *text;
	struct filter *x;
	roaring_bitmap_t *hosts;
	if (!call_body(c, known, &body, e) ||
	    !json_need_str(body, "filter", 1, FILTER_MAX, &text, e) ||
	    !filters_parse(c, "/filter", text, &x, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	if (!filters_hosts(c, &v, "/filter", x, &hosts, e))
		return false;
	json_t *j = filters_preview(c, &v, hosts);
	roaring_bitmap_free(hosts);
	filter_write(x, &plain);
	json_object_set_new(j, "filter", json_text(buf_str(&plain)));
	json_object_set_new(j, "rows", filters_rows(x));
	return call_json(c, 200, j);
}

static const struct param group_params[] = {
	PARAMS_SORTED,
	PARAM_Q,
	{ .name = "category", .type = PARAM_WORDS, .word = word_kind, .words = GROUP_KINDS_ },
	PARAM_LAST
};
static const struct param member_params[] = { PARAMS_SORTED, PARAM_Q, PARAMS_SYSTEM_COMMON,
					      PARAM_LAST };

const struct route groups_routes[] = {
	ROUTE(GET, API "/groups", PERM_VIEW, list_groups, .query = group_params),
	ROUTE(POST, API "/groups", PERM_DEPLOY, create_group, .max_body = GROUP_MAX_BODY),
	ROUTE(POST, API "/groups:preview", PERM_VIEW, preview_group, .max_body = GROUP_MAX_BODY),
	ROUTE(GET, API "/groups/{group_id}", PERM_VIEW, get_group),
	ROUTE(PATCH, API "/groups/{group_id}", PERM_DEPLOY, change_group,
	      .max_body = GROUP_MAX_BODY),
	ROUTE(DELETE, API "/groups/{group_id}", PERM_DEPLOY, remove_group),
	ROUTE(POST, API "/groups/{group_id}:add", PERM_DEPLOY, add_members,
	      .max_body = MEMBERS_MAX_BODY),
	ROUTE(POST, API "/groups/{group_id}:remove", PERM_DEPLOY, take_members_out,
	      .max_body = MEMBERS_MAX_BODY),
	ROUTE(GET, API "/groups/{group_id}/members", PERM_VIEW, list_members,
	      .query = member_params),
	ROUTE_TABLE_END,
};
