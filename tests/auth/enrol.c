/* SPDX-License-Identifier: Apache-2.0
 * A41: enrolment tokens. */
#include "fixture.h"

#include <pthread.h>

static struct enrol_token token;
static char wire[128];

static void make(int64_t ttl_s, int64_t max_uses)
{
	char secret[64];
	OK(auth_enrol_token_new(auth, "osaka", "build hosts", ttl_s, max_uses, "Admin", secret,
				&token, &e));
	assert_int_equal(strlen(secret), 43);
	snprintf(wire, sizeof(wire), "%s.%s", token.id, secret);
}

static bool use(const char *text, const char *want_code)
{
	struct enrol_token t;
	const char *code = "";
	err_clear(&e);
	bool ok = auth_enrol_token_use(auth, text, &t, &code, &e);
	if (!ok && e.code != ERR_UNAUTHENTICATED)
		fail_msg("%s", e.msg);
	assert_string_equal(code, want_code);
	if (ok)
		assert_string_equal(t.office, "osaka");
	return ok;
}

static void test_A41_wrong_expired_used_up_revoked(void **state)
{
	(void)state;
	char bad[128];
	make(3600, 2);
	for (size_t i = 0; wire[i]; i++) {
		memcpy(bad, wire, sizeof(bad));
		bad[i] = bad[i] == 'a' ? 'b' : 'a';
		assert_false(use(bad, "token_unknown"));
	}
	assert_false(use("", "token_unknown"));
	assert_false(use(NULL, "token_unknown"));
	assert_true(use(wire, ""));
	assert_true(use(wire, ""));
	assert_false(use(wire, "token_used_up"));
	make(3600, 2);
	now_ms += 3600 * 1000;
	assert_false(use(wire, "token_expired"));
	make(3600, 2);
	OK(auth_enrol_token_revoke(auth, token.id, &e));
	assert_false(use(wire, "token_unknown"));
	FAILS(ERR_NOT_FOUND, auth_enrol_token_revoke(auth, "0123456789abcdef", &e));
	FAILS(ERR_NOT_FOUND, auth_enrol_token_revoke(auth, "short", &e));
}

static void test_list_and_limits(void **state)
{
	(void)state;
	char secret[64];
	AUTO(arena_done) struct arena mem = { 0 };
	struct sql_page page = sql_page_newest(10);
	struct enrol_token *list;
	int64_t total;
	size_t n;
	make(60, 1);
	assert_true(use(wire, ""));
	now_ms++;
	make(31536000, 1000000);
	OK(auth_enrol_token_list(auth, &page, &mem, &list, &n, &total, &e));
	assert_int_equal(total, 2);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].id, token.id);
	assert_string_equal(list[0].label, "build hosts");
	assert_int_equal(list[0].expires_ms, now_ms + 31536000000);
	assert_int_equal(list[1].uses, 1);
	assert_false(list[1].revoked);
	FAILS(ERR_INVALID, auth_enrol_token_new(auth, "a", "", 59, 1, "", secret, &token, &e));
	FAILS(ERR_INVALID, auth_enrol_token_new(auth, "a", "", 60, 0, "", secret, &token, &e));
	FAILS(ERR_INVALID,
	      auth_enrol_token_new(auth, "a", "", 60, 1000001, "", secret, &token, &e));
	FAILS(ERR_INVALID, auth_enrol_token_new(auth, "0123456789012345678901234567890123", "", 60,
						1, "", secret, &token, &e));
}

struct crowd {
	pthread_t thread;
	int in, used_up, other;
};

static void *enrol(void *arg)
{
	struct crowd *c = arg;
	for (int i = 0; i < 20; i++) {
		struct err why = { 0 };
		struct enrol_token t;
		const char *code = "";
		if (auth_enrol_token_use(auth, wire, &t, &code, &why))
			c->in++;
		else if (strcmp(code, "token_used_up") == 0)
			c->used_up++;
		else
			c->other++;
	}
	return NULL;
}

static void test_A41_thousand_parallel_uses_of_a_10_use_token(void **state)
{
	(void)state;
	struct crowd crowd[50] = { 0 };
	int in = 0, used_up = 0, other = 0;
	make(3600, 10);
	for (int i = 0; i < 50; i++)
		assert_int_equal(pthread_create(&crowd[i].thread, NULL, enrol, &crowd[i]), 0);
	for (int i = 0; i < 50; i++) {
		pthread_join(crowd[i].thread, NULL);
		in += crowd[i].in;
		used_up += crowd[i].used_up;
		other += crowd[i].other;
	}
	assert_int_equal(in, 10);
	assert_int_equal(other, 0);
	assert_int_equal(used_up, 990);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_A41_wrong_expired_used_up_revoked),
		EMPTY(test_list_and_limits),
		EMPTY(test_A41_thousand_parallel_uses_of_a_10_use_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
