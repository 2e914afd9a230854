/* SPDX-License-Identifier: Apache-2.0
 * Why not yet (M-150, AC-14): every pending target has one reason of now, and its next attempt or
 * window when that is known; one with an order that nothing came of says so. Only reads. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "deploy/rollout/cluster_slots.h"

#include <stdio.h>

/* After the order was given, when the agent has contacted since. */
#define SILENCE_MS 120000

struct explaining {
	struct deploy *d;
	const struct match_view *v;
	const struct deployment_row *row;
	struct policy_terms terms;
	const struct cluster_look *look;
	uint32_t open_waves;
	bool halted;
	int64_t now_ms;
	struct arena *a;
};

static void because(struct target_row *t, const char *reason)
{
	t->reason = (char *)(uintptr_t)reason;
}

/* The next window, or the one that is open. Of a schedule in the systems' own time the times are
 * those of their clocks. */
static void add_window(const struct explaining *k, struct target_row *t)
{
	const struct window_schedule *s = k->terms.window;
	AUTO(zone_free) struct zone *z = NULL;
	struct window w;
	if (!s || !zone_open(s->zone[0] ? s->zone : "UTC", &z, NULL))
		return;
	if (!window_open(s, z, k->now_ms, &w) && window_next(s, z, k->now_ms, &w, 1) == 0)
		return;
	t->window = w;
	t->window_zone = arena_strdup(k->a, s->zone);
}

/* The deployment that the host is working on, or NULL. */
static bool one_ahead(const struct explaining *k, const char *host, char **name_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(k->d->conf.db, e);
	struct sql_rows *rows;
	*name_out = NULL;
	if (!c || !sql_query(c, &SQL_TARGET_AHEAD,
			     SQL_ARGS(sql_text(host), sql_text(k->row->id), sql_int(k->now_ms)),
			     &rows, e))
		return false;
	if (sql_next(rows))
		*name_out = (char *)(uintptr_t)arena_str(k->a, sql_col_str(rows, 0)).p;
	return sql_rows_end(rows, e);
}

/* What is known of the server's files; false when nothing of them is in the way. */
static bool waits_for_files(const struct explaining *k, const struct work *w, struct target_row *t)
{
	bool held = k->row->terms.hold_incomplete && w->gone.n;
	if (!held && (!w->components.n || w->payloads_ready))
		return false;
	because(t, held ? "files_incomplete" : "server_downloading");
	t->done = w->bytes_ready;
	t->total = w->bytes_total;
	if (w->troubled) {
		if (!held)
			because(t, w->trouble.reason);
		t->detail = arena_strdup(k->a, w->trouble.detail);
	}
	return true;
}

static bool from_work(const struct explaining *k, const struct host *h, struct target_row *t,
		      struct err *e)
{
	AUTO(work_done) struct work w = { 0 };
	const struct cluster_group *full;
	uint32_t others;
	char *ahead;
	if (!deploy_work(k->d, k->v, h->no, k->row->id, &w, e) || !one_ahead(k, h->id, &ahead, e))
		return false;
	if (waits_for_files(k, &w, t))
		return true;
	if (!epoch_reconciled(k->d, h->id)) {
		because(t, "reconciling");
	} else if (ahead) {
		because(t, "other_deployment");
		t->detail = ahead;
	} else if (!h->online) {
		because(t, "offline");
	} else if ((full = cluster_hinders(k->d, k->v, k->look, h, &others))) {
		because(t, REASON_GROUP_FULL);
		t->detail = cluster_detail(full, others, k->a);
	} else if (strcmp(t->reason, REASON_GROUP_WINDOW) != 0) {
		because(t, h->last_scan_ms ? "waiting_agent" : "never_scanned");
	}
	return true;
}

/* An order that its agent has been given and has said nothing of, though it has been here since: an
 * older agent does not know every order. */
static void explain_silence(const struct explaining *k, struct target_row *t)
{
	const struct host *h = fleet_host_by_id(k->v->fleet, str_of(t->host));
	const char *version = h && h->attrs.agent_version ? h->attrs.agent_version : "";
	if (!h || strcmp(t->reason, "waiting_agent") != 0 ||
	    h->last_contact_ms < t->updated_ms + SILENCE_MS)
		return;
	because(t, "order_unanswered");
	if (version[0] && strcmp(version, TSUKUROI_VERSION) != 0)
		t->detail = arena_printf(k->a, "agent %s, server %s", version, TSUKUROI_VERSION);
}

/* Where its users are waited for, or are not let. False when neither is so: the order is on its
 * way. */
static bool waits_as_offer(const struct explaining *k, const struct host *h, struct target_row *t)
{
	if (!offers_row(k->row, k->now_ms))
		return false;
	if (strcmp(t->reason, REASON_PUBLISHED) == 0)
		return true;
	if (!cluster_is_ruled(k->look, h)) {
		if (strcmp(t->reason, REASON_GROUP_PUBLISHED) == 0)
			t->next_attempt_ms = 0;
		return false;
	}
	because(t, REASON_GROUP_PUBLISHED);
	t->next_attempt_ms = k->row->deadline_ms;
	return true;
}

/* The stored reason says after what, or for what, it waits. */
static bool is_said(const struct explaining *k, const struct target_row *t)
{
	if (strcmp(t->reason, REASON_PUBLISHED) == 0 ||
	    strcmp(t->reason, REASON_GROUP_PUBLISHED) == 0)
		return false; /* of before the deadline, or of a rule that is gone */
	return t->next_attempt_ms > k->now_ms || strcmp(t->reason, REASON_RETRY_START_UP) == 0 ||
	       strcmp(t->reason, REASON_AWAITING_APPROVAL) == 0 ||
	       strcmp(t->reason, REASON_PLAN_DRIFT) == 0 || deploy_waits_for_window(t->reason);
}

static bool explain(const struct explaining *k, struct target_row *t, struct err *e)
{
	const struct host *h = fleet_host_by_id(k->v->fleet, str_of(t->host));
	if (!offers_row(k->row, k->now_ms)) /* users need no window */
		add_window(k, t);
	if (!h || h->state != HOST_ACTIVE)
		because(t, "retired");
	else if (k->row->suspended_ms)
		because(t, "suspended");
	else if (k->halted || t->wave >= k->open_waves)
		because(t, k->halted ? "rollout_halted" : "wave_closed");
	else if (!waits_as_offer(k, h, t) && !is_said(k, t))
		return from_work(k, h, t, e);
	return true;
}

bool targets_explain(struct deploy *d, const struct deployment_row *row, struct target_row *list,
		     size_t n, struct arena *a, struct err *e)
{
	struct explaining k = { .d = d, .row = row, .now_ms = clock_now_ms(d->conf.clock), .a = a };
	if (!n)
		return true;
	if (!policy_of(d, row->id, a, &k.terms, e) ||
	    !waves_of(d, row->id, &k.open_waves, &k.halted, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	AUTO(cluster_look_end) struct cluster_look look = { 0 };
	if (!cluster_look_begin(d, &v, &look, e))
		return false;
	k.v = &v;
	k.look = &look;
	for (size_t i = 0; i < n; i++) {
		if (list[i].state == TARGET_DOWNLOADING || list[i].state == TARGET_INSTALLING)
			explain_silence(&k, &list[i]);
		else if ((list[i].state == TARGET_PENDING ||
			  list[i].state == TARGET_AWAITING_APPROVAL) &&
			 !explain(&k, &list[i], e))
			return false;
	}
	return true;
}
