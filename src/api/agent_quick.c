/* SPDX-License-Identifier: Apache-2.0
 * A scanner for one flat object. It may refuse what is good (the full reader takes it then), and
 * never takes what is not: what it lets through unread, the attributes, is compared with bytes that
 * the full reader took before. */
#include "api/agent_quick.h"

#include "api/api_int.h"

struct scan {
	const char *p, *end;
};

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A string of printable ASCII without escapes. */
static bool text(struct scan *s, struct str *out)
{
	if (!take(s, '"'))
		return false;
	const char *from = s->p;
	while (s->p < s->end && *s->p != '"') {
		if (*s->p < ' ' || *s->p > '~' || *s->p == '\\')
			return false;
		s->p++;
	}
	*out = (struct str) { from, (size_t)(s->p - from) };
	return take(s, '"');
}

static bool number(struct scan *s, int64_t *out)
{
	skip_blanks(s);
	const char *from = s->p;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	struct str digits = { from, (size_t)(s->p - from) };
	return digits.n > 0 && digits.n <= 18 && (digits.n == 1 || *from != '0') &&
	       str_to_i64(digits, out);
}

/* Up to the brace that closes the object; strings are skipped as wholes. */
static bool object(struct scan *s, struct str *out)
{
	skip_blanks(s);
	const char *from = s->p;
	int depth = 0;
	bool quoted = false;
	for (; s->p < s->end; s->p++) {
		if (quoted) {
			if (*s->p == '\\' && s->p + 1 < s->end)
				s->p++;
			else if (*s->p == '"')
				quoted = false;
		} else if (*s->p == '"') {
			quoted = true;
		} else if (*s->p == '{') {
			depth++;
		} else if (*s->p == '}' && --depth == 0) {
			s->p++;
			*out = (struct str) { from, (size_t)(s->p - from) };
			return *from == '{';
		} else if (depth == 0) {
			return false;
		}
	}
	return false;
}

static bool member(struct scan *s, struct agent_quick *q, unsigned *seen)
{
	static const char *const names[] = { "attrs", "inventory", "scanned",
					     "nonce", "epoch",	   "seq" };
	struct str name;
	unsigned i = 0;
	if (!text(s, &name) || !take(s, ':'))
		return false;
	while (i < ARRAY_LEN(names) && !str_is(name, names[i]))
		i++;
	if (i == ARRAY_LEN(names) || *seen >> i & 1)
		return false;
	*seen |= 1u << i;
	switch (i) {
	case 0: return object(s, &q->attrs);
	case 1: return text(s, &q->inventory);
	case 2: return text(s, &q->scanned);
	case 3: return text(s, &q->nonce) && q->nonce.n <= 32;
	case 4: return number(s, &q->epoch);
	default: return number(s, &q->seq);
	}
}

bool agent_quick_read(struct str body, struct agent_quick *out)
{
	struct scan s = { body.p, body.p + body.n };
	struct agent_quick q = { .inventory = STR_LIT(""),
				 .scanned = STR_LIT(""),
				 .nonce = STR_LIT("") };
	unsigned seen = 0;
	if (!take(&s, '{'))
		return false;
	do {
		if (!member(&s, &q, &seen))
			return false;
	} while (take(&s, ','));
	if (!take(&s, '}'))
		return false;
	skip_blanks(&s);
	if (s.p != s.end || !q.attrs.n)
		return false;
	*out = q;
	return true;
}

/* --- what was read in full before --- */

static uint64_t mark_of(struct str attrs, const char *peer)
{
	uint64_t h = str_hash(attrs) * 31 + str_hash(str_of(peer));
	return h ? h : 1;
}

bool agent_quick_known(struct api *api, uint32_t host, struct str attrs, const char *peer)
{
	uint64_t mark = mark_of(attrs, peer);
	pthread_mutex_lock(&api->told_lock);
	bool known = host < api->attrs_seen.n && api->attrs_seen.p[host] == mark;
	pthread_mutex_unlock(&api->told_lock);
	return known;
}

void agent_quick_remember(struct api *api, uint32_t host, struct str attrs, const char *peer)
{
	uint64_t mark = mark_of(attrs, peer);
	pthread_mutex_lock(&api->told_lock);
	while (api->attrs_seen.n <= host)
		VEC_PUSH(&api->attrs_seen, 0);
	api->attrs_seen.p[host] = mark;
	pthread_mutex_unlock(&api->told_lock);
}
