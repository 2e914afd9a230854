/* SPDX-License-Identifier: Apache-2.0
 * OSV records (https://ossf.github.io/osv-schema/) as Linux vendors publish them: one file of one
 * record or of many, or a tar of such files. Reading keeps what matters for patches; osv_sink_*()
 * makes records of the catalog from what was read. */
#ifndef FEEDS_OSV_H
#define FEEDS_OSV_H
#include "base/arena.h"
#include "catalog/sink.h"
#include "feeds/read/json_input.h"

/** Affected are versions from `introduced` ("0" = all) up to below `fixed`. */
struct osv_fix {
	struct str introduced, fixed; /**< fixed "" = no fix yet */
};
struct osv_affected {
	struct str ecosystem, name; /**< "AlmaLinux:9", "Ubuntu:Pro:18.04:LTS" */
	struct str availability;    /**< Ubuntu: in words, who gets it */
	struct str priority;	    /**< Ubuntu: of the package */
	struct str cves;	    /**< Ubuntu: of the package in this release, blank separated */
	struct osv_fix *fixes;
	uint32_t n_fixes;
	uint32_t binaries; /**< how many binary packages are named */
};
struct osv_record {
	struct str id, title, url, priority;
	struct str cves; /**< blank separated, without repetition */
	int64_t published_ms, modified_ms;
	bool withdrawn;
	struct osv_affected *affected;
	uint32_t n_affected;
};
typedef bool (*osv_fn)(void *arg, const struct osv_record *r, struct err *e);
/** `in`: the file, packed or plain; `name` names it in errors. Everything handed to `fn` is valid
 * within the call. Files of an archive that do not end in ".json" are passed over. ERR_CORRUPT: not
 * JSON, or a record without an id, or nothing there; names the file within an archive. */
bool osv_read(struct json_input in, const char *name, osv_fn fn, void *arg, struct err *e)
	MUST_CHECK;

/** What an ecosystem means here; false for one that is not a Linux release we know. */
struct osv_ecosystem {
	char os[64];	    /**< "almalinux:9" */
	const char *vendor; /**< "AlmaLinux" */
	const char *word;   /**< how its patch ids begin: "alma" */
	enum component_kind kind;
	const char *service; /**< needs a subscription: "esm-infra"; "" = everybody's */
};
bool osv_ecosystem_of(const struct osv_affected *a, struct osv_ecosystem *out);

/** Gathers records for a sink. Advisories of RPM systems become patches with all their packages;
 * notices of Debian and Ubuntu become advisories, to be joined to what the archive offers, and
 * patches where only a subscription gives the fix. Withdrawn records are passed over. */
struct osv_sink;
/** `oses`: releases that matter, NULL-terminated; NULL = all. */
struct osv_sink *osv_sink_new(struct sink *sink, const char *const *oses);
void osv_sink_free(struct osv_sink *o);
AUTO_DEFINE(struct osv_sink, osv_sink_free)
/** An osv_fn. */
bool osv_sink_add(void *osv_sink, const struct osv_record *r, struct err *e) MUST_CHECK;
/** Severities need all records: what waits for them is written now. */
bool osv_sink_end(struct osv_sink *o, struct err *e) MUST_CHECK;
#endif
