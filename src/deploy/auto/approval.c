/* SPDX-License-Identifier: Apache-2.0
 * Approvals: rows in the database, all of them in memory too, where lists and the engine ask.
 * Invariant: memory changes after the database did. A patch without a row is new: it counts as the
 * mode says. */
#include "deploy/auto/approval.h"
#include "deploy/auto/auto_int.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

#define NOTE_AT_ONCE 2000

struct entry {
	bool approved;
	uint8_t how;
	const char *actor, *reason; /* in `arena` or literals */
	int64_t seen_ms, changed_ms;
};

/* What was read at once; replaced whole. */
struct approved_state {
	struct arena arena;
	struct approval_settings settings;
	struct intern *ids;
	VEC(struct entry) list; /* by number in ids */
};

struct approvals {
	pthread_mutex_t changing; /* over the database and memory, before `lock` */
	pthread_rwlock_t lock;
	struct approved_state *state;
	pthread_mutex_t joined; /* guards the next two; before `lock` */
	struct catalog *catalog;
	roaring_bitmap_t *approved; /* of `catalog`; NULL = to be made */
};

static const struct approval_settings as_installed = { .mode = APPROVAL_AUTOMATIC,
						       .policy = POLICY_ANYTIME,
						       .targets = "",
						       .notify = { .to = "" },
						       .after_days = 3,
						       .percent = 90,
						       .changed_by = "" };

static void state_free(struct approved_state *s)
{
	if (!s)
		return;
	arena_done(&s->arena);
	intern_free(s->ids);
	VEC_DONE(&s->list);
	xfree(s);
}
AUTO_DEFINE(struct approved_state, state_free)

static const char *text_of(struct arena *a, struct str s)
{
	return s.n ? arena_str(a, s).p : "";
}

static void put(struct approved_state *s, struct str patch, const struct entry *x)
{
	uint32_t no = intern_add(s->ids, patch);
	if (no == s->list.n)
		VEC_PUSH(&s->list, *x);
	else
		s->list.p[no] = *x;
}

/* --- reading ------------------------------------------------------------------------------------
 */

static bool read_settings(struct sql_conn *c, struct approved_state *s, struct err *e)
{
	struct sql_rows *rows;
	struct err unread;
	bool ok = true;
	if (!sql_query(c, &SQL_APPROVAL_MODE_GET, SQL_NO_ARGS, &rows, e))
		return false;
	if (sql_next(rows)) {
		AUTO(json_free) json_t *j = NULL;
		ok = json_parse(sql_col_str(rows, 0), 2u << 20, &j, e) &&
		     approval_settings_read(j, &s->arena, &s->settings, e);
		s->settings.changed_ms = sql_col_int(rows, 1);
		s->settings.changed_by = text_of(&s->arena, sql_col_str(rows, 2));
	}
	return sql_rows_end(rows, ok ? e : &unread) && ok;
}

static bool read_state(struct deploy *d, struct approved_state **out, struct err *e)
{
	AUTO(state_free) struct approved_state *s = xcalloc(1, sizeof(*s));
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	s->settings = as_installed;
	s->ids = intern_new();
	if (!c || !read_settings(c, s, e) ||
	    !sql_query(c, &SQL_APPROVAL_LIST, SQL_NO_ARGS, &rows, e))
		return false;
	while (sql_next(rows)) {
		struct entry x = { .approved = sql_col_int(rows, 1) == 1,
				   .how = (uint8_t)sql_col_int(rows, 2),
				   .actor = text_of(&s->arena, sql_col_str(rows, 3)),
				   .reason = text_of(&s->arena, sql_col_str(rows, 4)),
				   .seen_ms = sql_col_int(rows, 5),
				   .changed_ms = sql_col_int(rows, 6) };
		put(s, sql_col_str(rows, 0), &x);
	}
	if (!sql_rows_end(rows, e))
		return false;
	*out = TAKE(s);
	return true;
}

