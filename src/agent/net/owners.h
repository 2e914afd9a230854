/* SPDX-License-Identifier: Apache-2.0
 * Which installed package brings the file that took a replaced file's place? A library that was
 * replaced may have had a file name that is not there any more ("libgnutls.so.30.34.1"): what is
 * looked for is the name its users link to ("libgnutls.so.30"), which every build of it brings. */
#ifndef AGENT_NET_OWNERS_H
#define AGENT_NET_OWNERS_H
#include "agent/platform.h"

#define OWNERS_MAX 64 /**< paths of one question */

/** The name of the package for each path, "" when no package brings it; strings live in `a`. */
bool owners_find(const char *sysroot, enum platform_manager manager, const struct str *paths,
		 size_t n, struct arena *a, struct str *owners_out, struct err *e) MUST_CHECK;
/** "/usr/lib/x/libgnutls.so.30.34.1" gives "/usr/lib/x/libgnutls.so.30"; others stay. */
struct str owners_linked_name(struct str path);
#endif
