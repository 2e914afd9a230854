/* SPDX-License-Identifier: Apache-2.0
 * See throttle.h. Invariant: at most MAX entries whatever comes from outside; a clock that goes
 * back never lengthens a delay. */
#include "auth/throttle.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <strings.h>

#define BUCKETS 4096
#define MAX_ENTRIES 65536

struct entry {
	uint64_t key;
	int failures;
	int64_t last_ms;
	struct entry *next;
};
struct throttle {
	pthread_mutex_t lock;
	struct entry *buckets[BUCKETS];
	int n;
};

struct throttle *throttle_new(void)
{
	struct throttle *t = xcalloc(1, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

/* Removes what has been forgotten by `now_ms`; everything when INT64_MAX. */
static void sweep(struct throttle *t, int64_t now_ms)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct entry **at = &t->buckets[i];
		while (*at) {
			struct entry *x = *at;
			if (now_ms != INT64_MAX &&
			    now_ms - x->last_ms <= THROTTLE_FORGET_S * 1000LL) {
				at = &x->next;
				continue;
			}
			*at = x->next;
			xfree(x);
			t->n--;
		}
	}
}

void throttle_free(struct throttle *t)
{
	if (!t)
		return;
	sweep(t, INT64_MAX);
	pthread_mutex_destroy(&t->lock);
	xfree(t);
}

/* Who an address is: one IPv6 customer has at least a /64, so that is the unit. */
static uint64_t address_key(const char *address)
{
	struct in6_addr six;
	char buf[64];
	if (address && inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
		memcpy(buf, "6 ", 2);
		memcpy(buf + 2, &six, 8);
		return str_hash((struct str) { buf, 10 });
	}
	if (address && strncasecmp(address, "::ffff:", 7) == 0)
		address += 7;
	int n = snprintf(buf, sizeof(buf), "a %s", address ? address : "");
	return str_hash((struct str) { buf, (size_t)MIN(n, (int)sizeof(buf) - 1) });
}

static uint64_t account_key(const char *account)
{
	char buf[128];
	int n = snprintf(buf, sizeof(buf), "u %s", account);
	return str_hash((struct str) { buf, (size_t)MIN(n, (int)sizeof(buf) - 1) });
}

static struct entry **find(struct throttle *t, uint64_t key)
{
	struct entry **at = &t->buckets[key % BUCKETS];
	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

/* Failures still remembered; the delay they cause in *wait_ms. */
static int remembered(struct throttle *t, uint64_t key, int64_t now_ms, int64_t *wait_ms)
{
	struct entry *x = *find(t, key);
	*wait_ms = 0;
	if (!x)
		return 0;
	x->last_ms = MIN(x->last_ms, now_ms);
	if (now_ms - x->last_ms > THROTTLE_FORGET_S * 1000LL)
		x->failures = 0;
	if (x->failures >= THROTTLE_FREE) {
		int64_t delay_s = MIN(1LL << MIN(x->failures - THROTTLE_FREE, 10), THROTTLE_MAX_S);
		*wait_ms = MAX(x->last_ms + delay_s * 1000 - now_ms, 0);
	}
	return x->failures;
}

/* When the table is full of attackers, the last of this bucket makes room. */
static void make_room(struct throttle *t, uint64_t key, int64_t now_ms)
{
	sweep(t, now_ms);
	struct entry **at = &t->buckets[key % BUCKETS];
	while (*at && (*at)->next)
		at = &(*at)->next;
	if (t->n >= MAX_ENTRIES && *at) {
		xfree(*at);
		*at = NULL;
		t->n--;
	}
}

static void charge(struct throttle *t, uint64_t key, int64_t now_ms)
{
	struct entry *x = *find(t, key);
	if (!x) {
		if (t->n >= MAX_ENTRIES)
			make_room(t, key, now_ms);
		x = xcalloc(1, sizeof(*x));
		x->key = key;
		x->next = t->buckets[key % BUCKETS];
		t->buckets[key % BUCKETS] = x;
		t->n++;
	}
	x->failures++;
	x->last_ms = now_ms;
}

int64_t throttle_enter(struct throttle *t, const char *account, const char *address, int64_t now_ms)
{
	uint64_t who = account_key(account), from = address_key(address);
	int64_t wait_who, wait_from;
	pthread_mutex_lock(&t->lock);
	bool clean = remembered(t, from, now_ms, &wait_from) == 0;
	remembered(t, who, now_ms, &wait_who);
	int64_t wait = clean ? 0 : MAX(wait_from, wait_who);
	if (wait == 0) {
		charge(t, who, now_ms);
		charge(t, from, now_ms);
	}
	pthread_mutex_unlock(&t->lock);
	return (wait + 999) / 1000;
}

static void give_back(struct throttle *t, uint64_t key)
{
	struct entry *x = *find(t, key);
	if (x && x->failures > 0)
		x->failures--;
}

void throttle_succeeded(struct throttle *t, const char *account, const char *address)
{
	pthread_mutex_lock(&t->lock);
	struct entry *x = *find(t, account_key(account));
	if (x)
		x->failures = 0;
	give_back(t, address_key(address));
	pthread_mutex_unlock(&t->lock);
}

void throttle_forgive(struct throttle *t, const char *account, const char *address)
{
	pthread_mutex_lock(&t->lock);
	give_back(t, account_key(account));
	give_back(t, address_key(address));
	pthread_mutex_unlock(&t->lock);
}
