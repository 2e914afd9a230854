/* SPDX-License-Identifier: Apache-2.0
 * A notice whose fix only a subscription gives: a patch of its own, since the public archive never
 * offers it. Recognised by the source package's version; nothing to install from here. */
#ifndef FEEDS_NOTICE_PATCH_H
#define FEEDS_NOTICE_PATCH_H
#include "catalog/sink.h"

/** `service`: the vendor's service, not "". The patch is "<os>:<notice>:<service>"; notices about
 * several sources extend it, when they come one after the other. */
bool notice_patch(struct sink *sink, const struct advisory *a, const char *service, struct err *e)
	MUST_CHECK;
#endif
