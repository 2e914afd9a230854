/* SPDX-License-Identifier: Apache-2.0
 * The contract of sql.h: the same cases on both engines. */
#include "sql/sql.h"

#include "support/engines.h"
#include "test_queries.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static struct sql *db;

static bool table(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return sql_run(c, &SQL_T_TABLE, SQL_NO_ARGS, e);
}

static int set_up(void **state)
{
	(void)state;
	struct err e = { 0 };
	AUTO(xfree) char *url = engines_fresh();
	db = engines_open(url);
	if (!sql_write(db, table, NULL, &e))
		fail_msg("%s", e.msg);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sql_close(db);
	return 0;
}

struct insert {
	int64_t id;
	const char *name;
};

static bool insert(struct sql_conn *c, void *arg, struct err *e)
{
	const struct insert *i = arg;
	return sql_run(c, &SQL_T_INSERT,
		       SQL_ARGS(sql_int(i->id), sql_text(i->name), sql_null(), sql_bool(false),
				sql_null(), sql_null(), sql_int(0)),
		       e);
}

static void put(int64_t id, const char *name)
{
	struct err e = { 0 };
	if (!sql_write(db, insert, &(struct insert) { id, name }, &e))
		fail_msg("%s", e.msg);
}

static int64_t count_from(int64_t id)
{
	struct err e = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_non_null(c);
	if (!sql_query(c, &SQL_T_COUNT, SQL_ARGS(sql_int(id)), &r, &e))
		fail_msg("%s", e.msg);
	assert_true(sql_next(r));
	int64_t n = sql_col_int(r, 0);
	assert_false(sql_next(r));
	assert_true(sql_rows_end(r, &e));
	return n;
}

static bool insert_values(struct sql_conn *c, void *arg, struct err *e)
{
	struct str blob = *(struct str *)arg;
	return sql_run(c, &SQL_T_INSERT,
		       SQL_ARGS(sql_int(INT64_MIN), sql_text("繕い 'quoted' $1 \\"), sql_blob(blob),
				sql_bool(true), sql_real(0.1), sql_null(), sql_int(-5)),
		       e) &&
	       sql_run(c, &SQL_T_INSERT,
		       SQL_ARGS(sql_int(INT64_MAX), sql_text(""), sql_blob((struct str) { 0 }),
				sql_bool(false), sql_null(), sql_int(INT64_MIN), sql_null()),
		       e);
}

static void test_values_come_back(void **state)
{
	(void)state;
	struct err e = { 0 };
	AUTO(buf_done) struct buf blob = BUF_INIT(4 << 20);
	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&blob, (char)(i * 7 + (i >> 8)));
	struct str bytes = buf_str(&blob);
	assert_true(sql_write(db, insert_values, &bytes, &e));
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_true(sql_query(c, &SQL_T_GET, SQL_ARGS(sql_int(INT64_MIN)), &r, &e));
	assert_true(sql_next(r));
	assert_true(sql_col_int(r, 0) == INT64_MIN);
	assert_true(str_is(sql_col_str(r, 1), "繕い 'quoted' $1 \\"));
	assert_true(str_eq(sql_col_str(r, 2), bytes));
	assert_true(sql_col_bool(r, 3));
	assert_int_equal(sql_col_int(r, 3), 1);
	assert_true(str_is(sql_col_str(r, 3), "1"));
	assert_true(sql_col_real(r, 4) == 0.1);
	assert_true(sql_col_null(r, 5));
	assert_int_equal(sql_col_int(r, 6), -5);
	assert_true(str_is(sql_col_str(r, 6), "-5"));
	assert_true(sql_rows_end(r, &e));
	assert_true(sql_query(c, &SQL_T_GET, SQL_ARGS(sql_int(INT64_MAX)), &r, &e));
	assert_true(sql_next(r));
	assert_false(sql_col_null(r, 1));
	assert_int_equal(sql_col_str(r, 1).n, 0);
	assert_false(sql_col_null(r, 2));
	assert_int_equal(sql_col_str(r, 2).n, 0);
	assert_true(sql_col_null(r, 4));
	assert_int_equal(sql_col_str(r, 4).n, 0);
	assert_true(sql_col_real(r, 4) == 0);
	assert_true(sql_rows_end(r, &e));
}

