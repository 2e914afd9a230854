/* SPDX-License-Identifier: Apache-2.0
 * What the comparators share. Characters are ASCII whatever the locale. Room-private. */
#ifndef PKGVER_PKGVER_INT_H
#define PKGVER_PKGVER_INT_H
#include "base/str.h"

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}
static inline bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}
static inline bool is_alpha(char c)
{
	return is_lower(c) || is_upper(c);
}
static inline int sign(int v)
{
	return v < 0 ? -1 : v > 0;
}
/** The character at s[i], or NUL behind the end. */
static inline char at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}
/** Takes the run of characters for which `is` holds off the front. */
static inline struct str take_run(struct str *s, bool (*is)(char))
{
	size_t n = 0;
	while (n < s->n && is(s->p[n]))
		n++;
	struct str run = { s->p, n };
	s->p += n;
	s->n -= n;
	return run;
}
/** Digit strings of any length as numbers; empty is 0. */
static inline int compare_digits(struct str a, struct str b)
{
	while (a.n && *a.p == '0') {
		a.p++;
		a.n--;
	}
	while (b.n && *b.p == '0') {
		b.p++;
		b.n--;
	}
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? sign(memcmp(a.p, b.p, a.n)) : 0;
}
#endif
