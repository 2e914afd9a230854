/* SPDX-License-Identifier: Apache-2.0
 * The changelog inside a package file, .deb or .rpm, read within bounds and without unpacking
 * anything to disk. Both give one form of text, deb-changelog(5). */
#ifndef FORMAT_PKGFILE_H
#define FORMAT_PKGFILE_H
#include "base/buf.h"

/** Bytes of changelog that are looked at: the newest entries stand first. */
#define PKGFILE_CHANGELOG_MAX (1u << 20)
/** Bytes a package may have unpacked before the changelog is found. */
#define PKGFILE_MAX_PLAIN (UINT64_C(2) << 30)

/** usr/share/doc/<package>/changelog.Debian.gz (or, for native packages, changelog.gz) of a .deb:
 * at most out->max bytes of its beginning. ERR_NOT_FOUND: the package has none (its documentation
 * may be a link to another package's). ERR_CORRUPT, ERR_LIMIT. `fd` is read by pread. */
bool debfile_changelog(int fd, struct str package, struct buf *out, struct err *e) MUST_CHECK;
/** The changelog tags of an .rpm's header, as text; an entry's version is what follows " - " in its
 * author line. ERR_NOT_FOUND: it has none. */
bool rpmfile_changelog(int fd, struct buf *out, struct err *e) MUST_CHECK;
#endif
