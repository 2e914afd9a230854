/* SPDX-License-Identifier: Apache-2.0
 * Dynamic targets: until such a deployment is ended by somebody (it does not end by itself), a
 * system that comes to be described by its targets, and misses one of its patches, becomes a
 * target; one that is described no longer and on which nothing has started is cancelled
 * ("left_targets"), and pending again when it is back.
 *
 * Invariants: a host is a target of a deployment once, whatever happens in between (the row's key
 * says so; a finished target never comes back). Only hosts that came or went since the last look
 * are written about; when nothing changed, nothing is evaluated. What is kept in memory is derived
 * and read again at the first look. Called by one thread of one server at a time. */
#include "base/log.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "deploy/rollout/waves.h"
#include "deploy/targets/selector.h"
#include "sql/notify.h"

#include <stdio.h>

#define DYNAMICS_MAX 1000
#define MOVES_AT_ONCE 500
/* Filters look at ages: time alone changes what they describe. */
#define LOOK_AGAIN_MS 60000

struct dynamic {
	char id[33];
	bool wake, seen; /* seen: in this turn's list */
	struct arena arena;
	struct selector selector;
	bool spares; /* who comes later gets nothing that is declined there */
	char **patches;
	size_t n_patches;
	roaring_bitmap_t *targets; /* every host that is a target */
	roaring_bitmap_t *left;	   /* of them those that were cancelled, if nothing had started */
	roaring_bitmap_t *outside; /* of them those known not to be described */
	uint64_t version;	   /* of what was looked at, and when */
	int64_t looked_ms;
	bool more; /* the last turn did not write everything */
	bool in_waves;
	uint32_t last_wave; /* who comes later is in it: nothing was tried on them */
};
struct dynamics {
	VEC(struct dynamic *) list;
};

struct dynamics *dynamics_new(void)
{
	return xcalloc(1, sizeof(struct dynamics));
}

static void dynamic_free(struct dynamic *x)
{
	if (!x)
		return;
	if (x->targets)
		roaring_bitmap_free(x->targets);
	if (x->left)
		roaring_bitmap_free(x->left);
	if (x->outside)
		roaring_bitmap_free(x->outside);
	arena_done(&x->arena);
	xfree(x);
}
AUTO_DEFINE(struct dynamic, dynamic_free)

void dynamics_free(struct dynamics *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->list.n; i++)
		dynamic_free(all->list.p[i]);
	VEC_DONE(&all->list);
	xfree(all);
}

/* --- what is open --- */

static bool load_targets(struct deploy *d, struct dynamic *x, struct err *e)
{
	struct match_view v;
	struct sql_rows *rows;
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	if (!c || !sql_query(c, &SQL_DYNAMIC_TARGETS, SQL_ARGS(sql_text(x->id)), &rows, e))
		return false;
	match_read(d->conf.match, &v);
	while (sql_next(rows)) {
		const struct host *h = fleet_host_by_id(v.fleet, sql_col_str(rows, 0));
		if (!h)
			continue;
		roaring_bitmap_add(x->targets, h->no);
		if (sql_col_bool(rows, 1))
			roaring_bitmap_add(x->left, h->no);
	}
	match_read_end(&v);
	roaring_bitmap_or_inplace(x->outside, x->left);
	return sql_rows_end(rows, e);
}

static bool dynamic_load(struct deploy *d, const char *id, bool wake, const char *selector,
			 struct dynamic **out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	AUTO(dynamic_free) struct dynamic *x = xcalloc(1, sizeof(*x));
	struct rollout_view rollout;
	snprintf(x->id, sizeof(x->id), "%s", id);
	x->wake = wake;
	x->targets = roaring_bitmap_create();
	x->left = roaring_bitmap_create();
	x->outside = roaring_bitmap_create();
	if (!json_parse(str_of(selector), 4u << 20, &j, e) ||
	    !selector_read(j, &x->arena, &x->selector, NULL, e) ||
	    !deploy_spares_declined(d, id, &x->spares, e) ||
	    !deploy_patches(d, id, &x->arena, &x->patches, &x->n_patches, e) ||
	    !deploy_rollout(d, id, &x->arena, &rollout, &x->in_waves, e) || !load_targets(d, x, e))
		return false;
	x->last_wave = x->in_waves ? rollout.plan.n_waves - 1 : 0;
	*out = TAKE(x);
	return true;
}

static struct dynamic *find(struct dynamics *all, const char *id)
{
	for (size_t i = 0; i < all->list.n; i++)
		if (strcmp(all->list.p[i]->id, id) == 0)
			return all->list.p[i];
	return NULL;
}

