/* SPDX-License-Identifier: Apache-2.0
 * Declined patches (M-111): list, decline, end. Each change is audited, expiry too (api_tick). */
#include "api/declines.h"
#include "api/api_int.h"
#include "api/page.h"
#include "api/selection.h"
#include "api/words.h"

#include <stdio.h>

#define DECLINE_MAX_BODY (2u << 20)
#define DECLINE_MAX 200

/* By the names they have; one that is gone by that it had. */
static json_t *groups_json(const struct match_view *v, const struct decline *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->n_groups; i++) {
		const struct group *g = fleet_group_find(v->fleet, str_of(x->groups[i].id));
		json_t *j = json_object();
		json_object_set_new(j, "id", json_string(x->groups[i].id));
		json_object_set_new(j, "name", json_text(str_of(g ? g->name : x->groups[i].name)));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *decline_json(const struct match_view *v, const struct decline *x)
{
	json_t *j = json_object(), *patch = json_null();
	if (!x->of_product) {
		uint32_t p = catalog_find(v->catalog, str_of(x->subject));
		patch = json_object();
		json_object_set_new(patch, "id", json_string(x->subject));
		json_object_set_new(patch, "title",
				    p == CATALOG_NONE ? json_null()
						      : json_text(v->catalog->patches[p].title));
	}
	json_object_set_new(j, "id", json_string(x->id));
	json_object_set_new(j, "patch", patch);
	json_object_set_new(j, "product", x->of_product ? json_string(x->subject) : json_null());
	json_object_set_new(j, "os", x->of_product ? json_string(x->os) : json_null());
	json_object_set_new(j, "groups", groups_json(v, x));
	json_object_set_new(j, "reason", json_text(str_of(x->reason)));
	json_object_set_new(j, "created_by", json_text(str_of(x->created_by)));
	json_object_set_new(j, "created", json_time(x->created_ms));
	json_object_set_new(j, "expires", json_time(x->expires_ms));
	json_object_set_new(j, "ended", json_time(x->ended_ms));
	json_object_set_new(j, "ended_by", words_text_or_null(x->ended_by));
	return j;
}

/* The one for all systems, while match goes by it too. */
static const struct decline *everywhere(struct call *c, const struct match_view *v, uint32_t patch)
{
	return match_is_declined(v, patch)
		       ? deploy_decline_of(c->conf->deploy, &v->catalog->patches[patch], c->arena)
		       : NULL;
}

void decline_patch_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into)
{
	const struct decline *x = everywhere(c, v, patch), *of_groups = NULL;
	json_t *list = json_array();
	size_t n = 0;
	if (match_is_declined_somewhere(v, patch))
		of_groups = deploy_group_declines_of(c->conf->deploy, &v->catalog->patches[patch],
						     c->arena, &n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, decline_json(v, &of_groups[i]));
	json_object_set_new(into, "declined_systems", json_integer(match_declined_count(v, patch)));
	json_object_set_new(into, "decline", x ? decline_json(v, x) : json_null());
	json_object_set_new(into, "group_declines", list);
}

/* Whether one of its groups has the host by now. */
static bool concerns(struct filter_run *run, const struct decline *x, uint32_t host)
{
	for (size_t i = 0; i < x->n_groups; i++) {
		const roaring_bitmap_t *hosts;
		struct err e; /* a group that means nothing has nobody in it */
		if (filter_group_named(run, str_of(x->groups[i].id), &hosts, &e) &&
		    roaring_bitmap_contains(hosts, host))
			return true;
	}
	return false;
}

json_t *declines_of_pair_json(struct call *c, const struct match_view *v, uint32_t patch,
			      uint32_t host)
{
	json_t *list = json_array();
	const struct decline *x = everywhere(c, v, patch);
	size_t n = 0;
	if (!match_is_declined_on(v, patch, host))
		return list;
	if (x)
		json_array_append_new(list, decline_json(v, x));
	x = deploy_group_declines_of(c->conf->deploy, &v->catalog->patches[patch], c->arena, &n);
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, v, c->now_ms);
	for (size_t i = 0; i < n; i++)
		if (concerns(&run, &x[i], host))
			json_array_append_new(list, decline_json(v, &x[i]));
	return list;
}

static json_t *items_json(struct call *c, const struct decline *list, size_t n)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, decline_json(&v, &list[i]));
	return items;
}

static const char *word_decline_state(unsigned i)
{
	return i ? "ended" : "holding";
}

static bool list_declines(struct call *c, struct err *e)
{
	struct page_rows p;
	struct decline *list;
	size_t n;
	int64_t total;
	bool ended = query_word(&c->query, "state") == 1;
	if (!page_rows_read(c, &p, e) ||
	    !deploy_declines(c->conf->deploy, ended, &p.ask, c->arena, &list, &n, &total, e))
		return false;
	page_rows_came(&p, n);
	list += p.skip;
	return call_json(c, 200,
			 page_rows_reply(c, &p, items_json(c, list, p.n), total,
					 ended ? &list->ended_ms : &list->created_ms, list->id,
					 sizeof(*list)));
}

