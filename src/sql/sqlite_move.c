/* SPDX-License-Identifier: Apache-2.0
 * A SQLite database as a whole: a connection of its own beside the idle writer; the lock file that
 * sql_open() took keeps servers away. Must not write to a source. */
#include "sql/migrate.h"
#include "sql/sqlite_int.h"

static struct sql_conn *lite_take(struct sql *db, bool write, struct err *e)
{
	struct sql_conn *c = lite_connect(db, write, e);
	if (c)
		c->writing = true; /* no statement is tried a second time on another connection */
	return c;
}

/* Closing rolls back what was not committed. */
static void lite_give(struct sql_conn *c)
{
	lite_disconnect(c);
}

static bool lite_tables(struct sql_conn *c, const char *name, int64_t *n_out, struct err *e)
{
	static const struct sql_stmt count = {
		"tables",
		"select count(*) from sqlite_master where type in ('table', 'view') and "
		"($1 = '' or name = $1)",
		1
	};
	struct sql_rows *r;
	if (!sql_query(c, &count, SQL_ARGS(sql_text(name)), &r, e))
		return false;
	*n_out = sql_next(r) ? sql_col_int(r, 0) : 0;
	return sql_rows_end(r, e);
}

static bool lite_begin(struct sql_conn *base, bool write, struct err *e)
{
	return lite_exec((struct lite_conn *)base, write ? "begin immediate" : "begin", e);
}

static bool lite_commit(struct sql_conn *base, struct err *e)
{
	return lite_exec((struct lite_conn *)base, "commit", e) || err_prefix(e, "cannot commit");
}

static struct sql_rows *lite_read(struct sql_conn *c, const struct sql_table *t, struct err *e)
{
	return sql_driver_sqlite.query(c, &t->read, NULL, e);
}

static bool lite_put_begin(struct sql_conn *c, const struct sql_table *t, struct err *e)
{
	(void)c;
	(void)t;
	(void)e;
	return true;
}

static bool lite_put(struct sql_conn *c, const struct sql_table *t, const struct sql_val *row,
		     struct err *e)
{
	return sql_run(c, &t->insert, row, t->n, e);
}

static bool lite_put_end(struct sql_conn *c, struct err *e)
{
	(void)c;
	(void)e;
	return true;
}

const struct sql_whole sql_whole_sqlite = {
	.take = lite_take,
	.give = lite_give,
	.tables = lite_tables,
	.begin = lite_begin,
	.commit = lite_commit,
	.read = lite_read,
	.col_type = lite_col_type,
	.put_begin = lite_put_begin,
	.put = lite_put,
	.put_end = lite_put_end,
};
