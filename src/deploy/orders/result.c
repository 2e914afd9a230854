/* SPDX-License-Identifier: Apache-2.0
 * What agents report back: progress, resolved plans, results. Results are idempotent by order id
 * and durable before they are acknowledged; only transient failures are tried again, and not for
 * ever. */
#include "base/enc.h"
#include "deploy/deploy_int.h"
#include "deploy/failure.h"
#include "deploy/queries.h"
#include "deploy/rollout/cluster_slots.h"
#include "format/json.h"

#include <stdio.h>

enum order_state { ORDER_OPEN, ORDER_ANSWERED, ORDER_REPLACED };

struct known_order {
	char deployment[33];
	uint64_t seq;
	enum order_state state;
	char *envelope;
};

static bool order_get(struct deploy *d, const char *id, const char *host, struct arena *a,
		      struct known_order *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_ORDER_GET, SQL_ARGS(sql_text(id), sql_text(host)), &rows, e))
		return false;
	bool found = sql_next(rows);
	if (found) {
		snprintf(out->deployment, sizeof(out->deployment), "%.*s",
			 STR_ARG(sql_col_str(rows, 0)));
		out->seq = (uint64_t)sql_col_int(rows, 1);
		out->state = (enum order_state)sql_col_int(rows, 2);
		out->envelope = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 3)).p;
	}
	if (!sql_rows_end(rows, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "this system has no order '%.40s'", id);
	return true;
}

/* --- progress -----------------------------------------------------------------------------------
 */

struct progress {
	const char *deployment, *host, *reason;
	enum target_state state;
	int64_t done, total, now_ms, next_ms;
	const char *leaves;		  /* the boot that is about to end; NULL = none is */
	const struct cluster_slot *place; /* given back, with the order; NULL = it is not */
	const char *order;
};

/* The order is a dead letter on its machine: another is made when the window is open. */
static bool take_back(struct sql_conn *c, const struct progress *p, struct err *e)
{
	return sql_run(c, &SQL_ORDER_SET_STATE,
		       SQL_ARGS(sql_text(p->order), sql_int(ORDER_REPLACED)), e) &&
	       sql_run(c, &SQL_CLUSTER_WAITS_HERE,
		       SQL_ARGS(sql_text(p->deployment), sql_text(p->host), sql_int(p->next_ms),
				sql_int(p->now_ms)),
		       e) &&
	       cluster_slot_settle(c, p->host, p->place, CLUSTER_OVER, e);
}

static bool progress_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct progress *p = arg;
	return sql_run(c, &SQL_TARGET_PROGRESS,
		       SQL_ARGS(sql_text(p->deployment), sql_text(p->host), sql_int(p->state),
				sql_text(p->reason), sql_int(p->done), sql_int(p->total),
				sql_int(p->now_ms), sql_int(p->next_ms)),
		       e) &&
	       (!p->leaves || reboot_begins(c, p->deployment, p->host, p->leaves, p->now_ms, e)) &&
	       (!p->place || take_back(c, p, e));
}

/* The agent has put the order aside until a window of its policy opens, its users have been heard,
 * or one of them asks for it: nothing is under way. */
bool deploy_waits_for_window(const char *reason)
{
	return strcmp(reason, REASON_OUTSIDE_WINDOW) == 0 ||
	       strcmp(reason, REASON_WAITING_START_UP) == 0 ||
	       strcmp(reason, REASON_PUBLISHED) == 0 || deploy_waits_for_user(reason);
}

