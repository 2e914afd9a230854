/* SPDX-License-Identifier: Apache-2.0
 * Rollouts in the database. What is decided is rollout.c's; here are the counts, the writes, and
 * who is woken. Decisions by themselves are taken in the tick, of the server that leads, and told
 * (deploy_conf.turned, the audit log) before they are written: one that a crash undid is told
 * twice, none is taken in silence. */
#include "deploy/rollout/waves.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "format/json.h"
#include "match/filter.h"
#include "sql/notify.h"

#include <stdio.h>

/* So many hosts of the open wave are looked at in every tick; larger waves in every MANY_EVERY-th.
 */
#define MANY_HOSTS 20000
#define MANY_EVERY 12

/* --- creation ----------------------------------------------------------------------------------
 */

bool waves_insert(struct sql_conn *c, const char *deployment, const struct rollout *r,
		  int64_t now_ms, struct err *e)
{
	AUTO(json_free) json_t *j = rollout_write(r);
	AUTO(buf_done) struct buf text = BUF_INIT(ROLLOUT_JSON_MAX);
	json_write(j, &text);
	return buf_ok(&text, "the rollout", e) &&
	       sql_run(c, &SQL_ROLLOUT_INSERT,
		       SQL_ARGS(sql_text(deployment), sql_str(buf_str(&text))), e) &&
	       sql_run(c, &SQL_ROLLOUT_WAVE_INSERT,
		       SQL_ARGS(sql_text(deployment), sql_int(0), sql_int(now_ms)), e);
}

_Static_assert(ROLLOUT_WAVES_MAX == DEPLOY_WAVES_MAX, "what a preview shows");

/* Hosts by the wave whose group they are in; NULL = the wave has no group. As long as the run. */
static bool group_members(struct filter_run *run, const struct rollout *r,
			  const roaring_bitmap_t *out[static ROLLOUT_WAVES_MAX], struct err *e)
{
	for (uint32_t w = 0; w < r->n_waves; w++)
		if (r->waves[w].kind == ROLLOUT_GROUP &&
		    !filter_group_named(run, str_of(r->waves[w].group), &out[w], e))
			return err_prefix(e, "wave %u", w + 1);
	return true;
}

static uint32_t groups_of(const roaring_bitmap_t *const *members, uint32_t n_waves, uint32_t host)
{
	uint32_t bits = 0;
	for (uint32_t w = 0; w < n_waves; w++)
		if (members[w] && roaring_bitmap_contains(members[w], host))
			bits |= UINT32_C(1) << w;
	return bits;
}

bool waves_assign(struct deploy *d, const struct rollout *r, const struct match_view *v,
		  const char *deployment, const roaring_bitmap_t *hosts, struct rollout_host *out,
		  struct err *e)
{
	AUTO(intern_free) struct intern *releases = intern_new();
	AUTO(filter_run_end) struct filter_run run;
	const roaring_bitmap_t *members[ROLLOUT_WAVES_MAX] = { 0 };
	roaring_uint32_iterator_t it;
	size_t n = 0;
	filter_run_begin(&run, v, clock_now_ms(d->conf.clock));
	if (!group_members(&run, r, members, e))
		return false;
	roaring_init_iterator(hosts, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		const struct host *h = fleet_host(v->fleet, it.current_value);
		AUTO(xfree)
		char *release = xasprintf("%s:%s", h->attrs.os_id ? h->attrs.os_id : "",
					  h->attrs.os_version ? h->attrs.os_version : "");
		out[n++] = (struct rollout_host) { .rank = rollout_rank(deployment, h->id),
						   .release = intern_add(releases, str_of(release)),
						   .groups = groups_of(members, r->n_waves,
								       it.current_value) };
	}
	rollout_assign(r, out, n);
	return true;
}

