/* SPDX-License-Identifier: Apache-2.0
 * The offline laboratory: vendor files given on the command line, as generations (for
 * `tsukuroi match --feed KIND=FILE`) and as records for people (`tsukuroi feed parse`). */
#ifndef FEEDS_LAB_H
#define FEEDS_LAB_H
#include "base/buf.h"
#include "catalog/catalog.h"

/** Kinds: name and what it reads; the last has name NULL. */
struct lab_kind {
	const char *name;
	const char *what;
	bool generation; /**< may be given to feeds_lab_generation */
};
extern const struct lab_kind lab_kinds[];

/** All members may be zero. */
struct lab_options {
	/** Keyrings, NULL-terminated. For a directory (verified always) NULL means the default
	 * keyring; for "debian-release" NULL means: do not verify. */
	const char *const *keyrings;
	const char *suite; /**< codename of a lone Packages file that has no Release near it */
	const char *os;	   /**< "almalinux:9": whose packages a list of RPM packages speaks of */
	int64_t now_ms;	   /**< 0 = do not check Valid-Until (stored samples are old) */
};

/** Generations of kind "debian" (Packages files, plain or compressed, or suite directories that
 * hold InRelease), "debian-dsa", "debian-tracker", "updateinfo", "rpm-repo" (directories that hold
 * repodata/), ...: one per file or directory. *out is an array for
 *  feeds_lab_generations_free(); strings and records belong to it. ERR_INVALID names an unknown
 * kind. */
bool feeds_lab_generation(const char *kind, const char *const *files, size_t n,
			  const struct lab_options *opt, struct generation **out, size_t *n_out,
			  struct err *e) MUST_CHECK;
void feeds_lab_generations_free(struct generation *g, size_t n);

/** One file as JSON, one object a line, through `line` (text without LF). ERR_UNTRUSTED on a bad
 *  signature. */
typedef bool (*lab_line)(void *arg, struct str json, struct err *e);
bool feeds_lab_parse(const char *kind, const char *file, const struct lab_options *opt,
		     lab_line line, void *arg, struct err *e) MUST_CHECK;
#endif
