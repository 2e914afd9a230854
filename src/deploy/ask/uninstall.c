/* SPDX-License-Identifier: Apache-2.0
 * From patches and systems to what goes back to what. Invariant: a patch goes back on a system
 * whole or not at all; every step is from the version that is there to one that a synced archive of
 * the system's release offers. */
#include "deploy/ask/uninstall.h"
#include "base/enc.h"
#include "crypto/digest.h"
#include "deploy/ask/uninstall_int.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "deploy/targets/selector.h"
#include "format/json.h"

#include <stdio.h>

#define RESULTS_MAX (8u << 20)

void uninstall_plan_done(struct uninstall_plan *p)
{
	VEC_DONE(&p->items);
	VEC_DONE(&p->refusals);
	resolved_done(&p->set);
	arena_done(&p->arena);
}

/* --- what a system had, by its own results ------------------------------------------------------
 */

struct had {
	struct str name, arch, before, after;
};
struct history {
	VEC(struct had) v; /* newest first */
};

static struct str text_of(const json_t *j, const char *key, struct arena *a)
{
	const json_t *v = json_object_get(j, key);
	struct str s = { json_is_string(v) ? json_string_value(v) : "", json_string_length(v) };
	return arena_str(a, s);
}

static void take_result(struct history *h, struct str text, struct arena *a)
{
	AUTO(json_free) json_t *list = NULL;
	const json_t *one;
	size_t i;
	if (!json_parse(text, RESULTS_MAX, &list, NULL))
		return; /* older versions are looked for in the archives then */
	json_array_foreach(list, i, one)
	{
		struct had had = { text_of(one, "name", a), text_of(one, "arch", a),
				   text_of(one, "before", a), text_of(one, "after", a) };
		if (had.before.n && had.after.n && !str_eq(had.before, had.after))
			VEC_PUSH(&h->v, had);
	}
}

static bool load_history(struct deploy *d, const char *host, struct arena *a, struct history *out,
			 struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_HOST_RESULTS, SQL_ARGS(sql_text(host)), &rows, e))
		return false;
	while (sql_next(rows))
		take_result(out, sql_col_str(rows, 0), a);
	return sql_rows_end(rows, e);
}

static struct str had_before(const struct history *h, struct str name, struct str arch,
			     struct str version)
{
	for (size_t i = 0; i < h->v.n; i++) {
		const struct had *had = &h->v.p[i];
		if (str_eq(had->name, name) && str_eq(had->arch, arch) &&
		    str_eq(had->after, version))
			return had->before;
	}
	return (struct str) { "", 0 };
}

/* --- one package of one system ------------------------------------------------------------------
 */

struct view {
	struct deploy *d;
	const struct match_view *v;
	const struct host *h;
	const struct history *history;
	struct uninstall_plan *plan;
};

static bool older(const struct component *c, struct str a, struct str b)
{
	return pkgver_compare(component_scheme(c->kind), a, b) < 0;
}

/* The newest component of this package, for this host, that is `exact`, or when that is empty older
 * than `below`. */
static uint32_t offered(const struct view *w, const struct component *like,
			const struct fact_package *p, struct str exact, struct str below)
{
	const struct catalog *cat = w->v->catalog;
	uint32_t n, best = CATALOG_NONE;
	const uint32_t *list = catalog_by_name(cat, like->kind, p->name, &n);
	for (uint32_t i = 0; i < n; i++) {
		const struct component *c = &cat->components[list[i]];
		const struct patch *patch = &cat->patches[c->patch];
		if (c->archive == CATALOG_NONE || !str_eq(c->arch, p->arch) || c->above.n ||
		    patch->availability.n || !deploy_os_fits(patch->os, w->h) ||
		    !str_eq(c->module, like->module))
			continue;
		if (exact.n ? !str_eq(c->version, exact) : !older(c, c->version, below))
			continue;
		if (best == CATALOG_NONE || older(c, cat->components[best].version, c->version))
			best = list[i];
	}
	return best;
}

/* Is it one of several of its name that are installed beside each other? */
static bool is_beside(const struct view *w, enum fact_kind kind, const struct fact_package *p)
{
	const struct fleet *f = w->v->fleet;
	uint32_t n, here = 0;
	const uint32_t *facts = fleet_facts_by_name(f, kind, p->name, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package other;
		const roaring_bitmap_t *hosts = fleet_fact_hosts(f, facts[i]);
		here += hosts && roaring_bitmap_contains(hosts, w->h->no) &&
			fleet_fact_package(f, facts[i], &other) && str_eq(other.arch, p->arch);
	}
	return here > 1;
}

