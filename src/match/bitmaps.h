/* SPDX-License-Identifier: Apache-2.0
 * A handful of bitmaps to be united: most are borrowed from the fleet index, some are made on the
 * way. */
#ifndef MATCH_BITMAPS_H
#define MATCH_BITMAPS_H
#include "base/vec.h"

#include <roaring/roaring.h>

struct bitmaps {
	VEC(const roaring_bitmap_t *) all;
	VEC(roaring_bitmap_t *) own;
};
/** Borrows `b`; NULL is ignored. */
void bitmaps_add(struct bitmaps *s, const roaring_bitmap_t *b);
/** Adds what is in both; NULL is empty. */
void bitmaps_add_both(struct bitmaps *s, const roaring_bitmap_t *a, const roaring_bitmap_t *b);
/** Adds what is in `a` and not in `b`; NULL is empty. */
void bitmaps_add_without(struct bitmaps *s, const roaring_bitmap_t *a, const roaring_bitmap_t *b);
/** Adds `b`, which becomes the handful's. */
void bitmaps_own(struct bitmaps *s, roaring_bitmap_t *b);
/** Empties the handful without making a union. */
void bitmaps_drop(struct bitmaps *s);
/** The union, the caller's; the handful is empty afterwards. */
roaring_bitmap_t *bitmaps_union(struct bitmaps *s);
#endif
