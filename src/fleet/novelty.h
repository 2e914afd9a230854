/* SPDX-License-Identifier: Apache-2.0
 * What a host may bring that no host ever had. A distinct inventory line is kept for good, in
 * memory and database, so a host that lies could otherwise fill both with lines that change at each
 * scan. Not thread-safe. */
#ifndef FLEET_NOVELTY_H
#define FLEET_NOVELTY_H
#include "base/err.h"

#define NOVELTY_LINES 200000u	  /**< at once: the largest inventory there may be */
#define NOVELTY_LINES_HOUR 20000u /**< so many more each hour after that */

struct novelty {
	uint32_t *used; /* by host number, of NOVELTY_LINES */
	uint32_t n;
	int64_t since_ms; /* from when on hours count */
};
void novelty_done(struct novelty *v);
/** Host `no` brings so many new lines. ERR_UNAVAILABLE when that is too many for now; nothing is
 * taken then. */
bool novelty_take(struct novelty *v, uint32_t no, size_t lines, int64_t now_ms, struct err *e)
	MUST_CHECK;
/** They were not stored. */
void novelty_give(struct novelty *v, uint32_t no, size_t lines);
#endif
