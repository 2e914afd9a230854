/* SPDX-License-Identifier: Apache-2.0
 * Counters of hosts, and counting many sets at once: a block of 65,536 hosts at a time and sets
 * that count alike together, so that a billion pairs are counted in a table that the cache holds,
 * not in a walk over all hosts for every patch. */
#include "match/bitmaps.h"
#include "match/match_int.h"

/* The counters of a tally as one array. */
#define COUNTERS (sizeof(struct tally) / sizeof(uint32_t))
#define COUNTER(field) ((uint32_t)(offsetof(struct tally, field) / sizeof(uint32_t)))
_Static_assert(COUNTERS < 31, "five bits name a counter");

/* In which counters a host of a set counts. */
struct counted {
	uint32_t at[4], n;
};

static void count_in(struct counted *c, uint32_t counter)
{
	c->at[c->n++] = counter;
}

static struct counted counted_in(const struct patch *p, bool declined, enum set set)
{
	struct counted c = { .n = 0 };
	if (declined && set != SET_INSTALLED) {
		count_in(&c, COUNTER(counts.declined));
		return c;
	}
	switch (set) {
	case SET_MISSING:
		count_in(&c, COUNTER(counts.missing) + p->severity);
		count_in(&c, COUNTER(counts.missing_total));
		break;
	case SET_HELD: count_in(&c, COUNTER(counts.held)); break;
	case SET_KEPT_BACK: count_in(&c, COUNTER(counts.kept_back)); break;
	case SET_SUBSCRIPTION: count_in(&c, COUNTER(counts.needs_subscription)); break;
	case SET_PHASED: count_in(&c, COUNTER(counts.phased)); return c;
	default: count_in(&c, COUNTER(counts.installed)); return c;
	}
	bool security = p->type == PATCH_TYPE_SECURITY || p->type == PATCH_TYPE_CRITICAL;
	if (security && set != SET_SUBSCRIPTION)
		count_in(&c, COUNTER(urgent) + p->severity);
	if (security || p->severity != SEVERITY_UNRATED)
		count_in(&c, COUNTER(exposed) + p->severity);
	return c;
}

static void add_to(struct tally *t, const struct counted *c, uint32_t by)
{
	uint32_t *counters = (uint32_t *)t;
	for (uint32_t i = 0; i < c->n; i++)
		counters[c->at[i]] += by;
}

void tally_patch(struct tally *t, const struct patch *p, bool declined, enum set set, int by)
{
	struct counted c = counted_in(p, declined, set);
	add_to(t, &c, (uint32_t)by);
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

static struct counted counted_of(const struct tally_item *t)
{
	return counted_in(&t->like->catalog->patches[t->like_patch], t->declined, t->set);
}

/* Sets with the same key count in the same counters. */
static uint32_t key_of(const struct tally_item *t)
{
	const struct counted c = counted_of(t);
	uint32_t key = t->by > 0 ? 3 : 2;
	for (uint32_t i = 0; i < c.n; i++)
		key = key << 5 | (c.at[i] + 1);
	return key;
}

static int compare(const void *pa, const void *pb)
{
	uint32_t a = key_of(pa), b = key_of(pb);
	return (a > b) - (a < b);
}

void tally_add_patch(struct tally_items *items, const struct state *s, uint32_t patch,
		     const struct state *like, uint32_t like_patch, int by)
{
	const struct patch_state *p = &like->patches[like_patch];
	for (enum set k = 0; k < SETS_; k++) {
		struct tally_item t = {
			s, like, patch, like_patch, k, by, p->declined, NULL, NULL
		};
		if (p->mask && k != SET_INSTALLED) {
			t.without = p->mask->hosts;
			VEC_PUSH(items, t);
			t.declined = true;
			t.without = NULL;
			t.only = p->mask->hosts;
		}
		VEC_PUSH(items, t);
	}
}

void tally_move_patch(struct tally_items *items, const struct state *s, uint32_t patch,
		      const roaring_bitmap_t *only, bool to)
{
	for (enum set k = 0; k < SET_INSTALLED; k++)
		for (int by = -1; by <= 1; by += 2)
			VEC_PUSH(items, ((struct tally_item) { s, s, patch, patch, k, by,
							       to == (by > 0), only, NULL }));
}

void tally_sort(struct tally_items *items)
{
	if (items->n)
		qsort(items->p, items->n, sizeof(*items->p), compare);
}

static void flush(struct state *into, const struct tally_item *like, uint32_t from,
		  struct block_counter *counter)
{
	const struct counted c = counted_of(like);
	const uint16_t *counts = block_counts(counter);
	uint32_t n = TALLY_BLOCK;
	uint64_t four;
	while (n > 0 && counts[n - 1] == 0)
		n--;
	struct tally *tallies = n ? tally_of(into, from + n - 1) - (n - 1) : NULL;
	for (uint32_t i = 0; i < n; i += 4) {
		memcpy(&four, counts + i, sizeof(four));
		for (uint32_t k = i; four && k < i + 4; k++)
			if (counts[k])
				add_to(&tallies[k], &c, (uint32_t)(like->by * (int)counts[k]));
	}
	block_counter_clear(counter);
}

/* What of a set an item is about, in one block; made ones live in `made` until they are counted. */
struct parts {
	block_bits bits, mask;
	struct bitmaps made;
};

static const roaring_bitmap_t *part_of(struct parts *x, const struct tally_item *t, uint32_t no)
{
	const roaring_bitmap_t *set = t->sets->patches[t->patch].set[t->set];
	if (!set || (!t->only && !t->without))
		return set;
	block_clear(x->mask);
	bool masked = block_add(x->mask, t->only ? t->only : t->without, no);
	if (!masked && t->only)
		return NULL;
	if (!masked)
		return set;
	block_clear(x->bits);
	if (!block_add(x->bits, set, no))
		return NULL;
	if (t->only)
		block_and(x->bits, x->mask);
	else
		block_andnot(x->bits, x->mask);
	roaring_bitmap_t *part = NULL;
	if (block_append(&part, no, x->bits) > 0)
		bitmaps_own(&x->made, part);
	return part;
}

void tally_block(struct state *into, const struct tally_items *items, uint32_t from)
{
	AUTO(block_counter_free) struct block_counter *counter = block_counter_new();
	AUTO(xfree) struct parts *parts = xcalloc(1, sizeof(*parts));
	uint32_t n = 0;
	for (size_t i = 0; i < items->n; i++) {
		const struct tally_item *t = &items->p[i];
		n += block_count(counter, part_of(parts, t, from / TALLY_BLOCK),
				 from / TALLY_BLOCK);
		bool last = i + 1 == items->n || key_of(t) != key_of(t + 1);
		if (n > 0 && (last || n == BLOCK_COUNTER_MOST)) {
			flush(into, t, from, counter);
			bitmaps_drop(&parts->made);
			n = 0;
		}
	}
	bitmaps_drop(&parts->made);
}

void tally_all(struct state *into, const struct tally_items *items, uint32_t hosts)
{
	for (uint32_t from = 0; from < hosts; from += TALLY_BLOCK)
		tally_block(into, items, from);
}
