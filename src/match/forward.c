/* SPDX-License-Identifier: Apache-2.0
 * The forward pass: from one host's facts to all its patches. What a fact says about the catalog's
 * patches is computed once and kept per fact; readers may fill it in concurrently (the loser of the
 * race frees its copy), so a pass is one walk over small arrays. What is the same for all facts of
 * a patch (its os, who may have it) is asked once, at the end. */
#include "fleet/facts.h"
#include "match/hindrance.h"
#include "match/match_int.h"

/* One word per patch and fact: patch << WHAT_BITS | what. */
enum what { WHAT_PRESENT, WHAT_SUPERSEDED, WHAT_OUTDATED, WHAT_OUTDATED_DEFAULT, WHATS_ };
#define WHAT_BITS 2
#define MAX_PATCHES (UINT32_MAX >> WHAT_BITS)
/* Any of the verdicts that are lost to those who may not have the patch. */
#define SEEN_LACKING (SEEN(SET_MISSING) | SEEN(SET_HELD) | SEEN(SET_KEPT_BACK) | SEEN(SET_PHASED))

/* What one fact says; `n` words, then `n_native` pairs of a word and the number of an architecture,
 * or OWN_ARCH for that of the fact: said only of hosts of which that is the native one. Then
 * `n_modular` words where module streams have a say, each with such a number (or ANY_ARCH) and its
 * component; the last bit: it is said, too, of hosts that do not tell their modules. */
#define OWN_ARCH UINT32_MAX
#define ANY_ARCH (UINT32_MAX - 1)
struct hits {
	uint32_t n, n_native, n_modular, p[];
};
#define MODULAR_WORDS ((size_t)3)

static size_t length_of(const struct hits *h)
{
	return h->n + 2 * (size_t)h->n_native + MODULAR_WORDS * h->n_modular;
}

enum verdict forward_verdict(uint8_t seen)
{
	unsigned hindered = seen & (SEEN(SET_INSTALLED) - 1);
	if (hindered)
		return verdict_of_set((enum set)__builtin_ctz(hindered));
	if (seen & SEEN_SUPERSEDED)
		return VERDICT_SUPERSEDED;
	return seen & SEEN(SET_INSTALLED) ? VERDICT_INSTALLED : VERDICT_NOT_APPLICABLE;
}

/* --- what a fact says ------------------------------------------------------------------------ */

/* Packages that no patch speaks of and lines that say nothing here; lines about the host. */
static const struct hits no_hits = { 0 }, about_host = { 0 };

struct word_list {
	uint32_t *p;
	size_t n, cap;
};

struct collected {
	struct word_list words, native, modular;
};

static enum what what_of(const struct state *s, uint32_t component, bool holds)
{
	if (!holds)
		return WHAT_PRESENT;
	const struct component *c = &s->catalog->components[component];
	if (!rule_component_current(s->catalog, c))
		return WHAT_SUPERSEDED;
	return c->by_default ? WHAT_OUTDATED_DEFAULT : WHAT_OUTDATED;
}

static uint32_t native_arch(const struct state *s, const struct rule *condition,
			    const struct fact_package *p)
{
	return str_eq(rule_native_arch(condition, p), p->arch)
		       ? OWN_ARCH
		       : intern_find(s->archs, condition->arch);
}

static void collect_modular(const struct state *s, const struct rule *condition,
			    const struct fact_package *p, uint32_t patch, struct collected *out)
{
	struct rule_hit strict = rule_fact(condition, p), h = rule_fact_offered(condition, p);
	if (strict.applies)
		h = strict;
	if (!h.applies)
		return;
	VEC_PUSH(&out->modular, patch << WHAT_BITS | what_of(s, condition->component, h.holds));
	VEC_PUSH(&out->modular, h.native_only ? native_arch(s, condition, p) : ANY_ARCH);
	VEC_PUSH(&out->modular, condition->component << 1 | strict.applies);
}

static void collect(const struct state *s, enum component_kind kind, const struct fact_package *p,
		    struct str name, struct collected *out)
{
	uint32_t n;
	const uint32_t *components = catalog_by_name(s->catalog, kind, name, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct rule condition = rule_of_component(s->catalog, components[i]);
		uint32_t patch = s->catalog->components[components[i]].patch;
		if (condition.catalog) {
			collect_modular(s, &condition, p, patch, out);
			continue;
		}
		struct rule_hit h = rule_fact(&condition, p);
		if (!h.applies)
			continue;
		VEC_PUSH(h.native_only ? &out->native : &out->words,
			 patch << WHAT_BITS | what_of(s, components[i], h.holds));
		if (h.native_only)
			VEC_PUSH(&out->native, native_arch(s, &condition, p));
	}
}

