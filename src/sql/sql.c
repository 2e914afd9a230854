/* SPDX-License-Identifier: Apache-2.0
 * The front of the room: opening, arguments checked alike for both engines, the rule that a failed
 * statement ends its write function. Must not know anything about one engine. */
#include "sql/sql.h"

#include "base/enc.h"
#include "base/random.h"
#include "base/utf8.h"
#include "sql/notify.h"
#include "sql/sql_int.h"

#define READERS_MAX 32

/* True on a thread that is inside a write function: a second sql_write() there would wait for
 * itself. */
static _Thread_local bool inside_write;
static _Thread_local int64_t fence; /* see sql_fence() */

/* Fails the statement, and with it the write function that runs it. */
static bool lose(struct sql_conn *c)
{
	if (c->writing)
		c->failed = true;
	return false;
}

bool sql_open(const char *url, struct sql **out, struct err *e)
{
	const struct sql_driver *driver;
	const char *where = url;
	if (str_starts(str_of(url), "sqlite:")) {
		driver = &sql_driver_sqlite;
		where = url + strlen("sqlite:");
	} else if (str_starts(str_of(url), "postgresql://") ||
		   str_starts(str_of(url), "postgres://")) {
		driver = &sql_driver_pgsql;
	} else {
		return err_set(e, ERR_INVALID,
			       "database URL is not understood; use 'sqlite:/path/file.db' or "
			       "'postgresql://...'");
	}
	struct sql *db = xcalloc(1, sizeof(*db));
	db->driver = driver;
	uint8_t raw[8];
	random_bytes(raw, sizeof(raw));
	enc_hex(raw, sizeof(raw), db->origin);
	sql_pool_init(&db->readers, db, false, READERS_MAX);
	if (!driver->open(db, where, e)) {
		sql_close(db);
		return false;
	}
	*out = db;
	return true;
}

void sql_close(struct sql *db)
{
	if (!db)
		return;
	sql_pool_done(&db->readers);
	db->driver->close(db);
	xfree(db);
}

const char *sql_engine(const struct sql *db)
{
	return db->driver->name;
}

bool sql_verify(struct sql *db, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	return c && (!db->driver->verify || db->driver->verify(c, e));
}

struct sql_conn *sql_reader(struct sql *db, struct err *e)
{
	return sql_pool_take(&db->readers, e);
}

void sql_done(struct sql_conn *c)
{
	if (c)
		sql_pool_give(c);
}

bool sql_shared(const struct sql *db)
{
	return db->driver->announce != NULL;
}

void sql_fence(int64_t term)
{
	fence = term;
}

struct fenced {
	sql_write_fn fn;
	void *arg;
	int64_t term;
};

/* The row of the leader stays locked until the commit: the next leader's term comes after it. */
static bool write_fenced(struct sql_conn *c, void *arg, struct err *e)
{
	const struct fenced *f = arg;
	int64_t term;
	if (!c->db->driver->leader_term(c, &term, e))
		return lose(c);
	if (term != f->term)
		return err_set(e, ERR_UNAVAILABLE, "another server leads now; it does this work");
	return f->fn(c, f->arg, e);
}

bool sql_write(struct sql *db, sql_write_fn fn, void *arg, struct err *e)
{
	struct err none;
	if (!e)
		e = &none;
	if (inside_write)
		return err_set(e, ERR_INTERNAL, "sql_write() called inside a write function");
	if (!fence || !sql_shared(db))
		return db->driver->write(db, fn, arg, e);
	struct fenced f = { fn, arg, fence };
	return db->driver->write(db, write_fenced, &f, e);
}

bool sql_call(struct sql_conn *c, sql_write_fn fn, void *arg, struct err *e)
{
	c->writing = true;
	c->failed = false;
	inside_write = true;
	bool ok = fn(c, arg, e);
	inside_write = false;
	c->writing = false;
	ASSERT(c->open_rows == 0);
	if (ok && c->failed)
		return err_set(e, ERR_INTERNAL,
			       "write function carried on after a failed statement");
	return ok;
}

