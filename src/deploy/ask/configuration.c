/* SPDX-License-Identifier: Apache-2.0
 * Creating a configuration (M-128..M-142): one transaction holds the deployment, its patches and
 * its targets, so that it is there completely or not at all (F03). */
#include "deploy/auto/auto_int.h"
#include "deploy/orders/policy.h"
#include "deploy/queries.h"
#include "deploy/targets/selector.h"
#include "sql/notify.h"

#include <stdio.h>

struct creation {
	struct deploy *d;
	const struct deploy_request *r;
	const struct resolved *set;
	const struct match_view *v;
	const char *id;
	char name[160];
	int64_t now_ms;
	struct ledger_batch *history;
	struct rollout_host *waves; /* NULL = all at once */
	char *aim;		    /* NULL = it names systems */
	struct intern *patches; /* of the set; and all that were asked for, when it is dynamic */
	bool (*also)(struct sql_conn *c, void *arg, struct err *e); /* or NULL */
	void *also_arg;
};

static bool count_one(uint32_t host, void *counts)
{
	((uint32_t *)counts)[host]++;
	return true;
}

uint32_t *patches_by_host(const struct fleet *f, const struct resolved *set)
{
	uint32_t *counts = xcalloc((size_t)fleet_host_count(f) + 1, sizeof(*counts));
	for (size_t i = 0; i < set->n; i++)
		roaring_iterate(set->hosts[i], count_one, counts);
	return counts;
}

bool targets_insert(struct sql_conn *c, const char *deployment, const struct match_view *v,
		    const struct resolved *set, const struct rollout_host *waves, int64_t now_ms,
		    struct err *e)
{
	AUTO(xfree) uint32_t *counts = patches_by_host(v->fleet, set);
	roaring_uint32_iterator_t it;
	roaring_init_iterator(set->all, &it);
	for (size_t n = 0; it.has_value; roaring_advance_uint32_iterator(&it), n++) {
		const struct host *h = fleet_host(v->fleet, it.current_value);
		if (!sql_run(c, &SQL_TARGET_INSERT,
			     SQL_ARGS(sql_text(deployment), sql_text(h->id),
				      sql_text(h->attrs.hostname ? h->attrs.hostname : h->id),
				      sql_int(TARGET_PENDING), sql_text("waiting_agent"),
				      sql_int(now_ms), sql_int(counts[it.current_value]),
				      sql_bool(false), sql_text(""),
				      sql_int(waves ? waves[n].wave : 0)),
			     e))
			return false;
	}
	return true;
}

/* What was a draft is deployed once. */
static bool replace_draft(struct sql_conn *c, const char *draft, struct err *e)
{
	int64_t n = 0;
	if (!draft)
		return true;
	if (!notify_remove(c, draft, e) ||
	    !sql_change(c, &SQL_DEPLOYMENT_UNDRAFT, SQL_ARGS(sql_text(draft)), &n, e))
		return false;
	return n || err_set(e, ERR_CONFLICT, "'%.40s' is no draft any more", draft);
}

void deploy_request_id(const struct deploy_request *r, char out[static 33])
{
	if (r->draft)
		snprintf(out, 33, "%s", r->draft);
	else
		deploy_new_id(out);
}

bool deployment_insert(struct sql_conn *c, const char *id, const char *name,
		       const struct deploy_request *r, enum deployment_state state,
		       enum deployment_operation operation, int64_t n_patches, int64_t now_ms,
		       struct err *e)
{
	const struct deploy_terms *t = &r->terms;
	return replace_draft(c, r->draft, e) &&
	       sql_run(c, &SQL_DEPLOYMENT_INSERT,
		       SQL_ARGS(sql_text(id), sql_text(name),
				sql_text(r->description ? r->description : ""), sql_text(r->policy),
				sql_bool(r->now), sql_int(state), sql_text(r->created_by),
				sql_int(now_ms), sql_int(n_patches), sql_int(operation),
				sql_int(t->expires_ms), sql_int(t->retry_refresh),
				sql_int(t->retry_start_up), sql_bool(t->hold_incomplete),
				sql_text(r->request ? r->request : ""),
				sql_bool(operation == DEPLOYMENT_INSTALL && !r->n_patches)),
		       e) &&
	       notify_put(c, id, &r->notify, e);
}

