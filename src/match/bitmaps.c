/* SPDX-License-Identifier: Apache-2.0
 * See bitmaps.h. Pure. */
#include "match/bitmaps.h"

void bitmaps_add(struct bitmaps *s, const roaring_bitmap_t *b)
{
	if (b)
		VEC_PUSH(&s->all, b);
}

void bitmaps_own(struct bitmaps *s, roaring_bitmap_t *b)
{
	VEC_PUSH(&s->own, b);
	VEC_PUSH(&s->all, b);
}

void bitmaps_add_both(struct bitmaps *s, const roaring_bitmap_t *a, const roaring_bitmap_t *b)
{
	if (a && b)
		bitmaps_own(s, roaring_bitmap_and(a, b));
}

void bitmaps_add_without(struct bitmaps *s, const roaring_bitmap_t *a, const roaring_bitmap_t *b)
{
	if (a && b)
		bitmaps_own(s, roaring_bitmap_andnot(a, b));
	else
		bitmaps_add(s, a);
}

void bitmaps_drop(struct bitmaps *s)
{
	for (size_t i = 0; i < s->own.n; i++)
		roaring_bitmap_free(s->own.p[i]);
	VEC_DONE(&s->all);
	VEC_DONE(&s->own);
}

roaring_bitmap_t *bitmaps_union(struct bitmaps *s)
{
	roaring_bitmap_t *out;
	if (s->all.n == 0)
		out = roaring_bitmap_create();
	else if (s->all.n == 1)
		out = roaring_bitmap_copy(s->all.p[0]);
	else
		out = roaring_bitmap_or_many(s->all.n, s->all.p);
	bitmaps_drop(s);
	return out;
}
