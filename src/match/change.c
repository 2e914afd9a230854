/* SPDX-License-Identifier: Apache-2.0
 * Which verdicts of a host differ between two of its fact arrays. Most scans change a few packages
 * and nothing else: what the facts of both arrays say is then gathered once, and what the others
 * say is added for each. Anything else that changed (os, architecture, holds, subscriptions, a
 * first scan) is answered by two passes. */
#include "fleet/facts.h"
#include "match/match_int.h"

/* Two fact arrays, and what has been seen of each. */
struct sides {
	struct forward old, new;
	uint8_t *before, *now; /* by patch */
};

static bool is_package(const struct fleet *f, uint32_t fact)
{
	enum fact_kind kind = fleet_fact_kind(f, fact);
	return kind >= FACT_DEB && kind <= FACT_PACKAGE_LAST;
}

/* Whether what is in one array only is all packages. */
static bool only_packages(const struct fleet *f, const struct forward *a, const struct forward *b)
{
	uint32_t i = 0, k = 0;
	bool only = true;
	while (only && (i < a->n_facts || k < b->n_facts)) {
		if (k == b->n_facts || (i < a->n_facts && a->facts[i] < b->facts[k]))
			only = is_package(f, a->facts[i++]);
		else if (i == a->n_facts || b->facts[k] < a->facts[i])
			only = is_package(f, b->facts[k++]);
		else
			i++, k++;
	}
	return only;
}

static void add(const struct forward *w, uint32_t position, uint8_t *seen)
{
	if (forward_counts(w, position))
		forward_add(w, position, seen);
}

/* What both count goes, if they may share it, to `common`; whether an old kernel counts depends on
 * the new ones, so a fact of both may count in one only. */
static void gather(struct sides *x, bool share, uint8_t *common)
{
	const struct forward *a = &x->old, *b = &x->new;
	uint32_t i = 0, k = 0;
	while (i < a->n_facts || k < b->n_facts) {
		if (k == b->n_facts || (i < a->n_facts && a->facts[i] < b->facts[k])) {
			add(a, i++, x->before);
		} else if (i == a->n_facts || b->facts[k] < a->facts[i]) {
			add(b, k++, x->now);
		} else {
			bool both = share && forward_counts(a, i) && forward_counts(b, k);
			add(a, i++, both ? common : x->before);
			if (!both)
				add(b, k, x->now);
			k++;
		}
	}
}

void change_patches(const struct state *s, const struct fleet *f, const uint32_t *old,
		    uint32_t n_old, const uint32_t *new, uint32_t n_new, change_fn *fn, void *arg)
{
	const size_t n = s->catalog->n_patches;
	AUTO(xfree) uint8_t *seen = xcalloc(3 * n + 1, sizeof(*seen));
	struct sides x = { .before = seen, .now = seen + n };
	forward_begin(&x.old, s, f, old, n_old);
	forward_begin(&x.new, s, f, new, n_new);
	uint8_t *common = seen + 2 * n;
	gather(&x, only_packages(f, &x.old, &x.new), common);
	for (uint32_t i = 0; i < n; i++) {
		if (!(x.before[i] | x.now[i]))
			continue;
		enum verdict from = forward_verdict(
			forward_finish(&x.old, i, x.before[i] | common[i]));
		enum verdict to = forward_verdict(forward_finish(&x.new, i, x.now[i] | common[i]));
		if (from != to)
			fn(arg, i, from, to);
	}
	forward_end(&x.old);
	forward_end(&x.new);
}
