/* SPDX-License-Identifier: Apache-2.0
 * dpkg's own database, read only: which package is there in which version and state. This, and
 * never an exit status, is what an agent calls installed. dpkg(1), deb822(5). */
#ifndef AGENT_DPKGDB_H
#define AGENT_DPKGDB_H
#include "base/arena.h"
#include "base/err.h"

#define DPKGDB_MAX (64u << 20) /**< bytes of a status file */

enum dpkgdb_state {
	DPKGDB_ABSENT, /**< not installed, or only configuration files left */
	DPKGDB_INSTALLED,
	DPKGDB_UNPACKED,      /**< unpacked or half-configured: dpkg --configure heals it */
	DPKGDB_TRIGGERS,      /**< triggers awaited or pending */
	DPKGDB_HALF_INSTALLED /**< needs the same package again */
};
struct dpkgdb_package {
	struct str name, arch, version;
	enum dpkgdb_state state;
	bool hold;
	bool reinstall; /**< dpkg says it must be installed again */
};
struct dpkgdb {
	struct dpkgdb_package *packages; /**< by name, then arch */
	size_t n;
	bool interrupted; /**< dpkg left unmerged updates behind: it was killed, or is running */
};
/** Reads `<sysroot>/var/lib/dpkg`; strings live in `a`. */
bool dpkgdb_read(const char *sysroot, struct arena *a, struct dpkgdb *out, struct err *e)
	MUST_CHECK;
/** The status text alone (the tests' way in). */
bool dpkgdb_parse(struct str status, struct arena *a, struct dpkgdb *out, struct err *e) MUST_CHECK;
/** Package `name` of architecture `arch`; NULL when it is not there. */
const struct dpkgdb_package *dpkgdb_find(const struct dpkgdb *db, struct str name, struct str arch);
/** Some package is in a state that dpkg --configure -a has to heal, or updates are unmerged. */
bool dpkgdb_broken(const struct dpkgdb *db);
/** The machine's own architecture: that of the package dpkg. Empty when it is not there. */
struct str dpkgdb_native(const struct dpkgdb *db);
#endif