/* The joined bitmap is of the past. */
static void stale(struct approvals *all)
{
	pthread_mutex_lock(&all->joined);
	if (all->approved)
		roaring_bitmap_free(all->approved);
	all->approved = NULL;
	pthread_mutex_unlock(&all->joined);
}

/* `changing` held. */
static bool read_again(struct deploy *d, struct err *e)
{
	struct approvals *all = d->approvals;
	struct approved_state *fresh;
	if (!read_state(d, &fresh, e))
		return err_prefix(e, "approvals are not read");
	pthread_rwlock_wrlock(&all->lock);
	struct approved_state *old = all->state;
	all->state = fresh;
	pthread_rwlock_unlock(&all->lock);
	state_free(old);
	stale(all);
	auto_stir(d);
	if (d->conf.approvals_changed)
		d->conf.approvals_changed(d->conf.arg);
	return true;
}

bool approval_reload(struct deploy *d, struct err *e)
{
	pthread_mutex_lock(&d->approvals->changing);
	bool ok = read_again(d, e);
	pthread_mutex_unlock(&d->approvals->changing);
	return ok;
}

bool approvals_load(struct deploy *d, struct err *e)
{
	struct approvals *all = d->approvals = xcalloc(1, sizeof(*all));
	pthread_mutex_init(&all->changing, NULL);
	pthread_mutex_init(&all->joined, NULL);
	pthread_rwlock_init(&all->lock, NULL);
	return approval_reload(d, e);
}

void approvals_close(struct deploy *d)
{
	struct approvals *all = d->approvals;
	if (!all)
		return;
	state_free(all->state);
	if (all->approved)
		roaring_bitmap_free(all->approved);
	catalog_unref(all->catalog);
	pthread_rwlock_destroy(&all->lock);
	pthread_mutex_destroy(&all->joined);
	pthread_mutex_destroy(&all->changing);
	xfree(all);
}

/* --- asking -------------------------------------------------------------------------------------
 */

void approval_settings_get(struct deploy *d, struct arena *a, struct approval_settings *out)
{
	pthread_rwlock_rdlock(&d->approvals->lock);
	*out = d->approvals->state->settings;
	out->policy = arena_strdup(a, out->policy);
	out->targets = arena_strdup(a, out->targets);
	out->notify.to = arena_strdup(a, out->notify.to);
	out->changed_by = arena_strdup(a, out->changed_by);
	pthread_rwlock_unlock(&d->approvals->lock);
}

enum approval_mode approval_mode_now(struct deploy *d)
{
	pthread_rwlock_rdlock(&d->approvals->lock);
	enum approval_mode m = d->approvals->state->settings.mode;
	pthread_rwlock_unlock(&d->approvals->lock);
	return m;
}

/* `lock` held for reading. */
static struct entry entry_of(const struct approvals *all, struct str patch)
{
	uint32_t no = intern_find(all->state->ids, patch);
	bool automatic = all->state->settings.mode == APPROVAL_AUTOMATIC;
	return no != INTERN_NONE
		       ? all->state->list.p[no]
		       : (struct entry) { .approved = automatic,
					  .how = automatic ? APPROVAL_BY_MODE : APPROVAL_NEW,
					  .actor = "",
					  .reason = "" };
}

void approval_of(struct deploy *d, struct str patch, struct arena *a, struct approval *out)
{
	pthread_rwlock_rdlock(&d->approvals->lock);
	struct entry x = entry_of(d->approvals, patch);
	*out = (struct approval) { .approved = x.approved,
				   .how = (enum approval_how)x.how,
				   .actor = arena_strdup(a, x.actor),
				   .reason = arena_strdup(a, x.reason),
				   .seen_ms = x.seen_ms,
				   .changed_ms = x.changed_ms };
	pthread_rwlock_unlock(&d->approvals->lock);
}

