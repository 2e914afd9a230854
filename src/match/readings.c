/* SPDX-License-Identifier: Apache-2.0
 * See readings.h. */
#include "match/readings.h"
#include "base/vec.h"
#include "fleet/facts.h"
#include "match/bitmaps.h"
#include "match/match_int.h"

/* --- one host ------------------------------------------------------------------------------- */

/* Whether the host has a newer rival of a package among `facts` (all of its name). */
static bool is_outdone(const struct rule_host *h, const struct fact_package *p,
		       const uint32_t *facts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package other;
		if (rule_host_has(h, facts[i]) && fleet_fact_package(h->fleet, facts[i], &other) &&
		    rule_facts_rival(p, &other) &&
		    pkgver_compare(rule_scheme(p->kind), other.version, p->version) > 0)
			return true;
	}
	return false;
}

uint32_t rule_read_host(const struct rule *c, const struct rule_host *h, struct host_reading **out)
{
	VEC(struct host_reading) found = { 0 };
	uint32_t n;
	const uint32_t *facts = rule_facts(c, h->fleet, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package p;
		if (!rule_host_has(h, facts[i]) || !fleet_fact_package(h->fleet, facts[i], &p))
			continue;
		struct rule_hit hit = rule_fact(c, &p);
		if (!hit.applies || (hit.native_only && !rule_host_native(h, c->arch)) ||
		    (p.kind == FACT_RPM && is_outdone(h, &p, facts, n)))
			continue;
		VEC_PUSH(&found, ((struct host_reading) { facts[i], hit }));
	}
	*out = found.p;
	return (uint32_t)found.n;
}

/* --- the fleet ------------------------------------------------------------------------------ */

static uint32_t group_of(const struct readings *r, const struct fact_package *p, uint32_t *groups)
{
	for (size_t i = p->kind == FACT_RPM ? r->n : 0; i-- > 0;)
		if (rule_facts_rival(p, &r->p[i].package))
			return r->p[i].group;
	return (*groups)++;
}

static int compare_groups(const void *pa, const void *pb)
{
	const struct reading *a = pa, *b = pb;
	return a->group < b->group ? -1 : a->group > b->group;
}

void rule_read_fleet(const struct rule *c, const struct fleet *f, struct readings *out)
{
	uint32_t n, groups = 0;
	const uint32_t *facts = rule_facts(c, f, &n);
	*out = (struct readings) { 0 };
	for (uint32_t i = 0; i < n; i++) {
		struct reading r = { .fact = facts[i], .hosts = fleet_fact_hosts(f, facts[i]) };
		if (!r.hosts || !fleet_fact_package(f, facts[i], &r.package))
			continue;
		r.hit = rule_fact(c, &r.package);
		if (!r.hit.applies)
			continue;
		if (r.hit.native_only && !out->native)
			out->native = match_native_hosts(f, c->arch);
		r.group = group_of(out, &r.package, &groups);
		VEC_PUSH(out, r);
	}
	if (groups > 1 && groups < out->n)
		qsort(out->p, out->n, sizeof(*out->p), compare_groups);
}

void readings_done(struct readings *r)
{
	VEC_DONE(r);
}

size_t readings_group(const struct readings *r, size_t from)
{
	size_t to = from + 1;
	while (to < r->n && r->p[to].group == r->p[from].group)
		to++;
	return to;
}

static const roaring_bitmap_t *kept(struct bitmaps *keep, roaring_bitmap_t *b)
{
	bitmaps_own(keep, b);
	return b;
}

const roaring_bitmap_t *readings_hosts(const struct readings *r, size_t from, size_t to,
				       enum reading_of what, struct bitmaps *keep)
{
	struct bitmaps yes = { 0 }, beyond = { 0 };
	const roaring_bitmap_t *out = NULL;
	for (size_t i = from; i < to; i++) {
		if (what == READING_APPLIES || r->p[i].hit.holds)
			bitmaps_add(&yes, r->p[i].hosts);
		else if (r->p[i].hit.beyond)
			bitmaps_add(&beyond, r->p[i].hosts);
	}
	if (yes.all.n == 1)
		out = yes.all.p[0];
	else if (yes.all.n > 1)
		out = kept(keep, bitmaps_union(&yes));
	if (out && beyond.all.n > 0) {
		roaring_bitmap_t *newer = bitmaps_union(&beyond);
		out = kept(keep, roaring_bitmap_andnot(out, newer));
		roaring_bitmap_free(newer);
	}
	if (out && r->p[from].hit.native_only) /* the same for all of one architecture */
		out = r->native ? kept(keep, roaring_bitmap_and(out, r->native)) : NULL;
	bitmaps_drop(&yes);
	bitmaps_drop(&beyond);
	return out;
}
