/* SPDX-License-Identifier: Apache-2.0
 * What follows from a transaction on this system (proto/plan.h, plan_details_check), out of what
 * the package managers' own tools print. Runs nothing and reads nothing: recorded output tests it.
 * Invariant: what was not told stays absent; a sum is told only when every part of it is known. */
#ifndef AGENT_BACKENDS_DETAILS_H
#define AGENT_BACKENDS_DETAILS_H
#include "agent/backends/backend.h"
#include "agent/kernels.h"
#include "agent/restart.h"
#include "base/vec.h"
#include "format/json.h"

/** Format for dpkg-query -W -f and for rpm -q --qf: a line "name arch version size" separated by
 * tabs for each package, then a line for each of its files that begins with a blank: of dpkg its
 * configuration files with their MD5, of rpm all files: flags, digest, size, permissions and path,
 * separated by tabs. */
#define DETAILS_DPKG_FORMAT                                                                        \
	"${Package}\\t${Architecture}\\t${Version}\\t${Installed-Size}\\n${Conffiles}\\n"
#define DETAILS_RPM_FORMAT                                                                         \
	"%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{LONGSIZE}\\n"           \
	"[ %{FILEFLAGS:fflags}\\t%{FILEDIGESTS}\\t%{LONGFILESIZES}\\t%{FILEMODES:perms}\\t%{"      \
	"FILENAMES}\\n]"

struct details_file {
	struct str path, digest; /**< hex, as it came; empty = not told */
	size_t step;
	int64_t size;		/**< bytes; rpm tells it */
	bool config, noreplace; /**< rpm: %config, %config(noreplace) */
	bool regular;		/**< rpm: no link, no directory */
	bool ghost;		/**< rpm: not brought, only owned */
	bool obsolete, goes;	/**< dpkg: of an earlier version; remove-on-upgrade */
};
struct details {
	enum pkgdb_kind kind;
	const struct backend_transaction *t;
	struct details_size {
		int64_t was, will, download; /**< bytes, -1 = not told */
	} * sizes;			     /**< a step each */
	/** Of packages that are there now, and of those that come: of dpkg the latter's
	 * configuration files only. */
	VEC(struct details_file) files, anew;
	bool unread; /**< a package that comes could not be read */
	bool sorted;
	bool files_told; /**< the list of those that are there is whole */
	struct arena a;
};
void details_begin(struct details *d, enum pkgdb_kind kind, const struct backend_transaction *t);
void details_done(struct details *d);
AUTO_DEFINE_VALUE(struct details, details_done)

/** Output of `apt-cache show`: sizes of what comes. */
bool details_available(struct details *d, struct str text, struct err *e) MUST_CHECK;
/** Output in DETAILS_DPKG_FORMAT or DETAILS_RPM_FORMAT: sizes and files of what is there. */
void details_installed(struct details *d, struct str text);
/** Output in DETAILS_RPM_FORMAT of `n` package files in their order, which have so many bytes each:
 * sizes and files of what comes. */
void details_coming(struct details *d, struct str text, const int64_t *bytes, size_t n);
/** The step by which this package comes; SIZE_MAX = none. */
size_t details_step(const struct details *d, struct str name, struct str arch, struct str version);
/** A .deb's list of configuration files (deb-conffiles(5)), of step `step`. */
void details_conffiles(struct details *d, size_t step, struct str text);
/** dpkg's list of a package's files (of step `step`). */
void details_list(struct details *d, size_t step, struct str text);
/** Tells the digest of a file of `anew`, which was read later. */
void details_set_digest(struct details *d, const struct details_file *f, struct str hex);
/** Which step's package has the file, which some process has in use; SIZE_MAX = none. */
size_t details_owner(struct details *d, struct str path);

/** Sum of what comes; -1 = not known. */
int64_t details_download(const struct details *d);
/** By how much the disk fills; false = not known. */
bool details_disk(const struct details *d, int64_t *out);
/** The packages as they will be. */
void details_after(const struct details *d, const struct pkgdb *now, struct arena *a,
		   struct pkgdb *out);
/** As proto/plan.h has it, without its configuration files. `users`: processes that use files of
 * these packages, NULL = not known; `kernel`: the verdict over details_after, NULL = not known;
 * free_bytes -1 = not known. */
json_t *details_json(struct details *d, const struct restart_list *users,
		     const struct kernels_verdict *kernel, int64_t free_bytes);
#endif
