/* SPDX-License-Identifier: Apache-2.0
 * SQLite: connections, prepared statements, rows. Invariants: WAL with synchronous=FULL (NORMAL was
 * measured to lose acknowledged commits at power loss); one server a database, by lock file; $n is
 * bound by name because SQLite numbers parameters by first appearance. */
#include "base/file.h"
#include "sql/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct lite_stmt {
	sqlite3_stmt *s;
	bool busy;   /* its rows are being read */
	bool cached; /* belongs to the connection's cache */
	int at[];    /* SQLite's number of $1, $2, .. */
};
struct lite_rows {
	struct sql_rows base;
	const struct sql_stmt *q;
	struct lite_stmt *st;
	int rc; /* of the step already made */
};

static int last_errno(sqlite3_file *f)
{
	int sys = 0;
	if (f && f->pMethods)
		f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &sys);
	return sys;
}

/* errno of the I/O error `rc`. The connection notes errno only when it reports, and what it does
 * between a sync that failed and that (it rolls back) has overwritten it by then; the file keeps
 * its own. */
static int errno_of(sqlite3 *h, int rc)
{
	sqlite3_file *log = NULL, *db = NULL;
	if (rc != SQLITE_IOERR_FSYNC && rc != SQLITE_IOERR_DIR_FSYNC)
		return sqlite3_system_errno(h);
	sqlite3_file_control(h, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	sqlite3_file_control(h, "main", SQLITE_FCNTL_FILE_POINTER, &db);
	int sys = last_errno(log);
	return sys ? sys : last_errno(db);
}

static enum err_code code_of(sqlite3 *h, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
				       rc == SQLITE_CONSTRAINT_FOREIGNKEY ||
				       rc == SQLITE_CONSTRAINT_ROWID
			       ? ERR_CONFLICT
			       : ERR_INVALID;
	case SQLITE_FULL: return ERR_FULL;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN: {
		int sys = errno_of(h, rc);
		return sys == ENOSPC || sys == EDQUOT ? ERR_FULL : ERR_IO;
	}
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return ERR_UNAVAILABLE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return ERR_CORRUPT;
	case SQLITE_TOOBIG: return ERR_LIMIT;
	case SQLITE_MISMATCH: return ERR_INVALID;
	case SQLITE_PERM:
	case SQLITE_AUTH: return ERR_DENIED;
	default: return ERR_INTERNAL;
	}
}

static bool fail(struct lite_conn *c, const char *what, struct err *e)
{
	int rc = sqlite3_extended_errcode(c->h);
	enum err_code code = code_of(c->h, rc);
	if (code == ERR_FULL)
		err_set(e, code, "%s: no space is left on its disk; make room, then try again",
			what);
	else
		err_set(e, code, "%s: %s", what, sqlite3_errmsg(c->h));
	if (e && ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN))
		e->sys = errno_of(c->h, rc);
	return false;
}

static bool fail_stmt(struct lite_conn *c, const struct sql_stmt *q, struct err *e)
{
	fail(c, "database", e);
	return err_prefix(e, "statement '%s'", q->name);
}

bool lite_exec(struct lite_conn *c, const char *text, struct err *e)
{
	return sqlite3_exec(c->h, text, NULL, NULL, NULL) == SQLITE_OK || fail(c, "database", e);
}

static void free_stmt(void *p)
{
	struct lite_stmt *st = p;
	sqlite3_finalize(st->s);
	xfree(st);
}

static struct lite_stmt *prepare(struct lite_conn *c, const struct sql_stmt *q, struct err *e)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v3(c->h, q->text, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) !=
	    SQLITE_OK) {
		fail_stmt(c, q, e);
		return NULL;
	}
	struct lite_stmt *st = xcalloc(1, sizeof(*st) + sizeof(st->at[0]) * (size_t)q->params);
	st->s = s;
	for (int i = 0; i < q->params; i++) {
		char name[16];
		snprintf(name, sizeof(name), "$%d", i + 1);
		st->at[i] = sqlite3_bind_parameter_index(s, name);
		ASSERT(st->at[i] > 0);
	}
	return st;
}

/* The statement ready to run: from the cache, or another copy while the cached one is being read.
 */
static struct lite_stmt *statement(struct lite_conn *c, const struct sql_stmt *q, struct err *e)
{
	void **slot = sql_cache_at(&c->cache, q);
	struct lite_stmt *st = *slot;
	if (st && !st->busy)
		return st;
	struct lite_stmt *fresh = prepare(c, q, e);
	if (fresh && !st) {
		fresh->cached = true;
		*slot = fresh;
	}
	return fresh;
}

