/* SPDX-License-Identifier: Apache-2.0
 * The rpm database as rpm itself tells it (rpm(8), --queryformat), with the holds that dnf's or
 * zypper's configuration puts on packages. */
#ifndef AGENT_RPMDB_H
#define AGENT_RPMDB_H
#include "agent/pkgdb.h"
#include "agent/platform.h"
#include "base/buf.h"

#define RPMDB_MAX (64u << 20) /**< bytes of rpm's answer */

/** Runs rpm. `manager` says whose locks count. Strings live in `a`. */
bool rpmdb_read(const char *sysroot, enum platform_manager manager, struct arena *a,
		struct pkgdb *out, struct err *e) MUST_CHECK;
/** rpm's answer alone: a line a package, which begins with the time of installation and a tab and
 * goes on as INVENTORY_RPM_FORMAT has it. */
bool rpmdb_query(const char *sysroot, struct buf *out, struct err *e) MUST_CHECK;
/** Cuts the time off such a line (0 = none). False when the line is not of this form. */
bool rpmdb_cut_time(struct str *line, int64_t *installed_s_out) MUST_CHECK;
bool rpmdb_parse(struct str text, struct arena *a, struct pkgdb *out, struct err *e) MUST_CHECK;
/** Marks what is listed several times at one version (all but the last) as twins, and older
 * versions beside newer ones as stale, unless `beside` (names, a line each) says that this is how
 * they are installed. */
void rpmdb_mark_stale(struct pkgdb *db, struct str beside);
#endif
