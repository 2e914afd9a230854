/* SPDX-License-Identifier: Apache-2.0
 * What a host may bring that no host ever had (A52). */
#include "fleet/novelty.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOUR_MS 3600000

static void takes_the_largest_once(void **state)
{
	(void)state;
	struct novelty v = { 0 };
	struct err e = { 0 };
	assert_true(novelty_take(&v, 3, NOVELTY_LINES, 1000, &e));
	assert_false(novelty_take(&v, 3, 1, 2000, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_true(novelty_take(&v, 2, 1, 2000, &e));
	assert_true(novelty_take(&v, 900, NOVELTY_LINES, 2000, &e));
	novelty_done(&v);
}

static void gives_back_by_the_hour(void **state)
{
	(void)state;
	struct novelty v = { 0 };
	struct err e = { 0 };
	assert_true(novelty_take(&v, 0, NOVELTY_LINES, 1000, &e));
	assert_false(novelty_take(&v, 0, 1, 1000 + HOUR_MS - 1, &e));
	assert_true(novelty_take(&v, 0, NOVELTY_LINES_HOUR, 1000 + HOUR_MS, &e));
	assert_false(novelty_take(&v, 0, 1, 1000 + HOUR_MS, &e));
	assert_false(novelty_take(&v, 0, NOVELTY_LINES + 1, 1000 + 500 * (int64_t)HOUR_MS, &e));
	assert_true(novelty_take(&v, 0, NOVELTY_LINES, 1000 + 500 * (int64_t)HOUR_MS, &e));
	assert_false(novelty_take(&v, 0, 1, 500, &e)); /* the clock went back */
	novelty_done(&v);
}

static void gives_back_what_was_not_stored(void **state)
{
	(void)state;
	struct novelty v = { 0 };
	struct err e = { 0 };
	assert_true(novelty_take(&v, 1, 150000, 1000, &e));
	novelty_give(&v, 1, 150000);
	novelty_give(&v, 1, 1);
	novelty_give(&v, 77, 1);
	assert_true(novelty_take(&v, 1, NOVELTY_LINES, 1000, &e));
	novelty_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_largest_once),
		cmocka_unit_test(gives_back_by_the_hour),
		cmocka_unit_test(gives_back_what_was_not_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
