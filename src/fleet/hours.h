/* SPDX-License-Identifier: Apache-2.0
 * Hosts by the hour of a time they have (their last scan): what is older than a time is a union of
 * a few hundred bitmaps and a look at the hosts of one hour. Not thread-safe: the fleet locks. */
#ifndef FLEET_HOURS_H
#define FLEET_HOURS_H
#include "base/vec.h"

#include <roaring/roaring.h>

struct hour {
	int64_t hour; /* since 1970 */
	roaring_bitmap_t *hosts;
};
struct hours {
	struct hour *p; /* ascending */
	size_t n, cap;
};
void hours_done(struct hours *h);
void hours_add(struct hours *h, int64_t ms, uint32_t host);
void hours_remove(struct hours *h, int64_t ms, uint32_t host);
/** Hosts of the hours that ended before `ms`, the caller's; *rest_out are those of the hour `ms` is
 * in (borrowed; NULL = none). */
roaring_bitmap_t *hours_before(const struct hours *h, int64_t ms,
			       const roaring_bitmap_t **rest_out);
#endif
