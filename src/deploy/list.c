/* SPDX-License-Identifier: Apache-2.0
 * Reading deployments and targets. Why a target is pending is worked out now (explain.c): it is
 * never a stale word from the database. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

#include <stdio.h>
#include <stdlib.h>

static char *column_text(struct sql_rows *rows, int col, struct arena *a)
{
	return (char *)(uintptr_t)arena_str(a, sql_col_str(rows, col)).p;
}

static void column_id(struct sql_rows *rows, int col, char out[static 33])
{
	snprintf(out, 33, "%.*s", STR_ARG(sql_col_str(rows, col)));
}

void deployment_from_row(struct sql_rows *rows, struct arena *a, struct deployment_row *out)
{
	*out = (struct deployment_row) { 0 };
	column_id(rows, 0, out->id);
	out->name = column_text(rows, 1, a);
	out->description = column_text(rows, 2, a);
	out->created_by = column_text(rows, 3, a);
	out->policy = column_text(rows, 4, a);
	out->now = sql_col_bool(rows, 5);
	out->state = (enum deployment_state)sql_col_int(rows, 6);
	out->created_ms = sql_col_int(rows, 7);
	out->started_ms = sql_col_int(rows, 8);
	out->finished_ms = sql_col_int(rows, 9);
	out->n_patches = (uint32_t)sql_col_int(rows, 10);
	out->policy_name = sql_col_null(rows, 11) ? NULL : column_text(rows, 11, a);
	out->operation = (enum deployment_operation)sql_col_int(rows, 12);
	out->suspended_ms = sql_col_int(rows, 13);
	out->terms = (struct deploy_terms) { .expires_ms = sql_col_int(rows, 14),
					     .retry_refresh = sql_col_int(rows, 15),
					     .retry_start_up = sql_col_int(rows, 16),
					     .hold_incomplete = sql_col_bool(rows, 17) };
	out->version = sql_col_int(rows, 18);
	out->removed_ms = sql_col_int(rows, 19);
}

static bool waits_for_approval(const char *reason)
{
	return strcmp(reason, REASON_AWAITING_APPROVAL) == 0 ||
	       strcmp(reason, REASON_PLAN_DRIFT) == 0;
}

void target_from_row(struct sql_rows *rows, int at, struct arena *a, struct target_row *out)
{
	*out = (struct target_row) { 0 };
	column_id(rows, at, out->host);
	out->hostname = column_text(rows, at + 1, a);
	out->state = (enum target_state)sql_col_int(rows, at + 2);
	out->reason = column_text(rows, at + 3, a);
	if (out->state == TARGET_PENDING && waits_for_approval(out->reason))
		out->state = TARGET_AWAITING_APPROVAL;
	out->detail = column_text(rows, at + 4, a);
	out->updated_ms = sql_col_int(rows, at + 5);
	out->started_ms = sql_col_int(rows, at + 6);
	out->finished_ms = sql_col_int(rows, at + 7);
	out->next_attempt_ms = sql_col_int(rows, at + 8);
	out->attempts = sql_col_int(rows, at + 9);
	out->exit_status = sql_col_int(rows, at + 10);
	out->done = sql_col_int(rows, at + 11);
	out->total = sql_col_int(rows, at + 12);
	out->n_patches = (uint32_t)sql_col_int(rows, at + 13);
	out->reboot_needed = sql_col_bool(rows, at + 14);
	out->services = column_text(rows, at + 15, a);
	out->wave = (uint32_t)sql_col_int(rows, at + 16);
	out->reboot = column_text(rows, at + 17, a);
	out->reboot_due_ms = sql_col_int(rows, at + 18);
	out->cause = column_text(rows, at + 19, a);
	out->retried_refresh = sql_col_int(rows, at + 20);
	out->retried_start_up = sql_col_int(rows, at + 21);
	out->has_log = sql_col_bool(rows, at + 22);
}

bool deployment_count_targets(struct sql_conn *c, struct deployment_row *row, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_DEPLOYMENT_TARGETS_COUNT, SQL_ARGS(sql_text(row->id)), &rows, e))
		return false;
	while (sql_next(rows)) {
		int64_t s = sql_col_int(rows, 0);
		if (s < 0 || s >= TARGET_STATES_)
			continue;
		row->targets[s] = (uint32_t)sql_col_int(rows, 1);
		row->n_targets += row->targets[s];
	}
	return sql_rows_end(rows, e) &&
	       offers_read(c, row->id, &row->published, &row->deadline_ms, e);
}

bool deploy_list(struct deploy *d, bool trash, const struct deployment_row *before, size_t limit,
		 struct arena *a, struct deployment_row **out, size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_DEPLOYMENT_PAGE,
			     SQL_ARGS(sql_int(before ? before->created_ms : INT64_MAX),
				      sql_text(before ? before->id : ""), sql_int((int64_t)limit),
				      sql_bool(trash)),
			     &rows, e))
		return false;
	struct deployment_row *list = arena_array(a, struct deployment_row, limit ? limit : 1);
	size_t n = 0;
	while (n < limit && sql_next(rows))
		deployment_from_row(rows, a, &list[n++]);
	if (!sql_rows_end(rows, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!deployment_count_targets(c, &list[i], e))
			return false;
	*out = list;
	*n_out = n;
	return true;
}

bool deploy_get(struct deploy *d, const char *id, struct arena *a, struct deployment_row *out,
		struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_DEPLOYMENT_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	bool found = sql_next(rows);
	struct deployment_row row = { 0 };
	if (found)
		deployment_from_row(rows, a, &row);
	if (!sql_rows_end(rows, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "there is no deployment '%.40s'", id);
	if (!deployment_count_targets(c, &row, e))
		return false;
	*out = row;
	return true;
}

/* The first column of all rows. */
static bool texts(struct deploy *d, const struct sql_stmt *q, const struct sql_val *args, int nargs,
		  struct arena *a, char ***out, size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, q, args, nargs, &rows, e))
		return false;
	VEC(char *) list = { 0 };
	while (sql_next(rows))
		VEC_PUSH(&list, column_text(rows, 0, a));
	bool ok = sql_rows_end(rows, e);
	if (ok) {
		*out = arena_array(a, char *, list.n ? list.n : 1);
		if (list.n)
			memcpy(*out, list.p, list.n * sizeof(char *));
		*n_out = list.n;
	}
	VEC_DONE(&list);
	return ok;
}

