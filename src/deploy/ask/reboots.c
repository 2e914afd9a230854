/* SPDX-License-Identifier: Apache-2.0
 * Machines that are restarted (M-172): deployments that do nothing else, and what a target says of
 * a machine that has gone away for a reboot. The states are those of schema 0020; the machine's own
 * word, in the result of its order, is the last. */
#include "deploy/deploy_int.h"
#include "deploy/orders/policy.h"
#include "deploy/queries.h"

#include <stdio.h>

#define NAME_BYTES 160

/* --- away and back ------------------------------------------------------------------------------
 */

bool reboot_begins(struct sql_conn *c, const char *deployment, const char *host, const char *boot,
		   int64_t now_ms, struct err *e)
{
	return sql_run(c, &SQL_TARGET_REBOOTING,
		       SQL_ARGS(sql_text(deployment), sql_text(host),
				sql_int(now_ms + DEPLOY_REBOOT_LIMIT_MS), sql_text(boot)),
		       e);
}

struct traveller {
	const char *host, *boot, *deployment;
	int64_t now_ms;
};

static bool back_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct traveller *t = arg;
	return sql_run(c, &SQL_TARGET_CAME_BACK,
		       SQL_ARGS(sql_text(t->host), sql_text(t->boot), sql_int(t->now_ms)), e);
}

bool reboot_came_back(struct deploy *d, const struct host *h, const char *deployment, struct err *e)
{
	struct traveller t = { h->id, h->attrs.boot_id ? h->attrs.boot_id : "", deployment,
			       clock_now_ms(d->conf.clock) };
	return sql_write(d->conf.db, back_write, &t, e) && deployment_rollup(d, deployment, e);
}

static bool overdue_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct traveller *t = arg;
	return sql_run(c, &SQL_TARGET_OVERDUE,
		       SQL_ARGS(sql_text(t->deployment), sql_text(t->host), sql_int(t->now_ms)), e);
}

bool reboots_overdue(struct deploy *d, struct err *e)
{
	enum { MOST = 1000 };
	AUTO(arena_done) struct arena a = { 0 };
	struct traveller *list = arena_array(&a, struct traveller, MOST);
	int64_t now_ms = clock_now_ms(d->conf.clock);
	size_t n = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_TARGET_OVERDUE_LIST,
				     SQL_ARGS(sql_int(now_ms), sql_int(MOST)), &rows, e))
			return false;
		while (n < MOST && sql_next(rows))
			list[n++] = (struct traveller) {
				.deployment = arena_str(&a, sql_col_str(rows, 0)).p,
				.host = arena_str(&a, sql_col_str(rows, 1)).p,
				.now_ms = now_ms,
			};
		if (!sql_rows_end(rows, e))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!sql_write(d->conf.db, overdue_write, &list[i], e) ||
		    !deployment_rollup(d, list[i].deployment, e))
			return false;
	return true;
}

/* --- on demand ----------------------------------------------------------------------------------
 */

static void name_it(const struct errand *k, char out[static NAME_BYTES])
{
	char when[CLOCK_RFC3339_LEN];
	const struct host *first = k->targets[0].h;
	const char *who = first->attrs.hostname ? first->attrs.hostname : first->id;
	clock_rfc3339(k->now_ms, when);
	if (k->n > 1)
		snprintf(out, NAME_BYTES, "%.16s %.100s +%zu", when, who, k->n - 1);
	else
		snprintf(out, NAME_BYTES, "%.16s %.100s", when, who);
}

static bool create_in_view(struct deploy *d, const struct match_view *v,
			   const struct deploy_reboot_request *r, struct errand *k, struct arena *a,
			   struct err *e)
{
	char name[NAME_BYTES];
	k->targets = arena_array(a, struct errand_target, r->n_systems + 1);
	for (size_t i = 0; i < r->n_systems; i++) {
		const struct host *h = fleet_host_by_id(v->fleet, str_of(r->systems[i]));
		if (h && h->state == HOST_ACTIVE)
			k->targets[k->n++] = (struct errand_target) { h, "" };
	}
	if (!k->n)
		return err_set(e, ERR_CONFLICT, "none of the chosen systems is there");
	name_it(k, name);
	k->name = name;
	return errand_create(d, k, e);
}

bool deploy_reboot(struct deploy *d, const struct deploy_reboot_request *r, char id_out[static 33],
		   struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct policy p;
	char id[33];
	if (strcmp(r->policy, POLICY_ANYTIME) != 0 && !policy_get(d, r->policy, &a, &p, e))
		return false;
	deploy_new_id(id);
	struct errand k = { .operation = DEPLOYMENT_REBOOT,
			    .id = id,
			    .policy = r->policy,
			    .created_by = r->created_by,
			    .now_ms = clock_now_ms(d->conf.clock) };
	struct match_view v;
	match_read(d->conf.match, &v);
	bool ok = create_in_view(d, &v, r, &k, &a, e);
	match_read_end(&v);
	if (!ok)
		return false;
	memcpy(id_out, id, sizeof(id));
	d->conf.changed(d->conf.arg, id);
	return true;
}
