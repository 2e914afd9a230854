/* SPDX-License-Identifier: Apache-2.0
 * Arch Linux: groups of vulnerabilities (https://security.archlinux.org/json). Read for people: no
 * inventory knows pacman's packages, so nothing is matched. */
#ifndef FEEDS_ARCH_H
#define FEEDS_ARCH_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "feeds/read/json_input.h"

struct avg {
	struct str id, status, severity, type, affected, fixed; /**< "AVG-1", "Fixed" ... */
	struct str packages, cves, advisories;			/**< blank separated */
};
typedef bool (*avg_fn)(void *arg, const struct avg *g, struct err *e);
/** As osv_read(). */
bool avg_read(struct json_input in, const char *name, avg_fn fn, void *arg, struct err *e)
	MUST_CHECK;
#endif
