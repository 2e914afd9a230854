/* SPDX-License-Identifier: Apache-2.0
 * Signing in and sessions: A35, A36, A37. */
#include "fixture.h"

#include <time.h>

static struct principal who;
static int64_t retry;

static bool try(const char *name, struct str password, const char *address)
{
	char cookie[64];
	return auth_sign_in(auth, name, password, address, cookie, &who, &retry, &e);
}

static void test_a_session(void **state)
{
	(void)state;
	char cookie[64], other[64];
	struct principal in = fixture_sign_in("Admin", PASSWORD, cookie);
	assert_string_equal(in.name, "Admin");
	assert_string_equal(in.language, "ja");
	assert_string_equal(in.timezone, "Asia/Tokyo");
	assert_string_equal(in.theme, "system");
	assert_int_equal(strlen(in.csrf), 64);
	assert_false(in.by_token);
	OK(auth_session(auth, cookie, &who, &e));
	assert_memory_equal(&who, &in, sizeof(who));
	struct principal again = fixture_sign_in("Admin", PASSWORD, other);
	assert_string_not_equal(cookie, other); /* A36: a new id at every sign-in */
	assert_string_not_equal(in.csrf, again.csrf);
	fixture_reopen(); /* sessions outlive the server */
	OK(auth_session(auth, cookie, &who, &e));
	assert_string_equal(who.csrf, in.csrf);
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, "", &who, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, NULL, &who, &e));
	other[0] = other[0] == 'A' ? 'B' : 'A';
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, other, &who, &e));
}

static void test_A36_an_ended_session_stays_ended(void **state)
{
	(void)state;
	char one[64], two[64];
	fixture_sign_in("Admin", PASSWORD, one);
	fixture_sign_in("Admin", PASSWORD, two);
	OK(auth_session(auth, one, &who, &e));
	OK(auth_session(auth, two, &who, &e));
	OK(auth_sign_out(auth, one, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, one, &who, &e));
	OK(auth_session(auth, two, &who, &e));
	struct str fresh = STR_LIT("another horse battery");
	FAILS(ERR_DENIED, auth_change_password(auth, fixture_admin, two,
					       STR_LIT("wrong wrong wrong"), fresh, &e));
	FAILS(ERR_INVALID,
	      auth_change_password(auth, fixture_admin, two, PASSWORD, STR_LIT("elevenbytes"), &e));
	fixture_sign_in("Admin", PASSWORD, one);
	OK(auth_session(auth, one, &who, &e));
	OK(auth_change_password(auth, fixture_admin, two, PASSWORD, fresh, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, one, &who, &e));
	OK(auth_session(auth, two, &who, &e));
	FAILS(ERR_UNAUTHENTICATED, try("Admin", PASSWORD, "192.0.2.1"));
	OK(auth_set_password(auth, fixture_admin, fresh, PASSWORD, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, two, &who, &e));
	fixture_reopen();
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, one, &who, &e));
}

static void test_sessions_end_with_time(void **state)
{
	(void)state;
	char cookie[64];
	fixture_sign_in("Admin", PASSWORD, cookie);
	for (int i = 0; i < 20; i++) { /* used every 7 h 50 min: alive until 7 days are over */
		now_ms += 470 * 60 * 1000;
		OK(auth_session(auth, cookie, &who, &e));
		if (i == 10)
			fixture_reopen(); /* the last use is in the database */
	}
	now_ms += 470 * 60 * 1000; /* 21 * 7 h 50 = 6 d 20.5 h */
	OK(auth_session(auth, cookie, &who, &e));
	now_ms += 4 * 3600 * 1000;
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, cookie, &who, &e));
	fixture_sign_in("Admin", PASSWORD, cookie);
	OK(auth_session(auth, cookie, &who, &e));
	now_ms += 8 * 3600 * 1000;
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, cookie, &who, &e));
}