/* Brings the list up to date with the database; those that have ended are dropped. */
static bool read_open(struct deploy *d, struct err *e)
{
	struct row {
		const char *id, *selector;
		bool wake;
	};
	AUTO(arena_done) struct arena a = { 0 };
	struct row *open = arena_array(&a, struct row, DYNAMICS_MAX);
	size_t n = 0, kept = 0;
	struct dynamics *all = d->dynamics;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c ||
		    !sql_query(c, &SQL_DYNAMIC_OPEN, SQL_ARGS(sql_int(DYNAMICS_MAX)), &rows, e))
			return false;
		for (; n < DYNAMICS_MAX && sql_next(rows); n++)
			open[n] = (struct row) { arena_str(&a, sql_col_str(rows, 0)).p,
						 arena_str(&a, sql_col_str(rows, 2)).p,
						 sql_col_bool(rows, 1) };
		if (!sql_rows_end(rows, e))
			return false;
	}
	for (size_t i = 0; i < all->list.n; i++)
		all->list.p[i]->seen = false;
	for (size_t i = 0; i < n; i++) {
		struct dynamic *x = find(all, open[i].id);
		if (!x && !dynamic_load(d, open[i].id, open[i].wake, open[i].selector, &x, e))
			return false;
		if (!find(all, open[i].id))
			VEC_PUSH(&all->list, x);
		x->seen = true;
	}
	for (size_t i = 0; i < all->list.n; i++) {
		if (all->list.p[i]->seen)
			all->list.p[kept++] = all->list.p[i];
		else
			dynamic_free(all->list.p[i]);
	}
	all->list.n = kept;
	return true;
}

/* --- what has changed --- */

/* Hosts that come, go, and come back, at most so many of each; ids live in the arena. */
struct moves {
	struct arena arena;
	struct resolved join;
	roaring_bitmap_t *leave, *back;
	const char **leave_ids, **back_ids;
	size_t n_leave, n_back;
	bool more;
};

static void moves_done(struct moves *m)
{
	resolved_done(&m->join);
	if (m->leave)
		roaring_bitmap_free(m->leave);
	if (m->back)
		roaring_bitmap_free(m->back);
	arena_done(&m->arena);
}
AUTO_DEFINE_VALUE(struct moves, moves_done)

/* The first of the hosts; the others wait for the next turn. */
static void bound(roaring_bitmap_t *hosts, bool *more_out)
{
	uint32_t last;
	if (roaring_bitmap_select(hosts, MOVES_AT_ONCE, &last)) {
		*more_out = true;
		roaring_bitmap_remove_range_closed(hosts, last, UINT32_MAX);
	}
}

static const char **ids_of(const struct match_view *v, const roaring_bitmap_t *hosts,
			   struct arena *a, size_t *n_out)
{
	const char **ids = arena_array(a, const char *, MOVES_AT_ONCE + 1);
	roaring_uint32_iterator_t it;
	roaring_init_iterator(hosts, &it);
	for (*n_out = 0; it.has_value; roaring_advance_uint32_iterator(&it))
		ids[(*n_out)++] = arena_strdup(a, fleet_host(v->fleet, it.current_value)->id);
	return ids;
}

/* Described hosts that are no targets yet, and what they miss of the deployment. */
static void resolve_join(const struct match_view *v, const struct dynamic *x,
			 const roaring_bitmap_t *described, struct moves *m)
{
	roaring_bitmap_t *fresh = roaring_bitmap_andnot(described, x->targets),
			 *lacking = roaring_bitmap_create();
	m->join.all = roaring_bitmap_create();
	for (size_t i = 0; i < x->n_patches; i++) {
		uint32_t p = catalog_find(v->catalog, str_of(x->patches[i]));
		roaring_bitmap_t *own = NULL;
		const roaring_bitmap_t *missing = p == CATALOG_NONE ? NULL
						  : x->spares	    ? match_due_hosts(
									      v, p, VERDICT_MISSING, &own)
							      : match_hosts(v, p, VERDICT_MISSING);
		if (missing)
			roaring_bitmap_or_inplace(lacking, missing);
		if (own)
			roaring_bitmap_free(own);
	}
	roaring_bitmap_and_inplace(fresh, lacking);
	roaring_bitmap_free(lacking);
	bound(fresh, &m->more);
	for (size_t i = 0; i < x->n_patches; i++) {
		uint32_t p = catalog_find(v->catalog, str_of(x->patches[i]));
		if (p != CATALOG_NONE)
			resolved_take(&m->join, v, p, fresh, x->spares);
	}
	roaring_bitmap_free(fresh);
}

static bool look(struct deploy *d, const struct match_view *v, struct dynamic *x, struct moves *m,
		 struct err *e)
{
	AUTO(filter_run_end) struct filter_run run;
	roaring_bitmap_t *described;
	filter_run_begin(&run, v, clock_now_ms(d->conf.clock));
	if (!selector_hosts(&run, &x->selector, false, &described, e))
		return false;
	resolve_join(v, x, described, m);
	m->back = roaring_bitmap_and(x->left, described);
	m->leave = roaring_bitmap_andnot(x->targets, described);
	/* who is back and had started is outside no more */
	roaring_bitmap_andnot_inplace(x->outside, described);
	roaring_bitmap_or_inplace(x->outside, m->back);
	roaring_bitmap_andnot_inplace(m->leave, x->outside);
	roaring_bitmap_free(described);
	bound(m->back, &m->more);
	bound(m->leave, &m->more);
	m->back_ids = ids_of(v, m->back, &m->arena, &m->n_back);
	m->leave_ids = ids_of(v, m->leave, &m->arena, &m->n_leave);
	return true;
}

