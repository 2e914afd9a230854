/* SPDX-License-Identifier: Apache-2.0
 * Options that say which systems a deployment is for: the API's object "targets" on the command
 * line. */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H
#include "cli/args.h"
#include "cli/remote.h"

#define TARGETS_MANY 100
struct target_list {
	const char *p[TARGETS_MANY];
	size_t n;
};
struct target_options {
	struct target_list offices, groups, ranges;
	struct target_list out_systems, out_offices, out_groups, out_ranges;
	const char *filter, *out_filter;
	bool dynamic;
};
#define TARGET_LIST(name_, list_)                                                                  \
	{                                                                                          \
		.name = (name_), .list = (list_).p, .n_list = &(list_).n, .max_list = TARGETS_MANY \
	}
/** For an array of struct arg_option; `o` is a struct target_options that outlives the parsing. */
#define TARGET_OPTIONS(o)                                                                          \
	TARGET_LIST("--office", (o).offices), TARGET_LIST("--group", (o).groups),                  \
		TARGET_LIST("--range", (o).ranges), TARGET_LIST("--not-system", (o).out_systems),  \
		TARGET_LIST("--not-office", (o).out_offices),                                      \
		TARGET_LIST("--not-group", (o).out_groups),                                        \
		TARGET_LIST("--not-range", (o).out_ranges),                                        \
		{ .name = "--filter", .value = &(o).filter },                                      \
		{ .name = "--not-filter", .value = &(o).out_filter },                              \
	{                                                                                          \
		.name = "--dynamic", .flag = &(o).dynamic                                          \
	}
#define TARGETS_USAGE                                                                                          \
	"TARGETS: [--office OFFICE]... [--group GROUP]... [--range 10.0.0.0/24]... [--filter FILTER]\n"        \
	"  and, to leave out, the same with --not- in front, and --not-system. Systems, offices, groups and\n" \
	"  ranges add up; the filter narrows them. --dynamic: systems that come to match later are targets, too.\n"

/** Whether any of them was given. */
bool targets_given(const struct target_options *o);
/** Fills `out`; groups and systems may be named. */
bool targets_read(struct remote *r, const struct target_options *o, const char *const *systems,
		  size_t n_systems, json_t *out, struct err *e) MUST_CHECK;
#endif
