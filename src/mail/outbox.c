/* SPDX-License-Identifier: Apache-2.0
 * The outbox in the database. Invariant: a mail leaves MAIL_WAITING once, with its outcome. */
#include "base/enc.h"
#include "base/random.h"
#include "base/utf8.h"
#include "mail/mail_int.h"
#include "mail/queries.h"

#include <stdio.h>

const char *mail_state_name(enum mail_state s)
{
	static const char *const names[MAIL_STATES_] = { "waiting", "sent", "given_up" };
	return s < MAIL_STATES_ ? names[s] : "given_up";
}

static char *text(struct sql_rows *r, int col, struct arena *a)
{
	return (char *)(uintptr_t)arena_str(a, sql_col_str(r, col)).p;
}

static bool room_left(struct sql_conn *c, size_t n, struct err *e)
{
	struct sql_rows *r;
	int64_t waiting = 0;
	if (!sql_query(c, &SQL_MAIL_WAITING_COUNT, SQL_NO_ARGS, &r, e))
		return false;
	if (sql_next(r))
		waiting = sql_col_int(r, 0);
	if (!sql_rows_end(r, e))
		return false;
	return waiting + (int64_t)n <= MAIL_WAITING_MAX ||
	       err_set(e, ERR_LIMIT,
		       "%lld mails wait to be sent; look at the mail server's settings",
		       (long long)waiting);
}

/* At most `max` bytes, whole characters. */
static struct str cut(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return (struct str) { s.p, max };
}

bool mail_put(struct mail *m, struct sql_conn *c, const struct mail_letter *l, struct err *e)
{
	const char *language = mail_language(m);
	ASSERT(l->n_to <= MAIL_RECIPIENTS_MAX);
	if (!room_left(c, l->n_to, e))
		return false;
	for (size_t i = 0; i < l->n_to; i++) {
		uint8_t raw[16];
		char id[33], message_id[128];
		random_bytes(raw, sizeof(raw));
		enc_hex(raw, sizeof(raw), id);
		snprintf(message_id, sizeof(message_id), "%s@%.80s", id, m->host);
		if (!sql_run(c, &SQL_MAIL_PUT,
			     SQL_ARGS(sql_text(id), sql_int(l->at_ms), sql_text(l->about),
				      sql_text(l->subject_id), sql_text(l->to[i]),
				      sql_text(message_id), sql_text(language),
				      sql_str(cut(str_of(l->subject), MAIL_SUBJECT_MAX)),
				      sql_str(cut(l->body, MAIL_BODY_MAX))),
			     e))
			return false;
	}
	return true;
}

bool outbox_due(struct mail *m, struct arena *a, struct waiting *out, bool *found_out,
		struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(m->conf.db, e);
	struct sql_rows *r;
	if (!c ||
	    !sql_query(c, &SQL_MAIL_DUE, SQL_ARGS(sql_int(clock_now_ms(m->conf.clock))), &r, e))
		return false;
	*found_out = sql_next(r);
	if (*found_out) {
		snprintf(out->id, sizeof(out->id), "%.*s", STR_ARG(sql_col_str(r, 0)));
		out->o.at_ms = sql_col_int(r, 1);
		out->o.to = text(r, 2, a);
		out->o.message_id = text(r, 3, a);
		out->o.language = text(r, 4, a);
		out->o.subject = text(r, 5, a);
		out->o.body = arena_str(a, sql_col_str(r, 6));
		out->attempts = sql_col_int(r, 7);
		out->since_ms = sql_col_int(r, 8);
	}
	return sql_rows_end(r, e);
}

struct tried {
	const struct waiting *w;
	enum mail_state state;
	int64_t next_ms, ended_ms;
	const char *error;
};

static bool write_tried(struct sql_conn *c, void *arg, struct err *e)
{
	const struct tried *t = arg;
	return sql_run(c, &SQL_MAIL_TRIED,
		       SQL_ARGS(sql_text(t->w->id), sql_int(t->state), sql_int(t->next_ms),
				sql_int(t->ended_ms), sql_text(t->error)),
		       e);
}

bool outbox_tried(struct mail *m, const struct waiting *w, enum mail_state state, int64_t next_ms,
		  const char *error, struct err *e)
{
	struct tried t = { w, state, next_ms,
			   state == MAIL_WAITING ? 0 : clock_now_ms(m->conf.clock), error };
	return sql_write(m->conf.db, write_tried, &t, e);
}

