/* SPDX-License-Identifier: Apache-2.0
 * Which orders a host gets at a contact: those that are open, handed out again until they are
 * answered, and the next one, made when it is its deployment's turn. */
#include "deploy/queries.h"
#include "deploy/rollout/cluster_slots.h"
#include "proto/plan.h"

#include <stdio.h>

struct open_order {
	char id[33], deployment[33];
	uint64_t seq;
	int64_t not_after_ms, issued_ms;
	char *envelope;
};

static bool open_orders(struct deploy *d, const char *host, struct arena *a,
			struct open_order **out, size_t *n_out, struct err *e)
{
	enum { MOST = 32 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_ORDER_OPEN_OF_HOST,
			     SQL_ARGS(sql_text(host), sql_int((int64_t)d->epoch)), &rows, e))
		return false;
	struct open_order *list = arena_array(a, struct open_order, MOST);
	size_t n = 0;
	while (n < MOST && sql_next(rows)) {
		struct open_order *o = &list[n++];
		snprintf(o->id, sizeof(o->id), "%.*s", STR_ARG(sql_col_str(rows, 0)));
		snprintf(o->deployment, sizeof(o->deployment), "%.*s",
			 STR_ARG(sql_col_str(rows, 1)));
		o->seq = (uint64_t)sql_col_int(rows, 2);
		o->not_after_ms = sql_col_int(rows, 3);
		o->envelope = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 4)).p;
		o->issued_ms = sql_col_int(rows, 5);
	}
	*out = list;
	*n_out = n;
	return sql_rows_end(rows, e);
}

static bool withdraw(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_run(c, &SQL_ORDER_SET_STATE, SQL_ARGS(sql_text(arg), sql_int(2)), e);
}

struct open_target {
	char deployment[33];
	int64_t next_attempt_ms;
	bool parked;	     /* waits on its machine for a window or its users */
	bool offer;	     /* published, and its deadline has not come */
	bool untold;	     /* the machine has said nothing yet of the order it was given */
	int64_t deadline_ms; /* of what is published; 0 = none, -1 = it is not */
	bool asked;	     /* ... for its users, until next_attempt_ms */
	bool closed;	     /* nothing starts: its wave is not open, or it has been stopped */
	bool hold;	     /* waits for files that the server cannot get */
	enum deployment_operation operation;
	struct str units; /* services to restart */
	bool left;	  /* has been restarted, or is being so, in the boot `reboot_boot` */
	struct str reboot_boot;
	/* After a failure that passes: when that was (0 = it is no retry), by the system's own
	 * clock, and how often it may be tried again. */
	int64_t failed_ms, left_refresh, left_start_up;
};

int64_t retries_refresh(const struct deploy_terms *t)
{
	return t->retry_refresh ? t->retry_refresh : RETRY_USUAL;
}

