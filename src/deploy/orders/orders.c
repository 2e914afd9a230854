/* SPDX-License-Identifier: Apache-2.0
 * From a target to a signed order: what the host still lacks of the deployment, at exact versions,
 * with every payload and index file by digest. An order leaves only when its sequence and envelope
 * are durable and its payloads are in the store; an open order is handed out again, never made
 * twice. */
#include "deploy/auto/auto_int.h"
#include "deploy/queries.h"
#include "deploy/rollout/cluster_slots.h"
#include "pkgver/pkgver.h"
#include "proto/plan.h"

#include <stdio.h>

void work_done(struct work *w)
{
	VEC_DONE(&w->components);
	VEC_DONE(&w->gone);
	VEC_DONE(&w->from);
	arena_done(&w->arena);
}

static bool same_package(const struct component *a, const struct component *b)
{
	return a->kind == b->kind && str_eq(a->name, b->name) && str_eq(a->arch, b->arch);
}

static bool is_newer(const struct component *a, const struct component *b)
{
	return pkgver_compare(component_scheme(a->kind), a->version, b->version) > 0;
}

/* A package has one version in an order: of several bulletins' the newest. */
static void add_component(const struct catalog *cat, uint32_t component, struct work *w)
{
	const struct component *c = &cat->components[component];
	for (size_t i = 0; i < w->components.n; i++) {
		const struct component *old = &cat->components[w->components.p[i]];
		if (!same_package(old, c))
			continue;
		if (is_newer(c, old))
			w->components.p[i] = component;
		return;
	}
	VEC_PUSH(&w->components, component);
}

static void count_payloads(struct deploy *d, const struct catalog *cat, struct work *w)
{
	for (size_t i = 0; i < w->components.n; i++) {
		const struct component *c = &cat->components[w->components.p[i]];
		w->bytes_total += c->size;
		if (store_has(d->conf.store, &c->sha256, NULL))
			w->bytes_ready += c->size;
		else
			w->payloads_ready = false;
	}
}

/* True when the vendor does not serve the component's file and has been asked often enough. */
bool work_is_gone(struct deploy *d, const struct component *c, struct work *w)
{
	struct payload_trouble t;
	if (store_has(d->conf.store, &c->sha256, NULL) ||
	    !d->conf.payload_trouble(d->conf.arg, &c->sha256, &t))
		return false;
	if (!w->troubled || (t.final && !w->trouble.final))
		w->trouble = t;
	w->troubled = true;
	return t.final;
}

static void add_patch(struct deploy *d, const struct match_view *v, uint32_t host, uint32_t patch,
		      struct work *w)
{
	struct outdated *list;
	uint32_t n = match_outdated(v, host, patch, &list), wanted = 0;
	bool gone = false;
	for (uint32_t i = 0; i < n; i++) {
		const struct component *c = &v->catalog->components[list[i].component];
		/* a bulletin is exactly its own versions, whatever came after it */
		if (c->superseded_by != CATALOG_NONE && !v->catalog->patches[patch].bulletin.n)
			w->superseded++;
		else if (list[i].held)
			w->held++;
		else if (c->archive != CATALOG_NONE)
			list[wanted++] = list[i];
	}
	for (uint32_t i = 0; i < wanted; i++)
		gone |= work_is_gone(d, &v->catalog->components[list[i].component], w);
	for (uint32_t i = 0; i < wanted; i++)
		if (gone)
			VEC_PUSH(&w->gone, list[i].component);
		else
			add_component(v->catalog, list[i].component, w);
	w->missing_patches += wanted > 0;
	xfree(list);
}

void deploy_want(struct deploy *d, const struct catalog *c, const struct work *w)
{
	if (!w->payloads_ready)
		d->conf.want_payload(d->conf.arg, c, w->components.p, (uint32_t)w->components.n);
	if (w->gone.n)
		d->conf.want_payload(d->conf.arg, c, w->gone.p, (uint32_t)w->gone.n);
}