roaring_bitmap_t *approval_approved(struct deploy *d, const struct catalog *c)
{
	struct approvals *all = d->approvals;
	pthread_mutex_lock(&all->joined);
	if (!all->approved || all->catalog != c) {
		if (all->approved)
			roaring_bitmap_free(all->approved);
		all->approved = roaring_bitmap_create();
		catalog_unref(all->catalog);
		all->catalog = catalog_ref((struct catalog *)(uintptr_t)c);
		pthread_rwlock_rdlock(&all->lock);
		for (uint32_t i = 0; i < c->n_patches; i++)
			if (entry_of(all, c->patches[i].id).approved)
				roaring_bitmap_add(all->approved, i);
		pthread_rwlock_unlock(&all->lock);
	}
	roaring_bitmap_t *copy = roaring_bitmap_copy(all->approved);
	pthread_mutex_unlock(&all->joined);
	return copy;
}

/* --- changing -----------------------------------------------------------------------------------
 */

struct setting {
	const char *const *patches;
	size_t n;
	int64_t state, how, now_ms;
	const char *by, *reason;
};

static bool set_rows(struct sql_conn *c, void *arg, struct err *e)
{
	const struct setting *k = arg;
	for (size_t i = 0; i < k->n; i++) {
		if (!sql_run(c, &SQL_APPROVAL_SET,
			     SQL_ARGS(sql_text(k->patches[i]), sql_int(k->state), sql_int(k->how),
				      sql_text(k->by), sql_text(k->reason), sql_int(k->now_ms)),
			     e))
			return false;
		if (!k->state && !auto_withdraw(c, k->patches[i], k->now_ms, e))
			return false;
		if (k->how == APPROVAL_TEST_FAILED &&
		    !sql_run(c, &SQL_TEST_FAILURE_PUT,
			     SQL_ARGS(sql_text(k->patches[i]), sql_text(k->reason),
				      sql_int(k->now_ms)),
			     e))
			return false;
	}
	return sql_announce(c, DEPLOY_SAYS_APPROVAL, STR_LIT(""), e);
}

/* Those that are not so yet. */
static size_t to_change(struct deploy *d, const char *const *patches, size_t n, bool approved,
			enum approval_how how, const char **out)
{
	size_t k = 0;
	pthread_rwlock_rdlock(&d->approvals->lock);
	for (size_t i = 0; i < n; i++) {
		struct entry x = entry_of(d->approvals, str_of(patches[i]));
		if (x.approved != approved || (!approved && x.how != how))
			out[k++] = patches[i];
	}
	pthread_rwlock_unlock(&d->approvals->lock);
	return k;
}

bool approval_set(struct deploy *d, const char *const *patches, size_t n, bool approved,
		  enum approval_how how, const char *by, const char *reason, size_t *n_out,
		  struct err *e)
{
	if (strlen(reason) > APPROVAL_REASON_MAX)
		return err_set(e, ERR_INVALID, "the reason is longer than %d bytes",
			       APPROVAL_REASON_MAX);
	AUTO(xfree) const char **some = xmalloc(sizeof(*some) * (n + 1));
	pthread_mutex_lock(&d->approvals->changing);
	struct setting k = { .patches = some,
			     .n = to_change(d, patches, n, approved, how, some),
			     .state = approved,
			     .how = how,
			     .now_ms = clock_now_ms(d->conf.clock),
			     .by = by,
			     .reason = reason };
	bool ok = k.n == 0 || (sql_write(d->conf.db, set_rows, &k, e) && read_again(d, e));
	pthread_mutex_unlock(&d->approvals->changing);
	if (!ok)
		return err_prefix(e, "approvals are not stored");
	*n_out = k.n;
	return true;
}

struct noting {
	struct str *ids;
	size_t n;
	bool approved;
	int64_t now_ms;
};

