/* SPDX-License-Identifier: Apache-2.0
 * API tokens. */
#include "fixture.h"

static void test_a_token_speaks_for_its_user(void **state)
{
	(void)state;
	char token[128], id[33];
	struct principal who;
	struct api_token *list;
	size_t n;
	struct arena mem = { 0 };
	OK(auth_user_new(auth, "robot", PASSWORD, "", ROLE_GUEST, id, &e));
	OK(auth_token_new(auth, id, "ci", now_ms + DAY_MS, token, &e));
	assert_int_equal(strlen(token), 5 + 16 + 1 + 43);
	OK(auth_token_check(auth, token, &who, &e));
	assert_string_equal(who.name, "robot");
	assert_int_equal(who.role, ROLE_GUEST);
	assert_true(who.by_token);
	OK(auth_user_change(auth, id, ROLE_TECHNICIAN, false, &e));
	OK(auth_token_check(auth, token, &who, &e));
	assert_int_equal(who.role, ROLE_TECHNICIAN); /* as the user is now */
	struct sql_page page = sql_page_newest(10);
	int64_t total;
	OK(auth_token_list(auth, id, &page, &mem, &list, &n, &total, &e));
	assert_int_equal(total, 1);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].label, "ci");
	assert_int_equal(list[0].used_ms, now_ms);
	OK(auth_user_change(auth, id, ROLE_GUEST, true, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, token, &who, &e));
	arena_done(&mem);
}

static void test_wrong_expired_revoked(void **state)
{
	(void)state;
	char token[128], bad[128], token_id[17];
	struct principal who;
	OK(auth_token_new(auth, fixture_admin, "x", now_ms + 1000, token, &e));
	for (size_t i = 0; token[i]; i++) {
		memcpy(bad, token, sizeof(bad));
		bad[i] = bad[i] == 'a' ? 'b' : 'a';
		FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, bad, &who, &e));
	}
	memcpy(bad, token, sizeof(bad));
	bad[strlen(bad) - 1] = '\0';
	FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, bad, &who, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, "", &who, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, NULL, &who, &e));
	OK(auth_token_check(auth, token, &who, &e));
	now_ms += 1000;
	FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, token, &who, &e));
	now_ms -= 500;
	memcpy(token_id, token + 5, 16);
	token_id[16] = '\0';
	FAILS(ERR_NOT_FOUND, auth_token_revoke(auth, "somebody else", token_id, &e));
	OK(auth_token_check(auth, token, &who, &e));
	OK(auth_token_revoke(auth, fixture_admin, token_id, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_token_check(auth, token, &who, &e));
	FAILS(ERR_NOT_FOUND, auth_token_revoke(auth, fixture_admin, token_id, &e));
}

static void test_limits(void **state)
{
	(void)state;
	char token[128];
	FAILS(ERR_INVALID, auth_token_new(auth, fixture_admin, "x", now_ms, token, &e));
	FAILS(ERR_INVALID,
	      auth_token_new(auth, fixture_admin, "x", now_ms + 367 * DAY_MS, token, &e));
	FAILS(ERR_INVALID, auth_token_new(auth, fixture_admin, "a\nb", now_ms + DAY_MS, token, &e));
	FAILS(ERR_CONFLICT, auth_token_new(auth, "nobody", "x", now_ms + DAY_MS, token, &e));
	for (int i = 0; i < 100; i++)
		OK(auth_token_new(auth, fixture_admin, "x", now_ms + DAY_MS, token, &e));
	FAILS(ERR_LIMIT, auth_token_new(auth, fixture_admin, "x", now_ms + DAY_MS, token, &e));
	now_ms += DAY_MS;
	OK(auth_token_new(auth, fixture_admin, "x", now_ms + DAY_MS, token, &e));
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ADMIN(test_a_token_speaks_for_its_user),
		WITH_ADMIN(test_wrong_expired_revoked),
		WITH_ADMIN(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
