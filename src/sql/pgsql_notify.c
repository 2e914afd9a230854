/* SPDX-License-Identifier: Apache-2.0
 * A node's standing session with PostgreSQL: one connection that listens, holds the shared lock of
 * all running servers, and tries for the leader's. Invariants: the lead is given up before the
 * connection is; `missed` is called after listening began, so that nothing falls between. */
#include "base/clock.h"
#include "sql/notify.h"
#include "sql/pgsql_int.h"
#include "sql/queries.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define BEAT_MS 1000

struct sql_session {
	struct sql *db;
	char *node;
	struct sql_session_conf conf;
	pthread_t thread;
	int stop[2]; /* a pipe: its end wakes the thread */
	PGconn *h;
	int64_t term;
};

static bool ask(struct sql_session *s, const char *text, bool *yes_out)
{
	PGresult *res = PQexec(s->h, text);
	ExecStatusType st = PQresultStatus(res);
	bool ok = st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK;
	if (yes_out)
		*yes_out = ok && PQntuples(res) > 0 && PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	return ok;
}

static void hang_up(struct sql_session *s)
{
	if (s->term)
		s->conf.lead(s->conf.arg, s->term = 0);
	PQfinish(s->h);
	s->h = NULL;
}

/* A dead peer is noticed within seconds: whoever leads must not believe so for long. */
static bool call(struct sql_session *s)
{
	static const char *const keys[] = { "connect_timeout",
					    "tcp_user_timeout",
					    "keepalives_idle",
					    "keepalives_interval",
					    "keepalives_count",
					    "application_name",
					    "dbname",
					    "client_encoding",
					    NULL };
	const char *const values[] = { "5",	      "4000", "2", "1", "3", "tsukuroi session",
				       pg_url(s->db), "UTF8", NULL };
	bool alone = false;
	s->h = PQconnectdbParams(keys, values, 1);
	ASSERT(s->h);
	PQsetNoticeReceiver(s->h, pg_silent, NULL);
	if (PQstatus(s->h) == CONNECTION_OK && ask(s, "set statement_timeout = 4000", NULL) &&
	    ask(s, "select pg_try_advisory_lock_shared(" PG_LOCK_SERVERS ")", &alone) && alone &&
	    ask(s, "listen " PG_CHANNEL, NULL)) {
		s->conf.missed(s->conf.arg);
		return true;
	}
	hang_up(s);
	return false;
}

struct taking {
	const char *node;
	int64_t term;
};

static bool take_term(struct sql_conn *c, void *arg, struct err *e)
{
	struct taking *t = arg;
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_LEADER_TAKE, SQL_ARGS(sql_text(t->node)), &rows, e))
		return false;
	t->term = sql_next(rows) ? sql_col_int(rows, 0) : 0;
	return sql_rows_end(rows, e);
}

/* False when the session is of no use any longer. */
static bool beat(struct sql_session *s)
{
	bool got = false;
	if (s->term)
		return ask(s, "select 1", NULL);
	if (!ask(s, "select pg_try_advisory_lock(" PG_LOCK_LEADER ")", &got))
		return false;
	if (!got)
		return true;
	struct taking t = { .node = s->node };
	struct err e = { 0 };
	if (!sql_write(s->db, take_term, &t, &e) || t.term < 1)
		return false; /* the lock goes with the session */
	s->conf.lead(s->conf.arg, s->term = t.term);
	return true;
}

static void tell(struct sql_session *s, const char *text)
{
	struct str rest = str_of(text), origin, kind;
	if (str_split(&rest, ' ', &origin) && str_split(&rest, ' ', &kind) &&
	    !str_is(origin, s->db->origin))
		s->conf.heard(s->conf.arg, kind, rest);
}

static bool listen_once(struct sql_session *s, int64_t until_ms, bool *stop_out)
{
	int64_t left = until_ms - clock_mono_ms();
	struct pollfd p[2] = { { .fd = PQsocket(s->h), .events = POLLIN },
			       { .fd = s->stop[0], .events = POLLIN } };
	if (poll(p, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
		return false;
	*stop_out = p[1].revents != 0;
	if (!PQconsumeInput(s->h))
		return false;
	PGnotify *n;
	while ((n = PQnotifies(s->h))) {
		tell(s, n->extra);
		PQfreemem(n);
	}
	return PQstatus(s->h) == CONNECTION_OK;
}

static bool pause_or_stop(struct sql_session *s)
{
	struct pollfd p = { .fd = s->stop[0], .events = POLLIN };
	return poll(&p, 1, BEAT_MS / 2) > 0;
}

static void *session_thread(void *arg)
{
	struct sql_session *s = arg;
	bool stop = false;
	while (!stop) {
		if (!s->h && !call(s)) {
			stop = pause_or_stop(s);
			continue;
		}
		bool ok = beat(s);
		int64_t until = clock_mono_ms() + BEAT_MS;
		while (ok && !stop && clock_mono_ms() < until)
			ok = listen_once(s, until, &stop);
		if (!ok)
			hang_up(s);
	}
	if (s->h)
		hang_up(s);
	return NULL;
}

bool sql_session_open(struct sql *db, const char *node, const struct sql_session_conf *conf,
		      struct sql_session **out, struct err *e)
{
	ASSERT(sql_shared(db));
	struct sql_session *s = xcalloc(1, sizeof(*s));
	s->db = db;
	s->node = xstrdup(node);
	s->conf = *conf;
	int r = pipe2(s->stop, O_CLOEXEC) == 0 ? 0 : errno;
	if (!r) {
		r = pthread_create(&s->thread, NULL, session_thread, s);
		if (r) {
			close(s->stop[0]);
			close(s->stop[1]);
		}
	}
	if (r) {
		xfree(s->node);
		xfree(s);
		return err_sys(e, r, "cannot start the thread that hears of changes");
	}
	*out = s;
	return true;
}

void sql_session_close(struct sql_session *s)
{
	if (!s)
		return;
	close(s->stop[1]); /* the end of the pipe: POLLHUP */
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	xfree(s->node);
	xfree(s);
}

bool pg_announce(struct sql_conn *c, const char *text, struct err *e)
{
	return pg_call(c, "select pg_notify('" PG_CHANNEL "', $1)", text, NULL, e);
}

bool pg_leader_term(struct sql_conn *c, int64_t *out, struct err *e)
{
	return pg_call(c, "select term from leader where one = 1 for share", NULL, out, e);
}
