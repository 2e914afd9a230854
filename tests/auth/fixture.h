/* SPDX-License-Identifier: Apache-2.0
 * An auth room on a fresh, migrated database with a clock the test moves. */
#ifndef FIXTURE_H
#define FIXTURE_H
#include "auth/auth.h"
#include "support/engines.h"

#define PASSWORD STR_LIT("correct horse battery")
#define DAY_MS (24 * 3600 * 1000LL)

static struct sql *db;
static struct auth *auth;
static int64_t now_ms;
static struct err e;
static char fixture_admin[33];

static int64_t fixture_now(void *arg)
{
	(void)arg;
	return now_ms;
}
static const struct clock fixture_clock = { fixture_now, NULL };

#define OK(call)                                                                                   \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg("%s: %s", #call, e.msg);                                          \
	} while (0)
#define FAILS(code_, call)                                                                         \
	do {                                                                                       \
		err_clear(&e);                                                                     \
		assert_false(call);                                                                \
		if (e.code != (code_))                                                             \
			fail_msg("%s: %s: %s", #call, err_code_name(e.code), e.msg);               \
	} while (0)

static inline void fixture_reopen(void)
{
	auth_close(auth);
	auth = NULL;
	OK(auth_open(db, &fixture_clock, &auth, &e));
}

static inline int fixture_empty(void **state)
{
	(void)state;
	now_ms = 1800000000000;
	AUTO(xfree) char *url = engines_fresh();
	db = engines_open(url);
	OK(sql_migrate(db, &e));
	fixture_reopen();
	return 0;
}

/* Signs in; *cookie is what the browser keeps. */
static inline struct principal fixture_sign_in(const char *name, struct str password,
					       char cookie[static 64])
{
	struct principal who = { 0 };
	int64_t retry = 0;
	OK(auth_sign_in(auth, name, password, "192.0.2.1", cookie, &who, &retry, &e));
	return who;
}

/* With the administrator 'Admin'. */
static inline int fixture_with_admin(void **state)
{
	char token[64], cookie[64];
	fixture_empty(state);
	OK(auth_setup_token(auth, token, &e));
	OK(auth_setup(auth, token, "Admin", PASSWORD, "a@example.org", "ja", "Asia/Tokyo", &e));
	struct principal who = fixture_sign_in("admin", PASSWORD, cookie);
	memcpy(fixture_admin, who.user_id, sizeof(fixture_admin));
	return 0;
}

static inline int fixture_close(void **state)
{
	(void)state;
	auth_close(auth);
	auth = NULL;
	sql_close(db);
	return 0;
}
#define EMPTY(f) cmocka_unit_test_setup_teardown(f, fixture_empty, fixture_close)
#define WITH_ADMIN(f) cmocka_unit_test_setup_teardown(f, fixture_with_admin, fixture_close)
#endif
