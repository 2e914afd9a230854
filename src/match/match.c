/* SPDX-License-Identifier: Apache-2.0
 * The room's door: making, locking, the fleet's listener, and reading the sets. What is read here
 * is kept current at write time; nothing is evaluated but the one pair that no set holds
 * (match_verdict). */
#include "match/match_int.h"

#define STALE_S_DEFAULT (7 * 86400)

static const char *const verdict_names[VERDICTS_] = {
	"not_applicable", "missing", "installed",	  "held", "superseded", "unknown",
	"kept_back",	  "phased",  "needs_subscription"
};

const char *verdict_name(enum verdict v)
{
	return verdict_names[v];
}

struct moving {
	struct state *state, *next; /* `next` takes part in what it carries over; or NULL */
	uint32_t host;
};

static void move(void *arg, uint32_t patch, enum verdict from, enum verdict to)
{
	const struct moving *x = arg;
	if (!x->state->patches[patch].live)
		return;
	state_move(x->state, x->host, patch, from, to);
	if (x->next && x->next->carried[patch] != CATALOG_NONE)
		state_tally_move(x->next, x->host, x->next->carried[patch], from, to);
}

static void host_changed(void *arg, uint32_t host, const uint32_t *old, uint32_t n_old,
			 const uint32_t *new, uint32_t n_new)
{
	struct match *m = arg;
	struct moving now = { m->state, m->next, host }, later = { m->next, NULL, host };
	forward_reserve(m->state, m->fleet);
	change_patches(m->state, m->fleet, old, n_old, new, n_new, move, &now);
	healths_forget(m, host);
	if (!m->next)
		return;
	forward_reserve(m->next, m->fleet);
	change_patches(m->next, m->fleet, old, n_old, new, n_new, move, &later);
}

void match_notify(struct match *m)
{
	uint64_t version = atomic_fetch_add(&m->version, 1) + 1;
	pthread_mutex_lock(&m->listener_lock);
	void (*fn)(void *, uint64_t) = m->listener;
	void *arg = m->listener_arg;
	pthread_mutex_unlock(&m->listener_lock);
	if (fn)
		fn(arg, version);
}

static void fleet_changed(void *arg)
{
	match_notify(arg);
}

struct match *match_new(struct fleet *f)
{
	struct match *m = xcalloc(1, sizeof(*m));
	struct err e;
	AUTO(catalog_unref) struct catalog *empty = NULL;
	ASSERT(catalog_build(NULL, 0, &empty, &e));
	m->fleet = f;
	m->stale_ms = (int64_t)STALE_S_DEFAULT * 1000;
	m->state = state_new(empty);
	m->policy = health_policy_default;
	pthread_mutex_init(&m->adopt, NULL);
	pthread_mutex_init(&m->listener_lock, NULL);
	pthread_mutex_init(&m->classes_lock, NULL);
	pthread_rwlock_init(&m->lock, NULL);
	fleet_set_listener(f, host_changed, m);
	fleet_set_after(f, fleet_changed, m);
	return m;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	fleet_set_listener(m->fleet, NULL, NULL);
	fleet_set_after(m->fleet, NULL, NULL);
	state_free(m->state);
	decline_done(m);
	pthread_rwlock_destroy(&m->lock);
	pthread_mutex_destroy(&m->listener_lock);
	pthread_mutex_destroy(&m->classes_lock);
	VEC_DONE(&m->classes);
	pthread_mutex_destroy(&m->adopt);
	xfree(m);
}

void match_set_catalog(struct match *m, struct catalog *c)
{
	pthread_mutex_lock(&m->adopt);
	adopt_catalog(m, c, false);
	pthread_mutex_unlock(&m->adopt);
}

void match_set_health_policy(struct match *m, const struct health_policy *p)
{
	pthread_rwlock_wrlock(&m->lock);
	m->policy = *p;
	healths_forget_all(m);
	pthread_rwlock_unlock(&m->lock);
	match_notify(m);
}

void match_set_adopter(struct match *m, const struct match_adopter *a)
{
	pthread_mutex_lock(&m->adopt);
	m->adopter = a ? *a : (struct match_adopter) { 0 };
	pthread_mutex_unlock(&m->adopt);
}

struct telling {
	const struct catalog *catalog;
	void (*fn)(void *arg, struct str patch, enum verdict from, enum verdict to);
	void *arg;
};

static void tell(void *arg, uint32_t patch, enum verdict from, enum verdict to)
{
	const struct telling *t = arg;
	t->fn(t->arg, t->catalog->patches[patch].id, from, to);
}

void match_changes(struct match *m, const uint32_t *old_facts, uint32_t n_old,
		   const uint32_t *new_facts, uint32_t n_new,
		   void (*fn)(void *arg, struct str patch, enum verdict from, enum verdict to),
		   void *arg)
{
	AUTO(match_read_end) struct match_view v;
	match_read(m, &v);
	struct telling t = { v.catalog, fn, arg };
	change_patches(m->state, v.fleet, old_facts, n_old, new_facts, n_new, tell, &t);
}

void match_set_stale(struct match *m, int64_t stale_s)
{
	m->stale_ms = stale_s * 1000;
}

void match_set_eol(struct match *m, match_eol_fn *fn, void *arg)
{
	m->eol_arg = arg;
	atomic_store(&m->eol, fn);
}

void match_set_listener(struct match *m, void (*fn)(void *arg, uint64_t version), void *arg)
{
	pthread_mutex_lock(&m->listener_lock);
	m->listener = fn;
	m->listener_arg = arg;
	pthread_mutex_unlock(&m->listener_lock);
}

uint64_t match_version(const struct match *m)
{
	return atomic_load(&((struct match *)m)->version);
}

void match_read(struct match *m, struct match_view *out)
{
	fleet_read_lock(m->fleet);
	pthread_rwlock_rdlock(&m->lock);
	*out = (struct match_view) { .catalog = m->state->catalog, .fleet = m->fleet, .m = m };
}

void match_read_end(struct match_view *v)
{
	if (!v->m)
		return;
	pthread_rwlock_unlock(&v->m->lock);
	fleet_read_unlock(v->m->fleet);
	*v = (struct match_view) { 0 };
}

const roaring_bitmap_t *match_hosts(const struct match_view *v, uint32_t patch,
				    enum verdict verdict)
{
	int set = set_of_verdict(verdict);
	ASSERT(set >= 0 && patch < v->catalog->n_patches);
	return v->m->state->patches[patch].set[set];
}

uint32_t match_count(const struct match_view *v, uint32_t patch, enum verdict verdict)
{
	int set = set_of_verdict(verdict);
	ASSERT(set >= 0 && patch < v->catalog->n_patches);
	return v->m->state->patches[patch].n[set];
}

void match_host_counts(const struct match_view *v, uint32_t host, struct host_counts *out)
{
	const struct state *s = v->m->state;
	*out = host < s->tallies.n ? s->tallies.p[host].counts : (struct host_counts) { 0 };
}
