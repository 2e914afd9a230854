/* SPDX-License-Identifier: Apache-2.0
 * One thin API over two engines: SQLite (inside the program) and PostgreSQL. There is no SQL text
 * in any .c file: statements are named in <room>/<room>.sql ("-- name: host_insert", $1..$n) and
 * become `extern const struct sql_stmt SQL_HOST_INSERT` in the generated header "<room>/queries.h".
 *
 * Reading: sql_reader() borrows a connection for this thread; several readers run at once.
 * Writing: only through sql_write(), which runs the caller's function inside a transaction. On
 * SQLite one writer thread gathers waiting functions into one transaction (each in its own
 * savepoint) and commits them together (group commit, synchronous=FULL): sql_write() returns only
 * after the commit is durable. On PostgreSQL each call is a transaction of its own. A write
 * function must not touch anything but the database: it may be run again after a serialization
 * failure. Both engines run it serializably. Once a statement in it has failed it must return
 * false: PostgreSQL has lost the transaction then, and SQLite is held to the same rule
 * (ERR_INTERNAL otherwise). */
#ifndef SQL_SQL_H
#define SQL_SQL_H
#include "base/buf.h"

struct sql;	 /* one database: its connections and its writer */
struct sql_conn; /* one connection, used by one thread at a time */
struct sql_rows; /* a result being read */

struct sql_stmt {
	const char *name;
	const char *text;
	int params; /**< highest $n */
};

enum sql_type { SQL_T_NULL, SQL_T_INT, SQL_T_TEXT, SQL_T_BLOB, SQL_T_BOOL, SQL_T_REAL };
struct sql_val {
	enum sql_type type;
	int64_t i;
	double r;
	struct str s; /**< borrowed until the call returns */
};
static inline struct sql_val sql_null(void)
{
	return (struct sql_val) { .type = SQL_T_NULL };
}
static inline struct sql_val sql_int(int64_t i)
{
	return (struct sql_val) { .type = SQL_T_INT, .i = i };
}
static inline struct sql_val sql_bool(bool b)
{
	return (struct sql_val) { .type = SQL_T_BOOL, .i = b };
}
static inline struct sql_val sql_real(double r)
{
	return (struct sql_val) { .type = SQL_T_REAL, .r = r };
}
static inline struct sql_val sql_str(struct str s)
{
	return (struct sql_val) { .type = SQL_T_TEXT, .s = s };
}
/** NULL pointer gives SQL NULL. */
static inline struct sql_val sql_text(const char *s)
{
	return s ? sql_str(str_of(s)) : sql_null();
}
static inline struct sql_val sql_blob(struct str s)
{
	return (struct sql_val) { .type = SQL_T_BLOB, .s = s };
}

/** Argument list: sql_run(c, &SQL_HOST_INSERT, SQL_ARGS(sql_text(id), sql_int(now)), &e). */
#define SQL_ARGS(...)                                                                              \
	((const struct sql_val[]) { __VA_ARGS__ }),                                                \
		(int)(sizeof((struct sql_val[]) { __VA_ARGS__ }) / sizeof(struct sql_val))
#define SQL_NO_ARGS NULL, 0

/** Opens "sqlite:/path/file.db" or "postgresql://..." (libpq URI). Does not migrate.
 *  ERR_CONFLICT when a SQLite file is in use by another server, ERR_UNAVAILABLE when PostgreSQL
 *  cannot be reached (cause and remedy in the text). */
bool sql_open(const char *url, struct sql **out, struct err *e) MUST_CHECK;
void sql_close(struct sql *db);
AUTO_DEFINE(struct sql, sql_close)
/** "sqlite" or "postgresql". */
const char *sql_engine(const struct sql *db);

/** Numbered migrations, embedded by the build from src/schema/NNNN_*.sql, applied in order, each in
 * a transaction, recorded with its SHA-256. A database newer than the program is refused with
 * remedy. */
bool sql_migrate(struct sql *db, struct err *e) MUST_CHECK;
/** The number of the last migration applied; the schema of a database is known by it. */
bool sql_schema(struct sql *db, int64_t *out, struct err *e) MUST_CHECK;

/** The engine's own check of everything it stores: pages, indices, references. Reads the whole
 *  database. SQLite only; PostgreSQL has tools of its own (amcheck), and is taken as good.
 *  ERR_CORRUPT names the first thing found. */
bool sql_verify(struct sql *db, struct err *e) MUST_CHECK;

/** Borrows / returns a read connection. */
struct sql_conn *sql_reader(struct sql *db, struct err *e) MUST_CHECK;
void sql_done(struct sql_conn *c);
AUTO_DEFINE(struct sql_conn, sql_done)

/** See the top of this file. Returns what `fn` returned, or the commit's failure. */
bool sql_write(struct sql *db, bool (*fn)(struct sql_conn *c, void *arg, struct err *e), void *arg,
	       struct err *e) MUST_CHECK;

/** Runs a statement without reading rows. */
bool sql_run(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
	     struct err *e) MUST_CHECK;
/** As sql_run; rows inserted, updated or deleted in *changed_out. ERR_CONFLICT on a violated
 *  unique or foreign key constraint. */
bool sql_change(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		int64_t *changed_out, struct err *e) MUST_CHECK;

/** Starts reading rows; loop `while (sql_next(rows, e))`; sql_rows_end() tells a failure from the
 * end. Column values are valid until the next sql_next or sql_rows_end. */
bool sql_query(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
	       struct sql_rows **out, struct err *e) MUST_CHECK;
bool sql_next(struct sql_rows *r);
/** Frees `r` (NULL is fine). False when reading stopped on a failure. */
bool sql_rows_end(struct sql_rows *r, struct err *e) MUST_CHECK;
/** One text of one row: appends the first row's first column to `out`. *found_out is false, and
 * that is no error, when there is no row or the column is NULL. ERR_LIMIT when `out` cannot hold
 * it. */
bool sql_text_of(struct sql *db, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		 struct buf *out, bool *found_out, struct err *e) MUST_CHECK;
/** One number of one row: the first row's first column, 0 without a row. */
bool sql_int_of(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		int64_t *out, struct err *e) MUST_CHECK;
int64_t sql_col_int(struct sql_rows *r, int col);
bool sql_col_bool(struct sql_rows *r, int col);
double sql_col_real(struct sql_rows *r, int col);
struct str sql_col_str(struct sql_rows *r, int col); /**< text or blob; empty for NULL */
bool sql_col_null(struct sql_rows *r, int col);
#endif
