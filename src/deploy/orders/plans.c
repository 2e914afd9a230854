/* SPDX-License-Identifier: Apache-2.0
 * Plans as agents tell them, and their approval. Invariant: the hash is computed here, from the
 * steps that are shown; what an agent calls its plan's hash decides nothing. */
#include "deploy/orders/plans.h"
#include "base/vec.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "pkgver/pkgver.h"
#include "proto/plan.h"
#include "sql/notify.h"

#include <stdio.h>

static char *text(struct sql_rows *rows, int column, struct arena *a)
{
	return arena_strdup(a, arena_str(a, sql_col_str(rows, column)).p);
}

/* NULL for NULL. */
static char *text_or_null(struct sql_rows *rows, int column, struct arena *a)
{
	return sql_col_null(rows, column) ? NULL : text(rows, column, a);
}

bool plan_groups(struct deploy *d, const char *deployment, struct arena *a, struct plan_group **out,
		 size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	VEC(struct plan_group) list = { 0 };
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_PLAN_GROUPS, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	while (sql_next(rows))
		VEC_PUSH(&list, ((struct plan_group) { .hash = text(rows, 0, a),
						       .systems = (uint32_t)sql_col_int(rows, 1),
						       .approved_by = text_or_null(rows, 2, a),
						       .approved_ms = sql_col_int(rows, 3),
						       .was = text_or_null(rows, 4, a),
						       .drift_allowed = sql_col_bool(rows, 5) }));
	bool ok = sql_rows_end(rows, e);
	if (ok) {
		*out = arena_array(a, struct plan_group, list.n + 1);
		if (list.n)
			memcpy(*out, list.p, list.n * sizeof(*list.p));
		*n_out = list.n;
	}
	VEC_DONE(&list);
	return ok;
}

/* Rows of a name and a text that may be NULL. */
static bool named_texts(struct deploy *d, const struct sql_stmt *q, const struct sql_val *args,
			int nargs, void (*fn)(void *arg, struct str name, const char *text),
			void *arg, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	AUTO(arena_done) struct arena a = { 0 };
	struct sql_rows *rows;
	if (!c || !sql_query(c, q, args, nargs, &rows, e))
		return false;
	while (sql_next(rows)) {
		arena_reset(&a);
		fn(arg, arena_str(&a, sql_col_str(rows, 0)), text_or_null(rows, 1, &a));
	}
	return sql_rows_end(rows, e);
}

bool plan_steps(struct deploy *d, const char *deployment, const char *hash,
		void (*fn)(void *arg, struct str hash, const char *json), void *arg, struct err *e)
{
	return hash ? named_texts(d, &SQL_PLAN_STEPS, SQL_ARGS(sql_text(hash)), fn, arg, e)
		    : named_texts(d, &SQL_PLAN_STEPS_ALL, SQL_ARGS(sql_text(deployment)), fn, arg,
				  e);
}

struct one_text {
	struct arena *a;
	char *text;
};

static void take_text(void *arg, struct str name UNUSED, const char *text)
{
	struct one_text *t = arg;
	t->text = arena_strdup(t->a, text);
}

static bool steps_of(struct deploy *d, const char *hash, struct arena *a, char **out, struct err *e)
{
	struct one_text t = { a, arena_strdup(a, "[]") };
	if (!plan_steps(d, "", hash, take_text, &t, e))
		return false;
	*out = t.text;
	return true;
}

bool plan_group_steps(struct deploy *d, struct plan_group *g, struct arena *a, struct err *e)
{
	return steps_of(d, g->hash, a, &g->steps, e) &&
	       (!g->was || steps_of(d, g->was, a, &g->was_steps, e));
}

bool plan_told_list(struct deploy *d, const char *deployment,
		    void (*fn)(void *arg, struct str host, int64_t told_ms), void *arg,
		    struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c ||
	    !sql_query(c, &SQL_PLAN_TOLD,
		       SQL_ARGS(sql_text(deployment), sql_int(PLAN_DETAILS_TARGETS)), &rows, e))
		return false;
	while (sql_next(rows))
		fn(arg, sql_col_str(rows, 0), sql_col_int(rows, 1));
	return sql_rows_end(rows, e);
}

bool plan_details(struct deploy *d, const char *deployment, const char *host,
		  void (*fn)(void *arg, struct str host, const char *json), void *arg,
		  struct err *e)
{
	return host ? named_texts(d, &SQL_PLAN_DETAILS_OF,
				  SQL_ARGS(sql_text(deployment), sql_text(host)), fn, arg, e)
		    : named_texts(d, &SQL_PLAN_DETAILS,
				  SQL_ARGS(sql_text(deployment), sql_int(PLAN_DETAILS_TARGETS)), fn,
				  arg, e);
}