static bool kind_of(struct deploy *d, const char *deployment, enum deployment_operation *out,
		    bool *spares_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c ||
	    !sql_query(c, &SQL_DEPLOYMENT_OPERATION, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	bool there = sql_next(rows);
	*out = there ? (enum deployment_operation)sql_col_int(rows, 0) : DEPLOYMENT_INSTALL;
	*spares_out = there && sql_col_bool(rows, 1);
	return sql_rows_end(rows, e);
}

bool deploy_operation_of(struct deploy *d, const char *deployment, enum deployment_operation *out,
			 struct err *e)
{
	bool spares;
	return kind_of(d, deployment, out, &spares, e);
}

bool deploy_spares_declined(struct deploy *d, const char *deployment, bool *out, struct err *e)
{
	enum deployment_operation operation;
	return kind_of(d, deployment, &operation, out, e);
}

bool deploy_work(struct deploy *d, const struct match_view *v, uint32_t host,
		 const char *deployment, struct work *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	char **patches, task[33];
	size_t n;
	enum deployment_operation operation;
	bool spares;
	AUTO(intern_free) struct intern *taken_back = intern_new();
	*out = (struct work) { .payloads_ready = true };
	if (!kind_of(d, deployment, &operation, &spares, e))
		return false;
	if (operation == DEPLOYMENT_UNINSTALL) {
		bool ok = uninstall_work(d, v, host, deployment, out, e);
		count_payloads(d, v->catalog, out);
		return ok;
	}
	if (!deploy_patches(d, deployment, &a, &patches, &n, e) ||
	    !auto_task_of(d, deployment, task, e) ||
	    !rolled_back_since(d, deployment, fleet_host(v->fleet, host)->id, taken_back, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t p = catalog_find(v->catalog, str_of(patches[i]));
		if (intern_find(taken_back, str_of(patches[i])) != INTERN_NONE)
			out->rolled_back++;
		else if (p == CATALOG_NONE)
			out->superseded++;
		else if ((spares && match_is_declined_on(v, p, host)) ||
			 auto_is_withheld(d, v, task, p, host))
			out->withheld++;
		else
			add_patch(d, v, host, p, out);
	}
	count_payloads(d, v->catalog, out);
	return true;
}

static bool target_set(struct sql_conn *c, void *arg, struct err *e)
{
	const struct target_update *u = arg;
	return sql_run(c, &SQL_TARGET_SET,
		       SQL_ARGS(sql_text(u->deployment), sql_text(u->host), sql_int(u->state),
				sql_text(u->reason), sql_text(u->detail ? u->detail : ""),
				sql_int(u->updated_ms), sql_int(u->started_ms),
				sql_int(u->finished_ms), sql_int(u->next_attempt_ms),
				sql_int(u->attempts)),
		       e);
}

bool target_update_write(struct deploy *d, const struct target_update *u, struct err *e)
{
	struct target_update copy = *u;
	copy.updated_ms = clock_now_ms(d->conf.clock);
	/* No mark (open_hosts.c): only a target that is open already is changed here. */
	return sql_write(d->conf.db, target_set, &copy, e) &&
	       deployment_rollup(d, u->deployment, e);
}

/* --- building the order ------------------------------------------------------------------------
 */

static bool wanted_index(struct str path, const char *arch)
{
	const char *binary = memmem(path.p, path.n, "/binary-", 8);
	if (!binary)
		return true;
	struct str rest = { binary + 8, path.n - (size_t)(binary + 8 - path.p) };
	struct str dir;
	return str_split(&rest, '/', &dir) && (str_is(dir, arch) || str_is(dir, "all"));
}

/* The partial mirror's directory on the endpoint. Debian: one per suite, whatever the vendor calls
 * the archive. rpm: the source's own id, by which a machine's policy may know it. */
static struct str directory_of(const struct archive *ar, uint32_t index, enum order_kind kind,
			       struct arena *a)
{
	char *id = kind == ORDER_RPM ? arena_printf(a, "%.*s", (int)MIN(ar->id.n, 90), ar->id.p)
				     : arena_printf(a, "%u-%.*s", index, (int)MIN(ar->suite.n, 80),
						    ar->suite.p);
	for (char *p = id; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '.')
			*p = '-';
	}
	return str_of(id);
}

static void fill_archive(const struct catalog *cat, const struct archive *ar, uint32_t index,
			 enum order_kind kind, const char *arch, struct arena *a,
			 struct order_archive *out)
{
	struct str release = ar->os, id;
	(void)str_split(&release, ':', &id);
	*out = (struct order_archive) { .id = directory_of(ar, index, kind, a),
					.suite = kind == ORDER_RPM ? release : ar->suite,
					.components = ar->release_components,
					.keyring = ar->keyring,
					.hotfix = ar->hotfix && kind == ORDER_RPM };
	out->index = arena_array(a, struct order_file, ar->files ? ar->files : 1);
	for (uint32_t i = 0; i < ar->files; i++) {
		const struct archive_file *f = &cat->archive_files[ar->first_file + i];
		if (wanted_index(f->path, arch))
			out->index[out->n_index++] = (struct order_file) { f->path, f->sha256,
									   f->size };
	}
}

/* "almalinux:9" is what a host of almalinux 9.4 takes from: some vendors' minor versions are one
 * release. */
bool deploy_os_fits(struct str os, const struct host *h)
{
	struct str id, version = str_of(h->attrs.os_version);
	if (!str_split(&os, ':', &id) || !os.n || !str_is(id, h->attrs.os_id) || os.n > version.n ||
	    memcmp(os.p, version.p, os.n) != 0)
		return false;
	return os.n == version.n || version.p[os.n] == '.';
}

/* All archives of the host's release, so that its resolver sees what its own sources would show it.
 */
static void fill_archives(const struct store *store, const struct catalog *cat,
			  const struct host *h, const uint32_t *components, size_t n,
			  struct arena *a, struct order *o)
{
	o->archives = arena_array(a, struct order_archive, cat->n_archives ? cat->n_archives : 1);
	for (uint32_t i = 0; i < cat->n_archives; i++) {
		const struct archive *ar = &cat->archives[i];
		if (!deploy_os_fits(ar->os, h))
			continue;
		struct order_archive *oa = &o->archives[o->n_archives++];
		fill_archive(cat, ar, i, o->kind, h->attrs.arch, a, oa);
		oa->payload = arena_array(a, struct order_file, n ? n : 1);
		for (size_t k = 0; k < n; k++) {
			const struct component *c = &cat->components[components[k]];
			if (c->archive == i)
				oa->payload[oa->n_payload++] = (struct order_file) {
					c->file, store_resolve(store, &c->sha256), c->size
				};
		}
	}
}

static struct order_package *packages_of(const struct catalog *cat, const uint32_t *components,
					 size_t n, struct arena *a)
{
	struct order_package *p = arena_array(a, struct order_package, n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		const struct component *c = &cat->components[components[i]];
		p[i] = (struct order_package) { c->name, c->arch, c->version };
	}
	return p;
}

struct issue {
	struct deploy *d;
	const struct host *host;
	const char *deployment;
	uint64_t min_seq;
	int64_t seq, now_ms;
	char id[33];
	int64_t not_after_ms;
	struct str envelope;
	const char *replaces;
	const struct order_target *target;
	struct ledger_batch *history;
	const struct order_set *set;
	int64_t until_ms; /* see struct cluster_slot */
};

static bool take_sequence(struct sql_conn *c, void *arg, struct err *e)
{
	struct issue *k = arg;
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_SEQUENCE_NEXT,
		       SQL_ARGS(sql_text(k->host->id), sql_int((int64_t)k->min_seq)), &rows, e))
		return false;
	if (sql_next(rows))
		k->seq = sql_col_int(rows, 0);
	return sql_rows_end(rows, e);
}

