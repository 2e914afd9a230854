/* SPDX-License-Identifier: Apache-2.0
 * An uninstallation from its making to its result: stored with every step; what of them is left to
 * do on a system when its order is made; what became of them. Invariant: a system whose packages
 * are neither where they were nor where they shall be is left alone. */
#include "deploy/ask/uninstall.h"
#include "deploy/ask/uninstall_int.h"
#include "deploy/deploy_int.h"
#include "deploy/orders/policy.h"
#include "deploy/queries.h"
#include "sql/notify.h"

#include <stdio.h>

/* --- making -------------------------------------------------------------------------------------
 */

struct making {
	const struct deploy_request *r;
	const struct match_view *v;
	const struct uninstall_plan *plan;
	const char *id;
	char name[160];
	int64_t now_ms;
};

static bool insert_items(struct sql_conn *c, const struct making *k, struct err *e)
{
	for (size_t i = 0; i < k->plan->items.n; i++) {
		const struct uninstall_item *x = &k->plan->items.p[i];
		if (!sql_run(c, &SQL_UNINSTALL_ITEM_INSERT,
			     SQL_ARGS(sql_text(k->id),
				      sql_text(fleet_host(k->v->fleet, x->host)->id),
				      sql_str(k->v->catalog->patches[x->patch].id),
				      sql_str(x->name), sql_str(x->arch), sql_str(x->from),
				      sql_str(x->to), sql_bool(x->recorded)),
			     e))
			return false;
	}
	return true;
}

static bool insert_target(struct sql_conn *c, const struct making *k, uint32_t no,
			  enum target_state state, const char *reason, int64_t patches,
			  struct err *e)
{
	const struct host *h = fleet_host(k->v->fleet, no);
	return sql_run(c, &SQL_TARGET_INSERT,
		       SQL_ARGS(sql_text(k->id), sql_text(h->id),
				sql_text(h->attrs.hostname ? h->attrs.hostname : h->id),
				sql_int(state), sql_text(reason), sql_int(k->now_ms),
				sql_int(patches), sql_bool(false), sql_text(""), sql_int(0)),
		       e);
}

/* Those from which something goes back, and those from which nothing can: they say why. */
static bool insert_targets(struct sql_conn *c, const struct making *k, struct err *e)
{
	const struct resolved *set = &k->plan->set;
	AUTO(xfree) uint32_t *counts = patches_by_host(k->v->fleet, set);
	roaring_bitmap_t *done = roaring_bitmap_copy(set->all);
	roaring_uint32_iterator_t it;
	bool ok = true;
	roaring_init_iterator(set->all, &it);
	for (; ok && it.has_value; roaring_advance_uint32_iterator(&it))
		ok = insert_target(c, k, it.current_value, TARGET_PENDING, "waiting_agent",
				   counts[it.current_value], e);
	for (size_t i = 0; ok && i < k->plan->refusals.n; i++) {
		const struct uninstall_refused *x = &k->plan->refusals.p[i];
		if (roaring_bitmap_add_checked(done, x->host))
			ok = insert_target(c, k, x->host, TARGET_NOT_APPLICABLE, x->why, 0, e);
	}
	roaring_bitmap_free(done);
	return ok;
}

static bool insert_all(struct sql_conn *c, void *arg, struct err *e)
{
	const struct making *k = arg;
	const struct resolved *set = &k->plan->set;
	if (!deployment_insert(c, k->id, k->name, k->r, DEPLOYMENT_READY, DEPLOYMENT_UNINSTALL,
			       (int64_t)set->n, k->now_ms, e))
		return false;
	for (size_t i = 0; i < set->n; i++)
		if (!sql_run(c, &SQL_DEPLOYMENT_PATCH_INSERT,
			     SQL_ARGS(sql_text(k->id), sql_str(set->ids[i])), e))
			return false;
	return plan_insert_mode(c, k->id, k->r, e) && insert_targets(c, k, e) &&
	       insert_items(c, k, e) && sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(k->id), e);
}

static void name_it(struct making *k)
{
	char when[CLOCK_RFC3339_LEN];
	const struct patch *first = &k->v->catalog->patches[k->plan->chosen[0]];
	if (k->r->name && k->r->name[0]) {
		snprintf(k->name, sizeof(k->name), "%s", k->r->name);
		return;
	}
	clock_rfc3339(k->now_ms, when);
	snprintf(k->name, sizeof(k->name), "%.16s -%.*s", when, (int)MIN(first->title.n, 120),
		 first->title.p);
}

