/* SPDX-License-Identifier: Apache-2.0
 * The promises of the SQLite writer: commits are shared, one failure does not hurt its neighbours,
 * nothing acknowledged is lost when the process is killed (F02), a full disk is told to everybody
 * and survived (F09), a second server is refused. */
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "base/vec.h"
#include "sql/sql_int.h"
#include "test_queries.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/tsukuroi-lite-XXXXXX";
static const struct sql_stmt integrity = { "integrity", "pragma integrity_check", 0 };

static bool table(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return sql_run(c, &SQL_T_TABLE, SQL_NO_ARGS, e);
}

static struct sql *open_db(const char *where, const char *name, bool fresh)
{
	struct err e = { 0 };
	struct sql *db = NULL;
	AUTO(xfree) char *url = xasprintf("sqlite:%s/%s.db", where, name);
	if (!sql_open(url, &db, &e) || (fresh && !sql_write(db, table, NULL, &e)))
		fail_msg("%s", e.msg);
	return db;
}

struct put {
	int64_t id;
	struct str data;
};

static bool put(struct sql_conn *c, void *arg, struct err *e)
{
	const struct put *p = arg;
	char name[32];
	snprintf(name, sizeof(name), "n%lld", (long long)p->id);
	return sql_run(c, &SQL_T_UPSERT,
		       SQL_ARGS(sql_int(p->id), sql_text(name), sql_blob(p->data)), e);
}

static bool put_and_fail(struct sql_conn *c, void *arg, struct err *e)
{
	return put(c, arg, e) && err_set(e, ERR_DENIED, "no");
}

static int64_t count(struct sql *db)
{
	struct err e = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_non_null(c);
	assert_true(sql_query(c, &SQL_T_COUNT, SQL_ARGS(sql_int(0)), &r, &e));
	int64_t n = sql_next(r) ? sql_col_int(r, 0) : -1;
	assert_true(sql_rows_end(r, &e));
	return n;
}

static void assert_intact(struct sql *db)
{
	struct err e = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	assert_true(sql_query(c, &integrity, SQL_NO_ARGS, &r, &e));
	assert_true(sql_next(r));
	assert_true(str_is(sql_col_str(r, 0), "ok"));
	assert_true(sql_rows_end(r, &e));
}

#define THREADS 32
#define EACH 20

struct worker {
	struct sql *db;
	int number, wrong;
	pthread_t thread;
};

/* Every fifth write fails by its own decision. */
static void *work(void *arg)
{
	struct worker *w = arg;
	for (int i = 0; i < EACH; i++) {
		struct err e = { 0 };
		struct put p = { w->number * EACH + i, STR_LIT("x") };
		bool fails = i % 5 == 4;
		bool ok = sql_write(w->db, fails ? put_and_fail : put, &p, &e);
		w->wrong += ok == fails || (fails && e.code != ERR_DENIED);
	}
	return NULL;
}

static void test_commits_are_shared_and_failures_are_not(void **state)
{
	(void)state;
	AUTO(sql_close) struct sql *db = open_db(dir, "group", true);
	struct worker w[THREADS];
	int64_t before = sqlite_commits(db);
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct worker) { .db = db, .number = i };
		assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].wrong, 0);
	}
	int64_t commits = sqlite_commits(db) - before;
	print_message("%d writes in %lld commits\n", THREADS * EACH, (long long)commits);
	assert_true(commits >= EACH && commits <= THREADS * EACH / 4);
	assert_int_equal(count(db), THREADS * EACH * 4 / 5);
}

static void test_a_second_server_is_refused(void **state)
{
	(void)state;
	struct err e = { 0 };
	AUTO(sql_close) struct sql *db = open_db(dir, "second", true);
	AUTO(xfree) char *url = xasprintf("sqlite:%s/second.db", dir);
	AUTO(xfree) char *pid = xasprintf("pid %d", (int)getpid());
	struct sql *other = NULL;
	assert_false(sql_open(url, &other, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, pid));
	assert_null(other);
	assert_int_equal(count(db), 0);
}

/* --- F02 ----------------------------------------------------------------------------------------
 */

struct acker {
	struct sql *db;
	int64_t next, step;
	int fd;
};

static void *ack(void *arg)
{
	struct acker *a = arg;
	char data[2000];
	memset(data, 'd', sizeof(data));
	for (;; a->next += a->step) {
		struct err e = { 0 };
		struct put p = { a->next, { data, sizeof(data) } };
		if (!sql_write(a->db, put, &p, &e) ||
		    write(a->fd, &p.id, sizeof(p.id)) != sizeof(p.id))
			_exit(1);
	}
}

static void child(int64_t first, int fd)
{
	struct sql *db = open_db(dir, "crash", false);
	struct acker a[8];
	pthread_t t;
	for (int i = 0; i < 8; i++) {
		a[i] = (struct acker) { db, first + i, 8, fd };
		if (pthread_create(&t, NULL, ack, &a[i]) != 0)
			_exit(1);
	}
	for (;;)
		pause();
}