static bool insert_all(struct sql_conn *c, void *arg, struct err *e)
{
	const struct creation *k = arg;
	if (!deployment_insert(c, k->id, k->name, k->r, DEPLOYMENT_READY, DEPLOYMENT_INSTALL,
			       (int64_t)intern_count(k->patches), k->now_ms, e))
		return false;
	for (size_t i = 0; i < intern_count(k->patches); i++)
		if (!sql_run(c, &SQL_DEPLOYMENT_PATCH_INSERT,
			     SQL_ARGS(sql_text(k->id), sql_str(intern_get(k->patches, i))), e))
			return false;
	if (k->waves && !waves_insert(c, k->id, k->r->rollout, k->now_ms, e))
		return false;
	return offers_insert(c, k->id, k->r, e) && plan_insert_mode(c, k->id, k->r, e) &&
	       targets_insert(c, k->id, k->v, k->set, k->waves, k->now_ms, e) &&
	       (!k->aim || aim_insert(c, k->id, k->r->targets, k->aim, e)) &&
	       (!k->also || k->also(c, k->also_arg, e)) &&
	       (!k->history || ledger_batch_write(c, k->history, e)) &&
	       sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

struct ledger_batch *deploy_approvals(struct deploy *d, const struct match_view *v,
				      const struct resolved *set, const char *id)
{
	if (!d->conf.ledger)
		return NULL;
	struct ledger_batch *b = ledger_batch_new(d->conf.ledger);
	ledger_batch_ref(b, id);
	for (size_t i = 0; i < set->n; i++) {
		ledger_batch_sweep(b, set->ids[i], LEDGER_APPROVED);
		roaring_uint32_iterator_t it;
		roaring_init_iterator(set->hosts[i], &it);
		for (; it.has_value; roaring_advance_uint32_iterator(&it))
			ledger_batch_swept(b, str_of(fleet_host(v->fleet, it.current_value)->id));
	}
	return b;
}

static void default_name(struct creation *k)
{
	char when[CLOCK_RFC3339_LEN];
	clock_rfc3339(k->now_ms, when);
	uint32_t p = catalog_find(k->v->catalog, intern_get(k->patches, 0));
	const struct patch *first = &k->v->catalog->patches[p];
	if (intern_count(k->patches) == 1)
		snprintf(k->name, sizeof(k->name), "%.16s %.*s", when, STR_ARG(first->title));
	else
		snprintf(k->name, sizeof(k->name), "%.16s %.*s +%zu", when, STR_ARG(first->product),
			 (size_t)intern_count(k->patches) - 1);
}

void deploy_set_going(struct deploy *d, const struct match_view *v, const struct resolved *set,
		      const struct rollout_host *waves, bool now)
{
	VEC(uint32_t) want = { 0 };
	for (size_t i = 0; i < set->n; i++) {
		const struct patch *p = &v->catalog->patches[set->patches[i]];
		for (uint32_t k = 0; k < p->components; k++) {
			uint32_t c = p->first_component + k;
			if (v->catalog->components[c].archive != CATALOG_NONE &&
			    match_component_wanted(v, c, set->hosts[i]) &&
			    !store_has(d->conf.store, &v->catalog->components[c].sha256, NULL))
				VEC_PUSH(&want, c);
		}
	}
	if (want.n)
		d->conf.want_payload(d->conf.arg, v->catalog, want.p, (uint32_t)want.n);
	VEC_DONE(&want);
	if (!now)
		return;
	size_t n = roaring_bitmap_get_cardinality(set->all);
	AUTO(xfree) uint32_t *hosts = xmalloc(sizeof(*hosts) * (n + 1));
	roaring_bitmap_to_uint32_array(set->all, hosts);
	if (waves) {
		size_t first = 0;
		for (size_t i = 0; i < n; i++)
			if (waves[i].wave == 0)
				hosts[first++] = hosts[i];
		n = first;
	}
	d->conf.wake(d->conf.arg, hosts, n);
}

bool deploy_check_terms(const struct deploy_terms *t, int64_t now_ms, struct err *e)
{
	if (t->expires_ms && t->expires_ms <= now_ms)
		return err_set(e, ERR_INVALID, "the deployment would have expired already");
	if (t->retry_refresh < 0 || t->retry_start_up < 0 ||
	    !t->retry_refresh != !t->retry_start_up ||
	    t->retry_refresh + t->retry_start_up > DEPLOY_RETRIES_MAX)
		return err_set(
			e, ERR_INVALID,
			"retries are at least one at contacts and one at starts, and %d together at most",
			DEPLOY_RETRIES_MAX);
	return true;
}

bool deploy_check_request(struct deploy *d, const struct deploy_request *r, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct policy p;
	if (!r->policy ||
	    (strcmp(r->policy, POLICY_ANYTIME) != 0 && !policy_get(d, r->policy, &a, &p, e)))
		return r->policy ? false : err_set(e, ERR_INVALID, "a deployment needs a policy");
	if (r->name && strlen(r->name) > 100)
		return err_set(e, ERR_INVALID,
			       "the deployment's name is longer than 100 characters");
	if (r->description && strlen(r->description) > 1000)
		return err_set(e, ERR_INVALID,
			       "the deployment's description is longer than 1000 characters");
	return deploy_check_terms(&r->terms, clock_now_ms(d->conf.clock), e) &&
	       offers_check(r, clock_now_ms(d->conf.clock), e);
}

bool deployment_make(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		     const struct resolved *set, const char *id,
		     bool (*also)(struct sql_conn *c, void *arg, struct err *e), void *arg,
		     struct err *e)
{
	struct creation k = { .d = d,
			      .r = r,
			      .set = set,
			      .v = v,
			      .id = id,
			      .now_ms = clock_now_ms(d->conf.clock),
			      .also = also,
			      .also_arg = arg };
	bool dynamic = r->targets && r->targets->dynamic;
	AUTO(intern_free) struct intern *patches = intern_new();
	k.patches = patches;
	for (size_t n = 0; n < set->n; n++)
		intern_add(patches, set->ids[n]);
	for (size_t n = 0; dynamic && n < r->n_patches; n++)
		intern_add(patches, str_of(r->patches[n]));
	if (r->name && r->name[0])
		snprintf(k.name, sizeof(k.name), "%s", r->name);
	else
		default_name(&k);
	AUTO(xfree) struct rollout_host *waves = NULL;
	if (r->rollout) {
		waves = xcalloc(roaring_bitmap_get_cardinality(set->all) + 1, sizeof(*waves));
		if (!waves_assign(d, r->rollout, v, id, set->all, waves, e))
			return false;
	}
	k.waves = waves;
	k.history = deploy_approvals(d, v, set, id);
	k.aim = r->targets ? aim_text(r->targets) : NULL;
	bool stored = sql_write(d->conf.db, insert_all, &k, e);
	xfree(k.aim);
	ledger_batch_done(k.history, stored);
	if (!stored)
		return err_prefix(e, "cannot store the deployment");
	open_hosts_mark_all(d, set->all);
	deploy_set_going(d, v, set, waves, r->now);
	return true;
}

static bool create_in_view(struct deploy *d, const struct match_view *v,
			   const struct deploy_request *r, const char *preview_token,
			   const char *id, const char **why_out, struct err *e)
{
	AUTO(resolved_done) struct resolved set = { 0 };
	*why_out = "nothing_to_do";
	if (!deploy_resolve(d, v, r, &set, e))
		return false;
	bool dynamic = r->targets && r->targets->dynamic;
	if (!set.n && !(dynamic && r->n_patches))
		return err_set(
			e, ERR_CONFLICT,
			"nothing to deploy: none of the chosen systems misses any of the chosen patches");
	*why_out = "preview_stale";
	if (!preview_covers(d, preview_token, &set))
		return err_set(
			e, ERR_CONFLICT,
			"the affected set has grown since the preview; look at the preview again");
	*why_out = r->draft ? "not_a_draft" : "conflict";
	return deployment_make(d, v, r, &set, id, NULL, NULL, e);
}

bool deploy_create(struct deploy *d, const struct deploy_request *r, const char *preview_token,
		   char id_out[static 33], const char **why_out, struct err *e)
{
	*why_out = "conflict";
	if (!deploy_check_request(d, r, e))
		return false;
	char id[33];
	deploy_request_id(r, id);
	struct match_view v;
	match_read(d->conf.match, &v);
	bool ok = create_in_view(d, &v, r, preview_token ? preview_token : "", id, why_out, e);
	match_read_end(&v);
	if (!ok)
		return false;
	memcpy(id_out, id, sizeof(id));
	d->conf.changed(d->conf.arg, id);
	return true;
}
