/* SPDX-License-Identifier: Apache-2.0
 * Migrations on both engines: fresh, again, later, changed, newer, broken half-way (F05). */
#include "sql/migrate.h"

#include "support/engines.h"

static const struct sql_migration one = { 1, "one", "aa",
					  "create table a (x bigint); insert into a values (1)" };
static const struct sql_migration two = { 2, "two", "bb", "create table b (x bigint)" };
static const struct sql_migration three = { 3, "three", "cc", "create table c (x bigint)" };
static const struct sql_migration changed = { 1, "one", "ff", "create table a (y bigint)" };
static const struct sql_migration broken = {
	2, "two", "bb",
	"create table b (x bigint); insert into a values (2); insert into nowhere values (1)"
};
static const struct sql_stmt count_a = { "count_a", "select count(*) from a", 0 };
static const struct sql_stmt count_b = { "count_b", "select count(*) from b", 0 };

static struct sql *db;

static int set_up(void **state)
{
	(void)state;
	AUTO(xfree) char *url = engines_fresh();
	db = engines_open(url);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sql_close(db);
	return 0;
}

static bool run(struct err *e, int n, ...)
{
	struct sql_migration list[4];
	va_list ap;
	va_start(ap, n);
	for (int i = 0; i < n; i++)
		list[i] = *va_arg(ap, const struct sql_migration *);
	va_end(ap);
	return migrate_run(db, list, n, e);
}

/* -1 when there is no such table. */
static int64_t count(const struct sql_stmt *q)
{
	struct err e = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	if (!sql_query(c, q, SQL_NO_ARGS, &r, &e))
		return -1;
	int64_t n = sql_next(r) ? sql_col_int(r, 0) : -2;
	assert_true(sql_rows_end(r, &e));
	return n;
}

static void test_fresh_again_and_later(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(run(&e, 2, &one, &three)); /* a gap is fine */
	assert_int_equal(count(&count_a), 1);
	assert_true(run(&e, 2, &one, &three));
	assert_int_equal(count(&count_a), 1);
	assert_int_equal(count(&count_b), -1);
	assert_true(run(&e, 3, &one, &two, &three)); /* and may be filled */
	assert_int_equal(count(&count_b), 0);
	assert_int_equal(count(&count_a), 1);
}

static void test_a_changed_migration_is_refused(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(run(&e, 1, &one));
	assert_false(run(&e, 2, &changed, &two));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "0001 'one'"));
	assert_int_equal(count(&count_b), -1);
}

static void test_a_newer_database_is_refused(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(run(&e, 3, &one, &two, &three));
	assert_false(run(&e, 2, &one, &two));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "newer than this program"));
	assert_non_null(strstr(e.msg, "; install"));
	assert_false(run(&e, 0));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void test_F05_half_a_migration_leaves_nothing(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_false(run(&e, 3, &one, &broken, &three));
	assert_non_null(strstr(e.msg, "migration 0002 'two'"));
	assert_int_equal(count(&count_a), 1);
	assert_int_equal(count(&count_b), -1);
	assert_true(run(&e, 3, &one, &two, &three));
	assert_int_equal(count(&count_b), 0);
}

static void test_the_embedded_ones(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(sql_migrations_count >= 1);
	assert_int_equal(sql_migrations[0].number, 1);
	for (int i = 1; i < sql_migrations_count; i++)
		assert_true(sql_migrations[i].number > sql_migrations[i - 1].number);
	assert_true(sql_migrate(db, &e));
	assert_true(sql_migrate(db, &e));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_fresh_again_and_later),
		CASE(test_a_changed_migration_is_refused),
		CASE(test_a_newer_database_is_refused),
		CASE(test_F05_half_a_migration_leaves_nothing),
		CASE(test_the_embedded_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run_with(group, true);
}
