/* SPDX-License-Identifier: Apache-2.0
 * How each feed stands: last attempt, last success, what went wrong. One row a feed, written after
 * every attempt, also the failed ones; it never decides what the catalog holds. */
#include "base/vec.h"
#include "catalog/catalog.h"
#include "catalog/queries.h"
#include "sql/notify.h"

static bool put_state(struct sql_conn *c, void *arg, struct err *e)
{
	const struct feed_state *f = arg;
	return sql_run(c, &SQL_FEED_STATE_PUT,
		       SQL_ARGS(sql_text(f->id), sql_text(f->kind), sql_text(f->url),
				sql_int(f->last_attempt_ms), sql_int(f->last_success_ms),
				sql_int(f->rows), sql_int(f->released_ms),
				sql_text(f->signer ? f->signer : ""), sql_bool(f->is_signed),
				sql_text(f->error), sql_text(f->etag), sql_int(f->valid_until_ms),
				sql_text(f->error_code), sql_text(f->error_subject)),
		       e) &&
	       sql_announce(c, CATALOG_SAYS_FEED, str_of(f->id), e);
}

bool feed_state_save(struct sql *db, const struct feed_state *f, struct err *e)
{
	struct feed_state copy = *f;
	return sql_write(db, put_state, &copy, e);
}

static bool forget(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_run(c, &SQL_GENERATION_CHUNK_FORGET, SQL_ARGS(sql_text(arg)), e) &&
	       sql_run(c, &SQL_GENERATION_FORGET, SQL_ARGS(sql_text(arg)), e) &&
	       sql_run(c, &SQL_FEED_STATE_DELETE, SQL_ARGS(sql_text(arg)), e) &&
	       sql_announce(c, CATALOG_SAYS_CHANGED, str_of(arg), e);
}

bool feed_state_forget(struct sql *db, const char *id, struct err *e)
{
	AUTO(xfree) char *copy = xstrdup(id);
	return sql_write(db, forget, copy, e);
}

static char *opt_text(struct sql_rows *r, int col)
{
	return sql_col_null(r, col) ? NULL : str_dup(sql_col_str(r, col));
}

bool feed_state_list(struct sql *db, struct feed_state **out, size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	struct sql_rows *r;
	VEC(struct feed_state) v = { 0 };
	if (!c || !sql_query(c, &SQL_FEED_STATE_LIST, SQL_NO_ARGS, &r, e))
		return false;
	while (sql_next(r)) {
		struct feed_state f = { .id = str_dup(sql_col_str(r, 0)),
					.kind = str_dup(sql_col_str(r, 1)),
					.url = str_dup(sql_col_str(r, 2)),
					.last_attempt_ms = sql_col_int(r, 3),
					.last_success_ms = sql_col_int(r, 4),
					.generation = sql_col_int(r, 5),
					.rows = sql_col_int(r, 6),
					.released_ms = sql_col_int(r, 7),
					.signer = str_dup(sql_col_str(r, 8)),
					.is_signed = sql_col_bool(r, 9),
					.error = opt_text(r, 10),
					.etag = opt_text(r, 11),
					.valid_until_ms = sql_col_int(r, 12),
					.is_held = !sql_col_null(r, 13),
					.held_rows = sql_col_int(r, 13),
					.held_fetched_ms = sql_col_int(r, 14),
					.held_released_ms = sql_col_int(r, 15),
					.error_code = opt_text(r, 16),
					.error_subject = opt_text(r, 17) };
		VEC_PUSH(&v, f);
	}
	if (!sql_rows_end(r, e)) {
		feed_state_list_free(v.p, v.n);
		return false;
	}
	*out = v.p;
	*n_out = v.n;
	return true;
}

void feed_state_list_free(struct feed_state *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		xfree(f[i].id);
		xfree(f[i].kind);
		xfree(f[i].url);
		xfree(f[i].signer);
		xfree(f[i].error);
		xfree(f[i].error_code);
		xfree(f[i].error_subject);
		xfree(f[i].etag);
	}
	xfree(f);
}
