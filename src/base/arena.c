/* SPDX-License-Identifier: Apache-2.0
 * Bump allocation in chunks that double up to 1 MiB. Strings are packed, the rest aligned to 16. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(16) char data[];
};

void arena_done(struct arena *a)
{
	struct arena_chunk *c = a->head;
	while (c) {
		struct arena_chunk *next = c->next;
		xfree(c);
		c = next;
	}
	*a = (struct arena) { 0 };
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->head;
	if (!keep)
		return;
	for (struct arena_chunk *c = keep->next, *next; c; c = next) {
		next = c->next;
		xfree(c);
	}
	memset(keep->data, 0, (size_t)(a->at - keep->data));
	keep->next = NULL;
	a->at = keep->data;
	a->end = keep->data + keep->size;
	a->total = sizeof(*keep) + keep->size;
}

static void arena_grow(struct arena *a, size_t n)
{
	size_t size = a->head ? MIN(a->head->size * 2, (size_t)1 << 20) : 4096;
	if (size < n)
		size = n;
	struct arena_chunk *c = xcalloc(1, sizeof(*c) + size);
	c->size = size;
	c->next = a->head;
	a->head = c;
	a->at = c->data;
	a->end = c->data + size;
	a->total += sizeof(*c) + size;
}

static void *arena_bump(struct arena *a, size_t n, size_t align)
{
	uintptr_t at = ((uintptr_t)a->at + align - 1) & ~(uintptr_t)(align - 1);
	if (!a->at || at + n > (uintptr_t)a->end) {
		arena_grow(a, n);
		at = (uintptr_t)a->at;
	}
	a->at = (char *)at + n;
	return (void *)at;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return arena_bump(a, n ? n : 1, 16);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_bump(a, s.n + 1, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str) { p, s.n };
}

char *arena_strdup(struct arena *a, const char *s)
{
	return (char *)(uintptr_t)arena_str(a, str_of(s)).p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	char *p = arena_bump(a, (size_t)n + 1, 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}
