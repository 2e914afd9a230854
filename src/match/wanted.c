/* SPDX-License-Identifier: Apache-2.0
 * Is a component wanted anywhere: does one of these hosts have an older version of it installed?
 * Answered from the facts of its name and their bitmaps, never by walking hosts. */
#include "fleet/fleet.h"
#include "match/match_int.h"
#include "pkgver/pkgver.h"
#include "proto/inventory.h"

bool match_component_wanted(const struct match_view *v, uint32_t component,
			    const roaring_bitmap_t *hosts)
{
	const struct component *c = &v->catalog->components[component];
	uint32_t n;
	const uint32_t *facts = c->kind == COMPONENT_DEB
					? fleet_facts_by_deb(v->fleet, c->name, &n)
					: fleet_facts_by_deb_src(v->fleet, c->name, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct str f[6];
		if (inventory_fields(fleet_fact(v->fleet, facts[i]), f, ARRAY_LEN(f)) < 4)
			continue;
		bool source = c->kind == COMPONENT_DEB_SRC && ARRAY_LEN(f) == 6 && f[5].n;
		struct str version = source ? f[5] : f[3];
		bool arch = c->kind == COMPONENT_DEB_SRC || str_eq(f[2], c->arch) ||
			    str_is(c->arch, "all") || str_is(f[2], "all");
		if (!arch || deb_compare(version, c->version) >= 0)
			continue;
		const roaring_bitmap_t *have = fleet_fact_hosts(v->fleet, facts[i]);
		if (have && roaring_bitmap_intersect(have, hosts))
			return true;
	}
	return false;
}
