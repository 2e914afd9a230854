/* SPDX-License-Identifier: Apache-2.0
 * Views into text. Invariant: no function here reads past s.n or writes anything. */
#include "base/str.h"
#include "base/random.h"

#include <pthread.h>
#include <strings.h>

int str_cmp(struct str a, struct str b)
{
	size_t n = MIN(a.n, b.n);
	int c = n ? memcmp(a.p, b.p, n) : 0;
	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

bool str_has_nocase(struct str s, const char *part)
{
	size_t n = strlen(part);
	for (size_t i = 0; n && i + n <= s.n; i++)
		if (strncasecmp(s.p + i, part, n) == 0)
			return true;
	return n == 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n && blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_split(struct str *rest, char sep, struct str *tok_out)
{
	if (!rest->p)
		return false;
	const char *q = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!q) {
		*tok_out = *rest;
		*rest = (struct str) { NULL, 0 };
		return true;
	}
	*tok_out = (struct str) { rest->p, (size_t)(q - rest->p) };
	rest->n -= tok_out->n + 1;
	rest->p = q + 1;
	return true;
}

bool str_line(struct str *rest, struct str *line_out)
{
	if (!rest->p || rest->n == 0)
		return false;
	const char *q = memchr(rest->p, '\n', rest->n);
	size_t n = q ? (size_t)(q - rest->p) : rest->n;
	*line_out = (struct str) { rest->p, n };
	size_t used = q ? n + 1 : n;
	rest->p += used;
	rest->n -= used;
	if (line_out->n && line_out->p[line_out->n - 1] == '\r')
		line_out->n--;
	return true;
}

ptrdiff_t str_find(struct str s, char c)
{
	const char *q = s.n ? memchr(s.p, c, s.n) : NULL;
	return q ? q - s.p : -1;
}

bool str_to_u64(struct str s, uint64_t *out)
{
	if (s.n == 0 || s.n > 20)
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		uint64_t d = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
	bool neg = s.n && s.p[0] == '-';
	if (neg) {
		s.p++;
		s.n--;
	}
	uint64_t v;
	if (!str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + neg)
		return false;
	*out = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

char *str_dup(struct str s)
{
	return xstrndup(s.p ? s.p : "", s.n);
}

static uint64_t hash_seed;
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void hash_init(void)
{
	hash_seed = random_u64();
}

static inline uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9E3779B97F4A7C15ull;
	return h ^ (h >> 29);
}

uint64_t str_hash(struct str s)
{
	pthread_once(&hash_once, hash_init);
	uint64_t h = hash_seed ^ (s.n * 0x9E3779B97F4A7C15ull);
	const char *p = s.p;
	size_t n = s.n;
	uint64_t v;
	while (n >= 8) {
		memcpy(&v, p, 8);
		h = mix(h, v);
		p += 8;
		n -= 8;
	}
	v = 0;
	if (n)
		memcpy(&v, p, n);
	h = mix(h, v);
	return h ^ (h >> 32);
}