bool sql_text_ok(struct str s)
{
	return str_find(s, '\0') < 0 && utf8_valid(s);
}

static bool check(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args,
		  int nargs, struct err *e)
{
	ASSERT(nargs == q->params);
	if (c->writing && c->failed)
		return err_set(e, ERR_INTERNAL, "statement '%s' after a failed one", q->name);
	for (int i = 0; i < nargs; i++) {
		if (args[i].type == SQL_T_TEXT && !sql_text_ok(args[i].s)) {
			lose(c);
			return err_set(e, ERR_INVALID,
				       "statement '%s': parameter %d is not UTF-8 text", q->name,
				       i + 1);
		}
	}
	return true;
}

bool sql_change(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		int64_t *changed_out, struct err *e)
{
	if (!check(c, q, args, nargs, e))
		return false;
	return c->db->driver->change(c, q, args, changed_out, e) || lose(c);
}

bool sql_run(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
	     struct err *e)
{
	int64_t changed;
	return sql_change(c, q, args, nargs, &changed, e);
}

bool sql_query(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
	       struct sql_rows **out, struct err *e)
{
	if (!check(c, q, args, nargs, e))
		return false;
	struct sql_rows *r = c->db->driver->query(c, q, args, e);
	if (!r)
		return lose(c);
	r->conn = c;
	c->open_rows++;
	*out = r;
	return true;
}

bool sql_next(struct sql_rows *r)
{
	if (r->failed)
		return false;
	if (r->conn->db->driver->next(r))
		return true;
	return r->failed ? lose(r->conn) : false;
}

bool sql_rows_end(struct sql_rows *r, struct err *e)
{
	if (!r)
		return true;
	bool failed = r->failed;
	if (failed && e)
		*e = r->why;
	r->conn->open_rows--;
	r->conn->db->driver->end(r);
	return !failed;
}

int64_t sql_col_int(struct sql_rows *r, int col)
{
	return r->conn->db->driver->col_int(r, col);
}

bool sql_text_of(struct sql *db, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		 struct buf *out, bool *found_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	struct sql_rows *r;
	if (!c || !sql_query(c, q, args, nargs, &r, e))
		return false;
	bool found = sql_next(r) && !sql_col_null(r, 0);
	if (found)
		buf_addstr(out, sql_col_str(r, 0));
	if (!sql_rows_end(r, e))
		return false;
	*found_out = found;
	return buf_ok(out, "a stored text", e);
}

bool sql_int_of(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		int64_t *out, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, q, args, nargs, &r, e))
		return false;
	int64_t n = sql_next(r) ? sql_col_int(r, 0) : 0;
	if (!sql_rows_end(r, e))
		return false;
	*out = n;
	return true;
}

bool sql_col_bool(struct sql_rows *r, int col)
{
	return r->conn->db->driver->col_int(r, col) != 0;
}

double sql_col_real(struct sql_rows *r, int col)
{
	return r->conn->db->driver->col_real(r, col);
}

struct str sql_col_str(struct sql_rows *r, int col)
{
	return r->conn->db->driver->col_str(r, col);
}

bool sql_col_null(struct sql_rows *r, int col)
{
	return r->conn->db->driver->col_null(r, col);
}

bool sql_announce(struct sql_conn *c, const char *kind, struct str what, struct err *e)
{
	ASSERT(c->writing);
	if (!c->db->driver->announce)
		return true;
	if (what.n + strlen(kind) > SQL_ANNOUNCE_MAX || !sql_text_ok(what)) {
		lose(c);
		return err_set(e, ERR_LIMIT, "an announcement of kind '%s' is too long or no text",
			       kind);
	}
	AUTO(xfree)
	char *text = xasprintf("%s %s %.*s", c->db->origin, kind, STR_ARG(what));
	return c->db->driver->announce(c, text, e) || lose(c);
}
