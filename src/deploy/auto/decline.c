/* SPDX-License-Identifier: Apache-2.0
 * Declines: rows in the database, the holding ones in memory too, where match asks for them.
 * Invariant: memory changes after the database did; match is told after memory changed. Expiry
 * needs no clock of its own: a decline whose time is over holds no longer, whether or not the row
 * says so yet. */
#include "deploy/auto/decline.h"
#include "deploy/auto/auto_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

#include <stdio.h>
#include <stdlib.h>

struct held_decline {
	char id[33];
	bool of_product;
	const char *os, *subject, *reason, *created_by;
	int64_t created_ms, expires_ms;
	const struct decline_group *groups;
	size_t n_groups; /* 0 = on all systems */
	struct arena arena;
};

struct declines {
	pthread_mutex_t changing; /* over the database and the list, before `lock` */
	pthread_rwlock_t lock;
	VEC(struct held_decline) list;
};

static const struct decline_group *copy_groups(struct arena *a, const struct decline_group *from,
					       size_t n)
{
	struct decline_group *out = arena_array(a, struct decline_group, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct decline_group) { arena_strdup(a, from[i].id),
						  arena_strdup(a, from[i].name) };
	return out;
}

static void remember(struct declines *all, const struct decline *x)
{
	struct held_decline h = { .of_product = x->of_product,
				  .created_ms = x->created_ms,
				  .expires_ms = x->expires_ms,
				  .n_groups = x->n_groups };
	memcpy(h.id, x->id, sizeof(h.id));
	h.os = arena_strdup(&h.arena, x->os);
	h.subject = arena_strdup(&h.arena, x->subject);
	h.reason = arena_strdup(&h.arena, x->reason);
	h.created_by = arena_strdup(&h.arena, x->created_by);
	h.groups = copy_groups(&h.arena, x->groups, x->n_groups);
	pthread_rwlock_wrlock(&all->lock);
	VEC_PUSH(&all->list, h);
	pthread_rwlock_unlock(&all->lock);
}

static void forget(struct declines *all, const char *id)
{
	pthread_rwlock_wrlock(&all->lock);
	for (size_t i = 0; i < all->list.n; i++) {
		if (strcmp(all->list.p[i].id, id) != 0)
			continue;
		arena_done(&all->list.p[i].arena);
		all->list.p[i] = all->list.p[--all->list.n];
		break;
	}
	pthread_rwlock_unlock(&all->lock);
}

static bool is_about(const struct held_decline *h, const struct patch *p)
{
	return h->of_product ? str_is(p->product, h->subject) && str_is(p->os, h->os)
			     : str_is(p->id, h->subject);
}

/* The one for all systems. */
static const struct held_decline *find(const struct declines *all, const struct patch *p)
{
	for (size_t i = 0; i < all->list.n; i++)
		if (all->list.p[i].n_groups == 0 && is_about(&all->list.p[i], p))
			return &all->list.p[i];
	return NULL;
}

static bool is_declined(void *arg, const struct patch *p, struct buf *groups)
{
	struct declines *all = arg;
	pthread_rwlock_rdlock(&all->lock);
	bool everywhere = find(all, p) != NULL;
	for (size_t i = 0; !everywhere && i < all->list.n; i++) {
		const struct held_decline *h = &all->list.p[i];
		for (size_t k = 0; k < h->n_groups && is_about(h, p); k++)
			buf_add(groups, h->groups[k].id, 32);
	}
	pthread_rwlock_unlock(&all->lock);
	return everywhere;
}

static void copy_out(const struct held_decline *h, struct arena *a, struct decline *out)
{
	*out = (struct decline) { .of_product = h->of_product,
				  .os = arena_strdup(a, h->os),
				  .subject = arena_strdup(a, h->subject),
				  .reason = arena_strdup(a, h->reason),
				  .created_by = arena_strdup(a, h->created_by),
				  .ended_by = "",
				  .created_ms = h->created_ms,
				  .expires_ms = h->expires_ms,
				  .groups = copy_groups(a, h->groups, h->n_groups),
				  .n_groups = h->n_groups };
	memcpy(out->id, h->id, sizeof(out->id));
}

