/* SPDX-License-Identifier: Apache-2.0
 * The nonce's state lives in the database: a reply is sent only when the state that expects it is
 * durable, so a crash between the two costs nothing ("previous" is still good). When the previous
 * one comes, it stays the previous one: the newest reply was lost, and only its lack is known. */
#include "api/agent_nonce.h"

#include "api/queries.h"
#include "base/enc.h"
#include "base/random.h"

struct turn {
	const char *host, *given, *next;
	int64_t epoch, now_ms;
	enum nonce_verdict verdict;
};

struct state {
	bool found;
	int64_t epoch;
	char current[NONCE_LEN], previous[NONCE_LEN];
};

static void copy(char out[static NONCE_LEN], struct str s)
{
	(void)snprintf(out, NONCE_LEN, "%.*s", (int)MIN(s.n, (size_t)NONCE_LEN - 1),
		       s.p ? s.p : "");
}

static bool read_state(struct sql_conn *conn, const char *host, struct state *out, struct err *e)
{
	struct sql_rows *rows = NULL;
	if (!sql_query(conn, &SQL_AGENT_NONCE_GET, SQL_ARGS(sql_text(host)), &rows, e))
		return false;
	out->found = sql_next(rows);
	if (out->found) {
		out->epoch = sql_col_int(rows, 0);
		copy(out->current, sql_col_str(rows, 1));
		copy(out->previous, sql_col_str(rows, 2));
	}
	return sql_rows_end(rows, e);
}

static bool turn(struct sql_conn *conn, void *arg, struct err *e)
{
	struct turn *t = arg;
	struct state s = { .found = false };
	if (!read_state(conn, t->host, &s, e))
		return false;
	bool fresh = !s.found || s.epoch < t->epoch, is_current = strcmp(t->given, s.current) == 0;
	t->verdict = fresh || is_current || strcmp(t->given, s.previous) == 0 ? NONCE_GOOD
									      : NONCE_FORKED;
	if (t->verdict == NONCE_FORKED)
		return true;
	const char *previous = fresh || is_current ? t->given : s.previous;
	return sql_run(conn, &SQL_AGENT_NONCE_PUT,
		       SQL_ARGS(sql_text(t->host), sql_int(t->epoch), sql_text(t->next),
				sql_text(previous), sql_int(t->now_ms)),
		       e);
}

bool agent_nonce_turn(struct sql *db, const char *host, uint64_t epoch, const char *given,
		      int64_t now_ms, char next_out[static NONCE_LEN], enum nonce_verdict *out,
		      struct err *e)
{
	uint8_t raw[16];
	char next[NONCE_LEN];
	random_bytes(raw, sizeof(raw));
	enc_hex(raw, sizeof(raw), next);
	struct turn t = { .host = host,
			  .given = given,
			  .next = next,
			  .epoch = (int64_t)epoch,
			  .now_ms = now_ms };
	if (!sql_write(db, turn, &t, e))
		return false;
	memcpy(next_out, next, NONCE_LEN);
	*out = t.verdict;
	return true;
}
