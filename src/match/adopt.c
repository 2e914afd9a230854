/* SPDX-License-Identifier: Apache-2.0
 * A new snapshot becomes visible: patches whose rule is new or changed are evaluated beside the
 * visible state, a slice at a time so that scans are never kept waiting long; patches whose rule is
 * the same hand over their sets; then one swap. Hosts that change meanwhile are applied to both
 * states. */
#include "match/match_int.h"

#define SLICE_MS 20

/* For each patch of the next state the patch of the old one it takes its sets from. */
static uint32_t *plan_of(const struct state *old, const struct state *next, bool force)
{
	uint32_t n = next->catalog->n_patches;
	uint32_t *from = xmalloc(((size_t)n + 1) * sizeof(*from));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = force ? CATALOG_NONE
				   : catalog_find(old->catalog, next->catalog->patches[i].id);
		bool same = k != CATALOG_NONE && state_same_rule(old->catalog, k, next->catalog, i);
		from[i] = same ? k : CATALOG_NONE;
	}
	return from;
}

/* The patches of `order` that are evaluated together; returns how many. */
static size_t evaluate_some(struct eval *v, struct state *next, const uint32_t *order, size_t n)
{
	patch_sets sets[EVAL_TOGETHER];
	n = eval_together(v, order, n);
	eval_patches(v, order, n, sets);
	for (size_t i = 0; i < n; i++)
		state_install(next, order[i], sets[i]);
	return n;
}

void adopt_evaluate(struct fleet *f, struct state *next, const bool *wanted, bool slices)
{
	size_t n;
	AUTO(xfree) uint32_t *order = eval_order(next->catalog, wanted, &n);
	AUTO(eval_free) struct eval *v = eval_new(next, f, wanted);
	for (size_t at = 0; at < n;) {
		int64_t end = clock_mono_ms() + SLICE_MS;
		if (slices)
			fleet_read_lock(f);
		eval_begin(v);
		do
			at += evaluate_some(v, next, order + at, n - at);
		while (at < n && (!slices || clock_mono_ms() < end));
		eval_end(v);
		if (slices)
			fleet_read_unlock(f);
	}
}

static void evaluate(struct match *m, struct state *next, const uint32_t *from)
{
	const uint32_t n_patches = next->catalog->n_patches;
	AUTO(xfree) bool *wanted = xcalloc((size_t)n_patches + 1, sizeof(*wanted));
	for (uint32_t i = 0; i < n_patches; i++)
		wanted[i] = from[i] == CATALOG_NONE;
	adopt_evaluate(m->fleet, next, wanted, true);
}

/* What has to be counted: patches that are evaluated, those that count otherwise now, and (away)
 * those that are gone. All others keep their part in the counters of the old state. */
static void list_counted(struct state *old, struct state *next, const uint32_t *from, bool force,
			 struct tally_items *out)
{
	AUTO(xfree) bool *kept = xcalloc((size_t)old->catalog->n_patches + 1, sizeof(*kept));
	for (uint32_t i = 0; i < next->catalog->n_patches; i++) {
		if (from[i] == CATALOG_NONE) {
			tally_add_patch(out, next, i, next, i, 1);
			continue;
		}
		const struct patch *p = &old->catalog->patches[from[i]],
				   *q = &next->catalog->patches[i];
		kept[from[i]] = p->severity == q->severity && p->type == q->type &&
				old->patches[from[i]].declined == next->patches[i].declined &&
				old->patches[from[i]].mask == next->patches[i].mask;
		if (!kept[from[i]])
			tally_add_patch(out, old, from[i], next, i, 1);
	}
	for (uint32_t k = 0; k < old->catalog->n_patches && !force; k++)
		if (!kept[k])
			tally_add_patch(out, old, k, old, k, -1);
	tally_sort(out);
}

/* The counters that hosts from `at` up to `to` have had. */
static void take_tallies(struct state *next, const struct state *old, uint32_t at, uint32_t to)
{
	size_t n = (to - at) * sizeof(*old->tallies.p);
	if (next->tallies.n == at) { /* they need not be zeroed first */
		VEC_RESERVE(&next->tallies, to - at);
		next->tallies.n = to;
	} else {
		tally_of(next, to - 1);
	}
	memcpy(next->tallies.p + at, old->tallies.p + at, n);
}

/* The counters of a block of hosts: the old ones (unless nothing of them is believed) with what
 * changes in them. Changes of these hosts from here on go to both states. */