static int compare_words(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	return (a > b) - (a < b);
}

/* A binary and its source often say the same of a patch. */
static void once_each(struct word_list *words)
{
	size_t kept = 0;
	if (words->n > 1)
		qsort(words->p, words->n, sizeof(*words->p), compare_words);
	for (size_t i = 0; i < words->n; i++)
		if (kept == 0 || words->p[i] != words->p[kept - 1])
			words->p[kept++] = words->p[i];
	words->n = kept;
}

static struct hits *compute(const struct state *s, const struct fact_package *p)
{
	struct collected found = { 0 };
	if (p->kind == FACT_RPM) {
		collect(s, COMPONENT_RPM, p, p->name, &found);
	} else {
		bool deb = p->kind == FACT_DEB;
		collect(s, deb ? COMPONENT_DEB : COMPONENT_APK, p, p->name, &found);
		collect(s, deb ? COMPONENT_DEB_SRC : COMPONENT_APK_SRC, p, p->source, &found);
	}
	if (found.words.n + found.native.n + found.modular.n == 0)
		return (struct hits *)&no_hits;
	once_each(&found.words);
	struct hits *h = xmalloc(sizeof(*h) + (found.words.n + found.native.n + found.modular.n) *
						      sizeof(*found.words.p));
	h->n = (uint32_t)found.words.n;
	h->n_native = (uint32_t)found.native.n / 2;
	h->n_modular = (uint32_t)(found.modular.n / MODULAR_WORDS);
	const struct word_list *lists[] = { &found.words, &found.native, &found.modular };
	uint32_t *at = h->p;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (lists[i]->n)
			memcpy(at, lists[i]->p, lists[i]->n * sizeof(*at));
		at += lists[i]->n;
	}
	VEC_DONE(&found.words);
	VEC_DONE(&found.native);
	VEC_DONE(&found.modular);
	return h;
}

static struct hits *compute_fact(const struct state *s, const struct fleet *f, uint32_t fact)
{
	struct fact_package p;
	if (fleet_fact_package(f, fact, &p))
		return compute(s, &p);
	switch (fleet_fact_kind(f, fact)) {
	case FACT_OS:
	case FACT_HOLD:
	case FACT_KEPT:
	case FACT_MODULE: return (struct hits *)&about_host;
	default: return (struct hits *)&no_hits;
	}
}

static void hits_free(struct hits *h)
{
	if (h != &no_hits && h != &about_host)
		xfree(h);
}

void forward_reserve(struct state *s, const struct fleet *f)
{
	uint32_t n = fleet_fact_count(f);
	ASSERT(s->catalog->n_patches <= MAX_PATCHES);
	if (n <= s->hits.n)
		return;
	VEC_RESERVE(&s->hits, n - s->hits.n);
	while (s->hits.n < n)
		atomic_init(&s->hits.p[s->hits.n++], NULL);
}

/* --- a new catalog takes over what it does not change ---------------------------------------- */

struct carrying {
	const struct state *old, *next;
	const struct fleet *fleet;
	const uint32_t *carried; /* by patch of the old one: its number in the next, or none */
	uint32_t *archs;	 /* the same of architectures */
	bool *touched;		 /* by fact: one of the patches that bear its name is another */
};

static void touch(struct carrying *x, const struct catalog *c, uint32_t patch)
{
	const struct patch *p = &c->patches[patch];
	for (uint32_t i = 0; i < p->components; i++) {
		struct rule condition = rule_of_component(c, p->first_component + i);
		uint32_t n;
		const uint32_t *facts = rule_facts(&condition, x->fleet, &n);
		for (uint32_t k = 0; k < n; k++)
			x->touched[facts[k]] = true;
	}
}

static uint32_t renumber_word(const struct carrying *x, uint32_t *word)
{
	uint32_t patch = x->carried[*word >> WHAT_BITS];
	ASSERT(patch != CATALOG_NONE);
	*word = patch << WHAT_BITS | *word % (1 << WHAT_BITS);
	return patch;
}

