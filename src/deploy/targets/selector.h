/* SPDX-License-Identifier: Apache-2.0
 * Which systems a configuration is for (M-134..M-136): the API's object "targets", and the hosts it
 * means now.
 *
 *   {"systems": [id], "offices": [id], "groups": [id], "ip_ranges": ["10.0.0.0/24"],
 *    "filter": "os = debian", "exclude": {the same but "exclude" and "mode"},
 *    "mode": "frozen" | "dynamic"}
 *
 * Systems, offices, groups and ranges add up; the filter then narrows what they name, and without
 * them it narrows all managed systems; nothing at all means all managed systems. What any member of
 * "exclude" names is left out: there the filter adds up too, so that a doubt never installs.
 * Frozen: the hosts of the moment the deployment is made. Dynamic: see dynamic.c. */
#ifndef DEPLOY_SELECTOR_H
#define DEPLOY_SELECTOR_H
#include "format/json.h"
#include "match/filter.h"

#define SELECTOR_SYSTEMS 20000
#define SELECTOR_OFFICES 1000
#define SELECTOR_GROUPS 100
#define SELECTOR_RANGES 100

struct selector_part {
	const char **systems, **offices, **groups, **ip_ranges;
	size_t n_systems, n_offices, n_groups, n_ip_ranges;
	struct address_range *ranges; /**< of ip_ranges */
	const char *filter;	      /**< "" = none */
	struct filter *parsed;	      /**< NULL = none */
};
struct selector {
	struct selector_part in, out;
	bool dynamic;
};
/** Where and how a selector is wrong: a JSON pointer in it ("/exclude/filter"). */
struct selector_error {
	const char *pointer; /**< in the arena */
	bool in_filter;	     /**< `filter` says where */
	struct filter_error filter;
};
/** All that it holds lives in the arena; `j` may go. ERR_INVALID; `why` may be NULL. */
bool selector_read(const json_t *j, struct arena *a, struct selector *out,
		   struct selector_error *why, struct err *e) MUST_CHECK;
/** What selector_read() takes; members that say nothing are left out. */
json_t *selector_write(const struct selector *s);
/** True when it names no system at all, and so means all. */
bool selector_is_all(const struct selector *s);
/** The active hosts it means now; the caller frees it. A named system that is not managed is
 * ERR_NOT_FOUND, like a group that is not there, when `strict`; else it is passed over (retired
 * meanwhile). An office without systems has none. */
bool selector_hosts(struct filter_run *r, const struct selector *s, bool strict,
		    roaring_bitmap_t **out, struct err *e) MUST_CHECK;
#endif
