/* SPDX-License-Identifier: Apache-2.0
 * See hours.h. Invariant: ascending hours, none without hosts. */
#include "fleet/hours.h"

#define HOUR_MS 3600000

static int64_t hour_of(int64_t ms)
{
	return ms >= 0 ? ms / HOUR_MS : -1;
}

/* Where the hour is, or would be. */
static size_t place(const struct hours *h, int64_t hour)
{
	size_t low = 0, high = h->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (h->p[mid].hour < hour)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void hours_done(struct hours *h)
{
	for (size_t i = 0; i < h->n; i++)
		roaring_bitmap_free(h->p[i].hosts);
	VEC_DONE(h);
}

void hours_add(struct hours *h, int64_t ms, uint32_t host)
{
	int64_t hour = hour_of(ms);
	size_t at = place(h, hour);
	if (at == h->n || h->p[at].hour != hour) {
		VEC_RESERVE(h, 1);
		memmove(h->p + at + 1, h->p + at, (h->n - at) * sizeof(*h->p));
		h->p[at] = (struct hour) { hour, roaring_bitmap_create() };
		h->n++;
	}
	roaring_bitmap_add(h->p[at].hosts, host);
}

void hours_remove(struct hours *h, int64_t ms, uint32_t host)
{
	size_t at = place(h, hour_of(ms));
	ASSERT(at < h->n && h->p[at].hour == hour_of(ms));
	roaring_bitmap_remove(h->p[at].hosts, host);
	if (!roaring_bitmap_is_empty(h->p[at].hosts))
		return;
	roaring_bitmap_free(h->p[at].hosts);
	memmove(h->p + at, h->p + at + 1, (h->n - at - 1) * sizeof(*h->p));
	h->n--;
}

roaring_bitmap_t *hours_before(const struct hours *h, int64_t ms, const roaring_bitmap_t **rest_out)
{
	size_t n = place(h, hour_of(ms));
	bool same = n < h->n && h->p[n].hour == hour_of(ms);
	VEC(const roaring_bitmap_t *) all = { 0 };
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(&all, h->p[i].hosts);
	roaring_bitmap_t *out = all.n ? roaring_bitmap_or_many(all.n, all.p)
				      : roaring_bitmap_create();
	VEC_DONE(&all);
	*rest_out = same ? h->p[n].hosts : NULL;
	return out;
}
