/* SPDX-License-Identifier: Apache-2.0
 * The one form of configuration file, for every program of this house:
 *
 *   # a comment is a whole line
 *   key = value
 *
 * Blanks around key and value do not count; a value may be empty and may contain '#' and '='. An
 * unknown key, a key given twice and a value of the wrong kind are errors that name file and line:
 * a typo never passes for a default. */
#ifndef FORMAT_CONF_H
#define FORMAT_CONF_H
#include "base/arena.h"
#include "base/err.h"

#define CONF_MAX (256u << 10) /**< bytes of a configuration file */

enum conf_type {
	CONF_TEXT, /**< out: const char *; min..max bytes of UTF-8 */
	CONF_INT,  /**< out: int64_t; min..max */
	CONF_BOOL, /**< out: bool; yes/no, true/false, on/off */
};
/** One key a program knows. `out` holds the default and is written only when the whole file is
 * good. */
struct conf_key {
	const char *name; /**< [a-z0-9_.-]+ */
	enum conf_type type;
	void *out;
	int64_t min, max;
};
/** Reads `text`; `what` names it in errors. Strings live in `a`. ERR_INVALID names the line. */
bool conf_parse(struct str text, const char *what, const struct conf_key *keys, size_t n,
		struct arena *a, struct err *e) MUST_CHECK;
/** conf_parse of a file of at most CONF_MAX bytes. ERR_NOT_FOUND when there is none. */
bool conf_load(const char *path, const struct conf_key *keys, size_t n, struct arena *a,
	       struct err *e) MUST_CHECK;
#endif