const struct decline *deploy_decline_of(struct deploy *d, const struct patch *p, struct arena *a)
{
	struct decline *out = NULL;
	pthread_rwlock_rdlock(&d->declines->lock);
	const struct held_decline *h = find(d->declines, p);
	if (h) {
		out = arena_new(a, struct decline);
		copy_out(h, a, out);
	}
	pthread_rwlock_unlock(&d->declines->lock);
	return out;
}

static int by_age(const void *pa, const void *pb)
{
	const struct decline *a = pa, *b = pb;
	if (a->created_ms != b->created_ms)
		return a->created_ms < b->created_ms ? -1 : 1;
	return strcmp(a->id, b->id);
}

const struct decline *deploy_group_declines_of(struct deploy *d, const struct patch *p,
					       struct arena *a, size_t *n_out)
{
	const struct declines *all = d->declines;
	struct decline *out = NULL;
	size_t n = 0;
	pthread_rwlock_rdlock(&d->declines->lock);
	for (size_t i = 0; i < all->list.n; i++) {
		const struct held_decline *h = &all->list.p[i];
		if (h->n_groups == 0 || !is_about(h, p))
			continue;
		if (!out)
			out = arena_array(a, struct decline, all->list.n - i);
		copy_out(h, a, &out[n++]);
	}
	pthread_rwlock_unlock(&d->declines->lock);
	if (n > 1)
		qsort(out, n, sizeof(*out), by_age);
	*n_out = n;
	return out;
}

/* --- the database --- */

static const char *text(struct sql_rows *rows, int col, struct arena *a)
{
	return arena_str(a, sql_col_str(rows, col)).p;
}

static void from_row(struct sql_rows *rows, struct arena *a, struct decline *x)
{
	snprintf(x->id, sizeof(x->id), "%.*s", STR_ARG(sql_col_str(rows, 0)));
	x->of_product = sql_col_int(rows, 1) == 1;
	x->os = text(rows, 2, a);
	x->subject = text(rows, 3, a);
	x->reason = text(rows, 4, a);
	x->created_by = text(rows, 5, a);
	x->created_ms = sql_col_int(rows, 6);
	x->expires_ms = sql_col_int(rows, 7);
	x->ended_ms = sql_col_int(rows, 8);
	x->ended_by = text(rows, 9, a);
	x->groups = NULL;
	x->n_groups = 0;
}

static bool read_groups(struct sql_conn *c, struct arena *a, struct decline *x, struct err *e)
{
	struct decline_group *groups = arena_array(a, struct decline_group, DECLINE_GROUPS_MAX);
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_DECLINE_GROUPS,
		       SQL_ARGS(sql_text(x->id), sql_int(DECLINE_GROUPS_MAX)), &rows, e))
		return false;
	while (x->n_groups < DECLINE_GROUPS_MAX && sql_next(rows))
		groups[x->n_groups++] = (struct decline_group) { text(rows, 0, a),
								 text(rows, 1, a) };
	x->groups = groups;
	return sql_rows_end(rows, e);
}

bool deploy_declines(struct deploy *d, bool ended, const struct sql_page *page, struct arena *a,
		     struct decline **out, size_t *n_out, int64_t *total_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct decline *list = arena_array(a, struct decline, page->limit + 1);
	struct sql_rows *rows;
	size_t n = 0;
	if (!c || !sql_int_of(c, &SQL_DECLINE_TOTAL, SQL_ARGS(sql_bool(ended)), total_out, e) ||
	    !sql_page_query(c, page, &SQL_DECLINE_PAGE, &SQL_DECLINE_PAGE_NEWER,
			    SQL_ARGS(sql_bool(ended)), &rows, e))
		return false;
	while (n < page->limit && sql_next(rows))
		from_row(rows, a, &list[n++]);
	if (!sql_rows_end(rows, e))
		return false;
	sql_page_order(page, list, sizeof(*list), n);
	for (size_t i = 0; i < n; i++)
		if (!read_groups(c, a, &list[i], e))
			return false;
	*out = list;
	*n_out = n;
	return true;
}

