/* SPDX-License-Identifier: Apache-2.0
 * Patches against the whole fleet: unions of the hosts of the facts that decide, 65,536 hosts at a
 * time, so that all of a block that is at hand fits the cache. Versions are compared once per
 * distinct fact, never per host, and what facts of one name say is gathered once for all the
 * patches that ask. Pure over state and fleet (read lock held). */
#include "match/bitmaps.h"
#include "match/hindrance.h"
#include "match/match_int.h"
#include "match/modules.h"
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

/* Adds the names of packages about which some host has a line that could hinder them; facts stay.
 */
static void add_hindered(struct eval *v)
{
	static const enum fact_kind kinds[EVAL_HINDERING] = { FACT_HOLD, FACT_KEPT };
	for (size_t k = 0; k < EVAL_HINDERING; k++) {
		uint32_t n;
		const uint32_t *facts = fleet_facts_of_kind(v->fleet, kinds[k], &n);
		for (; v->hindering[k] < n; v->hindering[k]++)
			intern_add(v->hindered,
				   fleet_fact_field(v->fleet, facts[v->hindering[k]], 2));
	}
}

struct eval *eval_new(const struct state *s, const struct fleet *f, const bool *wanted)
{
	struct eval *v = xcalloc(1, sizeof(*v));
	v->state = s;
	v->fleet = f;
	v->wanted = wanted;
	v->n_os = intern_count(s->os);
	v->n_terms = intern_count(s->terms);
	v->hindered = intern_new();
	v->modules = xcalloc(1, sizeof(*v->modules));
	v->os = xcalloc((size_t)v->n_os + 1, sizeof(*v->os));
	v->terms = xcalloc((size_t)v->n_terms + 1, sizeof(*v->terms));
	return v;
}

void eval_begin(struct eval *v)
{
	add_hindered(v);
	for (uint32_t i = 0; i < v->n_os; i++)
		if (intern_get(v->state->os, i).n > 0)
			v->os[i] = hosts_of_os(v->fleet, intern_get(v->state->os, i));
	for (uint32_t i = 0; i < v->n_terms; i++)
		if (intern_get(v->state->terms, i).n > 0)
			v->terms[i] = hosts_of_service(v->fleet, intern_get(v->state->terms, i));
	modules_of_fleet(v->state->catalog, v->fleet, v->modules);
}

static void drop(roaring_bitmap_t **b)
{
	if (*b)
		roaring_bitmap_free(*b);
	*b = NULL;
}

void eval_end(struct eval *v)
{
	for (uint32_t i = 0; i < v->n_os; i++)
		drop(&v->os[i]);
	for (uint32_t i = 0; i < v->n_terms; i++)
		drop(&v->terms[i]);
	for (size_t i = 0; i < EVAL_SHELVES; i++) {
		shelf_free(v->shelves[i].shelf);
		v->shelves[i] = (struct eval_shelf) { 0 };
	}
	modules_fleet_done(v->modules);
}

void eval_free(struct eval *v)
{
	if (!v)
		return;
	eval_end(v);
	VEC_DONE(&v->left);
	intern_free(v->hindered);
	xfree(v->modules);
	xfree(v->os);
	xfree(v->terms);
	xfree(v);
}

/* The shelf of a component's name; the last of its place in the table gives way, but what was read
 * off it for the patches at hand stays. */
static struct shelf *shelf_of(struct eval *v, uint32_t component)
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

/* --- what is asked of every block --- */

struct question {	     /* a component's */
	struct shelf *shelf; /* NULL = modules have a say: */
	struct modules_hosts modules;
	struct readings readings;
	bool current, by_default;
};
struct questions { /* a patch's */
	struct question *all;
	uint32_t n;
	const roaring_bitmap_t *within, *subscribers; /* NULL = everybody */
};

