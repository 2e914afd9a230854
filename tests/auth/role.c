/* SPDX-License-Identifier: Apache-2.0
 * S-15: the whole table of roles and permissions, written down a second time. */
#include "auth/auth.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_S15_table(void **state)
{
	(void)state;
	static const char want[ROLES_][PERMISSIONS_ + 1] = {
		/* undeclared public self view deploy scan sync agents settings users audit */
		[ROLE_ADMINISTRATOR] = "-++++++++++",
		[ROLE_TECHNICIAN] = "-+++++++---",
		[ROLE_AUDITOR] = "-+++------+",
		[ROLE_GUEST] = "-+++-------",
	};
	for (int r = 0; r < ROLES_; r++) {
		for (int p = 0; p < PERMISSIONS_; p++)
			assert_int_equal(role_may((enum role)r, (enum permission)p),
					 want[r][p] == '+');
	}
	assert_false(role_may(ROLES_, PERM_VIEW));
	assert_false(role_may(ROLE_ADMINISTRATOR, PERMISSIONS_));
}

static void test_names(void **state)
{
	(void)state;
	enum role r;
	for (int i = 0; i < ROLES_; i++) {
		assert_true(role_parse(str_of(role_name((enum role)i)), &r));
		assert_int_equal(r, i);
	}
	assert_false(role_parse(STR_LIT("Administrator"), &r));
	for (int i = 0; i < PERMISSIONS_; i++)
		assert_non_null(permission_name((enum permission)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_S15_table),
					    cmocka_unit_test(test_names) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
