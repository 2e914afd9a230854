/* SPDX-License-Identifier: Apache-2.0
 * A database moved to the other engine and back: every value as it was, in every table; refused
 * when it must be; killed at any point, the target is empty or complete and the source as before.
 */
#include "sql/move.h"

#include "crypto/digest.h"
#include "sql/migrate.h"
#include "sql/sql_int.h"
#include "support/engines.h"
#include "test_queries.h"

#include <signal.h>
#include <sys/wait.h>

#define BLOB_BYTES (3u << 20)

static struct pg_cluster *cluster;
static const struct sql_move_watch quiet;

static char *fresh(bool pg)
{
	static int n;
	AUTO(xfree) char *name = xasprintf("m%d", ++n);
	return pg ? pg_cluster_database(cluster, name)
		  : xasprintf("sqlite:%s/%s.db", engines_dir, name);
}

static bool copy(const char *from, const char *to, struct err *e)
{
	AUTO(sql_close) struct sql *a = engines_open(from);
	AUTO(sql_close) struct sql *b = engines_open(to);
	struct sql_moved done;
	return sql_move(a, b, &quiet, &done, e);
}

static bool same(const char *one, const char *other, struct err *e)
{
	AUTO(sql_close) struct sql *a = engines_open(one);
	AUTO(sql_close) struct sql *b = engines_open(other);
	struct sql_moved done;
	return sql_compare(a, b, &quiet, &done, e) && done.tables == sql_tables_count;
}

/* --- a database with values that are easily lost --- */

static const char odd[] =
	"繕い 🧵 'q' \"d\" \\N \\. \t\r\n % $1 \x7f \xc2\x80 \xf4\x8f\xbf\xbf";

static bool fill_limits(struct sql_conn *c, struct str blob, struct err *e)
{
	const struct sql_val none = sql_null(), empty = sql_str(STR_LIT(""));
	return sql_run(c, &SQL_M_SETTING,
		       SQL_ARGS(sql_text("a"), sql_text(odd), sql_int(INT64_MIN)), e) &&
	       sql_run(c, &SQL_M_SETTING, SQL_ARGS(sql_text("A"), empty, sql_int(INT64_MAX)), e) &&
	       sql_run(c, &SQL_M_SETTING, SQL_ARGS(sql_text("ä"), sql_text("-1"), sql_int(-1)),
		       e) &&
	       sql_run(c, &SQL_M_FACT, SQL_ARGS(sql_int(INT32_MAX), sql_text(odd)), e) &&
	       sql_run(c, &SQL_M_FACT, SQL_ARGS(sql_int(INT32_MIN), empty), e) &&
	       sql_run(c, &SQL_M_HOST,
		       SQL_ARGS(sql_text("h1"), none, sql_bool(true), none, sql_blob(blob)), e) &&
	       sql_run(c, &SQL_M_HOST,
		       SQL_ARGS(sql_text("h2"), empty, sql_bool(false), sql_blob(STR_LIT("")),
				sql_blob(STR_LIT("\0\xff\n"))),
		       e);
}

/* Tables that refer to others: the order of filling matters. */
static bool fill_references(struct sql_conn *c, struct err *e)
{
	return sql_run(c, &SQL_M_USER, SQL_ARGS(sql_text("u1")), e) &&
	       sql_run(c, &SQL_M_TOKEN,
		       SQL_ARGS(sql_text("t1"), sql_text("u1"), sql_null(),
				sql_blob(STR_LIT("\1"))),
		       e) &&
	       sql_run(c, &SQL_M_TOKEN,
		       SQL_ARGS(sql_text("t2"), sql_text("u1"), sql_int(0),
				sql_blob(STR_LIT("\1"))),
		       e) &&
	       sql_run(c, &SQL_M_DEPLOYMENT, SQL_ARGS(sql_text("d1")), e) &&
	       sql_run(c, &SQL_M_DEPLOYMENT_PATCH, SQL_ARGS(sql_text("d1"), sql_text("p")), e) &&
	       sql_run(c, &SQL_M_COUNTER, SQL_ARGS(sql_int(77)), e);
}

static bool fill(struct sql_conn *c, void *arg, struct err *e)
{
	const struct str *blob = arg;
	if (!fill_limits(c, *blob, e) || !fill_references(c, e))
		return false;
	for (int i = 0; i < 5000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "name-%d", i);
		if (!sql_run(c, &SQL_M_NAME, SQL_ARGS(sql_int(i), sql_text(name)), e))
			return false;
	}
	return true;
}

static struct str blob_of(struct buf *b)
{
	for (size_t i = 0; i < BLOB_BYTES; i++)
		buf_addc(b, (char)(i * 131 + (i >> 9)));
	return buf_str(b);
}

static char *filled(bool pg)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(BLOB_BYTES + 1);
	struct str blob = blob_of(&b);
	char *url = fresh(pg);
	AUTO(sql_close) struct sql *db = engines_open(url);
	if (!sql_migrate(db, &e) || !sql_write(db, fill, &blob, &e))
		fail_msg("%s", e.msg);
	return url;
}

