/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the laboratory's kinds that are documents of notices: "osv", "usn", "csaf",
 * "alpine-secdb", "arch". */
#ifndef FEEDS_LAB_NOTICES_H
#define FEEDS_LAB_NOTICES_H
#include "feeds/feed.h"
#include "feeds/lab/lab.h"

bool lab_notices_knows(const char *kind);
/** As feeds_lab_parse(). */
bool lab_notices_parse(const char *kind, const char *file, lab_line line, void *arg, struct err *e)
	MUST_CHECK;
/** One file as a generation. */
bool lab_notices_sync(const char *kind, const char *file, struct generation_result *out,
		      struct err *e) MUST_CHECK;
#endif
