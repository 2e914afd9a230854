/* SPDX-License-Identifier: Apache-2.0
 * What other nouns say about declined patches, and their end by time. */
#ifndef API_DECLINES_H
#define API_DECLINES_H
#include "api/call.h"
#include "deploy/auto/decline.h"

struct api;
/** Member `decline` of a Patch: an object, or null. Called with a match view held. */
json_t *decline_of_patch_json(struct call *c, const struct match_view *v, uint32_t patch);
/** Ends what has expired, audited. */
bool declines_tick(struct api *api, struct err *e) MUST_CHECK;
#endif