static int64_t tables_in(const char *url)
{
	struct err e = { 0 };
	AUTO(sql_close) struct sql *db = engines_open(url);
	int64_t n = -1;
	struct sql_conn *c = db->driver->whole->take(db, false, &e);
	if (!c || !db->driver->whole->tables(c, "", &n, &e))
		fail_msg("%s", e.msg);
	db->driver->whole->give(c);
	return n;
}

/* What the move's own comparison is not asked: the values themselves. */
static void check_values(const char *url)
{
	struct err e = { 0 };
	AUTO(sql_close) struct sql *db = engines_open(url);
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	AUTO(buf_done) struct buf b = BUF_INIT(BLOB_BYTES + 1);
	struct sql_rows *r;
	assert_true(sql_query(c, &SQL_M_SETTINGS, SQL_NO_ARGS, &r, &e));
	assert_true(sql_next(r));
	assert_true(sql_col_int(r, 1) == INT64_MIN && str_is(sql_col_str(r, 0), odd));
	assert_true(sql_next(r) && str_is(sql_col_str(r, 0), "-1"));
	assert_true(sql_next(r) && sql_col_int(r, 1) == INT64_MAX);
	assert_true(!sql_next(r) && sql_rows_end(r, &e));
	assert_true(sql_query(c, &SQL_M_HOSTS, SQL_NO_ARGS, &r, &e));
	assert_true(sql_next(r));
	assert_true(sql_col_null(r, 0) && sql_col_bool(r, 1) && sql_col_null(r, 2));
	assert_true(str_eq(sql_col_str(r, 3), blob_of(&b)));
	assert_true(sql_next(r));
	assert_true(!sql_col_null(r, 0) && !sql_col_bool(r, 1) && !sql_col_null(r, 2));
	assert_true(sql_col_str(r, 2).n == 0 && str_eq(sql_col_str(r, 3), STR_LIT("\0\xff\n")));
	assert_true(!sql_next(r) && sql_rows_end(r, &e));
	assert_true(sql_query(c, &SQL_M_COUNTS, SQL_NO_ARGS, &r, &e) && sql_next(r));
	assert_int_equal(sql_col_int(r, 0), 5000);
	assert_int_equal(sql_col_int(r, 1), 77); /* not the row that the migration makes */
	assert_int_equal(sql_col_int(r, 2), 1);
	assert_true(sql_rows_end(r, &e));
}

static void there_and_back(void **state)
{
	for (int pg = 0; pg < 2; pg++) {
		struct err e = { 0 };
		AUTO(xfree) char *from = filled(pg);
		AUTO(xfree) char *to = fresh(!pg);
		AUTO(xfree) char *back = fresh(pg);
		if (!copy(from, to, &e) || !same(from, to, &e))
			fail_msg("%s", e.msg);
		check_values(to);
		if (!copy(to, back, &e) || !same(from, back, &e))
			fail_msg("%s", e.msg);
		assert_int_equal(tables_in(to), sql_tables_count + 1);
		AUTO(sql_close) struct sql *db = engines_open(to);
		assert_true(sql_migrate(db, &e)); /* a server starts on it */
	}
}

static void a_difference_is_found(void **state)
{
	static const char *const changes[] = {
		"update setting set value = 'x' where key = 'A'",
		"update host set hostname = '' where id = 'h1'",
		"update host set inventory = null where id = 'h2'",
		"update setting set changed_ms = changed_ms - 1 where key = 'A'",
		"update host set reboot_needed = not reboot_needed where id = 'h2'",
		"delete from ledger_name where no = 4999",
	};
	struct err e = { 0 };
	AUTO(xfree) char *from = filled(false);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		AUTO(xfree) char *to = fresh(i & 1);
		if (!copy(from, to, &e) || !same(from, to, &e))
			fail_msg("%s", e.msg);
		AUTO(sql_close) struct sql *db = engines_open(to);
		engines_exec(db, changes[i]);
		sql_close(TAKE(db));
		assert_false(same(from, to, &e));
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_non_null(strstr(e.msg, "differs"));
	}
}

static void refused(const char *from, const char *to, enum err_code code, const char *word)
{
	struct err e = { 0 };
	assert_false(copy(from, to, &e));
	if (e.code != code || !strstr(e.msg, word))
		fail_msg("%d '%s' instead of '%s'", e.code, e.msg, word);
}

