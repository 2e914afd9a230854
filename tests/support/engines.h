/* SPDX-License-Identifier: Apache-2.0
 * Both engines for a group of tests: run_on_both() runs the same tests on a fresh SQLite file and
 * on a fresh database of a private PostgreSQL cluster. */
#ifndef ENGINES_H
#define ENGINES_H
#include "base/file.h"
#include "sql/sql.h"
#include "support/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct pg_cluster *engines_pg; /* NULL while the tests run on SQLite */
static char engines_dir[] = "/tmp/tsukuroi-sql-XXXXXX";
static int engines_databases;

/* An empty database of the engine under test. */
static inline char *engines_fresh(void)
{
	AUTO(xfree) char *name = xasprintf("t%d", ++engines_databases);
	return engines_pg ? pg_cluster_database(engines_pg, name)
			  : xasprintf("sqlite:%s/%s.db", engines_dir, name);
}

static inline struct sql *engines_open(const char *url)
{
	struct err e = { 0 };
	struct sql *db = NULL;
	if (!sql_open(url, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

/* Runs `group` (a function that calls cmocka_run_group_tests) on each engine; failures summed. */
static inline int engines_run_with(int (*group)(void), bool durable)
{
	struct err e = { 0 };
	if (!mkdtemp(engines_dir))
		return 1;
	printf("== sqlite\n");
	int failures = group();
	if (pg_cluster_start(durable, &engines_pg, &e)) {
		printf("== postgresql\n");
		failures += group();
		pg_cluster_stop(engines_pg);
	} else if (e.code == ERR_NOT_FOUND) {
		printf("== postgresql skipped: %s\n", e.msg);
	} else {
		printf("== postgresql: %s\n", e.msg);
		failures++;
	}
	return failures + !file_remove_tree(engines_dir, &e);
}

/* Only on SQLite: what is tested is not the database. */
static inline int engines_run_sqlite(int (*group)(void))
{
	struct err e = { 0 };
	if (!mkdtemp(engines_dir))
		return 1;
	int failures = group();
	return failures + !file_remove_tree(engines_dir, &e);
}

static inline bool engines_run_text(struct sql_conn *c, void *q, struct err *e)
{
	return sql_run(c, q, SQL_NO_ARGS, e);
}

/* One statement beside the program under test; `text` is a literal. */
static inline void engines_exec(struct sql *db, const char *text)
{
	static struct sql_stmt made[256]; /* statements are known by their address */
	static size_t n;
	struct err e = { 0 };
	assert_true(n < ARRAY_LEN(made));
	made[n] = (struct sql_stmt) { "test", text, 0 };
	if (!sql_write(db, engines_run_text, &made[n++], &e))
		fail_msg("%s", e.msg);
}

/* For tests that are not about power loss: PostgreSQL does not wait for the disk. */
static inline int engines_run(int (*group)(void))
{
	return engines_run_with(group, false);
}
#endif
