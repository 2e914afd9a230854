/* SPDX-License-Identifier: Apache-2.0
 * Is a component wanted anywhere: does one of these hosts have an older version of it installed?
 * Answered from the facts of its name and their bitmaps, never by walking hosts. */
#include "fleet/fleet.h"
#include "match/match_int.h"
#include "match/readings.h"

bool match_component_wanted(const struct match_view *v, uint32_t component,
			    const roaring_bitmap_t *hosts)
{
	struct rule condition = rule_of_component(v->catalog, component);
	AUTO(readings_done) struct readings all = { 0 };
	rule_read_fleet(&condition, v->fleet, &all);
	bool wanted = false;
	for (size_t from = 0, to; from < all.n && !wanted; from = to) {
		struct bitmaps keep = { 0 };
		to = readings_group(&all, from);
		const roaring_bitmap_t *have = readings_hosts(&all, from, to, READING_HOLDS, &keep);
		wanted = have && roaring_bitmap_intersect(have, hosts);
		bitmaps_drop(&keep);
	}
	return wanted;
}