static bool open_targets(struct deploy *d, const char *host, struct arena *a,
			 struct open_target **out, size_t *n_out, struct err *e)
{
	enum { MOST = 64 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	int64_t now = clock_now_ms(d->conf.clock);
	if (!c || !sql_query(c, &SQL_TARGET_OPEN_OF_HOST, SQL_ARGS(sql_text(host), sql_int(now)),
			     &rows, e))
		return false;
	struct open_target *list = arena_array(a, struct open_target, MOST);
	size_t n = 0;
	while (n < MOST && sql_next(rows)) {
		snprintf(list[n].deployment, sizeof(list[n].deployment), "%.*s",
			 STR_ARG(sql_col_str(rows, 0)));
		AUTO(xfree) char *reason = str_dup(sql_col_str(rows, 3));
		list[n].parked = sql_col_int(rows, 1) == TARGET_PENDING &&
				 deploy_waits_for_window(reason);
		list[n].asked = deploy_waits_for_user(reason);
		list[n].units = arena_str(a, sql_col_str(rows, 4));
		list[n].closed = sql_col_int(rows, 5) != 0;
		list[n].operation = (enum deployment_operation)sql_col_int(rows, 6);
		list[n].left = str_is(sql_col_str(rows, 7), "rebooting");
		list[n].reboot_boot = arena_str(a, sql_col_str(rows, 8));
		list[n].next_attempt_ms = sql_col_int(rows, 2);
		list[n].failed_ms = sql_col_int(rows, 9);
		const struct deploy_terms rule = { .retry_refresh = sql_col_int(rows, 12),
						   .retry_start_up = sql_col_int(rows, 13) };
		list[n].left_refresh = retries_refresh(&rule) - sql_col_int(rows, 10);
		list[n].left_start_up = rule.retry_start_up - sql_col_int(rows, 11);
		list[n].hold = sql_col_bool(rows, 14);
		list[n].deadline_ms = sql_col_int(rows, 15);
		list[n].offer = list[n].deadline_ms == 0 || list[n].deadline_ms > now;
		list[n].untold = sql_col_int(rows, 1) == TARGET_DOWNLOADING &&
				 strcmp(reason, "waiting_agent") == 0;
		/* the group may have no rule any more */
		list[n].parked = list[n].parked || (list[n].offer && list[n].untold) ||
				 strcmp(reason, REASON_GROUP_PUBLISHED) == 0;
		n++;
	}
	*out = list;
	*n_out = n;
	return sql_rows_end(rows, e);
}

bool deploy_settle(struct deploy *d, const struct host *h, const char *deployment,
		   const struct work *w, struct err *e)
{
	int64_t now = clock_now_ms(d->conf.clock);
	struct target_update u = { .deployment = deployment,
				   .host = h->id,
				   .state = TARGET_SUCCEEDED,
				   .reason = "already_installed",
				   .started_ms = now,
				   .finished_ms = now };
	if (w->gone.n) {
		u.state = TARGET_FAILED;
		u.reason = w->trouble.reason;
		u.detail = w->trouble.detail;
	} else if (w->why_not || w->rolled_back) {
		u.state = TARGET_NOT_APPLICABLE;
		u.reason = w->why_not ? w->why_not : "rolled_back";
	} else if (w->back) {
		u.reason = "already_uninstalled";
	} else if (w->held || w->superseded || w->withheld) {
		u.state = TARGET_NOT_APPLICABLE;
		u.reason = w->withheld ? "not_approved" : w->held ? "held" : "superseded";
	}
	if (w->back && u.state == TARGET_SUCCEEDED && !uninstall_mark(d, deployment, h->id, e))
		return false;
	return target_update_write(d, &u, e);
}

/* An order that cannot be signed is the target's trouble, not the check-in's: the target says so,
 * is tried again a few times, and then failed. */
static bool unsigned_order(struct deploy *d, const struct host *h, const char *deployment,
			   const struct err *why, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct target_row t;
	if (!target_get(d, deployment, h->id, &a, &t, e))
		return false;
	int64_t now = clock_now_ms(d->conf.clock);
	struct target_update u = { .deployment = deployment,
				   .host = h->id,
				   .state = TARGET_PENDING,
				   .reason = REASON_UNSIGNED,
				   .detail = why->msg,
				   .started_ms = t.started_ms,
				   .attempts = t.attempts + 1 };
	if (u.attempts >= ATTEMPTS_MAX) {
		u.state = TARGET_FAILED;
		u.finished_ms = now;
	} else {
		u.next_attempt_ms = now + deploy_backoff_ms(u.attempts);
	}
	return target_update_write(d, &u, e);
}

/* A start of the system since the failure has its own number of retries. */
static bool started_anew(const struct host *h, const struct open_target *t)
{
	return t->failed_ms && t->left_start_up > 0 && h->attrs.boot_ms > t->failed_ms;
}

/* Whether a target that waits for its next attempt has waited long enough. */
static bool is_due(const struct host *h, const struct open_target *t, int64_t now_ms)
{
	if (started_anew(h, t))
		return true;
	return t->next_attempt_ms <= now_ms && (!t->failed_ms || t->left_refresh > 0);
}

/* Makes the order, and says so of the target. */
static bool issue_now(struct deploy *d, const struct match_view *v, const struct host *h,
		      const struct open_target *t, const struct order_set *set, uint64_t agent_seq,
		      struct arena *a, char **envelope_out, struct err *e)
{
	bool is_unsigned, again = started_anew(h, t);
	struct err why = { 0 };
	const struct order_target target = {
		.state = set->n_packages ? TARGET_DOWNLOADING : TARGET_INSTALLING,
		.retry_refresh = t->failed_ms && !again,
		.retry_start_up = again,
	};
	if (order_issue(d, v, h, t->deployment, set, agent_seq, NULL, &target, a, envelope_out,
			&is_unsigned, &why))
		return deployment_rollup(d, t->deployment, e);
	if (is_unsigned)
		return unsigned_order(d, h, t->deployment, &why, e);
	if (why.code == ERR_CONFLICT)
		return true; /* stopped, or issued by another server, in this moment */
	*e = why;
	return false;
}

/* Until next_ms as far as that is known; 0 = it is not. */
static bool stay_pending(struct deploy *d, const struct host *h, const char *deployment,
			 const char *reason, int64_t next_ms, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct target_row t;
	if (!target_get(d, deployment, h->id, &a, &t, e))
		return false;
	struct target_update u = { .deployment = deployment,
				   .host = h->id,
				   .state = TARGET_PENDING,
				   .reason = reason,
				   .started_ms = t.started_ms,
				   .finished_ms = t.finished_ms, /* it may be a retry */
				   .next_attempt_ms = next_ms,
				   .attempts = t.attempts };
	return (strcmp(t.reason, reason) == 0 && (!next_ms || t.next_attempt_ms == next_ms)) ||
	       target_update_write(d, &u, e);
}

/* Such an order would only lie on the machine, with its place. */
static bool must_boot_first(const struct policy_terms *terms, const struct host *h, int64_t now_ms)
{
	return terms->window && terms->window->triggers == SCHEDULE_START_UP &&
	       !(terms->forced_ms && terms->forced_ms <= now_ms) &&
	       h->attrs.boot_ms < now_ms - CLUSTER_LEASE_MS;
}

/* An order that makes a member of a group with a cluster rule unavailable needs a place. */
static bool issue(struct deploy *d, const struct match_view *v, const struct host *h,
		  const struct open_target *t, const struct order_set *set, uint64_t agent_seq,
		  struct arena *a, char **envelope_out, struct err *e)
{
	struct order_set placed = *set;
	struct cluster_entry entry;
	struct policy_terms terms;
	bool ok;
	if (str_is(set->plan, PLAN_ASK)) /* changes nothing */
		return issue_now(d, v, h, t, set, agent_seq, a, envelope_out, e);
	if (!policy_of(d, t->deployment, a, &terms, e) || !cluster_enter(d, v, h, &entry, e))
		return false;
	placed.placed = entry.ruled;
	placed.turn = entry.look.turn;
	if (entry.ruled && t->offer) /* users would begin it without the server */
		ok = stay_pending(d, h, t->deployment, REASON_GROUP_PUBLISHED, t->deadline_ms, e);
	else if (entry.full)
		ok = stay_pending(d, h, t->deployment, REASON_GROUP_FULL, 0, e);
	else if (entry.ruled && must_boot_first(&terms, h, clock_now_ms(d->conf.clock)))
		ok = stay_pending(d, h, t->deployment, REASON_GROUP_WINDOW, 0, e);
	else
		ok = issue_now(d, v, h, t, &placed, agent_seq, a, envelope_out, e);
	cluster_leave(d, &entry);
	return ok;
}

static bool restart_for(struct deploy *d, const struct match_view *v, const struct host *h,
			const struct open_target *t, uint64_t agent_seq, struct arena *a,
			char **envelope_out, struct err *e)
{
	struct order_set set = { 0 };
	services_left(h, t->units, a, &set);
	if (set.n_units)
		return issue(d, v, h, t, &set, agent_seq, a, envelope_out, e);
	int64_t now = clock_now_ms(d->conf.clock);
	struct target_update u = { .deployment = t->deployment,
				   .host = h->id,
				   .state = TARGET_SUCCEEDED,
				   .reason = "already_restarted",
				   .started_ms = now,
				   .finished_ms = now };
	return target_update_write(d, &u, e);
}

/* One deployment's order for the host; *envelope_out stays NULL when nothing is due yet. */
static bool order_for(struct deploy *d, const struct match_view *v, const struct host *h,
		      const struct open_target *t, uint64_t agent_seq, struct arena *a,
		      char **envelope_out, struct err *e)
{
	AUTO(work_done) struct work w = { 0 };
	if (t->operation == DEPLOYMENT_REBOOT) {
		const struct order_set reboot = { .reboots = true };
		return issue(d, v, h, t, &reboot, agent_seq, a, envelope_out, e);
	}
	if (t->operation == DEPLOYMENT_RESTART_SERVICES)
		return restart_for(d, v, h, t, agent_seq, a, envelope_out, e);
	if (!deploy_work(d, v, h->no, t->deployment, &w, e))
		return false;
	if (t->hold && w.gone.n) {
		deploy_want(d, v->catalog, &w);
		return true;
	}
	if (!w.components.n)
		return deploy_settle(d, h, t->deployment, &w, e);
	deploy_want(d, v->catalog, &w);
	if (!w.payloads_ready)
		return true;
	struct order_set set = { .packages = w.components.p,
				 .n_packages = w.components.n,
				 .from = w.back ? w.from.p : NULL };
	bool waits;
	if (!plan_for_order(d, t->deployment, h->id, a, &set.plan, &waits, e))
		return false;
	if (waits)
		return true;
	return issue(d, v, h, t, &set, agent_seq, a, envelope_out, e);
}

/* --- one at a time (S-11) ----------------------------------------------------------------------
 * A host works on one deployment; the others start after it. One whose order waits on the machine
 * for a window lets another pass that may start sooner: sequences only rise, so the waiting order
 * is withdrawn and made anew behind the other. What is published lies on the machine beside all
 * that, for its users to choose from: it holds nobody up and is not withdrawn for another; an order
 * that a later one has overtaken is made anew (clear_dead). */

#define OFFERS_OF_HOST 16
#define MADE_MAX (OFFERS_OF_HOST + 1)
/* Offers are made anew so often: an index of packages is good for a week at most. */
#define OFFER_FRESH_MS (INT64_C(2) * 86400000)

struct desk {
	struct deploy *d;
	const struct match_view *v;
	const struct host *h;
	uint64_t agent_seq;
	int64_t now_ms;
	struct arena *a;
	struct open_order *open;
	struct open_target *targets;
	size_t n_open, n_targets;
	bool placed, freed; /* cluster_meet() */
};

static struct open_order *order_of(const struct desk *k, const struct open_target *t)
{
	for (size_t i = 0; i < k->n_open; i++)
		if (strcmp(k->open[i].deployment, t->deployment) == 0)
			return &k->open[i];
	return NULL;
}

/* Whether the order lies on the machine and nothing has come of it yet. One that the machine has
 * begun while nobody was there to be told is being worked on, whatever the target still says. */
static bool waits(const struct desk *k, const struct open_target *t, const struct open_order *o)
{
	return t->parked && o->seq > k->agent_seq;
}

struct give_way {
	const struct open_order *order;
	const char *host;
	int64_t now_ms, until_ms;
};

static bool gives_way_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct give_way *g = arg;
	return sql_run(c, &SQL_ORDER_SET_STATE, SQL_ARGS(sql_text(g->order->id), sql_int(2)), e) &&
	       sql_run(c, &SQL_TARGET_GIVES_WAY,
		       SQL_ARGS(sql_text(g->order->deployment), sql_text(g->host),
				sql_int(g->now_ms)),
		       e);
}