bool deploy_patches(struct deploy *d, const char *id, struct arena *a, char ***out, size_t *n_out,
		    struct err *e)
{
	return texts(d, &SQL_DEPLOYMENT_PATCHES, SQL_ARGS(sql_text(id)), a, out, n_out, e);
}

bool deploy_systems(struct deploy *d, const char *id, size_t limit, struct arena *a, char ***out,
		    size_t *n_out, struct err *e)
{
	return texts(d, &SQL_DEPLOYMENT_SYSTEMS, SQL_ARGS(sql_text(id), sql_int((int64_t)limit)), a,
		     out, n_out, e);
}

bool explain_page(struct deploy *d, const char *id, struct target_row *list, size_t n,
		  struct arena *a, struct err *e)
{
	struct deployment_row row;
	return !n || (deploy_get(d, id, a, &row, e) && targets_explain(d, &row, list, n, a, e));
}

bool deploy_targets(struct deploy *d, const char *id, int state, const struct target_row *after,
		    size_t limit, struct arena *a, struct target_row **out, size_t *n_out,
		    struct err *e)
{
	struct target_row *list = arena_array(a, struct target_row, limit ? limit : 1);
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_TARGET_PAGE,
				     SQL_ARGS(sql_text(id), sql_int(state),
					      sql_text(after ? after->hostname : ""),
					      sql_text(after ? after->host : ""),
					      sql_int((int64_t)limit)),
				     &rows, e))
			return false;
		while (n < limit && sql_next(rows))
			target_from_row(rows, 0, a, &list[n++]);
		if (!sql_rows_end(rows, e))
			return false;
	}
	if (!explain_page(d, id, list, n, a, e))
		return false;
	*out = list;
	*n_out = n;
	return true;
}

