/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL through libpq: connections, prepared statements, serializable transactions.
 * Invariants: a write function is run again only when nothing of it was committed; the last
 * attempts of a transaction that keeps colliding run alone in this process, so that contention
 * ends; a commit whose answer was lost is reported, never repeated. */
#include "base/clock.h"
#include "base/random.h"
#include "sql/pgsql_int.h"

#include <unistd.h>

#define WRITERS_MAX 8
#define ATTEMPTS_MAX 12 /* other servers' transactions collide too */
#define ATTEMPTS_TOGETHER 2

struct pg { /* struct sql.engine */
	char *url;
	struct sql_pool writers;
	pthread_rwlock_t turn; /* shared by ordinary attempts, exclusive for the last ones */
};

/* The server's first line, without the trailing newline libpq adds. */
static void first_line(const char *text, char out[static 200])
{
	size_t n = strcspn(text, "\n");
	snprintf(out, 200, "%.*s", (int)MIN(n, 199), text);
}

static enum err_code code_of(const char *state)
{
	static const struct {
		const char *prefix;
		enum err_code code;
	} table[] = {
		{ "23505", ERR_CONFLICT },  { "23503", ERR_CONFLICT },	  { "23", ERR_INVALID },
		{ "22", ERR_INVALID },	    { "40", ERR_UNAVAILABLE },	  { "53100", ERR_FULL },
		{ "54", ERR_LIMIT },	    { "53", ERR_UNAVAILABLE },	  { "57014", ERR_TIMEOUT },
		{ "57P", ERR_UNAVAILABLE }, { "55P03", ERR_UNAVAILABLE }, { "08", ERR_UNAVAILABLE },
		{ "42501", ERR_DENIED },    { "28", ERR_DENIED },	  { "58", ERR_IO },
		{ "XX001", ERR_CORRUPT },   { "XX002", ERR_CORRUPT },
	};
	for (size_t i = 0; state && i < ARRAY_LEN(table); i++) {
		if (str_starts(str_of(state), table[i].prefix))
			return table[i].code;
	}
	return ERR_INTERNAL;
}

bool pg_fail(struct pg_conn *c, const PGresult *res, struct err *e)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *primary = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	char text[200];
	first_line(primary ? primary : PQerrorMessage(c->h), text);
	/* no SQLSTATE: libpq's own failure, seen before its status changes; 57P0x: the server is
	 * going */
	if (PQstatus(c->h) == CONNECTION_BAD || !state || str_starts(str_of(state), "57P0") ||
	    str_starts(str_of(state), "08")) {
		c->base.broken = true;
		return err_set(e, ERR_UNAVAILABLE, "connection to PostgreSQL lost: %s", text);
	}
	c->again = c->again || (state && (!strcmp(state, "40001") || !strcmp(state, "40P01")));
	return err_set(e, code_of(state), "database: %s", text);
}

static bool pg_exec(struct pg_conn *c, const char *text, struct err *e)
{
	PGresult *res = PQexec(c->h, text);
	ExecStatusType st = PQresultStatus(res);
	bool ok = st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK || pg_fail(c, res, e);
	PQclear(res);
	return ok;
}

