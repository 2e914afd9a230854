/* SPDX-License-Identifier: Apache-2.0
 * Reading deployments and targets. For a pending target the reason is worked out now, from what is
 * known of the host and of the payloads: it is never a stale word from the database. */
#include "deploy/cluster_slots.h"
#include "deploy/queries.h"

#include <stdio.h>

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
}

void target_from_row(struct sql_rows *rows, int at, struct arena *a, struct target_row *out)
{
	*out = (struct target_row) { 0 };
	column_id(rows, at, out->host);
	out->hostname = column_text(rows, at + 1, a);
	out->state = (enum target_state)sql_col_int(rows, at + 2);
	out->reason = column_text(rows, at + 3, a);
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
	return sql_rows_end(rows, e);
}

bool deploy_list(struct deploy *d, const struct deployment_row *before, size_t limit,
		 struct arena *a, struct deployment_row **out, size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_DEPLOYMENT_PAGE,
			     SQL_ARGS(sql_int(before ? before->created_ms : INT64_MAX),
				      sql_text(before ? before->id : ""), sql_int((int64_t)limit)),
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

bool deploy_patches(struct deploy *d, const char *id, struct arena *a, char ***out, size_t *n_out,
		    struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_DEPLOYMENT_PATCHES, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	VEC(char *) list = { 0 };
	while (sql_next(rows))
		VEC_PUSH(&list, column_text(rows, 0, a));
	bool ok = sql_rows_end(rows, e);
	if (ok) {
		*out = arena_array(a, char *, list.n ? list.n : 1);
		memcpy(*out, list.p, list.n * sizeof(char *));
		*n_out = list.n;
	}
	VEC_DONE(&list);
	return ok;
}

/* M-150: why is this target still pending, as of now. */
static bool explain_pending(struct deploy *d, const struct match_view *v,
			    const struct cluster_look *look, const char *id, struct target_row *t,
			    struct arena *a, struct err *e)
{
	const struct host *h = fleet_host_by_id(v->fleet, str_of(t->host));
	int64_t now = clock_now_ms(d->conf.clock);
	if (!h || h->state != HOST_ACTIVE) {
		t->reason = (char *)(uintptr_t) "retired";
		return true;
	}
	if (strcmp(t->reason, REASON_AWAITING_APPROVAL) == 0 ||
	    strcmp(t->reason, REASON_PLAN_DRIFT) == 0)
		return true;
	const struct cluster_group *full;
	uint32_t others;
	AUTO(work_done) struct work w = { 0 };
	if (!deploy_work(d, v, h->no, id, &w, e))
		return false;
	if (t->next_attempt_ms > now)
		return true; /* waits for its next attempt: the stored reason says after what */
	if (w.components.n && !w.payloads_ready) {
		t->reason = (char *)(uintptr_t) "server_downloading";
		t->done = w.bytes_ready;
		t->total = w.bytes_total;
		if (w.troubled) {
			t->reason = (char *)(uintptr_t)w.trouble.reason;
			t->detail = arena_strdup(a, w.trouble.detail);
		}
	} else if (!epoch_reconciled(d, h->id)) {
		t->reason = (char *)(uintptr_t) "reconciling";
	} else if (!h->online) {
		t->reason = (char *)(uintptr_t) "offline";
	} else if ((full = cluster_hinders(d, v, look, h, &others))) {
		t->reason = (char *)(uintptr_t)REASON_GROUP_FULL;
		t->detail = cluster_detail(full, others, a);
	} else if (strcmp(t->reason, REASON_GROUP_WINDOW) != 0) {
		t->reason = (char *)(uintptr_t) "waiting_agent";
	}
	return true;
}

bool targets_explain(struct deploy *d, const char *id, struct target_row *list, size_t n,
		     struct arena *a, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	uint32_t open;
	bool halted;
	if (!waves_of(d, id, &open, &halted, e))
		return false;
	match_read(d->conf.match, &v);
	AUTO(cluster_look_end) struct cluster_look look = { 0 };
	if (!cluster_look_begin(d, &v, &look, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct target_row *t = &list[i];
		if (t->state != TARGET_PENDING)
			continue;
		if (halted || t->wave >= open)
			t->reason = (char *)(uintptr_t)(halted ? "rollout_halted" : "wave_closed");
		else if (!explain_pending(d, &v, &look, id, t, a, e))
			return false;
	}
	return true;
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
	if (!targets_explain(d, id, list, n, a, e))
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
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_TARGET_LOG, SQL_ARGS(sql_text(id), sql_text(host)), &rows, e))
		return false;
	bool found = sql_next(rows) && !sql_col_null(rows, 0);
	if (found)
		buf_addstr(out, sql_col_str(rows, 0));
	if (!sql_rows_end(rows, e))
		return false;
	if (!found)
		return err_set(
			e, ERR_NOT_FOUND,
			"the system '%.40s' has not reported an output for this deployment yet",
			host);
	return buf_ok(out, "the log", e);
}

bool deploy_of_host(struct deploy *d, const char *host, struct arena *a,
		    struct deployment_row **rows_out, struct target_row **targets_out,
		    size_t *n_out, struct err *e)
{
	enum { MOST = 100 };
	struct deployment_row *dep = arena_array(a, struct deployment_row, MOST);
	struct target_row *tgt = arena_array(a, struct target_row, MOST);
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_TARGET_OF_HOST,
				     SQL_ARGS(sql_text(host), sql_int(MOST)), &rows, e))
			return false;
		while (n < MOST && sql_next(rows)) {
			deployment_from_row(rows, a, &dep[n]);
			target_from_row(rows, 13, a, &tgt[n++]);
		}
		if (!sql_rows_end(rows, e))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!targets_explain(d, dep[i].id, &tgt[i], 1, a, e))
			return false;
	*rows_out = dep;
	*targets_out = tgt;
	*n_out = n;
	return true;
}
