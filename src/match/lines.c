/* SPDX-License-Identifier: Apache-2.0
 * Facts found by what they say: the inventory lines that the engine itself composes. */
#include "match/match_int.h"

uint32_t match_line(const struct fleet *f, const struct str *words, size_t n)
{
	char line[2048]; /* INVENTORY_MAX_LINE: no longer line can be in the fleet */
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		if (len + words[i].n + 1 > sizeof(line))
			return INTERN_NONE;
		if (i > 0)
			line[len++] = '\t';
		if (words[i].n)
			memcpy(line + len, words[i].p, words[i].n);
		len += words[i].n;
	}
	return fleet_fact_find(f, (struct str) { line, len });
}

uint32_t match_arch_fact(const struct fleet *f, struct str arch)
{
	return match_line(f, (struct str[]) { STR_LIT("arch"), arch }, 2);
}

const roaring_bitmap_t *match_native_hosts(const struct fleet *f, struct str arch)
{
	uint32_t fact = match_arch_fact(f, arch);
	return fact == INTERN_NONE ? NULL : fleet_fact_hosts(f, fact);
}
