/* SPDX-License-Identifier: Apache-2.0
 * The rpm database as rpm itself tells it (rpm(8), --queryformat), with the holds that dnf's or
 * zypper's configuration puts on packages. */
#ifndef AGENT_RPMDB_H
#define AGENT_RPMDB_H
#include "agent/pkgdb.h"
#include "agent/platform.h"

#define RPMDB_MAX (64u << 20) /**< bytes of rpm's answer */

/** Runs rpm. `manager` says whose locks count. Strings live in `a`. */
bool rpmdb_read(const char *sysroot, enum platform_manager manager, struct arena *a,
		struct pkgdb *out, struct err *e) MUST_CHECK;
/** The lines of rpm's answer, as rpmdb.c asks for them (the tests' way in): name, arch, evr, source
 * rpm, modularity label, time of installation, vendor, separated by tabs. */
bool rpmdb_parse(struct str text, struct arena *a, struct pkgdb *out, struct err *e) MUST_CHECK;
/** Marks older versions beside newer ones as stale, unless `beside` (names, a line each) says that
 * this is how they are installed. */
void rpmdb_mark_stale(struct pkgdb *db, struct str beside);
#endif