static void prepare(struct eval *v, uint32_t patch, struct questions *out)
{
	const struct catalog *c = v->state->catalog;
	const struct patch *p = &c->patches[patch];
	const struct patch_scope *scope = &v->state->scopes[patch];
	*out = (struct questions) { .all = xcalloc((size_t)p->components + 1, sizeof(*out->all)),
				    .n = p->components,
				    .within = v->os[scope->os],
				    .subscribers = v->terms[scope->terms] };
	for (uint32_t i = 0; i < p->components; i++) {
		uint32_t component = p->first_component + i;
		struct question *q = &out->all[i];
		q->current = rule_component_current(c, &c->components[component]);
		q->by_default = c->components[component].by_default;
		if (modules_have_say(v->modules, component)) {
			struct rule condition = rule_of_component(c, component);
			modules_hosts(v->modules, component, &q->modules);
			rule_read_offers(&condition, v->fleet, &q->modules, &q->readings);
			continue;
		}
		q->shelf = shelf_of(v, component);
		shelf_read(q->shelf, component, &q->readings);
	}
}

static void questions_done(struct questions *q)
{
	for (uint32_t i = 0; i < q->n; i++) {
		readings_done(&q->all[i].readings);
		modules_hosts_done(&q->all[i].modules);
	}
	xfree(q->all);
}

/* --- one block --- */

#define SUPERSEDED                                                                                 \
	SETS_ /* beside the sets: hosts with an outdated component that is superseded              \
	       */
/* Hosts of a block by what a patch's components say of them. */
struct evaluation {
	struct eval *eval;
	const struct questions *ask;
	uint32_t block;
	bool any[SETS_ + 1];
	block_bits seen[SETS_ + 1], hosts, other, taken;
};

static void see(struct evaluation *x, int set, const uint64_t *hosts)
{
	if (x->any[set])
		block_or(x->seen[set], hosts);
	else
		memcpy(x->seen[set], hosts, sizeof(block_bits));
	x->any[set] = true;
}

/* Takes from x->hosts those of x->other, to a set. */
static void part(struct evaluation *x, enum set set)
{
	block_and(x->other, x->hosts);
	block_andnot(x->hosts, x->other);
	see(x, set, x->other);
}

/* Puts hosts on which a package is hindered in that way into x->other; false when there are none.
 * What is kept back where modules have a say, they say alone. */
static bool add_hindered_hosts(struct evaluation *x, const struct question *q,
			       const struct reading *r, enum set set, bool lines)
{
	struct bitmaps keep = { 0 };
	bool kept_back = set == SET_KEPT_BACK, any = false;
	block_clear(x->other);
	if (lines && !(kept_back && r->offered)) {
		const roaring_bitmap_t *there = hindrance_hosts(x->eval->fleet, &r->package, set,
								q->by_default, &keep);
		any = block_add(x->other, there, x->block);
		bitmaps_drop(&keep);
	}
	if (kept_back && !q->shelf && !r->offered)
		any |= block_add(x->other, q->modules.filtered, x->block);
	return any;
}

/* Hosts with an outdated package of a current component, to the sets they belong to. */
static void see_outdated(struct evaluation *x, const struct question *q, const struct reading *r,
			 const uint64_t *hosts)
{
	bool lines = intern_find(x->eval->hindered, r->package.name) != INTERN_NONE;
	bool hindered = lines || (!q->shelf && !r->offered);
	if (!x->ask->subscribers && !hindered) {
		see(x, SET_MISSING, hosts);
		return;
	}
	if (hosts != x->hosts)
		memcpy(x->hosts, hosts, sizeof(x->hosts));
	if (x->ask->subscribers) {
		memset(x->other, 0xff, sizeof(x->other));
		block_bits subscribers = { 0 };
		if (block_add(subscribers, x->ask->subscribers, x->block))
			block_andnot(x->other, subscribers);
		part(x, SET_SUBSCRIPTION);
	}
	for (enum set set = SET_HELD; hindered && set <= SET_PHASED; set++)
		if (add_hindered_hosts(x, q, r, set, lines))
			part(x, set);
	see(x, SET_MISSING, x->hosts);
}

