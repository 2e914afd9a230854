/* SPDX-License-Identifier: Apache-2.0
 * The enrichment document: canonical text of one generation of a feed of the kinds "kev", "epss",
 * "endoflife". First line "tsukuroi-enrichment 1", then one record a line, fields separated by one
 * tab, the first field a letter:
 *
 *   D kind date_ms model                                   first record, exactly once
 *   K cve added_ms due_ms ransomware name                  by CVE, each once
 *   E cve score percentile                                 by CVE, each once
 *   L product release security_end extended_end lts        by product and release, each once
 *
 * Scores are millionths (percentile empty: the publisher gave none). Ends are milliseconds, or
 * "ended", "never", "" (not told). What repeats with the same content counts once; with different
 * content the document is refused. */
#ifndef CATALOG_ENRICH_DOC_H
#define CATALOG_ENRICH_DOC_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

enum enrich_kind { ENRICH_KEV, ENRICH_EPSS, ENRICH_ENDOFLIFE, ENRICH_KINDS_ };
/** "kev", "epss", "endoflife": also the feeds' kinds. */
const char *enrich_kind_name(enum enrich_kind k);
bool enrich_kind_parse(struct str word, enum enrich_kind *out) MUST_CHECK;

/** A CVE as a number that sorts by year, then number: "CVE-2024-1234". False on anything else
 * (years 1990..2189, up to 12 digits). */
bool cve_parse(struct str id, uint64_t *out) MUST_CHECK;
#define CVE_TEXT 32
/** Its canonical text (at least four digits). Returns `out`. */
const char *cve_text(uint64_t cve, char out[static CVE_TEXT]);

enum ransomware { RANSOMWARE_UNKNOWN, RANSOMWARE_KNOWN };
struct kev {
	uint64_t cve;
	int64_t added_ms, due_ms; /**< due 0 = none given */
	enum ransomware ransomware;
	struct str name; /**< the catalogue's name of it */
};

#define ENRICH_MILLION 1000000u
struct epss {
	uint64_t cve;
	uint32_t score, percentile; /**< millionths; UINT32_MAX = not given */
};

/** When support ends. */
#define LIFECYCLE_NOT_TOLD INT64_C(0)
#define LIFECYCLE_HAS_ENDED INT64_C(1) /**< it has, the day is not told */
#define LIFECYCLE_NEVER INT64_MAX      /**< it has not, and no day is told */
struct lifecycle {
	struct str product; /**< "debian", "windows" */
	struct str release; /**< "12", "11-24h2-e": as published */
	int64_t security_end, extended_end;
	bool lts;
};

#define ENRICH_MAX_ROWS 2000000u
#define ENRICH_MAX_BYTES (128u << 20)

/** What a parser fills: texts go into the arena. */
struct enrich_rows {
	enum enrich_kind kind;
	int64_t date_ms;
	struct str model;
	VEC(struct kev) kevs;
	VEC(struct epss) scores;
	VEC(struct lifecycle) releases;
	struct arena arena;
};
void enrich_rows_done(struct enrich_rows *r);
AUTO_DEFINE_VALUE(struct enrich_rows, enrich_rows_done)
/** ERR_LIMIT when there are too many. Texts with control characters or that are no UTF-8, CVEs that
 * are none, numbers out of range: ERR_CORRUPT, naming it. */
bool enrich_add_kev(struct enrich_rows *r, struct str cve, const struct kev *k, struct err *e)
	MUST_CHECK;
bool enrich_add_epss(struct enrich_rows *r, struct str cve, const struct epss *s, struct err *e)
	MUST_CHECK;
bool enrich_add_lifecycle(struct enrich_rows *r, const struct lifecycle *l, struct err *e)
	MUST_CHECK;
/** Sorts the rows and writes the document. ERR_CORRUPT when two say different things of one. */
bool enrich_write(struct enrich_rows *r, struct buf *out, struct err *e) MUST_CHECK;
/** Reads a document; everything is checked as when it was written, order too. */
bool enrich_read(struct str document, struct enrich_rows *out, struct err *e) MUST_CHECK;
#endif
