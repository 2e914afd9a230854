/* SPDX-License-Identifier: Apache-2.0
 * Alpine Linux: the security database (https://secdb.alpinelinux.org/<release>/<repository>.json):
 * per source package the versions that fixed something. */
#ifndef FEEDS_ALPINE_H
#define FEEDS_ALPINE_H
#include "base/arena.h"
#include "catalog/sink.h"
#include "feeds/read/json_input.h"

struct secdb_fix {
	struct str package; /**< the origin: what binary packages are built from */
	struct str version; /**< "0" = never affected */
	struct str cves; /**< blank separated; other ids (XSA, GHSA) only where there is no CVE */
};
struct secdb {
	struct str release, repository; /**< "3.16" or "edge"; "main" */
	struct secdb_fix *fixes;
	uint32_t n_fixes;
};
typedef bool (*secdb_fn)(void *arg, const struct secdb *d, struct err *e);
/** As osv_read(), JSON. */
bool secdb_read(struct json_input in, const char *name, secdb_fn fn, void *arg, struct err *e)
	MUST_CHECK;

struct secdb_target {
	struct sink *sink;
	const char *const *oses; /**< NULL = all */
};
/** A secdb_fn with a struct secdb_target: an advisory per (CVE, origin) of the release. Nothing is
 * rated, nothing is dated: the database says neither. */
bool secdb_sink_add(void *target, const struct secdb *d, struct err *e) MUST_CHECK;
#endif