void pg_silent(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static bool set_up(struct pg_conn *c, struct err *e)
{
	if (PQstatus(c->h) != CONNECTION_OK) {
		char text[200];
		first_line(PQerrorMessage(c->h), text);
		return err_set(e, ERR_UNAVAILABLE,
			       "cannot connect to PostgreSQL: %s; check that it runs and that the "
			       "database URL is right",
			       text);
	}
	PQsetNoticeReceiver(c->h, pg_silent, NULL);
	return pg_exec(c,
		       c->writer ? "set statement_timeout = 30000; set timezone = 'UTC'"
				 : "set statement_timeout = 30000; set timezone = 'UTC'; "
				   "set default_transaction_read_only = on",
		       e);
}

static struct sql_conn *pg_connect(struct sql *db, bool writer, struct err *e)
{
	const struct pg *pg = db->engine;
	static const char *const keys[] = { "connect_timeout",	"tcp_user_timeout",
					    "application_name", "dbname",
					    "client_encoding",	NULL };
	const char *const values[] = { "10", "60000", "tsukuroi", pg->url, "UTF8", NULL };
	struct pg_conn *c = xcalloc(1, sizeof(*c));
	c->base.db = db;
	c->writer = writer;
	c->h = PQconnectdbParams(keys, values, 1);
	ASSERT(c->h);
	if (set_up(c, e))
		return &c->base;
	PQfinish(c->h);
	xfree(c);
	return NULL;
}

static void pg_disconnect(struct sql_conn *base)
{
	struct pg_conn *c = (struct pg_conn *)base;
	sql_cache_done(&c->cache, xfree);
	PQfinish(c->h);
	xfree(c);
}

/* After a lost connection, outside a transaction: a new one in place. */
static bool reconnect(struct pg_conn *c, struct err *e)
{
	sql_cache_done(&c->cache, xfree);
	PQreset(c->h);
	if (!set_up(c, e))
		return false;
	c->base.broken = false;
	return true;
}

static struct pg_stmt *describe(struct pg_conn *c, const struct sql_stmt *q, const char *name,
				struct err *e)
{
	PGresult *res = PQdescribePrepared(c->h, name);
	struct pg_stmt *st = NULL;
	if (PQresultStatus(res) == PGRES_COMMAND_OK) {
		ASSERT(PQnparams(res) == q->params);
		st = xcalloc(1, sizeof(*st) + sizeof(st->types[0]) * (size_t)q->params);
		for (int i = 0; i < q->params; i++)
			st->types[i] = PQparamtype(res, i);
		st->binary = pg_all_binary(res);
		snprintf(st->name, sizeof(st->name), "%s", name);
	} else {
		pg_fail(c, res, e);
	}
	PQclear(res);
	return st;
}

static struct pg_stmt *statement(struct pg_conn *c, const struct sql_stmt *q, struct err *e)
{
	void **slot = sql_cache_at(&c->cache, q);
	if (*slot)
		return *slot;
	char name[16];
	snprintf(name, sizeof(name), "s%u", c->prepared++);
	PGresult *res = PQprepare(c->h, name, q->text, 0, NULL);
	bool ok = PQresultStatus(res) == PGRES_COMMAND_OK || pg_fail(c, res, e);
	PQclear(res);
	if (!ok)
		return NULL;
	struct pg_stmt *st = describe(c, q, name, e);
	*slot = st;
	return st;
}

static PGresult *execute_once(struct pg_conn *c, const struct sql_stmt *q,
			      const struct sql_val *args, struct err *e)
{
	const struct pg_stmt *st = statement(c, q, e);
	if (!st)
		return NULL;
	for (int i = 0; i < q->params; i++) {
		if (args[i].s.n > INT32_MAX) {
			err_set(e, ERR_LIMIT, "parameter %d is larger than 2 GiB", i + 1);
			return NULL;
		}
	}
	struct pg_params p;
	pg_encode(st, args, q->params, &p);
	PGresult *res = PQexecPrepared(c->h, st->name, q->params, p.p, p.len, p.format, st->binary);
	arena_done(&p.mem);
	ExecStatusType status = PQresultStatus(res);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return res;
	pg_fail(c, res, e);
	PQclear(res);
	return NULL;
}

/* Runs a statement; a reader whose idle connection has died in the meantime gets a new one. */
static PGresult *execute(struct sql_conn *base, const struct sql_stmt *q,
			 const struct sql_val *args, struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	PGresult *res = execute_once(c, q, args, e);
	if (!res && base->broken && !base->writing && reconnect(c, e))
		res = execute_once(c, q, args, e);
	if (!res)
		err_prefix(e, "statement '%s'", q->name);
	return res;
}

static bool pg_change(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args,
		      int64_t *changed_out, struct err *e)
{
	PGresult *res = execute(c, q, args, e);
	if (!res)
		return false;
	int64_t n;
	*changed_out = str_to_i64(str_of(PQcmdTuples(res)), &n) ? n : 0;
	PQclear(res);
	return true;
}

static struct sql_rows *pg_query(struct sql_conn *c, const struct sql_stmt *q,
				 const struct sql_val *args, struct err *e)
{
	PGresult *res = execute(c, q, args, e);
	if (!res)
		return NULL;
	struct pg_rows *r = xcalloc(1, sizeof(*r));
	r->res = res;
	r->row = -1;
	r->rows = PQntuples(res);
	return &r->base;
}

struct sql_rows *pg_query_each(struct sql_conn *base, const struct sql_stmt *q, struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	const struct pg_stmt *st = statement(c, q, e);
	ASSERT(q->params == 0);
	if (!st)
		return NULL;
	if (!PQsendQueryPrepared(c->h, st->name, 0, NULL, NULL, NULL, st->binary) ||
	    !PQsetSingleRowMode(c->h)) {
		pg_fail(c, NULL, e);
		return NULL;
	}
	struct pg_rows *r = xcalloc(1, sizeof(*r));
	r->each = true;
	return &r->base;
}

/* The next row that the server has sent; false at the end. */
static bool next_sent(struct pg_rows *r)
{
	struct pg_conn *c = (struct pg_conn *)r->base.conn;
	PQclear(r->res);
	r->res = PQgetResult(c->h);
	ExecStatusType st = PQresultStatus(r->res);
	r->row = 0;
	r->rows = st == PGRES_SINGLE_TUPLE;
	if (r->rows)
		return true;
	if (st != PGRES_TUPLES_OK) {
		r->base.failed = true;
		pg_fail(c, r->res, &r->base.why);
	}
	PQclear(r->res);
	r->res = PQgetResult(c->h); /* NULL: the connection is free again */
	r->each = false;
	return false;
}

static bool pg_next(struct sql_rows *base)
{
	struct pg_rows *r = (struct pg_rows *)base;
	arena_done(&r->scratch);
	if (r->each)
		return next_sent(r);
	if (r->row < r->rows)
		r->row++;
	return r->row < r->rows;
}

static void pg_end(struct sql_rows *base)
{
	struct pg_rows *r = (struct pg_rows *)base;
	arena_done(&r->scratch);
	base->conn->broken |= r->each; /* rows are still coming: it is of no other use */
	PQclear(r->res);
	xfree(r);
}

struct sql_pool *pg_writers(struct sql *db)
{
	return &((struct pg *)db->engine)->writers;
}

const char *pg_url(const struct sql *db)
{
	return ((const struct pg *)db->engine)->url;
}

bool pg_call(struct sql_conn *base, const char *text, const char *arg, int64_t *out, struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	PGresult *res = PQexecParams(c->h, text, arg ? 1 : 0, NULL, &arg, NULL, NULL, 0);
	ExecStatusType st = PQresultStatus(res);
	bool ok = st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK || pg_fail(c, res, e);
	if (ok && out && (PQntuples(res) < 1 || !str_to_i64(str_of(PQgetvalue(res, 0, 0)), out)))
		*out = 0;
	PQclear(res);
	return ok;
}

static bool pg_script(struct sql_conn *base, const char *text, struct err *e)
{
	struct pg_conn *c = (struct pg_conn *)base;
	return pg_exec(c, "set local statement_timeout = 0", e) && pg_exec(c, text, e) &&
	       pg_exec(c, "set local statement_timeout = 30000", e);
}

enum outcome { DONE, FAILED, AGAIN };

static bool begin(struct pg_conn *c, struct err *e)
{
	static const char text[] = "begin isolation level serializable";
	if (pg_exec(c, text, e))
		return true;
	return c->base.broken && reconnect(c, e) && pg_exec(c, text, e);
}

static enum outcome commit(struct pg_conn *c, struct err *e)
{
	PGresult *res = PQexec(c->h, "commit");
	enum outcome out = FAILED;
	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		pg_fail(c, res, e);
		if (c->base.broken)
			err_prefix(e, "it is not known whether the change was kept");
		else if (c->again)
			out = AGAIN;
	} else if (strcmp(PQcmdStatus(res), "COMMIT") == 0) {
		out = DONE;
	} else {
		err_set(e, ERR_INTERNAL, "database: the transaction was rolled back at its end");
	}
	PQclear(res);
	return out;
}

