/* SPDX-License-Identifier: Apache-2.0
 * The embedded console: a table made by the console's build, served from memory. No file system is
 * involved, so there is no path to traverse. */
#ifndef API_ASSETS_H
#define API_ASSETS_H
#include "base/str.h"
#include "net/http_server.h"

struct asset {
	const char *path; /**< "/assets/index-3f2a.js" */
	const char *type; /**< Content-Type */
	const char *etag; /**< opaque text without quotes: hash of the raw bytes */
	bool immutable;	  /**< the name carries a hash: cache for good */
	struct str raw;
	struct str gz, br; /**< precompressed; empty = not smaller */
};
/** Sorted bytewise by path; made by the console's build ("console_assets.c") and linked into the
 * server's program, which hands it over in struct api_conf: this room does not need it to link. */
extern const struct asset console_assets[];
extern const size_t console_assets_n;

/** A table to serve from (tests give their own). */
struct asset_table {
	const struct asset *items;
	size_t n;
};
/** Answers a GET or HEAD for `path`: the asset; or /index.html for a deep link of the console (not
 * below /api, /agent or /assets, no file name at the root); or false when there is nothing to serve
 * (404 is the caller's). */
bool assets_serve(const struct asset_table *t, struct http_req *r, const char *path);
#endif
