/* SPDX-License-Identifier: Apache-2.0
 * dpkg's own database. dpkg(1), deb822(5). */
#ifndef AGENT_DPKGDB_H
#define AGENT_DPKGDB_H
#include "agent/pkgdb.h"

#define DPKGDB_MAX (64u << 20) /**< bytes of a status file */

/** Reads `<sysroot>/var/lib/dpkg`; strings live in `a`. */
bool dpkgdb_read(const char *sysroot, struct arena *a, struct pkgdb *out, struct err *e) MUST_CHECK;
/** The status text alone (the tests' way in). */
bool dpkgdb_parse(struct str status, struct arena *a, struct pkgdb *out, struct err *e) MUST_CHECK;
#endif
