/* SPDX-License-Identifier: Apache-2.0
 * Ubuntu's database of security notices in its older form (usn-db/database-all.json, one object
 * keyed by "4011-1"): per release the sources and binaries that fix something. */
#ifndef FEEDS_UBUNTU_USN_H
#define FEEDS_UBUNTU_USN_H
#include "base/arena.h"
#include "catalog/sink.h"
#include "feeds/read/json_input.h"

struct usn_source {
	struct str codename, name, version;
	const char *os;	     /**< "ubuntu:18.04"; NULL for a release we do not know */
	const char *service; /**< "" or the service of Ubuntu Pro that gives it */
};
struct usn_record {
	struct str id, title; /**< "USN-4011-1" */
	struct str cves;      /**< blank separated */
	int64_t released_ms;
	struct usn_source *sources;
	uint32_t n_sources;
};
typedef bool (*usn_fn)(void *arg, const struct usn_record *r, struct err *e);
/** As osv_read(). */
bool usn_read(struct json_input in, const char *name, usn_fn fn, void *arg, struct err *e)
	MUST_CHECK;

struct usn_target {
	struct sink *sink;
	const char *const *oses; /**< NULL = all */
};
/** A usn_fn with a struct usn_target: an advisory per (notice, release, source), and a patch where
 * only a subscription gives the fix. The database rates nothing. */
bool usn_sink_add(void *target, const struct usn_record *r, struct err *e) MUST_CHECK;
#endif
