/* SPDX-License-Identifier: Apache-2.0
 * The buffer is a row of entries, each its fields with a line feed behind every one; `at` says
 * where an entry begins and `item` whose it is, in ascending order of place. Invariant: each item
 * has at most one entry that is not blank, the one `slot` names. */
#include "base/haystack.h"

#include "base/vec.h"

#define NONE UINT32_MAX
#define WASTE_AT_LEAST 65536

struct haystack {
	VEC(char) text;
	VEC(uint64_t) at;
	VEC(uint32_t) item; /* NONE = blank */
	VEC(uint32_t) slot; /* by item: its entry */
	size_t blank;	    /* bytes of text that belong to nobody */
};

struct haystack *haystack_new(void)
{
	return xcalloc(1, sizeof(struct haystack));
}

static void empty(struct haystack *h)
{
	VEC_DONE(&h->text);
	VEC_DONE(&h->at);
	VEC_DONE(&h->item);
	VEC_DONE(&h->slot);
}

void haystack_free(struct haystack *h)
{
	if (!h)
		return;
	empty(h);
	xfree(h);
}

static size_t end_of(const struct haystack *h, uint32_t entry)
{
	return entry + 1 < h->at.n ? h->at.p[entry + 1] : h->text.n;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void add_field(struct haystack *h, struct str s)
{
	VEC_RESERVE(&h->text, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		h->text.p[h->text.n++] = s.p[i] == '\n' ? ' ' : lower(s.p[i]);
	h->text.p[h->text.n++] = '\n';
}

static void blank(struct haystack *h, uint32_t item)
{
	uint32_t entry = item < h->slot.n ? h->slot.p[item] : NONE;
	if (entry == NONE)
		return;
	size_t from = h->at.p[entry], n = end_of(h, entry) - from;
	memset(h->text.p + from, '\n', n);
	h->blank += n;
	h->item.p[entry] = NONE;
	h->slot.p[item] = NONE;
}

/* Closes the gaps once they are most of it. */
static void close_gaps(struct haystack *h)
{
	if (h->blank < WASTE_AT_LEAST || h->blank < h->text.n / 2)
		return;
	size_t entries = 0, bytes = 0;
	for (uint32_t e = 0; e < h->item.n; e++) {
		uint32_t item = h->item.p[e];
		if (item == NONE)
			continue;
		size_t from = h->at.p[e], n = end_of(h, e) - from;
		memmove(h->text.p + bytes, h->text.p + from, n);
		h->at.p[entries] = bytes;
		h->item.p[entries] = item;
		h->slot.p[item] = (uint32_t)entries++;
		bytes += n;
	}
	h->at.n = h->item.n = entries;
	h->text.n = bytes;
	h->blank = 0;
}

void haystack_put(struct haystack *h, uint32_t item, const struct str *fields, size_t n)
{
	blank(h, item);
	close_gaps(h);
	while (h->slot.n <= item)
		VEC_PUSH(&h->slot, NONE);
	h->slot.p[item] = (uint32_t)h->at.n;
	VEC_PUSH(&h->at, h->text.n);
	VEC_PUSH(&h->item, item);
	for (size_t i = 0; i < n; i++)
		add_field(h, fields[i]);
}

struct str haystack_field(const struct haystack *h, uint32_t item, size_t i)
{
	uint32_t entry = item < h->slot.n ? h->slot.p[item] : NONE;
	if (entry == NONE)
		return STR_LIT("");
	struct str rest = { h->text.p + h->at.p[entry], end_of(h, entry) - h->at.p[entry] };
	while (rest.n > 0) {
		size_t n = (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p);
		if (i-- == 0)
			return (struct str) { rest.p, n };
		rest = (struct str) { rest.p + n + 1, rest.n - n - 1 };
	}
	return STR_LIT("");
}

/* The entry that holds a place, from `e` on: hits come in ascending order and mostly close. */
static uint32_t entry_at(const struct haystack *h, uint32_t e, size_t place)
{
	size_t step = 1, lo = e, hi;
	while (lo + step < h->at.n && h->at.p[lo + step] <= place) {
		lo += step;
		step *= 2;
	}
	hi = MIN(lo + step, h->at.n);
	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (h->at.p[mid] <= place)
			lo = mid;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

void haystack_find(const struct haystack *h, struct str needle,
		   bool (*hit)(void *arg, uint32_t item), void *arg)
{
	if (needle.n == 0 || h->text.n == 0 || memchr(needle.p, '\n', needle.n))
		return;
	AUTO(xfree) char *small = str_dup(needle);
	for (size_t i = 0; i < needle.n; i++)
		small[i] = lower(small[i]);
	const char *from = h->text.p, *end = h->text.p + h->text.n;
	uint32_t e = 0;
	while ((from = memmem(from, (size_t)(end - from), small, needle.n))) {
		e = entry_at(h, e, (size_t)(from - h->text.p));
		if (!hit(arg, h->item.p[e]))
			return;
		from = h->text.p + end_of(h, e);
	}
}

size_t haystack_size(const struct haystack *h)
{
	return h->text.cap + h->at.cap * sizeof(uint64_t) +
	       (h->item.cap + h->slot.cap) * sizeof(uint32_t);
}
