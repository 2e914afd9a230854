/* SPDX-License-Identifier: Apache-2.0
 * By the clock: systems that are to be awake and are not in contact are woken, each once for a
 * window. Invariant: who is asked is durable before anybody is asked. */
#include "deploy/deploy_int.h"
#include "deploy/orders/policy.h"
#include "deploy/queries.h"
#include "deploy/wol/wol_pick.h"

#include <stdio.h>

#define LOOK_EVERY_MS 15000
#define SETTLE_MS 120000 /* after a start agents come back first */
#define SILENT_MS 120000 /* without push so long: it is asleep */
#define DEPLOYMENTS_MAX 500
#define TARGETS_MAX 1000000 /* of a deployment */
#define SLEEPERS_MAX 200    /* a look */

struct sleeper {
	const char *deployment;
	char host[33];
	struct lan lan;
	int64_t window_ms, tries;
	bool again; /* nobody was there at the last look, either */
	const char *state;
	char sender[33];
	uint32_t neighbour;
};
struct look {
	struct deploy *d;
	struct match_view v;
	struct arena *a;
	int64_t now_ms;
	struct sleeper *list;
	size_t n;
	struct zone *zone; /* the last that was opened */
	char zone_name[ZONE_NAME_MAX + 1];
};

static const struct zone *zone_named(struct look *k, const char *name)
{
	if (k->zone && strcmp(k->zone_name, name) == 0)
		return k->zone;
	zone_free(k->zone);
	k->zone = NULL;
	(void)snprintf(k->zone_name, sizeof(k->zone_name), "%s", name);
	return *name && zone_open(name, &k->zone, NULL) ? k->zone : NULL;
}

/* What is known of the last time, as wol_targets selects it. */
struct last {
	int64_t window_ms, tries, at_ms;
	struct str state;
};

/* Whether somebody is to be asked for this window, after what was done for it. */
static bool is_open_still(struct sleeper *s, const struct last *l, int64_t now_ms)
{
	s->tries = 0;
	s->again = false;
	if (l->window_ms != s->window_ms)
		return true;
	s->tries = l->tries;
	s->again = !str_is(l->state, WOL_ASKED);
	return !str_is(l->state, WOL_SENT) &&
	       (s->again || (now_ms - l->at_ms >= WOL_ANSWER_MS && l->tries < WOL_TRIES));
}

static bool sleeps(const struct look *k, const struct host *h)
{
	return h && h->state == HOST_ACTIVE && !h->online &&
	       k->now_ms - h->last_contact_ms >= SILENT_MS;
}

static void consider(struct look *k, const char *deployment, const struct policy_terms *terms,
		     int64_t created_ms, struct str host, const struct last *last)
{
	const struct host *h = fleet_host_by_id(k->v.fleet, host);
	struct sleeper *s = &k->list[k->n];
	*s = (struct sleeper) { .deployment = deployment };
	if (!sleeps(k, h) || !lan_parse(h->attrs.lan_json, &s->lan, NULL))
		return;
	(void)snprintf(s->host, sizeof(s->host), "%s", h->id);
	bool needs_zone = terms->window && terms->window->n_windows;
	const char *name = needs_zone && terms->window->zone[0] ? terms->window->zone : s->lan.zone;
	const struct zone *z = zone_named(k, needs_zone ? name : "UTC");
	if (!z)
		s->state = WOL_ZONE_UNKNOWN;
	else if (!wol_due(terms->window, z, created_ms, terms->forced_ms, k->now_ms, &s->window_ms))
		return;
	else if (!s->lan.n)
		s->state = WOL_NO_INTERFACE;
	if (!is_open_still(s, last, k->now_ms) || (s->state && str_is(last->state, s->state)))
		return;
	k->n++;
}

/* Whether it may be time for any of its targets. Those whose windows are in their own zones are
 * asked one by one. */
static bool may_be_due(struct look *k, const struct policy_terms *t, int64_t created_ms)
{
	int64_t window;
	bool own = t->window && t->window->n_windows && !t->window->zone[0];
	const struct zone *z = zone_named(k, t->window && t->window->zone[0] ? t->window->zone
									     : "UTC");
	return own || !z || wol_due(t->window, z, created_ms, t->forced_ms, k->now_ms, &window);
}

static bool look_at_targets(struct look *k, const char *deployment, int64_t created_ms,
			    struct err *e)
{
	struct policy_terms terms;
	AUTO(sql_done) struct sql_conn *c = NULL;
	struct sql_rows *rows;
	if (!policy_of(k->d, deployment, k->a, &terms, e))
		return false;
	if (!may_be_due(k, &terms, created_ms))
		return true;
	if (!(c = sql_reader(k->d->conf.db, e)) ||
	    !sql_query(c, &SQL_WOL_TARGETS, SQL_ARGS(sql_text(deployment), sql_int(TARGETS_MAX)),
		       &rows, e))
		return false;
	while (k->n < SLEEPERS_MAX && sql_next(rows)) {
		struct last last = { .window_ms = sql_col_int(rows, 1),
				     .state = sql_col_str(rows, 2),
				     .tries = sql_col_int(rows, 3),
				     .at_ms = sql_col_int(rows, 4) };
		consider(k, deployment, &terms, created_ms, sql_col_str(rows, 0), &last);
	}
	return sql_rows_end(rows, e);
}