/* Another server may be talking to the same system: one open order a target, and none of an epoch
 * that is over. */
static bool may_store(struct sql_conn *c, const struct issue *k, struct err *e)
{
	struct sql_rows *rows;
	int64_t epoch;
	if (!epoch_now(c, &epoch, e))
		return false;
	if ((uint64_t)epoch != k->d->epoch)
		return err_set(e, ERR_UNAVAILABLE, "another epoch has begun");
	if (!sql_query(c, &SQL_ORDER_OPEN_OF_TARGET,
		       SQL_ARGS(sql_text(k->host->id), sql_text(k->deployment), sql_int(epoch)),
		       &rows, e))
		return false;
	bool open = false;
	while (sql_next(rows))
		open = open || !k->replaces || !str_is(sql_col_str(rows, 0), k->replaces);
	bool lets = true;
	if (!sql_rows_end(rows, e) ||
	    (!k->replaces && !waves_let(c, k->deployment, k->host->id, &lets, e)))
		return false;
	if (!lets)
		return err_set(e, ERR_UNAVAILABLE, "its rollout has been halted");
	return !open || err_set(e, ERR_CONFLICT, "another server has issued an order for it");
}

static bool take_place(struct sql_conn *c, const struct issue *k, struct err *e)
{
	struct cluster_slot s = { .epoch = k->d->epoch,
				  .seq = (uint64_t)k->seq,
				  .until_ms = k->until_ms };
	const char *boot = k->host->attrs.boot_id;
	snprintf(s.boot, sizeof(s.boot), "%s", boot ? boot : "");
	return cluster_slot_put(c, k->host->id, &s, k->set->turn, e);
}

