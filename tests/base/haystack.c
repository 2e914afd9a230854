/* SPDX-License-Identifier: Apache-2.0
 * Searching many texts at once gives what looking at each of them gives, also while they change. */
#include "base/haystack.h"
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ITEMS 3000

static uint32_t seed = 7;

static uint32_t next(uint32_t bound)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % bound;
}

struct hits {
	uint8_t n[ITEMS];
	uint32_t all, stop_after;
};

static bool hit(void *arg, uint32_t item)
{
	struct hits *h = arg;
	assert_true(item < ITEMS);
	h->n[item]++;
	return ++h->all != h->stop_after;
}

static void put(struct haystack *h, uint32_t item, const char *a, const char *b)
{
	const struct str fields[] = { str_of(a), str_of(b) };
	haystack_put(h, item, fields, 2);
}

static void finds_what_a_look_at_each_finds(void **state)
{
	static char text[ITEMS][2][24];
	AUTO(haystack_free) struct haystack *h = haystack_new();
	for (uint32_t turn = 0; turn < 20000; turn++) {
		uint32_t item = turn < ITEMS ? turn : next(ITEMS);
		snprintf(text[item][0], 24, "Host-%c%u", 'A' + next(26), next(5000));
		snprintf(text[item][1], 24, "10.%u.%u.%u", next(3), next(256), next(256));
		put(h, item, text[item][0], text[item][1]);
		if (turn % 997 != 0 || turn < ITEMS)
			continue;
		static const char *const needles[] = { "host-q",  "HOST-Q1", "10.2.1", "1",
						       "t-z4999", "5\n10",   "nothing" };
		for (size_t k = 0; k < ARRAY_LEN(needles); k++) {
			struct hits found = { .stop_after = 0 };
			haystack_find(h, str_of(needles[k]), hit, &found);
			for (uint32_t i = 0; i < ITEMS; i++)
				assert_int_equal(found.n[i],
						 strcasestr(text[i][0], needles[k]) ||
							 strcasestr(text[i][1], needles[k]));
		}
	}
	assert_true(haystack_size(h) < 4u * ITEMS * 48); /* what was replaced is given back */
}

static void fields_are_kept_in_small_letters(void **state)
{
	AUTO(haystack_free) struct haystack *h = haystack_new();
	put(h, 2, "WEB\n1", "");
	assert_true(str_is(haystack_field(h, 2, 0), "web 1"));
	assert_true(str_is(haystack_field(h, 2, 1), ""));
	assert_true(str_is(haystack_field(h, 2, 2), ""));
	assert_true(str_is(haystack_field(h, 0, 0), ""));
	assert_true(str_is(haystack_field(h, 9, 0), ""));
	put(h, 2, "db", "x");
	assert_true(str_is(haystack_field(h, 2, 1), "x"));
}

static void stops_when_told(void **state)
{
	AUTO(haystack_free) struct haystack *h = haystack_new();
	for (uint32_t i = 0; i < 100; i++)
		put(h, i, "same", "same");
	struct hits found = { .stop_after = 3 };
	haystack_find(h, STR_LIT("am"), hit, &found);
	assert_int_equal(found.all, 3);
	struct hits none = { .stop_after = 0 };
	haystack_find(h, STR_LIT(""), hit, &none);
	assert_int_equal(none.all, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_look_at_each_finds),
		cmocka_unit_test(fields_are_kept_in_small_letters),
		cmocka_unit_test(stops_when_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
