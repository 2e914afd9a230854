/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the laboratory's two halves (generations, records for people) share. */
#ifndef FEEDS_LAB_INT_H
#define FEEDS_LAB_INT_H
#include "feeds/debian/debian_int.h"
#include "feeds/lab/lab.h"

/** Whole file, decompressed. */
bool lab_read(const char *file, size_t max, struct buf *out, struct err *e) MUST_CHECK;
/** The text inside a clear-signed document, or all of one that is not signed. NOT verified: only
 * for looking at a file, and for the name of the suite a lone index belongs to. */
void lab_unwrap(struct str document, struct buf *out);
/** The Release near a lone Packages file (up to 4 directories above), else opt->suite. */
bool lab_release_of_index(const char *file, const struct lab_options *opt,
			  struct debian_release *out, struct err *e) MUST_CHECK;
/** Verifies a suite's directory and reads it; *out as from a sync. */
bool lab_sync_dir(const char *dir, const struct lab_options *opt, struct generation_result *out,
		  struct err *e) MUST_CHECK;
/** Calls `fn` with the path of every Packages file of a suite's directory, one form of each. */
bool lab_each_index(const char *dir, bool (*fn)(void *arg, const char *path, struct err *e),
		    void *arg, struct err *e) MUST_CHECK;
bool lab_is_dir(const char *path);
/** Enrichment as JSON lines. */
bool lab_enrichment_kind(const char *kind);
bool lab_enrichment_parse(const char *kind, const char *file, lab_line line, void *arg,
			  struct err *e) MUST_CHECK;
#endif