/* The lowest version that one of the chosen patches brings of a package, if the installed one is
 * such a patch's; empty when it is not. */
static struct str lowest_chosen(const struct view *w, const struct component *like,
				const struct fact_package *p)
{
	const struct catalog *cat = w->v->catalog;
	struct str lowest = p->version;
	bool found = false;
	for (size_t i = 0; i < w->plan->n_chosen; i++) {
		const struct patch *patch = &cat->patches[w->plan->chosen[i]];
		for (uint32_t k = 0; k < patch->components; k++) {
			const struct component *c = &cat->components[patch->first_component + k];
			if (c->kind != like->kind || !str_eq(c->name, p->name) ||
			    !deploy_os_fits(patch->os, w->h))
				continue;
			found |= str_eq(c->version, p->version);
			if (older(c, c->version, lowest))
				lowest = c->version;
		}
	}
	return found ? lowest : (struct str) { "", 0 };
}

static const char *go_back(const struct view *w, uint32_t patch, uint32_t component, uint32_t fact)
{
	const struct catalog *cat = w->v->catalog;
	const struct component *c = &cat->components[component];
	struct fact_package p;
	if ((c->kind != COMPONENT_DEB && c->kind != COMPONENT_RPM) ||
	    !fleet_fact_package(w->v->fleet, fact, &p))
		return "no_previous_version";
	if (is_beside(w, fleet_fact_kind(w->v->fleet, fact), &p))
		return "beside";
	struct str below = lowest_chosen(w, c, &p);
	if (!below.n)
		return "newer_installed";
	struct str had = had_before(w->history, p.name, p.arch, p.version);
	while (had.n && !older(c, had, below)) {
		struct str next = had_before(w->history, p.name, p.arch, had);
		had = next.n && older(c, next, had) ? next : (struct str) { "", 0 };
	}
	uint32_t to = had.n ? offered(w, c, &p, had, below) : CATALOG_NONE;
	bool recorded = to != CATALOG_NONE;
	if (!recorded)
		to = offered(w, c, &p, (struct str) { "", 0 }, below);
	if (to == CATALOG_NONE)
		return "no_previous_version";
	VEC_PUSH(&w->plan->items, ((struct uninstall_item) { .host = w->h->no,
							     .patch = patch,
							     .name = p.name,
							     .arch = p.arch,
							     .from = p.version,
							     .to = cat->components[to].version,
							     .component = to,
							     .recorded = recorded }));
	return NULL;
}

/* A patch on a system: all its packages there, or a reason. */
static void take_pair(const struct view *w, uint32_t chosen)
{
	struct uninstall_plan *plan = w->plan;
	uint32_t patch = plan->chosen[chosen];
	AUTO(xfree) struct host_component *list = NULL;
	size_t before = plan->items.n;
	const char *why = NULL;
	uint32_t n = match_components(w->v, w->h->no, patch, &list);
	for (uint32_t i = 0; i < n && !why; i++)
		if (list[i].verdict == VERDICT_INSTALLED)
			why = go_back(w, patch, list[i].component, list[i].fact);
	if (!why && plan->items.n == before)
		why = "no_previous_version";
	if (!why) {
		roaring_bitmap_add(plan->set.hosts[chosen], w->h->no);
		roaring_bitmap_add(plan->set.all, w->h->no);
		return;
	}
	plan->items.n = before;
	VEC_PUSH(&plan->refusals,
		 ((struct uninstall_refused) { .host = w->h->no, .patch = patch, .why = why }));
}

/* --- the request --------------------------------------------------------------------------------
 */

static bool choose(const struct match_view *v, const struct deploy_request *r,
		   struct uninstall_plan *out, struct err *e)
{
	if (!r->n_patches)
		return err_set(e, ERR_INVALID, "name the patches to uninstall");
	if (r->n_patches > UNINSTALL_PATCHES_MAX)
		return err_set(e, ERR_LIMIT, "at most %d patches are uninstalled at once",
			       UNINSTALL_PATCHES_MAX);
	out->chosen = arena_array(&out->arena, uint32_t, r->n_patches);
	for (size_t i = 0; i < r->n_patches; i++) {
		uint32_t p = catalog_find(v->catalog, str_of(r->patches[i]));
		if (p == CATALOG_NONE)
			return err_set(e, ERR_NOT_FOUND,
				       "there is no patch '%.120s' in the patch DB", r->patches[i]);
		size_t k = 0;
		while (k < out->n_chosen && out->chosen[k] != p)
			k++;
		if (k == out->n_chosen)
			out->chosen[out->n_chosen++] = p;
	}
	return true;
}