bool waves_sizes(struct deploy *d, const struct rollout *r, const struct match_view *v,
		 const roaring_bitmap_t *hosts, uint32_t out[static DEPLOY_WAVES_MAX],
		 struct err *e)
{
	AUTO(filter_run_end) struct filter_run run;
	const roaring_bitmap_t *members[ROLLOUT_WAVES_MAX] = { 0 };
	uint32_t of_groups[ROLLOUT_WAVES_MAX] = { 0 };
	filter_run_begin(&run, v, clock_now_ms(d->conf.clock));
	if (!group_members(&run, r, members, e))
		return false;
	roaring_bitmap_t *others = roaring_bitmap_copy(hosts);
	for (uint32_t w = 0; w < r->n_waves; w++) {
		if (!members[w])
			continue;
		of_groups[w] = (uint32_t)roaring_bitmap_and_cardinality(others, members[w]);
		roaring_bitmap_andnot_inplace(others, members[w]);
	}
	roaring_bitmap_free(others);
	rollout_sizes(r, roaring_bitmap_get_cardinality(hosts), of_groups, out);
	return true;
}

/* Names of groups that are there; *missing_out: the first wave whose group is not, or n_waves. */
static void name_groups(struct deploy *d, struct rollout *r, uint32_t *missing_out)
{
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	*missing_out = r->n_waves;
	for (uint32_t i = 0; i < r->n_waves; i++) {
		struct rollout_wave *w = &r->waves[i];
		if (w->kind != ROLLOUT_GROUP)
			continue;
		const struct group *g = fleet_group_find(v.fleet, str_of(w->group));
		if (g)
			snprintf(w->group_name, sizeof(w->group_name), "%s", g->name);
		else
			*missing_out = MIN(*missing_out, i);
	}
}

bool deploy_rollout_bind(struct deploy *d, struct rollout *r, uint32_t *wave_out, struct err *e)
{
	name_groups(d, r, wave_out);
	return *wave_out == r->n_waves ||
	       err_set(e, ERR_NOT_FOUND, "the group '%s' of wave %u is not there",
		       r->waves[*wave_out].group, *wave_out + 1);
}

/* --- reading -----------------------------------------------------------------------------------
 */

static bool read_rollout(struct sql_conn *c, const char *id, struct arena *a,
			 struct rollout_view *out, bool *present_out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	struct sql_rows *rows;
	struct err unread;
	bool ok = true;
	if (!sql_query(c, &SQL_ROLLOUT_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	bool found = sql_next(rows);
	if (found) {
		ok = json_parse(sql_col_str(rows, 0), ROLLOUT_JSON_MAX, &j, e) &&
		     rollout_read_stored(j, &out->plan, e);
		out->open = (uint32_t)sql_col_int(rows, 1);
		out->ended = !deployment_is_open((enum deployment_state)sql_col_int(rows, 2));
		out->halted = (enum rollout_why)sql_col_int(rows, 3);
		out->halted_ms = sql_col_int(rows, 4);
		out->halted_by = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 5)).p;
		out->reason = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 6)).p;
	}
	*present_out = found;
	return sql_rows_end(rows, ok ? e : &unread) && ok;
}

static void add_count(struct rollout_view *v, struct sql_rows *rows)
{
	int64_t wave = sql_col_int(rows, 0);
	uint32_t n = (uint32_t)sql_col_int(rows, 3);
	if (wave < 0 || wave >= v->plan.n_waves)
		return;
	struct rollout_counts *c = &v->counts[wave];
	if (sql_col_bool(rows, 2)) {
		c->forgiven += n;
		return;
	}
	switch ((enum target_state)sql_col_int(rows, 1)) {
	case TARGET_PENDING: c->waiting += n; break;
	case TARGET_DOWNLOADING:
	case TARGET_INSTALLING: c->running += n; break;
	case TARGET_SUCCEEDED:
	case TARGET_FAILED:
		if (sql_col_int(rows, 1) == TARGET_FAILED)
			c->failed += n;
		else
			c->succeeded += n;
		c->last_ended_ms = MAX(c->last_ended_ms, sql_col_int(rows, 4));
		break;
	default: c->skipped += n; break;
	}
}

