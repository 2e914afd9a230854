/* SPDX-License-Identifier: Apache-2.0
 * Matching of a canonical path against the route tables. Only the most specific pattern that fits
 * decides: a path that belongs to one pattern can never be answered by a looser one. */
#include "api/route.h"

static const char *const method_names[ROUTE_METHODS_] = {
	[ROUTE_END] = "",	 [ROUTE_GET] = "GET",	    [ROUTE_POST] = "POST",
	[ROUTE_PATCH] = "PATCH", [ROUTE_DELETE] = "DELETE",
};

const char *route_method_name(enum route_method m)
{
	ASSERT(m < ROUTE_METHODS_);
	return method_names[m];
}

enum route_method route_method_parse(const char *word)
{
	for (int m = ROUTE_GET; m < ROUTE_METHODS_; m++)
		if (strcmp(word, method_names[m]) == 0)
			return (enum route_method)m;
	return ROUTE_END;
}

/* How specific one segment's match is; higher decides. */
enum fit { FIT_NONE, FIT_PARAM, FIT_VERB, FIT_LITERAL };

static enum fit segment_fit(struct str pattern, struct str segment, struct str *param_out)
{
	if (pattern.n == 0 || pattern.p[0] != '{')
		return str_eq(pattern, segment) ? FIT_LITERAL : FIT_NONE;
	ptrdiff_t close = str_find(pattern, '}');
	ASSERT(close > 0);
	struct str verb = { pattern.p + close + 1, pattern.n - (size_t)close - 1 };
	if (segment.n <= verb.n || memcmp(segment.p + segment.n - verb.n, verb.p, verb.n) != 0)
		return FIT_NONE;
	*param_out = (struct str) { segment.p, segment.n - verb.n };
	return verb.n > 0 ? FIT_VERB : FIT_PARAM;
}

/* 0 = does not fit; else a number whose order is that of specificity, first segment first. */
static unsigned pattern_fit(const char *pattern, const char *path, struct str *params)
{
	if (strcmp(pattern, "*") == 0)
		return 1;
	struct str p = str_of(pattern), s = str_of(path), pseg, sseg;
	unsigned score = 1;
	size_t n = 0;
	for (;;) {
		bool more_p = str_split(&p, '/', &pseg), more_s = str_split(&s, '/', &sseg);
		if (more_p != more_s)
			return 0;
		if (!more_p)
			return score;
		struct str value = { NULL, 0 };
		enum fit f = segment_fit(pseg, sseg, &value);
		if (f == FIT_NONE)
			return 0;
		if (f != FIT_LITERAL) {
			ASSERT(n < ROUTE_MAX_PARAMS);
			params[n++] = value;
		}
		score = score * 4 + f;
	}
}

void route_find(const struct route *const *tables, enum route_method method, const char *path,
		struct route_match *out)
{
	unsigned best = 0;
	*out = (struct route_match) { 0 };
	for (size_t t = 0; tables[t]; t++)
		for (const struct route *r = tables[t]; r->method != ROUTE_END; r++) {
			struct str params[ROUTE_MAX_PARAMS] = { 0 };
			unsigned score = pattern_fit(r->pattern, path, params);
			if (score == 0 || score < best)
				continue;
			if (score > best)
				*out = (struct route_match) { 0 };
			best = score;
			out->allowed |= 1u << r->method;
			if (r->method == method) {
				out->route = r;
				memcpy(out->params, params, sizeof(params));
			}
		}
}