static bool give_way(struct desk *k, struct open_order *o, struct err *e)
{
	struct give_way g = { o, k->h->id, k->now_ms, 0 };
	if (!sql_write(k->d->conf.db, gives_way_write, &g, e))
		return false;
	o->deployment[0] = '\0';
	return true;
}

/* Until its users have been asked again the machine need not have the order, nor its place. */
static bool put_off_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct give_way *g = arg;
	return sql_run(c, &SQL_ORDER_SET_STATE, SQL_ARGS(sql_text(g->order->id), sql_int(2)), e) &&
	       sql_run(c, &SQL_CLUSTER_WAITS_HERE,
		       SQL_ARGS(sql_text(g->order->deployment), sql_text(g->host),
				sql_int(g->until_ms), sql_int(g->now_ms)),
		       e);
}

static bool put_off(struct desk *k, struct open_order *o, int64_t until_ms, struct err *e)
{
	struct give_way g = { o, k->h->id, k->now_ms, until_ms };
	if (!sql_write(k->d->conf.db, put_off_write, &g, e))
		return false;
	o->deployment[0] = '\0';
	return true;
}

/* Offers that lie on the machine. */
static size_t offers_there(const struct desk *k)
{
	size_t n = 0;
	for (size_t i = 0; i < k->n_targets; i++)
		n += k->targets[i].offer && order_of(k, &k->targets[i]);
	return n;
}

