/* SPDX-License-Identifier: Apache-2.0
 * See claims.h. The sets of hosts are walked side by side, some hosts at a time: one after the
 * other for each host they would be asked as often as there are patches and hosts. */
#include "deploy/auto/claims.h"
#include "fleet/facts.h"

/* Rows of bits in memory; 4.5 MB with 36,000 patches. */
#define HOSTS_AT_ONCE 1024u

struct walk {
	size_t n, bytes;		 /* patches; of a row */
	roaring_uint32_iterator_t *next; /* by patch: its first host that was not seen yet */
	uint8_t *rows;
	uint32_t *places;
	uint8_t *short_form;
};

static void walk_begin(struct walk *w, const struct resolved *set)
{
	*w = (struct walk) { .n = set->n, .bytes = (set->n + 7) / 8 };
	w->next = xcalloc(w->n + 1, sizeof(*w->next));
	w->rows = xcalloc(HOSTS_AT_ONCE, w->bytes + 1);
	w->places = xcalloc(w->n + 1, sizeof(*w->places));
	w->short_form = xmalloc(FACTS_MAX_BYTES(w->n) + 1);
	for (size_t i = 0; i < w->n; i++)
		roaring_init_iterator(set->hosts[i], &w->next[i]);
}

static void walk_done(struct walk *w)
{
	xfree(w->next);
	xfree(w->rows);
	xfree(w->places);
	xfree(w->short_form);
}
AUTO_DEFINE_VALUE(struct walk, walk_done)

/* The rows of the hosts from `first` on. */
static void fill_rows(struct walk *w, uint32_t first)
{
	memset(w->rows, 0, HOSTS_AT_ONCE * w->bytes);
	for (size_t i = 0; i < w->n; i++) {
		roaring_uint32_iterator_t *it = &w->next[i];
		while (it->has_value && it->current_value < first)
			roaring_advance_uint32_iterator(it);
		for (; it->has_value && it->current_value - first < HOSTS_AT_ONCE;
		     roaring_advance_uint32_iterator(it))
			w->rows[(it->current_value - first) * w->bytes + i / 8] |=
				(uint8_t)(1u << i % 8);
	}
}

static size_t places_of(const uint8_t *row, size_t bytes, uint32_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < bytes; i++)
		for (unsigned left = row[i]; left; left &= left - 1)
			out[n++] = (uint32_t)(i * 8 + (unsigned)__builtin_ctz(left));
	return n;
}

static struct str claim_of(struct walk *w, const uint8_t *row)
{
	size_t n = places_of(row, w->bytes, w->places);
	size_t length = n < w->bytes ? facts_encode(w->places, (uint32_t)n, w->short_form)
				     : w->bytes;
	return length < w->bytes ? (struct str) { (const char *)w->short_form, length }
				 : (struct str) { (const char *)row, w->bytes };
}

bool claims_each(const struct resolved *set,
		 bool (*fn)(void *arg, uint32_t host, struct str claim, struct err *e), void *arg,
		 struct err *e)
{
	AUTO(walk_done) struct walk w;
	walk_begin(&w, set);
	roaring_uint32_iterator_t it;
	roaring_init_iterator(set->all, &it);
	while (it.has_value) {
		uint32_t first = it.current_value;
		fill_rows(&w, first);
		for (; it.has_value && it.current_value - first < HOSTS_AT_ONCE;
		     roaring_advance_uint32_iterator(&it)) {
			const uint8_t *row = w.rows + (it.current_value - first) * w.bytes;
			if (!fn(arg, it.current_value, claim_of(&w, row), e))
				return false;
		}
	}
	return true;
}

bool claim_read(struct str claim, size_t patches, uint32_t *out, size_t *n_out, struct err *e)
{
	const uint8_t *p = (const uint8_t *)claim.p;
	size_t bytes = (patches + 7) / 8, n = 0;
	*n_out = 0;
	if (claim.n > bytes)
		return err_set(e, ERR_CORRUPT, "a claim of %zu bytes for %zu patches", claim.n,
			       patches);
	if (claim.n == bytes) {
		if (patches % 8 && p[bytes - 1] >> patches % 8)
			return err_set(e, ERR_CORRUPT, "a claim on more than %zu patches", patches);
		*n_out = places_of(p, bytes, out);
		return true;
	}
	for (size_t i = 0; i < claim.n; i++)
		n += !(p[i] & 0x80);
	if (!facts_decode(p, claim.n, (uint32_t)n, (uint32_t)patches, out, e))
		return err_prefix(e, "what a task gave to a system");
	*n_out = n;
	return true;
}