static bool read_counts(struct sql_conn *c, const char *id, struct rollout_view *v, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_ROLLOUT_COUNTS, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	while (sql_next(rows))
		add_count(v, rows);
	if (!sql_rows_end(rows, e) ||
	    !sql_query(c, &SQL_ROLLOUT_WAVE_LIST, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	while (sql_next(rows)) {
		int64_t wave = sql_col_int(rows, 0);
		if (wave >= 0 && wave < v->plan.n_waves)
			v->counts[wave].opened_ms = sql_col_int(rows, 1);
	}
	return sql_rows_end(rows, e);
}

/* Hosts of the open wave that are quiet; called for each with its target's state. */
typedef bool quiet_fn(void *arg, struct str host, enum target_state state, bool retired,
		      struct err *e);

static bool each_quiet(struct deploy *d, struct sql_conn *c, const char *id,
		       const struct rollout_view *v, quiet_fn *fn, void *arg, struct err *e)
{
	AUTO(match_read_end) struct match_view view;
	struct sql_rows *rows;
	struct err unread;
	bool ok = true;
	int64_t since = clock_now_ms(d->conf.clock) - v->plan.heartbeat_ms;
	match_read(d->conf.match, &view);
	if (!sql_query(c, &SQL_ROLLOUT_WAVE_HOSTS, SQL_ARGS(sql_text(id), sql_int(v->open - 1)),
		       &rows, e))
		return false;
	while (ok && sql_next(rows)) {
		const struct host *h = fleet_host_by_id(view.fleet, sql_col_str(rows, 0));
		bool retired = !h || h->state != HOST_ACTIVE;
		if (retired || (!h->online && h->last_contact_ms < since))
			ok = fn(arg, sql_col_str(rows, 0), (enum target_state)sql_col_int(rows, 1),
				retired, e);
	}
	return sql_rows_end(rows, ok ? e : &unread) && ok;
}

/* One that was retired before it started is no part of the wave any more. */
static bool count_quiet(void *arg, struct str host UNUSED, enum target_state state, bool retired,
			struct err *e UNUSED)
{
	struct rollout_counts *c = arg;
	bool waits = state == TARGET_PENDING;
	if (waits && retired && c->waiting) {
		c->waiting--;
		c->skipped++;
		return true;
	}
	c->absent += waits;
	c->silent += !waits;
	c->running_silent += state == TARGET_DOWNLOADING || state == TARGET_INSTALLING;
	return true;
}

/* Of a deployment that has ended nothing is decided any more: which waves were opened is all. */
static void judge(struct deploy *d, struct rollout_view *v)
{
	rollout_decide(&v->plan, v->counts, v->open, v->halted, clock_now_ms(d->conf.clock),
		       &v->verdict);
	if (!v->ended)
		return;
	struct rollout_judged *last = &v->verdict.waves[v->open - 1];
	if (!v->halted && last->why != ROLLOUT_WHY_EMPTY)
		*last = (struct rollout_judged) { ROLLOUT_PASSED, ROLLOUT_WHY_PROVEN, 0 };
	v->verdict.halt = v->verdict.open_next = v->verdict.done = false;
}

static bool read_all(struct deploy *d, const char *id, struct arena *a, struct rollout_view *out,
		     bool *present_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	*out = (struct rollout_view) { 0 };
	if (!c || !read_rollout(c, id, a, out, present_out, e))
		return false;
	if (!*present_out)
		return true;
	return read_counts(c, id, out, e) &&
	       (out->ended ||
		each_quiet(d, c, id, out, count_quiet, &out->counts[out->open - 1], e));
}

bool deploy_rollout(struct deploy *d, const char *id, struct arena *a, struct rollout_view *out,
		    bool *present_out, struct err *e)
{
	if (!read_all(d, id, a, out, present_out, e))
		return false;
	if (!*present_out)
		return true;
	uint32_t gone; /* has the name that it had */
	name_groups(d, &out->plan, &gone);
	judge(d, out);
	return true;
}

bool waves_of(struct deploy *d, const char *id, uint32_t *open_out, bool *halted_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	AUTO(arena_done) struct arena a = { 0 };
	struct rollout_view v = { 0 };
	bool present;
	if (!c || !read_rollout(c, id, &a, &v, &present, e))
		return false;
	*open_out = present ? v.open : UINT32_MAX;
	*halted_out = present && v.halted;
	return true;
}

bool waves_let(struct sql_conn *c, const char *deployment, const char *host, bool *out,
	       struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_ROLLOUT_LETS, SQL_ARGS(sql_text(deployment), sql_text(host)), &rows,
		       e))
		return false;
	*out = !sql_next(rows) || sql_col_int(rows, 0) == 0;
	return sql_rows_end(rows, e);
}

/* --- writing -----------------------------------------------------------------------------------
 */

