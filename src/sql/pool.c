/* SPDX-License-Identifier: Apache-2.0
 * The pool of connections and the statement map of each. Invariant: made = idle + borrowed, never
 * above max. Connecting happens outside the lock, so a slow engine does not stop those who give
 * back. */
#include "sql/sql_int.h"

#include <errno.h>

#define TAKE_TIMEOUT_S 30

void sql_pool_init(struct sql_pool *p, struct sql *db, bool writer, int max)
{
	*p = (struct sql_pool) { .db = db, .writer = writer, .max = max };
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->given_back, &attr);
	pthread_condattr_destroy(&attr);
}

void sql_pool_done(struct sql_pool *p)
{
	if (!p->db)
		return;
	while (p->idle) {
		struct sql_conn *c = p->idle;
		p->idle = c->next;
		p->made--;
		p->db->driver->disconnect(c);
	}
	ASSERT(p->made == 0);
	pthread_cond_destroy(&p->given_back);
	pthread_mutex_destroy(&p->lock);
	p->db = NULL;
}

/* Waits under the lock for an idle connection or the right to make one; false after the time-out.
 */
static bool wait_turn(struct sql_pool *p)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TAKE_TIMEOUT_S;
	while (!p->idle && p->made >= p->max) {
		if (pthread_cond_timedwait(&p->given_back, &p->lock, &until) == ETIMEDOUT)
			return p->idle || p->made < p->max;
	}
	return true;
}

struct sql_conn *sql_pool_take(struct sql_pool *p, struct err *e)
{
	pthread_mutex_lock(&p->lock);
	bool turn = wait_turn(p);
	struct sql_conn *c = turn ? p->idle : NULL;
	if (c)
		p->idle = c->next;
	else if (turn)
		p->made++;
	pthread_mutex_unlock(&p->lock);
	if (!turn) {
		err_set(e, ERR_UNAVAILABLE, "all %d database connections are busy", p->max);
		return NULL;
	}
	if (c)
		return c;
	c = p->db->driver->connect(p->db, p->writer, e);
	if (c) {
		c->pool = p;
		return c;
	}
	pthread_mutex_lock(&p->lock);
	p->made--;
	pthread_cond_signal(&p->given_back);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void sql_pool_give(struct sql_conn *c)
{
	struct sql_pool *p = c->pool;
	ASSERT(c->open_rows == 0);
	bool broken = c->broken;
	if (broken)
		p->db->driver->disconnect(c);
	pthread_mutex_lock(&p->lock);
	if (broken) {
		p->made--;
	} else {
		c->next = p->idle;
		p->idle = c;
	}
	pthread_cond_signal(&p->given_back);
	pthread_mutex_unlock(&p->lock);
}

static struct sql_cache_slot *slot_of(struct sql_cache *k, const struct sql_stmt *q)
{
	size_t i = ((uintptr_t)q >> 4) * 0x9E3779B97F4A7C15u >> 20;
	for (;; i++) {
		struct sql_cache_slot *s = &k->slots[i & (k->cap - 1)];
		if (s->q == q || !s->q)
			return s;
	}
}

void **sql_cache_at(struct sql_cache *k, const struct sql_stmt *q)
{
	if (k->n * 2 >= k->cap) {
		struct sql_cache bigger = { .n = k->n, .cap = k->cap ? k->cap * 2 : 64 };
		bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
		for (size_t i = 0; i < k->cap; i++) {
			if (k->slots[i].q)
				*slot_of(&bigger, k->slots[i].q) = k->slots[i];
		}
		xfree(k->slots);
		*k = bigger;
	}
	struct sql_cache_slot *s = slot_of(k, q);
	if (!s->q) {
		s->q = q;
		k->n++;
	}
	return &s->prepared;
}

void sql_cache_done(struct sql_cache *k, void (*free_prepared)(void *prepared))
{
	for (size_t i = 0; i < k->cap; i++) {
		if (k->slots[i].prepared)
			free_prepared(k->slots[i].prepared);
	}
	xfree(k->slots);
	*k = (struct sql_cache) { 0 };
}
