/* SPDX-License-Identifier: Apache-2.0
 * Drafts, and changes of what is a draft or still open. A draft is a deployment without patches and
 * targets: what was chosen is kept as it was said, and looked at when it is deployed. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

#include <stdio.h>

struct drafting {
	const struct deploy_request *r;
	const char *id;
	int64_t now_ms;
};

static bool insert_draft(struct sql_conn *c, void *arg, struct err *e)
{
	const struct drafting *k = arg;
	return deployment_insert(c, k->id, k->r->name, k->r, DEPLOYMENT_DRAFT, DEPLOYMENT_INSTALL,
				 0, k->now_ms, e) &&
	       sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

static bool check_draft(struct deploy *d, const struct deploy_request *r, struct err *e)
{
	if (!r->name || !r->name[0])
		return err_set(e, ERR_INVALID, "a draft needs a name");
	if (!r->request || strlen(r->request) > DEPLOY_REQUEST_MAX)
		return err_set(e, ERR_LIMIT, "the draft chooses too much one by one; use a filter");
	return deploy_check_request(d, r, e);
}

bool deploy_draft(struct deploy *d, const struct deploy_request *r, char id_out[static 33],
		  struct err *e)
{
	char id[33];
	deploy_new_id(id);
	struct drafting k = { r, id, clock_now_ms(d->conf.clock) };
	if (!check_draft(d, r, e) || !sql_write(d->conf.db, insert_draft, &k, e))
		return false;
	memcpy(id_out, id, sizeof(id));
	d->conf.changed(d->conf.arg, id);
	return true;
}

bool deploy_request_text(struct deploy *d, const char *id, struct buf *out, struct err *e)
{
	bool found;
	if (!sql_text_of(d->conf.db, &SQL_DEPLOYMENT_REQUEST, SQL_ARGS(sql_text(id)), out, &found,
			 e))
		return false;
	return found || err_set(e, ERR_NOT_FOUND, "there is no deployment '%.40s'", id);
}

/* --- changes ------------------------------------------------------------------------------------
 */

struct change {
	const char *id;
	int64_t version, now_ms, changed;
	const struct deploy_request *now;   /* all of it, as it is to be */
	const struct deploy_notify *notify; /* NULL = as it is */
	bool draft, anew;		    /* anew: its orders would not be what they are */
	struct host_list hosts;
};

static bool change(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	const struct deploy_terms *t = &k->now->terms;
	if (!sql_change(c, &SQL_DEPLOYMENT_EDIT,
			SQL_ARGS(sql_text(k->id), sql_int(k->version), sql_text(k->now->name),
				 sql_text(k->now->description), sql_text(k->now->policy),
				 sql_int(t->expires_ms), sql_int(t->retry_refresh),
				 sql_int(t->retry_start_up), sql_bool(t->hold_incomplete)),
			&k->changed, e))
		return false;
	if (!k->changed)
		return true;
	if (k->draft && k->now->request &&
	    !sql_run(c, &SQL_DEPLOYMENT_SET_REQUEST,
		     SQL_ARGS(sql_text(k->id), sql_text(k->now->request)), e))
		return false;
	if (k->notify && !notify_put(c, k->id, k->notify, e))
		return false;
	if (k->anew && !orders_take_back(c, k->id, k->now_ms, &k->hosts, e))
		return false;
	return sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

static bool write_change(struct deploy *d, struct change *k, bool *stale_out, struct err *e)
{
	bool ok = sql_write(d->conf.db, change, k, e);
	if (ok && !k->changed) {
		*stale_out = true;
		ok = err_set(e, ERR_CONFLICT, "the deployment was changed meanwhile");
	}
	if (ok) {
		hosts_wake(d, &k->hosts);
		d->conf.changed(d->conf.arg, k->id);
	}
	host_list_done(&k->hosts);
	return ok;
}

bool deploy_change(struct deploy *d, const char *id, int64_t version, const struct deploy_edit *x,
		   bool *stale_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row;
	*stale_out = false;
	if (!deploy_get(d, id, &a, &row, e))
		return false;
	bool draft = row.state == DEPLOYMENT_DRAFT;
	if ((!draft && !deployment_is_open(row.state)) || row.removed_ms)
		return err_set(e, ERR_CONFLICT, "deployment '%s' has already ended", row.name);
	if (x->request && !draft)
		return err_set(e, ERR_CONFLICT,
			       "'%s' is no draft: its patches and systems stay as they are",
			       row.name);
	int64_t now_ms = clock_now_ms(d->conf.clock);
	bool offer = offers_row(&row, now_ms);
	const struct deploy_request now = { .name = x->name ? x->name : row.name,
					    .description = x->description ? x->description
									  : row.description,
					    .policy = x->policy ? x->policy : row.policy,
					    .terms = x->terms ? *x->terms : row.terms,
					    .publish = offer,
					    .deadline_ms = offer ? row.deadline_ms : 0,
					    .request = x->request };
	struct change k = { .id = id,
			    .version = version,
			    .now_ms = now_ms,
			    .now = &now,
			    .notify = x->notify,
			    .draft = draft,
			    .anew = !draft &&
				    (strcmp(now.policy, row.policy) != 0 ||
				     now.terms.expires_ms != row.terms.expires_ms ||
				     (offer && (strcmp(now.name, row.name) != 0 ||
						strcmp(now.description, row.description) != 0))) };
	if (!now.name[0])
		return err_set(e, ERR_INVALID, "a deployment needs a name");
	if (x->request && strlen(x->request) > DEPLOY_REQUEST_MAX)
		return err_set(e, ERR_LIMIT, "the draft chooses too much one by one; use a filter");
	return deploy_check_request(d, &now, e) && write_change(d, &k, stale_out, e);
}
