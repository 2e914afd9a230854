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
 * configuration files with their MD5, of rpm all files, with the flags of each before its path. */
#define DETAILS_DPKG_FORMAT                                                                        \
	"${Package}\\t${Architecture}\\t${Version}\\t${Installed-Size}\\n${Conffiles}\\n"
#define DETAILS_RPM_LINE                                                                           \
	"%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{LONGSIZE}\\n"
#define DETAILS_RPM_FORMAT DETAILS_RPM_LINE "[ %{FILEFLAGS:fflags} %{FILENAMES}\\n]"

struct details_file {
	struct str path, md5; /**< md5: of dpkg's configuration files, as they came */
	size_t step;
	bool config, noreplace; /**< rpm: %config, %config(noreplace) */
	bool changed;		/**< here, since it was installed */
};
struct details {
	enum pkgdb_kind kind;
	const struct backend_transaction *t;
	struct details_size {
		int64_t was, will, download; /**< bytes, -1 = not told */
	} * sizes;			     /**< a step each */
	VEC(struct details_file) files;	     /**< of packages that are there now */
	bool sorted;
	bool files_told, config_told; /**< the list is whole */
	struct arena a;
};
void details_begin(struct details *d, enum pkgdb_kind kind, const struct backend_transaction *t);
void details_done(struct details *d);
AUTO_DEFINE_VALUE(struct details, details_done)

/** Output of `apt-cache show`: sizes of what comes. */
bool details_available(struct details *d, struct str text, struct err *e) MUST_CHECK;
/** Output in DETAILS_DPKG_FORMAT or DETAILS_RPM_FORMAT: sizes and files of what is there. */
void details_installed(struct details *d, struct str text);
/** One line of DETAILS_RPM_LINE, of a package file of `download` bytes. */
void details_package(struct details *d, struct str line, int64_t download);
/** dpkg's list of a package's files (of step `step`). */
void details_list(struct details *d, size_t step, struct str text);
/** Output of md5sum of dpkg's configuration files. */
void details_md5(struct details *d, struct str text);
/** Output of rpm -V. */
void details_verified(struct details *d, struct str text);
/** Which step's package has the file, which some process has in use; SIZE_MAX = none. */
size_t details_owner(struct details *d, struct str path);

/** Sum of what comes; -1 = not known. */
int64_t details_download(const struct details *d);
/** By how much the disk fills; false = not known. */
bool details_disk(const struct details *d, int64_t *out);
/** The packages as they will be. */
void details_after(const struct details *d, const struct pkgdb *now, struct arena *a,
		   struct pkgdb *out);
/** As proto/plan.h has it. `users`: processes that use files of these packages, NULL = not known;
 * `kernel`: the verdict over details_after, NULL = not known; free_bytes -1 = not known. */
json_t *details_json(struct details *d, const struct restart_list *users,
		     const struct kernels_verdict *kernel, int64_t free_bytes);
#endif
