/* SPDX-License-Identifier: Apache-2.0
 * Systems as a list: filters, sort keys, facets. Called with a match view held. */
#ifndef API_SYSTEM_LIST_H
#define API_SYSTEM_LIST_H
#include "api/list.h"
#include "api/words.h"
#include "match/filter.h"

#define PARAMS_SYSTEM_COMMON                                                                       \
	{ .name = "health", .type = PARAM_WORDS, .word = word_health, .words = HEALTHS_ },         \
		{ .name = "os", .type = PARAM_LIST, .min = 1, .max = 100 },                        \
		{ .name = "lifecycle",                                                             \
		  .type = PARAM_WORDS,                                                             \
		  .word = word_lifecycle,                                                          \
		  .words = LIFECYCLE_STATES_ },                                                    \
		{ .name = "office", .type = PARAM_LIST, .min = 1, .max = 32 },                     \
	{                                                                                          \
		.name = "online", .type = PARAM_BOOL                                               \
	}
#define PARAMS_SYSTEM                                                                              \
	PARAM_Q, PARAMS_SYSTEM_COMMON,                                                             \
		{ .name = "filter", .type = PARAM_TEXT, .min = 1, .max = FILTER_MAX },             \
		{ .name = "scan",                                                                  \
		  .type = PARAM_WORDS,                                                             \
		  .word = word_scan,                                                               \
		  .words = SCAN_FAILED + 1 },                                                      \
		{ .name = "reboot", .type = PARAM_BOOL }, { .name = "stale", .type = PARAM_BOOL }, \
		{ .name = "arch", .type = PARAM_LIST, .min = 1, .max = 40 },                       \
		{ .name = "agent_version", .type = PARAM_LIST, .min = 1, .max = 40 },              \
	{                                                                                          \
		.name = "state", .type = PARAM_WORDS, .word = word_state,                          \
		.words = HOST_QUARANTINED + 1                                                      \
	}

struct system_set;
struct system_filter {
	struct call *c;
	const struct match_view *v;
	int64_t now_ms;
	const char *q;
	uint64_t healths, lifecycles, scans,
		states; /* 0 = all; states: 0 = what the candidates are */
	struct str *oses, *offices, *arches, *versions;
	size_t n_oses, n_offices, n_arches, n_versions;
	int online, reboot, stale; /* -1 = all */
	struct list_input *only;   /* what "filter" describes; NULL = there is none */
	struct system_set *set;	   /* made ready by the first look at a system */
};
void system_filter_read(struct call *c, struct system_filter *f, const struct query *q,
			const struct match_view *v);
/** Then, for routes that take PARAMS_SYSTEM: its "filter" (match/filter.h), which only describes
 * active systems. 400 `invalid_filter`. */
bool system_filter_describe(struct system_filter *f, const struct query *q, const char *pointer,
			    struct err *e) MUST_CHECK;
/** For struct list_kind: bits 0..8 are health, os, scan, office, online, reboot, arch,
 * agent_version, lifecycle. */
uint32_t system_filter_failing(void *filter, uint32_t host);
/** Candidates of a bitmap (NULL = none), in the call's arena. */
struct list_input system_input(struct call *c, const roaring_bitmap_t *hosts);
/** Active systems, or every one when the filter names states. */
struct list_input system_candidates(struct call *c, const struct system_filter *f);
/** Runs the list, ends the view (the filter's), and replies. */
bool system_list_reply(struct call *c, struct system_filter *f, struct list_input in,
		       struct match_view *v, struct err *e) MUST_CHECK;
#endif
