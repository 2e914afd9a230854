/* SPDX-License-Identifier: Apache-2.0
 * The order of a text that differs from host to host. Changes are gathered and sorted in when
 * somebody asks: those hosts are taken out, sorted among themselves, and merged with the rest, so
 * that a few changes among a million cost two passes and a few comparisons. Only the first time
 * (and when a good part changed) everything is sorted. */
#include "fleet/roster.h"
#include "fleet/roster_int.h"

#include <stdlib.h>

#define SAME UINT32_C(0x80000000)
#define HOST(entry) ((entry) & ~SAME)

void order_done(struct order *o)
{
	VEC_DONE(&o->hosts);
	VEC_DONE(&o->places);
	VEC_DONE(&o->changed);
	VEC_DONE(&o->is_changed);
}

void order_change(struct order *o, uint32_t host)
{
	while (o->is_changed.n <= host)
		VEC_PUSH(&o->is_changed, 0);
	if (o->is_changed.p[host])
		return;
	o->is_changed.p[host] = 1;
	VEC_PUSH(&o->changed, host);
}

static struct str clipped(struct str s)
{
	return (struct str) { s.p, MIN(s.n, ROSTER_TEXT_CLIP) };
}

static struct str text_of(const struct order *o, const struct haystack *texts, uint32_t host)
{
	return clipped(haystack_field(texts, host, o->field));
}

/* --- sorting: by the first 16 bytes as numbers, the rest by looking --- */

struct keyed {
	uint64_t head[2];
	struct str rest;
	uint32_t host;
};

static uint64_t head_of(struct str s, size_t from)
{
	uint64_t head = 0;
	for (size_t i = from; i < from + 8; i++)
		head = head << 8 | (i < s.n ? (uint8_t)s.p[i] : 0);
	return head;
}

static int by_text(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	for (int i = 0; i < 2; i++)
		if (x->head[i] != y->head[i])
			return x->head[i] < y->head[i] ? -1 : 1;
	int d = str_cmp(x->rest, y->rest);
	return d ? d : (x->host > y->host) - (x->host < y->host);
}

static struct keyed *sorted(const struct order *o, const struct haystack *texts)
{
	struct keyed *k = xmalloc((o->changed.n + 1) * sizeof(*k));
	for (size_t i = 0; i < o->changed.n; i++) {
		struct str s = text_of(o, texts, o->changed.p[i]);
		/* All of it: a short text and one that goes on with zero bytes are not the same. */
		k[i] = (struct keyed) { { head_of(s, 0), head_of(s, 8) }, s, o->changed.p[i] };
	}
	qsort(k, o->changed.n, sizeof(*k), by_text);
	return k;
}

/* --- merging --- */

/* Takes out what changed; who followed such a host is the same as the one before it if both were.
 */
static void take_out(struct order *o)
{
	size_t kept = 0;
	bool chain = true;
	for (size_t i = 0; i < o->hosts.n; i++) {
		uint32_t entry = o->hosts.p[i];
		chain = chain && entry & SAME;
		if (o->is_changed.p[HOST(entry)])
			continue;
		o->hosts.p[kept++] = HOST(entry) | (chain ? SAME : 0);
		chain = true;
	}
	o->hosts.n = kept;
}

/* How many of the hosts in order go before `k`. */
static size_t place_for(const struct order *o, const struct haystack *texts, const struct keyed *k)
{
	size_t lo = 0, hi = o->hosts.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint32_t host = HOST(o->hosts.p[mid]);
		int d = str_cmp(text_of(o, texts, host), k->rest);
		if (d < 0 || (d == 0 && host < k->host))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t entry_after(const struct order *o, const struct haystack *texts, uint32_t host,
			    const uint32_t *before)
{
	bool same = before && str_eq(text_of(o, texts, host), text_of(o, texts, HOST(*before)));
	return host | (same ? SAME : 0);
}

static void merge(struct order *o, const struct haystack *texts, const struct keyed *k, size_t n)
{
	size_t old = o->hosts.n, read = old, write = old + n;
	VEC_RESERVE(&o->hosts, n);
	uint32_t *p = o->hosts.p;
	AUTO(xfree) size_t *at = xmalloc((n + 1) * sizeof(*at)); /* final places, for the flags */
	for (size_t i = n; i > 0; i--) {
		size_t place = place_for(o, texts, &k[i - 1]);
		size_t moved = read - place;
		write -= moved;
		memmove(p + write, p + place, moved * sizeof(*p));
		p[--write] = k[i - 1].host;
		at[i - 1] = write;
		read = o->hosts.n = place; /* the rest go before it */
	}
	o->hosts.n = old + n;
	for (size_t i = 0; i < n; i++)
		for (size_t e = at[i]; e <= at[i] + 1 && e < o->hosts.n; e++)
			p[e] = entry_after(o, texts, HOST(p[e]), e > 0 ? &p[e - 1] : NULL);
}

static void number(struct order *o)
{
	uint32_t place = 0;
	VEC_RESERVE(&o->places, o->is_changed.n - o->places.n);
	o->places.n = o->is_changed.n;
	for (size_t i = 0; i < o->hosts.n; i++) {
		if (!(o->hosts.p[i] & SAME))
			place = (uint32_t)i;
		o->places.p[HOST(o->hosts.p[i])] = place;
	}
}

void order_update(struct order *o, const struct haystack *texts)
{
	if (o->changed.n == 0)
		return;
	AUTO(xfree) struct keyed *k = sorted(o, texts);
	take_out(o);
	merge(o, texts, k, o->changed.n);
	number(o);
	for (size_t i = 0; i < o->changed.n; i++)
		o->is_changed.p[o->changed.p[i]] = 0;
	o->changed.n = 0;
}

bool order_find(const struct order *o, const struct haystack *texts, struct str text,
		uint32_t *place_out)
{
	size_t lo = 0, hi = o->hosts.n;
	AUTO(xfree) char *small = str_dup(clipped(text));
	for (char *c = small; *c; c++)
		*c = *c == '\n' ? ' ' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	struct str want = { small, MIN(text.n, ROSTER_TEXT_CLIP) };
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (str_cmp(text_of(o, texts, HOST(o->hosts.p[mid])), want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*place_out = (uint32_t)lo;
	return lo < o->hosts.n && str_eq(text_of(o, texts, HOST(o->hosts.p[lo])), want);
}
