/* SPDX-License-Identifier: Apache-2.0
 * The forward pass: from one host's facts to all its patches. What a fact says about the catalog's
 * components is computed once and kept per fact; readers may fill it in concurrently (the loser of
 * the race frees its copy), so a pass is one walk over small arrays. */
#include "fleet/facts.h"
#include "match/hindrance.h"
#include "match/match_int.h"

enum verdict forward_verdict(uint8_t seen)
{
	for (enum set set = 0; set < SET_INSTALLED; set++)
		if (seen & SEEN(set))
			return verdict_of_set(set);
	if (seen & SEEN_SUPERSEDED)
		return VERDICT_SUPERSEDED;
	return seen & SEEN(SET_INSTALLED) ? VERDICT_INSTALLED : VERDICT_NOT_APPLICABLE;
}

static const struct hits no_hits = { 0 };

struct hit_list {
	struct hit *p;
	size_t n, cap;
};

static void collect(const struct state *s, enum component_kind kind, const struct fact_package *p,
		    struct str name, struct hit_list *hits)
{
	uint32_t n;
	const uint32_t *components = catalog_by_name(s->catalog, kind, name, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct rule condition = rule_of_component(s->catalog, components[i]);
		struct rule_hit h = rule_fact(&condition, p);
		if (h.applies)
			VEC_PUSH(hits, ((struct hit) { components[i], h.holds, h.native_only }));
	}
}

static struct hits *compute(const struct state *s, const struct fact_package *p)
{
	struct hit_list found = { 0 };
	if (p->kind == FACT_RPM) {
		collect(s, COMPONENT_RPM, p, p->name, &found);
	} else {
		bool deb = p->kind == FACT_DEB;
		collect(s, deb ? COMPONENT_DEB : COMPONENT_APK, p, p->name, &found);
		collect(s, deb ? COMPONENT_DEB_SRC : COMPONENT_APK_SRC, p, p->source, &found);
	}
	if (found.n == 0)
		return (struct hits *)&no_hits;
	struct hits *h = xmalloc(sizeof(*h) + found.n * sizeof(*found.p));
	h->n = (uint32_t)found.n;
	memcpy(h->p, found.p, found.n * sizeof(*found.p));
	VEC_DONE(&found);
	return h;
}

void forward_hits_done(struct hits *h)
{
	if (h != &no_hits)
		xfree(h);
}

void forward_reserve(struct state *s, const struct fleet *f)
{
	uint32_t n = fleet_fact_count(f);
	if (n <= s->hits.n)
		return;
	VEC_RESERVE(&s->hits, n - s->hits.n);
	while (s->hits.n < n)
		atomic_init(&s->hits.p[s->hits.n++], NULL);
}

void forward_done(struct state *s)
{
	for (size_t i = 0; i < s->hits.n; i++)
		forward_hits_done(atomic_load_explicit(&s->hits.p[i], memory_order_relaxed));
	VEC_DONE(&s->hits);
}

/* The hits of a fact; *own_out is what the caller must free (a fact without a place yet), or NULL.
 */
const struct hits *forward_hits(const struct state *s, const struct fleet *f, uint32_t fact,
				struct hits **own_out)
{
	struct fact_package p;
	*own_out = NULL;
	struct hits *h = fact < s->hits.n
				 ? atomic_load_explicit(&s->hits.p[fact], memory_order_acquire)
				 : NULL;
	if (h)
		return h;
	h = fleet_fact_package(f, fact, &p) ? compute(s, &p) : (struct hits *)&no_hits;
	struct hits *before = NULL;
	if (fact >= s->hits.n) {
		*own_out = h;
	} else if (!atomic_compare_exchange_strong(&s->hits.p[fact], &before, h)) {
		forward_hits_done(h);
		h = before;
	}
	return h;
}

/* What is said once about a host and asked for each of its packages. */
struct about_host {
	const struct fleet *fleet;
	const uint32_t *facts;
	uint32_t n_facts;
	bool *os;    /* per os text of the state: applies */
	bool *terms; /* per availability of the state: given */
	bool hindered;
};

static void look_at_host(const struct state *s, struct about_host *a)
{
	for (uint32_t i = 0; i < a->n_facts; i++) {
		struct fact_os os;
		enum fact_kind kind = fleet_fact_kind(a->fleet, a->facts[i]);
		a->hindered = a->hindered || kind == FACT_HOLD || kind == FACT_KEPT;
		if (kind != FACT_OS || !fleet_fact_os(a->fleet, a->facts[i], &os))
			continue;
		for (uint32_t k = 0; k < intern_count(s->os); k++)
			a->os[k] = a->os[k] || rule_os_matches(intern_get(s->os, k), &os);
	}
	uint32_t any = intern_find(s->os, STR_LIT(""));
	if (any != INTERN_NONE)
		a->os[any] = true;
	for (uint32_t k = 0; k < intern_count(s->terms); k++)
		a->terms[k] = hindrance_service_among(a->fleet, a->facts, a->n_facts,
						      intern_get(s->terms, k));
}

