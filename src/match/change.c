/* SPDX-License-Identifier: Apache-2.0
 * Which verdicts of a host differ between two of its fact arrays. A patch asks for packages by
 * name, so when nothing but a few packages changed, only the patches that speak of these (and, of
 * rpms, of their rivals) can differ: they are looked at one by one. Anything else that changed (os,
 * architecture, holds, subscriptions, a first scan) is answered by two forward passes. */
#include "fleet/facts.h"
#include "match/host_view.h"

/* Above so many changed packages two forward passes cost less. */
#define FEW 64u

static bool is_package(const struct fleet *f, uint32_t fact)
{
	enum fact_kind kind = fleet_fact_kind(f, fact);
	return kind >= FACT_DEB && kind <= FACT_PACKAGE_LAST;
}

static bool few_packages(const struct fleet *f, const uint32_t *facts, uint32_t n)
{
	if (n > FEW)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!is_package(f, facts[i]))
			return false;
	return true;
}

struct patches {
	uint32_t *p;
	size_t n, cap;
};

static int by_number(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	return (a > b) - (a < b);
}

static void add_hits(const struct state *s, const struct fleet *f, uint32_t fact,
		     struct patches *out)
{
	struct hits *own;
	const struct hits *h = forward_hits(s, f, fact, &own);
	for (uint32_t i = 0; i < h->n; i++)
		VEC_PUSH(out, s->catalog->components[h->p[i].component].patch);
	forward_hits_done(own);
}

/* Patches that speak of a package; of an rpm also those of any other of its name. */
static void add_patches(const struct state *s, const struct fleet *f, uint32_t fact,
			struct patches *out)
{
	struct fact_package p;
	uint32_t n;
	add_hits(s, f, fact, out);
	if (!fleet_fact_package(f, fact, &p) || p.kind != FACT_RPM)
		return;
	const uint32_t *same = fleet_facts_by_name(f, FACT_RPM, p.name, &n);
	for (uint32_t i = 0; i < n; i++)
		add_hits(s, f, same[i], out);
}

static struct host_view view_of(const struct fleet *f, const uint32_t *facts, uint32_t n,
				const struct rule_marks *marks)
{
	return (struct host_view) { .facts = (uint32_t *)facts,
				    .rule_host = { .fleet = f,
						   .facts = facts,
						   .n_facts = n,
						   .scanned = true,
						   .marks = marks } };
}

static enum verdict held_verdict(const struct state *s, uint32_t host, uint32_t patch)
{
	const struct patch_state *p = &s->patches[patch];
	for (enum set k = 0; k < SETS_; k++)
		if (p->set[k] && roaring_bitmap_contains(p->set[k], host))
			return verdict_of_set(k);
	return VERDICT_NOT_APPLICABLE;
}

static void look_at(const struct state *s, const struct fleet *f, uint32_t holder,
		    const struct patches *patches, const uint32_t *old, uint32_t n_old,
		    const uint32_t *new, uint32_t n_new, change_fn *fn, void *arg)
{
	AUTO(rule_marks_done) struct rule_marks mark_old, mark_new;
	rule_marks_init(&mark_old, old, n_old);
	rule_marks_init(&mark_new, new, n_new);
	const struct host_view before = view_of(f, old, n_old, &mark_old);
	const struct host_view now = view_of(f, new, n_new, &mark_new);
	for (size_t i = 0; i < patches->n; i++) {
		if (i > 0 && patches->p[i] == patches->p[i - 1])
			continue;
		bool held = holder != INTERN_NONE && s->patches[patches->p[i]].live;
		enum verdict from = held ? held_verdict(s, holder, patches->p[i])
					 : host_view_verdict(&before, s->catalog, patches->p[i]);
		enum verdict to = host_view_verdict(&now, s->catalog, patches->p[i]);
		if (from != to)
			fn(arg, patches->p[i], from, to);
	}
}

static void pass_twice(const struct state *s, const struct fleet *f, const uint32_t *old,
		       uint32_t n_old, const uint32_t *new, uint32_t n_new, change_fn *fn,
		       void *arg)
{
	uint32_t n = s->catalog->n_patches;
	AUTO(xfree) uint8_t *before = xmalloc((size_t)n + 1);
	AUTO(xfree) uint8_t *now = xmalloc((size_t)n + 1);
	forward_pass(s, f, old, n_old, before);
	forward_pass(s, f, new, n_new, now);
	for (uint32_t i = 0; i < n; i++) {
		enum verdict from = forward_verdict(before[i]), to = forward_verdict(now[i]);
		if (before[i] != now[i] && from != to)
			fn(arg, i, from, to);
	}
}

void change_patches(const struct state *s, const struct fleet *f, uint32_t holder,
		    const uint32_t *old, uint32_t n_old, const uint32_t *new, uint32_t n_new,
		    change_fn *fn, void *arg)
{
	AUTO(xfree) uint32_t *removed = xmalloc(sizeof(*removed) * ((size_t)n_old + 1));
	AUTO(xfree) uint32_t *added = xmalloc(sizeof(*added) * ((size_t)n_new + 1));
	uint32_t n_removed, n_added;
	facts_diff(old, n_old, new, n_new, removed, &n_removed, added, &n_added);
	if (n_old == 0 || n_new == 0 || !few_packages(f, removed, n_removed) ||
	    !few_packages(f, added, n_added)) {
		pass_twice(s, f, old, n_old, new, n_new, fn, arg);
		return;
	}
	struct patches patches = { 0 };
	for (uint32_t i = 0; i < n_removed; i++)
		add_patches(s, f, removed[i], &patches);
	for (uint32_t i = 0; i < n_added; i++)
		add_patches(s, f, added[i], &patches);
	if (patches.n > 0) {
		qsort(patches.p, patches.n, sizeof(*patches.p), by_number);
		look_at(s, f, holder, &patches, old, n_old, new, n_new, fn, arg);
	}
	VEC_DONE(&patches);
}
