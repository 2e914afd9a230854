/* SPDX-License-Identifier: Apache-2.0
 * Counters of hosts, and counting many sets at once: a block of 65,536 hosts at a time and sets
 * that count alike together, so that a billion pairs are counted in a table that the cache holds,
 * not in a walk over all hosts for every patch. */
#include "match/match_int.h"

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

struct tally *tally_of(struct state *s, uint32_t host)
{
	if (host >= s->tallies.n) {
		VEC_RESERVE(&s->tallies, host + 1 - s->tallies.n);
		memset(s->tallies.p + s->tallies.n, 0,
		       (host + 1 - s->tallies.n) * sizeof(*s->tallies.p));
		s->tallies.n = host + 1;
	}
	return &s->tallies.p[host];
}

/* Sets with the same key count in the same counters. */
static uint32_t key_of(const struct tally_item *t)
{
	const struct patch_state *s = &t->like->patches[t->like_patch];
	const struct patch *p = &t->like->catalog->patches[t->like_patch];
	bool security = p->type == PATCH_TYPE_SECURITY || p->type == PATCH_TYPE_CRITICAL;
	return (uint32_t)t->set << 8 | (uint32_t)p->severity << 4 | (uint32_t)(t->by > 0) << 2 |
	       (uint32_t)security << 1 | s->declined;
}

static int compare(const void *pa, const void *pb)
{
	uint32_t a = key_of(pa), b = key_of(pb);
	return (a > b) - (a < b);
}

void tally_add_patch(struct tally_items *items, const struct state *s, uint32_t patch,
		     const struct state *like, uint32_t like_patch, int by)
{
	for (enum set k = 0; k < SETS_; k++)
		VEC_PUSH(items, ((struct tally_item) { s, like, patch, like_patch, k, by }));
}

void tally_sort(struct tally_items *items)
{
	if (items->n)
		qsort(items->p, items->n, sizeof(*items->p), compare);
}

static void flush(struct state *into, const struct tally_item *like, uint32_t from,
		  struct block_counter *counter)
{
	const struct patch_state *s = &like->like->patches[like->like_patch];
	const struct patch *p = &like->like->catalog->patches[like->like_patch];
	const uint16_t *counts = block_counts(counter);
	for (uint32_t i = 0; i < TALLY_BLOCK; i++)
		if (counts[i])
			tally_patch(tally_of(into, from + i), p, s->declined, like->set,
				    like->by * (int)counts[i]);
	block_counter_clear(counter);
}

void tally_block(struct state *into, const struct tally_items *items, uint32_t from)
{
	AUTO(block_counter_free) struct block_counter *counter = block_counter_new();
	uint32_t n = 0;
	for (size_t i = 0; i < items->n; i++) {
		const struct tally_item *t = &items->p[i];
		n += block_count(counter, t->sets->patches[t->patch].set[t->set],
				 from / TALLY_BLOCK);
		bool last = i + 1 == items->n || key_of(t) != key_of(t + 1);
		if (n > 0 && (last || n == BLOCK_COUNTER_MOST)) {
			flush(into, t, from, counter);
			n = 0;
		}
	}
}

void tally_all(struct state *into, const struct tally_items *items, uint32_t hosts)
{
	for (uint32_t from = 0; from < hosts; from += TALLY_BLOCK)
		tally_block(into, items, from);
}
