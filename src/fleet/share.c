/* SPDX-License-Identifier: Apache-2.0
 * Several servers on one database: facts get their numbers there, and what another server changed
 * is read again. Invariants: a fact is known here only when its row is committed; a host in memory
 * whose version is its row's misses nothing of the row. */
#include "fleet/fleet_int.h"
#include "fleet/record.h"

/* Lines of several scans on their way into the database together. */
struct interning {
	struct intern *lines;
	unsigned users;
	bool done, ok;
	struct err e;
};

/* What the database has from `known` on. Only one thread at a time is here. */
static bool learn(struct fleet *f, const struct facts_write *w, struct err *e)
{
	pthread_rwlock_wrlock(&f->lock);
	bool ok = fleet_learn_rows(f, w, e);
	pthread_rwlock_unlock(&f->lock);
	return ok;
}

static uint32_t known_facts(struct fleet *f)
{
	fleet_read_lock(f);
	uint32_t n = index_count(f->index);
	fleet_read_unlock(f);
	return n;
}

/* A line may have become known since the scan looked: while it waited for other lines. */
static uint32_t leave_unknown(struct fleet *f, const struct intern *lines, struct intern *out)
{
	fleet_read_lock(f);
	for (uint32_t i = 0; i < intern_count(lines); i++)
		if (index_find(f->index, intern_get(lines, i)) == INTERN_NONE)
			intern_add(out, intern_get(lines, i));
	uint32_t n = index_count(f->index);
	fleet_read_unlock(f);
	return n;
}

static bool store_lines(struct fleet *f, struct intern *lines, struct err *e)
{
	AUTO(intern_free) struct intern *unknown = intern_new();
	struct facts_write w = { .lines = unknown };
	w.known = leave_unknown(f, lines, unknown);
	if (intern_count(unknown) == 0)
		return true;
	if (!f->db) {
		w.rows = unknown;
		return learn(f, &w, e);
	}
	bool ok = fleet_db_facts(f, &w, e) && learn(f, &w, e);
	intern_free(w.rows);
	return ok;
}

static void interning_leave(struct interning *b)
{
	if (--b->users > 0)
		return;
	intern_free(b->lines);
	xfree(b);
}

bool fleet_intern(struct fleet *f, uint32_t host, const struct str *lines, size_t n, struct err *e)
{
	pthread_mutex_lock(&f->intern_lock);
	if (!novelty_take(&f->novelty, host, n, clock_now_ms(&f->clock), e)) {
		pthread_mutex_unlock(&f->intern_lock);
		return err_prefix(e, "new inventory lines");
	}
	if (!f->gathering) {
		f->gathering = xcalloc(1, sizeof(*f->gathering));
		f->gathering->lines = intern_new();
	}
	struct interning *b = f->gathering;
	b->users++;
	for (size_t i = 0; i < n; i++)
		intern_add(b->lines, lines[i]);
	while (f->interning && !b->done)
		pthread_cond_wait(&f->interned, &f->intern_lock);
	if (!b->done) { /* this thread stores what has gathered */
		f->gathering = NULL;
		f->interning = true;
		pthread_mutex_unlock(&f->intern_lock);
		bool ok = store_lines(f, b->lines, &b->e);
		pthread_mutex_lock(&f->intern_lock);
		b->ok = ok;
		b->done = true;
		f->interning = false;
		pthread_cond_broadcast(&f->interned);
	}
	bool ok = b->ok;
	if (!ok) {
		novelty_give(&f->novelty, host, n);
		if (e)
			*e = b->e;
	}
	interning_leave(b);
	pthread_mutex_unlock(&f->intern_lock);
	return ok || err_prefix(e, "new inventory lines");
}

/* Facts that other servers have stored. */
static bool learn_others(struct fleet *f, struct err *e)
{
	pthread_mutex_lock(&f->intern_lock);
	while (f->interning)
		pthread_cond_wait(&f->interned, &f->intern_lock);
	f->interning = true;
	pthread_mutex_unlock(&f->intern_lock);
	struct facts_write w = { .known = known_facts(f) };
	bool ok = fleet_db_facts_from(f, &w, e) && learn(f, &w, e);
	intern_free(w.rows);
	pthread_mutex_lock(&f->intern_lock);
	f->interning = false;
	pthread_cond_broadcast(&f->interned);
	pthread_mutex_unlock(&f->intern_lock);
	return ok;
}

