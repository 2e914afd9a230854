/* SPDX-License-Identifier: Apache-2.0
 * One patch against the whole fleet: unions of the bitmaps of the facts that decide. Versions are
 * compared once per distinct fact, never per host. Pure over state and fleet (read lock held). */
#include "match/bitmaps.h"
#include "match/match_int.h"
#include "match/readings.h"

void eval_os_hosts(const struct state *s, const struct fleet *f, struct os_hosts *out)
{
	out->n = intern_count(s->os);
	out->p = xcalloc((size_t)out->n + 1, sizeof(*out->p));
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(f, FACT_OS, &n);
	for (uint32_t i = 0; i < out->n; i++) {
		struct str text = intern_get(s->os, i);
		if (text.n == 0)
			continue;
		struct bitmaps hosts = { 0 };
		for (uint32_t k = 0; k < n; k++) {
			struct fact_os os;
			if (fleet_fact_os(f, facts[k], &os) && rule_os_matches(text, &os))
				bitmaps_add(&hosts, fleet_fact_hosts(f, facts[k]));
		}
		out->p[i] = bitmaps_union(&hosts);
	}
}

void eval_os_hosts_done(struct os_hosts *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->p[i])
			roaring_bitmap_free(o->p[i]);
	xfree(o->p);
	*o = (struct os_hosts) { 0 };
}

/* Hosts by what one of the patch's components says of them. */
struct seen_sets {
	struct bitmaps outdated, held, superseded, present;
};

/* `keep` keeps intersections alive until the unions are made. */
static void add_component(const struct state *s, const struct fleet *f, uint32_t component,
			  struct seen_sets *to, struct bitmaps *keep)
{
	const struct component *c = &s->catalog->components[component];
	const bool current = rule_component_current(s->catalog, c);
	struct rule condition = rule_of_component(s->catalog, component);
	AUTO(readings_done) struct readings all = { 0 };
	rule_read_fleet(&condition, f, &all);
	for (size_t from = 0, end; from < all.n; from = end) {
		end = readings_group(&all, from);
		bitmaps_add(&to->present, readings_hosts(&all, from, end, READING_APPLIES, keep));
		const roaring_bitmap_t *hosts = readings_hosts(&all, from, end, READING_HOLDS,
							       keep);
		if (!hosts)
			continue;
		if (!current) {
			bitmaps_add(&to->superseded, hosts);
			continue;
		}
		uint32_t hold = match_hold_fact(f, &all.p[from].package);
		const roaring_bitmap_t *holders = hold == INTERN_NONE ? NULL
								      : fleet_fact_hosts(f, hold);
		bitmaps_add_without(&to->outdated, hosts, holders);
		bitmaps_add_both(&to->held, hosts, holders);
	}
}

/* A union, within the os's hosts. */
static roaring_bitmap_t *united(struct bitmaps *b, const roaring_bitmap_t *os)
{
	roaring_bitmap_t *r = bitmaps_union(b);
	if (os)
		roaring_bitmap_and_inplace(r, os);
	return r;
}

static roaring_bitmap_t *kept(roaring_bitmap_t *b)
{
	if (roaring_bitmap_is_empty(b)) {
		roaring_bitmap_free(b);
		return NULL;
	}
	roaring_bitmap_run_optimize(b);
	return b;
}

void eval_patch(const struct state *s, const struct fleet *f, const struct os_hosts *os,
		uint32_t patch, roaring_bitmap_t *out[SETS_])
{
	const struct patch *p = &s->catalog->patches[patch];
	const roaring_bitmap_t *within = os->p[s->patches[patch].os];
	struct seen_sets seen = { 0 };
	struct bitmaps keep = { 0 };
	out[SET_MISSING] = out[SET_INSTALLED] = out[SET_HELD] = NULL;
	for (uint32_t i = 0; i < p->components; i++)
		add_component(s, f, p->first_component + i, &seen, &keep);
	if (seen.present.all.n == 0) {
		bitmaps_drop(&keep);
		return;
	}
	roaring_bitmap_t *missing = united(&seen.outdated, within),
			 *held = united(&seen.held, within);
	roaring_bitmap_t *superseded = united(&seen.superseded, within),
			 *installed = united(&seen.present, within);
	roaring_bitmap_andnot_inplace(held, missing);
	roaring_bitmap_andnot_inplace(installed, missing);
	roaring_bitmap_andnot_inplace(installed, held);
	roaring_bitmap_andnot_inplace(installed, superseded);
	roaring_bitmap_free(superseded);
	bitmaps_drop(&keep);
	out[SET_MISSING] = kept(missing);
	out[SET_HELD] = kept(held);
	out[SET_INSTALLED] = kept(installed);
}
