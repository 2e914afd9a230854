/* SPDX-License-Identifier: Apache-2.0
 * Allocation that cannot fail and the assert that stays on. Invariant: none of these return NULL.
 */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void base_die(const char *file, int line, const char *what)
{
	fprintf(stderr, "fatal: %s:%d: %s\n", file, line, what);
	abort();
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);
	ASSERT(p);
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);
	ASSERT(p);
	return p;
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);
	ASSERT(q);
	return q;
}

char *xstrndup(const char *s, size_t n)
{
	n = strnlen(s, n);
	char *p = xmalloc(n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *out = NULL;
	va_start(ap, fmt);
	int n = vasprintf(&out, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	return out;
}

void xfree(void *p)
{
	free(p);
}

void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