static void renumber_arch(const struct carrying *x, uint32_t *arch)
{
	if (*arch < ANY_ARCH)
		*arch = x->archs[*arch];
}

/* Patches with the same rule have the same components in the same order. */
static void renumber(const struct carrying *x, struct hits *h)
{
	uint32_t *p = h->p, *end = p + h->n;
	while (p < end)
		renumber_word(x, p++);
	for (end += 2 * (size_t)h->n_native; p < end; p += 2) {
		renumber_word(x, p);
		renumber_arch(x, p + 1);
	}
	for (end += MODULAR_WORDS * h->n_modular; p < end; p += MODULAR_WORDS) {
		uint32_t was = x->old->catalog->patches[p[0] >> WHAT_BITS].first_component;
		uint32_t patch = renumber_word(x, p);
		renumber_arch(x, p + 1);
		uint32_t component = x->next->catalog->patches[patch].first_component +
				     ((p[2] >> 1) - was);
		p[2] = component << 1 | (p[2] & 1);
	}
}

static void map_archs(struct carrying *x)
{
	uint32_t n = intern_count(x->old->archs);
	x->archs = xmalloc(((size_t)n + 1) * sizeof(*x->archs));
	for (uint32_t i = 0; i < n; i++)
		x->archs[i] = intern_find(x->next->archs, intern_get(x->old->archs, i));
}

void forward_carry(struct state *next, struct state *old, const struct fleet *f,
		   const uint32_t *from, const uint32_t *carried)
{
	struct carrying x = { .old = old, .next = next, .fleet = f, .carried = carried };
	forward_reserve(next, f);
	x.touched = xcalloc(next->hits.n + 1, sizeof(*x.touched));
	map_archs(&x);
	for (uint32_t i = 0; i < next->catalog->n_patches; i++)
		if (from[i] == CATALOG_NONE)
			touch(&x, next->catalog, i);
	for (uint32_t k = 0; k < old->catalog->n_patches; k++)
		if (carried[k] == CATALOG_NONE)
			touch(&x, old->catalog, k);
	for (size_t i = 0; i < old->hits.n; i++) {
		struct hits *h = atomic_load_explicit(&old->hits.p[i], memory_order_relaxed);
		if (!h || x.touched[i] ||
		    atomic_load_explicit(&next->hits.p[i], memory_order_relaxed))
			continue;
		if (length_of(h) > 0)
			renumber(&x, h);
		atomic_store_explicit(&next->hits.p[i], h, memory_order_relaxed);
		atomic_store_explicit(&old->hits.p[i], NULL, memory_order_relaxed);
	}
	xfree(x.touched);
	xfree(x.archs);
}

void forward_done(struct state *s)
{
	for (size_t i = 0; i < s->hits.n; i++)
		hits_free(atomic_load_explicit(&s->hits.p[i], memory_order_relaxed));
	VEC_DONE(&s->hits);
}

/* A fact without a place yet says it to this pass only. */
static const struct hits *hits_of(const struct state *s, const struct fleet *f, uint32_t fact,
				  struct forward *w)
{
	struct hits *h = fact < s->hits.n
				 ? atomic_load_explicit(&s->hits.p[fact], memory_order_acquire)
				 : NULL;
	if (h)
		return h;
	h = compute_fact(s, f, fact);
	struct hits *before = NULL;
	if (fact >= s->hits.n) {
		VEC_PUSH(&w->own, h);
	} else if (!atomic_compare_exchange_strong(&s->hits.p[fact], &before, h)) {
		hits_free(h);
		h = before;
	}
	return h;
}

/* --- what is said once about a host ---------------------------------------------------------- */

static void look_at_host(struct forward *w)
{
	const struct state *s = w->state;
	for (uint32_t i = 0; i < w->n_facts; i++) {
		struct fact_os os;
		if (w->hits[i] != &about_host)
			continue;
		if (fleet_fact_kind(w->fleet, w->facts[i]) == FACT_MODULE) {
			modules_add(w->modules, w->facts[i]);
			continue;
		}
		if (!fleet_fact_os(w->fleet, w->facts[i], &os)) {
			VEC_PUSH(&w->hindrances, w->facts[i]);
			continue;
		}
		for (uint32_t k = 0; k < intern_count(s->os); k++)
			w->os[k] = w->os[k] || rule_os_matches(intern_get(s->os, k), &os);
	}
	uint32_t any = intern_find(s->os, STR_LIT(""));
	if (any != INTERN_NONE)
		w->os[any] = true;
	for (uint32_t k = 0; k < intern_count(s->terms); k++)
		w->terms[k] = hindrance_service_among(w->fleet, w->facts, w->n_facts,
						      intern_get(s->terms, k));
}

