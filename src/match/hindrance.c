/* SPDX-License-Identifier: Apache-2.0
 * See hindrance.h. A hindrance is an inventory line that names the package; the lines that could be
 * there are composed and looked up. An empty architecture in such a line means every one. */
#include "match/hindrance.h"
#include "fleet/facts.h"

/* Lines about one package, in the order in which they win. */
static const struct {
	enum set set;
	const char *kind, *reason; /* "hold" lines have no reason */
	bool stream;		   /* for want of an enabled stream */
} lines[] = {
	{ SET_HELD, "hold", NULL, false },
	{ SET_HELD, "kept", "pinned", false },
	{ SET_KEPT_BACK, "kept", "kept-back", false },
	{ SET_KEPT_BACK, "kept", "no-stream", true },
	{ SET_PHASED, "kept", "phased", false },
};

/* The number of line `i` about a package, for its architecture or (any) for all; INTERN_NONE. */
static uint32_t find(const struct fleet *f, size_t i, const struct fact_package *p, bool any)
{
	struct str words[5] = { str_of(lines[i].kind), str_of(fact_kind_name(p->kind)), p->name,
				any ? STR_LIT("") : p->arch };
	size_t n = 4;
	if (lines[i].reason)
		words[n++] = str_of(lines[i].reason);
	return match_line(f, words, n);
}

bool hindrance_any(const struct fleet *f)
{
	uint32_t holds, kept;
	fleet_facts_of_kind(f, FACT_HOLD, &holds);
	fleet_facts_of_kind(f, FACT_KEPT, &kept);
	return holds + kept > 0;
}

enum set hindrance_of(const struct fleet *f, const uint32_t *facts, uint32_t n,
		      const struct fact_package *p, bool by_default, enum modules_say say,
		      uint32_t *fact_out)
{
	*fact_out = INTERN_NONE;
	for (size_t i = 0; i < 2 * ARRAY_LEN(lines); i++) {
		bool kept_back = lines[i / 2].set == SET_KEPT_BACK;
		if (kept_back && say == MODULES_FILTER)
			return SET_KEPT_BACK;
		if ((by_default && lines[i / 2].stream) || (kept_back && say == MODULES_OFFER))
			continue;
		uint32_t fact = find(f, i / 2, p, i % 2);
		if (fact == INTERN_NONE || !facts_have(facts, n, fact))
			continue;
		*fact_out = fact;
		return lines[i / 2].set;
	}
	return SET_MISSING;
}

const roaring_bitmap_t *hindrance_hosts(const struct fleet *f, const struct fact_package *p,
					enum set set, bool by_default, struct bitmaps *keep)
{
	struct bitmaps hosts = { 0 };
	const roaring_bitmap_t *out = NULL;
	for (size_t i = 0; i < 2 * ARRAY_LEN(lines); i++) {
		bool counts = lines[i / 2].set == set && !(by_default && lines[i / 2].stream);
		uint32_t fact = counts ? find(f, i / 2, p, i % 2) : INTERN_NONE;
		if (fact != INTERN_NONE)
			bitmaps_add(&hosts, fleet_fact_hosts(f, fact));
	}
	if (hosts.all.n == 1) {
		out = hosts.all.p[0];
	} else if (hosts.all.n > 1) {
		roaring_bitmap_t *both = bitmaps_union(&hosts);
		bitmaps_own(keep, both);
		out = both;
	}
	bitmaps_drop(&hosts);
	return out;
}

/* "subscription <TAB> ubuntu-pro <TAB> esm-infra esm-apps": what it is, or one of its services. */
bool hindrance_service_given(const struct fleet *f, uint32_t fact, struct str service)
{
	struct str services = fleet_fact_field(f, fact, 2), word;
	if (str_eq(fleet_fact_field(f, fact, 1), service))
		return true;
	while (services.n > 0 && str_split(&services, ' ', &word))
		if (str_eq(word, service))
			return true;
	return false;
}

bool hindrance_service_among(const struct fleet *f, const uint32_t *facts, uint32_t n,
			     struct str service)
{
	uint32_t all;
	const uint32_t *subscriptions = fleet_facts_of_kind(f, FACT_SUBSCRIPTION, &all);
	bool given = service.n == 0;
	for (uint32_t i = 0; i < all && !given; i++)
		given = facts_have(facts, n, subscriptions[i]) &&
			hindrance_service_given(f, subscriptions[i], service);
	return given;
}
