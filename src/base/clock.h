/* SPDX-License-Identifier: Apache-2.0
 * Time as a parameter. Wall-clock times are int64_t milliseconds since 1970 UTC, named *_ms;
 * durations are *_s or *_ms. Timers use the monotonic clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
#include "base/str.h"

/** What tests replace: `now_ms(arg)` gives wall-clock milliseconds. */
struct clock {
	int64_t (*now_ms)(void *arg);
	void *arg;
};
extern const struct clock clock_system;
static inline int64_t clock_now_ms(const struct clock *c)
{
	return c->now_ms(c->arg);
}
/** The machine's wall clock, for programs' edges. */
int64_t clock_wall_ms(void);
/** Never goes back; for time-outs and timers. */
int64_t clock_mono_ms(void);

#define CLOCK_RFC3339_LEN 32
/** "2026-11-22T08:41:00Z" (with .mmm when not whole seconds). Times outside the years 0 to 9999 are
 *  given as the nearest in them. Returns `out`. */
const char *clock_rfc3339(int64_t t_ms, char out[static CLOCK_RFC3339_LEN]);
/** RFC 3339 with Z or a numeric offset; false on anything else. */
bool clock_parse_rfc3339(struct str s, int64_t *t_ms_out) MUST_CHECK;
/** RFC 5322 / RFC 7231 date as in Release files: "Sat, 09 Nov 2026 09:31:54 UTC" (or GMT, +0000).
 */
bool clock_parse_rfc2822(struct str s, int64_t *t_ms_out) MUST_CHECK;
#endif