static bool note_rows(struct sql_conn *c, void *arg, struct err *e)
{
	const struct noting *k = arg;
	for (size_t i = 0; i < k->n; i++)
		if (!sql_run(c, &SQL_APPROVAL_NOTE,
			     SQL_ARGS(sql_str(k->ids[i]), sql_int(k->approved),
				      sql_int(k->approved ? APPROVAL_BY_MODE : APPROVAL_NEW),
				      sql_int(k->now_ms)),
			     e))
			return false;
	return sql_announce(c, DEPLOY_SAYS_APPROVAL, STR_LIT(""), e);
}

/* Ids of the catalog's patches that have no row, copied into `a`. */
static size_t not_noted(struct deploy *d, struct arena *a, struct str **out)
{
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	VEC(struct str) list = { 0 };
	pthread_rwlock_rdlock(&d->approvals->lock);
	for (uint32_t i = 0; i < v.catalog->n_patches; i++)
		if (intern_find(d->approvals->state->ids, v.catalog->patches[i].id) == INTERN_NONE)
			VEC_PUSH(&list, arena_str(a, v.catalog->patches[i].id));
	pthread_rwlock_unlock(&d->approvals->lock);
	*out = list.p;
	return list.n;
}

/* `changing` held. */
static bool note(struct deploy *d, size_t *n_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str *ids;
	size_t n = not_noted(d, &a, &ids);
	AUTO(xfree) struct str *owned = ids;
	struct noting k = { .approved = approval_mode_now(d) == APPROVAL_AUTOMATIC,
			    .now_ms = clock_now_ms(d->conf.clock) };
	for (size_t i = 0; i < n; i += NOTE_AT_ONCE) {
		k.ids = ids + i;
		k.n = MIN(n - i, (size_t)NOTE_AT_ONCE);
		if (!sql_write(d->conf.db, note_rows, &k, e))
			return err_prefix(e, "new patches are not noted");
	}
	*n_out = n;
	return n == 0 || read_again(d, e);
}

bool approval_note(struct deploy *d, size_t *n_out, struct err *e)
{
	pthread_mutex_lock(&d->approvals->changing);
	bool ok = note(d, n_out, e);
	pthread_mutex_unlock(&d->approvals->changing);
	return ok;
}

struct configuring {
	struct str settings;
	enum approval_existing existing;
	const char *by;
	int64_t now_ms;
};

static bool configure(struct sql_conn *c, void *arg, struct err *e)
{
	const struct configuring *k = arg;
	bool approve = k->existing == APPROVAL_APPROVE_ALL;
	return sql_run(c, &SQL_APPROVAL_MODE_PUT,
		       SQL_ARGS(sql_str(k->settings), sql_int(k->now_ms), sql_text(k->by)), e) &&
	       (k->existing == APPROVAL_KEEP ||
		sql_run(c, &SQL_APPROVAL_SET_ALL,
			SQL_ARGS(sql_int(approve),
				 sql_int(approve ? APPROVAL_BY_PERSON : APPROVAL_NEW),
				 sql_text(k->by), sql_int(k->now_ms)),
			e)) &&
	       sql_announce(c, DEPLOY_SAYS_APPROVAL, STR_LIT(""), e);
}

bool approval_configure(struct deploy *d, const struct approval_settings *s,
			enum approval_existing existing, const char *by, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(2u << 20);
	AUTO(json_free) json_t *j = approval_settings_write(s);
	struct configuring k = { .existing = existing,
				 .by = by,
				 .now_ms = clock_now_ms(d->conf.clock) };
	size_t noted;
	json_write(j, &text);
	if (!buf_ok(&text, "the settings of approvals", e))
		return false;
	k.settings = buf_str(&text);
	pthread_mutex_lock(&d->approvals->changing);
	/* What is there stays as the old mode says it is. */
	bool ok = note(d, &noted, e) && sql_write(d->conf.db, configure, &k, e) && read_again(d, e);
	pthread_mutex_unlock(&d->approvals->changing);
	return ok || err_prefix(e, "the settings of approvals are not stored");
}
