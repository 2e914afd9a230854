/* SPDX-License-Identifier: Apache-2.0
 * What the administrator has told dnf or zypper on this machine: locks, excludes, what stands
 * beside its older versions, whose index must be signed. */
#ifndef AGENT_RPMCONF_H
#define AGENT_RPMCONF_H
#include "agent/pkgdb.h"
#include "agent/platform.h"

/** Sets `hold` of installed packages that a versionlock, an exclude line (dnf.conf(5)) or a lock of
 *  zypper keeps where they are. */
bool rpmconf_holds(const char *sysroot, enum platform_manager manager, struct pkgdb *db,
		   struct err *e) MUST_CHECK;

/** What the machine's manager installs beside its older versions, as words for rpm's
 * --whatprovides: of dnf its own list and dnf.conf's installonlypkgs, of zypper only what
 * zypp.conf's multiversion and multiversion.d name (SUSE ships "provides:multiversion(kernel)").
 * NULL ends it. */
bool rpmconf_beside(const char *sysroot, enum platform_manager manager, struct arena *a,
		    const char *const **words_out, struct err *e) MUST_CHECK;

/** The next "key = value" of an ini file with its section; lines that continue a value (they begin
 *  with a blank) come with the key before them. Begin with a zeroed line. */
struct rpmconf_line {
	struct str section, key, value;
};
bool rpmconf_line(struct str *rest, struct rpmconf_line *l);

/** One of dnf's and zypper's words for yes. */
bool rpmconf_is_true(struct str v);
/** Calls `fn` with the text of each file of `dir` whose name ends in `suffix`; false ends it. A
 * missing directory says nothing. */
bool rpmconf_each_file(const char *sysroot, const char *dir, const char *suffix,
		       bool (*fn)(void *arg, struct str text, struct err *e), void *arg,
		       struct err *e) MUST_CHECK;

/** Does this machine's configuration want the index of a source signed (repo_gpgcheck,
 * dnf.conf(5))? `source` is an order's archive id: its end is the name of the repository here
 * ("baseos" of "rpm-almalinux-9-baseos"), and an enabled one of that name decides; else the main
 * section does.
 */
bool rpmconf_wants_signed_index(const char *sysroot, enum platform_manager manager,
				struct str source, bool *wants_out, struct err *e) MUST_CHECK;

/* The texts alone, for tests and fuzzing. */
void rpmconf_versionlock(struct str text, struct pkgdb *db);
void rpmconf_zypp_locks(struct str text, struct pkgdb *db);
void rpmconf_excludes(struct str text, struct pkgdb *db);
#endif