bool deploy_progress(struct deploy *d, uint32_t host, const char *order, const char *state,
		     const char *reason, int64_t done, int64_t total, int64_t next_ms,
		     struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	struct known_order o;
	if (!order_get(d, order, deploy_host_id(d, host, id), &a, &o, e))
		return false;
	if (o.state != ORDER_OPEN)
		return true;
	bool installing = strcmp(state, "installing") == 0;
	if (!installing && strcmp(state, "downloading") != 0 && strcmp(state, "preparing") != 0 &&
	    strcmp(state, "waiting") != 0)
		return err_set(e, ERR_INVALID, "'%.20s' is not a progress state", state);
	struct progress p = { o.deployment,
			      id,
			      reason && reason[0] ? reason : state,
			      installing ? TARGET_INSTALLING : TARGET_DOWNLOADING,
			      done,
			      total,
			      clock_now_ms(d->conf.clock),
			      0,
			      NULL,
			      NULL,
			      order };
	struct cluster_slot place;
	bool placed = false;
	if (installing && deploy_counts_down(p.reason))
		p.next_ms = next_ms;
	if (installing && strcmp(p.reason, "rebooting") == 0) {
		AUTO(match_read_end) struct match_view v;
		match_read(d->conf.match, &v);
		const char *boot = fleet_host(v.fleet, host)->attrs.boot_id;
		p.leaves = arena_strdup(&a, boot ? boot : "");
	}
	if (strcmp(state, "waiting") == 0 && deploy_waits_for_window(p.reason)) {
		p.state = TARGET_PENDING;
		p.next_ms = next_ms;
		if (!cluster_slot_get(d, id, &place, &placed, e))
			return false;
		/* users may end their waiting early, a window opens when it opens */
		if (placed && !deploy_waits_for_user(p.reason) &&
		    strcmp(p.reason, REASON_PUBLISHED) != 0 &&
		    cluster_never_begins(&place, o.seq, next_ms))
			p.place = &place;
	}
	return sql_write(d->conf.db, progress_write, &p, e) &&
	       deployment_rollup(d, o.deployment, e);
}

/* --- plans --------------------------------------------------------------------------------------
 */

uint32_t deploy_component_of(const struct match_view *v, const struct host *h, enum order_kind kind,
			     const struct plan_step *s)
{
	uint32_t n;
	const uint32_t *list = catalog_by_name(
		v->catalog, kind == ORDER_RPM ? COMPONENT_RPM : COMPONENT_DEB, s->name, &n);
	for (uint32_t i = 0; i < n; i++) {
		const struct component *c = &v->catalog->components[list[i]];
		bool arch = str_eq(c->arch, s->arch) || str_is(c->arch, "all") ||
			    str_is(s->arch, "all");
		if (arch && str_eq(c->version, s->to) &&
		    deploy_os_fits(v->catalog->patches[c->patch].os, h) &&
		    c->archive != CATALOG_NONE)
			return list[i];
	}
	return CATALOG_NONE;
}

static bool listed(const struct order_package *p, uint32_t n, const struct plan_step *s)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(p[i].name, s->name) && str_eq(p[i].version, s->to))
			return true;
	return false;
}

/* An older version of what the same transaction installs beside it: the machine's own limit of
 * kernels. The agent has judged that it is older. */
static bool gives_way(const struct plan_step *steps, size_t n, const struct plan_step *gone)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(steps[i].action, "install") && str_eq(steps[i].name, gone->name) &&
		    str_eq(steps[i].arch, gone->arch))
			return true;
	return false;
}

/* Opens our own envelope again: the order as it was signed. */
static bool order_reopen(const char *envelope, struct arena *a, struct order *out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	const char *text;
	AUTO(buf_done) struct buf raw = BUF_INIT(ORDER_MAX);
	return json_parse(str_of(envelope), 2 * ORDER_MAX, &j, e) &&
	       json_need_str(j, "order", 1, 2 * ORDER_MAX, &text, e) &&
	       (enc_unbase64url(str_of(text), &raw) ||
		err_set(e, ERR_CORRUPT, "a stored order is not base64url")) &&
	       order_parse(arena_str(a, buf_str(&raw)), a, out, e);
}

static bool refuse(struct deploy *d, const struct known_order *o, const char *host,
		   const char *reason, const char *detail, const char *order, struct err *e);

struct plan_context {
	struct deploy *d;
	const struct match_view *v;
	const struct host *h;
	const struct known_order *known;
	const char *order_id;
};

