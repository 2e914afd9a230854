/* SPDX-License-Identifier: Apache-2.0
 * The life of a deployment after it was made (S-11): suspended, resumed, cancelled, expired, tried
 * again, put into the trash. Each is one transaction, so that a kill leaves either all of it or
 * nothing; systems are woken afterwards, and those that miss it learn it at their next contact. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "format/json.h"
#include "sql/notify.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)
#define PURGE_EVERY_MS INT64_C(3600000)

void host_list_done(struct host_list *l)
{
	VEC_DONE(&l->ids);
}

static void list_add(struct host_list *l, struct str id)
{
	struct host_id one;
	snprintf(one.id, sizeof(one.id), "%.*s", STR_ARG(id));
	VEC_PUSH(&l->ids, one);
}

static bool hosts_of(struct sql_conn *c, const struct sql_stmt *q, const char *deployment,
		     struct host_list *hosts, struct err *e)
{
	struct sql_rows *rows;
	hosts->ids.n = 0;
	if (!sql_query(c, q, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	while (sql_next(rows))
		list_add(hosts, sql_col_str(rows, 0));
	return sql_rows_end(rows, e);
}

void hosts_wake(struct deploy *d, const struct host_list *hosts)
{
	VEC(uint32_t) numbers = { 0 };
	struct match_view v;
	match_read(d->conf.match, &v);
	for (size_t i = 0; i < hosts->ids.n; i++) {
		const struct host *h = fleet_host_by_id(v.fleet, str_of(hosts->ids.p[i].id));
		if (h)
			VEC_PUSH(&numbers, h->no);
	}
	match_read_end(&v);
	for (size_t i = 0; i < numbers.n; i++)
		open_hosts_mark(d, numbers.p[i]);
	if (numbers.n)
		d->conf.wake(d->conf.arg, numbers.p, numbers.n);
	VEC_DONE(&numbers);
}

bool orders_take_back(struct sql_conn *c, const char *deployment, int64_t now_ms,
		      struct host_list *hosts, struct err *e)
{
	return hosts_of(c, &SQL_ORDER_HOSTS, deployment, hosts, e) &&
	       sql_run(c, &SQL_TARGET_WAIT_ANEW, SQL_ARGS(sql_text(deployment), sql_int(now_ms)),
		       e) &&
	       sql_run(c, &SQL_ORDER_WITHDRAW, SQL_ARGS(sql_text(deployment)), e);
}

/* --- suspend, resume, end ----------------------------------------------------------------------
 */

struct turn {
	const char *id, *reason;
	enum target_state ends_as; /* of cancelling and expiring */
	int64_t now_ms, changed;
	struct host_list hosts;
};

static bool suspend(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *k = arg;
	return sql_change(c, &SQL_DEPLOYMENT_SUSPEND, SQL_ARGS(sql_text(k->id), sql_int(k->now_ms)),
			  &k->changed, e) &&
	       orders_take_back(c, k->id, k->now_ms, &k->hosts, e);
}

static bool resume(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *k = arg;
	return sql_change(c, &SQL_DEPLOYMENT_SUSPEND, SQL_ARGS(sql_text(k->id), sql_int(0)),
			  &k->changed, e) &&
	       hosts_of(c, &SQL_TARGET_WAITING_HOSTS, k->id, &k->hosts, e);
}

static bool end_unstarted(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *k = arg;
	return hosts_of(c, &SQL_ORDER_HOSTS, k->id, &k->hosts, e) &&
	       sql_run(c, &SQL_TARGET_END_UNSTARTED,
		       SQL_ARGS(sql_text(k->id), sql_int(k->ends_as), sql_text(k->reason),
				sql_int(k->now_ms)),
		       e) &&
	       aim_close(c, k->id, e) &&
	       sql_run(c, &SQL_ORDER_WITHDRAW, SQL_ARGS(sql_text(k->id)), e);
}

static bool turn(struct deploy *d, struct turn *k,
		 bool (*write)(struct sql_conn *c, void *arg, struct err *e), struct err *e)
{
	bool ok = sql_write(d->conf.db, write, k, e) && deployment_rollup(d, k->id, e);
	if (ok)
		hosts_wake(d, &k->hosts);
	host_list_done(&k->hosts);
	return ok;
}