/* Orders from before the host's group had a rule: one that waits on the machine is called back, one
 * that may be under way takes a place, even beyond the limit. What is published is called back from
 * a host that has a place, too. */
static bool bring_under_rule(struct desk *k, struct err *e)
{
	AUTO(cluster_look_end) struct cluster_look look = { 0 };
	if (!k->n_open || (k->placed && !offers_there(k)))
		return true;
	if (!cluster_look_begin(k->d, k->v, &look, e))
		return false;
	struct open_order *newest = NULL;
	for (size_t i = 0; cluster_is_ruled(&look, k->h) && i < k->n_targets; i++) {
		const struct open_target *t = &k->targets[i];
		struct open_order *o = order_of(k, t);
		if (!o || o->not_after_ms <= k->now_ms || (k->placed && !t->offer))
			continue;
		if (!waits(k, t, o))
			newest = newest && newest->seq > o->seq ? newest : o;
		else if (!give_way(k, o, e))
			return false;
	}
	if (k->placed)
		return true;
	k->placed = newest != NULL;
	return !newest || cluster_adopt(k->d, k->h, newest->seq, newest->not_after_ms, e);
}

/* A halt, and a deployment's own end or pause, reach the orders that their machine has not begun.
 */
static bool recall(struct desk *k, struct err *e)
{
	for (size_t i = 0; i < k->n_targets; i++) {
		struct open_order *o = order_of(k, &k->targets[i]);
		if (o && k->targets[i].closed && o->seq > k->agent_seq && !give_way(k, o, e))
			return false;
	}
	return true;
}

