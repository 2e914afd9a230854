/* SPDX-License-Identifier: Apache-2.0
 * Serving the embedded console: binary search in the table, the best precompressed form the client
 * takes, one ETag per form. Nothing is compressed on the fly. */
#include "api/assets.h"

#include <stdlib.h>

static int by_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct asset *)item)->path);
}

static const struct asset *find(const struct asset_table *t, const char *path)
{
	return t->n ? bsearch(path, t->items, t->n, sizeof(t->items[0]), by_path) : NULL;
}

/* The deep link of a page: below none of the machine interfaces, and not a file at the root. A dot
 * further down is part of an id (a patch's version), not a file's suffix: files are at the root or
 * in /assets. */
static bool is_page(const char *path)
{
	static const char *const machine[] = { "/api", "/agent", "/assets" };
	for (size_t i = 0; i < ARRAY_LEN(machine); i++) {
		size_t n = strlen(machine[i]);
		if (strncasecmp(path, machine[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return false;
	}
	const char *last = strrchr(path, '/');
	return last != path || strchr(last, '.') == NULL;
}

/* RFC 9110 section 12.5.3; a coding with q=0 is refused. */
static bool accepts(const char *header, const char *coding)
{
	struct str rest = str_of(header), item, param;
	while (header && str_split(&rest, ',', &item)) {
		struct str params = item, name;
		bool refused = false;
		if (!str_split(&params, ';', &name) || !str_is(str_trim(name), coding))
			continue;
		while (str_split(&params, ';', &param)) {
			struct str q = str_trim(param);
			refused |= str_starts(q, "q=0") &&
				   (q.n == 3 || str_is(q, "q=0.0") || str_is(q, "q=0.00") ||
				    str_is(q, "q=0.000"));
		}
		return !refused;
	}
	return false;
}

/* RFC 9110 section 13.1.2: weak comparison, any of the list. */
static bool matches(const char *header, const char *etag)
{
	struct str rest = str_of(header), one;
	while (header && str_split(&rest, ',', &one)) {
		one = str_trim(one);
		if (str_starts(one, "W/"))
			one = (struct str) { one.p + 2, one.n - 2 };
		if (str_is(one, etag) || str_is(one, "*"))
			return true;
	}
	return false;
}

bool assets_serve(const struct asset_table *t, struct http_req *r, const char *path)
{
	const struct asset *a = find(t, path);
	if (!a && is_page(path))
		a = find(t, "/index.html");
	if (!a)
		return false;
	const char *encodings = http_req_header(r, "Accept-Encoding"), *coding = NULL;
	struct str body = a->raw;
	if (a->br.n && accepts(encodings, "br")) {
		body = a->br;
		coding = "br";
	} else if (a->gz.n && accepts(encodings, "gzip")) {
		body = a->gz;
		coding = "gzip";
	}
	const char *etag = arena_printf(http_req_arena(r), "\"%s%s%s\"", a->etag, coding ? "-" : "",
					coding ? coding : "");
	http_reply_header(r, "ETag", etag);
	http_reply_header(r, "Vary", "Accept-Encoding");
	http_reply_header(r, "Cache-Control",
			  a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	if (matches(http_req_header(r, "If-None-Match"), etag)) {
		http_reply(r, 304, NULL, STR_LIT(""));
		return true;
	}
	if (coding)
		http_reply_header(r, "Content-Encoding", coding);
	http_reply_static(r, 200, a->type, body);
	return true;
}