static void release(struct lite_stmt *st)
{
	if (!st->cached) {
		free_stmt(st);
		return;
	}
	sqlite3_reset(st->s);
	sqlite3_clear_bindings(st->s);
	st->busy = false;
}

static bool bind(struct lite_conn *c, struct lite_stmt *st, const struct sql_stmt *q,
		 const struct sql_val *args, sqlite3_destructor_type keep, struct err *e)
{
	for (int i = 0; i < q->params; i++) {
		const struct sql_val *v = &args[i];
		const char *p = v->s.p ? v->s.p : "";
		int rc = SQLITE_OK, at = st->at[i];
		switch (v->type) {
		case SQL_T_NULL: rc = sqlite3_bind_null(st->s, at); break;
		case SQL_T_INT:
		case SQL_T_BOOL: rc = sqlite3_bind_int64(st->s, at, v->i); break;
		case SQL_T_REAL: rc = sqlite3_bind_double(st->s, at, v->r); break;
		case SQL_T_TEXT:
			rc = sqlite3_bind_text64(st->s, at, p, v->s.n, keep, SQLITE_UTF8);
			break;
		case SQL_T_BLOB: rc = sqlite3_bind_blob64(st->s, at, p, v->s.n, keep); break;
		}
		if (rc != SQLITE_OK)
			return fail_stmt(c, q, e);
	}
	return true;
}

static bool lite_change(struct sql_conn *base, const struct sql_stmt *q, const struct sql_val *args,
			int64_t *changed_out, struct err *e)
{
	struct lite_conn *c = (struct lite_conn *)base;
	struct lite_stmt *st = statement(c, q, e);
	if (!st)
		return false;
	bool ok = bind(c, st, q, args, SQLITE_STATIC, e);
	if (ok) {
		int64_t before = sqlite3_total_changes64(c->h);
		int rc;
		while ((rc = sqlite3_step(st->s)) == SQLITE_ROW)
			continue;
		ok = rc == SQLITE_DONE || fail_stmt(c, q, e);
		/* sqlite3_changes() keeps the last statement's count when this one changed nothing
		 */
		if (ok)
			*changed_out = sqlite3_total_changes64(c->h) == before
					       ? 0
					       : sqlite3_changes64(c->h);
	}
	release(st);
	return ok;
}

static struct sql_rows *lite_query(struct sql_conn *base, const struct sql_stmt *q,
				   const struct sql_val *args, struct err *e)
{
	struct lite_conn *c = (struct lite_conn *)base;
	struct lite_stmt *st = statement(c, q, e);
	if (!st)
		return NULL;
	/* The first step is made here: a changing statement with "returning" has then changed, read
	 * or not. */
	int rc = SQLITE_ERROR;
	if (bind(c, st, q, args, SQLITE_TRANSIENT, e)) {
		rc = sqlite3_step(st->s);
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			fail_stmt(c, q, e);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		release(st);
		return NULL;
	}
	st->busy = true;
	struct lite_rows *r = xcalloc(1, sizeof(*r));
	r->q = q;
	r->st = st;
	r->rc = rc;
	return &r->base;
}

static bool lite_next(struct sql_rows *base)
{
	struct lite_rows *r = (struct lite_rows *)base;
	if (r->rc == SQLITE_OK) /* the row in hand was given out: fetch another */
		r->rc = sqlite3_step(r->st->s);
	if (r->rc == SQLITE_ROW) {
		r->rc = SQLITE_OK;
		return true;
	}
	if (r->rc != SQLITE_DONE) {
		r->base.failed = true;
		fail_stmt((struct lite_conn *)r->base.conn, r->q, &r->base.why);
	}
	return false;
}

static void lite_end(struct sql_rows *base)
{
	struct lite_rows *r = (struct lite_rows *)base;
	release(r->st);
	xfree(r);
}

static int64_t lite_col_int(struct sql_rows *r, int col)
{
	return sqlite3_column_int64(((struct lite_rows *)r)->st->s, col);
}

static double lite_col_real(struct sql_rows *r, int col)
{
	return sqlite3_column_double(((struct lite_rows *)r)->st->s, col);
}

static struct str lite_col_str(struct sql_rows *r, int col)
{
	sqlite3_stmt *s = ((struct lite_rows *)r)->st->s;
	const void *p = sqlite3_column_type(s, col) == SQLITE_BLOB ? sqlite3_column_blob(s, col)
								   : sqlite3_column_text(s, col);
	return (struct str) { p ? p : "", p ? (size_t)sqlite3_column_bytes(s, col) : 0 };
}

static bool lite_col_null(struct sql_rows *r, int col)
{
	return sqlite3_column_type(((struct lite_rows *)r)->st->s, col) == SQLITE_NULL;
}

