/* SPDX-License-Identifier: Apache-2.0
 * A deployment's state is nothing but a function of its targets' states, and of whether more may
 * come (dynamic.c); this computes it after every change, so that no screen ever waits for a nightly
 * job. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

static enum deployment_state state_of(const uint32_t t[static TARGET_STATES_], bool suspended)
{
	uint32_t open = t[TARGET_PENDING] + t[TARGET_AWAITING_APPROVAL] + t[TARGET_DOWNLOADING] +
			t[TARGET_INSTALLING];
	uint32_t done = t[TARGET_SUCCEEDED] + t[TARGET_NOT_APPLICABLE];
	if (open && suspended)
		return DEPLOYMENT_SUSPENDED;
	if (open)
		return t[TARGET_DOWNLOADING] + t[TARGET_INSTALLING] + t[TARGET_FAILED] + done
			       ? DEPLOYMENT_IN_PROGRESS
			       : DEPLOYMENT_READY;
	if (t[TARGET_FAILED])
		return done ? DEPLOYMENT_COMPLETED_WITH_FAILURES : DEPLOYMENT_FAILED;
	if (t[TARGET_EXPIRED])
		return DEPLOYMENT_EXPIRED;
	return t[TARGET_CANCELLED] ? DEPLOYMENT_CANCELLED : DEPLOYMENT_COMPLETED;
}

static bool any(const uint32_t t[static TARGET_STATES_])
{
	uint32_t all = 0;
	for (int s = 0; s < TARGET_STATES_; s++)
		all += t[s];
	return all > 0;
}

struct rollup {
	const char *id;
	int64_t now_ms;
};

static bool rollup_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct rollup *k = arg;
	uint32_t t[TARGET_STATES_] = { 0 };
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_DEPLOYMENT_TARGETS_COUNT, SQL_ARGS(sql_text(k->id)), &rows, e))
		return false;
	while (sql_next(rows)) {
		int64_t s = sql_col_int(rows, 0);
		if (s >= 0 && s < TARGET_STATES_)
			t[s] = (uint32_t)sql_col_int(rows, 1);
	}
	if (!sql_rows_end(rows, e) ||
	    !sql_query(c, &SQL_DEPLOYMENT_GET, SQL_ARGS(sql_text(k->id)), &rows, e))
		return false;
	int64_t started = 0, finished = 0, suspended = 0, expires = 0;
	if (sql_next(rows)) {
		started = sql_col_int(rows, 8);
		finished = sql_col_int(rows, 9);
		suspended = sql_col_int(rows, 13);
		expires = sql_col_int(rows, 14);
	}
	if (!sql_rows_end(rows, e))
		return false;
	enum deployment_state s = state_of(t, suspended != 0);
	bool more;
	if (!aim_is_dynamic(c, k->id, &more, e))
		return false;
	if (more && !deployment_is_open(s))
		s = suspended ? DEPLOYMENT_SUSPENDED
		    : t[TARGET_SUCCEEDED] + t[TARGET_FAILED] + t[TARGET_NOT_APPLICABLE]
			    ? DEPLOYMENT_IN_PROGRESS
			    : DEPLOYMENT_READY;
	else if (!any(t)) /* dynamic ones have ended without any target */
		s = expires && expires <= k->now_ms ? DEPLOYMENT_EXPIRED : DEPLOYMENT_CANCELLED;
	if (s != DEPLOYMENT_READY && s != DEPLOYMENT_SUSPENDED && !started)
		started = k->now_ms;
	if (deployment_is_open(s))
		finished = 0; /* failed targets may have begun again */
	else if (!finished)
		finished = k->now_ms;
	return sql_run(c, &SQL_DEPLOYMENT_SET_STATE,
		       SQL_ARGS(sql_text(k->id), sql_int(s), sql_int(started), sql_int(finished)),
		       e) &&
	       sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

bool deployment_rollup(struct deploy *d, const char *id, struct err *e)
{
	struct rollup k = { id, clock_now_ms(d->conf.clock) };
	if (!sql_write(d->conf.db, rollup_write, &k, e))
		return err_prefix(e, "cannot update deployment '%s'", id);
	d->conf.changed(d->conf.arg, id);
	return true;
}
