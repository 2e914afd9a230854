/* SPDX-License-Identifier: Apache-2.0
 * The first administrator: M-030 and A35 (no default credentials), one token, once. */
#include "fixture.h"

static bool set_up(const char *token, const char *name, struct str password)
{
	return auth_setup(auth, token, name, password, "", "en", "UTC", &e);
}

static void test_M030_A35_no_default_login_works(void **state)
{
	(void)state;
	static const char *const names[] = { "admin", "administrator", "root", "" };
	char cookie[64];
	struct principal who;
	int64_t retry;
	assert_true(auth_setup_needed(auth));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		FAILS(ERR_UNAUTHENTICATED, auth_sign_in(auth, names[i], str_of(names[i]),
							"192.0.2.1", cookie, &who, &retry, &e));
	FAILS(ERR_DENIED, set_up("", "admin", PASSWORD));
	FAILS(ERR_DENIED, set_up("0123456789012345678901234567890123456789012", "admin", PASSWORD));
}

static void test_the_token_works_once(void **state)
{
	(void)state;
	char first[64], second[64], cookie[64];
	OK(auth_setup_token(auth, first, &e));
	assert_int_equal(strlen(first), 43);
	OK(auth_setup_token(auth, second, &e));
	FAILS(ERR_DENIED, set_up(first, "admin", PASSWORD)); /* replaced */
	FAILS(ERR_INVALID, set_up(second, "admin", STR_LIT("short")));
	FAILS(ERR_INVALID, set_up(second, "administrator", STR_LIT("Administrator")));
	FAILS(ERR_INVALID, set_up(second, " admin", PASSWORD));
	OK(set_up(second, "admin", PASSWORD));
	assert_false(auth_setup_needed(auth));
	struct principal who = fixture_sign_in("ADMIN", PASSWORD, cookie);
	assert_int_equal(who.role, ROLE_ADMINISTRATOR);
	FAILS(ERR_CONFLICT, set_up(second, "admin2", PASSWORD));
	FAILS(ERR_CONFLICT, auth_setup_token(auth, first, &e));
	fixture_reopen();
	assert_false(auth_setup_needed(auth));
}

static void test_an_old_token_is_refused(void **state)
{
	(void)state;
	char token[64];
	OK(auth_setup_token(auth, token, &e));
	now_ms += DAY_MS;
	FAILS(ERR_DENIED, set_up(token, "admin", PASSWORD));
	assert_non_null(strstr(e.msg, "; "));
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_M030_A35_no_default_login_works),
		EMPTY(test_the_token_works_once),
		EMPTY(test_an_old_token_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
