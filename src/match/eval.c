/* SPDX-License-Identifier: Apache-2.0
 * One patch against the whole fleet: unions of the bitmaps of the facts that decide. Versions are
 * compared once per distinct fact, never per host. Pure over state and fleet (read lock held). */
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

void eval_scopes(const struct state *s, const struct fleet *f, struct scopes *out)
{
	out->n_os = intern_count(s->os);
	out->n_terms = intern_count(s->terms);
	out->os = xcalloc((size_t)out->n_os + 1, sizeof(*out->os));
	out->terms = xcalloc((size_t)out->n_terms + 1, sizeof(*out->terms));
	for (uint32_t i = 0; i < out->n_os; i++)
		if (intern_get(s->os, i).n > 0)
			out->os[i] = hosts_of_os(f, intern_get(s->os, i));
	for (uint32_t i = 0; i < out->n_terms; i++)
		if (intern_get(s->terms, i).n > 0)
			out->terms[i] = hosts_of_service(f, intern_get(s->terms, i));
}

void eval_scopes_done(struct scopes *o)
{
	for (uint32_t i = 0; i < o->n_os; i++)
		if (o->os[i])
			roaring_bitmap_free(o->os[i]);
	for (uint32_t i = 0; i < o->n_terms; i++)
		if (o->terms[i])
			roaring_bitmap_free(o->terms[i]);
	xfree(o->os);
	xfree(o->terms);
	*o = (struct scopes) { 0 };
}

/* Hosts by what the patch's components say of them: by set, and the superseded ones. `keep` keeps
 * intersections alive until the unions are made. */
struct evaluation {
	const struct state *state;
	const struct fleet *fleet;
	const roaring_bitmap_t *subscribers; /* NULL = everybody */
	bool hindered;
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
	for (enum set set = SET_HELD; x->hindered && set <= SET_PHASED; set++) {
		const roaring_bitmap_t *there = hindrance_hosts(x->fleet, p, set, &x->keep);
		if (!there)
			continue;
		bitmaps_add_both(&x->seen[set], hosts, there);
		hosts = kept(x, roaring_bitmap_andnot(hosts, there));
	}
	bitmaps_add(&x->seen[SET_MISSING], hosts);
}

static void add_component(struct evaluation *x, uint32_t component)
{
	const struct catalog *catalog = x->state->catalog;
	const bool current = rule_component_current(catalog, &catalog->components[component]);
	struct rule condition = rule_of_component(catalog, component);
	AUTO(readings_done) struct readings all = { 0 };
	rule_read_fleet(&condition, x->fleet, &all);
	for (size_t from = 0, end; from < all.n; from = end) {
		end = readings_group(&all, from);
		bitmaps_add(&x->seen[SET_INSTALLED],
			    readings_hosts(&all, from, end, READING_APPLIES, &x->keep));
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

void eval_patch(const struct state *s, const struct fleet *f, const struct scopes *scopes,
		uint32_t patch, roaring_bitmap_t *out[SETS_])
{
	const struct patch *p = &s->catalog->patches[patch];
	struct evaluation x = { .state = s,
				.fleet = f,
				.subscribers = scopes->terms[s->scopes[patch].terms],
				.hindered = hindrance_any(f) };
	for (int k = 0; k < SETS_; k++)
		out[k] = NULL;
	for (uint32_t i = 0; i < p->components; i++)
		add_component(&x, p->first_component + i);
	if (x.seen[SET_INSTALLED].all.n > 0)
		make_sets(&x, scopes->os[s->scopes[patch].os], out);
	bitmaps_drop(&x.keep);
}
