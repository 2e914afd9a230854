/* SPDX-License-Identifier: Apache-2.0
 * What an old scan no longer says (S-07): a patch that was installed then is not known to be so
 * now, while what was missing stays missing (match_verdict_now()). Lists, numbers and the dashboard
 * ask here, so that they agree. Called with a match view held. */
#ifndef API_UNKNOWN_H
#define API_UNKNOWN_H
#include "api/call.h"

/** Active hosts that were never scanned, or not lately; kept until the call ends. */
const roaring_bitmap_t *unknown_hosts(struct call *c, const struct match_view *v);
void unknown_done(struct call *c);
/** Systems where the patch was installed at a scan that is old. */
uint32_t unknown_of_patch(struct call *c, const struct match_view *v, uint32_t patch);
/** Whether every system where it was installed is one of those, or there is none. */
bool unknown_nowhere_else(struct call *c, const struct match_view *v, uint32_t patch);
#endif
