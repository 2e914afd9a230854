/* SPDX-License-Identifier: Apache-2.0
 * See unknown.h. Hosts whose scan is old are few, or a patch is looked at only when it is shown:
 * the intersection with its bitmap is made when asked. */
#include "api/unknown.h"

#include "match/healths.h"

const roaring_bitmap_t *unknown_hosts(struct call *c, const struct match_view *v)
{
	if (!c->unknown)
		c->unknown = match_stale_hosts(v, c->now_ms);
	return c->unknown;
}

void unknown_done(struct call *c)
{
	if (c->unknown)
		roaring_bitmap_free(c->unknown);
	c->unknown = NULL;
}

uint32_t unknown_of_patch(struct call *c, const struct match_view *v, uint32_t patch)
{
	const roaring_bitmap_t *installed = match_hosts(v, patch, VERDICT_INSTALLED);
	const roaring_bitmap_t *old = unknown_hosts(c, v);
	if (!installed || roaring_bitmap_is_empty(old))
		return 0;
	return (uint32_t)roaring_bitmap_and_cardinality(installed, old);
}

bool unknown_nowhere_else(struct call *c, const struct match_view *v, uint32_t patch)
{
	uint32_t installed = match_count(v, patch, VERDICT_INSTALLED);
	if (installed == 0 || installed > roaring_bitmap_get_cardinality(unknown_hosts(c, v)))
		return installed == 0;
	return unknown_of_patch(c, v, patch) == installed;
}