/* What a new order has beside the packages of the old one. */
struct plan_more {
	uint32_t *extra;
	struct order_package *replaced;
	size_t n_extra, n_replaced;
	size_t fresh; /* of both, what the old order did not have */
};

static bool reissue(const struct plan_context *k, const struct order *old,
		    const struct plan_more *more, struct arena *a, bool *unsigned_out,
		    struct err *e)
{
	*unsigned_out = false;
	uint32_t *packages = arena_array(a, uint32_t, old->n_packages);
	for (uint32_t i = 0; i < old->n_packages; i++) {
		struct plan_step s = { .name = old->packages[i].name,
				       .arch = old->packages[i].arch,
				       .to = old->packages[i].version };
		packages[i] = deploy_component_of(k->v, k->h, old->kind, &s);
		if (packages[i] == CATALOG_NONE)
			return err_set(e, ERR_CONFLICT,
				       "superseded: '%.*s' %.*s is no longer in the patch DB",
				       STR_ARG(s.name), STR_ARG(s.to));
	}
	struct order_set set = { packages,	more->extra,	old->n_packages,
				 more->n_extra, more->replaced, more->n_replaced };
	set.plan = old->plan;
	set.turn = -1;
	bool there;
	struct cluster_slot place;
	if (!cluster_slot_get(k->d, k->h->id, &place, &there, e))
		return false;
	set.placed = there;
	char *envelope;
	return order_issue(k->d, k->v, k->h, k->known->deployment, &set, k->known->seq, k->order_id,
			   NULL, a, &envelope, unsigned_out, e);
}

bool deploy_host_has(const struct match_view *v, const struct host *h, enum fact_kind kind,
		     const struct order_package *p)
{
	uint32_t n;
	const uint32_t *facts = fleet_facts_by_name(v->fleet, kind, p->name, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package have;
		const roaring_bitmap_t *hosts = fleet_fact_hosts(v->fleet, facts[i]);
		if (hosts && roaring_bitmap_contains(hosts, h->no) &&
		    fleet_fact_package(v->fleet, facts[i], &have) && str_eq(have.arch, p->arch) &&
		    str_eq(have.version, p->version))
			return true;
	}
	return false;
}

/* The vendor's package says that it takes the place of `s`, and the host's solver agrees. */
static bool may_be_replaced(const struct plan_context *k, const struct order *old,
			    const struct plan_step *s, struct plan_more *more)
{
	struct order_package p = { s->name, s->arch, s->from, { "", 0 } };
	if (!str_is(s->action, "replaced") || old->kind != ORDER_RPM ||
	    !order_package_ok(old->kind, &p) || !deploy_host_has(k->v, k->h, FACT_RPM, &p))
		return false;
	struct plan_step there = { .name = s->name, .arch = s->arch, .to = s->from };
	more->fresh += !listed(old->replaced, old->n_replaced, &there);
	more->replaced[more->n_replaced++] = p;
	return true;
}

/* Adds a step to what the new order has; else the reason why there is none, and `detail`. */
static const char *take_step(const struct plan_context *k, const struct order *old,
			     const struct plan_step *steps, size_t n, const struct plan_step *s,
			     struct plan_more *more, char detail[static 200])
{
	/* dnf does so whenever it installs something of a default stream */
	if (old->kind == ORDER_RPM && str_is(s->action, "enable") && str_is(s->arch, "module"))
		return NULL;
	if (!s->to.n) {
		if (gives_way(steps, n, s) || may_be_replaced(k, old, s, more))
			return NULL;
		snprintf(detail, 200, "installing would remove '%.*s'", STR_ARG(s->name));
		return "would_remove";
	}
	if (listed(old->packages, old->n_packages, s))
		return NULL;
	uint32_t c = deploy_component_of(k->v, k->h, old->kind, s);
	if (c == CATALOG_NONE) {
		snprintf(detail, 200, "needs '%.*s' %.*s, which no synced archive offers",
			 STR_ARG(s->name), STR_ARG(s->to));
		return "unlisted_dependency";
	}
	more->fresh += !listed(old->extra, old->n_extra, s);
	more->extra[more->n_extra++] = c;
	return NULL;
}

