/* SPDX-License-Identifier: Apache-2.0
 * The calendar against itself and against what is known (F28). */
#include "window/civil.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void F28_every_day_of_800_years_reads_back(void **state UNUSED)
{
	int64_t year, last = civil_day(2400, 1, 1);
	int month, day;
	for (int64_t d = civil_day(1600, 1, 1); d < last; d++) {
		civil_date(d, &year, &month, &day);
		assert_int_equal(civil_day(year, month, day), d);
		assert_in_range(day, 1, civil_month_days(year, month));
	}
	assert_int_equal(civil_day(1970, 1, 1), 0);
	assert_int_equal(civil_day(2038, 1, 19), 24855);
	assert_int_equal(civil_day(1969, 12, 31), -1);
	assert_int_equal(civil_month_days(2000, 2), 29);
	assert_int_equal(civil_month_days(1900, 2), 28);
}

static void D_2_patch_tuesday(void **state UNUSED)
{
	static const struct {
		int year, month, day;
	} rows[] = { { 2024, 1, 9 },   { 2024, 2, 13 }, { 2024, 10, 8 }, { 2026, 9, 8 },
		     { 2026, 11, 10 }, { 2026, 12, 8 }, { 2027, 6, 8 },	 { 2028, 2, 8 } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(civil_patch_tuesday(rows[i].year, rows[i].month),
				 civil_day(rows[i].year, rows[i].month, rows[i].day));
}

/* 400 years repeat: the share of cycles that have a week 4. */
static void D_2_week_4_exists_in_a_third_of_cycles(void **state UNUSED)
{
	int with = 0;
	for (int i = 0; i < 4800; i++) {
		int64_t gap = civil_patch_tuesday(2000 + (i + 1) / 12, (i + 1) % 12 + 1) -
			      civil_patch_tuesday(2000 + i / 12, i % 12 + 1);
		assert_true(gap == 28 || gap == 35);
		with += gap == 35;
	}
	assert_int_equal(with * 1000 / 4800, 348); /* 34.8 % */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F28_every_day_of_800_years_reads_back),
		cmocka_unit_test(D_2_patch_tuesday),
		cmocka_unit_test(D_2_week_4_exists_in_a_third_of_cycles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
