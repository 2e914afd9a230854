/* SPDX-License-Identifier: Apache-2.0 */
#include "match/bitmaps.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void unions(void **arg)
{
	roaring_bitmap_t *a = roaring_bitmap_of(3, 1, 2, 3), *b = roaring_bitmap_of(2, 3, 4);
	struct bitmaps s = { 0 };
	roaring_bitmap_t *none = bitmaps_union(&s);
	assert_true(roaring_bitmap_is_empty(none));
	bitmaps_add(&s, NULL);
	bitmaps_add_both(&s, a, b);
	bitmaps_add_both(&s, a, NULL);
	roaring_bitmap_t *both = bitmaps_union(&s);
	assert_int_equal(roaring_bitmap_get_cardinality(both), 1);
	bitmaps_add_without(&s, a, b);
	bitmaps_add_without(&s, b, NULL);
	roaring_bitmap_t *all = bitmaps_union(&s);
	assert_int_equal(roaring_bitmap_get_cardinality(all), 4);
	assert_int_equal(roaring_bitmap_get_cardinality(a), 3);
	roaring_bitmap_free(none);
	roaring_bitmap_free(both);
	roaring_bitmap_free(all);
	roaring_bitmap_free(a);
	roaring_bitmap_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(unions) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