static void only_into_an_empty_database_of_one_version(void **state)
{
	for (int pg = 0; pg < 2; pg++) {
		struct err e = { 0 };
		AUTO(xfree) char *from = filled(pg);
		AUTO(xfree) char *full = fresh(!pg);
		AUTO(xfree) char *strange = fresh(!pg);
		AUTO(xfree) char *old = fresh(pg);
		AUTO(xfree) char *empty = fresh(pg);
		AUTO(xfree) char *to = fresh(!pg);
		assert_true(copy(from, full, &e));
		refused(from, full, ERR_CONFLICT, "not empty");
		AUTO(sql_close) struct sql *db = engines_open(strange);
		engines_exec(db, "create table somebody (x bigint)");
		sql_close(TAKE(db));
		refused(from, strange, ERR_CONFLICT, "not empty");
		db = engines_open(old);
		assert_true(migrate_run(db, sql_migrations, sql_migrations_count - 1, &e));
		sql_close(TAKE(db));
		refused(old, to, ERR_CONFLICT, "older than this program");
		refused(empty, to, ERR_CONFLICT, "holds no data");
		db = engines_open(from);
		engines_exec(db, "insert into schema_migration values (9999, 'x', 'y', 0)");
		sql_close(TAKE(db));
		refused(from, to, ERR_CONFLICT, "newer than this program");
		assert_int_equal(tables_in(to), 0);
	}
}

static void never_beside_a_server(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *pg = filled(true);
	AUTO(xfree) char *lite = fresh(false);
	AUTO(sql_close) struct sql *server = engines_open(pg);
	refused(pg, lite, ERR_CONFLICT, "stop every server");
	sql_close(TAKE(server));
	assert_true(copy(pg, lite, &e));
	server = engines_open(lite);
	AUTO(sql_close) struct sql *second = NULL;
	assert_false(sql_open(lite, &second, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

/* SQLite keeps what it is given; what PostgreSQL could not keep is named, and nothing is made. */
static void what_no_column_allows_is_named(void **state)
{
	static const struct {
		const char *change, *word;
	} cases[] = {
		{ "update setting set value = cast(x'ff41' as text)", "'value'" },
		{ "update setting set value = cast(x'410042' as text)", "'value'" },
		{ "update setting set value = x'41'", "'value'" },
		{ "update host set facts = 'text'", "'facts'" },
		{ "update setting set changed_ms = 1.5", "'changed_ms'" },
		{ "update host set reboot_needed = 2", "'reboot_needed'" },
		{ "update fact set id = 2147483648 where id = 2147483647", "32 bits" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(xfree) char *from = filled(false);
		AUTO(xfree) char *to = fresh(true);
		AUTO(sql_close) struct sql *db = engines_open(from);
		engines_exec(db, cases[i].change);
		sql_close(TAKE(db));
		refused(from, to, ERR_INVALID, cases[i].word);
		assert_int_equal(tables_in(to), 0);
	}
}

/* --- killed --- */

static void count_down(void *arg, const struct sql_move_at *at)
{
	int *left = arg;
	if (--*left == 0)
		raise(SIGKILL);
}

/* A move in a process of its own that is killed at its n-th sign of life; true = it was. */
static bool killed_at(const char *from, const char *to, int n)
{
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err e = { 0 };
		struct sql *a, *b;
		struct sql_moved done;
		const struct sql_move_watch w = { count_down, &n };
		if (!sql_open(from, &a, &e) || !sql_open(to, &b, &e) ||
		    !sql_move(a, b, &w, &done, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			_exit(1);
		}
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static struct sha256 digest_of_file(const char *url)
{
	struct err e = { 0 };
	struct sha256 d = { 0 };
	int64_t size;
	if (str_starts(str_of(url), "sqlite:"))
		assert_true(digest_file(url + strlen("sqlite:"), &d, &size, &e));
	return d;
}

static void killed_anywhere_it_is_all_or_nothing(void **state)
{
	for (int pg = 0; pg < 2; pg++) {
		struct err e = { 0 };
		AUTO(xfree) char *from = filled(pg);
		AUTO(xfree) char *to = fresh(!pg);
		struct sha256 before = digest_of_file(from);
		int kills = 0;
		for (int n = 1; killed_at(from, to, n); n += 11, kills++)
			assert_int_equal(tables_in(to), 0);
		assert_in_range(kills, 5, 50);
		struct sha256 after = digest_of_file(from);
		assert_true(digest_eq(&before, &after));
		if (!same(from, to, &e)) /* the last one came to its end */
			fail_msg("%s", e.msg);
		check_values(to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(a_difference_is_found),
		cmocka_unit_test(only_into_an_empty_database_of_one_version),
		cmocka_unit_test(never_beside_a_server),
		cmocka_unit_test(what_no_column_allows_is_named),
		cmocka_unit_test(killed_anywhere_it_is_all_or_nothing),
	};
	struct err e = { 0 };
	if (!mkdtemp(engines_dir))
		return 1;
	if (!pg_cluster_start(false, &cluster, &e)) {
		printf("skipped: %s\n", e.msg);
		return e.code == ERR_NOT_FOUND ? 77 : 1;
	}
	int failures = cmocka_run_group_tests(tests, NULL, NULL);
	pg_cluster_stop(cluster);
	return failures + !file_remove_tree(engines_dir, &e);
}