bool plan_wanted(struct deploy *d, const char *deployment, bool *wanted_out,
		 enum plan_drift *drift_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_PLAN_MODE_GET, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	*wanted_out = sql_next(rows);
	*drift_out = *wanted_out ? (enum plan_drift)sql_col_int(rows, 0) : PLAN_DRIFT_NONE;
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
		g.approved_by = text_or_null(rows, 2, a);
		g.approved_ms = sql_col_int(rows, 3);
		g.was = text_or_null(rows, 4, a);
		g.was_steps = text_or_null(rows, 5, a);
		g.drift_allowed = sql_col_bool(rows, 6);
		g.details = text_or_null(rows, 7, a);
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
	enum plan_drift drift;
	bool wanted;
	size_t n;
	if (!deploy_get(d, deployment, &a, &row, e) ||
	    !plan_wanted(d, deployment, &wanted, &drift, e) ||
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
	       sql_run(c, &SQL_PLAN_MODE_INSERT,
		       SQL_ARGS(sql_text(deployment), sql_int(r->plan_drift)), e);
}

/* --- what a target tells ------------------------------------------------------------------------
 */

/* The row of a target's plan, as it is and as it shall be. */
struct telling {
	char hash[SHA256_HEX];
	const char *details, *was;
	bool drift_allowed;
};

static int compare_debs(struct str a, struct str b)
{
	return pkgver_compare(PKGVER_DEB, a, b);
}
static int compare_rpms(struct str a, struct str b)
{
	return pkgver_compare(PKGVER_RPM, a, b);
}

/* The same plan as before: what was found out about it stays. */
static bool keep(struct sql_conn *c, const struct plan_told *told, struct arena *a,
		 struct telling *t, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_PLAN_OF_TARGET,
		       SQL_ARGS(sql_text(told->deployment), sql_text(told->host)), &rows, e))
		return false;
	if (sql_next(rows) && str_is(sql_col_str(rows, 0), t->hash)) {
		t->was = text_or_null(rows, 4, a);
		t->drift_allowed = sql_col_bool(rows, 6);
		if (!t->details)
			t->details = text_or_null(rows, 7, a);
	}
	return sql_rows_end(rows, e);
}

/* It is another one than what was approved: beside which, and may it be? */
static bool judge_drift(struct sql_conn *c, const struct plan_told *told, const json_t *steps,
			struct arena *a, struct telling *t, struct err *e)
{
	AUTO(json_free) json_t *approved = NULL;
	struct sql_rows *rows;
	const char *was = NULL, *text_of_it = "[]";
	enum plan_drift allowed = PLAN_DRIFT_NONE;
	if (!sql_query(c, &SQL_TARGET_PLAN_APPROVED,
		       SQL_ARGS(sql_text(told->deployment), sql_text(told->host)), &rows, e))
		return false;
	if (sql_next(rows)) {
		was = text(rows, 0, a);
		text_of_it = text(rows, 1, a);
		allowed = (enum plan_drift)sql_col_int(rows, 2);
	}
	if (!sql_rows_end(rows, e) || !json_parse(str_of(text_of_it), PLAN_TEXT_MAX, &approved, e))
		return false;
	if (!was || strcmp(was, t->hash) == 0)
		return true;
	t->was = was;
	t->drift_allowed = plan_drift_within(approved, steps, allowed,
					     told->rpm ? compare_rpms : compare_debs);
	return true;
}

bool plan_write(struct sql_conn *c, const struct plan_told *told, struct err *e)
{
	AUTO(json_free) json_t *steps = NULL;
	AUTO(arena_done) struct arena a = { 0 };
	struct telling t = { .details = told->details_json };
	if (!told->plan_json)
		return true;
	return json_parse(str_of(told->plan_json), PLAN_TEXT_MAX, &steps, e) &&
	       plan_hash(steps, t.hash, e) && keep(c, told, &a, &t, e) &&
	       (!told->drifted || judge_drift(c, told, steps, &a, &t, e)) &&
	       sql_run(c, &SQL_PLAN_PUT, SQL_ARGS(sql_text(t.hash), sql_text(told->plan_json)),
		       e) &&
	       sql_run(c, &SQL_TARGET_PLAN_PUT,
		       SQL_ARGS(sql_text(told->deployment), sql_text(told->host), sql_text(t.hash),
				sql_int(told->now_ms), sql_text(t.details), sql_text(t.was),
				sql_bool(t.drift_allowed)),
		       e) &&
	       sql_run(c, &SQL_PLAN_APPROVED_ALREADY,
		       SQL_ARGS(sql_text(told->deployment), sql_text(told->host)), e);
}
