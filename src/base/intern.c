/* SPDX-License-Identifier: Apache-2.0
 * Open addressing over (hash, number) with linear probing; strings live packed in an arena.
 * Invariant: load factor <= 1/2; a number, once given, never changes or goes. */
#include "base/intern.h"
#include "base/arena.h"

struct slot {
	uint32_t hash;
	uint32_t id1; /* number + 1; 0 = empty */
};

struct intern {
	struct arena arena;
	struct slot *slots;
	struct str *strs;
	uint32_t mask, count, cap;
};

struct intern *intern_new(void)
{
	struct intern *t = xcalloc(1, sizeof(*t));
	t->mask = 63;
	t->slots = xcalloc(t->mask + 1, sizeof(*t->slots));
	return t;
}

void intern_free(struct intern *t)
{
	if (!t)
		return;
	arena_done(&t->arena);
	xfree(t->slots);
	xfree(t->strs);
	xfree(t);
}

static struct slot *probe(const struct intern *t, struct str s, uint32_t h)
{
	uint32_t i = h & t->mask;
	while (t->slots[i].id1) {
		if (t->slots[i].hash == h && str_eq(t->strs[t->slots[i].id1 - 1], s))
			break;
		i = (i + 1) & t->mask;
	}
	return &t->slots[i];
}

static void rehash(struct intern *t, uint32_t mask)
{
	struct slot *slots = xcalloc((size_t)mask + 1, sizeof(*slots));
	for (uint32_t k = 0; k <= t->mask; k++) {
		if (!t->slots[k].id1)
			continue;
		uint32_t i = t->slots[k].hash & mask;
		while (slots[i].id1)
			i = (i + 1) & mask;
		slots[i] = t->slots[k];
	}
	xfree(t->slots);
	t->slots = slots;
	t->mask = mask;
}

void intern_reserve(struct intern *t, uint32_t n)
{
	uint32_t mask = t->mask;
	ASSERT(n < UINT32_MAX / 4);
	while (mask < n * 2)
		mask = mask * 2 + 1;
	if (mask > t->mask)
		rehash(t, mask);
	if (n > t->cap) {
		t->cap = n;
		t->strs = xrealloc(t->strs, t->cap * sizeof(*t->strs));
	}
}

static uint32_t add(struct intern *t, struct str s, uint32_t h)
{
	struct slot *slot = probe(t, s, h);
	if (slot->id1)
		return slot->id1 - 1;
	ASSERT(t->count < UINT32_MAX - 1);
	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->strs = xrealloc(t->strs, t->cap * sizeof(*t->strs));
	}
	t->strs[t->count] = arena_str(&t->arena, s);
	*slot = (struct slot) { h, ++t->count };
	if (t->count * 2u > t->mask)
		rehash(t, t->mask * 2 + 1);
	return t->count - 1;
}

uint32_t intern_add(struct intern *t, struct str s)
{
	return add(t, s, (uint32_t)str_hash(s));
}

uint32_t intern_find(const struct intern *t, struct str s)
{
	struct slot *slot = probe(t, s, (uint32_t)str_hash(s));
	return slot->id1 ? slot->id1 - 1 : INTERN_NONE;
}

#define AHEAD 32u

/* Hashes of up to AHEAD strings; what looking them up reads is on its way from memory, side by
 * side. */
static void fetch(const struct intern *t, const struct str *s, uint32_t n, uint32_t *hash)
{
	uint32_t id1[AHEAD];
	for (uint32_t i = 0; i < n; i++) {
		hash[i] = (uint32_t)str_hash(s[i]);
		__builtin_prefetch(&t->slots[hash[i] & t->mask]);
	}
	for (uint32_t i = 0; i < n; i++) {
		id1[i] = t->slots[hash[i] & t->mask].id1;
		if (id1[i])
			__builtin_prefetch(&t->strs[id1[i] - 1]);
	}
	for (uint32_t i = 0; i < n; i++)
		if (id1[i])
			__builtin_prefetch(t->strs[id1[i] - 1].p);
}

void intern_add_many(struct intern *t, const struct str *s, uint32_t n, uint32_t *out)
{
	uint32_t hash[AHEAD];
	for (uint32_t from = 0; from < n; from += AHEAD) {
		uint32_t some = MIN(AHEAD, n - from);
		fetch(t, s + from, some, hash);
		for (uint32_t i = 0; i < some; i++)
			out[from + i] = add(t, s[from + i], hash[i]);
	}
}

void intern_find_many(const struct intern *t, const struct str *s, uint32_t n, uint32_t *out)
{
	uint32_t hash[AHEAD];
	for (uint32_t from = 0; from < n; from += AHEAD) {
		uint32_t some = MIN(AHEAD, n - from);
		fetch(t, s + from, some, hash);
		for (uint32_t i = 0; i < some; i++) {
			struct slot *slot = probe(t, s[from + i], hash[i]);
			out[from + i] = slot->id1 ? slot->id1 - 1 : INTERN_NONE;
		}
	}
}

struct str intern_get(const struct intern *t, uint32_t id)
{
	ASSERT(id < t->count);
	return t->strs[id];
}

uint32_t intern_count(const struct intern *t)
{
	return t->count;
}
