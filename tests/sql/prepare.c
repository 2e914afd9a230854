/* SPDX-License-Identifier: Apache-2.0
 * Every statement of every room is understood by both engines after all migrations. Each is
 * executed with NULL for every parameter inside a write that is then taken back: preparing alone
 * would not show everything, and a violated constraint is no failure here. */
#include "sql/sql.h"

#include "base/file.h"
#include "statements.h"
#include "support/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static bool run_one(struct sql_conn *c, void *arg, struct err *e)
{
	const struct sql_stmt *q = arg;
	struct sql_val *args = xcalloc((size_t)q->params + 1, sizeof(*args));
	int64_t changed;
	bool ok = sql_change(c, q, args, q->params, &changed, e);
	xfree(args);
	return ok && err_set(e, ERR_NONE, "taken back");
}

static void prepare_all(const char *url)
{
	struct err e = { 0 };
	AUTO(sql_close) struct sql *db = NULL;
	if (!sql_open(url, &db, &e) || !sql_migrate(db, &e))
		fail_msg("%s", e.msg);
	int bad = 0;
	for (int i = 0; i < sql_all_statements_count; i++) {
		const struct sql_stmt *q = &sql_all_statements[i];
		if (!sql_write(db, run_one, (void *)q, &e) && e.code == ERR_INTERNAL) {
			print_error("%s: %s\n", sql_engine(db), e.msg);
			bad++;
		}
	}
	assert_true(sql_all_statements_count > 0);
	assert_int_equal(bad, 0);
}

static void test_sqlite(void **state)
{
	(void)state;
	char dir[] = "/tmp/tsukuroi-sql-XXXXXX";
	assert_non_null(mkdtemp(dir));
	AUTO(xfree) char *url = xasprintf("sqlite:%s/t.db", dir);
	prepare_all(url);
	struct err e;
	assert_true(file_remove_tree(dir, &e));
}

static void test_pgsql(void **state)
{
	(void)state;
	struct err e;
	struct pg_cluster *pg;
	if (!pg_cluster_start(false, &pg, &e)) {
		print_message("skipped: %s\n", e.msg);
		assert_int_equal(e.code, ERR_NOT_FOUND);
		skip();
	}
	AUTO(xfree) char *url = pg_cluster_database(pg, "prepare");
	prepare_all(url);
	pg_cluster_stop(pg);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sqlite),
					    cmocka_unit_test(test_pgsql) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
