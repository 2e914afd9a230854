/* SPDX-License-Identifier: Apache-2.0
 * Between pgsql.c (connections, statements, transactions) and pgsql_value.c (values on the wire).
 */
#ifndef SQL_PGSQL_INT_H
#define SQL_PGSQL_INT_H
#include "base/arena.h"
#include "sql/sql_int.h"

#include <libpq-fe.h>

struct pg_conn {
	struct sql_conn base;
	PGconn *h;
	struct sql_cache cache;
	unsigned prepared; /* names given out */
	bool writer;
	struct buf copy; /* rows on their way (pgsql_move.c) */
	bool again;	 /* the server asked for the transaction to be run again */
};
struct pg_stmt {
	char name[16];
	bool binary; /* every result column is of a type we read in binary form */
	Oid types[]; /* of $1, $2, .. as the server inferred them */
};
struct pg_params {
	const char **p;
	int *len, *format;
	struct arena mem;
};
struct pg_rows {
	struct sql_rows base;
	PGresult *res;
	int row, rows;
	bool each;	      /* the server is still sending, a row at a time */
	struct arena scratch; /* text made from other types, for the row in hand */
};

/* Keys of advisory locks: every running server holds the first together with the others; the leader
 * alone the second. */
#define PG_LOCK_SERVERS "8391162087462010881"
#define PG_LOCK_LEADER "8391162087462010882"
#define PG_CHANNEL "tsukuroi_change"

const char *pg_url(const struct sql *db);
struct sql_pool *pg_writers(struct sql *db);
/** Tells why `res` (may be NULL) failed, and marks what the connection has become. False. */
bool pg_fail(struct pg_conn *c, const PGresult *res, struct err *e);
/** As a query without arguments, but the rows are never all in memory. Nothing else runs on the
 * connection before their end. */
struct sql_rows *pg_query_each(struct sql_conn *c, const struct sql_stmt *q, struct err *e);
enum sql_type pg_col_type(struct sql_rows *r, int col);
void pg_silent(void *arg, const PGresult *res);
/** A statement that is no named one, with one text argument; an integer's text in the first row
 * goes to *out. Either may be NULL. */
bool pg_call(struct sql_conn *c, const char *text, const char *arg, int64_t *out, struct err *e)
	MUST_CHECK;
bool pg_leader_term(struct sql_conn *c, int64_t *out, struct err *e) MUST_CHECK;
bool pg_announce(struct sql_conn *c, const char *text, struct err *e) MUST_CHECK;

/** Arguments as the server expects them; free with arena_done(&out->mem). */
void pg_encode(const struct pg_stmt *st, const struct sql_val *args, int n, struct pg_params *out);
/** True when pg_col_* can read every column of `description` in binary form. */
bool pg_all_binary(const PGresult *description);

int64_t pg_col_int(struct sql_rows *r, int col);
double pg_col_real(struct sql_rows *r, int col);
struct str pg_col_str(struct sql_rows *r, int col);
bool pg_col_null(struct sql_rows *r, int col);
#endif
