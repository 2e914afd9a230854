/* SPDX-License-Identifier: Apache-2.0
 * Canonicalisation by refusal. Invariant: for every path returned there is exactly one decoded
 * reading; nothing in it can be decoded, normalised or cut once more. */
#include "net/http_path.h"
#include "base/enc.h"

/* Well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, at most U+10FFFF. */
static bool utf8_ok(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
	while (p < end) {
		unsigned char c = *p++, lo = 0x80, hi = 0xBF;
		int more = c < 0x80 ? 0 : c >= 0xC2 && c <= 0xDF ? 1 : (c & 0xF0) == 0xE0 ? 2 : 3;
		if (c >= 0x80 && (c < 0xC2 || c > 0xF4))
			return false;
		if (c == 0xE0)
			lo = 0xA0;
		if (c == 0xED)
			hi = 0x9F;
		if (c == 0xF0)
			lo = 0x90;
		if (c == 0xF4)
			hi = 0x8F;
		for (; more; more--, lo = 0x80, hi = 0xBF)
			if (p == end || *p < lo || *p++ > hi)
				return false;
	}
	return true;
}

static bool decode(struct str raw, struct buf *out, const char **why)
{
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];
		if (c <= ' ' || c >= 0x7f) {
			*why = "a byte that must be percent-encoded";
			return false;
		}
	}
	if (!enc_unpercent(raw, out) || !utf8_ok(buf_str(out))) {
		*why = "a broken escape";
		return false;
	}
	return true;
}

/* Segment by segment; `s` begins with '/'. */
static bool segments_ok(struct str s)
{
	if (s.n == 1)
		return true;
	struct str rest = { s.p + 1, s.n - 1 }, seg;
	while (str_split(&rest, '/', &seg))
		if (seg.n == 0 || str_is(seg, ".") || str_is(seg, ".."))
			return false;
	return true;
}

const char *http_path_canonical(struct str raw, struct arena *a, const char **why_out)
{
	AUTO(buf_done) struct buf b = BUF_INIT(raw.n + 1);
	if (raw.n == 0 || raw.p[0] != '/') {
		*why_out = "a path that does not begin with '/'";
		return NULL;
	}
	if (!decode(raw, &b, why_out))
		return NULL;
	size_t slashes = 0, decoded_slashes = 0;
	for (size_t i = 0; i < raw.n; i++)
		slashes += raw.p[i] == '/';
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i];
		decoded_slashes += c == '/';
		if (c < ' ' || c == 0x7f || strchr("\\;%?#", c)) {
			*why_out = "a character that paths here never have";
			return NULL;
		}
	}
	if (slashes != decoded_slashes || !segments_ok(buf_str(&b))) {
		*why_out = "a path that is not in canonical form";
		return NULL;
	}
	return arena_str(a, buf_str(&b)).p;
}

/* One name or value. NULL when it cannot be decoded. */
static const char *word(struct str raw, struct arena *a, const char **why)
{
	AUTO(buf_done) struct buf plus = BUF_INIT(raw.n * 3 + 1);
	AUTO(buf_done) struct buf b = BUF_INIT(raw.n + 1);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '+')
			buf_adds(&plus, "%20");
		else
			buf_addc(&plus, raw.p[i]);
	}
	if (!decode(buf_str(&plus), &b, why))
		return NULL;
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i];
		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
			*why = "a control character in the query";
			return NULL;
		}
	}
	return arena_str(a, buf_str(&b)).p;
}

static bool seen(const struct http_param *p, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(p[i].name, name) == 0)
			return true;
	return false;
}

bool http_path_query(struct str raw, struct arena *a, struct http_param **out, size_t *n_out,
		     const char **why_out)
{
	struct http_param *all = NULL;
	struct str pair, name;
	size_t n = 0;
	if (raw.n)
		all = arena_array(a, struct http_param, HTTP_PARAMS_MAX);
	while (all && str_split(&raw, '&', &pair)) {
		struct str value = pair;
		ptrdiff_t eq = str_find(pair, '=');
		name = (struct str) { pair.p, eq < 0 ? pair.n : (size_t)eq };
		value.p += eq < 0 ? pair.n : (size_t)eq + 1;
		value.n -= eq < 0 ? pair.n : (size_t)eq + 1;
		if (name.n == 0 || n == HTTP_PARAMS_MAX) {
			*why_out = name.n ? "too many query parameters"
					  : "a query parameter without name";
			return false;
		}
		all[n].name = word(name, a, why_out);
		all[n].value = all[n].name ? word(value, a, why_out) : NULL;
		if (!all[n].value)
			return false;
		if (seen(all, n, all[n].name)) {
			*why_out = "a query parameter given twice";
			return false;
		}
		n++;
	}
	*out = all;
	*n_out = n;
	return true;
}
