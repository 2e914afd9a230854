/* SPDX-License-Identifier: Apache-2.0
 * Storing a deployment that installs nothing - restarted services, reboots: one transaction, then
 * its targets are woken. What it does and where was decided by the caller, under a view. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

static bool insert_all(struct sql_conn *c, void *arg, struct err *e)
{
	const struct errand *k = arg;
	const struct deploy_request r = { .policy = k->policy,
					  .now = true,
					  .created_by = k->created_by };
	if (!deployment_insert(c, k->id, k->name, &r, DEPLOYMENT_READY, k->operation, 0, k->now_ms,
			       e))
		return false;
	for (size_t i = 0; i < k->n; i++) {
		const struct host *h = k->targets[i].h;
		if (!sql_run(c, &SQL_TARGET_INSERT,
			     SQL_ARGS(sql_text(k->id), sql_text(h->id),
				      sql_text(h->attrs.hostname ? h->attrs.hostname : h->id),
				      sql_int(TARGET_PENDING), sql_text("waiting_agent"),
				      sql_int(k->now_ms), sql_int(0), sql_bool(false),
				      sql_text(k->targets[i].units), sql_int(0)),
			     e))
			return false;
	}
	return sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

bool errand_create(struct deploy *d, const struct errand *k, struct err *e)
{
	struct errand copy = *k;
	if (!sql_write(d->conf.db, insert_all, &copy, e))
		return err_prefix(e, "cannot store the deployment");
	AUTO(xfree) uint32_t *hosts = xmalloc(sizeof(*hosts) * (k->n + 1));
	for (size_t i = 0; i < k->n; i++) {
		hosts[i] = k->targets[i].h->no;
		open_hosts_mark(d, hosts[i]);
	}
	d->conf.wake(d->conf.arg, hosts, k->n);
	return true;
}
