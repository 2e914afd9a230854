/* SPDX-License-Identifier: Apache-2.0
 * base/clock.h: the two date forms, both ways, against the C library's calendar. */
#include "base/clock.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void rfc3339(void **state)
{
	char text[CLOCK_RFC3339_LEN];
	assert_string_equal(clock_rfc3339(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_rfc3339(-1, text), "1969-12-31T23:59:59.999Z");
	assert_string_equal(clock_rfc3339(1709210096007, text), "2024-02-29T12:34:56.007Z");
	assert_string_equal(clock_rfc3339(INT64_MIN, text), "0000-01-01T00:00:00Z");
	assert_string_equal(clock_rfc3339(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
	static const struct {
		const char *s;
		int64_t want;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2024-02-29T12:34:56.007Z", 1709210096007 },
		{ "2024-02-29t12:34:56z", 1709210096000 },
		{ "2024-02-29 12:34:56.0079999Z", 1709210096007 },
		{ "2024-02-29T14:34:56+02:00", 1709210096000 },
		{ "2024-02-28T23:04:56-13:30", 1709210096000 },
		{ "0001-01-01T00:00:00Z", -62135596800000 },
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t t = 1;
		assert_true(clock_parse_rfc3339(str_of(good[i].s), &t));
		assert_int_equal(t, good[i].want);
	}
	static const char *const bad[] = {
		"",
		"2024-02-29",
		"2023-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2024-13-01T00:00:00Z",
		"2024-00-01T00:00:00Z",
		"2024-01-00T00:00:00Z",
		"2024-01-01T24:00:00Z",
		"2024-01-01T00:60:00Z",
		"2024-01-01T00:00:61Z",
		"2024-01-01T00:00:00",
		"2024-01-01T00:00:00.Z",
		"2024-01-01T00:00:00Zx",
		"2024-01-01T00:00:00+0200",
		"2024-01-01T00:00:00+24:00",
		"+2024-01-01T00:00:00Z",
		"2024-1-01T00:00:00Z",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t t = 77;
		if (clock_parse_rfc3339(str_of(bad[i]), &t))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(t, 77);
	}
}

static void there_and_back(void **state)
{
	for (int i = 0; i < 20000; i++) {
		char text[CLOCK_RFC3339_LEN];
		int64_t t = (int64_t)random_below(250000000000000ull) - 62000000000000, back;
		assert_true(clock_parse_rfc3339(str_of(clock_rfc3339(t, text)), &back));
		assert_int_equal(back, t);
	}
}

static void rfc2822(void **state)
{
	static const char *const good[] = { "Sat, 22 Nov 2025 17:41:38 UTC",
					    "22 Nov 2025 17:41:38 GMT",
					    "Sat, 22 Nov 2025 17:41:38 +0000",
					    "Sat, 22 Nov 2025 18:41:38 +0100",
					    " Sat, 22 Nov 2025 17:41:38 Z\n" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t t = 0;
		assert_true(clock_parse_rfc2822(str_of(good[i]), &t));
		assert_int_equal(t, 1763833298000);
	}
	int64_t t = 0;
	assert_true(clock_parse_rfc2822(STR_LIT("Thu, 1 Jan 1970 00:00:01 UTC"), &t));
	assert_int_equal(t, 1000);
	static const char *const bad[] = { "",
					   "Sat",
					   "Sat, 22 Nov 2025",
					   "Sat, 31 Nov 2025 17:41:38 UTC",
					   "Sat, 22 nov 2025 17:41:38 UTC",
					   "Sat, 22 Nov 25 17:41:38 UTC",
					   "Sat, 22 Nov 2025 17:41:38 EST",
					   "Sat, 22 Nov 2025 17:41:38 +00:00",
					   "Sat, 22 Nov 2025 17:41:38",
					   "Sat, 22 Nov 2025 17:41:38 +0000x",
					   "1 J" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (clock_parse_rfc2822(str_of(bad[i]), &t))
			fail_msg("accepted '%s'", bad[i]);
}

static void clocks(void **state)
{
	int64_t a = clock_mono_ms(), wall = clock_wall_ms();
	assert_true(clock_mono_ms() >= a);
	assert_true(wall > 1600000000000);
	assert_in_range(clock_now_ms(&clock_system) - wall, 0, 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rfc3339),
					    cmocka_unit_test(there_and_back),
					    cmocka_unit_test(rfc2822), cmocka_unit_test(clocks) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
