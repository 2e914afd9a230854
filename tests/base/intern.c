/* SPDX-License-Identifier: Apache-2.0
 * base/intern.h: numbers are dense, stable, and one per string. */
#include "base/intern.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void give_numbers(uint32_t reserved)
{
	AUTO(intern_free) struct intern *t = intern_new();
	intern_reserve(t, reserved);
	assert_int_equal(intern_find(t, STR_LIT("0")), INTERN_NONE);
	char text[16];
	for (uint32_t i = 0; i < 50000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(intern_add(t, str_of(text)), i);
	}
	assert_int_equal(intern_count(t), 50000);
	for (uint32_t i = 0; i < 50000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(intern_add(t, str_of(text)), i);
		assert_int_equal(intern_find(t, str_of(text)), i);
		assert_string_equal(intern_get(t, i).p, text);
	}
	intern_reserve(t, 7); /* less than there are */
	assert_int_equal(intern_find(t, STR_LIT("50000")), INTERN_NONE);
	assert_int_equal(intern_count(t), 50000);
}

static void numbers(void **state)
{
	static const uint32_t reserved[] = { 0, 10, 49999, 50000, 200000 };
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		give_numbers(reserved[i]);
}

static void odd_strings(void **state)
{
	AUTO(intern_free) struct intern *t = intern_new();
	uint32_t empty = intern_add(t, (struct str) { NULL, 0 });
	uint32_t nul = intern_add(t, (struct str) { "a\0b", 3 });
	assert_int_equal(intern_add(t, STR_LIT("")), empty);
	assert_int_not_equal(intern_add(t, STR_LIT("a")), nul);
	assert_int_equal(intern_find(t, (struct str) { "a\0b", 3 }), nul);
	assert_int_equal(intern_get(t, nul).n, 3);
	intern_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(numbers),
					    cmocka_unit_test(odd_strings) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