/* Going back takes along nothing that was not shown to who asked for it. */
static bool refuse_to_go_back(const struct plan_context *k, const struct order *old,
			      const struct plan_step *steps, size_t n, const char **decision_out,
			      const char **reason_out, struct err *e)
{
	char detail[200] = "the older version cannot be installed";
	for (size_t i = 0; i < n; i++) {
		if (listed(old->packages, old->n_packages, &steps[i]))
			continue;
		snprintf(detail, sizeof(detail), "'%.*s' would change, too: %.*s %.*s%s%.*s",
			 STR_ARG(steps[i].name), STR_ARG(steps[i].action), STR_ARG(steps[i].from),
			 steps[i].to.n ? " -> " : "", STR_ARG(steps[i].to));
		break;
	}
	*decision_out = "refused";
	*reason_out = "unlisted_dependency";
	return refuse(k->d, k->known, k->h->id, *reason_out, detail, k->order_id, e);
}

static bool plan_in_view(const struct plan_context *k, const struct plan_step *steps, size_t n,
			 const char **decision_out, const char **reason_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct order old;
	if (!order_reopen(k->known->envelope, &a, &old, e))
		return false;
	if (!order_installs(&old))
		return err_set(e, ERR_CONFLICT, "order '%.40s' installs nothing", k->order_id);
	if (order_goes_back(&old))
		return refuse_to_go_back(k, &old, steps, n, decision_out, reason_out, e);
	struct plan_more more = { .extra = arena_array(&a, uint32_t, n + 1),
				  .replaced = arena_array(&a, struct order_package, n + 1) };
	char detail[200] = "the resolver could not complete the transaction";
	const char *why = NULL;
	for (size_t i = 0; i < n && !why; i++)
		why = take_step(k, &old, steps, n, &steps[i], &more, detail);
	if (!why && !more.fresh)
		why = "dependency";
	*decision_out = why ? "refused" : "reissued";
	*reason_out = why ? why : "extra_packages";
	if (why)
		return refuse(k->d, k->known, k->h->id, why, detail, k->order_id, e);
	k->d->conf.want_payload(k->d->conf.arg, k->v->catalog, more.extra, (uint32_t)more.n_extra);
	bool is_unsigned;
	struct err failure = { 0 };
	if (reissue(k, &old, &more, &a, &is_unsigned, &failure))
		return true;
	if (is_unsigned) {
		*decision_out = "refused";
		*reason_out = REASON_UNSIGNED;
		return refuse(k->d, k->known, k->h->id, REASON_UNSIGNED, failure.msg, k->order_id,
			      e);
	}
	*e = failure;
	return false;
}

bool deploy_plan(struct deploy *d, uint32_t host, const char *order, const struct plan_step *steps,
		 size_t n, const char **decision_out, const char **reason_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	struct known_order known;
	if (!order_get(d, order, deploy_host_id(d, host, id), &a, &known, e))
		return false;
	if (known.state != ORDER_OPEN)
		return err_set(e, ERR_CONFLICT, "order '%.40s' has already been answered", order);
	struct match_view v;
	match_read(d->conf.match, &v);
	struct plan_context k = { d, &v, fleet_host(v.fleet, host), &known, order };
	pthread_mutex_t *lock = deploy_host_lock(d, id);
	pthread_mutex_lock(lock);
	bool ok = plan_in_view(&k, steps, n, decision_out, reason_out, e);
	pthread_mutex_unlock(lock);
	match_read_end(&v);
	if (ok && strcmp(*decision_out, "reissued") == 0)
		d->conf.wake(d->conf.arg, &host, 1);
	return ok;
}

/* --- results ------------------------------------------------------------------------------------
 */

