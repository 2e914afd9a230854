/* SPDX-License-Identifier: Apache-2.0
 * Addresses and ranges of them, as people write them. */
#include "fleet/address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ranges(void **state)
{
	static const struct {
		const char *range, *in, *out;
	} cases[] = {
		{ "10.0.0.7", "10.0.0.7", "10.0.0.8" },
		{ "10.0.0.0/24", "10.0.0.255", "10.0.1.0" },
		{ "10.0.0.77/24", "10.0.0.1", "9.255.255.255" },
		{ "10.0.0.5-10.0.0.9", "10.0.0.9", "10.0.0.10" },
		{ "10.0.0.5 - 10.0.1.4", "10.0.0.200", "10.0.1.5" },
		{ "0.0.0.0/0", "255.255.255.255", "::1" },
		{ "::/0", "fd00::1", "1.2.3.4" },
		{ "fd00::/8", "fdff::1", "fe80::1" },
		{ "::ffff:10.0.0.0/24", "10.0.0.3", "10.1.0.3" },
		{ "fd00::1-fd00::ff", "fd00::80", "fd00::100" },
		{ "10.0.0.7/32", "10.0.0.7", "10.0.0.6" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address_range r;
		struct address in, out;
		struct err e = { 0 };
		if (!address_range_parse(str_of(cases[i].range), &r, &e))
			fail_msg("%s", e.msg);
		assert_true(address_parse(str_of(cases[i].in), &in));
		assert_true(address_parse(str_of(cases[i].out), &out));
		if (!address_in(&r, &in) || address_in(&r, &out))
			fail_msg("%s", cases[i].range);
	}
}

static void what_is_none(void **state)
{
	static const char *const bad[] = { "",		"10.0.0",	    "10.0.0.0/33",
					   "10.0.0.0/", "10.0.0.0/-1",	    "10.0.0.9-10.0.0.5",
					   "10.0.0.1-", "10.0.0.1-fd00::1", "fd00::/129",
					   "web1",	"10.0.0.256",	    "10.0.0.1/24/8" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct address_range r;
		struct err e = { 0 };
		assert_false(address_range_parse(str_of(bad[i]), &r, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
