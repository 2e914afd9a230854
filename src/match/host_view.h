/* SPDX-License-Identifier: Apache-2.0
 * A host prepared for looking at it pair by pair: its facts decoded. */
#ifndef MATCH_HOST_VIEW_H
#define MATCH_HOST_VIEW_H
#include "match/bitmaps.h"
#include "match/match_int.h"

struct host_view {
	const struct host *host; /* NULL = no such host */
	uint32_t *facts;
	struct rule_host rule_host;
};
/* False when the host is unknown (not active, or never scanned); `out` is valid all the same. */
bool host_view_init(const struct match_view *v, uint32_t host, struct host_view *out);
void host_view_done(struct host_view *h);
AUTO_DEFINE_VALUE(struct host_view, host_view_done)
/* Why the outdated package of a fact is not simply missing on this host, as the set it puts the
 * patch into; *why_out is the fact that says so, or INTERN_NONE. */
enum set host_view_hindrance(const struct host_view *h, const struct catalog *catalog,
			     const struct component *c, uint32_t fact, uint32_t *why_out);
enum verdict host_view_verdict(const struct host_view *h, const struct catalog *c, uint32_t patch);
#endif
