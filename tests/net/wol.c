/* SPDX-License-Identifier: Apache-2.0
 * net/wol.h: the bytes of a magic packet, and where none goes. That one arrives:
 * tests/e2e/wake.test. */
#include "net/wol.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t mac[6] = { 0x02, 0x00, 0x5e, 0x10, 0x00, 0x01 };

static void M_165_magic_packet(void **state UNUSED)
{
	uint8_t p[WOL_PACKET];
	wol_packet(mac, p);
	assert_int_equal(sizeof(p), 6 + 16 * 6);
	assert_memory_equal(p, "\xff\xff\xff\xff\xff\xff", 6);
	for (size_t i = 1; i <= 16; i++)
		assert_memory_equal(p + 6 * i, mac, 6);
}

static void M_165_only_into_own_subnets(void **state UNUSED)
{
	/* documentation's (RFC 5737), loopback, and what is no subnet */
	static const char *const foreign[] = { "203.0.113.0/24", "127.0.0.0/8", "", "0.0.0.0/0",
					       "255.255.255.255" };
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		struct err e = { 0 };
		assert_false(wol_send(mac, foreign[i], &e));
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(M_165_magic_packet),
					    cmocka_unit_test(M_165_only_into_own_subnets) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
