/* SPDX-License-Identifier: Apache-2.0
 * A PostgreSQL database as a whole: the lock that every running server shares is held alone, the
 * tables of a source are locked against writers, rows come one by one and go in by the binary copy
 * protocol. Invariant: the connection is closed at the end, and with it goes every lock. */
#include "base/clock.h"
#include "sql/migrate.h"
#include "sql/pgsql_int.h"

#include <unistd.h>

#define ALONE_WAIT_MS 5000 /* what a killed program held is given back within this */
#define COPY_FLUSH (256u << 10)
#define COPY_ROW_MAX (1020u << 20) /* PostgreSQL's own limit is 1 GiB */

static bool is_alone(struct sql_conn *c, bool *alone_out, struct err *e)
{
	int64_t locked = 0, others = 1;
	if (!pg_call(c,
		     "select case when pg_try_advisory_lock(" PG_LOCK_SERVERS ") then 1 else 0 end",
		     NULL, &locked, e) ||
	    !pg_call(c,
		     "select count(*) from pg_stat_activity where datname = current_database() "
		     "and pid <> pg_backend_pid() and application_name like 'tsukuroi%'",
		     NULL, &others, e))
		return false;
	*alone_out = locked && !others;
	if (locked && others)
		return pg_call(c, "select pg_advisory_unlock(" PG_LOCK_SERVERS ")::int", NULL, NULL,
			       e);
	return true;
}

static bool wait_alone(struct sql_conn *c, struct err *e)
{
	bool alone = false;
	for (int64_t end = clock_mono_ms() + ALONE_WAIT_MS;;) {
		if (!is_alone(c, &alone, e))
			return false;
		if (alone)
			return true;
		if (clock_mono_ms() > end)
			return err_set(e, ERR_CONFLICT,
				       "the PostgreSQL database is in use by a server; stop every "
				       "server on it first");
		usleep(100000);
	}
}

static struct sql_conn *pg_take(struct sql *db, bool write, struct err *e)
{
	(void)write;
	struct sql_conn *c = sql_pool_take(pg_writers(db), e);
	if (!c)
		return NULL;
	c->writing = true; /* never connect again in the middle */
	if (pg_call(c, "set statement_timeout = 0", NULL, NULL, e) && wait_alone(c, e))
		return c;
	c->writing = false;
	c->broken = true;
	sql_pool_give(c);
	return NULL;
}

static void pg_give(struct sql_conn *c)
{
	buf_done(&((struct pg_conn *)c)->copy);
	c->writing = false;
	c->broken = true;
	sql_pool_give(c);
}

static bool pg_tables(struct sql_conn *c, const char *name, int64_t *n_out, struct err *e)
{
	return pg_call(c,
		       "select count(*) from pg_class where relnamespace = (select oid from "
		       "pg_namespace where nspname = current_schema()) and relkind in "
		       "('r', 'p', 'v', 'm', 'f') and ($1 = '' or relname = $1)",
		       name, n_out, e);
}

/* "VERB table, table, ..END" for every table. */
static bool on_all(struct sql_conn *c, const char *verb, const char *end, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(64u << 10);
	for (int i = 0; i < sql_tables_count; i++)
		buf_printf(&text, "%s %s", i ? "," : verb, sql_tables[i].name);
	buf_adds(&text, end);
	return buf_ok(&text, "the list of tables", e) && pg_call(c, text.p, NULL, NULL, e);
}

/* The locks come before the first statement that reads: it fixes the state that is seen. */
static bool pg_begin(struct sql_conn *c, bool write, struct err *e)
{
	return pg_call(c, "begin isolation level repeatable read", NULL, NULL, e) &&
	       pg_call(c, "set local idle_in_transaction_session_timeout = 0", NULL, NULL, e) &&
	       pg_call(c, "set local lock_timeout = 10000", NULL, NULL, e) &&
	       (write || on_all(c, "lock table", " in share mode", e));
}

static bool pg_commit(struct sql_conn *c, struct err *e)
{
	if (!on_all(c, "analyze", "", e))
		return false;
	if (pg_call(c, "commit", NULL, NULL, e))
		return true;
	return err_prefix(e, "it is not known whether the target was kept, whole or not at all; "
			     "compare");
}

static struct sql_rows *pg_read(struct sql_conn *c, const struct sql_table *t, struct err *e)
{
	return pg_query_each(c, &t->read, e);
}

/* --- the binary form of COPY (PostgreSQL's documentation, "COPY", "Binary Format") --- */

static void add_be(struct buf *b, uint64_t x, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		buf_addc(b, (char)(x >> (8 * i)));
}

static bool flush(struct pg_conn *c, struct err *e)
{
	if (!buf_ok(&c->copy, "a row", e))
		return false;
	if (c->copy.n && PQputCopyData(c->h, c->copy.p, (int)c->copy.n) != 1)
		return pg_fail(c, NULL, e);
	buf_reset(&c->copy);
	return true;
}

static bool pg_put_begin(struct sql_conn *base, const struct sql_table *t, struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	if (!pg_call(base, "set local statement_timeout = 0", NULL, NULL, e))
		return false; /* migrations have set it */
	PGresult *res = PQexec(c->h, t->copy);
	bool ok = PQresultStatus(res) == PGRES_COPY_IN || pg_fail(c, res, e);
	PQclear(res);
	buf_done(&c->copy);
	c->copy = BUF_INIT(COPY_ROW_MAX);
	buf_add(&c->copy, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
	return ok;
}

static void add_value(struct buf *b, const struct sql_column *col, const struct sql_val *v)
{
	uint64_t bits;
	switch (v->type) {
	case SQL_T_NULL: add_be(b, UINT32_MAX, 4); return;
	case SQL_T_INT:
		add_be(b, col->small ? 4 : 8, 4);
		add_be(b, (uint64_t)v->i, col->small ? 4 : 8);
		return;
	case SQL_T_BOOL:
		add_be(b, 1, 4);
		add_be(b, v->i != 0, 1);
		return;
	case SQL_T_REAL:
		memcpy(&bits, &v->r, sizeof(bits));
		add_be(b, 8, 4);
		add_be(b, bits, 8);
		return;
	case SQL_T_TEXT:
	case SQL_T_BLOB:
		add_be(b, v->s.n, 4);
		buf_addstr(b, v->s);
		return;
	}
}

static bool pg_put(struct sql_conn *base, const struct sql_table *t, const struct sql_val *row,
		   struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	if (c->copy.n >= COPY_FLUSH && !flush(c, e))
		return false;
	add_be(&c->copy, (uint64_t)t->n, 2);
	for (int i = 0; i < t->n; i++)
		add_value(&c->copy, &t->columns[i], &row[i]);
	return buf_ok(&c->copy, "a row", e);
}

static bool pg_put_end(struct sql_conn *base, struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	add_be(&c->copy, UINT16_MAX, 2);
	if (!flush(c, e))
		return false;
	bool ok = PQputCopyEnd(c->h, NULL) == 1 || pg_fail(c, NULL, e);
	for (PGresult *res; (res = PQgetResult(c->h));) {
		if (ok && PQresultStatus(res) != PGRES_COMMAND_OK)
			ok = pg_fail(c, res, e);
		PQclear(res);
	}
	return ok;
}

const struct sql_whole sql_whole_pgsql = {
	.take = pg_take,
	.give = pg_give,
	.tables = pg_tables,
	.begin = pg_begin,
	.commit = pg_commit,
	.read = pg_read,
	.col_type = pg_col_type,
	.put_begin = pg_put_begin,
	.put = pg_put,
	.put_end = pg_put_end,
};
