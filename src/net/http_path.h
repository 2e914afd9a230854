/* SPDX-License-Identifier: Apache-2.0
 * The one canonical form of a request's path and query (incidents I2, I3, I9, I15, I16:
 * authorisation saw one form, dispatch another). What has no single reading is refused, never
 * repaired. */
#ifndef NET_HTTP_PATH_H
#define NET_HTTP_PATH_H
#include "base/arena.h"

#define HTTP_PARAMS_MAX 64

struct http_param {
	const char *name, *value;
};

/** The percent-decoded path: begins with '/', no empty, "." or ".." segment (so no trailing slash
 * but for "/" itself), valid UTF-8, none of: control characters, backslash, ';', and no '/', '%',
 * '?' or
 *  '#' that came out of an escape. NULL otherwise, with the reason (a constant) in *why_out. */
const char *http_path_canonical(struct str raw, struct arena *a, const char **why_out);
/** Decodes "a=1&b=2" ('+' is a space) into an array of at most HTTP_PARAMS_MAX. False on a broken
 *  escape, invalid UTF-8, a control character but tab and line breaks, an empty name, a name given
 *  twice, or too many. */
bool http_path_query(struct str raw, struct arena *a, struct http_param **out, size_t *n_out,
		     const char **why_out) MUST_CHECK;
#endif
