/* SPDX-License-Identifier: Apache-2.0
 * Users: names, preferences, the last administrator, the password policy (M-051, M-054). */
#include "fixture.h"

static void test_M051_name_and_password_can_be_changed(void **state)
{
	(void)state;
	char cookie[64], id[33];
	struct principal who;
	int64_t retry;
	struct str fresh = STR_LIT("a brand new passphrase");
	fixture_sign_in("admin", PASSWORD, cookie);
	OK(auth_session(auth, cookie, &who, &e));
	OK(auth_user_rename(auth, fixture_admin, "主任", &e));
	OK(auth_session(auth, cookie, &who, &e));
	assert_string_equal(who.name, "主任");
	OK(auth_change_password(auth, fixture_admin, cookie, PASSWORD, fresh, &e));
	FAILS(ERR_UNAUTHENTICATED,
	      auth_sign_in(auth, "admin", fresh, "a", cookie, &who, &retry, &e));
	FAILS(ERR_UNAUTHENTICATED,
	      auth_sign_in(auth, "主任", PASSWORD, "b", cookie, &who, &retry, &e));
	fixture_sign_in("主任", fresh, cookie);
	OK(auth_user_new(auth, "Tech", PASSWORD, "t@example.org", ROLE_TECHNICIAN, id, &e));
	FAILS(ERR_CONFLICT, auth_user_rename(auth, id, "主任", &e));
	FAILS(ERR_CONFLICT, auth_user_new(auth, "TECH", PASSWORD, "", ROLE_GUEST, id, &e));
	assert_non_null(strstr(e.msg, "'TECH'"));
	FAILS(ERR_NOT_FOUND, auth_user_rename(auth, "nobody", "x", &e));
}

static void test_names_and_passwords_have_rules(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",	" a",	"a ",
		"a\tb", "\xff", "0123456789012345678901234567890123456789012345678901234567890123"
	};
	char id[33];
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		FAILS(ERR_INVALID, auth_user_new(auth, bad[i], PASSWORD, "", ROLE_GUEST, id, &e));
	FAILS(ERR_INVALID,
	      auth_user_new(auth, "x", STR_LIT("elevenbytes"), "", ROLE_GUEST, id, &e));
	FAILS(ERR_INVALID, auth_user_new(auth, "Longer.Name.1", STR_LIT("longer.name.1"), "",
					 ROLE_GUEST, id, &e));
	AUTO(xfree) char *big = xasprintf("%0257d", 1);
	FAILS(ERR_INVALID, auth_user_new(auth, "x", str_of(big), "", ROLE_GUEST, id, &e));
	OK(auth_user_new(auth, "x", str_of(big + 1), "", ROLE_GUEST, id, &e));
	char cookie[64];
	fixture_sign_in("x", str_of(big + 1), cookie);
}

static void test_an_administrator_is_always_left(void **state)
{
	(void)state;
	struct arena mem = { 0 };
	struct user *list;
	size_t n;
	char id[33];
	FAILS(ERR_CONFLICT, auth_user_change(auth, fixture_admin, ROLE_GUEST, false, &e));
	FAILS(ERR_CONFLICT, auth_user_change(auth, fixture_admin, ROLE_ADMINISTRATOR, true, &e));
	OK(auth_user_new(auth, "second", PASSWORD, "s@example.org", ROLE_ADMINISTRATOR, id, &e));
	OK(auth_user_change(auth, fixture_admin, ROLE_GUEST, false, &e));
	FAILS(ERR_CONFLICT, auth_user_change(auth, id, ROLE_AUDITOR, false, &e));
	FAILS(ERR_NOT_FOUND, auth_user_change(auth, "nobody", ROLE_GUEST, false, &e));
	OK(auth_user_list(auth, &mem, &list, &n, &e));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "Admin");
	assert_int_equal(list[0].role, ROLE_GUEST);
	assert_string_equal(list[1].name, "second");
	assert_string_equal(list[1].email, "s@example.org");
	assert_int_equal(list[1].role, ROLE_ADMINISTRATOR);
	arena_done(&mem);
}

static void test_preferences(void **state)
{
	(void)state;
	char cookie[64];
	struct principal who;
	fixture_sign_in("admin", PASSWORD, cookie);
	OK(auth_set_preferences(auth, fixture_admin, "en", NULL, "dark", &e));
	OK(auth_session(auth, cookie, &who, &e));
	assert_string_equal(who.language, "en");
	assert_string_equal(who.timezone, "Asia/Tokyo");
	assert_string_equal(who.theme, "dark");
	OK(auth_set_preferences(auth, fixture_admin, NULL, "America/Argentina/Buenos_Aires", NULL,
				&e));
	FAILS(ERR_INVALID, auth_set_preferences(auth, fixture_admin, "fr", NULL, NULL, &e));
	FAILS(ERR_INVALID,
	      auth_set_preferences(auth, fixture_admin, NULL, "../etc/passwd", NULL, &e));
	FAILS(ERR_INVALID, auth_set_preferences(auth, fixture_admin, NULL, NULL, "pink", &e));
	OK(auth_session(auth, cookie, &who, &e));
	assert_string_equal(who.timezone, "America/Argentina/Buenos_Aires");
	assert_string_equal(who.language, "en");
}

static void test_guessing_the_old_password_is_delayed(void **state)
{
	(void)state;
	struct str fresh = STR_LIT("a brand new passphrase");
	for (int i = 0; i < 5; i++)
		FAILS(ERR_DENIED, auth_set_password(auth, fixture_admin,
						    STR_LIT("wrong wrong wrong"), fresh, &e));
	FAILS(ERR_UNAVAILABLE, auth_set_password(auth, fixture_admin, PASSWORD, fresh, &e));
	now_ms += 1000;
	OK(auth_set_password(auth, fixture_admin, PASSWORD, fresh, &e));
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ADMIN(test_M051_name_and_password_can_be_changed),
		WITH_ADMIN(test_names_and_passwords_have_rules),
		WITH_ADMIN(test_an_administrator_is_always_left),
		WITH_ADMIN(test_preferences),
		WITH_ADMIN(test_guessing_the_old_password_is_delayed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
