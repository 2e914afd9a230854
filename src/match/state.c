/* SPDX-License-Identifier: Apache-2.0
 * A state: the sets of every patch and the counters that follow from them. Invariant: counters
 * equal what counting the sets of all live patches would give; state_move() and state_count() keep
 * it. */
#include "fleet/snapshot.h"
#include "match/match_int.h"

struct state *state_new(struct catalog *c)
{
	struct state *s = xcalloc(1, sizeof(*s));
	s->catalog = catalog_ref(c);
	s->patches = xcalloc((size_t)c->n_patches + 1, sizeof(*s->patches));
	s->scopes = xcalloc((size_t)c->n_patches + 1, sizeof(*s->scopes));
	s->os = intern_new();
	s->terms = intern_new();
	s->archs = intern_new();
	s->counted_to = UINT32_MAX;
	for (uint32_t i = 0; i < c->n_patches; i++) {
		s->scopes[i].os = intern_add(s->os, c->patches[i].os);
		s->scopes[i].terms = intern_add(s->terms, c->patches[i].availability);
	}
	for (uint32_t i = 0; i < c->n_components; i++)
		intern_add(s->archs, c->components[i].arch);
	return s;
}

void state_free(struct state *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->catalog->n_patches; i++)
		for (int k = 0; k < SETS_; k++)
			if (s->patches[i].set[k])
				roaring_bitmap_free(s->patches[i].set[k]);
	forward_done(s);
	VEC_DONE(&s->tallies);
	xfree(s->patches);
	xfree(s->scopes);
	intern_free(s->os);
	intern_free(s->terms);
	intern_free(s->archs);
	catalog_unref(s->catalog);
	xfree(s);
}

static const enum verdict verdicts[SETS_] = {
	[SET_MISSING] = VERDICT_MISSING,
	[SET_HELD] = VERDICT_HELD,
	[SET_KEPT_BACK] = VERDICT_KEPT_BACK,
	[SET_PHASED] = VERDICT_PHASED,
	[SET_SUBSCRIPTION] = VERDICT_NEEDS_SUBSCRIPTION,
	[SET_INSTALLED] = VERDICT_INSTALLED,
};

enum verdict verdict_of_set(enum set set)
{
	return verdicts[set];
}

int set_of_verdict(enum verdict v)
{
	for (int k = 0; k < SETS_; k++)
		if (verdicts[k] == v)
			return k;
	return -1;
}

/* Of a patch's set nothing is shown any more (by = -1), or something again (+1). */
static void total_patch(struct totals *t, const struct patch *p, enum set set, int by)
{
	uint32_t d = (uint32_t)by;
	t->patches[set] += d;
	if (set != SET_MISSING)
		return;
	t->missing_by_severity[p->severity] += d;
	if (p->type == PATCH_TYPE_SECURITY)
		t->security_missing += d;
}

static bool is_masked(const struct patch_state *p, uint32_t host)
{
	return p->mask && roaring_bitmap_contains(p->mask->hosts, host);
}

bool state_is_declined(const struct patch_state *p, uint32_t host)
{
	return p->declined || is_masked(p, host);
}

uint32_t state_shown(const struct patch_state *p, enum set set)
{
	if (p->declined && set != SET_INSTALLED)
		return 0;
	return p->n[set] - p->off[set];
}

void state_count_off(struct patch_state *p)
{
	for (int k = 0; k < SETS_; k++)
		p->off[k] = p->mask && p->set[k] && k != SET_INSTALLED
				    ? (uint32_t)roaring_bitmap_and_cardinality(p->set[k],
									       p->mask->hosts)
				    : 0;
}

bool state_enter(struct state *s, uint32_t host, uint32_t patch, enum set set)
{
	struct patch_state *p = &s->patches[patch];
	if (!p->set[set])
		p->set[set] = roaring_bitmap_create();
	snapshot_own(&p->set[set]);
	if (!roaring_bitmap_add_checked(p->set[set], host))
		return false;
	p->n[set]++;
	p->off[set] += set != SET_INSTALLED && is_masked(p, host);
	return true;
}

static void enter(struct state *s, uint32_t host, uint32_t patch, enum set set)
{
	struct patch_state *p = &s->patches[patch];
	const uint32_t shown = state_shown(p, set);
	const bool declined = state_is_declined(p, host);
	if (!state_enter(s, host, patch, set))
		return;
	if (shown == 0 && state_shown(p, set) > 0)
		total_patch(&s->totals, &s->catalog->patches[patch], set, 1);
	s->totals.missing_pairs += set == SET_MISSING && !declined;
	if (host < s->counted_to)
		tally_patch(tally_of(s, host), &s->catalog->patches[patch], declined, set, 1);
}

