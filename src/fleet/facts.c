/* SPDX-License-Identifier: Apache-2.0
 * Delta-varint coding of ascending numbers, and the difference of two such arrays. Pure. What comes
 * from a database is checked while it is decoded; nothing here trusts a length. */
#include "fleet/facts.h"

/* One byte of a radix sort. */
static void sort_by_byte(const uint32_t *from, uint32_t *to, uint32_t n, int shift)
{
	uint32_t at[257] = { 0 };
	for (uint32_t i = 0; i < n; i++)
		at[(from[i] >> shift & 0xff) + 1]++;
	for (int b = 0; b < 256; b++)
		at[b + 1] += at[b];
	for (uint32_t i = 0; i < n; i++)
		to[at[from[i] >> shift & 0xff]++] = from[i];
}

/* Ascending; numbers are counted from 0, so that two or three bytes of them are used. */
static void sort(uint32_t *facts, uint32_t n)
{
	uint32_t bits = 0;
	for (uint32_t i = 0; i < n; i++)
		bits |= facts[i];
	AUTO(xfree) uint32_t *other = xmalloc(n * sizeof(*other));
	for (int shift = 0; shift < 32 && bits >> shift; shift += 8) {
		sort_by_byte(facts, other, n, shift);
		memcpy(facts, other, n * sizeof(*facts));
	}
}

uint32_t facts_sort(uint32_t *facts, uint32_t n)
{
	if (n == 0)
		return 0;
	sort(facts, n);
	uint32_t kept = 1;
	for (uint32_t i = 1; i < n; i++)
		if (facts[i] != facts[kept - 1])
			facts[kept++] = facts[i];
	return kept;
}

size_t facts_encode(const uint32_t *facts, uint32_t n, uint8_t *out)
{
	uint8_t *p = out;
	uint32_t before = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t step = facts[i] - before;
		before = facts[i];
		while (step >= 0x80) {
			*p++ = (uint8_t)(step | 0x80);
			step >>= 7;
		}
		*p++ = (uint8_t)step;
	}
	return (size_t)(p - out);
}

bool facts_decode(const uint8_t *p, size_t len, uint32_t n, uint32_t limit, uint32_t *out,
		  struct err *e)
{
	const uint8_t *end = p + len;
	uint64_t fact = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t step = 0;
		int shift = 0;
		for (;; shift += 7) {
			if (p == end || shift > 28)
				return err_set(e, ERR_CORRUPT, "facts end inside number %u of %u",
					       i + 1, n);
			step |= (uint64_t)(*p & 0x7f) << shift;
			if (!(*p++ & 0x80))
				break;
		}
		if (i > 0 && step == 0)
			return err_set(e, ERR_CORRUPT,
				       "fact %u of %u is not higher than the one before", i + 1, n);
		fact += step;
		if (fact >= limit)
			return err_set(e, ERR_CORRUPT, "fact number %llu is not known",
				       (unsigned long long)fact);
		out[i] = (uint32_t)fact;
	}
	if (p != end)
		return err_set(e, ERR_CORRUPT, "%zu bytes follow the last of %u facts",
			       (size_t)(end - p), n);
	return true;
}

void facts_diff(const uint32_t *old, uint32_t n_old, const uint32_t *new, uint32_t n_new,
		uint32_t *removed, uint32_t *n_removed_out, uint32_t *added, uint32_t *n_added_out)
{
	uint32_t i = 0, k = 0, r = 0, a = 0;
	while (i < n_old || k < n_new) {
		if (k == n_new || (i < n_old && old[i] < new[k]))
			removed[r++] = old[i++];
		else if (i == n_old || new[k] < old[i])
			added[a++] = new[k++];
		else
			i++, k++;
	}
	*n_removed_out = r;
	*n_added_out = a;
}

bool facts_have(const uint32_t *facts, uint32_t n, uint32_t fact)
{
	uint32_t low = 0, high = n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (facts[mid] < fact)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && facts[low] == fact;
}