/* A host's row, with every fact it has known here. */
static bool row_of(struct fleet *f, struct str id, struct arena *a, struct host *out,
		   bool *found_out, struct err *e)
{
	struct err first = { 0 };
	if (fleet_db_host(f, id, a, out, found_out, &first))
		return true;
	if (first.code != ERR_CORRUPT) {
		*e = first;
		return false;
	}
	return learn_others(f, e) && fleet_db_host(f, id, a, out, found_out, e);
}

static uint32_t number_of(struct fleet *f, struct str id)
{
	fleet_read_lock(f);
	const struct host *h = fleet_host_by_id(f, id);
	uint32_t no = h ? h->no : UINT32_MAX;
	fleet_read_unlock(f);
	return no;
}

/* Enrolled by another server. */
static void adopt(struct fleet *f, const struct host *from)
{
	static const uint32_t none;
	pthread_rwlock_wrlock(&f->lock);
	if (!fleet_host_by_id(f, str_of(from->id))) {
		uint32_t no = fleet_adopt(f, from);
		const struct host *h = f->hosts.p[no];
		fleet_index_host(f, h);
		if (h->state == HOST_ACTIVE && h->last_scan_ms != 0 && f->listener) {
			AUTO(xfree) uint32_t *facts = record_facts(h);
			f->listener(f->listener_arg, no, &none, 0, facts, h->n_facts);
		}
	}
	fleet_publish(f);
}

bool fleet_refresh(struct fleet *f, struct str id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct host from;
	bool found;
	uint32_t no = number_of(f, id);
	if (no == UINT32_MAX) {
		if (!row_of(f, id, &a, &from, &found, e))
			return err_prefix(e, "host '%.*s' is not read again", STR_ARG(id));
		if (found)
			adopt(f, &from);
		return true;
	}
	/* Under the host's lock: no change of this server is between its row and its memory. */
	pthread_mutex_t *lock = &f->host_locks[no % FLEET_HOST_LOCKS];
	pthread_mutex_lock(lock);
	bool ok = row_of(f, id, &a, &from, &found, e);
	if (ok && found) {
		pthread_rwlock_wrlock(&f->lock);
		fleet_show(f, f->hosts.p[no], &from);
		fleet_publish(f);
	}
	pthread_mutex_unlock(lock);
	if (ok && found)
		fleet_seen(f, id, from.last_contact_ms);
	return ok || err_prefix(e, "host '%.*s' is not read again", STR_ARG(id));
}

void fleet_seen(struct fleet *f, struct str id, int64_t ms)
{
	fleet_read_lock(f);
	const struct host *h = fleet_host_by_id(f, id);
	if (h) {
		struct host *mine = f->hosts.p[h->no];
		pthread_mutex_lock(&f->contact_lock);
		if (mine->last_contact_ms < ms)
			__atomic_store_n(&mine->last_contact_ms, ms, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&f->contact_lock);
	}
	fleet_read_unlock(f);
}

struct catching_up {
	struct fleet *f;
	struct arena ids;
	VEC(struct str) stale;
};

static void compare(void *arg, struct str id, int64_t version, int64_t contact_ms)
{
	struct catching_up *c = arg;
	fleet_read_lock(c->f);
	const struct host *h = fleet_host_by_id(c->f, id);
	bool same = h && h->version == (uint32_t)version;
	fleet_read_unlock(c->f);
	if (same)
		fleet_seen(c->f, id, contact_ms);
	else
		VEC_PUSH(&c->stale, arena_str(&c->ids, id));
}

bool fleet_catch_up(struct fleet *f, struct err *e)
{
	struct catching_up c = { .f = f };
	bool ok = fleet_db_versions(f, compare, &c, e);
	for (size_t i = 0; ok && i < c.stale.n; i++)
		ok = fleet_refresh(f, c.stale.p[i], e);
	VEC_DONE(&c.stale);
	arena_done(&c.ids);
	return ok;
}
