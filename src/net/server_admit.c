/* SPDX-License-Identifier: Apache-2.0
 * Who is let in. A connection over a limit is closed right after accept(), before any TLS: that
 * costs some microseconds, where a handshake costs a thousand times as much, and the peer knows at
 * once. (Leaving it in the listening queue instead would make peers wait, give up and come again
 * while the server still works for those that have gone.) Limits: all connections, handshakes under
 * way, and half of the latter and `max_per_address` of the former for one address: an IPv4 address
 * or the /64 of an IPv6 one. Memory of bodies under way has one limit for all, too; who comes over
 * it is answered 503 with Retry-After.
 *
 * Invariant: a connection is counted from server_admit_in() to server_admit_out(), and as a
 * handshake until server_admit_shaken() or its end. */
#include "base/clock.h"
#include "base/random.h"
#include "net/server_int.h"

#include <netinet/in.h>
#include <stdio.h>

#define SLOTS_MIN 1024
#define RETRY_WINDOW_MS 60000
#define RETRY_LEAST_S 30
#define RETRY_MOST_S 900
#define RETRY_RATE 50 /* of those that were refused come back in a second */

/* Open addressing; a slot is free when its count is 0 and it is not `kept` for a chain behind it.
 */
struct admit_slot {
	uint64_t key;
	uint32_t open, shaking;
	bool used;
};

uint64_t server_admit_key(const struct sockaddr *a)
{
	const struct sockaddr_in6 *a6 = (const void *)a;
	const struct sockaddr_in *a4 = (const void *)a;
	uint64_t prefix = 0;
	if (a->sa_family == AF_INET)
		return (uint64_t)a4->sin_addr.s_addr | 1ULL << 32;
	if (a->sa_family != AF_INET6)
		return 0; /* AF_UNIX: one key, no limit is set there */
	if (IN6_IS_ADDR_V4MAPPED(&a6->sin6_addr)) {
		uint32_t v4;
		memcpy(&v4, &a6->sin6_addr.s6_addr[12], sizeof(v4));
		return (uint64_t)v4 | 1ULL << 32;
	}
	memcpy(&prefix, a6->sin6_addr.s6_addr, sizeof(prefix));
	return prefix;
}

static struct admit_slot *slot_of(struct admit *a, uint64_t key)
{
	for (size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 32);; i++) {
		struct admit_slot *s = &a->slots[i & (a->cap - 1)];
		if (!s->used || s->key == key)
			return s;
	}
}

/* Room for one more; slots nobody needs any more are left behind. */
static void grow(struct admit *a)
{
	if (a->used * 2 < a->cap)
		return;
	struct admit old = *a;
	size_t live = 0;
	for (size_t i = 0; i < old.cap; i++)
		live += old.slots[i].open > 0;
	a->cap = SLOTS_MIN;
	while (a->cap < live * 4)
		a->cap *= 2;
	a->slots = xcalloc(a->cap, sizeof(*a->slots));
	a->used = live;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].open > 0)
			*slot_of(a, old.slots[i].key) = old.slots[i];
	xfree(old.slots);
}

bool server_admit_may(struct http_server *s, uint64_t key)
{
	struct admit *a = &s->admit;
	const struct http_server_conf *c = &s->conf;
	pthread_mutex_lock(&a->lock);
	const struct admit_slot *slot = a->cap ? slot_of(a, key) : NULL;
	uint32_t open = slot && slot->used ? slot->open : 0;
	uint32_t shaking = slot && slot->used ? slot->shaking : 0;
	bool ok = a->open < c->max_connections &&
		  (!c->max_per_address || open < c->max_per_address) &&
		  (!c->max_handshakes ||
		   (a->shaking < c->max_handshakes &&
		    (!c->max_per_address || shaking < MAX(c->max_handshakes / 2, 1u))));
	a->refused += !ok;
	pthread_mutex_unlock(&a->lock);
	return ok;
}

void server_admit_in(struct conn *c, uint64_t key)
{
	struct admit *a = &c->server->admit;
	pthread_mutex_lock(&a->lock);
	grow(a);
	struct admit_slot *s = slot_of(a, key);
	a->used += !s->used;
	s->used = true;
	s->key = key;
	s->open++;
	a->open++;
	c->admit_key = key;
	c->shaking = c->server->tls;
	s->shaking += c->shaking;
	a->shaking += c->shaking;
	pthread_mutex_unlock(&a->lock);
}

static void shaken(struct admit *a, struct conn *c)
{
	if (!c->shaking)
		return;
	c->shaking = false;
	a->shaking--;
	slot_of(a, c->admit_key)->shaking--;
}

void server_admit_shaken(struct conn *c)
{
	struct admit *a = &c->server->admit;
	pthread_mutex_lock(&a->lock);
	shaken(a, c);
	pthread_mutex_unlock(&a->lock);
}

void server_admit_out(struct conn *c)
{
	struct admit *a = &c->server->admit;
	pthread_mutex_lock(&a->lock);
	shaken(a, c);
	slot_of(a, c->admit_key)->open--;
	a->open--;
	pthread_mutex_unlock(&a->lock);
}

bool server_admit_body(struct http_server *s, int64_t more)
{
	int64_t most = (int64_t)s->conf.body_memory;
	int64_t now = atomic_fetch_add(&s->admit.bodies, more) + more;
	if (!most || now <= most || more <= 0)
		return true;
	atomic_fetch_sub(&s->admit.bodies, more);
	return false;
}

/* Those that were refused in the last minute or two are spread over so long a time that they come
 * back at RETRY_RATE a second. */
int http_server_retry_after_s(struct http_server *s)
{
	struct admit *a = &s->admit;
	int64_t now = clock_mono_ms();
	pthread_mutex_lock(&a->lock);
	if (now - a->window_ms > RETRY_WINDOW_MS) {
		a->before = now - a->window_ms > 2 * RETRY_WINDOW_MS ? 0 : a->told;
		a->told = 0;
		a->window_ms = now;
	}
	a->told++;
	uint64_t spread = MAX(a->before, a->told) / RETRY_RATE;
	pthread_mutex_unlock(&a->lock);
	spread = MIN(MAX(spread, (uint64_t)RETRY_LEAST_S), (uint64_t)RETRY_MOST_S);
	return (int)(spread / 4 + 1 + random_below(spread));
}

void http_server_load(struct http_server *s, struct http_server_load *out)
{
	struct admit *a = &s->admit;
	pthread_mutex_lock(&a->lock);
	*out = (struct http_server_load) { .connections = a->open,
					   .handshakes = a->shaking,
					   .refused = a->refused };
	pthread_mutex_unlock(&a->lock);
	out->waiting = (uint32_t)atomic_load(&s->lane.waiting);
	out->deferred_refused = atomic_load(&s->lane.refused);
}