/* It may have been stopped since it was looked at. */
static bool still_wanted(struct sql_conn *c, const struct issue *k, struct err *e)
{
	struct sql_rows *rows;
	int64_t n = 0;
	if (!sql_query(c, &SQL_TARGET_MAY_START,
		       SQL_ARGS(sql_text(k->deployment), sql_text(k->host->id), sql_int(k->now_ms)),
		       &rows, e))
		return false;
	if (sql_next(rows))
		n = sql_col_int(rows, 0);
	if (!sql_rows_end(rows, e))
		return false;
	return n || err_set(e, ERR_CONFLICT, "the deployment has been stopped");
}

static bool store_target(struct sql_conn *c, const struct issue *k, struct err *e)
{
	const struct order_target *t = k->target;
	return !t || sql_run(c, &SQL_TARGET_ISSUED,
			     SQL_ARGS(sql_text(k->deployment), sql_text(k->host->id),
				      sql_int(t->state), sql_int(k->now_ms),
				      sql_int(t->retry_refresh), sql_int(t->retry_start_up)),
			     e);
}

static bool store_order(struct sql_conn *c, void *arg, struct err *e)
{
	const struct issue *k = arg;
	if (!may_store(c, k, e) || !still_wanted(c, k, e) ||
	    (k->set->placed && !take_place(c, k, e)) || !store_target(c, k, e))
		return false;
	if (k->replaces &&
	    !sql_run(c, &SQL_ORDER_SET_STATE, SQL_ARGS(sql_text(k->replaces), sql_int(2)), e))
		return false;
	return sql_run(c, &SQL_ORDER_INSERT,
		       SQL_ARGS(sql_text(k->id), sql_text(k->deployment), sql_text(k->host->id),
				sql_int((int64_t)k->d->epoch), sql_int(k->seq), sql_int(k->now_ms),
				sql_int(k->not_after_ms), sql_str(k->envelope)),
		       e) &&
	       (!k->history || ledger_batch_write(c, k->history, e));
}

struct ledger_batch *deploy_history(struct deploy *d, const struct match_view *v, const char *host,
				    const char *deployment, const uint32_t *components, size_t n,
				    enum ledger_event event)
{
	if (!d->conf.ledger)
		return NULL;
	struct ledger_batch *b = ledger_batch_new(d->conf.ledger);
	AUTO(intern_free) struct intern *said = intern_new();
	ledger_batch_ref(b, deployment);
	ledger_batch_host(b, str_of(host));
	for (size_t i = 0; i < n; i++) {
		struct str id = v->catalog->patches[v->catalog->components[components[i]].patch].id;
		if (intern_find(said, id) != INTERN_NONE)
			continue;
		intern_add(said, id);
		ledger_batch_change(b, id, event);
	}
	return b;
}

/* How long the machine may be at work before its sequence counts as executed. */
static int64_t before_ms(const struct actions *a)
{
	return (a->reboot_before ? CLUSTER_BEFORE_MS : 0) +
	       (a->script_before.there ? CLUSTER_MINUTE_MS + a->script_before.timeout_s * 1000 : 0);
}

