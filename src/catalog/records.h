/* SPDX-License-Identifier: Apache-2.0
 * The record document: canonical text of one feed generation. First line "tsukuroi-catalog 1", then
 * one record a line, fields separated by one tab, the first field a letter:
 *
 *   F id kind url released_ms signed signer                        first record, exactly once
 *   R id url suite components keyring os | hotfix                  an archive
 *   X path sha256 size                                             its files (after R or X)
 *   P id vendor os product version title suites type severity severity_raw derived reboot
 *     released_ms | bulletin url cves availability withheld      a patch
 *   C kind name arch version above file sha256 size archive | module default hotfix
 *                                                                   its components
 *   A id title os product fixed cves url severity severity_raw derived released_ms | kind status
 *     vendor                                                   a notice
 *
 * Fields behind "|" are absent in documents of earlier versions: read as empty, always written.
 * C follows P or C.
 * Nothing is escaped: a tab, a line feed, another control character or invalid UTF-8 in a value is
 * refused. SHA-256 is 64 lower-case hex digits, or empty without payload. Times are milliseconds.
 * `above` is empty, a version, or "*": the version the normal suites offer (catalog_build decides).
 * `archive` is the number of an R record of this document, or empty. */
#ifndef CATALOG_RECORDS_H
#define CATALOG_RECORDS_H
#include "base/buf.h"
#include "catalog/patch.h"

#define RECORDS_HEADER "tsukuroi-catalog 1\n"
#define RECORDS_ABOVE_NORMAL "*"
/** Records of one document. */
#define RECORDS_MAX 4000000u

enum record_kind {
	RECORD_FEED = 'F',
	RECORD_ARCHIVE = 'R',
	RECORD_ARCHIVE_FILE = 'X',
	RECORD_PATCH = 'P',
	RECORD_COMPONENT = 'C',
	RECORD_ADVISORY = 'A',
};
/** Whether a record counts as one of the generation's rows. */
static inline bool records_is_row(enum record_kind k)
{
	return k == RECORD_COMPONENT || k == RECORD_ADVISORY;
}
struct record {
	enum record_kind kind;
	union {
		struct feed_info feed;
		struct archive archive;
		struct archive_file file;
		struct patch patch;
		struct component component; /* .archive = number of the R record */
		struct advisory advisory;
	};
};

/** Appends one line. ERR_CORRUPT names record and field; `b` is as before then. ERR_LIMIT when the
 *  document is full. */
bool records_add(struct buf *b, const struct record *r, struct err *e) MUST_CHECK;

/** Reads a document in place: tabs and line feeds of `text` are overwritten with NUL, so that every
 *  value is a NUL-terminated view into it. */
struct records_reader {
	char *at, *end;
	uint32_t line;
	enum record_kind last; /**< 0 = none yet */
	uint32_t archives;
};
bool records_begin(struct records_reader *r, char *text, size_t n, struct err *e) MUST_CHECK;
/** Next record; *more_out = false at the end. Everything is checked as by records_add, and the
 * order of records too: ERR_CORRUPT names the line. */
bool records_next(struct records_reader *r, struct record *out, bool *more_out, struct err *e)
	MUST_CHECK;
#endif
