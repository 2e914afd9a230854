/* SPDX-License-Identifier: Apache-2.0
 * base/arena.h: zeroed, aligned, independent pieces that go at once. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void pieces(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	unsigned char *p[300];
	size_t n[300];
	for (size_t i = 0; i < 300; i++) {
		n[i] = i * i % 5000;
		p[i] = arena_alloc(&a, n[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)i, n[i]);
		assert_string_equal(arena_strdup(&a, "odd"), "odd");
	}
	for (size_t i = 0; i < 300; i++)
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(p[i][k], i & 255);
	assert_true(a.total > 0);
	arena_done(&a);
	assert_int_equal(a.total, 0);
	assert_non_null(arena_alloc(&a, 3)); /* usable again */
}

static void strings(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str s = arena_str(&a, (struct str) { "abcdef", 3 });
	assert_string_equal(s.p, "abc");
	assert_string_equal(arena_str(&a, (struct str) { NULL, 0 }).p, "");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	char *big = arena_alloc(&a, 5u << 20);
	big[(5u << 20) - 1] = 1;
	int *list = arena_array(&a, int, 4);
	list[3] = 9;
	assert_int_equal(list[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pieces), cmocka_unit_test(strings) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