static uint32_t count_block(struct match *m, struct state *next, const struct tally_items *items,
			    uint32_t at, bool force)
{
	const struct state *old = m->state;
	fleet_read_lock(m->fleet);
	uint32_t hosts = fleet_host_count(m->fleet), to = MIN(at + TALLY_BLOCK, hosts);
	uint32_t had = MIN(to, (uint32_t)old->tallies.n);
	if (at == 0)
		VEC_RESERVE(&next->tallies, hosts);
	if (at < had && !force)
		take_tallies(next, old, at, had);
	if (at < hosts)
		tally_block(next, items, at);
	next->counted_to = to < hosts ? to : UINT32_MAX;
	fleet_read_unlock(m->fleet);
	return next->counted_to;
}

/* Patches with the same rule hand over their sets. */
static void carry(struct state *old, struct state *next, const uint32_t *from)
{
	for (uint32_t i = 0; i < next->catalog->n_patches; i++) {
		if (from[i] == CATALOG_NONE)
			continue;
		struct patch_state *p = &old->patches[from[i]], *q = &next->patches[i];
		for (int k = 0; k < SETS_; k++) {
			q->set[k] = TAKE(p->set[k]);
			q->n[k] = p->n[k];
		}
		state_count_off(q);
		q->live = true;
	}
	state_total(next);
}

static void name_sets(const struct patch_state *p, const roaring_bitmap_t *out[static VERDICTS_])
{
	for (int v = 0; v < VERDICTS_; v++)
		if (set_of_verdict((enum verdict)v) >= 0)
			out[v] = p->set[set_of_verdict((enum verdict)v)];
}

/* Tells of patches that were evaluated, and of those that are gone. */
static void tell(const struct match *m, const struct state *old, const struct state *next,
		 const uint32_t *from)
{
	for (uint32_t i = 0; i < next->catalog->n_patches; i++) {
		if (from[i] != CATALOG_NONE)
			continue;
		struct match_adopted a = { .patch = next->catalog->patches[i].id };
		uint32_t k = catalog_find(old->catalog, a.patch);
		a.known = k == CATALOG_NONE;
		if (!a.known)
			name_sets(&old->patches[k], a.before);
		name_sets(&next->patches[i], a.after);
		m->adopter.patch(m->adopter.arg, m->fleet, &a);
	}
	for (uint32_t k = 0; k < old->catalog->n_patches; k++) {
		struct match_adopted a = { .patch = old->catalog->patches[k].id, .gone = true };
		if (catalog_find(next->catalog, a.patch) != CATALOG_NONE)
			continue;
		name_sets(&old->patches[k], a.before);
		m->adopter.patch(m->adopter.arg, m->fleet, &a);
	}
}

/* By patch of the old state: which of the next one takes its sets. */
static uint32_t *carried_of(const struct state *old, const struct state *next, const uint32_t *from)
{
	uint32_t n = old->catalog->n_patches;
	uint32_t *carried = xmalloc(((size_t)n + 1) * sizeof(*carried));
	for (uint32_t k = 0; k < n; k++)
		carried[k] = CATALOG_NONE;
	for (uint32_t i = 0; i < next->catalog->n_patches; i++)
		if (from[i] != CATALOG_NONE)
			carried[from[i]] = i;
	return carried;
}

void adopt_catalog(struct match *m, struct catalog *c, bool force)
{
	struct state *next = state_new(c), *old = m->state;
	AUTO(xfree) uint32_t *from = plan_of(old, next, force);
	AUTO(xfree) uint32_t *carried = carried_of(old, next, from);
	struct tally_items counted = { 0 };
	decline_all(m, next);
	next->carried = carried;
	next->counted_to = 0;
	fleet_read_lock(m->fleet); /* keeps the listener out */
	m->next = next;
	fleet_read_unlock(m->fleet);
	evaluate(m, next, from);
	list_counted(old, next, from, force, &counted);
	for (uint32_t at = 0; at != UINT32_MAX;)
		at = count_block(m, next, &counted, at, force);
	VEC_DONE(&counted);
	fleet_read_lock(m->fleet);
	pthread_rwlock_wrlock(&m->lock);
	carry(old, next, from);
	forward_carry(next, old, m->fleet, from, carried);
	m->state = next;
	m->next = NULL;
	next->carried = NULL;
	healths_forget_all(m);
	pthread_rwlock_unlock(&m->lock);
	if (m->adopter.patch)
		tell(m, old, next, from);
	fleet_read_unlock(m->fleet);
	state_free(old);
	if (m->adopter.done)
		m->adopter.done(m->adopter.arg);
	match_notify(m);
}
