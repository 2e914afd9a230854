/* SPDX-License-Identifier: Apache-2.0
 * Typed filter parameters. They come from the query string or from a selection's `filter`, are
 * checked against the route's list once, and everything unknown, repeated or out of range is
 * refused before a handler runs. */
#ifndef API_QUERY_H
#define API_QUERY_H
#include "base/arena.h"
#include "format/json.h"

struct call;

enum param_type {
	PARAM_END,
	PARAM_TEXT,  /**< min..max bytes of UTF-8 without control characters */
	PARAM_INT,   /**< min..max */
	PARAM_BOOL,  /**< "true" or "false" */
	PARAM_WORD,  /**< one of the words */
	PARAM_WORDS, /**< comma list of words: a bit mask */
	PARAM_SHARE, /**< a decimal from 0 to 1 of at most 8 characters, such as "0.1" */
	PARAM_LIST,  /**< comma list of free texts (at most QUERY_MAX_LIST) */
};
#define QUERY_MAX_PARAMS 24
#define QUERY_MAX_LIST 100

struct param {
	const char *name;
	enum param_type type;
	int64_t min, max;
	const char *(*word)(unsigned i); /**< the words 0..words-1 */
	unsigned words;
};
#define PARAM_LAST                                                                                 \
	{                                                                                          \
		.type = PARAM_END                                                                  \
	}
/** For pages of the console: the query string is the page's own business and not read here. */
extern const struct param QUERY_ANY[];
/* The parameters every list has. */
#define PARAMS_LIST                                                                                \
	{ .name = "limit", .type = PARAM_INT, .min = 1, .max = 200 },                              \
	{                                                                                          \
		.name = "cursor", .type = PARAM_TEXT, .min = 1, .max = 2048                        \
	}
#define PARAMS_SORTED                                                                              \
	PARAMS_LIST, { .name = "sort", .type = PARAM_TEXT, .min = 1, .max = 200 },                 \
	{                                                                                          \
		.name = "facets", .type = PARAM_LIST, .min = 1, .max = 40                          \
	}
#define PARAM_Q                                                                                    \
	{                                                                                          \
		.name = "q", .type = PARAM_TEXT, .min = 1, .max = 200                              \
	}

struct query {
	struct {
		const struct param *param;
		const char *value;
	} v[QUERY_MAX_PARAMS];
	size_t n;
	struct arena *arena;
};

/** Adds one parameter, checked. False: `*code_out` is "unknown_parameter" or "invalid_parameter".
 */
bool query_add(struct query *q, const struct param *spec, const char *name, const char *value,
	       const char **code_out, struct err *e) MUST_CHECK;
/** All query parameters of the request against the route's list; blames the parameter. */
bool query_read(struct call *c, struct err *e) MUST_CHECK;

/* Getters; the parameter must be in the spec the query was read with (or simply absent). */
const char *query_text(const struct query *q, const char *name); /**< NULL = absent */
int64_t query_number(const struct query *q, const char *name, int64_t absent);
/** A share in millionths, or -1. */
int64_t query_share(const struct query *q, const char *name);
/** -1 absent, 0 false, 1 true. */
int query_bool(const struct query *q, const char *name);
/** Index of the word, or -1. */
int query_word(const struct query *q, const char *name);
/** Bits of the words; 0 = absent. */
uint64_t query_words(const struct query *q, const char *name);
/** Items of a comma list (views into the value); 0 = absent. */
size_t query_list(const struct query *q, const char *name, struct str **out);
/** The filters in one canonical text: "name=value" lines by name, without limit, cursor and facets.
 */
void query_canonical(const struct query *q, struct buf *out);
#endif
