/* SPDX-License-Identifier: Apache-2.0
 * A host prepared for looking at it pair by pair: its facts decoded. */
#ifndef MATCH_HOST_VIEW_H
#define MATCH_HOST_VIEW_H
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
/* Whether the package of a fact is on hold on this host. */
bool host_view_held(const struct host_view *h, uint32_t fact);
enum verdict host_view_verdict(const struct host_view *h, const struct catalog *c, uint32_t patch);
#endif