struct answer {
	const struct deploy_result *r;
	const char *deployment, *host;
	const char *cause; /* why it failed; "" = it has not */
	enum target_state state;
	int64_t now_ms, next_attempt_ms, attempts;
	struct ledger_batch *history;
	const struct str *taken_back; /* patches that are not there any more */
	size_t n_taken_back;
	bool installed; /* the deployment's patches are there, whoever took them back before */
	struct cluster_slot place;
	enum cluster_verdict place_verdict;
	bool drifted, rpm; /* of its plan, see struct plan_told */
};

static bool answer_marks(struct sql_conn *c, const struct answer *k, struct err *e)
{
	if (!rolled_back_write(c, k->deployment, k->host, k->taken_back, k->n_taken_back, k->now_ms,
			       e))
		return false;
	return !k->installed || sql_run(c, &SQL_ROLLED_BACK_END,
					SQL_ARGS(sql_text(k->host), sql_text(k->deployment)), e);
}

static bool answer_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct answer *k = arg;
	const struct deploy_result *r = k->r;
	const struct plan_told told = { .deployment = k->deployment,
					.host = k->host,
					.plan_json = r->plan_json,
					.details_json = r->details_json,
					.drifted = k->drifted,
					.rpm = k->rpm,
					.now_ms = k->now_ms };
	return sql_run(c, &SQL_ORDER_SET_STATE,
		       SQL_ARGS(sql_text(r->order), sql_int(ORDER_ANSWERED)), e) &&
	       sql_run(c, &SQL_TARGET_RESULT,
		       SQL_ARGS(sql_text(k->deployment), sql_text(k->host), sql_int(k->state),
				sql_text(r->reason), sql_text(r->detail ? r->detail : ""),
				sql_int(k->now_ms), sql_int(r->started_ms), sql_int(r->finished_ms),
				sql_int(k->next_attempt_ms), sql_int(k->attempts),
				sql_int(r->exit_status), sql_bool(r->reboot_needed),
				sql_text(r->packages_json),
				r->log ? sql_blob(str_of(r->log)) : sql_null(),
				sql_text(r->reboot ? r->reboot : ""), sql_text(k->cause)),
		       e) &&
	       answer_marks(c, k, e) &&
	       target_scripts_write(c, k->deployment, k->host, r->scripts, r->n_scripts, e) &&
	       cluster_slot_settle(c, k->host, &k->place, k->place_verdict, e) &&
	       plan_write(c, &told, e) && (!k->history || ledger_batch_write(c, k->history, e));
}

/* The history of an answered order: verified or failed, for each patch it was about. */
static bool history_of(struct deploy *d, const struct known_order *o, const char *host,
		       enum ledger_event event, struct ledger_batch **out, struct arena *a,
		       struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	struct order old;
	match_read(d->conf.match, &v);
	const struct host *h = fleet_host_by_id(v.fleet, str_of(host));
	if (!h)
		return true;
	if (!order_reopen(o->envelope, a, &old, e))
		return false;
	if (!order_installs(&old))
		return true;
	uint32_t *components = arena_array(a, uint32_t, old.n_packages + 1), n = 0;
	for (uint32_t i = 0; i < old.n_packages; i++) {
		struct plan_step s = { .name = old.packages[i].name,
				       .arch = old.packages[i].arch,
				       .to = old.packages[i].version };
		uint32_t c = deploy_component_of(&v, h, old.kind, &s);
		if (c != CATALOG_NONE)
			components[n++] = c;
	}
	*out = deploy_history(d, &v, host, o->deployment, components, n, event);
	return true;
}

/* What the target's work holds that the order did not: patches whose files the vendor did not
 * serve. When they have come meanwhile the target goes on, else it has failed for their sake. */
