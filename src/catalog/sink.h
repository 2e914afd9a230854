/* SPDX-License-Identifier: Apache-2.0
 * Where feeds write: one sink per feed generation. It validates every record (lengths, characters,
 * required fields) and produces the generation's record document: canonical tab-separated text, one
 * record a line, named by its SHA-256. Nothing a feed says reaches the catalog by another way. */
#ifndef CATALOG_SINK_H
#define CATALOG_SINK_H
#include "catalog/patch.h"

/** Sizes a generation may have. */
#define SINK_MAX_BYTES (512u << 20)

struct sink;
/** `feed`: id, kind, url, released_ms, is_signed and signer are taken from here. */
struct sink *sink_new(const struct feed_info *feed);
void sink_free(struct sink *s);
AUTO_DEFINE(struct sink, sink_free)
/** A patch and then its components. Fields feed, first_*, superseded_by are ignored. A patch id
 * given twice within one generation extends the first (its components are appended). ERR_CORRUPT
 * names the record and the field. */
bool sink_patch(struct sink *s, const struct patch *p, struct err *e) MUST_CHECK;
bool sink_component(struct sink *s, const struct component *c, struct err *e) MUST_CHECK;
bool sink_advisory(struct sink *s, const struct advisory *a, struct err *e) MUST_CHECK;
/** An archive, then its files, before the patches whose components name it by `archive` index
 *  (0 = first archive of this sink). */
bool sink_archive(struct sink *s, const struct archive *a, struct err *e) MUST_CHECK;
bool sink_archive_file(struct sink *s, const struct archive_file *f, struct err *e) MUST_CHECK;
/** The finished document (borrowed until sink_free), its rows and digest in *feed_out. */
bool sink_finish(struct sink *s, struct str *records_out, struct feed_info *feed_out, struct err *e)
	MUST_CHECK;
#endif
