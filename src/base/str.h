/* SPDX-License-Identifier: Apache-2.0
 * Borrowed views into text, for parsing without copying. A struct str owns nothing, is not
 * NUL-terminated, and is valid as long as the bytes behind it. */
#ifndef BASE_STR_H
#define BASE_STR_H
#include "base/base.h"

#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/** printf helpers: printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p
#define STR_LIT(lit) ((struct str) { (lit), sizeof(lit) - 1 })

static inline struct str str_of(const char *s)
{
	return (struct str) { s, s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

/** Bytewise order (as memcmp, shorter first on a tie): <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
/** `part` stands somewhere in `s`; ASCII letters match in either case. "" is in everything. */
bool str_has_nocase(struct str s, const char *part);
/** Without ASCII blanks (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);
/** Cuts the first token up to `sep` off `rest` into `*tok_out`; false when `rest` is exhausted.
 *  "a,,b" gives "a", "", "b"; an empty rest with p != NULL gives one empty token. */
bool str_split(struct str *rest, char sep, struct str *tok_out);
/** Next line without its LF (and CR before it); false at the end. */
bool str_line(struct str *rest, struct str *line_out);
/** Position of `c`, or -1. */
ptrdiff_t str_find(struct str s, char c);
/** Whole string as decimal; false on anything else or overflow. `*out` untouched then. */
bool str_to_i64(struct str s, int64_t *out) MUST_CHECK;
bool str_to_u64(struct str s, uint64_t *out) MUST_CHECK;
/** A NUL-terminated copy on the heap. */
char *str_dup(struct str s);
/** 64-bit hash, seeded per process so that input cannot aim at collisions. */
uint64_t str_hash(struct str s);
#endif