static bool left_out(struct deploy *d, const struct known_order *o, const char *host,
		     struct answer *k, struct deploy_result *r, struct arena *a, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	AUTO(work_done) struct work w = { 0 };
	struct order old;
	match_read(d->conf.match, &v);
	const struct host *h = fleet_host_by_id(v.fleet, str_of(host));
	if (!h || !order_reopen(o->envelope, a, &old, e) ||
	    !deploy_work(d, &v, h->no, o->deployment, &w, e))
		return !h;
	if (w.gone.n) {
		k->state = TARGET_FAILED;
		r->reason = w.trouble.reason;
		r->detail = arena_strdup(a, w.trouble.detail);
		return true;
	}
	for (size_t i = 0; i < w.components.n; i++) {
		const struct component *c = &v.catalog->components[w.components.p[i]];
		struct plan_step s = { .name = c->name, .arch = c->arch, .to = c->version };
		if (!listed(old.packages, old.n_packages, &s)) {
			k->state = TARGET_PENDING;
			r->reason = "waiting_agent";
		}
	}
	return true;
}

/* The same of an uninstallation; its patches are marked when they are gone. */
static bool went_back(struct deploy *d, const struct known_order *o, const char *host, bool gone,
		      struct answer *k, struct arena *a, struct err *e)
{
	struct str *patches;
	size_t n;
	if (!uninstall_taken_back(d, o->deployment, host, a, &patches, &n, e))
		return false;
	if (gone) {
		k->taken_back = patches;
		k->n_taken_back = n;
	}
	if (!d->conf.ledger)
		return true;
	k->history = ledger_batch_new(d->conf.ledger);
	ledger_batch_ref(k->history, o->deployment);
	ledger_batch_host(k->history, str_of(host));
	for (size_t i = 0; i < n; i++)
		ledger_batch_change(k->history, patches[i],
				    gone ? LEDGER_UNINSTALLED : LEDGER_FAILED);
	return true;
}

/* The machine has been heard after all that the order did to it; but for one that switches itself
 * off now. */
static bool leave_place(struct deploy *d, const struct known_order *o, struct answer *k,
			struct err *e)
{
	AUTO(match_read_end) struct match_view v = { 0 };
	bool there, off = k->r->reboot && strcmp(k->r->reboot, "off") == 0;
	if (!cluster_slot_get(d, k->host, &k->place, &there, e))
		return false;
	if (!there)
		return true;
	match_read(d->conf.match, &v);
	const struct host *h = fleet_host_by_id(v.fleet, str_of(k->host));
	const char *boot = h && h->attrs.boot_id ? h->attrs.boot_id : "";
	k->place_verdict = cluster_answered(&k->place, o->seq, off, boot, k->now_ms);
	return true;
}

/* Only causes that pass are tried again, and not for ever: at contacts first, then after starts of
 * the system. */
static bool try_again(struct deploy *d, const char *deployment, const struct target_row *t,
		      struct deploy_result *r, struct answer *k, struct arena *a, struct err *e)
{
	struct deployment_row row;
	if (!deploy_get(d, deployment, a, &row, e))
		return false;
	k->state = TARGET_FAILED;
	k->cause = r->reason;
	if (t->state > TARGET_INSTALLING || !failure_is_transient(r->reason))
		return true;
	if (t->retried_refresh < retries_refresh(&row.terms)) {
		k->state = TARGET_PENDING;
		k->next_attempt_ms = k->now_ms + deploy_backoff_ms(k->attempts);
	} else if (t->retried_start_up < row.terms.retry_start_up) {
		k->state = TARGET_PENDING;
		r->reason = REASON_RETRY_START_UP;
	}
	return true;
}

static bool kind_of(const struct known_order *o, bool *rpm_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct order order;
	if (!order_reopen(o->envelope, &a, &order, e))
		return false;
	*rpm_out = order.kind == ORDER_RPM;
	return true;
}