static void test_the_21st_session_ends_the_oldest(void **state)
{
	(void)state;
	char first[64], cookie[64];
	fixture_sign_in("Admin", PASSWORD, first);
	OK(auth_session(auth, first, &who, &e));
	for (int i = 0; i < 20; i++) {
		now_ms += 1000;
		fixture_sign_in("Admin", PASSWORD, cookie);
		OK(auth_session(auth, cookie, &who, &e));
	}
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, first, &who, &e));
}

static void test_A35_a_thousand_guesses(void **state)
{
	(void)state;
	int reached_hash = 0;
	for (int i = 0; i < 1000; i++) {
		now_ms += 30; /* half a minute of guessing in all */
		assert_false(try("admin", STR_LIT("a wrong password"), "198.51.100.66"));
		reached_hash += e.code == ERR_UNAUTHENTICATED;
		if (e.code != ERR_UNAUTHENTICATED) {
			assert_int_equal(e.code, ERR_UNAVAILABLE);
			assert_true(retry >= 1 && retry <= 60);
		}
	}
	assert_true(reached_hash >= 5 && reached_hash <= 20);
	FAILS(ERR_UNAVAILABLE, try("admin", PASSWORD, "198.51.100.66")); /* even when right */
	OK(try("admin", PASSWORD, "192.0.2.200"));
	now_ms += 61000;
	OK(try("admin", PASSWORD, "198.51.100.66")); /* and never for good */
}

static int64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

#define SAMPLES 15

static void test_A37_unknown_and_known_users_look_alike(void **state)
{
	(void)state;
	int64_t t[2][SAMPLES];
	struct err seen[2];
	for (int i = 0; i < SAMPLES * 2; i++) {
		char address[32];
		snprintf(address, sizeof(address), "203.0.113.%d", i);
		int64_t from = cpu_us();
		FAILS(ERR_UNAUTHENTICATED,
		      try(i % 2 ? "admin" : "nobody", STR_LIT("a wrong password"), address));
		t[i % 2][i / 2] = cpu_us() - from;
		seen[i % 2] = e;
	}
	assert_string_equal(seen[0].msg, seen[1].msg);
	qsort(t[0], SAMPLES, sizeof(t[0][0]), by_value);
	qsort(t[1], SAMPLES, sizeof(t[1][0]), by_value);
	int64_t a = t[0][SAMPLES / 2], b = t[1][SAMPLES / 2];
	print_message("median CPU: unknown %lld us, known %lld us\n", (long long)a, (long long)b);
	assert_true(a > 10000);			     /* both did the Argon2 work ... */
	assert_true(a < b * 5 / 4 && b < a * 5 / 4); /* ... of the same size, on a noisy machine */
}

static void test_a_disabled_user_is_out(void **state)
{
	(void)state;
	char id[33], cookie[64];
	OK(auth_user_new(auth, "tech", PASSWORD, "", ROLE_TECHNICIAN, id, &e));
	fixture_sign_in("tech", PASSWORD, cookie);
	OK(auth_session(auth, cookie, &who, &e));
	OK(auth_user_change(auth, id, ROLE_TECHNICIAN, true, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, cookie, &who, &e));
	FAILS(ERR_UNAUTHENTICATED, try("tech", PASSWORD, "192.0.2.1"));
	OK(auth_user_change(auth, id, ROLE_GUEST, false, &e));
	FAILS(ERR_UNAUTHENTICATED, auth_session(auth, cookie, &who, &e)); /* A36: role change too */
	assert_int_equal(fixture_sign_in("tech", PASSWORD, cookie).role, ROLE_GUEST);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ADMIN(test_a_session),
		WITH_ADMIN(test_A36_an_ended_session_stays_ended),
		WITH_ADMIN(test_sessions_end_with_time),
		WITH_ADMIN(test_the_21st_session_ends_the_oldest),
		WITH_ADMIN(test_A35_a_thousand_guesses),
		WITH_ADMIN(test_A37_unknown_and_known_users_look_alike),
		WITH_ADMIN(test_a_disabled_user_is_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
