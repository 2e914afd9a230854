/* SPDX-License-Identifier: Apache-2.0
 * What a package file tells of itself, read where it can do no harm: a vendor's payload is unpacked
 * by a process of the role `parse`, never by the one that asks. */
#ifndef FEEDS_PACKAGE_H
#define FEEDS_PACKAGE_H
#include "catalog/patch.h"

/** Packages that are read at the same time; one more is ERR_UNAVAILABLE. */
#define PACKAGE_AT_ONCE 4
#define PACKAGE_MEMORY ((int64_t)1 << 30) /**< address space of such a process */
#define PACKAGE_CPU_S 60

/** The changelog of a package file as text (deb-changelog(5)), at most out->max bytes of it, which
 * are PKGFILE_CHANGELOG_MAX at most. `fd` stays open and is read by pread. Any thread.
 * ERR_NOT_FOUND: it has none. ERR_CORRUPT: it is no package, or reading it ended the process.
 * ERR_LIMIT, ERR_IO, ERR_UNAVAILABLE. */
bool package_changelog(enum component_kind kind, struct str package, int fd, struct buf *out,
		       struct err *e) MUST_CHECK;
/** The same in this process: the parser's end, and what is fuzzed. */
bool package_read_changelog(enum component_kind kind, struct str package, int fd, struct buf *out,
			    struct err *e) MUST_CHECK;
#endif