enum sql_type lite_col_type(struct sql_rows *r, int col)
{
	switch (sqlite3_column_type(((struct lite_rows *)r)->st->s, col)) {
	case SQLITE_INTEGER: return SQL_T_INT;
	case SQLITE_FLOAT: return SQL_T_REAL;
	case SQLITE_TEXT: return SQL_T_TEXT;
	case SQLITE_BLOB: return SQL_T_BLOB;
	default: return SQL_T_NULL;
	}
}

static bool lite_script(struct sql_conn *c, const char *text, struct err *e)
{
	return lite_exec((struct lite_conn *)c, text, e);
}

/* True when `text` gives no row, or one that says "ok". */
static bool finds_nothing(struct lite_conn *c, const char *text, struct err *e)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(c->h, text, -1, &s, NULL) != SQLITE_OK)
		return fail(c, "database", e);
	int rc = sqlite3_step(s);
	const char *said = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : "ok";
	bool good = rc == SQLITE_ROW || rc == SQLITE_DONE || fail(c, "database", e);
	if (good && strcmp(said ? said : "", "ok") != 0)
		good = err_set(e, ERR_CORRUPT, "database: %.200s", said ? said : "");
	sqlite3_finalize(s);
	return good;
}

static bool lite_verify(struct sql_conn *base, struct err *e)
{
	struct lite_conn *c = (struct lite_conn *)base;
	return finds_nothing(c, "pragma integrity_check(1)", e) &&
	       finds_nothing(c,
			     "select 'a row of ' || \"table\" || ' refers to none of ' || parent "
			     "from pragma_foreign_key_check limit 1",
			     e);
}

struct sql_conn *lite_connect(struct sql *db, bool writer, struct err *e)
{
	const struct lite *l = db->engine;
	struct lite_conn *c = xcalloc(1, sizeof(*c));
	c->base.db = db;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	bool ok = sqlite3_open_v2(l->path, &c->h, flags, NULL) == SQLITE_OK ||
		  fail(c, "cannot open", e);
	ok = ok && (sqlite3_busy_timeout(c->h, 10000) == SQLITE_OK || fail(c, "cannot open", e));
	ok = ok &&
	     lite_exec(c,
		       "pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on;"
		       "pragma trusted_schema=off; pragma journal_size_limit=67108864;"
		       "pragma temp_store=memory; pragma cache_size=-8192",
		       e);
	if (ok && !writer)
		ok = lite_exec(c, "pragma query_only=on", e);
	if (ok)
		return &c->base;
	err_prefix(e, "database '%s'", l->path);
	lite_disconnect(&c->base);
	return NULL;
}

void lite_disconnect(struct sql_conn *base)
{
	if (!base)
		return;
	struct lite_conn *c = (struct lite_conn *)base;
	sql_cache_done(&c->cache, free_stmt);
	sqlite3_close(c->h);
	xfree(c);
}

/* Makes the file first, for its owner only: SQLite gives the -wal and -shm files the same mode. */
static bool create_file(const char *path, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return true;
	if (fd < 0)
		return err_sys(e, errno, "cannot create database '%s'", path);
	const char *slash = strrchr(path, '/');
	AUTO(xfree) char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	return file_sync_dir(dir, e);
}

static bool lite_open(struct sql *db, const char *where, struct err *e)
{
	if (!where[0] || where[0] == ':')
		return err_set(e, ERR_INVALID,
			       "database URL names no file; use 'sqlite:/path/file.db'");
	struct lite *l = xcalloc(1, sizeof(*l));
	l->path = xstrdup(where);
	l->lock_fd = -1;
	db->engine = l;
	AUTO(xfree) char *lock = xasprintf("%s.lock", where);
	if (!file_lock(lock, &l->lock_fd, e)) {
		if (e && e->code == ERR_CONFLICT)
			return err_prefix(
				e, "database '%s' is in use by another server; stop that one first",
				where);
		return err_prefix(e, "database '%s'", where);
	}
	return create_file(where, e) && lite_writer_start(db, e);
}

static void lite_close(struct sql *db)
{
	struct lite *l = db->engine;
	if (!l)
		return;
	lite_writer_stop(l->writer);
	fd_close(l->lock_fd);
	xfree(l->path);
	xfree(l);
}

const struct sql_driver sql_driver_sqlite = {
	.name = "sqlite",
	.open = lite_open,
	.close = lite_close,
	.connect = lite_connect,
	.disconnect = lite_disconnect,
	.write = lite_write,
	.script = lite_script,
	.verify = lite_verify,
	.change = lite_change,
	.query = lite_query,
	.next = lite_next,
	.end = lite_end,
	.col_int = lite_col_int,
	.col_real = lite_col_real,
	.col_str = lite_col_str,
	.col_null = lite_col_null,
	.whole = &sql_whole_sqlite,
};