/* Systems that have one of the chosen patches, within those of the request. */
static roaring_bitmap_t *systems_with(const struct match_view *v, const roaring_bitmap_t *within,
				      const struct uninstall_plan *plan)
{
	roaring_bitmap_t *hosts = roaring_bitmap_create();
	for (size_t i = 0; i < plan->n_chosen; i++) {
		const roaring_bitmap_t *has = match_hosts(v, plan->chosen[i], VERDICT_INSTALLED);
		if (has)
			roaring_bitmap_or_inplace(hosts, has);
	}
	if (within)
		roaring_bitmap_and_inplace(hosts, within);
	return hosts;
}

static void begin_set(const struct match_view *v, struct uninstall_plan *plan)
{
	struct resolved *s = &plan->set;
	s->all = roaring_bitmap_create();
	s->ids = xcalloc(plan->n_chosen, sizeof(*s->ids));
	s->patches = xcalloc(plan->n_chosen, sizeof(*s->patches));
	s->hosts = xcalloc(plan->n_chosen, sizeof(roaring_bitmap_t *));
	s->n = plan->n_chosen;
	for (size_t i = 0; i < s->n; i++) {
		s->ids[i] = arena_str(&s->arena, v->catalog->patches[plan->chosen[i]].id);
		s->patches[i] = plan->chosen[i];
		s->hosts[i] = roaring_bitmap_create();
	}
}

static bool take_host(struct deploy *d, const struct match_view *v, uint32_t no,
		      struct uninstall_plan *plan, struct err *e)
{
	struct history history = { 0 };
	const struct host *h = fleet_host(v->fleet, no);
	bool ok = load_history(d, h->id, &plan->arena, &history, e);
	struct view w = { d, v, h, &history, plan };
	for (uint32_t i = 0; ok && i < plan->n_chosen; i++) {
		const roaring_bitmap_t *has = match_hosts(v, plan->chosen[i], VERDICT_INSTALLED);
		if (has && roaring_bitmap_contains(has, no))
			take_pair(&w, i);
	}
	VEC_DONE(&history.v);
	return ok;
}

bool uninstall_resolve(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		       struct uninstall_plan *out, struct err *e)
{
	roaring_bitmap_t *within = NULL;
	if (r->targets && r->targets->dynamic)
		return err_set(e, ERR_INVALID,
			       "patches are uninstalled from systems that are known now; make the "
			       "targets frozen");
	if (!choose(v, r, out, e) || !deploy_systems_of(d, v, r, &within, &out->set.unknown, e))
		return false;
	begin_set(v, out);
	roaring_bitmap_t *hosts = systems_with(v, within, out);
	bool ok = roaring_bitmap_get_cardinality(hosts) <= UNINSTALL_SYSTEMS_MAX ||
		  err_set(e, ERR_LIMIT, "patches are uninstalled from at most %d systems at once",
			  UNINSTALL_SYSTEMS_MAX);
	roaring_uint32_iterator_t it;
	roaring_init_iterator(hosts, &it);
	for (; ok && it.has_value; roaring_advance_uint32_iterator(&it))
		ok = take_host(d, v, it.current_value, out, e);
	roaring_bitmap_free(hosts);
	if (within)
		roaring_bitmap_free(within);
	return ok;
}

/* --- the preview --------------------------------------------------------------------------------
 */

static int by_step(const void *x, const void *y)
{
	const struct uninstall_step *a = x, *b = y;
	int c = str_cmp(a->patch, b->patch);
	c = c ? c : str_cmp(a->name, b->name);
	c = c ? c : str_cmp(a->arch, b->arch);
	c = c ? c : str_cmp(a->from, b->from);
	c = c ? c : str_cmp(a->to, b->to);
	return c ? c : (int)b->recorded - (int)a->recorded;
}

