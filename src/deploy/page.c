/* SPDX-License-Identifier: Apache-2.0
 * Pages backwards, counts and failed pairs: what lists on a screen need beside list.c. Only reads.
 */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

#include <stdio.h>

/* All rows of a deployment query; counts are read after the rows, on the same connection. */
static bool read_deployments(struct deploy *d, const struct sql_stmt *q, const struct sql_val *args,
			     int nargs, size_t limit, struct arena *a, struct deployment_row **out,
			     size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct deployment_row *list = arena_array(a, struct deployment_row, limit + 1);
	struct sql_rows *rows;
	size_t n = 0;
	if (!c || !sql_query(c, q, args, nargs, &rows, e))
		return false;
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

bool deploy_list_newer(struct deploy *d, bool trash, const struct deployment_row *after,
		       size_t limit, struct arena *a, struct deployment_row **out, size_t *n_out,
		       struct err *e)
{
	struct deployment_row *list;
	size_t n;
	if (!read_deployments(d, &SQL_DEPLOYMENT_PAGE_NEWER,
			      SQL_ARGS(sql_int(after->created_ms), sql_text(after->id),
				       sql_int((int64_t)limit), sql_bool(trash)),
			      limit, a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n / 2; i++) {
		struct deployment_row t = list[i];
		list[i] = list[n - 1 - i];
		list[n - 1 - i] = t;
	}
	*out = list;
	*n_out = n;
	return true;
}

bool deploy_running(struct deploy *d, size_t limit, struct arena *a, struct deployment_row **out,
		    size_t *n_out, struct err *e)
{
	return read_deployments(d, &SQL_DEPLOYMENT_RUNNING, SQL_ARGS(sql_int((int64_t)limit)),
				limit, a, out, n_out, e);
}

bool deploy_count(struct deploy *d, bool trash, int64_t *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	int64_t n = 0;
	if (!c || !sql_query(c, &SQL_DEPLOYMENT_COUNT, SQL_ARGS(sql_bool(trash)), &rows, e))
		return false;
	if (sql_next(rows))
		n = sql_col_int(rows, 0);
	if (!sql_rows_end(rows, e))
		return false;
	*out = n;
	return true;
}

bool deploy_targets_before(struct deploy *d, const char *id, int state,
			   const struct target_row *before, size_t limit, struct arena *a,
			   struct target_row **out, size_t *n_out, struct err *e)
{
	struct target_row *list = arena_array(a, struct target_row, limit + 1);
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c ||
		    !sql_query(c, &SQL_TARGET_PAGE_BEFORE,
			       SQL_ARGS(sql_text(id), sql_int(state), sql_text(before->hostname),
					sql_text(before->host), sql_int((int64_t)limit)),
			       &rows, e))
			return false;
		while (n < limit && sql_next(rows))
			target_from_row(rows, 0, a, &list[limit - 1 - n++]);
		if (!sql_rows_end(rows, e))
			return false;
	}
	*out = list + (limit - n);
	*n_out = n;
	return explain_page(d, id, *out, n, a, e);
}

bool deploy_failed_pairs(struct deploy *d,
			 void (*fn)(void *arg, const char *host, const char *patch), void *arg,
			 struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	AUTO(buf_done) struct buf patch = BUF_INIT(4096);
	struct sql_rows *rows;
	char host[33];
	if (!c || !sql_query(c, &SQL_TARGET_FAILED_PAIRS, SQL_NO_ARGS, &rows, e))
		return false;
	while (sql_next(rows)) {
		buf_reset(&patch);
		buf_addstr(&patch, sql_col_str(rows, 1));
		snprintf(host, sizeof(host), "%.*s", STR_ARG(sql_col_str(rows, 0)));
		fn(arg, host, buf_str(&patch).p);
	}
	return sql_rows_end(rows, e);
}
