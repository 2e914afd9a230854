/* SPDX-License-Identifier: Apache-2.0
 * What is published, in the database. Nobody's wish is kept here: the machine has it, and says with
 * its progress that it has begun. */
#include "deploy/orders/offers.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

#include <stdio.h>

/* An order without a deadline is made anew long before. */
#define UNDATED_MS (INT64_C(30) * 86400000)
#define AHEAD_MAX_MS (INT64_C(100) * 86400000)

bool offers_check(const struct deploy_request *r, int64_t now_ms, struct err *e)
{
	if (!r->publish)
		return !r->deadline_ms ||
		       err_set(e, ERR_INVALID, "only what is published has a deadline");
	if (r->deadline_ms && r->deadline_ms <= now_ms)
		return err_set(e, ERR_INVALID, "the deadline has passed already");
	if (r->deadline_ms && r->terms.expires_ms && r->terms.expires_ms <= r->deadline_ms)
		return err_set(e, ERR_INVALID,
			       "the deployment would have expired before its deadline");
	if (r->now || r->rollout || r->approve_plans)
		return err_set(
			e, ERR_INVALID,
			"what is published is neither deployed now, nor in waves, nor by approved plans");
	if ((r->name && !notice_is_text(r->name, false)) ||
	    (r->description && !notice_is_text(r->description, true)))
		return err_set(
			e, ERR_INVALID,
			"the name or description of what is published has control characters");
	return true;
}

bool offers_insert(struct sql_conn *c, const char *deployment, const struct deploy_request *r,
		   struct err *e)
{
	return !r->publish || sql_run(c, &SQL_OFFER_INSERT,
				      SQL_ARGS(sql_text(deployment), sql_int(r->deadline_ms)), e);
}

bool offers_read(struct sql_conn *c, const char *deployment, bool *published_out,
		 int64_t *deadline_ms_out, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_OFFER_GET, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	*published_out = sql_next(rows);
	*deadline_ms_out = *published_out ? sql_col_int(rows, 0) : 0;
	return sql_rows_end(rows, e);
}

bool offers_terms(struct deploy *d, const char *deployment, int64_t now_ms, struct arena *a,
		  const struct offer **out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	*out = NULL;
	if (!c || !sql_query(c, &SQL_OFFER_GET, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	if (sql_next(rows)) {
		struct offer *o = arena_new(a, struct offer);
		*o = (struct offer) { .name = arena_str(a, sql_col_str(rows, 1)),
				      .description = arena_str(a, sql_col_str(rows, 2)),
				      .deadline_ms = sql_col_int(rows, 0) };
		if (offer_waits(o, now_ms))
			*out = o;
	}
	return sql_rows_end(rows, e);
}

int64_t offers_valid_until_ms(const struct offer *o, const struct policy_terms *t, int64_t now_ms)
{
	int64_t from = o->deadline_ms ? o->deadline_ms : now_ms + UNDATED_MS;
	return policy_valid_until_ms(t, MIN(from, now_ms + AHEAD_MAX_MS));
}

bool deploy_offers(struct deploy *d, const struct sql_page *page, struct arena *a,
		   struct deployment_row **out, size_t *n_out, int64_t *total_out, struct err *e)
{
	char(*ids)[33] = arena_alloc(a, (page->limit + 1) * sizeof(*ids));
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_int_of(c, &SQL_OFFER_TOTAL, SQL_NO_ARGS, total_out, e) ||
		    !sql_page_query(c, page, &SQL_OFFER_PAGE, &SQL_OFFER_PAGE_NEWER, SQL_NO_ARGS,
				    &rows, e))
			return false;
		while (n < page->limit && sql_next(rows))
			snprintf(ids[n++], 33, "%.*s", STR_ARG(sql_col_str(rows, 0)));
		if (!sql_rows_end(rows, e))
			return false;
	}
	sql_page_order(page, ids, sizeof(*ids), n);
	struct deployment_row *list = arena_array(a, struct deployment_row, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!deploy_get(d, ids[i], a, &list[i], e))
			return false;
	*out = list;
	*n_out = n;
	return true;
}