/* Every one that holds takes the place of what is remembered. */
static bool remember_all(struct deploy *d, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	AUTO(arena_done) struct arena a = { 0 };
	VEC(struct decline) list = { 0 };
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_DECLINE_HOLDING, SQL_NO_ARGS, &rows, e))
		return false;
	while (sql_next(rows)) {
		struct decline x = { 0 };
		from_row(rows, &a, &x);
		VEC_PUSH(&list, x);
	}
	bool ok = sql_rows_end(rows, e);
	for (size_t i = 0; ok && i < list.n; i++)
		ok = read_groups(c, &a, &list.p[i], e);
	if (ok) {
		pthread_rwlock_wrlock(&d->declines->lock);
		for (size_t i = 0; i < d->declines->list.n; i++)
			arena_done(&d->declines->list.p[i].arena);
		d->declines->list.n = 0;
		pthread_rwlock_unlock(&d->declines->lock);
	}
	for (size_t i = 0; ok && i < list.n; i++)
		remember(d->declines, &list.p[i]);
	VEC_DONE(&list);
	return ok;
}

bool declines_load(struct deploy *d, struct err *e)
{
	d->declines = xcalloc(1, sizeof(*d->declines));
	pthread_mutex_init(&d->declines->changing, NULL);
	pthread_rwlock_init(&d->declines->lock, NULL);
	if (!remember_all(d, e))
		return false;
	match_set_declined(d->conf.match, is_declined, d->declines, clock_now_ms(d->conf.clock));
	return true;
}

bool deploy_declines_reload(struct deploy *d, struct err *e)
{
	/* `lock` is not held over the database: a decline made here meanwhile announced itself to
	 * others only, so what is read must not be older than what is shown. */
	pthread_mutex_lock(&d->declines->changing);
	bool ok = remember_all(d, e);
	pthread_mutex_unlock(&d->declines->changing);
	if (ok)
		match_declined_changed(d->conf.match, clock_now_ms(d->conf.clock));
	return ok || err_prefix(e, "declined patches are not read again");
}

void declines_close(struct deploy *d)
{
	if (!d->declines)
		return;
	match_set_declined(d->conf.match, NULL, NULL, 0);
	for (size_t i = 0; i < d->declines->list.n; i++)
		arena_done(&d->declines->list.p[i].arena);
	VEC_DONE(&d->declines->list);
	pthread_rwlock_destroy(&d->declines->lock);
	pthread_mutex_destroy(&d->declines->changing);
	xfree(d->declines);
}

struct decline_write {
	const struct decline *what;
	const char *id, *by;
	int64_t now_ms;
	struct ledger_batch *history;
	const struct intern *patches; /* that are declined by it */
};

static bool withdraw_all(struct sql_conn *c, void *arg, struct err *e)
{
	const struct decline_write *w = arg;
	for (uint32_t i = 0; i < intern_count(w->patches); i++)
		if (!auto_withdraw(c, intern_get(w->patches, i).p, w->now_ms, e))
			return false;
	return true;
}

static bool insert_groups(struct sql_conn *c, const struct decline_write *w, struct err *e)
{
	for (size_t i = 0; i < w->what->n_groups; i++) {
		int64_t n;
		const struct decline_group *g = &w->what->groups[i];
		if (!sql_change(c, &SQL_DECLINE_GROUP_INSERT,
				SQL_ARGS(sql_text(w->id), sql_text(g->id)), &n, e))
			return false;
		if (n != 1)
			return err_set(e, ERR_INVALID, "group '%s' has been removed meanwhile",
				       g->name);
	}
	return true;
}

static bool insert(struct sql_conn *c, void *arg, struct err *e)
{
	const struct decline_write *w = arg;
	const struct decline *x = w->what;
	if (!withdraw_all(c, arg, e))
		return false;
	return sql_run(c, &SQL_DECLINE_INSERT,
		       SQL_ARGS(sql_text(w->id), sql_int(x->of_product), sql_text(x->os),
				sql_text(x->subject), sql_text(x->reason), sql_text(x->created_by),
				sql_int(w->now_ms), sql_int(x->expires_ms)),
		       e) &&
	       insert_groups(c, w, e) && (!w->history || ledger_batch_write(c, w->history, e)) &&
	       sql_announce(c, DEPLOY_SAYS_DECLINE, str_of(w->id), e);
}

static bool end(struct sql_conn *c, void *arg, struct err *e)
{
	const struct decline_write *w = arg;
	int64_t ended;
	if (!sql_change(c, &SQL_DECLINE_END,
			SQL_ARGS(sql_text(w->id), sql_int(w->now_ms), sql_text(w->by)), &ended, e))
		return false;
	if (!ended)
		return true; /* another server was first */
	return (!w->history || ledger_batch_write(c, w->history, e)) &&
	       sql_announce(c, DEPLOY_SAYS_DECLINE, str_of(w->id), e);
}

