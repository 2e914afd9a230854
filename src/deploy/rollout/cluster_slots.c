/* SPDX-License-Identifier: Apache-2.0
 * See cluster_slots.h. Invariant: a place is in the database before the order it was taken for
 * leaves; places are taken one after the other (a mutex here, the turn between servers). */
#include "deploy/rollout/cluster_slots.h"
#include "deploy/queries.h"
#include "sql/notify.h"

/* A member that was woken and does not come is woken again only so much later. */
#define WAKE_AGAIN_MS 60000
#define WAITING_MAX 1000

/* --- who is unavailable -------------------------------------------------------------------------
 */

static bool add_hosts(struct sql_conn *c, const struct sql_stmt *q, const struct match_view *v,
		      roaring_bitmap_t *to, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, q, SQL_NO_ARGS, &rows, e))
		return false;
	while (sql_next(rows)) {
		const struct host *h = fleet_host_by_id(v->fleet, sql_col_str(rows, 0));
		if (h)
			roaring_bitmap_add(to, h->no);
	}
	return sql_rows_end(rows, e);
}

/* The turn first: whatever is taken after it was read is noticed when the next place is taken. */
static bool read_turn(struct sql_conn *c, int64_t *out, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_CLUSTER_TURN_GET, SQL_NO_ARGS, &rows, e))
		return false;
	*out = sql_next(rows) ? sql_col_int(rows, 0) : 0;
	return sql_rows_end(rows, e);
}

static bool read_busy(struct deploy *d, const struct match_view *v, struct cluster_look *k,
		      struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	k->busy = roaring_bitmap_create();
	return c && read_turn(c, &k->turn, e) &&
	       add_hosts(c, &SQL_CLUSTER_SLOT_HOSTS, v, k->busy, e) &&
	       add_hosts(c, &SQL_CLUSTER_WORKING_HOSTS, v, k->busy, e);
}

/* A dynamic group whose filter means nothing any more has no members. */
static void add_group(struct cluster_look *k, const struct match_view *v, uint32_t i)
{
	const struct group *g = fleet_group(v->fleet, i);
	const struct cluster_rule rule = { g->limit.max_unavailable, g->limit.percent };
	const roaring_bitmap_t *members;
	if (!rule.amount || !filter_group(&k->run, i, &members, NULL))
		return;
	uint32_t n = (uint32_t)roaring_bitmap_get_cardinality(members);
	k->groups[k->n++] = (struct cluster_group) { g, members, cluster_limit(&rule, n) };
}

bool cluster_look_begin(struct deploy *d, const struct match_view *v, struct cluster_look *out,
			struct err *e)
{
	uint32_t n = fleet_group_count(v->fleet);
	*out = (struct cluster_look) { 0 };
	filter_run_begin(&out->run, v, clock_now_ms(d->conf.clock));
	out->groups = arena_array(&out->arena, struct cluster_group, n + 1);
	for (uint32_t i = 0; i < n; i++)
		add_group(out, v, i);
	if (!out->n || read_busy(d, v, out, e))
		return true;
	cluster_look_end(out);
	return false;
}

void cluster_look_end(struct cluster_look *k)
{
	filter_run_end(&k->run);
	if (k->busy)
		roaring_bitmap_free(k->busy);
	arena_done(&k->arena);
	*k = (struct cluster_look) { 0 };
}

bool cluster_is_ruled(const struct cluster_look *k, const struct host *h)
{
	for (size_t i = 0; i < k->n; i++)
		if (roaring_bitmap_contains(k->groups[i].members, h->no))
			return true;
	return false;
}

/* Nothing says that it is there; or, after a restore, what it may be doing. */
static bool is_missing(struct deploy *d, const struct host *h, int64_t now_ms)
{
	int64_t silent_ms = sql_shared(d->conf.db) ? CLUSTER_SILENT_SHARED_MS : CLUSTER_SILENT_MS;
	return (!h->online && h->last_contact_ms < now_ms - silent_ms) ||
	       !epoch_reconciled(d, h->id);
}

