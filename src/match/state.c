/* SPDX-License-Identifier: Apache-2.0
 * A state: the sets of every patch and the counters that follow from them. Invariant: counters
 * equal what counting the sets of all live patches would give; state_move() and state_count() keep
 * it. */
#include "match/match_int.h"

struct state *state_new(struct catalog *c)
{
	struct state *s = xcalloc(1, sizeof(*s));
	s->catalog = catalog_ref(c);
	s->patches = xcalloc((size_t)c->n_patches + 1, sizeof(*s->patches));
	s->os = intern_new();
	s->terms = intern_new();
	for (uint32_t i = 0; i < c->n_patches; i++) {
		s->patches[i].os = intern_add(s->os, c->patches[i].os);
		s->patches[i].terms = intern_add(s->terms, c->patches[i].availability);
	}
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
	intern_free(s->os);
	intern_free(s->terms);
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

void tally_patch(struct tally *t, const struct patch *p, bool declined, enum set set, int by)
{
	uint32_t d = (uint32_t)by;
	if (declined && set != SET_INSTALLED) {
		t->counts.declined += d;
		return;
	}
	switch (set) {
	case SET_MISSING:
		t->counts.missing[p->severity] += d;
		t->counts.missing_total += d;
		break;
	case SET_HELD: t->counts.held += d; break;
	case SET_KEPT_BACK: t->counts.kept_back += d; break;
	case SET_SUBSCRIPTION: t->counts.needs_subscription += d; break;
	case SET_PHASED: t->counts.phased += d; return;
	default: t->counts.installed += d; return;
	}
	bool security = p->type == PATCH_TYPE_SECURITY || p->type == PATCH_TYPE_CRITICAL;
	if (security && set != SET_SUBSCRIPTION)
		t->urgent[p->severity] += d;
	if (security || p->severity != SEVERITY_UNRATED)
		t->exposed[p->severity] += d;
}

static struct tally *tally_of(struct state *s, uint32_t host)
{
	if (host >= s->tallies.n) {
		VEC_RESERVE(&s->tallies, host + 1 - s->tallies.n);
		memset(s->tallies.p + s->tallies.n, 0,
		       (host + 1 - s->tallies.n) * sizeof(*s->tallies.p));
		s->tallies.n = host + 1;
	}
	return &s->tallies.p[host];
}

/* A patch's set became empty (by = -1) or stopped being so (+1). */
static void total_patch(struct totals *t, const struct patch *p, bool declined, enum set set,
			int by)
{
	uint32_t d = (uint32_t)by;
	if (declined && set != SET_INSTALLED)
		return;
	t->patches[set] += d;
	if (set != SET_MISSING)
		return;
	t->missing_by_severity[p->severity] += d;
	if (p->type == PATCH_TYPE_SECURITY)
		t->security_missing += d;
}

void tallies_add(struct state *s, const struct state *more)
{
	for (size_t i = 0; i < more->tallies.n; i++) {
		struct tally *t = tally_of(s, (uint32_t)i);
		const struct tally *a = &more->tallies.p[i];
		for (int k = 0; k < SEVERITIES_; k++) {
			t->counts.missing[k] += a->counts.missing[k];
			t->urgent[k] += a->urgent[k];
			t->exposed[k] += a->exposed[k];
		}
		t->counts.missing_total += a->counts.missing_total;
		t->counts.installed += a->counts.installed;
		t->counts.held += a->counts.held;
		t->counts.kept_back += a->counts.kept_back;
		t->counts.phased += a->counts.phased;
		t->counts.needs_subscription += a->counts.needs_subscription;
		t->counts.declined += a->counts.declined;
	}
}

void totals_add(struct totals *t, const struct totals *more)
{
	for (int k = 0; k < SETS_; k++)
		t->patches[k] += more->patches[k];
	t->security_missing += more->security_missing;
	t->missing_pairs += more->missing_pairs;
	for (int i = 0; i < SEVERITIES_; i++)
		t->missing_by_severity[i] += more->missing_by_severity[i];
}

struct counting {
	struct state *s;
	const struct patch *patch;
	bool declined;
	enum set set;
	int by;
};

static bool count_host(uint32_t host, void *arg)
{
	struct counting *c = arg;
	tally_patch(tally_of(c->s, host), c->patch, c->declined, c->set, c->by);
	return true;
}

static void count(struct state *s, uint32_t patch, int by)
{
	struct patch_state *p = &s->patches[patch];
	struct counting c = {
		.s = s, .patch = &s->catalog->patches[patch], .declined = p->declined, .by = by
	};
	for (c.set = 0; c.set < SETS_; c.set++) {
		if (p->n[c.set] == 0)
			continue;
		roaring_iterate(p->set[c.set], count_host, &c);
		total_patch(&s->totals, c.patch, c.declined, c.set, by);
	}
	if (!p->declined)
		s->totals.missing_pairs += (uint64_t)(int64_t)by * p->n[SET_MISSING];
}

void state_count(struct state *s, uint32_t patch)
{
	count(s, patch, 1);
}

void state_uncount(struct state *s, uint32_t patch)
{
	count(s, patch, -1);
}

void state_install(struct state *s, uint32_t patch, roaring_bitmap_t *sets[SETS_])
{
	struct patch_state *p = &s->patches[patch];
	for (int k = 0; k < SETS_; k++) {
		p->set[k] = sets[k];
		p->n[k] = sets[k] ? (uint32_t)roaring_bitmap_get_cardinality(sets[k]) : 0;
	}
	p->live = true;
	count(s, patch, 1);
}

static void enter(struct state *s, uint32_t host, uint32_t patch, enum set set)
{
	struct patch_state *p = &s->patches[patch];
	if (!p->set[set])
		p->set[set] = roaring_bitmap_create();
	if (!roaring_bitmap_add_checked(p->set[set], host))
		return;
	if (p->n[set]++ == 0)
		total_patch(&s->totals, &s->catalog->patches[patch], p->declined, set, 1);
	s->totals.missing_pairs += set == SET_MISSING && !p->declined;
	tally_patch(tally_of(s, host), &s->catalog->patches[patch], p->declined, set, 1);
}

static void leave(struct state *s, uint32_t host, uint32_t patch, enum set set)
{
	struct patch_state *p = &s->patches[patch];
	if (!p->set[set] || !roaring_bitmap_remove_checked(p->set[set], host))
		return;
	s->totals.missing_pairs -= set == SET_MISSING && !p->declined;
	tally_patch(tally_of(s, host), &s->catalog->patches[patch], p->declined, set, -1);
	if (--p->n[set] > 0)
		return;
	total_patch(&s->totals, &s->catalog->patches[patch], p->declined, set, -1);
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

void state_host_changed(struct state *s, const struct fleet *f, uint32_t host, const uint32_t *old,
			uint32_t n_old, const uint32_t *new, uint32_t n_new)
{
	uint32_t n = s->catalog->n_patches;
	forward_reserve(s, f);
	AUTO(xfree) uint8_t *before = xmalloc((size_t)n + 1);
	AUTO(xfree) uint8_t *now = xmalloc((size_t)n + 1);
	forward_pass(s, f, old, n_old, before);
	forward_pass(s, f, new, n_new, now);
	for (uint32_t i = 0; i < n; i++) {
		if (before[i] == now[i] || !s->patches[i].live)
			continue;
		state_move(s, host, i, forward_verdict(before[i]), forward_verdict(now[i]));
	}
}

void decline_all(const struct match *m, struct state *s)
{
	for (uint32_t i = 0; m->declined && i < s->catalog->n_patches; i++)
		s->patches[i].declined = m->declined(m->declined_arg, &s->catalog->patches[i]);
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
		    !str_eq(x->above, y->above))
			return false;
	}
	return true;
}