/* The deployment, when it is open. */
static bool open_one(struct deploy *d, const char *id, struct arena *a, struct deployment_row *row,
		     struct err *e)
{
	if (!deploy_get(d, id, a, row, e))
		return false;
	if (row->state == DEPLOYMENT_DRAFT)
		return err_set(e, ERR_CONFLICT, "'%s' is a draft; deploy it first", row->name);
	return deployment_is_open(row->state) ||
	       err_set(e, ERR_CONFLICT, "deployment '%s' has already ended", row->name);
}

bool deploy_suspend(struct deploy *d, const char *id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	struct turn k = { .id = id, .now_ms = clock_now_ms(d->conf.clock) };
	if (!open_one(d, id, &a, &row, e))
		return false;
	if (row.suspended_ms)
		return err_set(e, ERR_CONFLICT, "deployment '%s' is suspended already", row.name);
	return turn(d, &k, suspend, e);
}

bool deploy_resume(struct deploy *d, const char *id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	struct turn k = { .id = id, .now_ms = clock_now_ms(d->conf.clock) };
	if (!open_one(d, id, &a, &row, e))
		return false;
	if (!row.suspended_ms)
		return err_set(e, ERR_CONFLICT, "deployment '%s' is not suspended", row.name);
	return turn(d, &k, resume, e);
}

bool deploy_cancel(struct deploy *d, const char *id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	struct turn k = { .id = id,
			  .reason = "cancelled",
			  .ends_as = TARGET_CANCELLED,
			  .now_ms = clock_now_ms(d->conf.clock) };
	return open_one(d, id, &a, &row, e) && turn(d, &k, end_unstarted, e);
}

/* --- failed targets again ----------------------------------------------------------------------
 */

struct retry {
	const char *id, *reason;
	const char *const *systems;
	size_t n;
	int64_t now_ms;
	struct host_list hosts;
};

static bool is_meant(const struct retry *k, struct str host, struct str reason)
{
	if (k->reason && !str_is(reason, k->reason))
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (str_is(host, k->systems[i]))
			return true;
	return k->n == 0;
}

static bool retry(struct sql_conn *c, void *arg, struct err *e)
{
	struct retry *k = arg;
	struct sql_rows *rows;
	k->hosts.ids.n = 0;
	if (!sql_query(c, &SQL_TARGET_FAILED, SQL_ARGS(sql_text(k->id)), &rows, e))
		return false;
	while (sql_next(rows))
		if (is_meant(k, sql_col_str(rows, 0), sql_col_str(rows, 2)))
			list_add(&k->hosts, sql_col_str(rows, 0));
	if (!sql_rows_end(rows, e))
		return false;
	for (size_t i = 0; i < k->hosts.ids.n; i++)
		if (!sql_run(c, &SQL_TARGET_RETRY,
			     SQL_ARGS(sql_text(k->id), sql_text(k->hosts.ids.p[i].id),
				      sql_int(k->now_ms)),
			     e))
			return false;
	return true;
}

bool deploy_retry(struct deploy *d, const char *id, const char *const *systems, size_t n,
		  const char *reason, size_t *n_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	struct retry k = { .id = id,
			   .reason = reason,
			   .systems = systems,
			   .n = n,
			   .now_ms = clock_now_ms(d->conf.clock) };
	if (!deploy_get(d, id, &a, &row, e))
		return false;
	if (row.terms.expires_ms && row.terms.expires_ms <= k.now_ms)
		return err_set(e, ERR_CONFLICT, "deployment '%s' has expired; clone it", row.name);
	if (row.removed_ms)
		return err_set(e, ERR_CONFLICT, "deployment '%s' is in the trash", row.name);
	bool ok = sql_write(d->conf.db, retry, &k, e);
	*n_out = k.hosts.ids.n;
	if (ok && !k.hosts.ids.n)
		ok = err_set(e, ERR_CONFLICT, "no target of '%s' that was meant has failed",
			     row.name);
	ok = ok && deployment_rollup(d, id, e);
	if (ok)
		hosts_wake(d, &k.hosts);
	host_list_done(&k.hosts);
	return ok;
}

/* --- the trash ---------------------------------------------------------------------------------
 */

struct trash {
	const char *id;
	int64_t removed_ms;
};

