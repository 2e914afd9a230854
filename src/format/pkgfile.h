/* SPDX-License-Identifier: Apache-2.0
 * What is inside a package file, read within bounds and without unpacking anything to disk: the
 * changelog of a .deb or .rpm, both as one form of text, deb-changelog(5); a .deb's control members
 * and files. */
#ifndef FORMAT_PKGFILE_H
#define FORMAT_PKGFILE_H
#include "base/buf.h"
#include "format/tar.h"

/** Bytes of changelog that are looked at: the newest entries stand first. */
#define PKGFILE_CHANGELOG_MAX (1u << 20)
/** Bytes a package may have unpacked before the changelog is found. */
#define PKGFILE_MAX_PLAIN (UINT64_C(2) << 30)

/** usr/share/doc/<package>/changelog.Debian.gz (or, for native packages, changelog.gz) of a .deb:
 * at most out->max bytes of its beginning. ERR_NOT_FOUND: the package has none (its documentation
 * may be a link to another package's). ERR_CORRUPT, ERR_LIMIT. `fd` is read by pread. */
bool debfile_changelog(int fd, struct str package, struct buf *out, struct err *e) MUST_CHECK;
/** Members of a .deb's control.tar by name ("control", "conffiles"): the i-th of `names` into
 * out[i], which stays empty when the package has none. ERR_LIMIT: one is larger than its buffer
 * takes. ERR_CORRUPT. `fd` is read by pread. */
#define DEBFILE_CONTROL_MAX (16u << 20) /**< bytes of an unpacked control.tar */
bool debfile_control(int fd, const char *const *names, size_t n, struct buf *out, struct err *e)
	MUST_CHECK;
/** The regular files of a .deb's data.tar, in their order, each to `fn`: its path ("/etc/x"), its
 * size, and its content in `tar` (tar_read), as far as it wants that. *more_out = false ends the
 * reading early. ERR_CORRUPT, ERR_LIMIT (PKGFILE_MAX_PLAIN), or fn's error. */
typedef bool (*debfile_file_fn)(void *arg, struct str path, uint64_t size, struct tar *tar,
				bool *more_out, struct err *e);
bool debfile_files(int fd, debfile_file_fn fn, void *arg, struct err *e) MUST_CHECK;
/** The changelog tags of an .rpm's header, as text; an entry's version is what follows " - " in its
 * author line. ERR_NOT_FOUND: it has none. */
bool rpmfile_changelog(int fd, struct buf *out, struct err *e) MUST_CHECK;
#endif