/* What to decline: patches, or a product of an operating system. */
static bool read_subjects(struct call *c, const json_t *body, struct decline **out, size_t *n_out,
			  struct err *e)
{
	static const char *const known[] = { "os", "name", NULL };
	const json_t *patches = json_object_get(body, "patches"),
		     *product = json_object_get(body, "product");
	if (!patches == !product)
		return call_fail(c, e, 400, "invalid_selection",
				 "one of 'patches' and 'product' is needed");
	if (patches) {
		const char **ids;
		if (!selection_patches(c, patches, "/patches", &ids, n_out, e))
			return false;
		if (*n_out > DECLINE_MAX)
			return call_fail(c, e, 400, "invalid_selection",
					 "at most %d patches can be declined at once", DECLINE_MAX);
		*out = arena_array(c->arena, struct decline, *n_out);
		for (size_t i = 0; i < *n_out; i++)
			(*out)[i] = (struct decline) { .os = "", .subject = ids[i] };
		return true;
	}
	*n_out = 1;
	*out = arena_new(c->arena, struct decline);
	(*out)->of_product = true;
	return (json_is_object(product) ||
		err_set(e, ERR_INVALID, "'product' must be an object")) &&
	       json_only(product, known, e) &&
	       json_need_str(product, "os", 1, 100, &(*out)->os, e) &&
	       json_need_str(product, "name", 1, 200, &(*out)->subject, e);
}

static bool blame_group(struct call *c, size_t i, struct err *e)
{
	char where[40];
	struct err why = *e;
	snprintf(where, sizeof(where), "/groups/%zu", i);
	call_blame(c, where, "invalid_group", why.msg);
	return call_fail(c, e, 400, "invalid_group", "%s", why.msg);
}

/* Absent: all systems. Each once, with the name it has. */
static bool read_groups(struct call *c, const json_t *body, const struct decline_group **out,
			size_t *n_out, struct err *e)
{
	const json_t *list = json_object_get(body, "groups");
	size_t n = json_array_size(list);
	*n_out = 0;
	if (!list)
		return true;
	if (!json_is_array(list) || n == 0 || n > DECLINE_GROUPS_MAX) {
		call_blame(c, "/groups", "invalid_group", "1 to 50 ids of groups");
		return call_fail(c, e, 400, "invalid_group",
				 "'groups' names 1 to %d groups; without it everything is declined "
				 "on all systems",
				 DECLINE_GROUPS_MAX);
	}
	struct decline_group *groups = arena_array(c->arena, struct decline_group, n);
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(list, i));
		bool twice = false;
		if (!deploy_decline_may_name(&v, id ? id : "", e))
			return blame_group(c, i, e);
		const struct group *g = fleet_group_find(v.fleet, str_of(id));
		for (size_t k = 0; k < *n_out; k++)
			twice |= strcmp(groups[k].id, id) == 0;
		if (!twice)
			groups[(*n_out)++] = (struct decline_group) {
				arena_strdup(c->arena, g->id), arena_strdup(c->arena, g->name)
			};
	}
	*out = groups;
	return true;
}

static json_t *audit_detail(const struct decline *x)
{
	json_t *j = json_object(), *groups = json_array();
	json_object_set_new(j, "reason", json_text(str_of(x->reason)));
	json_object_set_new(j, "expires", json_time(x->expires_ms));
	for (size_t i = 0; i < x->n_groups; i++)
		json_array_append_new(groups, json_text(str_of(x->groups[i].name)));
	if (x->n_groups)
		json_object_set(j, "groups", groups);
	json_decref(groups);
	return j;
}

static bool decline(struct call *c, struct err *e)
{
	static const char *const known[] = { "patches", "product", "groups",
					     "reason",	"expires", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *reason, *expires;
	int64_t expires_ms;
	struct decline *list = NULL;
	const struct decline_group *groups = NULL;
	size_t n = 0, n_groups = 0;
	if (!call_body(c, known, &body, e) || !json_need_str(body, "reason", 1, 500, &reason, e) ||
	    !json_need_str(body, "expires", 1, 40, &expires, e) ||
	    !read_subjects(c, body, &list, &n, e) || !read_groups(c, body, &groups, &n_groups, e))
		return false;
	if (!clock_parse_rfc3339(str_of(expires), &expires_ms)) {
		call_blame(c, "/expires", "invalid_time", "not a time as in RFC 3339");
		return call_fail(c, e, 400, "invalid_time",
				 "'expires' must be a time as in RFC 3339");
	}
	size_t made = 0;
	for (size_t i = 0; i < n; i++) {
		list[i].reason = reason;
		list[i].created_by = c->who.name;
		list[i].created_ms = c->now_ms;
		list[i].expires_ms = expires_ms;
		list[i].ended_by = "";
		list[i].groups = groups;
		list[i].n_groups = n_groups;
		if (!deploy_decline(c->conf->deploy, &list[i], list[i].id, e)) {
			if (e->code != ERR_CONFLICT || n == 1)
				return call_code(c, e, ERR_CONFLICT, "already_declined");
			continue; /* of many, those that are declined already stay as they are */
		}
		if (!call_audit(c, "patch.decline", list[i].subject, audit_detail(&list[i]), e))
			return false;
		list[made++] = list[i];
	}
	return call_json(c, 201, json_pack("{s:o}", "items", items_json(c, list, made)));
}

static bool undecline(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) &&
	       deploy_undecline(c->conf->deploy, id, c->who.name, e) &&
	       call_audit(c, "patch.undecline", id, NULL, e) && call_no_content(c);
}

bool declines_tick(struct api *api, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct decline *list;
	size_t n;
	if (!deploy_decline_expire(api->conf.deploy, &a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!auth_audit(api->conf.auth, "server", "local", "patch.decline_expired",
				list[i].subject, NULL, e))
			return false;
	return true;
}

static const struct param decline_params[] = {
	PARAMS_LIST,
	{ .name = "state", .type = PARAM_WORD, .word = word_decline_state, .words = 2 },
	PARAM_LAST,
};

const struct route declines_routes[] = {
	ROUTE(GET, API "/declines", PERM_VIEW, list_declines, .query = decline_params),
	ROUTE(POST, API "/declines", PERM_DEPLOY, decline, .max_body = DECLINE_MAX_BODY),
	ROUTE(DELETE, API "/declines/{decline_id}", PERM_DEPLOY, undecline),
	ROUTE_TABLE_END,
};