bool order_issue(struct deploy *d, const struct match_view *v, const struct host *h,
		 const char *deployment, const struct order_set *set, uint64_t agent_seq,
		 const char *replaces, const struct order_target *target, struct arena *a,
		 char **envelope_out, bool *unsigned_out, struct err *e)
{
	*unsigned_out = false;
	struct issue k = { .d = d,
			   .host = h,
			   .deployment = deployment,
			   .min_seq = agent_seq + 1,
			   .now_ms = clock_now_ms(d->conf.clock),
			   .replaces = replaces,
			   .target = target,
			   .set = set };
	struct policy_terms terms;
	if (!policy_of(d, deployment, a, &terms, e))
		return false;
	const struct offer *offer;
	if (!offers_terms(d, deployment, k.now_ms, a, &offer, e))
		return false;
	k.not_after_ms = offer ? offers_valid_until_ms(offer, &terms, k.now_ms)
			       : policy_valid_until_ms(&terms, k.now_ms);
	if (set->placed)
		k.not_after_ms = cluster_not_after(k.now_ms, k.not_after_ms);
	k.until_ms = cluster_until(k.not_after_ms, before_ms(&terms.actions));
	if (!sql_write(d->conf.db, take_sequence, &k, e))
		return err_prefix(e, "cannot take an order sequence");
	deploy_new_id(k.id);
	size_t n = set->n_packages + set->n_extra;
	uint32_t *all = arena_array(a, uint32_t, n ? n : 1);
	if (set->n_packages)
		memcpy(all, set->packages, set->n_packages * sizeof(*all));
	if (set->n_extra)
		memcpy(all + set->n_packages, set->extra, set->n_extra * sizeof(*all));
	bool asks = str_is(set->plan, PLAN_ASK); /* which changes nothing, at any time */
	struct order o = { .org = str_of(d->org),
			   .id = str_of(k.id),
			   .deployment = str_of(deployment),
			   .agent = str_of(h->id),
			   .epoch = d->epoch,
			   .seq = (uint64_t)k.seq,
			   .not_before_ms = k.now_ms - 300000,
			   .not_after_ms = k.not_after_ms,
			   .window = asks ? NULL : terms.window,
			   .forced_ms = asks ? 0 : terms.forced_ms,
			   .notification = asks ? NULL : terms.notification,
			   .offer = offer,
			   .plan = set->plan,
			   .action = set->reboots   ? STR_LIT(ORDER_REBOOT)
				     : set->n_units ? STR_LIT(ORDER_RESTART_SERVICES)
				     : set->from    ? STR_LIT(ORDER_UNINSTALL)
						    : STR_LIT(ORDER_INSTALL),
			   .units = set->units,
			   .n_units = (uint32_t)set->n_units,
			   .packages = packages_of(v->catalog, set->packages, set->n_packages, a),
			   .n_packages = (uint32_t)set->n_packages,
			   .extra = packages_of(v->catalog, set->extra, set->n_extra, a),
			   .n_extra = (uint32_t)set->n_extra,
			   .replaced = (struct order_package *)(uintptr_t)set->replaced,
			   .n_replaced = (uint32_t)set->n_replaced };
	if (n && v->catalog->components[all[0]].kind == COMPONENT_RPM)
		o.kind = ORDER_RPM;
	for (uint32_t i = 0; set->from && i < o.n_packages; i++)
		o.packages[i].from = set->from[i];
	if (order_installs(&o) && !asks)
		o.actions = terms.actions;
	else if (set->reboots)
		o.actions = (struct actions) { .after = ACTIONS_REBOOT,
					       .wait_minutes = terms.actions.wait_minutes,
					       .postpone = terms.actions.postpone };
	if (!actions_waits(&o.actions)) /* older agents do not know it */
		o.actions.postpone = (struct notice_budget) { 0 };
	if (order_installs(&o))
		fill_archives(d->conf.store, v->catalog, h, all, n, a, &o);
	AUTO(buf_done) struct buf json = BUF_INIT(ORDER_MAX);
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	order_write(&o, &json);
	if (!buf_ok(&json, "the order", e) ||
	    !d->conf.signer.seal(d->conf.signer.arg, buf_str(&json), &env, e) ||
	    !buf_ok(&env, "the order's envelope", e)) {
		*unsigned_out = true;
		return err_prefix(e, "cannot sign an order for '%s'",
				  h->attrs.hostname ? h->attrs.hostname : h->id);
	}
	k.envelope = buf_str(&env);
	if (order_installs(&o) && !order_goes_back(&o))
		k.history = deploy_history(d, v, h->id, deployment, set->packages, set->n_packages,
					   LEDGER_OFFERED);
	bool stored = sql_write(d->conf.db, store_order, &k, e);
	ledger_batch_done(k.history, stored);
	open_hosts_mark(d, h->no);
	if (!stored)
		return err_prefix(e, "cannot store an order");
	*envelope_out = (char *)(uintptr_t)arena_str(a, k.envelope).p;
	return true;
}
