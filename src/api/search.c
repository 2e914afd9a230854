/* SPDX-License-Identifier: Apache-2.0
 * One box for everything: systems, patches, CVEs and deployments that contain the text. Everything
 * but deployments is in memory. */
#include "api/api_int.h"
#include "api/call.h"
#include "base/intern.h"
#include "fleet/roster.h"

#define MAX_DEPLOYMENTS 500

struct search {
	struct call *c;
	const struct match_view *v;
	const char *q;
	size_t limit;
	json_t *items;
};

static json_t *hit(const char *kind, struct str id, struct str title, struct str subtitle)
{
	json_t *j = json_object();
	json_object_set_new(j, "kind", json_string(kind));
	json_object_set_new(j, "id", json_text(id));
	json_object_set_new(j, "title", json_text(title));
	json_object_set_new(j, "subtitle", json_text(subtitle));
	return j;
}

static bool has(const char *s, const char *q)
{
	return s && strcasestr(s, q);
}

static void search_systems(struct search *s)
{
	struct roster_columns all;
	size_t found = 0;
	roster_columns(fleet_roster(s->v->fleet), &all);
	uint8_t *hit_by = arena_array(s->c->arena, uint8_t, all.n + 1);
	roster_find_named(fleet_roster(s->v->fleet), str_of(s->q), hit_by);
	for (uint32_t i = 0; i < all.n && found < s->limit; i++) {
		if (!hit_by[i] || all.state[i] != HOST_ACTIVE)
			continue;
		const struct host *h = fleet_host(s->v->fleet, i);
		json_array_append_new(s->items,
				      hit("system", str_of(h->id), str_of(h->attrs.hostname),
					  str_of(h->attrs.os_name)));
		found++;
	}
}

static void search_patches(struct search *s)
{
	const struct catalog *cat = s->v->catalog;
	size_t found = 0;
	for (uint32_t i = 0; i < cat->n_patches && found < s->limit; i++) {
		const struct patch *p = &cat->patches[i];
		/* A CVE is a hit of its own. */
		if (p->superseded_by != CATALOG_NONE ||
		    !(has(p->id.p, s->q) || has(p->title.p, s->q) || has(p->product.p, s->q)))
			continue;
		json_t *j = hit("patch", p->id, p->title, p->id);
		json_object_set_new(j, "count",
				    json_integer(match_due_count(s->v, i, VERDICT_MISSING)));
		json_array_append_new(s->items, j);
		found++;
	}
}

/* --- CVEs: distinct names, each with the number of patches that fix it --- */

struct cves {
	struct intern *names;
	struct {
		uint32_t last_patch; /* plus one: a patch counts once */
		int64_t count;
	} rows[20];
	size_t limit;
};

static void count_cve(struct cves *all, struct str name, uint32_t patch)
{
	uint32_t no = intern_find(all->names, name);
	if (no == INTERN_NONE) {
		if (intern_count(all->names) >= all->limit)
			return;
		no = intern_add(all->names, name);
	}
	if (all->rows[no].last_patch != patch + 1)
		all->rows[no].count++;
	all->rows[no].last_patch = patch + 1;
}

static void search_cves(struct search *s)
{
	const struct catalog *cat = s->v->catalog;
	struct cves all = { .names = intern_new(), .limit = MIN(s->limit, ARRAY_LEN(all.rows)) };
	for (uint32_t i = 0; i < cat->n_patches; i++) {
		const struct patch *p = &cat->patches[i];
		for (uint32_t k = 0; k < p->advisories; k++) {
			struct str rest = cat->advisories[cat->advisory_refs[p->first_advisory + k]]
						  .cves,
				   one;
			if (rest.n == 0 || !strcasestr(rest.p, s->q))
				continue;
			while (str_split(&rest, ' ', &one)) {
				AUTO(xfree) char *name = str_dup(one);
				if (one.n && strcasestr(name, s->q))
					count_cve(&all, one, i);
			}
		}
	}
	for (uint32_t i = 0; i < intern_count(all.names); i++) {
		struct str name = intern_get(all.names, i);
		json_t *j = hit("cve", name, name, STR_LIT(""));
		json_object_set_new(j, "count", json_integer(all.rows[i].count));
		json_array_append_new(s->items, j);
	}
	intern_free(all.names);
}

static bool search_deployments(struct search *s, struct err *e)
{
	struct deployment_row *rows;
	size_t n, found = 0;
	if (!deploy_list(s->c->conf->deploy, false, NULL, MAX_DEPLOYMENTS, s->c->arena, &rows, &n,
			 e))
		return false;
	for (size_t i = 0; i < n && found < s->limit; i++) {
		if (!has(rows[i].name, s->q) && !has(rows[i].id, s->q))
			continue;
		json_array_append_new(s->items,
				      hit("deployment", str_of(rows[i].id), str_of(rows[i].name),
					  str_of(deployment_state_name(rows[i].state))));
		found++;
	}
	return true;
}

static bool search(struct call *c, struct err *e)
{
	struct search s = { .c = c,
			    .q = query_text(&c->query, "q"),
			    .limit = (size_t)query_number(&c->query, "limit", 5) };
	if (!s.q) {
		call_blame(c, "?q", "invalid_parameter", "needed");
		return call_fail(c, e, 400, "invalid_parameter", "'q' is needed");
	}
	AUTO(json_free) json_t *items = json_array();
	s.items = items;
	if (!search_deployments(&s, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	s.v = &v;
	search_systems(&s);
	search_patches(&s);
	search_cves(&s);
	json_t *j = json_object();
	json_object_set_new(j, "items", TAKE(items));
	return call_json(c, 200, j);
}

static const struct param search_params[] = {
	{ .name = "q", .type = PARAM_TEXT, .min = 2, .max = 100 },
	{ .name = "limit", .type = PARAM_INT, .min = 1, .max = 20 },
	PARAM_LAST,
};

const struct route search_routes[] = {
	ROUTE(GET, API "/search", PERM_VIEW, search, .query = search_params),
	ROUTE_TABLE_END,
};
