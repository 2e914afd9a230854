/* SPDX-License-Identifier: Apache-2.0
 * Enumerations as the API spells them: the word functions that parameters are checked with, and
 * small JSON shared by several nouns. */
#ifndef API_WORDS_H
#define API_WORDS_H
#include "api/call.h"

const char *word_severity(unsigned i);
const char *word_patch_type(unsigned i);
const char *word_reboot(unsigned i);
const char *word_health(unsigned i);
const char *word_lifecycle(unsigned i);
const char *word_scan(unsigned i);
const char *word_state(unsigned i); /**< of a system */
const char *word_target(unsigned i);

enum patch_view {
	VIEW_MISSING,
	VIEW_INSTALLED,
	VIEW_APPLICABLE,
	VIEW_SUPPORTED,
	VIEW_LATEST,
	VIEW_CRITICAL,
	VIEW_DOWNLOADED,
	VIEW_DECLINED, /**< missing, and known to be exploited */
	VIEWS_
};
const char *word_view(unsigned i);

/** "linux", "windows", "macos" or "unknown" from an os fact such as "debian:12". */
const char *word_platform(struct str os);
/** {critical, ..., unrated, total}. */
json_t *words_severity_counts(const uint32_t counts[static SEVERITIES_]);
/** {healthy, vulnerable, highly_vulnerable, unknown}. */
json_t *words_health_counts(const uint32_t counts[static HEALTHS_]);
/** An array of the space-separated words of `s`, at most `max`. */
json_t *words_json(struct str s, size_t max);
/** Text, or null when it is NULL or empty. */
json_t *words_text_or_null(const char *s);
json_t *words_str_or_null(struct str s);
/** Hex of a digest, or null when it is all zero. */
json_t *words_digest_or_null(const struct sha256 *d);
#endif