bool target_get(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		struct target_row *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_TARGET_GET, SQL_ARGS(sql_text(deployment), sql_text(host)),
			     &rows, e))
		return false;
	bool found = sql_next(rows);
	if (found)
		target_from_row(rows, 0, a, out);
	if (!sql_rows_end(rows, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND,
			       "system '%.40s' is not a target of deployment '%.40s'", host,
			       deployment);
	return true;
}

bool deploy_log(struct deploy *d, const char *id, const char *host, struct buf *out, struct err *e)
{
	bool found;
	if (!sql_text_of(d->conf.db, &SQL_TARGET_LOG, SQL_ARGS(sql_text(id), sql_text(host)), out,
			 &found, e))
		return false;
	return found ||
	       err_set(e, ERR_NOT_FOUND,
		       "the system '%.40s' has not reported an output for this deployment yet",
		       host);
}

bool deploy_of_host(struct deploy *d, const char *host, const struct sql_page *page,
		    struct arena *a, struct deployment_row **rows_out,
		    struct target_row **targets_out, size_t *n_out, int64_t *total_out,
		    struct err *e)
{
	struct deployment_row *dep = arena_array(a, struct deployment_row, page->limit + 1);
	struct target_row *tgt = arena_array(a, struct target_row, page->limit + 1);
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c ||
		    !sql_int_of(c, &SQL_TARGET_OF_HOST_TOTAL, SQL_ARGS(sql_text(host)), total_out,
				e) ||
		    !sql_page_query(c, page, &SQL_TARGET_OF_HOST_PAGE,
				    &SQL_TARGET_OF_HOST_PAGE_NEWER, SQL_ARGS(sql_text(host)), &rows,
				    e))
			return false;
		while (n < page->limit && sql_next(rows)) {
			deployment_from_row(rows, a, &dep[n]);
			target_from_row(rows, 20, a, &tgt[n++]);
		}
		if (!sql_rows_end(rows, e))
			return false;
	}
	sql_page_order(page, dep, sizeof(*dep), n);
	sql_page_order(page, tgt, sizeof(*tgt), n);
	for (size_t i = 0; i < n; i++)
		if (!targets_explain(d, &dep[i], &tgt[i], 1, a, e))
			return false;
	*rows_out = dep;
	*targets_out = tgt;
	*n_out = n;
	return true;
}

static int larger_first(const void *x, const void *y)
{
	const struct failure_group *a = x, *b = y;
	return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : strcmp(a->reason, b->reason);
}

bool deploy_failures(struct deploy *d, const char *id, struct arena *a, struct failure_group **out,
		     size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	VEC(struct failure_group) list = { 0 };
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_TARGET_FAILED, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	while (sql_next(rows)) { /* by reason */
		if (!list.n || !str_is(sql_col_str(rows, 2), list.p[list.n - 1].reason))
			VEC_PUSH(&list,
				 (struct failure_group) { .reason = column_text(rows, 2, a) });
		struct failure_group *g = &list.p[list.n - 1];
		if (g->n_hosts < ARRAY_LEN(g->hosts)) {
			g->hosts[g->n_hosts] = column_text(rows, 0, a);
			g->hostnames[g->n_hosts++] = column_text(rows, 1, a);
		}
		g->n++;
	}
	bool ok = sql_rows_end(rows, e);
	if (ok) {
		*out = arena_array(a, struct failure_group, list.n + 1);
		*n_out = list.n;
		if (list.n) {
			qsort(list.p, list.n, sizeof(*list.p), larger_first);
			memcpy(*out, list.p, list.n * sizeof(*list.p));
		}
	}
	VEC_DONE(&list);
	return ok;
}
