/* SPDX-License-Identifier: Apache-2.0
 * JSON for small messages: jansson with bounds, typed readers that name what is wrong, and UTF-8
 * safe writers. Feeds of hundreds of megabytes are never read through this. */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H
#include "base/buf.h"

#include <jansson.h>

/** AUTO(json_free) json_t *j = ...; accepts NULL. */
void json_free(json_t *j);
AUTO_DEFINE(json_t, json_free)

/** Parses one document of at most `max` bytes and 32 levels; duplicate keys and trailing bytes are
 *  refused. ERR_CORRUPT (line and column named) or ERR_LIMIT. */
bool json_parse(struct str text, size_t max, json_t **out, struct err *e) MUST_CHECK;
/** Compact text appended to `b`; keys in insertion order. */
void json_write(const json_t *j, struct buf *b);

/* Typed readers of an object's member. The error names the member ("'name' must be a string of 1 to
 * 100 characters") and has code ERR_INVALID. `*out` is borrowed from `obj`. */
bool json_need_str(const json_t *obj, const char *key, size_t min, size_t max, const char **out,
		   struct err *e) MUST_CHECK;
/** As json_need_str, but a missing or null member leaves *out as it is. */
bool json_opt_str(const json_t *obj, const char *key, size_t max, const char **out, struct err *e)
	MUST_CHECK;
bool json_need_int(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *out,
		   struct err *e) MUST_CHECK;
bool json_opt_int(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *out,
		  struct err *e) MUST_CHECK;
bool json_opt_bool(const json_t *obj, const char *key, bool *out, struct err *e) MUST_CHECK;
/** An array of at most `max` elements; missing gives *out = NULL. */
bool json_opt_array(const json_t *obj, const char *key, size_t max, json_t **out, struct err *e)
	MUST_CHECK;
/** Refuses members not in `known` (NULL-terminated): a typo is an error, never ignored. */
bool json_only(const json_t *obj, const char *const *known, struct err *e) MUST_CHECK;

/** A JSON string from bytes of outside origin: invalid UTF-8 becomes U+FFFD. */
json_t *json_text(struct str s);
/** A time as RFC 3339 UTC; 0 gives null. */
json_t *json_time(int64_t t_ms);
#endif
