/* SPDX-License-Identifier: Apache-2.0
 * Feeds that are one document of notices: fetch it, read it, make records. Debian's lists are older
 * and have functions of their own (debian.h). */
#ifndef FEEDS_NOTICES_H
#define FEEDS_NOTICES_H
#include "feeds/feed.h"
#include "feeds/read/json_input.h"

/** Forms such a document has. */
enum notices_form { NOTICES_OSV, NOTICES_USN, NOTICES_CSAF, NOTICES_SECDB, NOTICES_FORMS_ };
/** Bytes of a document as it is fetched. */
#define NOTICES_MAX (1024ll << 20)
/** Holds the name of a file beside it. */
#define NOTICES_LATEST "archive_latest.txt"

/** Reads a document into a sink. `oses`: releases that matter, NULL-terminated; NULL = all. */
bool notices_read(enum notices_form form, struct json_input in, const char *name,
		  const char *const *oses, struct sink *sink, struct err *e) MUST_CHECK;
/** Syncs the document at s->url. Limited to feed_oses(). An address that ends in
 * "archive_latest.txt" names the document, in the same directory. With keyrings in the spec the
 * document must be signed by one of them (a detached signature, the same address with ".asc");
 * without, it is not signed: what protects it is TLS. */
bool notices_sync(enum notices_form form, const struct feed_spec *s, const struct feed_env *env,
		  struct generation_result *out, struct err *e) MUST_CHECK;

/** Rows of the registry. A vendor's notices are wanted when the estate has systems of the vendor,
 * and limited to their releases. */
bool notices_plan_ubuntu_osv(struct feed_plan *p, struct err *e) MUST_CHECK;
bool notices_plan_ubuntu_usn(struct feed_plan *p, struct err *e) MUST_CHECK;
bool notices_plan_almalinux(struct feed_plan *p, struct err *e) MUST_CHECK;
bool notices_plan_rocky(struct feed_plan *p, struct err *e) MUST_CHECK;
bool notices_plan_redhat(struct feed_plan *p, struct err *e) MUST_CHECK;
bool notices_plan_alpine(struct feed_plan *p, struct err *e) MUST_CHECK;
/** By the kind of the spec. */
bool notices_sync_spec(const struct feed_spec *s, const struct feed_env *env,
		       struct generation_result *out, struct err *e) MUST_CHECK;
/** Options "os=<id>:<release>" of the releases that the estate has of `os`, and of the suites of
 * kind `os` that are planned already; NULL when there are none, or one of them cannot be told (a
 * suite named by rank). `version_of` may be NULL. */
const char *const *notices_limit(const struct feed_plan *p, const char *os,
				 const char *(*version_of)(struct str codename));
#endif
