/* SPDX-License-Identifier: Apache-2.0
 * Which package manager this machine lives by, found in what is there: os-release's words and the
 * programs. Everything that differs between the managers is asked for through here or backend.h. */
#ifndef AGENT_PLATFORM_H
#define AGENT_PLATFORM_H
#include "agent/pkgdb.h"

enum platform_manager { PLATFORM_APT, PLATFORM_DNF, PLATFORM_ZYPPER, PLATFORMS_ };

/** ERR_NOT_FOUND when none of them is there. */
bool platform_detect(const char *sysroot, enum platform_manager *out, struct err *e) MUST_CHECK;
/** Whether the agent can install with the manager that was found here. A system whose manager it
 *  does not understand is scanned all the same; ERR_DENIED names cause and remedy. */
bool platform_can_install(const char *sysroot, enum platform_manager manager, struct err *e)
	MUST_CHECK;
/** Reads the package database of the system's manager. */
bool platform_packages(const char *sysroot, struct arena *a, struct pkgdb *out, struct err *e)
	MUST_CHECK;
/** A value of os-release(5) without its quotes, "" when it has none; strings live in `a`. */
bool platform_os_value(const char *sysroot, const char *key, struct arena *a, struct str *out,
		       struct err *e) MUST_CHECK;
/** The same from the text itself. */
struct str platform_os_parse(struct str text, const char *key);
#endif
