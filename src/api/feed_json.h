/* SPDX-License-Identifier: Apache-2.0
 * What the dashboard and the feeds noun share. */
#ifndef API_FEED_JSON_H
#define API_FEED_JSON_H
#include "api/call.h"

/** The FeedSummary object. Not to be called with a match view held. */
bool feed_summary_json(struct call *c, json_t **out, struct err *e) MUST_CHECK;
#endif
