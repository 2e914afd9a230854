/* SPDX-License-Identifier: Apache-2.0
 * Systems as JSON. Called with a match view held. */
#ifndef API_SYSTEM_JSON_H
#define API_SYSTEM_JSON_H
#include "api/call.h"

/** "debian:12" from what the agent said; "" when it said nothing. From the call's arena. */
struct str system_os(struct call *c, const struct host *h);
json_t *system_json(struct call *c, const struct match_view *v, uint32_t host);
/** Adds the members of a SystemDetail. */
void system_detail_json(const struct host *h, json_t *into);
#endif
