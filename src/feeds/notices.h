/* SPDX-License-Identifier: Apache-2.0
 * Feeds that are one document of notices: fetch it, read it, make records. Debian's lists are older
 * and have functions of their own (debian.h). */
#ifndef FEEDS_NOTICES_H
#define FEEDS_NOTICES_H
#include "feeds/feed.h"
#include "feeds/json_input.h"

/** Forms such a document has. */
enum notices_form { NOTICES_OSV, NOTICES_USN, NOTICES_CSAF, NOTICES_SECDB, NOTICES_FORMS_ };
/** Bytes of a document as it is fetched. */
#define NOTICES_MAX (1024ll << 20)

/** Reads a document into a sink. `oses`: releases that matter, NULL-terminated; NULL = all. */
bool notices_read(enum notices_form form, struct json_input in, const char *name,
		  const char *const *oses, struct sink *sink, struct err *e) MUST_CHECK;
/** Syncs the document at s->url. Options "os=<os id>", given as often as wanted, limit it to these
 * releases. An address that ends in "archive_latest.txt" names the document, in the same directory.
 * Not signed: what protects it is TLS. */
bool notices_sync(enum notices_form form, const struct feed_spec *s, const struct feed_env *env,
		  struct generation_result *out, struct err *e) MUST_CHECK;
#endif
