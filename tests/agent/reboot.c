/* SPDX-License-Identifier: Apache-2.0
 * What tells one boot from the next (AC-04). */
#include "agent/reboot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_boot_id_is_stable(void **state)
{
	char a[REBOOT_BOOT_ID], b[REBOOT_BOOT_ID];
	struct err e = { 0 };
	assert_true(reboot_boot_id(a, &e) && reboot_boot_id(b, &e));
	assert_string_equal(a, b);
	assert_true(strlen(a) > 37 && strlen(a) <= 64); /* the server takes 64 bytes */
	assert_true(reboot_boot_time_ms() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_id_is_stable),
	};
	return cmocka_run_group_tests_name("agent/reboot AC-04", tests, NULL, NULL);
}