struct turn {
	const char *id, *by, *reason;
	uint32_t open;
	enum rollout_why why;
	int64_t now_ms, changed;
	VEC(struct str) hosts; /* whose waiting orders are withdrawn, or who are forgiven */
	struct arena arena;
};
static void turn_done(struct turn *t)
{
	VEC_DONE(&t->hosts);
	arena_done(&t->arena);
}
AUTO_DEFINE_VALUE(struct turn, turn_done)

static bool announce(struct sql_conn *c, const struct turn *t, struct err *e)
{
	return sql_announce(c, DEPLOY_SAYS_DEPLOYMENT, str_of(t->id), e);
}

static bool write_open(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *t = arg;
	return sql_change(c, &SQL_ROLLOUT_OPEN_NEXT, SQL_ARGS(sql_text(t->id), sql_int(t->open)),
			  &t->changed, e) &&
	       (!t->changed ||
		sql_run(c, &SQL_ROLLOUT_WAVE_INSERT,
			SQL_ARGS(sql_text(t->id), sql_int(t->open), sql_int(t->now_ms)), e)) &&
	       announce(c, t, e);
}

static bool waiting_hosts(struct sql_conn *c, struct turn *t, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_ROLLOUT_WAITING_HOSTS, SQL_ARGS(sql_text(t->id)), &rows, e))
		return false;
	while (sql_next(rows))
		VEC_PUSH(&t->hosts, arena_str(&t->arena, sql_col_str(rows, 0)));
	return sql_rows_end(rows, e);
}

static bool halted(struct sql_conn *c, struct turn *t, struct err *e)
{
	return waiting_hosts(c, t, e) &&
	       sql_run(c, &SQL_ROLLOUT_WAITS_ANEW, SQL_ARGS(sql_text(t->id), sql_int(t->now_ms)),
		       e) &&
	       sql_run(c, &SQL_ROLLOUT_WITHDRAW, SQL_ARGS(sql_text(t->id)), e) && announce(c, t, e);
}

static bool write_halt(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *t = arg;
	t->hosts.n = 0;
	if (!sql_change(c, &SQL_ROLLOUT_HALT,
			SQL_ARGS(sql_text(t->id), sql_int(t->why), sql_int(t->now_ms),
				 sql_text(t->by), sql_text(t->reason)),
			&t->changed, e))
		return false;
	return !t->changed || halted(c, t, e);
}

static bool write_resume(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *t = arg;
	if (!sql_change(c, &SQL_ROLLOUT_RESUME, SQL_ARGS(sql_text(t->id), sql_text(t->reason)),
			&t->changed, e) ||
	    !sql_run(c, &SQL_ROLLOUT_FORGIVE_FAILED, SQL_ARGS(sql_text(t->id), sql_int(t->open)),
		     e))
		return false;
	for (size_t i = 0; i < t->hosts.n; i++)
		if (!sql_run(c, &SQL_ROLLOUT_FORGIVE_HOST,
			     SQL_ARGS(sql_text(t->id), sql_str(t->hosts.p[i])), e))
			return false;
	return announce(c, t, e);
}

/* A machine that waits for its window drops the order when it hears that it is offered no more. */
static void wake(struct deploy *d, const struct turn *t)
{
	VEC(uint32_t) list = { 0 };
	struct match_view v;
	match_read(d->conf.match, &v);
	for (size_t i = 0; i < t->hosts.n; i++) {
		const struct host *h = fleet_host_by_id(v.fleet, t->hosts.p[i]);
		if (h)
			VEC_PUSH(&list, h->no);
	}
	match_read_end(&v);
	if (list.n)
		d->conf.wake(d->conf.arg, list.p, list.n);
	VEC_DONE(&list);
}

static bool halt(struct deploy *d, struct turn *t, struct err *e)
{
	if (!sql_write(d->conf.db, write_halt, t, e))
		return err_prefix(e, "cannot halt deployment '%s'", t->id);
	if (t->changed)
		wake(d, t);
	d->conf.changed(d->conf.arg, t->id);
	return true;
}

