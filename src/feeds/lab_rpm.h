/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the laboratory's kinds of RPM repositories. */
#ifndef FEEDS_LAB_RPM_H
#define FEEDS_LAB_RPM_H
#include "feeds/lab.h"

/** Kinds "updateinfo", "rpm-primary", "modules", "repomd" as JSON lines. */
bool lab_rpm_parse(const char *kind, const char *file, lab_line line, void *arg, struct err *e)
	MUST_CHECK;
bool lab_rpm_knows(const char *kind);
#endif