static bool answer(struct deploy *d, const struct known_order *o, const char *host,
		   const struct deploy_result *given, struct err *e)
{
	struct deploy_result copy = *given, *r = &copy;
	AUTO(arena_done) struct arena a = { 0 };
	struct target_row t;
	if (!target_get(d, o->deployment, host, &a, &t, e))
		return false;
	int64_t now = clock_now_ms(d->conf.clock);
	struct answer k = { .r = r,
			    .deployment = o->deployment,
			    .host = host,
			    .cause = "",
			    .now_ms = now,
			    .attempts = MAX(t.attempts, 1) };
	enum deployment_operation operation;
	if (!deploy_operation_of(d, o->deployment, &operation, e))
		return false;
	if (!leave_place(d, o, &k, e))
		return false;
	bool back = operation == DEPLOYMENT_UNINSTALL;
	bool planned = strcmp(r->reason, "planned") == 0;
	if (planned || strcmp(r->reason, REASON_PLAN_DRIFT) == 0) {
		k.state = TARGET_PENDING;
		k.drifted = !planned;
		if (!kind_of(o, &k.rpm, e))
			return false;
		r->reason = planned ? REASON_AWAITING_APPROVAL : REASON_PLAN_DRIFT;
	} else if (strcmp(r->outcome, "succeeded") == 0) {
		k.state = TARGET_SUCCEEDED;
		if (!back && !left_out(d, o, host, &k, r, &a, e))
			return false;
		k.installed = operation == DEPLOYMENT_INSTALL;
	} else if (!try_again(d, o->deployment, &t, r, &k, &a, e)) {
		return false;
	}
	if (k.state == TARGET_FAILED && !k.cause[0])
		k.cause = r->reason; /* succeeded with files left out */
	bool verified = strcmp(given->outcome, "succeeded") == 0 && !planned;
	bool told = verified || k.state == TARGET_FAILED;
	if (told && back && !went_back(d, o, host, verified, &k, &a, e))
		return false;
	if (told && !back &&
	    !history_of(d, o, host, verified ? LEDGER_VERIFIED : LEDGER_FAILED, &k.history, &a, e))
		return false;
	bool stored = sql_write(d->conf.db, answer_write, &k, e);
	ledger_batch_done(k.history, stored);
	if (stored && k.state <= TARGET_INSTALLING)
		open_hosts_mark_id(d, host);
	return stored && deployment_rollup(d, o->deployment, e);
}

static bool refuse(struct deploy *d, const struct known_order *o, const char *host,
		   const char *reason, const char *detail, const char *order, struct err *e)
{
	int64_t now = clock_now_ms(d->conf.clock);
	struct deploy_result r = { .order = order,
				   .outcome = "refused",
				   .reason = reason,
				   .detail = detail,
				   .started_ms = now,
				   .finished_ms = now };
	return answer(d, o, host, &r, e);
}

static bool place_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct answer *k = arg;
	return cluster_slot_settle(c, k->host, &k->place, k->place_verdict, e);
}

/* Of an order that was withdrawn nothing else counts: the machine works on it no more. */
static bool answer_withdrawn(struct deploy *d, const struct known_order *o, const char *host,
			     const struct deploy_result *r, struct err *e)
{
	struct answer k = { .r = r, .host = host, .now_ms = clock_now_ms(d->conf.clock) };
	return leave_place(d, o, &k, e) &&
	       (k.place_verdict == CLUSTER_STAYS || sql_write(d->conf.db, place_write, &k, e));
}

bool deploy_result(struct deploy *d, uint32_t host, const struct deploy_result *r, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	struct known_order o;
	if (!order_get(d, r->order, deploy_host_id(d, host, id), &a, &o, e))
		return false;
	pthread_mutex_t *lock = deploy_host_lock(d, id);
	pthread_mutex_lock(lock);
	/* A second report of the same order changes nothing; a replaced order's late success still
	 * counts, because what it says happened on the machine. */
	bool late = o.state == ORDER_REPLACED && strcmp(r->outcome, "succeeded") != 0;
	bool ok = o.state == ORDER_ANSWERED ||
		  (late ? answer_withdrawn(d, &o, id, r, e) : answer(d, &o, id, r, e));
	pthread_mutex_unlock(lock);
	return ok;
}