static bool set_trash(struct sql_conn *c, void *arg, struct err *e)
{
	const struct trash *k = arg;
	return sql_run(c, &SQL_DEPLOYMENT_TRASH, SQL_ARGS(sql_text(k->id), sql_int(k->removed_ms)),
		       e) &&
	       sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

bool deploy_trash(struct deploy *d, const char *id, bool into, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	struct trash k = { id, into ? clock_now_ms(d->conf.clock) : 0 };
	if (!deploy_get(d, id, &a, &row, e))
		return false;
	if (deployment_is_open(row.state))
		return err_set(e, ERR_CONFLICT, "deployment '%s' has not ended; cancel it first",
			       row.name);
	if (into == (row.removed_ms != 0))
		return err_set(e, ERR_CONFLICT, "deployment '%s' is %sin the trash", row.name,
			       into ? "" : "not ");
	if (!sql_write(d->conf.db, set_trash, &k, e))
		return false;
	d->conf.changed(d->conf.arg, id);
	return true;
}

static bool forget(struct sql_conn *c, void *arg, struct err *e)
{
	const struct sql_stmt *const tables[] = {
		&SQL_PURGE_ORDERS,	 &SQL_PURGE_NOTICES,	 &SQL_PURGE_UNINSTALLS,
		&SQL_PURGE_AIM,		 &SQL_PURGE_OFFERS,	 &SQL_PURGE_GROUPS,
		&SQL_PURGE_SCRIPTS,	 &SQL_PURGE_PLAN_MODE,	 &SQL_PURGE_PLAN_APPROVALS,
		&SQL_PURGE_TARGET_PLANS, &SQL_PURGE_AUTO_CLAIMS, &SQL_PURGE_AUTO_RUN,
		&SQL_PURGE_TARGETS,	 &SQL_PURGE_WAVES,	 &SQL_PURGE_ROLLOUT,
		&SQL_PURGE_PATCHES,	 &SQL_PURGE_NOTIFY,	 &SQL_PURGE_WOL,
		&SQL_PURGE_DEPLOYMENT,
	};
	bool ok = true;
	for (size_t i = 0; ok && i < ARRAY_LEN(tables); i++)
		ok = sql_run(c, tables[i], SQL_ARGS(sql_text(arg)), e);
	return ok && sql_run(c, &SQL_PURGE_PLANS, SQL_NO_ARGS, e);
}

/* --- the clock ---------------------------------------------------------------------------------
 */

static bool ids_of(struct deploy *d, const struct sql_stmt *q, int64_t ms, struct host_list *ids,
		   struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, q, SQL_ARGS(sql_int(ms)), &rows, e))
		return false;
	while (sql_next(rows))
		list_add(ids, sql_col_str(rows, 0));
	return sql_rows_end(rows, e);
}

static bool expire(struct deploy *d, int64_t now, struct err *e)
{
	AUTO(host_list_done) struct host_list ids = { 0 };
	bool ok = ids_of(d, &SQL_DEPLOYMENT_EXPIRING, now, &ids, e);
	for (size_t i = 0; ok && i < ids.ids.n; i++) {
		struct turn k = { .id = ids.ids.p[i].id,
				  .reason = "deployment_expired",
				  .ends_as = TARGET_EXPIRED,
				  .now_ms = now };
		ok = deploy_tell(d, k.id, "deployment.expire", json_object(), e) &&
		     turn(d, &k, end_unstarted, e);
	}
	return ok;
}

static bool empty_trash(struct deploy *d, int64_t now, struct err *e)
{
	AUTO(host_list_done) struct host_list ids = { 0 };
	if (now - d->purged_ms < PURGE_EVERY_MS && now >= d->purged_ms)
		return true;
	d->purged_ms = now;
	bool ok = ids_of(d, &SQL_DEPLOYMENT_TRASHED, now - DEPLOY_TRASH_DAYS * DAY_MS, &ids, e);
	for (size_t i = 0; ok && i < ids.ids.n; i++)
		ok = sql_write(d->conf.db, forget, ids.ids.p[i].id, e);
	return ok;
}

bool lifecycle_tick(struct deploy *d, struct err *e)
{
	int64_t now = clock_now_ms(d->conf.clock);
	return expire(d, now, e) && empty_trash(d, now, e);
}