static uint32_t count_others(struct deploy *d, const struct match_view *v,
			     const struct cluster_look *k, const struct cluster_group *g,
			     const struct host *self)
{
	int64_t now_ms = clock_now_ms(d->conf.clock);
	roaring_uint32_iterator_t it;
	uint32_t n = 0;
	roaring_init_iterator(g->members, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		const struct host *h = fleet_host(v->fleet, it.current_value);
		n += h != self &&
		     (roaring_bitmap_contains(k->busy, h->no) || is_missing(d, h, now_ms));
	}
	return n;
}

const struct cluster_group *cluster_hinders(struct deploy *d, const struct match_view *v,
					    const struct cluster_look *k, const struct host *h,
					    uint32_t *others_out)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct cluster_group *g = &k->groups[i];
		if (!roaring_bitmap_contains(g->members, h->no))
			continue;
		*others_out = count_others(d, v, k, g, h);
		if (*others_out >= g->limit)
			return g;
	}
	return NULL;
}

char *cluster_detail(const struct cluster_group *g, uint32_t others, struct arena *a)
{
	return arena_printf(a, "%s %u/%u", g->group->name, others, g->limit);
}

/* --- making an order ----------------------------------------------------------------------------
 */

bool cluster_enter(struct deploy *d, const struct match_view *v, const struct host *h,
		   struct cluster_entry *out, struct err *e)
{
	*out = (struct cluster_entry) { 0 };
	pthread_mutex_lock(&d->cluster_lock);
	if (!cluster_look_begin(d, v, &out->look, e)) {
		pthread_mutex_unlock(&d->cluster_lock);
		return false;
	}
	out->ruled = cluster_is_ruled(&out->look, h);
	if (!out->ruled) { /* it waits for nobody, and nobody for it */
		pthread_mutex_unlock(&d->cluster_lock);
		return true;
	}
	out->full = cluster_hinders(d, v, &out->look, h, &out->others);
	return true;
}

void cluster_leave(struct deploy *d, struct cluster_entry *k)
{
	if (k->ruled)
		pthread_mutex_unlock(&d->cluster_lock);
	cluster_look_end(&k->look);
}

/* --- places -------------------------------------------------------------------------------------
 */

bool cluster_slot_get(struct deploy *d, const char *host, struct cluster_slot *out, bool *there_out,
		      struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_CLUSTER_SLOT_GET, SQL_ARGS(sql_text(host)), &rows, e))
		return false;
	*there_out = sql_next(rows);
	if (*there_out) {
		*out = (struct cluster_slot) { (uint64_t)sql_col_int(rows, 0),
					       (uint64_t)sql_col_int(rows, 1),
					       (enum cluster_stage)sql_col_int(rows, 2),
					       sql_col_int(rows, 3),
					       { 0 } };
		snprintf(out->boot, sizeof(out->boot), "%.*s", STR_ARG(sql_col_str(rows, 4)));
	}
	return sql_rows_end(rows, e);
}

bool cluster_slot_put(struct sql_conn *c, const char *host, const struct cluster_slot *s,
		      int64_t turn, struct err *e)
{
	int64_t changed = 1;
	if (turn >= 0 &&
	    !sql_change(c, &SQL_CLUSTER_TURN_NEXT, SQL_ARGS(sql_int(turn)), &changed, e))
		return false;
	if (!changed)
		return err_set(e, ERR_UNAVAILABLE,
			       "another system of its group has just been given work");
	return sql_run(c, &SQL_CLUSTER_SLOT_PUT,
		       SQL_ARGS(sql_text(host), sql_int((int64_t)s->epoch),
				sql_int((int64_t)s->seq), sql_int(s->stage), sql_int(s->until_ms),
				sql_text(s->boot)),
		       e);
}

bool cluster_slot_settle(struct sql_conn *c, const char *host, const struct cluster_slot *s,
			 enum cluster_verdict v, struct err *e)
{
	if (v == CLUSTER_OVER)
		return sql_run(c, &SQL_CLUSTER_SLOT_GIVE_BACK,
			       SQL_ARGS(sql_text(host), sql_int((int64_t)s->epoch),
					sql_int((int64_t)s->seq)),
			       e);
	return v == CLUSTER_STAYS || sql_run(c, &SQL_CLUSTER_SLOT_CHANGE,
					     SQL_ARGS(sql_text(host), sql_int((int64_t)s->epoch),
						      sql_int((int64_t)s->seq), sql_int(s->stage),
						      sql_int(s->until_ms), sql_text(s->boot)),
					     e);
}