/* The systems it is for; NULL = all. */
static roaring_bitmap_t *hosts_of(const struct match_view *v, const struct held_decline *about,
				  int64_t now_ms)
{
	if (!about->n_groups)
		return NULL;
	roaring_bitmap_t *out = roaring_bitmap_create();
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, v, now_ms);
	for (size_t i = 0; i < about->n_groups; i++) {
		const roaring_bitmap_t *hosts;
		struct err e; /* a group that is gone or means nothing has nobody in it */
		if (filter_group_named(&run, str_of(about->groups[i].id), &hosts, &e))
			roaring_bitmap_or_inplace(out, hosts);
	}
	return out;
}

static void add_hosts(struct ledger_batch *b, const struct match_view *v,
		      const roaring_bitmap_t *hosts)
{
	roaring_uint32_iterator_t it;
	roaring_init_iterator(hosts, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		ledger_batch_swept(b, str_of(fleet_host(v->fleet, it.current_value)->id));
}

static void sweep(struct ledger_batch *b, const struct match_view *v, uint32_t patch,
		  const roaring_bitmap_t *within)
{
	const roaring_bitmap_t *hosts = match_hosts(v, patch, VERDICT_MISSING);
	if (!hosts)
		return;
	roaring_bitmap_t *some = within ? roaring_bitmap_and(hosts, within) : NULL;
	add_hosts(b, v, some ? some : hosts);
	if (some)
		roaring_bitmap_free(some);
}

/* One row per patch it is about, with the systems that lack it. */
static struct ledger_batch *history_of(struct deploy *d, const struct held_decline *about,
				       enum ledger_event event)
{
	if (!d->conf.ledger)
		return NULL;
	struct ledger_batch *b = ledger_batch_new(d->conf.ledger);
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	roaring_bitmap_t *within = hosts_of(&v, about, clock_now_ms(d->conf.clock));
	for (uint32_t i = 0; i < v.catalog->n_patches; i++) {
		if (!is_about(about, &v.catalog->patches[i]))
			continue;
		ledger_batch_sweep(b, v.catalog->patches[i].id, event);
		sweep(b, &v, i, within);
	}
	if (within)
		roaring_bitmap_free(within);
	return b;
}

static struct intern *patches_of(struct deploy *d, const struct held_decline *about)
{
	struct intern *ids = intern_new();
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	for (uint32_t i = 0; i < v.catalog->n_patches; i++)
		if (is_about(about, &v.catalog->patches[i]))
			intern_add(ids, v.catalog->patches[i].id);
	return ids;
}

bool deploy_decline_may_name(const struct match_view *v, const char *group, struct err *e)
{
	const struct group *g = fleet_group_find(v->fleet, str_of(group));
	if (!g || strcmp(g->id, group) != 0)
		return err_set(e, ERR_INVALID, "there is no group '%.40s'", group);
	return !filter_group_asks_status(v, str_of(group)) ||
	       err_set(e, ERR_INVALID,
		       "who is in the group '%s' depends on what is missing, which declining "
		       "changes; take a group whose filter does not ask for health or missing "
		       "patches",
		       g->name);
}

static bool check_groups(struct deploy *d, const struct decline *what, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	for (size_t i = 0; i < what->n_groups; i++)
		if (!deploy_decline_may_name(&v, what->groups[i].id, e))
			return false;
	return true;
}

static bool is_for(const struct held_decline *h, const char *group)
{
	for (size_t i = 0; i < h->n_groups; i++)
		if (strcmp(h->groups[i].id, group) == 0)
			return true;
	return h->n_groups == 0;
}

/* Whether others decline it already wherever this one would. */
static bool check_once(struct deploy *d, const struct decline *what, struct err *e)
{
	bool all = false, covered[DECLINE_GROUPS_MAX] = { false };
	pthread_rwlock_rdlock(&d->declines->lock);
	for (size_t i = 0; i < d->declines->list.n; i++) {
		const struct held_decline *h = &d->declines->list.p[i];
		if (h->of_product != what->of_product || strcmp(h->os, what->os) != 0 ||
		    strcmp(h->subject, what->subject) != 0)
			continue;
		all |= h->n_groups == 0;
		for (size_t k = 0; k < what->n_groups; k++)
			covered[k] |= is_for(h, what->groups[k].id);
	}
	pthread_rwlock_unlock(&d->declines->lock);
	bool twice = what->n_groups > 0;
	for (size_t k = 0; k < what->n_groups; k++)
		twice = twice && covered[k];
	return !(all || twice) ||
	       err_set(e, ERR_CONFLICT, "'%.120s' is declined already", what->subject);
}

static bool check(struct deploy *d, const struct decline *what, int64_t now, struct err *e)
{
	if (!what->reason[0] || strlen(what->reason) > 500)
		return err_set(e, ERR_INVALID, "a declined patch needs a reason of 1 to 500 bytes");
	if (what->expires_ms <= now || what->expires_ms > now + DECLINE_MAX_S * 1000)
		return err_set(
			e, ERR_INVALID,
			"a declined patch needs an end in the future, at most two years away");
	if (what->n_groups > DECLINE_GROUPS_MAX)
		return err_set(e, ERR_INVALID, "a patch is declined for at most %d groups at once",
			       DECLINE_GROUPS_MAX);
	return check_groups(d, what, e) && check_once(d, what, e);
}

bool deploy_decline(struct deploy *d, const struct decline *what, char id_out[static 33],
		    struct err *e)
{
	char id[33];
	struct decline stored = *what;
	struct decline_write w = { .what = what, .id = id, .now_ms = clock_now_ms(d->conf.clock) };
	struct held_decline about = { .of_product = what->of_product,
				      .os = what->os,
				      .subject = what->subject,
				      .groups = what->groups,
				      .n_groups = what->n_groups };
	if (!check(d, what, w.now_ms, e))
		return false;
	deploy_new_id(id);
	AUTO(intern_free) struct intern *patches = patches_of(d, &about);
	w.patches = patches;
	w.history = history_of(d, &about, LEDGER_DECLINED);
	memcpy(stored.id, id, sizeof(id));
	stored.created_ms = w.now_ms;
	pthread_mutex_lock(&d->declines->changing);
	bool ok = sql_write(d->conf.db, insert, &w, e);
	if (ok)
		remember(d->declines, &stored);
	pthread_mutex_unlock(&d->declines->changing);
	ledger_batch_done(w.history, ok);
	if (!ok)
		return err_prefix(e, "cannot store that a patch is declined");
	match_declined_changed(d->conf.match, clock_now_ms(d->conf.clock));
	memcpy(id_out, id, sizeof(id));
	return true;
}

/* Ends one that holds; false without an error when there is none. */
static bool finish(struct deploy *d, const char *id, const char *by, bool *found_out, struct err *e)
{
	struct decline_write w = { .id = id, .by = by, .now_ms = clock_now_ms(d->conf.clock) };
	AUTO(arena_done) struct arena a = { 0 };
	struct held_decline about = { 0 };
	pthread_rwlock_rdlock(&d->declines->lock);
	*found_out = false;
	for (size_t i = 0; i < d->declines->list.n; i++) {
		const struct held_decline *h = &d->declines->list.p[i];
		if (strcmp(h->id, id) != 0)
			continue;
		*found_out = true;
		about.of_product = h->of_product;
		about.os = arena_strdup(&a, h->os);
		about.subject = arena_strdup(&a, h->subject);
		about.groups = copy_groups(&a, h->groups, h->n_groups);
		about.n_groups = h->n_groups;
	}
	pthread_rwlock_unlock(&d->declines->lock);
	if (!*found_out)
		return true;
	w.history = history_of(d, &about, LEDGER_UNDECLINED);
	pthread_mutex_lock(&d->declines->changing);
	bool ok = sql_write(d->conf.db, end, &w, e);
	if (ok)
		forget(d->declines, id);
	pthread_mutex_unlock(&d->declines->changing);
	ledger_batch_done(w.history, ok);
	return ok;
}

bool deploy_undecline(struct deploy *d, const char *id, const char *by, struct err *e)
{
	bool found;
	if (!finish(d, id, by, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "nothing is declined under '%.40s'", id);
	match_declined_changed(d->conf.match, clock_now_ms(d->conf.clock));
	return true;
}

bool deploy_decline_expire(struct deploy *d, struct arena *a, struct decline **out, size_t *n_out,
			   struct err *e)
{
	int64_t now = clock_now_ms(d->conf.clock);
	pthread_rwlock_rdlock(&d->declines->lock);
	struct decline *list = arena_array(a, struct decline, d->declines->list.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < d->declines->list.n; i++) {
		const struct held_decline *h = &d->declines->list.p[i];
		if (h->expires_ms > now)
			continue;
		list[n] = (struct decline) { .of_product = h->of_product,
					     .subject = arena_strdup(a, h->subject) };
		memcpy(list[n++].id, h->id, sizeof(h->id));
	}
	pthread_rwlock_unlock(&d->declines->lock);
	bool ok = true, found;
	for (size_t i = 0; ok && i < n; i++)
		ok = finish(d, list[i].id, "expiry", &found, e);
	if (n)
		match_declined_changed(d->conf.match, clock_now_ms(d->conf.clock));
	*out = list;
	*n_out = n;
	return ok;
}

bool deploy_decline_fits_group(struct deploy *d, const struct match_view *v, const char *group,
			       const struct filter *x, struct err *e)
{
	bool ok = true;
	if (!filter_asks_status(v, x))
		return true;
	pthread_rwlock_rdlock(&d->declines->lock);
	for (size_t i = 0; ok && i < d->declines->list.n; i++) {
		const struct held_decline *h = &d->declines->list.p[i];
		for (size_t k = 0; ok && k < h->n_groups; k++)
			if (filter_group_reaches(v, str_of(h->groups[k].id), group))
				ok = err_set(
					e, ERR_CONFLICT,
					"'%.120s' is declined for the group '%s', so who is in "
					"it must not depend on what is missing; end that first",
					h->subject, h->groups[k].name);
	}
	pthread_rwlock_unlock(&d->declines->lock);
	return ok;
}

/* Who joins or leaves a group that something is declined for. */
struct following {
	struct deploy *d;
	struct intern *grown; /* patches that are declined on more systems */
	struct err e;
};

static void sweep_hosts(struct ledger_batch *b, const struct match_view *v, uint32_t patch,
			const roaring_bitmap_t *hosts, enum ledger_event event)
{
	if (roaring_bitmap_is_empty(hosts))
		return;
	ledger_batch_sweep(b, v->catalog->patches[patch].id, event);
	add_hosts(b, v, hosts);
}

static bool write_history(struct sql_conn *c, void *arg, struct err *e)
{
	return ledger_batch_write(c, arg, e);
}

/* The history first: what is not written down is not so yet. */
static bool note_moves(void *arg, const struct match_view *v,
		       const struct match_declined_move *list, size_t n)
{
	struct following *f = arg;
	struct ledger *l = f->d->conf.ledger;
	for (size_t i = 0; i < n; i++)
		if (!roaring_bitmap_is_empty(list[i].came))
			intern_add(f->grown, v->catalog->patches[list[i].patch].id);
	if (!l || !ledger_leads(l))
		return true;
	struct ledger_batch *b = ledger_batch_new(l);
	for (size_t i = 0; i < n; i++) {
		sweep_hosts(b, v, list[i].patch, list[i].came, LEDGER_DECLINED);
		sweep_hosts(b, v, list[i].patch, list[i].went, LEDGER_UNDECLINED);
	}
	bool ok = sql_write(f->d->conf.db, write_history, b, &f->e);
	ledger_batch_done(b, ok);
	return ok;
}

bool deploy_declines_follow(struct deploy *d, bool at_once, bool withdraw, struct err *e)
{
	AUTO(intern_free) struct intern *grown = intern_new();
	struct decline_write w = { .now_ms = clock_now_ms(d->conf.clock), .patches = grown };
	struct following f = { .d = d, .grown = grown };
	bool changed = match_declined_follow(d->conf.match, w.now_ms, at_once, note_moves, &f);
	if (f.e.code)
		return err_set(e, f.e.code,
			       "who joins or leaves groups that something is declined "
			       "for is not written down: %s",
			       f.e.msg);
	if (!changed || !withdraw || intern_count(grown) == 0)
		return true;
	return sql_write(d->conf.db, withdraw_all, &w, e) ||
	       err_prefix(e, "orders with patches that are declined now are not withdrawn");
}