static bool insert_swapped(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return sql_run(c, &SQL_T_SWAPPED, SQL_ARGS(sql_int(7), sql_text("seven")), e);
}

/* SQLite numbers $n by first appearance: $2 stands before $1 in this statement. */
static void test_parameters_bind_by_name(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(sql_write(db, insert_swapped, NULL, &e));
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_true(sql_query(c, &SQL_T_BY_NAME, SQL_ARGS(sql_text("seven")), &r, &e));
	assert_true(sql_next(r));
	assert_int_equal(sql_col_int(r, 0), 7);
	assert_true(sql_rows_end(r, &e));
}

static bool insert_full(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return sql_run(c, &SQL_T_INSERT,
		       SQL_ARGS(sql_int(40), sql_text("forty"), sql_blob(STR_LIT("\0\1\xff")),
				sql_bool(true), sql_real(2.5), sql_null(), sql_null()),
		       e);
}

/* sum(bigint) is numeric on PostgreSQL, which makes the whole result travel as text. */
static void test_sums_and_text_results(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(sql_write(db, insert_full, NULL, &e));
	put(2, "two");
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_true(sql_query(c, &SQL_T_SUMS, SQL_ARGS(sql_int(40)), &r, &e));
	assert_true(sql_next(r));
	assert_int_equal(sql_col_int(r, 0), 42);
	assert_true(sql_col_real(r, 0) == 42);
	assert_true(sql_col_real(r, 1) == 2.5);
	assert_true(sql_col_bool(r, 2));
	assert_true(str_is(sql_col_str(r, 2), "1"));
	assert_true(str_eq(sql_col_str(r, 3), STR_LIT("\0\1\xff")));
	assert_true(str_is(sql_col_str(r, 4), "forty"));
	assert_true(sql_col_null(r, 5));
	assert_false(sql_next(r));
	assert_true(sql_rows_end(r, &e));
}

static bool insert_orphan(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return sql_run(c, &SQL_T_INSERT,
		       SQL_ARGS(sql_int(9), sql_text("orphan"), sql_null(), sql_null(), sql_null(),
				sql_int(12345), sql_null()),
		       e);
}

static bool insert_unchecked(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return sql_run(c, &SQL_T_INSERT,
		       SQL_ARGS(sql_int(9), sql_text("big"), sql_null(), sql_null(), sql_null(),
				sql_null(), sql_int(100)),
		       e);
}