/* Orders that no agent would take any more: expired ones, and waiting ones that a later order has
 * overtaken. */
static bool clear_dead(struct desk *k, struct err *e)
{
	for (size_t i = 0; i < k->n_targets; i++) {
		struct open_order *o = order_of(k, &k->targets[i]);
		const struct open_target *t = &k->targets[i];
		bool dead = o && (o->seq < k->agent_seq || o->not_after_ms <= k->now_ms ||
				  (t->offer && o->issued_ms + OFFER_FRESH_MS <= k->now_ms));
		/* an agent that does not know offers waits for an order like any other */
		bool unheard = o && t->untold && !t->offer && t->deadline_ms > o->issued_ms &&
			       o->seq != k->agent_seq;
		bool asks_again = (k->placed || k->freed) && t->asked &&
				  t->next_attempt_ms > k->now_ms;
		if (((dead && t->parked) || unheard) &&
		    !(asks_again ? put_off(k, o, t->next_attempt_ms, e) : give_way(k, o, e)))
			return false;
	}
	for (size_t i = 0; i < k->n_open; i++) {
		if (!k->open[i].deployment[0] || k->open[i].not_after_ms > k->now_ms)
			continue;
		if (!sql_write(k->d->conf.db, withdraw, k->open[i].id, e))
			return false;
		k->open[i].deployment[0] = '\0';
	}
	return true;
}

static bool start_of(const struct desk *k, const struct open_target *t, int64_t *out, struct err *e)
{
	struct policy_terms terms;
	if (!policy_of(k->d, t->deployment, k->a, &terms, e))
		return false;
	*out = policy_start_ms(&terms, k->now_ms);
	if (t->asked)
		*out = MAX(*out, t->next_attempt_ms);
	return true;
}

/* When a new order would have to start to pass those that wait: INT64_MAX = none waits, INT64_MIN =
 * one is being worked on. */
static bool must_start_before(const struct desk *k, int64_t *out, struct err *e)
{
	int64_t start;
	*out = INT64_MAX;
	for (size_t i = 0; i < k->n_targets && *out != INT64_MIN; i++) {
		const struct open_target *t = &k->targets[i];
		const struct open_order *o = order_of(k, t);
		if (!o || (t->offer && waits(k, t, o)))
			continue;
		if (!waits(k, t, o))
			*out = INT64_MIN;
		else if (!start_of(k, t, &start, e))
			return false;
		else
			*out = MIN(*out, start);
	}
	return true;
}

/* All that waited: the new order's sequence is higher than theirs. */
static bool pass(struct desk *k, struct err *e)
{
	for (size_t i = 0; i < k->n_targets; i++) {
		struct open_order *o = order_of(k, &k->targets[i]);
		if (o && !k->targets[i].offer && waits(k, &k->targets[i], o) && !give_way(k, o, e))
			return false;
	}
	return true;
}