static bool as_shown(struct deploy *d, const struct match_view *v,
		     const struct uninstall_plan *plan, const char *token)
{
	char digest[33];
	uninstall_digest(v, plan, digest);
	return strlen(token) == 64 && strcmp(token + 32, digest) == 0 &&
	       preview_covers(d, token, &plan->set);
}

static bool make_in_view(struct deploy *d, struct making *k, struct uninstall_plan *plan,
			 const char *token, const char **why_out, struct err *e)
{
	*why_out = "nothing_to_do";
	if (!uninstall_resolve(d, k->v, k->r, plan, e))
		return false;
	if (!plan->items.n)
		return err_set(
			e, ERR_CONFLICT,
			"nothing to uninstall: none of the chosen patches can be taken back from any of the systems");
	*why_out = "preview_stale";
	if (!as_shown(d, k->v, plan, token))
		return err_set(
			e, ERR_CONFLICT,
			"what goes back to what has changed since the preview; look at the preview again");
	k->plan = plan;
	name_it(k);
	*why_out = k->r->draft ? "not_a_draft" : "conflict";
	if (!sql_write(d->conf.db, insert_all, k, e))
		return err_prefix(e, "cannot store the deployment");
	open_hosts_mark_all(d, plan->set.all);
	if (k->r->now) {
		size_t n = roaring_bitmap_get_cardinality(plan->set.all);
		AUTO(xfree) uint32_t *hosts = xmalloc(sizeof(*hosts) * (n + 1));
		roaring_bitmap_to_uint32_array(plan->set.all, hosts);
		d->conf.wake(d->conf.arg, hosts, n);
	}
	return true;
}

bool uninstall_create(struct deploy *d, const struct deploy_request *r, const char *preview_token,
		      char id_out[static 33], const char **why_out, struct err *e)
{
	*why_out = "conflict";
	if (!deploy_check_request(d, r, e))
		return false;
	if (r->rollout)
		return err_set(e, ERR_INVALID, "an uninstallation does not go out in waves");
	AUTO(uninstall_plan_done) struct uninstall_plan plan = { 0 };
	char id[33];
	deploy_request_id(r, id);
	struct match_view v;
	match_read(d->conf.match, &v);
	struct making k = { .r = r, .v = &v, .id = id, .now_ms = clock_now_ms(d->conf.clock) };
	bool ok = make_in_view(d, &k, &plan, preview_token ? preview_token : "", why_out, e);
	match_read_end(&v);
	if (!ok)
		return false;
	memcpy(id_out, id, sizeof(id));
	d->conf.changed(d->conf.arg, id);
	return true;
}

/* --- what is left to do -------------------------------------------------------------------------
 */

struct stored_item {
	struct str patch, name, arch, from, to;
};

static bool load_items(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		       struct stored_item **out, size_t *n_out, struct err *e)
{
	VEC(struct stored_item) v = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_UNINSTALL_ITEMS,
			     SQL_ARGS(sql_text(deployment), sql_text(host)), &rows, e))
		return false;
	while (sql_next(rows))
		VEC_PUSH(&v, ((struct stored_item) { arena_str(a, sql_col_str(rows, 0)),
						     arena_str(a, sql_col_str(rows, 1)),
						     arena_str(a, sql_col_str(rows, 2)),
						     arena_str(a, sql_col_str(rows, 3)),
						     arena_str(a, sql_col_str(rows, 4)) }));
	*out = arena_array(a, struct stored_item, v.n + 1);
	if (v.n)
		memcpy(*out, v.p, v.n * sizeof(*v.p));
	*n_out = v.n;
	VEC_DONE(&v);
	return sql_rows_end(rows, e);
}

static bool has_version(const struct match_view *v, const struct host *h,
			const struct stored_item *x, struct str version)
{
	struct order_package p = { x->name, x->arch, version, { "", 0 } };
	return deploy_host_has(v, h, FACT_DEB, &p) || deploy_host_has(v, h, FACT_RPM, &p);
}

static uint32_t offered(const struct match_view *v, const struct host *h,
			const struct stored_item *x)
{
	struct plan_step s = { .name = x->name, .arch = x->arch, .to = x->to };
	uint32_t c = deploy_component_of(v, h, ORDER_DEB, &s);
	return c != CATALOG_NONE ? c : deploy_component_of(v, h, ORDER_RPM, &s);
}

