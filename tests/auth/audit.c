/* SPDX-License-Identifier: Apache-2.0
 * The audit chain: what was recorded comes back, tampering shows, parallel writers keep one chain.
 */
#include "fixture.h"

#include <pthread.h>

static const struct sql_stmt edit = { "edit", "update audit_log set detail = '{}' where seq = 3",
				      0 };
static const struct sql_stmt cut = { "cut", "delete from audit_log where seq = 2", 0 };
static const struct sql_stmt back = { "back",
				      "update audit_log set at_ms = at_ms - 1 where seq = 5", 0 };

static bool tamper(struct sql_conn *c, void *arg, struct err *err)
{
	return sql_run(c, arg, SQL_NO_ARGS, err);
}

static void record(int n)
{
	for (int i = 0; i < n; i++) {
		now_ms++;
		OK(auth_audit(auth, "Admin", "192.0.2.1", "deployment.create", "d1",
			      i % 2 ? "{\"n\":1}" : NULL, &e));
	}
}

static void test_rows_come_back(void **state)
{
	(void)state;
	struct arena mem = { 0 };
	struct audit_row *rows;
	size_t n;
	int64_t count;
	char head[65], later[65];
	OK(auth_audit_verify(auth, &count, head, &e));
	assert_int_equal(count, 0);
	record(5);
	OK(auth_audit_list(auth, 0, 3, &mem, &rows, &n, &e));
	assert_int_equal(n, 3);
	assert_int_equal(rows[0].seq, 5);
	assert_int_equal(rows[0].at_ms, now_ms);
	assert_string_equal(rows[0].actor, "Admin");
	assert_string_equal(rows[0].address, "192.0.2.1");
	assert_string_equal(rows[0].action, "deployment.create");
	assert_string_equal(rows[0].object, "d1");
	assert_string_equal(rows[0].detail, "");
	assert_string_equal(rows[1].detail, "{\"n\":1}");
	OK(auth_audit_list(auth, rows[2].seq, 100, &mem, &rows, &n, &e));
	assert_int_equal(n, 2);
	assert_int_equal(rows[1].seq, 1);
	OK(auth_audit_verify(auth, &count, head, &e));
	assert_int_equal(count, 5);
	record(1);
	OK(auth_audit_verify(auth, &count, later, &e));
	assert_string_not_equal(head, later);
	FAILS(ERR_INVALID, auth_audit(auth, "a\nb", "", "x", "", NULL, &e));
	AUTO(xfree) char *big = xasprintf("%070000d", 1);
	FAILS(ERR_LIMIT, auth_audit(auth, "a", "", "x", "", big, &e));
	arena_done(&mem);
}

static void test_tampering_shows(void **state)
{
	(void)state;
	static const struct {
		const struct sql_stmt *q;
		const char *row;
	} cases[] = { { &back, "row 5 " }, { &edit, "row 3 " }, { &cut, "row 2 " } };
	int64_t count;
	char head[65];
	record(6);
	OK(auth_audit_verify(auth, &count, head, &e));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OK(sql_write(db, tamper, (void *)cases[i].q, &e));
		FAILS(ERR_CORRUPT, auth_audit_verify(auth, &count, head, &e));
		assert_non_null(strstr(e.msg, cases[i].row));
	}
}

static void *recorder(void *arg)
{
	struct err why;
	int *failures = arg;
	for (int i = 0; i < 30; i++) {
		if (!auth_audit(auth, "a", "", "parallel", "", NULL, &why)) {
			print_error("%s\n", why.msg);
			(*failures)++;
		}
	}
	return NULL;
}

static void test_parallel_writers_make_one_chain(void **state)
{
	(void)state;
	pthread_t t[10];
	int failures[10] = { 0 };
	int64_t count;
	char head[65];
	for (int i = 0; i < 10; i++)
		assert_int_equal(pthread_create(&t[i], NULL, recorder, &failures[i]), 0);
	for (int i = 0; i < 10; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(failures[i], 0);
	}
	OK(auth_audit_verify(auth, &count, head, &e));
	assert_int_equal(count, 300);
}

static void test_signing_in_is_recorded(void **state)
{
	(void)state;
	struct arena mem = { 0 };
	struct audit_row *rows;
	struct principal who;
	size_t n;
	int64_t retry;
	char cookie[64];
	FAILS(ERR_UNAUTHENTICATED,
	      auth_sign_in(auth, "nobody", STR_LIT("x"), "203.0.113.5", cookie, &who, &retry, &e));
	OK(auth_audit_list(auth, 0, 10, &mem, &rows, &n, &e));
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].action, "sign_in_failed");
	assert_string_equal(rows[0].actor, "nobody");
	assert_string_equal(rows[0].address, "203.0.113.5");
	assert_string_equal(rows[1].action, "sign_in");
	assert_string_equal(rows[1].actor, "Admin");
	assert_string_equal(rows[2].action, "setup");
	arena_done(&mem);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_rows_come_back),
		EMPTY(test_tampering_shows),
		EMPTY(test_parallel_writers_make_one_chain),
		WITH_ADMIN(test_signing_in_is_recorded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