static void leave(struct state *s, uint32_t host, uint32_t patch, enum set set)
{
	struct patch_state *p = &s->patches[patch];
	if (!p->set[set] || !roaring_bitmap_contains(p->set[set], host))
		return;
	const uint32_t shown = state_shown(p, set);
	const bool declined = state_is_declined(p, host);
	snapshot_own(&p->set[set]);
	roaring_bitmap_remove(p->set[set], host);
	p->n[set]--;
	p->off[set] -= set != SET_INSTALLED && is_masked(p, host);
	s->totals.missing_pairs -= set == SET_MISSING && !declined;
	if (host < s->counted_to)
		tally_patch(tally_of(s, host), &s->catalog->patches[patch], declined, set, -1);
	if (shown > 0 && state_shown(p, set) == 0)
		total_patch(&s->totals, &s->catalog->patches[patch], set, -1);
	if (p->n[set] > 0)
		return;
	roaring_bitmap_free(p->set[set]);
	p->set[set] = NULL;
}

void state_move(struct state *s, uint32_t host, uint32_t patch, enum verdict from, enum verdict to)
{
	if (set_of_verdict(from) >= 0)
		leave(s, host, patch, (enum set)set_of_verdict(from));
	if (set_of_verdict(to) >= 0)
		enter(s, host, patch, (enum set)set_of_verdict(to));
}

void state_tally_move(struct state *s, uint32_t host, uint32_t patch, enum verdict from,
		      enum verdict to)
{
	const struct patch *p = &s->catalog->patches[patch];
	const bool declined = state_is_declined(&s->patches[patch], host);
	if (host >= s->counted_to)
		return;
	if (set_of_verdict(from) >= 0)
		tally_patch(tally_of(s, host), p, declined, (enum set)set_of_verdict(from), -1);
	if (set_of_verdict(to) >= 0)
		tally_patch(tally_of(s, host), p, declined, (enum set)set_of_verdict(to), 1);
}

void state_install(struct state *s, uint32_t patch, roaring_bitmap_t *sets[SETS_])
{
	struct patch_state *p = &s->patches[patch];
	for (int k = 0; k < SETS_; k++) {
		p->set[k] = sets[k];
		p->n[k] = sets[k] ? (uint32_t)roaring_bitmap_get_cardinality(sets[k]) : 0;
	}
	state_count_off(p);
	p->live = true;
}

void state_total(struct state *s)
{
	s->totals = (struct totals) { 0 };
	for (uint32_t i = 0; i < s->catalog->n_patches; i++)
		state_total_patch(s, i, 1);
}

void state_total_patch(struct state *s, uint32_t patch, int by)
{
	const struct patch_state *p = &s->patches[patch];
	for (enum set k = 0; k < SETS_; k++)
		if (state_shown(p, k) > 0)
			total_patch(&s->totals, &s->catalog->patches[patch], k, by);
	s->totals.missing_pairs += (uint64_t)(int64_t)by * state_shown(p, SET_MISSING);
}

static bool same_lane(const struct catalog *a, const struct component *x, const struct catalog *b,
		      const struct component *y)
{
	if (x->lane == CATALOG_NONE || y->lane == CATALOG_NONE)
		return x->lane == y->lane;
	return a->lanes[x->lane].hash == b->lanes[y->lane].hash;
}

bool state_same_rule(const struct catalog *a, uint32_t patch_a, const struct catalog *b,
		     uint32_t patch_b)
{
	const struct patch *p = &a->patches[patch_a], *q = &b->patches[patch_b];
	if (p->components != q->components || !str_eq(p->os, q->os) ||
	    !str_eq(p->availability, q->availability))
		return false;
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *x = &a->components[p->first_component + i];
		const struct component *y = &b->components[q->first_component + i];
		if (x->kind != y->kind ||
		    rule_component_current(a, x) != rule_component_current(b, y) ||
		    !str_eq(x->name, y->name) || !str_eq(x->arch, y->arch) ||
		    !str_eq(x->module, y->module) || !str_eq(x->version, y->version) ||
		    !str_eq(x->above, y->above) || x->by_default != y->by_default ||
		    !same_lane(a, x, b, y))
			return false;
	}
	return true;
}
