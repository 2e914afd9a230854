/* SPDX-License-Identifier: Apache-2.0
 * See auto_group.h: first fit, patch by patch. */
#include "deploy/auto/auto_group.h"

static bool fits(const struct auto_group *g, const struct auto_row *r)
{
	return !roaring_bitmap_intersect(g->hosts, r->refused) &&
	       !roaring_bitmap_intersect(g->refused, r->chosen);
}

size_t auto_groups(const struct auto_plan *p, enum auto_verdict lane,
		   struct auto_group out[static AUTO_GROUPS_MAX])
{
	size_t n = 0;
	for (uint32_t i = 0; i < p->rows.n; i++) {
		const struct auto_row *r = &p->rows.p[i];
		size_t k = 0;
		if (!r->chosen || r->decision.verdict != lane)
			continue;
		while (k < n && !fits(&out[k], r))
			k++;
		if (k == AUTO_GROUPS_MAX)
			continue;
		if (k == n)
			out[n++] = (struct auto_group) { .hosts = roaring_bitmap_create(),
							 .refused = roaring_bitmap_create() };
		VEC_PUSH(&out[k].rows, i);
		roaring_bitmap_or_inplace(out[k].hosts, r->chosen);
		roaring_bitmap_or_inplace(out[k].refused, r->refused);
	}
	return n;
}

void auto_groups_done(struct auto_group *groups, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		VEC_DONE(&groups[i].rows);
		roaring_bitmap_free(groups[i].hosts);
		roaring_bitmap_free(groups[i].refused);
	}
}
