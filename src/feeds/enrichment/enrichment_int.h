/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the parsers of enrichment. Each reads one document to its end and adds its rows. */
#ifndef FEEDS_ENRICHMENT_INT_H
#define FEEDS_ENRICHMENT_INT_H
#include "catalog/enrich_doc.h"
#include "feeds/read/pipe.h"
#include "format/unpack.h"

/** Bytes of a document as it comes, and unpacked. */
#define ENRICHMENT_MAX_BODY (64u << 20)
#define ENRICHMENT_MAX_PLAIN (256u << 20)

/** known_exploited_vulnerabilities, JSON or CSV (told apart by the first byte). ERR_CORRUPT also
 * when the JSON's own count is not what it holds. */
bool kev_parse(struct unpack *u, struct enrich_rows *out, struct err *e) MUST_CHECK;
/** epss_scores: with or without the line of model and date, with or without percentile. */
bool epss_parse(struct unpack *u, struct enrich_rows *out, struct err *e) MUST_CHECK;
/** endoflife.date: API v1 (all products or one), or a product's file whose front matter stands
 * between "---" lines; told apart by the first byte. */
bool endoflife_parse(struct unpack *u, struct enrich_rows *out, struct err *e) MUST_CHECK;

/** Reads `u` to its end, in order, into `fn`. */
bool enrichment_pump(struct unpack *u, pipe_consumer fn, void *arg, struct err *e) MUST_CHECK;
/** "2026-11-22", or the day of a longer RFC 3339 time, as the milliseconds of its beginning in UTC.
 */
bool enrichment_day(struct str s, int64_t *out) MUST_CHECK;
/** RFC 3339, or only its day where the rest has another form. */
bool enrichment_time(struct str s, int64_t *out) MUST_CHECK;
/** One line of valid text of at most `max` bytes, in the arena: controls become blanks, what is too
 * long is cut between characters. */
struct str enrichment_line(struct arena *a, struct str s, size_t max);
/** First byte of a document that says what it is. */
char enrichment_sniff(struct str head);
#endif
