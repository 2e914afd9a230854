/* SPDX-License-Identifier: Apache-2.0
 * A35: delays grow, end, and do not hit the innocent. */
#include "auth/throttle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t fails(struct throttle *t, const char *who, const char *from, int64_t at_ms)
{
	return throttle_enter(t, who, from, at_ms); /* counts as a failure when it is let in */
}

static void test_A35_growing_delay(void **state)
{
	(void)state;
	AUTO(throttle_free) struct throttle *t = throttle_new();
	int64_t now = 1000000;
	for (int i = 0; i < THROTTLE_FREE; i++)
		assert_int_equal(fails(t, "bob", "192.0.2.9", now), 0);
	static const int want[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	for (int i = 0; i < 8; i++) {
		assert_int_equal(fails(t, "bob", "192.0.2.9", now), want[i]);
		assert_int_equal(fails(t, "bob", "192.0.2.9", now + want[i] * 1000 - 1), 1);
		now += want[i] * 1000;
		assert_int_equal(fails(t, "bob", "192.0.2.9", now), 0);
	}
	assert_int_equal(fails(t, "bob", "192.0.2.9", now + THROTTLE_FORGET_S * 1000 + 1), 0);
	assert_int_equal(fails(t, "bob", "192.0.2.9", now + THROTTLE_FORGET_S * 1000 + 1), 0);
}

static void test_A35_a_clean_address_gets_through(void **state)
{
	(void)state;
	AUTO(throttle_free) struct throttle *t = throttle_new();
	int let_in = 0;
	for (int i = 0; i < 1000; i++)
		let_in += fails(t, "bob", "192.0.2.9", 1000000) == 0;
	assert_int_equal(let_in, THROTTLE_FREE);
	assert_int_equal(throttle_enter(t, "bob", "192.0.2.10", 1000000), 0);
	throttle_succeeded(t, "bob", "192.0.2.10");
	assert_int_equal(throttle_enter(t, "bob", "192.0.2.10", 1000000), 0);
	assert_true(throttle_enter(t, "bob", "192.0.2.9", 1000000) > 0);
	assert_true(throttle_enter(t, "alice", "192.0.2.9", 1000000) >
		    0); /* the address is known */
}

static void test_A35_success_elsewhere_does_not_clean_an_address(void **state)
{
	(void)state;
	AUTO(throttle_free) struct throttle *t = throttle_new();
	int guesses = 0;
	for (int i = 0; i < 200;
	     i++) { /* own account in between: the counter must not be reset by it */
		guesses += fails(t, "victim", "192.0.2.9", 1000000) == 0;
		if (throttle_enter(t, "mallory", "192.0.2.9", 1000000) == 0)
			throttle_succeeded(t, "mallory", "192.0.2.9");
	}
	assert_int_equal(guesses, THROTTLE_FREE);
}

static void test_one_ipv6_customer_is_one_address(void **state)
{
	(void)state;
	AUTO(throttle_free) struct throttle *t = throttle_new();
	int let_in = 0;
	char address[64];
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "2001:db8:1:2::%x", i);
		let_in += fails(t, "bob", address, 1000000) == 0;
	}
	assert_int_equal(let_in, THROTTLE_FREE);
	assert_int_equal(fails(t, "bob", "2001:db8:1:3::1", 1000000), 0);
	for (int i = 0; i < 10; i++)
		(void)fails(t, "eve", i % 2 ? "::ffff:192.0.2.77" : "192.0.2.77", 1000000);
	assert_true(fails(t, "eve", "192.0.2.77", 1000000) > 0);
}

static void test_F24_a_clock_that_goes_back(void **state)
{
	(void)state;
	AUTO(throttle_free) struct throttle *t = throttle_new();
	for (int i = 0; i < 6; i++)
		(void)fails(t, "bob", "192.0.2.9", 4000000000000);
	assert_true(fails(t, "bob", "192.0.2.9", 1000) <= THROTTLE_MAX_S);
	assert_int_equal(fails(t, "bob", "192.0.2.9", 1000 + THROTTLE_MAX_S * 1000), 0);
}

static void test_memory_is_bounded(void **state)
{
	(void)state;
	AUTO(throttle_free) struct throttle *t = throttle_new();
	char address[64];
	for (int i = 0; i < 70000; i++) {
		snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16, (i >> 8) & 255, i & 255);
		if (i < 65400) {
			assert_int_equal(fails(t, "bob", address, 1000000), 0);
		} else if (i % 50 == 0) {
			assert_int_equal(fails(t, "bob", address, 1000000), 0);
		}
	}
	assert_int_equal(throttle_enter(t, "bob", "198.51.100.1", 1000000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_A35_growing_delay),
		cmocka_unit_test(test_A35_a_clean_address_gets_through),
		cmocka_unit_test(test_A35_success_elsewhere_does_not_clean_an_address),
		cmocka_unit_test(test_one_ipv6_customer_is_one_address),
		cmocka_unit_test(test_F24_a_clock_that_goes_back),
		cmocka_unit_test(test_memory_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