/* Hosts of the block and of a group of readings; NULL = none. The shelf's own or in x->hosts. */
static const uint64_t *hosts_of(struct evaluation *x, const struct question *q, size_t from,
				size_t to, enum reading_of what)
{
	if (q->shelf)
		return shelf_block(q->shelf, &q->readings, from, to, what, x->hosts);
	struct bitmaps keep = { 0 };
	const roaring_bitmap_t *all = readings_hosts(&q->readings, from, to, what, &keep);
	block_clear(x->hosts);
	bool any = block_add(x->hosts, all, x->block);
	bitmaps_drop(&keep);
	return any ? x->hosts : NULL;
}

static void see_component(struct evaluation *x, const struct question *q)
{
	const struct readings *r = &q->readings;
	if (q->shelf)
		shelf_turn(q->shelf, x->block);
	for (size_t from = 0, end; from < r->n; from = end) {
		end = readings_group(r, from);
		const uint64_t *hosts = hosts_of(x, q, from, end, READING_FAILS);
		if (hosts)
			see(x, SET_INSTALLED, hosts);
		hosts = hosts_of(x, q, from, end, READING_HOLDS);
		if (hosts && q->current)
			see_outdated(x, q, &r->p[from], hosts);
		else if (hosts)
			see(x, SUPERSEDED, hosts);
	}
}

/* What is in an earlier set is not in a later one. */
static void append_sets(struct evaluation *x, roaring_bitmap_t *out[SETS_])
{
	bool taken = false;
	if (x->ask->within) {
		block_clear(x->other);
		if (!block_add(x->other, x->ask->within, x->block))
			return;
	}
	for (enum set set = 0; set < SETS_; set++) {
		if (!x->any[set])
			continue;
		if (x->ask->within)
			block_and(x->seen[set], x->other);
		if (taken)
			block_andnot(x->seen[set], x->taken);
		if (set == SET_INSTALLED && x->any[SUPERSEDED])
			block_andnot(x->seen[set], x->seen[SUPERSEDED]);
		block_append(&out[set], x->block, x->seen[set]);
		if (taken)
			block_or(x->taken, x->seen[set]);
		else
			memcpy(x->taken, x->seen[set], sizeof(x->taken));
		taken = true;
	}
}

static void evaluate_block(struct evaluation *x, roaring_bitmap_t *out[SETS_])
{
	memset(x->any, 0, sizeof(x->any));
	for (uint32_t i = 0; i < x->ask->n; i++)
		see_component(x, &x->ask->all[i]);
	append_sets(x, out);
}

void eval_patches(struct eval *v, const uint32_t *patches, size_t n, patch_sets *out)
{
	AUTO(xfree) struct questions *all = xcalloc(n + 1, sizeof(*all));
	AUTO(xfree) struct evaluation *x = xmalloc(sizeof(*x));
	uint32_t blocks = (fleet_host_count(v->fleet) + BLOCK_HOSTS - 1) / BLOCK_HOSTS;
	x->eval = v;
	memset(out, 0, n * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		prepare(v, patches[i], &all[i]);
	for (x->block = 0; x->block < blocks; x->block++)
		for (size_t i = 0; i < n; i++) {
			x->ask = &all[i];
			evaluate_block(x, out[i]);
		}
	for (size_t i = 0; i < n; i++)
		questions_done(&all[i]);
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

static bool same_name(const struct catalog *c, uint32_t a, uint32_t b)
{
	if (c->patches[a].components == 0 || c->patches[b].components == 0)
		return false;
	const struct component *x = first_of(c, a), *y = first_of(c, b);
	return x->kind == y->kind && str_eq(x->name, y->name);
}

size_t eval_together(const struct eval *v, const uint32_t *order, size_t n)
{
	size_t k = 1;
	while (k < n && k < EVAL_TOGETHER && same_name(v->state->catalog, order[0], order[k]))
		k++;
	return k;
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