/* Most packages are named by no line that could hinder them. */
static enum set hindrance_here(const struct forward *w, uint32_t fact, bool by_default,
			       enum modules_say say)
{
	struct fact_package p;
	uint32_t why;
	bool named = false;
	if (say == MODULES_FILTER)
		return fleet_fact_package(w->fleet, fact, &p)
			       ? hindrance_of(w->fleet, w->facts, w->n_facts, &p, by_default, say,
					      &why)
			       : SET_KEPT_BACK;
	if (w->hindrances.n == 0 || !fleet_fact_package(w->fleet, fact, &p))
		return SET_MISSING;
	for (size_t i = 0; i < w->hindrances.n && !named; i++)
		named = str_eq(fleet_fact_field(w->fleet, w->hindrances.p[i], 2), p.name);
	return named ? hindrance_of(w->fleet, w->facts, w->n_facts, &p, by_default, say, &why)
		     : SET_MISSING;
}

static bool is_native(const struct forward *w, uint32_t arch, uint32_t fact)
{
	struct fact_package p;
	struct rule_host h = {
		.fleet = w->fleet, .facts = w->facts, .n_facts = w->n_facts, .scanned = true
	};
	if (arch != OWN_ARCH)
		return rule_host_native(&h, intern_get(w->state->archs, arch));
	return fleet_fact_package(w->fleet, fact, &p) && rule_host_native(&h, p.arch);
}

/* --- older kernels and their like: packages of which the host has a newer rival do not count -- */

