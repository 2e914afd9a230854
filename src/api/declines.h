/* SPDX-License-Identifier: Apache-2.0
 * What other nouns say about declined patches, and their end by time. */
#ifndef API_DECLINES_H
#define API_DECLINES_H
#include "api/call.h"
#include "deploy/auto/decline.h"

struct api;
/** Members `decline` (on all systems: an object, or null), `group_declines` (an array) and
 * `declined_systems` of a Patch. Called with a match view held. */
void decline_patch_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into);
/** What declines a patch on one system; empty when it is not declined there. */
json_t *declines_of_pair_json(struct call *c, const struct match_view *v, uint32_t patch,
			      uint32_t host);
/** Ends what has expired, audited. */
bool declines_tick(struct api *api, struct err *e) MUST_CHECK;
#endif
