/* SPDX-License-Identifier: Apache-2.0
 * See session_cache.h. Invariants: at most MAX entries (then all go: they are only copies); what
 * was dropped does not come back from a read that began earlier. */
#include "auth/session_cache.h"

#include <pthread.h>

#define BUCKETS 1024
#define MAX_ENTRIES 20000
#define REREAD_MS 30000

struct node {
	struct session s;
	struct node *next;
};
struct session_cache {
	pthread_mutex_t lock;
	struct node *buckets[BUCKETS];
	int n;
	uint64_t generation;
};

struct session_cache *session_cache_new(void)
{
	struct session_cache *k = xcalloc(1, sizeof(*k));
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

/* Removes those of one user, or all when NULL. */
static void remove_of(struct session_cache *k, const char *user_id)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct node **at = &k->buckets[i];
		while (*at) {
			struct node *x = *at;
			if (user_id && strcmp(x->s.who.user_id, user_id) != 0) {
				at = &x->next;
				continue;
			}
			*at = x->next;
			xfree(x);
			k->n--;
		}
	}
}

void session_cache_free(struct session_cache *k)
{
	if (!k)
		return;
	remove_of(k, NULL);
	pthread_mutex_destroy(&k->lock);
	xfree(k);
}

static struct node **find(struct session_cache *k, const struct sha256 *cookie)
{
	struct node **at = &k->buckets[(cookie->b[0] | cookie->b[1] << 8) % BUCKETS];
	while (*at && !digest_eq(&(*at)->s.cookie, cookie))
		at = &(*at)->next;
	return at;
}

bool session_cache_get(struct session_cache *k, const struct sha256 *cookie, int64_t now_ms,
		       struct session *out)
{
	pthread_mutex_lock(&k->lock);
	struct node *x = *find(k, cookie);
	bool fresh = x && now_ms >= x->s.read_ms && now_ms - x->s.read_ms <= REREAD_MS;
	if (fresh) {
		*out = x->s;
		x->s.used_ms = MAX(x->s.used_ms, now_ms);
	}
	pthread_mutex_unlock(&k->lock);
	return fresh;
}

uint64_t session_cache_generation(struct session_cache *k)
{
	pthread_mutex_lock(&k->lock);
	uint64_t g = k->generation;
	pthread_mutex_unlock(&k->lock);
	return g;
}

void session_cache_put(struct session_cache *k, uint64_t generation, const struct session *s)
{
	pthread_mutex_lock(&k->lock);
	if (generation == k->generation) {
		if (k->n >= MAX_ENTRIES)
			remove_of(k, NULL);
		struct node **at = find(k, &s->cookie);
		if (!*at) {
			*at = xcalloc(1, sizeof(**at));
			k->n++;
		}
		int64_t used_ms = MAX((*at)->s.used_ms, s->used_ms);
		(*at)->s = *s;
		(*at)->s.used_ms = used_ms;
	}
	pthread_mutex_unlock(&k->lock);
}

void session_cache_flushed(struct session_cache *k, const struct sha256 *cookie, int64_t used_ms)
{
	pthread_mutex_lock(&k->lock);
	struct node *x = *find(k, cookie);
	if (x)
		x->s.flushed_ms = used_ms;
	pthread_mutex_unlock(&k->lock);
}

void session_cache_drop(struct session_cache *k, const struct sha256 *cookie)
{
	pthread_mutex_lock(&k->lock);
	k->generation++;
	struct node **at = find(k, cookie), *x = *at;
	if (x) {
		*at = x->next;
		xfree(x);
		k->n--;
	}
	pthread_mutex_unlock(&k->lock);
}

void session_cache_clear(struct session_cache *k)
{
	session_cache_drop_user(k, NULL);
}

void session_cache_drop_user(struct session_cache *k, const char *user_id)
{
	pthread_mutex_lock(&k->lock);
	k->generation++;
	remove_of(k, user_id);
	pthread_mutex_unlock(&k->lock);
}
