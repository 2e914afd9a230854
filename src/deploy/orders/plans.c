/* SPDX-License-Identifier: Apache-2.0
 * Plans as agents tell them, and their approval. Invariant: the hash is computed here, from the
 * steps that are shown; what an agent calls its plan's hash decides nothing. */
#include "deploy/orders/plans.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "proto/plan.h"
#include "sql/notify.h"

#include <stdio.h>

static char *text(struct sql_rows *rows, int column, struct arena *a)
{
	return arena_strdup(a, arena_str(a, sql_col_str(rows, column)).p);
}

bool plan_groups(struct deploy *d, const char *deployment, struct arena *a, struct plan_group **out,
		 size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct plan_group *list = arena_array(a, struct plan_group, PLAN_GROUPS_MAX);
	struct sql_rows *rows;
	size_t n = 0;
	if (!c || !sql_query(c, &SQL_PLAN_GROUPS,
			     SQL_ARGS(sql_text(deployment), sql_int(PLAN_GROUPS_MAX)), &rows, e))
		return false;
	while (n < PLAN_GROUPS_MAX && sql_next(rows)) {
		struct plan_group *g = &list[n++];
		g->hash = text(rows, 0, a);
		g->systems = (uint32_t)sql_col_int(rows, 1);
		g->steps = text(rows, 2, a);
		g->approved_by = sql_col_null(rows, 3) ? NULL : text(rows, 3, a);
		g->approved_ms = sql_col_int(rows, 4);
	}
	*out = list;
	*n_out = n;
	return sql_rows_end(rows, e);
}

bool plan_wanted(struct deploy *d, const char *deployment, bool *wanted_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_PLAN_MODE_HAS, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	*wanted_out = sql_next(rows) && sql_col_int(rows, 0) > 0;
	return sql_rows_end(rows, e);
}

bool plan_of_target(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		    struct plan_group *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	struct plan_group g = { .systems = 1 };
	if (!c || !sql_query(c, &SQL_PLAN_OF_TARGET, SQL_ARGS(sql_text(deployment), sql_text(host)),
			     &rows, e))
		return false;
	bool found = sql_next(rows);
	if (found) {
		g.hash = text(rows, 0, a);
		g.steps = text(rows, 1, a);
	}
	if (!sql_rows_end(rows, e))
		return false;
	*out = g;
	return found || err_set(e, ERR_NOT_FOUND, "this system has told no plan yet");
}

/* --- approval -----------------------------------------------------------------------------------
 */

struct approval {
	const char *deployment, *hash, *by;
	int64_t now_ms;
};

static bool approve(struct sql_conn *c, void *arg, struct err *e)
{
	const struct approval *k = arg;
	return sql_run(c, &SQL_PLAN_APPROVE,
		       SQL_ARGS(sql_text(k->deployment), sql_text(k->hash), sql_text(k->by),
				sql_int(k->now_ms)),
		       e) &&
	       sql_run(c, &SQL_PLAN_APPROVED_TARGETS,
		       SQL_ARGS(sql_text(k->deployment), sql_text(k->hash), sql_int(k->now_ms)),
		       e) &&
	       sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->deployment), e);
}

/* Wakes the systems that have the plan; how many there are. */
static bool wake_group(struct deploy *d, const char *deployment, const char *hash, bool wake,
		       size_t *n_out, struct err *e)
{
	VEC(uint32_t) hosts = { 0 };
	AUTO(match_read_end) struct match_view v;
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	match_read(d->conf.match, &v);
	if (!c || !sql_query(c, &SQL_PLAN_GROUP_HOSTS,
			     SQL_ARGS(sql_text(deployment), sql_text(hash)), &rows, e))
		return false;
	while (sql_next(rows)) {
		const struct host *h = fleet_host_by_id(v.fleet, sql_col_str(rows, 0));
		if (h)
			VEC_PUSH(&hosts, h->no);
	}
	bool ok = sql_rows_end(rows, e);
	*n_out = hosts.n;
	if (ok && wake && hosts.n)
		d->conf.wake(d->conf.arg, hosts.p, hosts.n);
	VEC_DONE(&hosts);
	return ok;
}

bool plan_approve(struct deploy *d, const char *deployment, const char *hash, const char *by,
		  struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	bool wanted;
	size_t n;
	if (!deploy_get(d, deployment, &a, &row, e) || !plan_wanted(d, deployment, &wanted, e) ||
	    !wake_group(d, deployment, hash, false, &n, e))
		return false;
	if (!wanted || !deployment_is_open(row.state))
		return err_set(e, ERR_CONFLICT, "deployment '%s' waits for no approval", row.name);
	if (!n)
		return err_set(e, ERR_NOT_FOUND, "no system of the deployment has the plan '%.64s'",
			       hash);
	struct approval k = { deployment, hash, by, clock_now_ms(d->conf.clock) };
	if (!sql_write(d->conf.db, approve, &k, e) || !wake_group(d, deployment, hash, true, &n, e))
		return false;
	d->conf.changed(d->conf.arg, deployment);
	return true;
}

/* --- orders and results -------------------------------------------------------------------------
 */

bool plan_for_order(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		    struct str *plan_out, bool *waits_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	*plan_out = (struct str) { "", 0 };
	*waits_out = false;
	if (!c || !sql_query(c, &SQL_TARGET_PLAN_STATE,
			     SQL_ARGS(sql_text(deployment), sql_text(host)), &rows, e))
		return false;
	if (sql_next(rows)) {
		if (sql_col_null(rows, 0))
			*plan_out = STR_LIT(PLAN_ASK);
		else if (sql_col_null(rows, 1))
			*waits_out = true;
		else
			*plan_out = arena_str(a, sql_col_str(rows, 1));
	}
	return sql_rows_end(rows, e);
}

bool plan_insert_mode(struct sql_conn *c, const char *deployment, const struct deploy_request *r,
		      struct err *e)
{
	return !r->approve_plans ||
	       sql_run(c, &SQL_PLAN_MODE_INSERT, SQL_ARGS(sql_text(deployment)), e);
}

bool plan_write(struct sql_conn *c, const char *deployment, const char *host, const char *plan_json,
		int64_t now_ms, struct err *e)
{
	AUTO(json_free) json_t *steps = NULL;
	char hash[SHA256_HEX];
	if (!plan_json)
		return true;
	return json_parse(str_of(plan_json), PLAN_TEXT_MAX, &steps, e) &&
	       plan_hash(steps, hash, e) &&
	       sql_run(c, &SQL_PLAN_PUT, SQL_ARGS(sql_text(hash), sql_text(plan_json)), e) &&
	       sql_run(c, &SQL_TARGET_PLAN_PUT,
		       SQL_ARGS(sql_text(deployment), sql_text(host), sql_text(hash),
				sql_int(now_ms)),
		       e) &&
	       sql_run(c, &SQL_PLAN_APPROVED_ALREADY,
		       SQL_ARGS(sql_text(deployment), sql_text(host)), e);
}
