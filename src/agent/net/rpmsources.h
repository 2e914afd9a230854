/* SPDX-License-Identifier: Apache-2.0
 * Facts of a scan from dnf's and zypper's configuration: enabled module streams, repositories whose
 * packages are not checked. Read only. */
#ifndef AGENT_NET_RPMSOURCES_H
#define AGENT_NET_RPMSOURCES_H
#include "agent/platform.h"
#include "base/arena.h"

/** Called for each finding; false ends the walk with its error. */
typedef bool (*rpmsources_pair)(void *arg, struct str first, struct str second, struct err *e);
/** (module, stream) of every enabled stream, (module, "") of every disabled module. */
bool rpmsources_modules(const char *sysroot, rpmsources_pair fn, void *arg, struct err *e)
	MUST_CHECK;
/** The stream of the module "platform", by which dnf chooses what fits the release: "el8"; of
 * dnf.conf, else of os-release. Empty when neither says. */
bool rpmsources_platform(const char *sysroot, struct arena *a, struct str *out, struct err *e)
	MUST_CHECK;
/** ("rpm", repository id) of every enabled repository whose packages are not checked. */
bool rpmsources_unsigned(const char *sysroot, enum platform_manager manager, rpmsources_pair fn,
			 void *arg, struct err *e) MUST_CHECK;
#endif
