/* SPDX-License-Identifier: Apache-2.0
 * Open notices that nothing fixes yet, against what is installed: looked up when asked, in the
 * catalog's sorted list; no verdict and no counter of missing patches depends on it. */
#include "base/vec.h"
#include "match/host_view.h"

/* Kinds by which a notice may name an installed package, by its own name or its source's. */
static const struct {
	enum fact_kind fact;
	enum component_kind component;
	bool name, source;
} ways[] = {
	{ FACT_DEB, COMPONENT_DEB, true, false },     { FACT_DEB, COMPONENT_DEB_SRC, false, true },
	{ FACT_RPM, COMPONENT_RPM, true, true },      { FACT_APK, COMPONENT_APK, true, false },
	{ FACT_APK, COMPONENT_APK_SRC, false, true },
};

struct found {
	struct host_unfixed *p;
	size_t n, cap;
};

static void add(const struct catalog *c, struct str os, enum component_kind kind,
		struct str product, uint32_t fact, struct found *out)
{
	uint32_t n;
	const struct advisory *a = catalog_unfixed(c, os, kind, product, &n);
	for (uint32_t i = 0; i < n; i++)
		VEC_PUSH(out, ((struct host_unfixed) { (uint32_t)(a - c->unfixed) + i, fact }));
}

static void add_package(const struct catalog *c, struct str os, const struct fact_package *p,
			uint32_t fact, struct found *out)
{
	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		if (ways[w].fact != p->kind)
			continue;
		if (ways[w].name)
			add(c, os, ways[w].component, p->name, fact, out);
		if (ways[w].source && !(ways[w].name && str_eq(p->name, p->source)))
			add(c, os, ways[w].component, p->source, fact, out);
	}
}

static int compare(const void *pa, const void *pb)
{
	const struct host_unfixed *a = pa, *b = pb;
	if (a->notice != b->notice)
		return a->notice < b->notice ? -1 : 1;
	return a->fact < b->fact ? -1 : a->fact > b->fact;
}

static uint32_t once_each(struct found *f)
{
	uint32_t kept = 0;
	if (f->n)
		qsort(f->p, f->n, sizeof(*f->p), compare);
	for (size_t i = 0; i < f->n; i++)
		if (kept == 0 || f->p[kept - 1].notice != f->p[i].notice)
			f->p[kept++] = f->p[i];
	return kept;
}

uint32_t match_host_unfixed(const struct match_view *v, uint32_t host, struct host_unfixed **out)
{
	struct found found = { 0 };
	AUTO(host_view_done) struct host_view h = { 0 };
	*out = NULL;
	if (v->catalog->n_unfixed == 0 || !host_view_init(v, host, &h))
		return 0;
	for (uint32_t i = 0; i < h.rule_host.n_facts; i++) {
		struct fact_os os;
		char text[300];
		if (!fleet_fact_os(v->fleet, h.facts[i], &os))
			continue;
		struct str version = os.version.n ? os.version : os.codename;
		int n = snprintf(text, sizeof(text), "%.*s:%.*s", STR_ARG(os.id), STR_ARG(version));
		if (n < 0 || (size_t)n >= sizeof(text))
			continue;
		for (uint32_t k = 0; k < h.rule_host.n_facts; k++) {
			struct fact_package p;
			if (fleet_fact_package(v->fleet, h.facts[k], &p))
				add_package(v->catalog, (struct str) { text, (size_t)n }, &p,
					    h.facts[k], &found);
		}
	}
	uint32_t n = once_each(&found);
	*out = found.p;
	return n;
}

roaring_bitmap_t *match_unfixed_hosts(const struct match_view *v, uint32_t notice)
{
	const struct advisory *a = &v->catalog->unfixed[notice];
	struct bitmaps hosts = { 0 }, within = { 0 };
	uint32_t n;
	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		if (ways[w].component != a->kind)
			continue;
		const uint32_t *facts = fleet_facts_by_name(v->fleet, ways[w].fact, a->product, &n);
		for (uint32_t i = 0; ways[w].name && i < n; i++)
			bitmaps_add(&hosts, fleet_fact_hosts(v->fleet, facts[i]));
		facts = fleet_facts_by_source(v->fleet, ways[w].fact, a->product, &n);
		for (uint32_t i = 0; ways[w].source && i < n; i++)
			bitmaps_add(&hosts, fleet_fact_hosts(v->fleet, facts[i]));
	}
	const uint32_t *os = fleet_facts_of_kind(v->fleet, FACT_OS, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_os fact;
		if (fleet_fact_os(v->fleet, os[i], &fact) && rule_os_matches(a->os, &fact))
			bitmaps_add(&within, fleet_fact_hosts(v->fleet, os[i]));
	}
	roaring_bitmap_t *out = bitmaps_union(&hosts), *there = bitmaps_union(&within);
	roaring_bitmap_and_inplace(out, there);
	roaring_bitmap_free(there);
	return out;
}
