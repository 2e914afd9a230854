/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the laboratory's kinds of RPM repositories. */
#ifndef FEEDS_LAB_RPM_H
#define FEEDS_LAB_RPM_H
#include "feeds/feed.h"
#include "feeds/lab/lab.h"

/** Kinds "updateinfo", "rpm-primary", "modules", "repomd" as JSON lines. */
bool lab_rpm_knows(const char *kind);
bool lab_rpm_parse(const char *kind, const char *file, lab_line line, void *arg, struct err *e)
	MUST_CHECK;

/** Files given for one kind, and which of them it is about. */
struct lab_files {
	const char *const *files;
	size_t n, at;
	const struct lab_options *opt;
};
/** Kinds "updateinfo", "rpm-repo", "rpm-hotfix-repo" as generations; opt->os is needed. Among the
 * files of "updateinfo" those named "...modules..." are modules.yaml for the others and offer
 * nothing themselves. */
bool lab_rpm_makes(const char *kind);
bool lab_rpm_sync(const char *kind, const struct lab_files *l, struct generation_result *out,
		  struct err *e) MUST_CHECK;
#endif
