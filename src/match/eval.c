/* SPDX-License-Identifier: Apache-2.0
 * One patch against the whole fleet: unions of the bitmaps of the facts that decide. Versions are
 * compared once per distinct fact, never per host, and what facts of one name say is gathered once
 * for all the patches that ask. Pure over state and fleet (read lock held). */
#include "match/bitmaps.h"
#include "match/hindrance.h"
#include "match/match_int.h"
#include "match/readings.h"

static roaring_bitmap_t *hosts_of_os(const struct fleet *f, struct str text)
{
	struct bitmaps hosts = { 0 };
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(f, FACT_OS, &n);
	for (uint32_t k = 0; k < n; k++) {
		struct fact_os os;
		if (fleet_fact_os(f, facts[k], &os) && rule_os_matches(text, &os))
			bitmaps_add(&hosts, fleet_fact_hosts(f, facts[k]));
	}
	return bitmaps_union(&hosts);
}

static roaring_bitmap_t *hosts_of_service(const struct fleet *f, struct str service)
{
	struct bitmaps hosts = { 0 };
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(f, FACT_SUBSCRIPTION, &n);
	for (uint32_t k = 0; k < n; k++)
		if (hindrance_service_given(f, facts[k], service))
			bitmaps_add(&hosts, fleet_fact_hosts(f, facts[k]));
	return bitmaps_union(&hosts);
}

/* Names of packages about which some host has a line that could hinder them. */
static struct intern *hindered_names(const struct fleet *f)
{
	static const enum fact_kind kinds[] = { FACT_HOLD, FACT_KEPT };
	struct intern *names = intern_new();
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		uint32_t n;
		const uint32_t *facts = fleet_facts_of_kind(f, kinds[k], &n);
		for (uint32_t i = 0; i < n; i++)
			intern_add(names, fleet_fact_field(f, facts[i], 2));
	}
	return names;
}

void eval_begin(struct eval *out, const struct state *s, const struct fleet *f, const bool *wanted)
{
	*out = (struct eval) { .state = s,
			       .fleet = f,
			       .wanted = wanted,
			       .n_os = intern_count(s->os),
			       .n_terms = intern_count(s->terms),
			       .hindered = hindered_names(f) };
	out->os = xcalloc((size_t)out->n_os + 1, sizeof(*out->os));
	out->terms = xcalloc((size_t)out->n_terms + 1, sizeof(*out->terms));
	for (uint32_t i = 0; i < out->n_os; i++)
		if (intern_get(s->os, i).n > 0)
			out->os[i] = hosts_of_os(f, intern_get(s->os, i));
	for (uint32_t i = 0; i < out->n_terms; i++)
		if (intern_get(s->terms, i).n > 0)
			out->terms[i] = hosts_of_service(f, intern_get(s->terms, i));
}

void eval_end(struct eval *v)
{
	for (uint32_t i = 0; i < v->n_os; i++)
		if (v->os[i])
			roaring_bitmap_free(v->os[i]);
	for (uint32_t i = 0; i < v->n_terms; i++)
		if (v->terms[i])
			roaring_bitmap_free(v->terms[i]);
	for (size_t i = 0; i < EVAL_SHELVES; i++)
		shelf_free(v->shelves[i].shelf);
	VEC_DONE(&v->left);
	intern_free(v->hindered);
	xfree(v->os);
	xfree(v->terms);
}

/* The shelf of a component's name; the last of its place in the table gives way, but what was read
 * off it for the patch at hand stays. */
static const struct shelf *shelf_of(struct eval *v, uint32_t component)
{
	const struct component *c = &v->state->catalog->components[component];
	struct eval_shelf *s = &v->shelves[(str_hash(c->name) + (uint64_t)c->kind) % EVAL_SHELVES];
	if (s->shelf && s->kind == c->kind && str_eq(s->name, c->name))
		return s->shelf;
	if (s->shelf)
		VEC_PUSH(&v->left, s->shelf);
	*s = (struct eval_shelf) { c->kind, c->name,
				   shelf_new(v->state->catalog, v->fleet, component, v->wanted,
					     v->hindered) };
	return s->shelf;
}

/* Hosts by what the patch's components say of them: by set, and the superseded ones. `keep` keeps
 * intersections alive until the unions are made. */
struct evaluation {
	struct eval *eval;
	const roaring_bitmap_t *subscribers; /* NULL = everybody */
	struct bitmaps seen[SETS_], superseded, keep;
};

static const roaring_bitmap_t *kept(struct evaluation *x, roaring_bitmap_t *b)
{
	bitmaps_own(&x->keep, b);
	return b;
}