struct settling {
	const char *host;
	const struct cluster_slot *slot;
	enum cluster_verdict verdict;
};

static bool settle_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct settling *k = arg;
	return cluster_slot_settle(c, k->host, k->slot, k->verdict, e);
}

bool cluster_meet(struct deploy *d, const struct host *h, uint64_t agent_epoch, uint64_t agent_seq,
		  bool *there_out, bool *freed_out, struct err *e)
{
	struct cluster_slot s;
	*freed_out = false;
	if (!cluster_slot_get(d, h->id, &s, there_out, e))
		return false;
	if (!*there_out)
		return true;
	const struct cluster_heard heard = { .epoch = d->epoch,
					     .agent_epoch = agent_epoch,
					     .agent_seq = agent_seq,
					     .now_ms = clock_now_ms(d->conf.clock),
					     .own_ms = h->last_scan_ms,
					     .boot = h->attrs.boot_id ? h->attrs.boot_id : "" };
	struct settling k = { h->id, &s, cluster_hear(&s, &heard) };
	if (k.verdict == CLUSTER_STAYS)
		return true;
	*freed_out = k.verdict == CLUSTER_OVER;
	*there_out = !*freed_out;
	return sql_write(d->conf.db, settle_write, &k, e);
}

struct adoption {
	const char *host;
	struct cluster_slot slot;
};

static bool adopt_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct adoption *k = arg;
	return cluster_slot_put(c, k->host, &k->slot, -1, e);
}

bool cluster_adopt(struct deploy *d, const struct host *h, uint64_t seq, int64_t not_after_ms,
		   struct err *e)
{
	struct adoption k = { h->id,
			      { .epoch = d->epoch,
				.seq = seq,
				.until_ms = cluster_until(not_after_ms,
							  CLUSTER_BEFORE_MS + CLUSTER_BOOT_MS) } };
	snprintf(k.slot.boot, sizeof(k.slot.boot), "%s", h->attrs.boot_id ? h->attrs.boot_id : "");
	return sql_write(d->conf.db, adopt_write, &k, e);
}

/* --- waking -------------------------------------------------------------------------------------
 */

static bool read_waiting(struct deploy *d, int64_t now_ms, struct arena *a, struct str **out,
			 size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_CLUSTER_WAITING,
			     SQL_ARGS(sql_int(now_ms), sql_int(WAITING_MAX)), &rows, e))
		return false;
	*out = arena_array(a, struct str, WAITING_MAX);
	while (*n_out < WAITING_MAX && sql_next(rows))
		(*out)[(*n_out)++] = arena_str(a, sql_col_str(rows, 0));
	return sql_rows_end(rows, e);
}

/* One that is woken is counted with those that work, so that not all come for one place. */
static void wake_waiting(struct deploy *d, const struct match_view *v, struct cluster_look *look,
			 const struct str *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct host *h = fleet_host_by_id(v->fleet, hosts[i]);
		uint32_t others;
		if (!h || !h->online || h->state != HOST_ACTIVE ||
		    roaring_bitmap_contains(d->cluster_woken, h->no) ||
		    cluster_hinders(d, v, look, h, &others))
			continue;
		roaring_bitmap_add(d->cluster_woken, h->no);
		if (look->busy)
			roaring_bitmap_add(look->busy, h->no);
		d->conf.wake(d->conf.arg, &h->no, 1);
	}
}

bool cluster_tick(struct deploy *d, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct cluster_look look;
	struct match_view v;
	struct str *hosts;
	size_t n = 0;
	int64_t now_ms = clock_now_ms(d->conf.clock);
	if (!read_waiting(d, now_ms, &a, &hosts, &n, e))
		return false;
	if (!n)
		return true;
	if (now_ms < d->cluster_woken_ms || now_ms > d->cluster_woken_ms + WAKE_AGAIN_MS) {
		roaring_bitmap_clear(d->cluster_woken);
		d->cluster_woken_ms = now_ms;
	}
	match_read(d->conf.match, &v);
	bool ok = cluster_look_begin(d, &v, &look, e);
	if (ok) {
		wake_waiting(d, &v, &look, hosts, n);
		cluster_look_end(&look);
	}
	match_read_end(&v);
	return ok;
}