static void test_constraints_have_codes(void **state)
{
	(void)state;
	struct err e = { 0 };
	put(1, "one");
	assert_false(sql_write(db, insert, &(struct insert) { 1, "uno" }, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "t_insert"));
	assert_false(sql_write(db, insert, &(struct insert) { 2, "one" }, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(sql_write(db, insert_orphan, NULL, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(sql_write(db, insert_unchecked, NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(sql_write(db, insert, &(struct insert) { 3, NULL }, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(count_from(INT64_MIN), 1);
}

static bool insert_raw(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_run(c, &SQL_T_SWAPPED, SQL_ARGS(sql_int(1), sql_str(*(struct str *)arg)), e);
}

static void test_text_must_be_utf8(void **state)
{
	(void)state;
	struct str bad[] = { STR_LIT("a\0b"),
			     STR_LIT("\xff"),
			     STR_LIT("\xc0\x80"),
			     STR_LIT("\xed\xa0\x80"),
			     STR_LIT("\xf4\x90\x80\x80"),
			     STR_LIT("\xe3\x81") };
	struct err e = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(sql_write(db, insert_raw, &bad[i], &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	struct str good = STR_LIT("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xc2\x80");
	assert_true(sql_write(db, insert_raw, &good, &e));
}

static bool insert_then_fail(struct sql_conn *c, void *arg, struct err *e)
{
	return insert(c, arg, e) && err_set(e, ERR_DENIED, "changed my mind");
}

static bool carry_on(struct sql_conn *c, void *arg, struct err *e)
{
	struct err inner;
	if (!insert(c, arg, e) || insert(c, arg, &inner))
		return false;
	assert_int_equal(inner.code, ERR_CONFLICT);
	assert_false(insert(c, &(struct insert) { 77, "more" }, &inner));
	return true;
}

static void test_a_failed_write_leaves_nothing(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_false(sql_write(db, insert_then_fail, &(struct insert) { 5, "five" }, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_string_equal(e.msg, "changed my mind");
	assert_int_equal(count_from(0), 0);
	assert_false(sql_write(db, carry_on, &(struct insert) { 6, "six" }, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(count_from(0), 0);
	put(7, "seven");
	assert_int_equal(count_from(0), 1);
}

static void test_readers_cannot_change(void **state)
{
	(void)state;
	struct err e = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	assert_false(insert(c, &(struct insert) { 1, "one" }, &e));
	assert_int_equal(count_from(0), 0);
}

static bool write_inside(struct sql_conn *c, void *arg, struct err *e)
{
	(void)c;
	return sql_write(db, insert, arg, e);
}

static void test_no_write_inside_a_write(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_false(sql_write(db, write_inside, &(struct insert) { 1, "one" }, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
	put(1, "one");
}

static void test_the_same_query_inside_its_own_rows(void **state)
{
	(void)state;
	struct err e = { 0 };
	for (int i = 1; i <= 5; i++) {
		AUTO(xfree) char *name = xasprintf("n%d", i);
		put(i, name);
	}
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *outer, *inner;
	int64_t seen = 0;
	assert_true(sql_query(c, &SQL_T_IDS, SQL_NO_ARGS, &outer, &e));
	while (sql_next(outer)) {
		assert_true(sql_query(c, &SQL_T_IDS, SQL_NO_ARGS, &inner, &e));
		while (sql_next(inner))
			seen += sql_col_int(outer, 0) * sql_col_int(inner, 0);
		assert_true(sql_rows_end(inner, &e));
	}
	assert_true(sql_rows_end(outer, &e));
	assert_int_equal(seen, 15 * 15);
}

static bool rename_from(struct sql_conn *c, void *arg, struct err *e)
{
	int64_t *io = arg;
	return sql_change(c, &SQL_T_FLAG, SQL_ARGS(sql_int(*io), sql_bool(true)), io, e);
}

static bool upsert_unread(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	struct sql_rows *r;
	return sql_query(c, &SQL_T_UPSERT, SQL_ARGS(sql_int(3), sql_text("new three"), sql_null()),
			 &r, e) &&
	       sql_rows_end(r, e);
}

static void test_changed_rows_are_counted(void **state)
{
	(void)state;
	struct err e = { 0 };
	put(1, "one");
	put(2, "two");
	put(3, "three");
	int64_t n = 2;
	assert_true(sql_write(db, rename_from, &n, &e));
	assert_int_equal(n, 2);
	n = 100;
	assert_true(sql_write(db, rename_from, &n, &e));
	assert_int_equal(n, 0);
	assert_true(sql_write(db, upsert_unread, NULL,
			      &e)); /* returning, not read: done all the same */
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_true(sql_query(c, &SQL_T_BY_NAME, SQL_ARGS(sql_text("new three")), &r, &e));
	assert_true(sql_next(r));
	assert_true(sql_rows_end(r, &e));
}

static bool add_one(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	struct sql_rows *r;
	if (!sql_query(c, &SQL_T_SMALL, SQL_ARGS(sql_int(1)), &r, e))
		return false;
	int64_t n = sql_next(r) ? sql_col_int(r, 0) : -1;
	return sql_rows_end(r, e) &&
	       sql_run(c, &SQL_T_SET_SMALL, SQL_ARGS(sql_int(1), sql_int(n + 1)), e);
}

static void *adder(void *arg)
{
	struct err e = { 0 };
	int *failures = arg;
	for (int i = 0; i < 6; i++) {
		if (!sql_write(db, add_one, NULL, &e)) {
			print_error("%s\n", e.msg);
			(*failures)++;
		}
	}
	return NULL;
}

/* Read, then write what was read plus one: only serializable transactions end at 96. */
static void test_writes_are_serializable(void **state)
{
	(void)state;
	struct err e = { 0 };
	put(1, "counter");
	pthread_t t[16];
	int failures[16] = { 0 };
	for (int i = 0; i < 16; i++)
		assert_int_equal(pthread_create(&t[i], NULL, adder, &failures[i]), 0);
	for (int i = 0; i < 16; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(failures[i], 0);
	}
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_true(sql_query(c, &SQL_T_SMALL, SQL_ARGS(sql_int(1)), &r, &e));
	assert_true(sql_next(r));
	assert_int_equal(sql_col_int(r, 0), 96);
	assert_true(sql_rows_end(r, &e));
}

static void test_a_restarted_postgresql_is_found_again(void **state)
{
	(void)state;
	if (!engines_pg)
		skip();
	struct err e = { 0 };
	put(1, "one");
	assert_int_equal(count_from(0), 1);
	assert_true(pg_cluster_crash(engines_pg, &e));
	assert_int_equal(count_from(0), 1);
	put(2, "two");
	assert_int_equal(count_from(0), 2);
}

static void put_many(void)
{
	for (int i = 0; i < 500; i++) {
		char name[40];
		(void)snprintf(name, sizeof(name), "a row of its own, %d", i);
		put(i, name);
	}
}

/* A byte in the middle of a table's page is another: said, not read as something else (F11). */
static void test_damage_is_found(void **state)
{
	(void)state;
	struct err e = { 0 };
	put_many();
	if (!sql_verify(db, &e))
		fail_msg("%s", e.msg);
	if (engines_pg)
		return;
	char path[] = "/tmp/tsukuroi-verify-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(path), 0);
	AUTO(xfree) char *url = xasprintf("sqlite:%s", path), *lock = xasprintf("%s.lock", path);
	struct sql *kept = db;
	db = engines_open(url);
	assert_true(sql_write(db, table, NULL, &e));
	put_many();
	sql_close(db);
	fd = open(path, O_RDWR);
	char page[4096];
	assert_int_equal(pread(fd, page, sizeof(page), 4096 * 2), sizeof(page));
	page[3] ^= 0x40; /* how many cells it has */
	assert_int_equal(pwrite(fd, page, sizeof(page), 4096 * 2), sizeof(page));
	close(fd);
	db = engines_open(url);
	assert_false(sql_verify(db, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	sql_close(db);
	db = kept;
	unlink(path);
	unlink(lock);
}

static void test_urls(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct sql *none = NULL;
	assert_false(sql_open("mysql://x", &none, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(sql_open("sqlite:", &none, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(sql_open("sqlite:/nonexistent/dir/x.db", &none, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(sql_open("postgresql:///x?host=/nonexistent", &none, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "; check"));
	assert_null(none);
	assert_string_equal(sql_engine(db), engines_pg ? "postgresql" : "sqlite");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_values_come_back),
		CASE(test_parameters_bind_by_name),
		CASE(test_sums_and_text_results),
		CASE(test_constraints_have_codes),
		CASE(test_text_must_be_utf8),
		CASE(test_a_failed_write_leaves_nothing),
		CASE(test_readers_cannot_change),
		CASE(test_no_write_inside_a_write),
		CASE(test_the_same_query_inside_its_own_rows),
		CASE(test_changed_rows_are_counted),
		CASE(test_writes_are_serializable),
		CASE(test_a_restarted_postgresql_is_found_again),
		CASE(test_damage_is_found),
		CASE(test_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run_with(group, true);
}
