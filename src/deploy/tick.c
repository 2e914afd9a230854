/* SPDX-License-Identifier: Apache-2.0
 * What happens to deployments by the clock: files are asked for again, targets wait no longer for
 * what will not come, or go on after all when it has come; what has expired ends. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "deploy/rollout/cluster_slots.h"

#define LATE_EVERY_MS 60000
#define LATE_DAYS 7 /* so long after its failure a target goes on by itself */
#define DAY_MS INT64_C(86400000)

static bool settle_locked(struct deploy *d, const struct host *h, const char *deployment,
			  const struct work *w, struct err *e)
{
	pthread_mutex_t *lock = deploy_host_lock(d, h->id);
	pthread_mutex_lock(lock);
	bool ok = deploy_settle(d, h, deployment, w, e);
	pthread_mutex_unlock(lock);
	return ok;
}

static bool drive_waiting(struct deploy *d, struct err *e)
{
	enum { MOST = 1000 };
	AUTO(arena_done) struct arena a = { 0 };
	struct pair {
		char *deployment, *host;
		bool wake, hold;
	} *list = arena_array(&a, struct pair, MOST);
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_TARGET_OPEN,
				     SQL_ARGS(sql_int(MOST), sql_int(clock_now_ms(d->conf.clock))),
				     &rows, e))
			return false;
		while (n < MOST && sql_next(rows)) {
			list[n].deployment =
				(char *)(uintptr_t)arena_str(&a, sql_col_str(rows, 0)).p;
			list[n].host = (char *)(uintptr_t)arena_str(&a, sql_col_str(rows, 1)).p;
			list[n].wake = sql_col_bool(rows, 2);
			list[n++].hold = sql_col_bool(rows, 3);
		}
		if (!sql_rows_end(rows, e))
			return false;
	}
	struct match_view v;
	match_read(d->conf.match, &v);
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		const struct host *h = fleet_host_by_id(v.fleet, str_of(list[i].host));
		AUTO(work_done) struct work w = { 0 };
		if (!h || h->state != HOST_ACTIVE || !h->last_scan_ms)
			continue;
		ok = deploy_work(d, &v, h->no, list[i].deployment, &w, e);
		if (!ok)
			break;
		deploy_want(d, v.catalog, &w);
		if (list[i].hold && w.gone.n)
			continue;
		if (!w.components.n && w.gone.n)
			ok = settle_locked(d, h, list[i].deployment, &w, e);
		else if (w.payloads_ready && h->online && list[i].wake)
			d->conf.wake(d->conf.arg, &h->no, 1);
	}
	match_read_end(&v);
	return ok;
}

/* Patches whose files the server could not get are left out at first (S-11); when the files come
 * later the target begins again. */
static bool late_one(struct deploy *d, const struct match_view *v, const char *deployment,
		     const struct host *h, bool *come_out, struct err *e)
{
	AUTO(work_done) struct work w = { 0 };
	*come_out = false;
	if (!deploy_work(d, v, h->no, deployment, &w, e))
		return false;
	deploy_want(d, v->catalog, &w);
	*come_out = w.components.n && !w.gone.n && w.payloads_ready;
	return true;
}

static bool drive_late(struct deploy *d, struct err *e)
{
	enum { MOST = 500 };
	int64_t now = clock_now_ms(d->conf.clock);
	AUTO(arena_done) struct arena a = { 0 };
	struct pair {
		char *deployment, *host;
		bool come;
	} *list = arena_array(&a, struct pair, MOST);
	size_t n = 0, retried;
	if (now - d->late_ms < LATE_EVERY_MS && now >= d->late_ms)
		return true;
	d->late_ms = now;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_TARGET_LATE,
				     SQL_ARGS(sql_int(MOST), sql_int(now - LATE_DAYS * DAY_MS),
					      sql_int(now)),
				     &rows, e))
			return false;
		for (; n < MOST && sql_next(rows); n++) {
			list[n].deployment =
				(char *)(uintptr_t)arena_str(&a, sql_col_str(rows, 0)).p;
			list[n].host = (char *)(uintptr_t)arena_str(&a, sql_col_str(rows, 1)).p;
			list[n].come = false;
		}
		if (!sql_rows_end(rows, e))
			return false;
	}
	struct match_view v;
	match_read(d->conf.match, &v);
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		const struct host *h = fleet_host_by_id(v.fleet, str_of(list[i].host));
		if (h && h->state == HOST_ACTIVE && h->last_scan_ms)
			ok = late_one(d, &v, list[i].deployment, h, &list[i].come, e);
	}
	match_read_end(&v);
	for (size_t i = 0; ok && i < n; i++) {
		const char *host = list[i].host;
		if (list[i].come)
			ok = deploy_retry(d, list[i].deployment, &host, 1, NULL, &retried, e);
	}
	return ok;
}

bool deploy_tick(struct deploy *d, struct err *e)
{
	return dynamics_tick(d, e) && lifecycle_tick(d, e) && waves_tick(d, e) &&
	       cluster_tick(d, e) && reboots_overdue(d, e) && wol_tick(d, e) &&
	       drive_waiting(d, e) && drive_late(d, e);
}