static void judge_rivals(struct forward *w, const uint32_t *positions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fact_package p, q;
		bool outdone = false;
		if (!fleet_fact_package(w->fleet, w->facts[positions[i]], &p))
			continue;
		for (size_t k = 0; k < n && !outdone; k++)
			outdone = fleet_fact_package(w->fleet, w->facts[positions[k]], &q) &&
				  rule_facts_rival(&p, &q) &&
				  pkgver_compare(rule_scheme(p.kind), q.version, p.version) > 0;
		w->outdone[positions[i]] = outdone;
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
static void find_outdone(struct forward *w)
{
	VEC(struct named) all = { 0 };
	VEC(uint32_t) same = { 0 };
	for (uint32_t i = 0; i < w->n_facts; i++)
		if (fleet_fact_kind(w->fleet, w->facts[i]) == FACT_RPM)
			VEC_PUSH(&all,
				 ((struct named) { fleet_fact_name(w->fleet, w->facts[i]), i }));
	if (all.n > 1)
		qsort(all.p, all.n, sizeof(*all.p), compare_named);
	for (size_t from = 0, to; from < all.n; from = to) {
		same.n = 0;
		for (to = from; to < all.n && all.p[to].name == all.p[from].name; to++)
			VEC_PUSH(&same, all.p[to].position);
		if (same.n < 2)
			continue;
		if (!w->outdone)
			w->outdone = xcalloc(w->n_facts, sizeof(*w->outdone));
		judge_rivals(w, same.p, same.n);
	}
	VEC_DONE(&all);
	VEC_DONE(&same);
}

/* --- the pass -------------------------------------------------------------------------------- */

void forward_begin(struct forward *w, const struct state *s, const struct fleet *f,
		   const uint32_t *facts, uint32_t n)
{
	*w = (struct forward) { .state = s, .fleet = f, .facts = facts, .n_facts = n };
	w->hits = xmalloc(((size_t)n + 1) * sizeof(const struct hits *));
	w->modules = xcalloc(1, sizeof(*w->modules));
	modules_of(s->catalog, f, NULL, 0, w->modules);
	w->os = xcalloc((size_t)intern_count(s->os) + 1, sizeof(*w->os));
	w->terms = xcalloc((size_t)intern_count(s->terms) + 1, sizeof(*w->terms));
	for (uint32_t i = 0; i < n; i++) {
		w->hits[i] = hits_of(s, f, facts[i], w);
		__builtin_prefetch(w->hits[i]);
	}
	look_at_host(w);
	if (fleet_names(f, FACT_RPM) > 0)
		find_outdone(w);
}

bool forward_counts(const struct forward *w, uint32_t position)
{
	return !w->outdone || !w->outdone[position];
}

static uint8_t says_of(const struct forward *w, uint32_t fact, enum what what, enum modules_say say)
{
	switch (what) {
	case WHAT_SUPERSEDED: return SEEN(SET_INSTALLED) | SEEN_SUPERSEDED;
	case WHAT_OUTDATED:
	case WHAT_OUTDATED_DEFAULT:
		return (uint8_t)(SEEN(SET_INSTALLED) |
				 SEEN(hindrance_here(w, fact, what == WHAT_OUTDATED_DEFAULT, say)));
	default: return SEEN(SET_INSTALLED);
	}
}

static void add_modular(const struct forward *w, const uint32_t *p, uint32_t fact, uint8_t *seen)
{
	enum modules_say say = modules_say(w->modules, p[2] >> 1);
	bool strict = p[2] & 1;
	if ((strict || say == MODULES_OFFER) && (p[1] == ANY_ARCH || is_native(w, p[1], fact)))
		seen[p[0] >> WHAT_BITS] |= says_of(w, fact, (enum what)(p[0] % (1 << WHAT_BITS)),
						   say);
}

static void add_hits(const struct forward *w, const struct hits *h, uint32_t fact, uint8_t *seen)
{
	uint8_t says[1 << WHAT_BITS];
	if (length_of(h) == 0)
		return;
	for (enum what k = 0; k < WHATS_; k++)
		says[k] = says_of(w, fact, k, MODULES_SILENT);
	for (uint32_t i = 0; i < h->n; i++)
		seen[h->p[i] >> WHAT_BITS] |= says[h->p[i] % (1 << WHAT_BITS)];
	for (const uint32_t *p = h->p + h->n; p < h->p + h->n + 2 * (size_t)h->n_native; p += 2)
		if (is_native(w, p[1], fact))
			seen[p[0] >> WHAT_BITS] |= says[p[0] % (1 << WHAT_BITS)];
	const uint32_t *modular = h->p + h->n + 2 * (size_t)h->n_native;
	for (uint32_t i = 0; i < h->n_modular; i++)
		add_modular(w, modular + MODULAR_WORDS * i, fact, seen);
}

void forward_add(const struct forward *w, uint32_t position, uint8_t *seen)
{
	add_hits(w, w->hits[position], w->facts[position], seen);
}

void forward_add_other(struct forward *w, uint32_t fact, uint8_t *seen)
{
	add_hits(w, hits_of(w->state, w->fleet, fact, w), fact, seen);
}

bool forward_silent(const struct state *s, const struct fleet *f, const uint32_t *facts, uint32_t n)
{
	AUTO(forward_end) struct forward w = { .state = s, .fleet = f };
	bool silent = true;
	for (uint32_t i = 0; i < n && silent; i++) {
		const struct hits *h = hits_of(s, f, facts[i], &w);
		silent = length_of(h) == 0;
	}
	return silent;
}

uint8_t forward_finish(const struct forward *w, uint32_t patch, uint8_t seen)
{
	const struct patch_scope *scope = &w->state->scopes[patch];
	if (!w->os[scope->os])
		return 0;
	if ((seen & SEEN_LACKING) && !w->terms[scope->terms])
		return (uint8_t)((seen & ~SEEN_LACKING) | SEEN(SET_SUBSCRIPTION));
	return seen;
}

void forward_end(struct forward *w)
{
	for (size_t i = 0; i < w->own.n; i++)
		hits_free(w->own.p[i]);
	VEC_DONE(&w->own);
	VEC_DONE(&w->hindrances);
	if (w->modules)
		modules_done(w->modules);
	xfree(w->modules);
	xfree(w->hits);
	xfree(w->os);
	xfree(w->terms);
	xfree(w->outdone);
}

void forward_pass(const struct state *s, const struct fleet *f, const uint32_t *facts, uint32_t n,
		  uint8_t *seen)
{
	AUTO(forward_end) struct forward w;
	memset(seen, 0, s->catalog->n_patches);
	forward_begin(&w, s, f, facts, n);
	for (uint32_t i = 0; i < n; i++)
		if (forward_counts(&w, i))
			forward_add(&w, i, seen);
	for (uint32_t i = 0; i < s->catalog->n_patches; i++)
		if (seen[i])
			seen[i] = forward_finish(&w, i, seen[i]);
}