static enum outcome attempt(struct pg_conn *c, sql_write_fn fn, void *arg, struct err *e)
{
	c->again = false;
	if (!begin(c, e))
		return FAILED;
	bool ok = sql_call(&c->base, fn, arg, e);
	if (c->base.broken)
		return AGAIN;
	if (ok && !c->again)
		return commit(c, e);
	struct err
		ignored; /* a failed rollback leaves a broken connection, which the pool closes */
	if (!pg_exec(c, "rollback", &ignored))
		c->base.broken = true;
	return c->again ? AGAIN : FAILED;
}

static bool pg_write(struct sql *db, sql_write_fn fn, void *arg, struct err *e)
{
	struct pg *pg = db->engine;
	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		if (i > 0)
			usleep((useconds_t)random_below(2000u << MIN(i, 6)));
		if (i < ATTEMPTS_TOGETHER)
			pthread_rwlock_rdlock(&pg->turn);
		else
			pthread_rwlock_wrlock(&pg->turn);
		struct sql_conn *c = sql_pool_take(&pg->writers, e);
		enum outcome out = c ? attempt((struct pg_conn *)c, fn, arg, e) : FAILED;
		if (c)
			sql_pool_give(c);
		pthread_rwlock_unlock(&pg->turn);
		if (out != AGAIN)
			return out == DONE;
	}
	return err_prefix(e, "given up after %d attempts", ATTEMPTS_MAX);
}

static bool pg_open(struct sql *db, const char *where, struct err *e)
{
	struct pg *pg = xcalloc(1, sizeof(*pg));
	pg->url = xstrdup(where);
	db->engine = pg;
	sql_pool_init(&pg->writers, db, true, WRITERS_MAX);
	pthread_rwlockattr_t attr;
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&pg->turn, &attr);
	pthread_rwlockattr_destroy(&attr);
	struct sql_conn *c = sql_pool_take(&pg->writers, e);
	if (!c)
		return false;
	sql_pool_give(c);
	return true;
}

static void pg_close(struct sql *db)
{
	struct pg *pg = db->engine;
	if (!pg)
		return;
	sql_pool_done(&pg->writers);
	pthread_rwlock_destroy(&pg->turn);
	xfree(pg->url);
	xfree(pg);
}

const struct sql_driver sql_driver_pgsql = {
	.name = "postgresql",
	.open = pg_open,
	.close = pg_close,
	.connect = pg_connect,
	.disconnect = pg_disconnect,
	.write = pg_write,
	.script = pg_script,
	.announce = pg_announce,
	.leader_term = pg_leader_term,
	.change = pg_change,
	.query = pg_query,
	.next = pg_next,
	.end = pg_end,
	.col_int = pg_col_int,
	.col_real = pg_col_real,
	.col_str = pg_col_str,
	.col_null = pg_col_null,
	.whole = &sql_whole_pgsql,
};