/* Hosts with an outdated package of a current component, to the sets they belong to. */
static void add_outdated(struct evaluation *x, const struct fact_package *p,
			 const roaring_bitmap_t *hosts)
{
	if (x->subscribers) {
		bitmaps_add_without(&x->seen[SET_SUBSCRIPTION], hosts, x->subscribers);
		hosts = kept(x, roaring_bitmap_and(hosts, x->subscribers));
	}
	bool hindered = intern_find(x->eval->hindered, p->name) != INTERN_NONE;
	for (enum set set = SET_HELD; hindered && set <= SET_PHASED; set++) {
		const roaring_bitmap_t *there = hindrance_hosts(x->eval->fleet, p, set, &x->keep);
		if (!there)
			continue;
		bitmaps_add_both(&x->seen[set], hosts, there);
		hosts = kept(x, roaring_bitmap_andnot(hosts, there));
	}
	bitmaps_add(&x->seen[SET_MISSING], hosts);
}

static void add_component(struct evaluation *x, uint32_t component)
{
	const struct catalog *catalog = x->eval->state->catalog;
	const bool current = rule_component_current(catalog, &catalog->components[component]);
	AUTO(readings_done) struct readings all = { 0 };
	shelf_read(shelf_of(x->eval, component), component, &all);
	for (size_t from = 0, end; from < all.n; from = end) {
		end = readings_group(&all, from);
		bitmaps_add(&x->seen[SET_INSTALLED],
			    readings_hosts(&all, from, end, READING_FAILS, &x->keep));
		const roaring_bitmap_t *hosts = readings_hosts(&all, from, end, READING_HOLDS,
							       &x->keep);
		if (hosts && current)
			add_outdated(x, &all.p[from].package, hosts);
		else
			bitmaps_add(&x->superseded, hosts);
	}
}

static roaring_bitmap_t *not_empty(roaring_bitmap_t *b)
{
	if (roaring_bitmap_is_empty(b)) {
		roaring_bitmap_free(b);
		return NULL;
	}
	roaring_bitmap_run_optimize(b);
	return b;
}

/* What is in an earlier set is not in a later one. */
static void make_sets(struct evaluation *x, const roaring_bitmap_t *within,
		      roaring_bitmap_t *out[SETS_])
{
	roaring_bitmap_t *taken = NULL;
	for (enum set set = 0; set < SETS_; set++) {
		if (set == SET_INSTALLED) {
			roaring_bitmap_t *superseded = bitmaps_union(&x->superseded);
			if (taken) {
				roaring_bitmap_or_inplace(superseded, taken);
				roaring_bitmap_free(taken);
			}
			taken = superseded;
		}
		if (x->seen[set].all.n == 0)
			continue;
		roaring_bitmap_t *hosts = bitmaps_union(&x->seen[set]);
		if (within)
			roaring_bitmap_and_inplace(hosts, within);
		if (taken)
			roaring_bitmap_andnot_inplace(hosts, taken);
		if (set != SET_INSTALLED) {
			if (!taken)
				taken = roaring_bitmap_create();
			roaring_bitmap_or_inplace(taken, hosts);
		}
		out[set] = not_empty(hosts);
	}
	if (taken)
		roaring_bitmap_free(taken);
}

void eval_patch(struct eval *v, uint32_t patch, roaring_bitmap_t *out[SETS_])
{
	const struct patch *p = &v->state->catalog->patches[patch];
	const struct patch_scope *scope = &v->state->scopes[patch];
	struct evaluation x = { .eval = v, .subscribers = v->terms[scope->terms] };
	for (int k = 0; k < SETS_; k++)
		out[k] = NULL;
	for (uint32_t i = 0; i < p->components; i++)
		add_component(&x, p->first_component + i);
	make_sets(&x, v->os[scope->os], out);
	bitmaps_drop(&x.keep);
	while (v->left.n > 0)
		shelf_free(v->left.p[--v->left.n]);
}

static const struct component *first_of(const struct catalog *c, uint32_t patch)
{
	return &c->components[c->patches[patch].first_component];
}

static int by_first_name(const void *pa, const void *pb, void *catalog)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	const struct component *x = first_of(catalog, a), *y = first_of(catalog, b);
	int d = x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
				   : str_cmp(x->name, y->name);
	return d ? d : (a > b) - (a < b);
}

bool eval_together(const struct catalog *c, uint32_t a, uint32_t b)
{
	if (c->patches[a].components == 0 || c->patches[b].components == 0)
		return false;
	const struct component *x = first_of(c, a), *y = first_of(c, b);
	return x->kind == y->kind && str_eq(x->name, y->name);
}

uint32_t *eval_order(const struct catalog *c, const bool *wanted, size_t *n_out)
{
	VEC(uint32_t) some = { 0 }, none = { 0 };
	for (uint32_t i = 0; i < c->n_patches; i++)
		if (wanted[i] && c->patches[i].components > 0)
			VEC_PUSH(&some, i);
		else if (wanted[i])
			VEC_PUSH(&none, i);
	if (some.n > 1)
		qsort_r(some.p, some.n, sizeof(*some.p), by_first_name, (void *)c);
	for (size_t i = 0; i < none.n; i++)
		VEC_PUSH(&some, none.p[i]);
	VEC_DONE(&none);
	*n_out = some.n;
	return some.p;
}