bool deploy_halt(struct deploy *d, const char *id, const char *by, const char *reason,
		 struct err *e)
{
	AUTO(turn_done)
	struct turn t = { .id = id,
			  .by = by,
			  .reason = reason,
			  .why = ROLLOUT_WHY_MANUAL,
			  .now_ms = clock_now_ms(d->conf.clock) };
	struct deployment_row row;
	if (!deploy_get(d, id, &t.arena, &row, e))
		return false;
	if (deployment_is_open(row.state) && !halt(d, &t, e))
		return false;
	return t.changed || err_set(e, ERR_CONFLICT,
				    "deployment '%s' has no waves that could be halted", row.name);
}

static bool take_host(void *arg, struct str host, enum target_state state UNUSED,
		      bool retired UNUSED, struct err *e UNUSED)
{
	struct turn *t = arg;
	VEC_PUSH(&t->hosts, arena_str(&t->arena, host));
	return true;
}

bool deploy_resume_rollout(struct deploy *d, const char *id, const char *reason, struct err *e)
{
	AUTO(turn_done)
	struct turn t = { .id = id, .reason = reason, .now_ms = clock_now_ms(d->conf.clock) };
	struct deployment_row row;
	struct rollout_view v = { 0 };
	bool present;
	if (!deploy_get(d, id, &t.arena, &row, e))
		return false;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		if (!c || !read_rollout(c, id, &t.arena, &v, &present, e) ||
		    (present && !each_quiet(d, c, id, &v, take_host, &t, e)))
			return false;
	}
	t.open = v.open;
	if (present && v.halted && !sql_write(d->conf.db, write_resume, &t, e))
		return err_prefix(e, "cannot resume deployment '%s'", id);
	if (!t.changed)
		return err_set(e, ERR_CONFLICT, "deployment '%s' is not halted", row.name);
	d->conf.changed(d->conf.arg, id);
	return true;
}

/* --- the clock ---------------------------------------------------------------------------------
 */

static bool tell(struct deploy *d, const struct turn *t, const char *action,
		 const struct rollout_view *v, struct err *e)
{
	const struct rollout_counts *c = &v->counts[t->open - 1];
	const struct rollout_judged *j = &v->verdict.waves[t->open - 1];
	json_t *detail = json_object();
	json_object_set_new(detail, "wave", json_integer(t->open));
	json_object_set_new(detail, "why", json_string(rollout_why_name(j->why)));
	json_object_set_new(detail, "succeeded", json_integer(c->succeeded));
	json_object_set_new(detail, "failed", json_integer(c->failed));
	json_object_set_new(detail, "silent", json_integer(c->silent));
	return deploy_tell(d, t->id, action, detail, e);
}

static bool drive(struct deploy *d, const char *id, bool also_many, struct err *e)
{
	AUTO(turn_done)
	struct turn t = { .id = id, .by = "", .reason = "", .now_ms = clock_now_ms(d->conf.clock) };
	struct rollout_view v = { 0 };
	bool present;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		if (!c || !read_rollout(c, id, &t.arena, &v, &present, e) ||
		    !read_counts(c, id, &v, e))
			return false;
		struct rollout_counts *open = &v.counts[v.open - 1];
		uint64_t n = (uint64_t)open->waiting + open->running + open->succeeded +
			     open->failed;
		if (n > MANY_HOSTS && !also_many)
			return true;
		if (!each_quiet(d, c, id, &v, count_quiet, open, e))
			return false;
	}
	judge(d, &v);
	t.open = v.open;
	t.why = v.verdict.waves[v.open - 1].why;
	if (v.verdict.halt)
		return tell(d, &t, "rollout.halt", &v, e) && halt(d, &t, e);
	if (!v.verdict.open_next)
		return true;
	if (!tell(d, &t, "rollout.open_wave", &v, e) || !sql_write(d->conf.db, write_open, &t, e))
		return false;
	d->conf.changed(d->conf.arg, id);
	return true;
}

bool waves_tick(struct deploy *d, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	VEC(char *) ids = { 0 };
	bool ok = true, also_many = d->wave_ticks++ % MANY_EVERY == 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_ROLLOUT_RUNNING, SQL_NO_ARGS, &rows, e))
			return false;
		while (sql_next(rows))
			VEC_PUSH(&ids, (char *)(uintptr_t)arena_str(&a, sql_col_str(rows, 0)).p);
		ok = sql_rows_end(rows, e);
	}
	for (size_t i = 0; ok && i < ids.n; i++)
		ok = drive(d, ids.p[i], also_many, e);
	VEC_DONE(&ids);
	return ok;
}