/* The order of one target, if it is its turn; *envelope_out stays NULL when it is not. */
static bool make_this(const struct desk *k, const struct open_target *t, int64_t limit,
		      char **envelope_out, struct err *e)
{
	int64_t start = 0;
	/* what waited for a window and has no order any more need not wait for it here */
	if (t->closed || order_of(k, t) || (!t->parked && !is_due(k->h, t, k->now_ms)))
		return true;
	if (limit != INT64_MAX && !t->offer && !start_of(k, t, &start, e))
		return false;
	return (limit != INT64_MAX && !t->offer && start >= limit) ||
	       order_for(k->d, k->v, k->h, t, k->agent_seq, k->a, envelope_out, e);
}

/* What can be made now: any offers, and the first order that is none. */
static bool make_new(struct desk *k, char **list, size_t *n, size_t max, struct err *e)
{
	size_t offers = offers_there(k);
	bool one = false;
	int64_t limit;
	if (!must_start_before(k, &limit, e))
		return false;
	for (size_t i = 0; i < k->n_targets && limit != INT64_MIN && *n < max; i++) {
		const struct open_target *t = &k->targets[i];
		char *envelope = NULL;
		if (t->offer ? offers >= OFFERS_OF_HOST : one)
			continue;
		if (!make_this(k, t, limit, &envelope, e))
			return false;
		if (!envelope)
			continue;
		list[(*n)++] = envelope;
		offers += t->offer;
		one = one || !t->offer;
	}
	return !one || pass(k, e);
}

/* Machines that went away for a reboot and are heard in another boot. */
static bool welcome(const struct desk *k, struct err *e)
{
	const char *boot = k->h->attrs.boot_id ? k->h->attrs.boot_id : "";
	for (size_t i = 0; i < k->n_targets; i++)
		if (k->targets[i].left && !str_is(k->targets[i].reboot_boot, boot) &&
		    !reboot_came_back(k->d, k->h, k->targets[i].deployment, e))
			return false;
	return true;
}

static bool orders_in_view(struct desk *k, uint64_t look, uint64_t agent_epoch, char **list,
			   size_t *n, size_t max, struct err *e)
{
	char *made[MADE_MAX];
	size_t n_made = 0;
	if (!open_orders(k->d, k->h->id, k->a, &k->open, &k->n_open, e) ||
	    !open_targets(k->d, k->h->id, k->a, &k->targets, &k->n_targets, e))
		return false;
	if (!cluster_meet(k->d, k->h, agent_epoch, k->agent_seq, &k->placed, &k->freed, e))
		return false;
	if (!k->n_open && !k->n_targets && !k->placed)
		open_hosts_none(k->d, k->h->no, look);
	/* one whose time had passed lets the others go first */
	if (!welcome(k, e) || !bring_under_rule(k, e) || !recall(k, e) || !clear_dead(k, e) ||
	    (!k->freed && !make_new(k, made, &n_made, ARRAY_LEN(made), e)))
		return false;
	for (size_t i = 0; i < k->n_open && *n < max; i++)
		if (k->open[i].deployment[0] && k->open[i].seq > k->agent_seq)
			list[(*n)++] = k->open[i].envelope;
	for (size_t i = 0; i < n_made && *n < max; i++)
		list[(*n)++] = made[i];
	return true;
}

bool deploy_orders(struct deploy *d, uint32_t host, uint64_t agent_epoch, uint64_t agent_seq,
		   struct arena *a, char ***envelopes, size_t *n_out, struct err *e)
{
	enum { MOST = 2 * OFFERS_OF_HOST };
	char **list = arena_array(a, char *, MOST);
	size_t n = 0;
	bool ok = true;
	uint64_t look;
	struct match_view v;
	*envelopes = list;
	*n_out = 0;
	if (!open_hosts_maybe(d, host, &look))
		return true;
	match_read(d->conf.match, &v);
	const struct host *h = fleet_host(v.fleet, host);
	/* An agent ahead of the server takes no order of it: see deploy_orders' contract. */
	if (agent_epoch <= d->epoch && h->state == HOST_ACTIVE && h->last_scan_ms &&
	    epoch_reconciled(d, h->id)) {
		pthread_mutex_t *lock = deploy_host_lock(d, h->id);
		pthread_mutex_lock(lock);
		struct desk k = { .d = d,
				  .v = &v,
				  .h = h,
				  .agent_seq = agent_seq,
				  .now_ms = clock_now_ms(d->conf.clock),
				  .a = a };
		ok = orders_in_view(&k, look, agent_epoch, list, &n, MOST, e);
		pthread_mutex_unlock(lock);
	}
	match_read_end(&v);
	if (!ok)
		return false;
	*envelopes = list;
	*n_out = n;
	return true;
}