static bool write_sweep(struct sql_conn *c, void *arg, struct err *e)
{
	int64_t now = *(int64_t *)arg;
	return sql_run(c, &SQL_MAIL_GIVE_UP_OLD,
		       SQL_ARGS(sql_int(now - MAIL_KEEP_TRYING_MS), sql_int(now),
				sql_text("no mail server was set while it waited")),
		       e) &&
	       sql_run(c, &SQL_MAIL_PRUNE, SQL_ARGS(sql_int(now - MAIL_KEEP_ENDED_MS)), e);
}

static bool write_all_due(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_run(c, &SQL_MAIL_ALL_DUE, SQL_ARGS(sql_int(*(int64_t *)arg)), e);
}

bool outbox_all_due(struct mail *m, struct err *e)
{
	int64_t now = clock_now_ms(m->conf.clock);
	return sql_write(m->conf.db, write_all_due, &now, e);
}

bool outbox_sweep(struct mail *m, struct err *e)
{
	int64_t now = clock_now_ms(m->conf.clock);
	return sql_write(m->conf.db, write_sweep, &now, e);
}

/* --- for people --------------------------------------------------------------------------------
 */

static void read_row(struct sql_rows *r, struct arena *a, struct mail_row *out)
{
	int64_t state = sql_col_int(r, 6);
	snprintf(out->id, sizeof(out->id), "%.*s", STR_ARG(sql_col_str(r, 0)));
	out->at_ms = sql_col_int(r, 1);
	out->about = text(r, 2, a);
	out->subject_id = text(r, 3, a);
	out->to = text(r, 4, a);
	out->subject = text(r, 5, a);
	out->state = state >= 0 && state < MAIL_STATES_ ? (enum mail_state)state : MAIL_GIVEN_UP;
	out->attempts = sql_col_int(r, 7);
	out->next_ms = sql_col_int(r, 8);
	out->ended_ms = sql_col_int(r, 9);
	out->error = text(r, 10, a);
}

static bool read_counts(struct sql_conn *c, int64_t counts[static MAIL_STATES_], struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_MAIL_COUNTS, SQL_NO_ARGS, &r, e))
		return false;
	while (sql_next(r)) {
		int64_t state = sql_col_int(r, 0);
		if (state >= 0 && state < MAIL_STATES_)
			counts[state] = sql_col_int(r, 1);
	}
	return sql_rows_end(r, e);
}

bool mail_list(struct mail *m, const struct sql_page *page, struct arena *a, struct mail_row **out,
	       size_t *n_out, int64_t counts[static MAIL_STATES_], struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(m->conf.db, e);
	struct mail_row *rows = arena_array(a, struct mail_row, page->limit + 1);
	struct sql_rows *r;
	size_t n = 0;
	memset(counts, 0, MAIL_STATES_ * sizeof(*counts));
	if (!c || !read_counts(c, counts, e) ||
	    !sql_page_query(c, page, &SQL_MAIL_PAGE, &SQL_MAIL_PAGE_NEWER, SQL_NO_ARGS, &r, e))
		return false;
	while (n < page->limit && sql_next(r))
		read_row(r, a, &rows[n++]);
	if (!sql_rows_end(r, e))
		return false;
	sql_page_order(page, rows, sizeof(*rows), n);
	*out = rows;
	*n_out = n;
	return true;
}

bool mail_get(struct mail *m, const char *id, struct arena *a, struct mail_row *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(m->conf.db, e);
	struct sql_rows *r;
	if (!c || !sql_query(c, &SQL_MAIL_GET, SQL_ARGS(sql_text(id)), &r, e))
		return false;
	bool found = sql_next(r);
	if (found)
		read_row(r, a, out);
	return sql_rows_end(r, e) &&
	       (found || err_set(e, ERR_NOT_FOUND, "there is no mail '%.40s'", id));
}

struct again {
	const char *id;
	int64_t now_ms, changed;
};

static bool write_again(struct sql_conn *c, void *arg, struct err *e)
{
	struct again *g = arg;
	return sql_change(c, &SQL_MAIL_AGAIN, SQL_ARGS(sql_text(g->id), sql_int(g->now_ms)),
			  &g->changed, e);
}

bool mail_again(struct mail *m, const char *id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct mail_row row;
	struct again g = { id, clock_now_ms(m->conf.clock), 0 };
	if (!mail_get(m, id, &a, &row, e) || !sql_write(m->conf.db, write_again, &g, e))
		return false;
	if (g.changed != 1)
		return err_set(e, ERR_CONFLICT, "mail '%s' has been sent", id);
	mail_wake(m);
	return true;
}