struct open_deployment {
	char *id;
	int64_t created_ms;
};

static bool open_of_policy(struct look *k, const char *policy, struct open_deployment *list,
			   size_t *n, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(k->d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_WOL_DEPLOYMENTS,
			     SQL_ARGS(sql_text(policy), sql_int(k->now_ms),
				      sql_int((int64_t)(DEPLOYMENTS_MAX - *n))),
			     &rows, e))
		return false;
	for (; *n < DEPLOYMENTS_MAX && sql_next(rows); (*n)++)
		list[*n] = (struct open_deployment) {
			(char *)(uintptr_t)arena_str(k->a, sql_col_str(rows, 0)).p,
			sql_col_int(rows, 1)
		};
	return sql_rows_end(rows, e);
}

/* Everybody who is to be woken now. */
static bool gather(struct look *k, struct err *e)
{
	struct policy *policies;
	size_t n, open = 0;
	struct open_deployment *list = arena_array(k->a, struct open_deployment, DEPLOYMENTS_MAX);
	if (!policy_list(k->d, k->a, &policies, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (policies[i].actions.wake && policies[i].n_open &&
		    !open_of_policy(k, policies[i].id, list, &open, e))
			return false;
	if (!open)
		return true;
	k->list = arena_array(k->a, struct sleeper, SLEEPERS_MAX + 1);
	match_read(k->d->conf.match, &k->v);
	bool ok = true;
	for (size_t i = 0; ok && i < open; i++)
		ok = look_at_targets(k, list[i].id, list[i].created_ms, e);
	match_read_end(&k->v);
	return ok;
}

/* The server itself, where it is in the subnet: now, and noted afterwards. */
static bool by_server(struct look *k, const struct sleeper *s)
{
	bool sent = false;
	for (size_t i = 0; i < s->lan.n; i++)
		for (size_t j = 0; j < s->lan.nics[i].n_subnets; j++)
			sent |= k->d->conf.wake_lan &&
				k->d->conf.wake_lan(k->d->conf.arg, s->lan.nics[i].mac,
						    s->lan.nics[i].subnets[j]);
	return sent;
}

/* What is written of each; who stays as it was is left out. */
static void decide(struct look *k)
{
	struct wol_subnets *s = arena_new(k->a, struct wol_subnets);
	size_t n = 0;
	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].state || wol_enter(s, &k->list[i].lan))
			k->list[n++] = k->list[i];
	k->n = n;
	match_read(k->d->conf.match, &k->v);
	wol_find(s, k->v.fleet);
	n = 0;
	for (size_t i = 0; i < k->n; i++) {
		struct sleeper one = k->list[i];
		bool busy = false;
		if (!one.state && wol_choose(s, &one.lan, one.tries, &one.neighbour, &busy)) {
			one.state = WOL_ASKED;
			one.tries++;
			(void)snprintf(one.sender, sizeof(one.sender), "%s",
				       fleet_host(k->v.fleet, one.neighbour)->id);
		} else if (!one.state && !busy) {
			one.state = by_server(k, &one) ? WOL_SENT : WOL_NO_NEIGHBOUR;
		}
		if (one.state && !(one.again && strcmp(one.state, WOL_NO_NEIGHBOUR) == 0))
			k->list[n++] = one;
	}
	match_read_end(&k->v);
	k->n = n;
}

static bool write_all(struct sql_conn *c, void *arg, struct err *e)
{
	const struct look *k = arg;
	bool ok = true;
	for (size_t i = 0; ok && i < k->n; i++) {
		const struct sleeper *s = &k->list[i];
		ok = sql_run(c, &SQL_WOL_PUT,
			     SQL_ARGS(sql_text(s->deployment), sql_text(s->host),
				      sql_int(s->window_ms), sql_text(s->state),
				      sql_text(s->sender), sql_int(s->tries), sql_int(k->now_ms)),
			     e);
	}
	return ok;
}

static bool look(struct look *k, struct err *e)
{
	if (!gather(k, e))
		return false;
	if (!k->n)
		return true;
	decide(k);
	if (!k->n)
		return true;
	if (!sql_write(k->d->conf.db, write_all, k, e))
		return false;
	for (size_t i = 0; i < k->n; i++) {
		const struct sleeper *s = &k->list[i];
		if (strcmp(s->state, WOL_ASKED) == 0) {
			open_hosts_mark(k->d, s->neighbour);
			k->d->conf.wake(k->d->conf.arg, &s->neighbour, 1);
		}
		if (i == 0 || strcmp(s->deployment, k->list[i - 1].deployment) != 0)
			k->d->conf.changed(k->d->conf.arg, s->deployment);
	}
	return true;
}

bool wol_tick(struct deploy *d, struct err *e)
{
	int64_t now = clock_now_ms(d->conf.clock);
	AUTO(arena_done) struct arena a = { 0 };
	struct look k = { .d = d, .a = &a, .now_ms = now };
	if (!d->wol_since_ms)
		d->wol_since_ms = now;
	if (now - d->wol_since_ms < SETTLE_MS ||
	    (now - d->wol_ms < LOOK_EVERY_MS && now >= d->wol_ms))
		return true;
	d->wol_ms = now;
	bool ok = look(&k, e);
	zone_free(k.zone);
	return ok || err_prefix(e, "waking systems");
}
