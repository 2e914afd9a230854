/* SPDX-License-Identifier: Apache-2.0
 * base/subnet.h: one spelling for each subnet, and no subnet that is none of a LAN. */
#include "base/subnet.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void good(void **state UNUSED)
{
	static const char *const cases[][2] = {
		{ "192.0.2.7/24", "192.0.2.0/24" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "10.255.255.255/8", "10.0.0.0/8" },
		{ "172.16.5.130/26", "172.16.5.128/26" },
		{ "198.51.100.6/30", "198.51.100.4/30" },
		{ "2001:db8:0:1:a:b:c:d/64", "2001:db8:0:1::/64" },
		{ "2001:DB8::1/126", "2001:db8::/126" },
		{ "fd18::11/57", "fd18::/57" },
	};
	char out[SUBNET_TEXT];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(subnet_of(cases[i][0], out));
		assert_string_equal(out, cases[i][1]);
	}
}

static void bad(void **state UNUSED)
{
	static const char *const cases[] = {
		"",
		"/",
		"192.0.2.7",
		"192.0.2.7/",
		"192.0.2.7/7",
		"192.0.2.7/31",
		"192.0.2.7/32",
		"192.0.2/24",
		"192.0.2.7/24x",
		"192.0.2.7/-24",
		"127.0.0.1/8",
		"169.254.3.4/16",
		"224.0.0.1/24",
		"0.0.0.0/8",
		"fe80::1/64",
		"::1/64",
		"ff02::1/64",
		"2001:db8::/31",
		"2001:db8::/127",
		"x::/64",
	};
	char out[SUBNET_TEXT];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (subnet_of(cases[i], out))
			fail_msg("'%s' was taken", cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good), cmocka_unit_test(bad) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
