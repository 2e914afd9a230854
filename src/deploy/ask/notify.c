/* SPDX-License-Identifier: Apache-2.0
 * The rows behind notify.h. Invariant: what was told is noted by whoever tells, in one transaction
 * with the telling; whom to tell changes without touching that note. */
#include "deploy/ask/notify.h"
#include "deploy/auto/approval.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

#define NEWS_MAX 100
#define TEST_FAILURES_MAX 1000

bool notify_put(struct sql_conn *c, const char *deployment, const struct deploy_notify *n,
		struct err *e)
{
	return n->to && n->to[0] ? sql_run(c, &SQL_NOTIFY_PUT,
					   SQL_ARGS(sql_text(deployment), sql_text(n->to),
						    sql_int(n->every_minutes)),
					   e)
				 : notify_remove(c, deployment, e);
}

bool notify_remove(struct sql_conn *c, const char *deployment, struct err *e)
{
	return sql_run(c, &SQL_PURGE_NOTIFY, SQL_ARGS(sql_text(deployment)), e);
}

bool deploy_notify_get(struct deploy *d, const char *id, struct arena *a, struct deploy_notify *out,
		       struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	struct deploy_notify n = { .to = "" };
	if (!c || !sql_query(c, &SQL_NOTIFY_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	if (sql_next(rows)) {
		n.to = arena_str(a, sql_col_str(rows, 0)).p;
		n.every_minutes = sql_col_int(rows, 1);
	}
	*out = n;
	return sql_rows_end(rows, e);
}

/* --- what is due --- */

struct due {
	const char *id;
	struct deploy_notify notify;
	struct notify_note note;
	struct notify_now now;
};

static void due_from_row(struct sql_rows *rows, int64_t now_ms, struct due *out)
{
	*out = (struct due) {
		.notify.every_minutes = sql_col_int(rows, 2),
		.note = { .every_ms = sql_col_int(rows, 2) * 60000,
			  .looked_ms = sql_col_int(rows, 3),
			  .halt_ms = sql_col_int(rows, 5),
			  .ended = sql_col_bool(rows, 6),
			  .anchor_ms = sql_col_int(rows, 7) },
		.now = { .now_ms = now_ms,
			 .ended = !deployment_is_open((enum deployment_state)sql_col_int(rows, 8)),
			 .halt_ms = sql_col_int(rows, 9) },
	};
}

/* By what stands in a row of its own alone: nothing is counted for those that are not due. */
static bool due_list(struct deploy *d, struct arena *a, struct due *list, size_t *n_out,
		     struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	int64_t now_ms = clock_now_ms(d->conf.clock);
	size_t n = 0;
	if (!c || !sql_query(c, &SQL_NOTIFY_LIST, SQL_ARGS(sql_int(ROLLOUT_WHY_MANUAL)), &rows, e))
		return false;
	while (n < NEWS_MAX && sql_next(rows)) {
		due_from_row(rows, now_ms, &list[n]);
		if (!notify_is_due(&list[n].note, &list[n].now))
			continue;
		list[n].id = arena_str(a, sql_col_str(rows, 0)).p;
		list[n].notify.to = arena_str(a, sql_col_str(rows, 1)).p;
		list[n++].note.told = arena_str(a, sql_col_str(rows, 4)).p;
	}
	*n_out = n;
	return sql_rows_end(rows, e);
}

/* Its state, its targets', and the rollout's; what is equal here is no news. */
static const char *state_text(const struct deploy_news *n, struct arena *a)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	buf_printf(&b, "%s", deployment_state_name(n->row.state));
	for (int s = 0; s < TARGET_AWAITING_APPROVAL; s++)
		buf_printf(&b, " %u", n->row.targets[s]);
	if (n->row.targets[TARGET_AWAITING_APPROVAL]) /* texts of before know nothing of it */
		buf_printf(&b, " approval %u", n->row.targets[TARGET_AWAITING_APPROVAL]);
	if (n->has_rollout)
		buf_printf(&b, " wave %u %s %lld", n->rollout.open,
			   rollout_why_name(n->rollout.halted), (long long)n->rollout.halted_ms);
	return arena_str(a, buf_str(&b)).p;
}

static bool tell_one(struct deploy *d, const struct due *k, struct arena *a,
		     struct deploy_news *out, struct err *e)
{
	*out = (struct deploy_news) { .notify = k->notify, .now = k->now };
	if (!deploy_get(d, k->id, a, &out->row, e) ||
	    !deploy_rollout(d, k->id, a, &out->rollout, &out->has_rollout, e))
		return false;
	/* It may have gone on since the list was read. */
	out->now.ended = !deployment_is_open(out->row.state);
	out->now.halt_ms = out->rollout.halted && out->rollout.halted != ROLLOUT_WHY_MANUAL
				   ? out->rollout.halted_ms
				   : 0;
	out->state = state_text(out, a);
	out->what = notify_decide(&k->note, &out->now, out->state);
	bool told = out->what != NOTIFY_NOTHING && out->what != NOTIFY_SAME;
	return !told || !out->row.targets[TARGET_FAILED] ||
	       deploy_failures(d, k->id, a, &out->failures, &out->n_failures, e);
}

bool deploy_news(struct deploy *d, struct arena *a, struct deploy_news **out, size_t *n_out,
		 struct err *e)
{
	struct due *list = arena_array(a, struct due, NEWS_MAX);
	size_t n, told = 0;
	if (!due_list(d, a, list, &n, e))
		return err_prefix(e, "whom to tell of deployments");
	*out = arena_array(a, struct deploy_news, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (!tell_one(d, &list[i], a, &(*out)[told], e))
			return false;
		told += (*out)[told].what != NOTIFY_NOTHING;
	}
	*n_out = told;
	return true;
}

bool deploy_news_note(struct sql_conn *c, const struct deploy_news *n, bool *still_out,
		      struct err *e)
{
	int64_t changed = 0;
	if (!sql_change(c, &SQL_NOTIFY_TOLD,
			SQL_ARGS(sql_text(n->row.id), sql_int(n->now.now_ms), sql_text(n->state),
				 sql_int(n->now.halt_ms), sql_bool(n->now.ended)),
			&changed, e))
		return false;
	*still_out = changed != 0;
	return true;
}

/* --- failed tests --- */

bool deploy_test_failures(struct deploy *d, struct arena *a, struct test_failure **out,
			  size_t *n_out, struct deploy_notify *to_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct test_failure *list = arena_array(a, struct test_failure, TEST_FAILURES_MAX);
	struct approval_settings s;
	struct sql_rows *rows;
	size_t n = 0;
	if (!c ||
	    !sql_query(c, &SQL_TEST_FAILURE_LIST, SQL_ARGS(sql_int(TEST_FAILURES_MAX)), &rows, e))
		return false;
	for (; n < TEST_FAILURES_MAX && sql_next(rows); n++)
		list[n] = (struct test_failure) { arena_str(a, sql_col_str(rows, 0)).p,
						  arena_str(a, sql_col_str(rows, 1)).p,
						  sql_col_int(rows, 2) };
	approval_settings_get(d, a, &s);
	*out = list;
	*n_out = n;
	*to_out = s.notify;
	return sql_rows_end(rows, e);
}

bool deploy_test_failures_told(struct sql_conn *c, const struct test_failure *list, size_t n,
			       struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!sql_run(c, &SQL_TEST_FAILURE_TOLD,
			     SQL_ARGS(sql_text(list[i].patch), sql_int(list[i].at_ms)), e))
			return false;
	return true;
}