static void sum_steps(const struct match_view *v, const struct uninstall_plan *plan,
		      struct arena *a, struct uninstall_preview *out)
{
	struct uninstall_step *s = arena_array(a, struct uninstall_step, plan->items.n + 1);
	for (size_t i = 0; i < plan->items.n; i++) {
		const struct uninstall_item *x = &plan->items.p[i];
		s[i] = (struct uninstall_step) { v->catalog->patches[x->patch].id,
						 x->name,
						 x->arch,
						 x->from,
						 x->to,
						 x->recorded,
						 1 };
	}
	if (plan->items.n)
		qsort(s, plan->items.n, sizeof(*s), by_step);
	size_t n = 0;
	for (size_t i = 0; i < plan->items.n; i++) {
		if (n && by_step(&s[n - 1], &s[i]) == 0)
			s[n - 1].systems++;
		else
			s[n++] = s[i];
	}
	for (size_t i = 0; i < n; i++) {
		struct uninstall_step *x = &s[i];
		x->patch = arena_str(a, x->patch);
		x->name = arena_str(a, x->name);
		x->arch = arena_str(a, x->arch);
		x->from = arena_str(a, x->from);
		x->to = arena_str(a, x->to);
	}
	out->steps = s;
	out->n_steps = n;
}

static void sum_refusals(const struct match_view *v, const struct uninstall_plan *plan,
			 struct arena *a, struct uninstall_preview *out)
{
	out->refusals = arena_array(a, struct uninstall_refusal, plan->refusals.n + 1);
	for (size_t i = 0; i < plan->refusals.n; i++) {
		const struct uninstall_refused *x = &plan->refusals.p[i];
		struct str patch = v->catalog->patches[x->patch].id;
		size_t k = 0;
		while (k < out->n_refusals && !(str_eq(out->refusals[k].patch, patch) &&
						strcmp(out->refusals[k].reason, x->why) == 0))
			k++;
		if (k == out->n_refusals)
			out->refusals[out->n_refusals++] =
				(struct uninstall_refusal) { arena_str(a, patch), x->why, 0 };
		out->refusals[k].systems++;
	}
}

static void count_payloads(struct deploy *d, const struct match_view *v,
			   const struct uninstall_plan *plan, struct deploy_preview *out)
{
	roaring_bitmap_t *seen = roaring_bitmap_create();
	for (size_t i = 0; i < plan->items.n; i++) {
		const struct component *c = &v->catalog->components[plan->items.p[i].component];
		if (!roaring_bitmap_add_checked(seen, plan->items.p[i].component))
			continue;
		if (store_has(d->conf.store, &c->sha256, NULL))
			out->stored_bytes += c->size;
		else
			out->download_bytes += c->size;
	}
	roaring_bitmap_free(seen);
}

/* What was shown: every step on every system. */
void uninstall_digest(const struct match_view *v, const struct uninstall_plan *plan,
		      char out[static 33])
{
	struct sha256 sum;
	char hex[SHA256_HEX];
	AUTO(buf_done) struct buf text = BUF_INIT(512u << 20);
	for (size_t i = 0; i < plan->items.n; i++) {
		const struct uninstall_item *x = &plan->items.p[i];
		buf_printf(&text, "%s %.*s %.*s %.*s %.*s\n", fleet_host(v->fleet, x->host)->id,
			   STR_ARG(x->name), STR_ARG(x->arch), STR_ARG(x->from), STR_ARG(x->to));
	}
	sum = digest_of(buf_str(&text));
	snprintf(out, 33, "%.32s", enc_hex(sum.b, SHA256_LEN, hex));
}

static void fill(struct deploy *d, const struct match_view *v, const struct uninstall_plan *plan,
		 struct arena *a, struct uninstall_preview *out)
{
	out->counts.systems = (uint32_t)roaring_bitmap_get_cardinality(plan->set.all);
	for (size_t i = 0; i < plan->set.n; i++)
		out->counts.patches += !roaring_bitmap_is_empty(plan->set.hosts[i]);
	out->counts.unknown = plan->set.unknown;
	preview_count_hosts(v, &plan->set, &out->counts);
	count_payloads(d, v, plan, &out->counts);
	sum_steps(v, plan, a, out);
	sum_refusals(v, plan, a, out);
}

bool uninstall_preview(struct deploy *d, const struct deploy_request *r, struct arena *a,
		       struct uninstall_preview *out, struct err *e)
{
	AUTO(uninstall_plan_done) struct uninstall_plan plan = { 0 };
	struct uninstall_preview p = { 0 };
	struct match_view v;
	match_read(d->conf.match, &v);
	bool ok = uninstall_resolve(d, &v, r, &plan, e);
	if (ok) {
		fill(d, &v, &plan, a, &p);
		/* half of the token is what was shown: see uninstall_create() */
		preview_token(p.counts.token);
		uninstall_digest(&v, &plan, p.counts.token + 32);
	}
	match_read_end(&v);
	if (!ok)
		return false;
	preview_keep(d, &plan.set, p.counts.token);
	*out = p;
	return true;
}
