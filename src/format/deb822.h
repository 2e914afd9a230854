/* SPDX-License-Identifier: Apache-2.0
 * Streaming reader of deb822 stanzas: Packages, Sources, Release, dpkg status, .sources files
 * (deb822(5), Debian policy 5.1). Bytes are fed in chunks of any size; each complete stanza is
 * handed to a callback as borrowed views, without any allocation per field.
 *
 * A stanza ends at an empty line or at the end. A line that starts with a blank continues the field
 * before it (a line of blanks only, too: apt and dpkg read it so). A line that starts with '#' is a
 * comment. Field names compare without case. A field given twice in a stanza is ERR_CORRUPT. */
#ifndef FORMAT_DEB822_H
#define FORMAT_DEB822_H
#include "base/err.h"
#include "base/str.h"

#define DEB822_MAX_STANZA (4u << 20) /**< bytes */
#define DEB822_MAX_FIELDS 500u	     /**< in one stanza */
#define DEB822_MAX_NAME 100u	     /**< bytes of a field name */
#define DEB822_MAX_WANTED 64u

struct deb822_field {
	struct str name;
	/** Without blanks at both ends. Continuation lines are in it as they stand: an LF, then the
	 *  line with its leading blank (see deb822_line). Raw bytes: not checked to be UTF-8. */
	struct str value;
};
/** A stanza; valid during the callback only. */
struct deb822_stanza {
	/** Without wanted names: all fields in their order. With wanted names: fields[i] is the
	 * i-th wanted one; its value.p is NULL when the stanza lacks it. */
	const struct deb822_field *fields;
	size_t n;
	uint64_t line; /**< line number of its first line, from 1 */
};
/** False with `e` filled in ends the reading. */
typedef bool (*deb822_fn)(void *arg, const struct deb822_stanza *s, struct err *e);

struct deb822;
/** `wanted`: NULL-terminated names (at most DEB822_MAX_WANTED, static for the reader's life), or
 * NULL for all fields. With wanted names other lines are skipped at little more than memchr's cost;
 * of them only "there is a colon" is checked. */
struct deb822 *deb822_new(const char *const *wanted, deb822_fn fn, void *arg);
void deb822_free(struct deb822 *d);
AUTO_DEFINE(struct deb822, deb822_free)
/** The next bytes. ERR_CORRUPT names the line; ERR_LIMIT; or the callback's error. After a failure
 *  the reader must not be fed again. */
bool deb822_feed(struct deb822 *d, struct str bytes, struct err *e) MUST_CHECK;
/** The end of the input: hands out the last stanza. */
bool deb822_end(struct deb822 *d, struct err *e) MUST_CHECK;
/** deb822_feed and deb822_end of a whole text. */
bool deb822_text(struct str text, const char *const *wanted, deb822_fn fn, void *arg, struct err *e)
	MUST_CHECK;

/** Next line of a multi-line value, trimmed; false at the end. An empty part after the field's
 * colon
 *  ("Checksums-Sha256:") is no line. */
bool deb822_line(struct str *rest, struct str *line_out);
/** Next word of a value, at blanks and line ends; false at the end. */
bool deb822_word(struct str *rest, struct str *word_out);
#endif