/* --- writing it --- */

struct moving {
	const char *deployment;
	const struct match_view *v;
	const struct moves *m;
	const struct rollout_host *waves;
	int64_t now_ms;
	struct ledger_batch *history;
	bool open; /* out */
};

static bool write_moves(struct sql_conn *c, void *arg, struct err *e)
{
	struct moving *k = arg;
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_DEPLOYMENT_IS_OPEN, SQL_ARGS(sql_text(k->deployment)), &rows, e))
		return false;
	k->open = sql_next(rows) && sql_col_int(rows, 0) > 0;
	if (!sql_rows_end(rows, e))
		return false;
	if (!k->open)
		return true;
	for (size_t i = 0; i < k->m->n_leave; i++) {
		int64_t left;
		if (!sql_change(c, &SQL_TARGET_LEAVE,
				SQL_ARGS(sql_text(k->deployment), sql_text(k->m->leave_ids[i]),
					 sql_int(k->now_ms)),
				&left, e) ||
		    (left &&
		     !sql_run(c, &SQL_ORDER_WITHDRAW_TARGET,
			      SQL_ARGS(sql_text(k->deployment), sql_text(k->m->leave_ids[i])), e)))
			return false;
	}
	for (size_t i = 0; i < k->m->n_back; i++)
		if (!sql_run(c, &SQL_TARGET_COME_BACK,
			     SQL_ARGS(sql_text(k->deployment), sql_text(k->m->back_ids[i]),
				      sql_int(k->now_ms)),
			     e))
			return false;
	return targets_insert(c, k->deployment, k->v, &k->m->join, k->waves, k->now_ms, e) &&
	       (!k->history || ledger_batch_write(c, k->history, e));
}

/* In memory what the database has now. Whether a target that left had started is known there. */
static void remember(struct dynamic *x, const struct moves *m)
{
	roaring_bitmap_or_inplace(x->targets, m->join.all);
	roaring_bitmap_or_inplace(x->outside, m->leave);
	roaring_bitmap_or_inplace(x->left, m->leave);
	roaring_bitmap_andnot_inplace(x->left, m->back);
	roaring_bitmap_andnot_inplace(x->outside, m->back);
}

static bool move(struct deploy *d, const struct match_view *v, struct dynamic *x, bool *changed_out,
		 struct err *e)
{
	AUTO(moves_done) struct moves m = { 0 };
	if (!look(d, v, x, &m, e))
		return false;
	x->more = m.more;
	if (!m.n_leave && !m.n_back && roaring_bitmap_is_empty(m.join.all))
		return true;
	struct rollout_host *waves = NULL;
	size_t n = roaring_bitmap_get_cardinality(m.join.all);
	if (x->in_waves)
		waves = arena_array(&m.arena, struct rollout_host, n + 1);
	for (size_t i = 0; waves && i < n; i++)
		waves[i].wave = x->last_wave;
	struct moving k = { .deployment = x->id,
			    .v = v,
			    .m = &m,
			    .waves = waves,
			    .now_ms = clock_now_ms(d->conf.clock) };
	k.history = deploy_approvals(d, v, &m.join, x->id);
	deploy_lock_hosts(d); /* nobody makes an order for a host that goes */
	bool ok = sql_write(d->conf.db, write_moves, &k, e);
	deploy_unlock_hosts(d);
	ledger_batch_done(k.history, ok && k.open);
	if (!ok || !k.open)
		return ok;
	remember(x, &m);
	open_hosts_mark_all(d, m.join.all);
	open_hosts_mark_all(d, m.back);
	deploy_set_going(d, v, &m.join, waves, x->wake);
	*changed_out = true;
	return true;
}

/* One deployment's trouble (a group that is gone) is not the others'. */
static bool turn(struct deploy *d, struct dynamic *x, struct err *e)
{
	struct match_view v;
	struct err why = { 0 };
	bool changed = false;
	int64_t now = clock_now_ms(d->conf.clock);
	uint64_t version = match_version(d->conf.match);
	if (!x->more && x->version == version && now - x->looked_ms < LOOK_AGAIN_MS &&
	    now >= x->looked_ms)
		return true;
	match_read(d->conf.match, &v);
	bool ok = move(d, &v, x, &changed, &why);
	match_read_end(&v);
	if (!ok && why.code != ERR_NOT_FOUND && why.code != ERR_CONFLICT) {
		*e = why;
		return false;
	}
	if (!ok)
		log_warn("targets of deployment '%s' stay as they are: %s", x->id, why.msg);
	x->version = version;
	x->looked_ms = now;
	return !changed || deployment_rollup(d, x->id, e);
}

bool dynamics_tick(struct deploy *d, struct err *e)
{
	if (!read_open(d, e))
		return false;
	for (size_t i = 0; i < d->dynamics->list.n; i++)
		if (!turn(d, d->dynamics->list.p[i], e))
			return err_prefix(e, "dynamic targets");
	return true;
}