bool uninstall_work(struct deploy *d, const struct match_view *v, uint32_t host,
		    const char *deployment, struct work *out, struct err *e)
{
	const struct host *h = fleet_host(v->fleet, host);
	struct stored_item *items;
	size_t n;
	out->back = true;
	if (!load_items(d, deployment, h->id, &out->arena, &items, &n, e))
		return false;
	for (size_t i = 0; i < n && !out->why_not; i++) {
		const struct stored_item *x = &items[i];
		bool again = i && str_eq(x->name, items[i - 1].name) &&
			     str_eq(x->arch, items[i - 1].arch);
		if (again || has_version(v, h, x, x->to))
			continue;
		uint32_t c = offered(v, h, x);
		if (!has_version(v, h, x, x->from))
			out->why_not = "changed";
		else if (c == CATALOG_NONE)
			out->why_not = "no_previous_version";
		else if (work_is_gone(d, &v->catalog->components[c], out))
			VEC_PUSH(&out->gone, c);
		else {
			VEC_PUSH(&out->components, c);
			VEC_PUSH(&out->from, x->from);
		}
	}
	if (out->why_not || out->gone.n) /* whole or not at all */
		out->components.n = out->from.n = 0;
	return true;
}

/* --- what became of it --------------------------------------------------------------------------
 */

bool uninstall_taken_back(struct deploy *d, const char *deployment, const char *host,
			  struct arena *a, struct str **out, size_t *n_out, struct err *e)
{
	struct stored_item *items;
	size_t n, k = 0;
	if (!load_items(d, deployment, host, a, &items, &n, e))
		return false;
	struct str *list = arena_array(a, struct str, n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;
		while (j < k && !str_eq(list[j], items[i].patch))
			j++;
		if (j == k)
			list[k++] = items[i].patch;
	}
	*out = list;
	*n_out = k;
	return true;
}

bool rolled_back_write(struct sql_conn *c, const char *deployment, const char *host,
		       const struct str *patches, size_t n, int64_t now_ms, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!sql_run(c, &SQL_ROLLED_BACK_PUT,
			     SQL_ARGS(sql_text(host), sql_str(patches[i]), sql_int(now_ms),
				      sql_text(deployment)),
			     e))
			return false;
	return true;
}

struct marking {
	const char *deployment, *host;
	struct str *patches;
	size_t n;
	int64_t now_ms;
};

static bool mark_all(struct sql_conn *c, void *arg, struct err *e)
{
	const struct marking *k = arg;
	return rolled_back_write(c, k->deployment, k->host, k->patches, k->n, k->now_ms, e);
}

bool uninstall_mark(struct deploy *d, const char *deployment, const char *host, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct marking k = { .deployment = deployment,
			     .host = host,
			     .now_ms = clock_now_ms(d->conf.clock) };
	return uninstall_taken_back(d, deployment, host, &a, &k.patches, &k.n, e) &&
	       sql_write(d->conf.db, mark_all, &k, e);
}

bool rolled_back_since(struct deploy *d, const char *deployment, const char *host,
		       struct intern *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_ROLLED_BACK_SINCE,
			     SQL_ARGS(sql_text(host), sql_text(deployment)), &rows, e))
		return false;
	while (sql_next(rows))
		intern_add(out, sql_col_str(rows, 0));
	return sql_rows_end(rows, e);
}

bool rolled_back_leave_out(struct deploy *d, const struct match_view *v, roaring_bitmap_t **hosts,
			   uint32_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_ROLLED_BACK_ALL, SQL_NO_ARGS, &rows, e))
		return false;
	while (sql_next(rows)) {
		const struct host *h = fleet_host_by_id(v->fleet, sql_col_str(rows, 0));
		uint32_t p = catalog_find(v->catalog, sql_col_str(rows, 1));
		if (h && p != CATALOG_NONE && hosts[p])
			*n_out += roaring_bitmap_remove_checked(hosts[p], h->no);
	}
	return sql_rows_end(rows, e);
}

bool rolled_back_list(struct deploy *d, const char *host, struct arena *a, struct rolled_back **out,
		      size_t *n_out, struct err *e)
{
	VEC(struct rolled_back) v = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_ROLLED_BACK_OF_HOST, SQL_ARGS(sql_text(host)), &rows, e))
		return false;
	while (sql_next(rows)) {
		struct rolled_back r = { .at_ms = sql_col_int(rows, 1) };
		r.patch = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 0)).p;
		r.deployment = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 2)).p;
		VEC_PUSH(&v, r);
	}
	*out = arena_array(a, struct rolled_back, v.n + 1);
	if (v.n)
		memcpy(*out, v.p, v.n * sizeof(*v.p));
	*n_out = v.n;
	VEC_DONE(&v);
	return sql_rows_end(rows, e);
}
