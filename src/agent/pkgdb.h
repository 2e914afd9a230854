/* SPDX-License-Identifier: Apache-2.0
 * What a package manager's own database says, read only: which package is there in which version
 * and state. This, and never an exit status, is what an agent calls installed. The readers are
 * dpkgdb.c and rpmdb.c; everything above them sees only this. */
#ifndef AGENT_PKGDB_H
#define AGENT_PKGDB_H
#include "base/arena.h"
#include "base/err.h"

enum pkgdb_kind { PKGDB_DEB, PKGDB_RPM };
enum pkgdb_state {
	PKGDB_ABSENT, /**< not installed, or only configuration files left */
	PKGDB_INSTALLED,
	PKGDB_UNPACKED,	      /**< unpacked or half-configured: dpkg --configure heals it */
	PKGDB_TRIGGERS,	      /**< triggers awaited or pending */
	PKGDB_HALF_INSTALLED, /**< needs the same package again */
	PKGDB_STALE,	      /**< rpm: a newer one stands beside it that should have replaced it */
	PKGDB_TWIN,	      /**< rpm: listed once more below: doing it again was cut short */
};
struct pkgdb_package {
	struct str name, arch, version; /**< rpm: [epoch:]version-release, no epoch 0 */
	enum pkgdb_state state;
	bool hold;
	bool reinstall;	     /**< dpkg says it must be installed again */
	int64_t installed_s; /**< rpm: when, as its database says; 0 = it does not */
};
struct pkgdb {
	enum pkgdb_kind kind;
	struct pkgdb_package *packages; /**< by name, arch, version */
	size_t n;
	bool interrupted;  /**< dpkg left unmerged updates behind: it was killed, or is running */
	struct str native; /**< this system's architecture, "" when it cannot be told */
};
/** Puts the packages in order; readers end with it. */
void pkgdb_sort(struct pkgdb *db);
/** Package `name` of architecture `arch`, the newest when several stand beside each other
 * (kernels); NULL when it is not there. */
const struct pkgdb_package *pkgdb_find(const struct pkgdb *db, struct str name, struct str arch);
/** The same at exactly this version; NULL when it is not there. */
const struct pkgdb_package *pkgdb_find_version(const struct pkgdb *db, struct str name,
					       struct str arch, struct str version);
/** Some package is in a state that has to be healed first, or updates are unmerged. */
bool pkgdb_broken(const struct pkgdb *db);
/** -1, 0, 1 by the order of this kind of package. */
int pkgdb_compare(enum pkgdb_kind kind, struct str a, struct str b);
#endif