/* Lets a child write until `acks` acknowledgements came, kills it, collects all that were sent. */
static int64_t kill_after(int64_t first, int acks, void (*seen)(int64_t id))
{
	int p[2];
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(p[0]);
		child(first, p[1]);
	}
	close(p[1]);
	int64_t id, last = first;
	for (int n = 0; read(p[0], &id, sizeof(id)) == sizeof(id); n++) {
		seen(id);
		last = MAX(last, id);
		if (n == acks) {
			usleep((useconds_t)random_below(3000));
			kill(pid, SIGKILL);
		}
	}
	close(p[0]);
	int status;
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last + 100; /* past everything the child may have begun */
}

static VEC(int64_t) acked;

static void remember(int64_t id)
{
	VEC_PUSH(&acked, id);
}

static void test_F02_killed_20_times_nothing_acknowledged_is_lost(void **state)
{
	(void)state;
	sql_close(open_db(dir, "crash", true));
	int64_t first = 1;
	for (int round = 0; round < 20; round++) {
		first = kill_after(first, (int)random_below(200), remember);
		AUTO(sql_close) struct sql *db = open_db(dir, "crash", false);
		struct err e = { 0 };
		AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
		assert_non_null(c);
		for (size_t i = 0; i < acked.n; i++) {
			struct sql_rows *r;
			assert_true(
				sql_query(c, &SQL_T_GET, SQL_ARGS(sql_int(acked.p[i])), &r, &e));
			assert_true(sql_next(r));
			assert_int_equal(sql_col_str(r, 2).n, 2000);
			assert_true(sql_rows_end(r, &e));
		}
		assert_intact(db);
	}
	print_message("%zu acknowledged writes, all there\n", acked.n);
	assert_true(acked.n > 20);
	VEC_DONE(&acked);
}

/* --- F09 ----------------------------------------------------------------------------------------
 */

static void fill(struct sql *db)
{
	AUTO(buf_done) struct buf big = BUF_INIT(1 << 20);
	buf_printf(&big, "%0100000d", 1);
	struct err e = { 0 };
	int64_t id = 1;
	while (id < 1000 && sql_write(db, put, &(struct put) { id, buf_str(&big) }, &e))
		id++;
	assert_true(id > 3 && id < 1000);
	if (e.code != ERR_FULL)
		fail_msg("%s: %s", err_code_name(e.code), e.msg);
	assert_int_equal(count(db), id - 1); /* reading goes on, and shows what was acknowledged */
	assert_false(sql_write(db, put, &(struct put) { 2000, buf_str(&big) }, &e));
	assert_int_equal(e.code, ERR_FULL);
}

static void test_F09_a_full_disk_is_told_and_survived(void **state)
{
	(void)state;
	AUTO(xfree) char *small = file_join(dir, "small");
	struct err e = { 0 };
	assert_true(file_mkdirs(small, 0700, &e));
	if (mount("none", small, "tmpfs", 0, "size=3m") != 0) {
		print_message("skipped: cannot mount a small tmpfs (needs root)\n");
		skip();
	}
	AUTO(xfree) char *ballast = file_join(small, "ballast");
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
	buf_printf(&b, "%0600000d", 1);
	assert_true(file_write_atomic(ballast, buf_str(&b), 0600, &e));
	struct sql *db = open_db(small, "full", true);
	fill(db);
	assert_intact(db);
	assert_int_equal(unlink(ballast), 0); /* space returns: no restart needed */
	int64_t before = count(db);
	if (!sql_write(db, put, &(struct put) { 3000, STR_LIT("small") }, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(count(db), before + 1);
	assert_intact(db);
	sql_close(db);
	assert_int_equal(umount2(small, MNT_DETACH), 0);
}

/* SQLite calls these; errno of the syncs to come, 0 = none fails. */
static int sync_errno;

int fsync(int fd)
{
	(void)fd;
	errno = sync_errno;
	return sync_errno ? -1 : 0;
}

int fdatasync(int fd)
{
	return fsync(fd);
}

static void test_F09_F10_a_sync_that_fails_tells_its_cause(void **state)
{
	(void)state;
	static const struct {
		int sys;
		enum err_code code;
	} cases[] = { { ENOSPC, ERR_FULL }, { EIO, ERR_IO }, { EDQUOT, ERR_FULL } };
	struct sql *db = open_db(dir, "syncs", true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		struct put p = { (int64_t)i, STR_LIT("x") };
		sync_errno = cases[i].sys;
		assert_false(sql_write(db, put, &p, &e));
		sync_errno = 0;
		if (e.code != cases[i].code || e.sys != cases[i].sys)
			fail_msg("%s: %s, errno %d", err_code_name(e.code), e.msg, e.sys);
		assert_true(sql_write(db, put, &p, &e));
	}
	assert_int_equal(count(db), (int64_t)ARRAY_LEN(cases));
	sql_close(db);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	struct err e;
	return file_remove_tree(dir, &e) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commits_are_shared_and_failures_are_not),
		cmocka_unit_test(test_a_second_server_is_refused),
		cmocka_unit_test(test_F02_killed_20_times_nothing_acknowledged_is_lost),
		cmocka_unit_test(test_F09_a_full_disk_is_told_and_survived),
		cmocka_unit_test(test_F09_F10_a_sync_that_fails_tells_its_cause),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
