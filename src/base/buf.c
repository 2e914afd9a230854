/* SPDX-License-Identifier: Apache-2.0
 * The growing buffer. Invariant: n < cap, p[n] == 0, n <= max. */
#include "base/buf.h"

#include <stdio.h>

void buf_done(struct buf *b)
{
	xfree(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
	b->overflowed = false;
}

char *buf_reserve(struct buf *b, size_t n)
{
	ASSERT(b->max > 0);
	if (b->overflowed || n > b->max || b->n > b->max - n) {
		b->overflowed = true;
		return NULL;
	}
	if (b->n + n + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap < b->n + n + 1)
			cap += cap / 2 + 64;
		b->p = xrealloc(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *q = buf_reserve(b, n);
	if (!q)
		return;
	if (n)
		memcpy(q, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addstr(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list copy;
	va_copy(copy, ap);
	int n = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	ASSERT(n >= 0);
	char *q = buf_reserve(b, (size_t)n);
	if (!q)
		return;
	vsnprintf(q, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->overflowed = false;
	if (b->p)
		b->p[0] = '\0';
}

bool buf_ok(const struct buf *b, const char *what, struct err *e)
{
	if (b->overflowed)
		return err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", what, b->max);
	return true;
}

char *buf_take(struct buf *b)
{
	char *p = b->p ? b->p : xstrdup("");
	b->p = NULL;
	b->n = b->cap = 0;
	b->overflowed = false;
	return p;
}
