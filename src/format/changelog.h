/* SPDX-License-Identifier: Apache-2.0
 * deb-changelog(5): entries "package (version) distributions; key=value", indented lines, and the
 * signature line " -- name <address>  date". */
#ifndef FORMAT_CHANGELOG_H
#define FORMAT_CHANGELOG_H
#include "base/err.h"
#include "base/str.h"

struct changelog_entry {
	struct str package, version, distributions;
	struct str urgency; /**< "" = not told */
	struct str text;    /**< the indented lines, as they stand, without empty ones around */
	struct str author, date;
	int64_t date_ms; /**< 0 = unreadable */
};
/** False ends the reading (not an error). Views are valid until the text is freed. */
typedef bool (*changelog_fn)(void *arg, const struct changelog_entry *x);
/** Calls `fn` for each whole entry; a last one that is cut off is left out. False when the text
 * does not begin as a changelog does. */
bool changelog_read(struct str text, changelog_fn fn, void *arg) MUST_CHECK;
/** Every CVE id ("CVE-2024-1234") in a text, in order; false from `fn` ends it. */
void changelog_cves(struct str text, bool (*fn)(void *arg, struct str cve), void *arg);
#endif