static enum set hindrance_here(const struct about_host *a, uint32_t fact)
{
	struct fact_package p;
	uint32_t why;
	if (!a->hindered || !fleet_fact_package(a->fleet, fact, &p))
		return SET_MISSING;
	return hindrance_of(a->fleet, a->facts, a->n_facts, &p, &why);
}

static bool is_native(const struct about_host *a, struct str arch)
{
	struct rule_host h = {
		.fleet = a->fleet, .facts = a->facts, .n_facts = a->n_facts, .scanned = true
	};
	return rule_host_native(&h, arch);
}

static uint8_t see(const struct state *s, const struct about_host *a, const struct hit *h,
		   uint32_t fact)
{
	const struct component *c = &s->catalog->components[h->component];
	if (!a->os[s->patches[c->patch].os] || (h->native_only && !is_native(a, c->arch)))
		return 0;
	if (!h->holds)
		return SEEN(SET_INSTALLED);
	if (!rule_component_current(s->catalog, c))
		return SEEN(SET_INSTALLED) | SEEN_SUPERSEDED;
	if (!a->terms[s->patches[c->patch].terms])
		return SEEN(SET_INSTALLED) | SEEN(SET_SUBSCRIPTION);
	return SEEN(SET_INSTALLED) | SEEN(hindrance_here(a, fact));
}

/* Older kernels and their like: packages of which the host has a newer rival do not count. */
struct outdone {
	uint8_t *by_position; /* NULL = none */
};

static void judge_rivals(const struct about_host *a, const uint32_t *positions, size_t n,
			 struct outdone *out)
{
	for (size_t i = 0; i < n; i++) {
		struct fact_package p, q;
		if (!fleet_fact_package(a->fleet, a->facts[positions[i]], &p))
			continue;
		for (size_t k = 0; k < n && !out->by_position[positions[i]]; k++)
			out->by_position[positions[i]] =
				fleet_fact_package(a->fleet, a->facts[positions[k]], &q) &&
				rule_facts_rival(&p, &q) &&
				pkgver_compare(rule_scheme(p.kind), q.version, p.version) > 0;
	}
}

struct named {
	uint32_t name, position;
};

static int compare_named(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return a->position < b->position ? -1 : a->position > b->position;
}

/* Packages by name: sorting a host's few thousand numbers costs less than a table of all names. */
static void find_outdone(const struct about_host *a, struct outdone *out)
{
	VEC(struct named) all = { 0 };
	VEC(uint32_t) same = { 0 };
	for (uint32_t i = 0; i < a->n_facts; i++)
		if (fleet_fact_kind(a->fleet, a->facts[i]) == FACT_RPM)
			VEC_PUSH(&all,
				 ((struct named) { fleet_fact_name(a->fleet, a->facts[i]), i }));
	if (all.n > 1)
		qsort(all.p, all.n, sizeof(*all.p), compare_named);
	for (size_t from = 0, to; from < all.n; from = to) {
		same.n = 0;
		for (to = from; to < all.n && all.p[to].name == all.p[from].name; to++)
			VEC_PUSH(&same, all.p[to].position);
		if (same.n < 2)
			continue;
		if (!out->by_position)
			out->by_position = xcalloc(a->n_facts, 1);
		judge_rivals(a, same.p, same.n, out);
	}
	VEC_DONE(&all);
	VEC_DONE(&same);
}

void forward_pass(const struct state *s, const struct fleet *f, const uint32_t *facts, uint32_t n,
		  uint8_t *seen)
{
	memset(seen, 0, s->catalog->n_patches);
	AUTO(xfree) bool *os = xcalloc((size_t)intern_count(s->os) + 1, sizeof(*os));
	AUTO(xfree) bool *terms = xcalloc((size_t)intern_count(s->terms) + 1, sizeof(*terms));
	struct about_host a = {
		.fleet = f, .facts = facts, .n_facts = n, .os = os, .terms = terms
	};
	struct outdone outdone = { 0 };
	look_at_host(s, &a);
	if (fleet_names(f, FACT_RPM) > 0)
		find_outdone(&a, &outdone);
	for (uint32_t i = 0; i < n; i++) {
		struct hits *own;
		if (outdone.by_position && outdone.by_position[i])
			continue;
		const struct hits *h = forward_hits(s, f, facts[i], &own);
		for (uint32_t k = 0; k < h->n; k++)
			seen[s->catalog->components[h->p[k].component].patch] |= see(
				s, &a, &h->p[k], facts[i]);
		forward_hits_done(own);
	}
	xfree(outdone.by_position);
}
