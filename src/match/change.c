/* SPDX-License-Identifier: Apache-2.0
 * Which verdicts of a host differ between two of its fact arrays. Most scans change a few packages
 * and nothing else: then one pass over the new array does for both, with what only the old one has
 * added; and none at all when no patch speaks of what changed. Anything else that changed (os,
 * architecture, holds, subscriptions, kernels of which the newest counts, a first scan) is answered
 * by two passes. */
#include "fleet/facts.h"
#include "match/match_int.h"

/* What two fact arrays say, by patch: only the old one, only the new one, both. */
struct sides {
	uint8_t *before, *now, *common;
};

/* Whether facts concern nothing but the patches that name them: whatever else a host is asked for
 * stays as it is without them. Of rpm packages only the newest of a name may count. */
static bool plain(const struct fleet *f, const uint32_t *facts, uint32_t n)
{
	static const bool is_plain[FACT_KINDS_] = {
		[FACT_OTHER] = true,	[FACT_DEB] = true,     [FACT_APK] = true,
		[FACT_UNSIGNED] = true, [FACT_RESTART] = true, [FACT_REBOOT] = true,
	};
	for (uint32_t i = 0; i < n; i++)
		if (!is_plain[fleet_fact_kind(f, facts[i])])
			return false;
	return true;
}

static void add_all(const struct forward *w, uint8_t *seen)
{
	for (uint32_t i = 0; i < w->n_facts; i++)
		if (forward_counts(w, i))
			forward_add(w, i, seen);
}

/* `added` are some of the facts of `w`; all others are common to both arrays. */
static void add_apart(const struct forward *w, const uint32_t *added, uint32_t n,
		      const struct sides *x)
{
	uint32_t k = 0;
	for (uint32_t i = 0; i < w->n_facts; i++) {
		bool here = k < n && added[k] == w->facts[i];
		k += here;
		if (forward_counts(w, i))
			forward_add(w, i, here ? x->now : x->common);
	}
}

/* Tells what differs; `was` and `is` know the host as a whole. */
static void tell(const struct sides *x, const struct forward *was, const struct forward *is,
		 change_fn *fn, void *arg)
{
	const uint32_t n = is->state->catalog->n_patches;
	for (uint32_t at = 0; at < n; at += 8) {
		uint64_t before, now;
		memcpy(&before, x->before + at, sizeof(before));
		memcpy(&now, x->now + at, sizeof(now));
		for (uint32_t i = at; (before | now) && i < MIN(at + 8, n); i++) {
			if (!(x->before[i] | x->now[i]))
				continue;
			enum verdict from = forward_verdict(
				forward_finish(was, i, x->before[i] | x->common[i]));
			enum verdict to = forward_verdict(
				forward_finish(is, i, x->now[i] | x->common[i]));
			if (from != to)
				fn(arg, i, from, to);
		}
	}
}

void change_patches(const struct state *s, const struct fleet *f, const uint32_t *old,
		    uint32_t n_old, const uint32_t *new, uint32_t n_new, change_fn *fn, void *arg)
{
	AUTO(xfree) uint32_t *removed = xmalloc(((size_t)n_old + 1) * sizeof(*removed));
	AUTO(xfree) uint32_t *added = xmalloc(((size_t)n_new + 1) * sizeof(*added));
	AUTO(forward_end) struct forward was = { 0 };
	AUTO(forward_end) struct forward is = { 0 };
	uint32_t n_removed, n_added;
	facts_diff(old, n_old, new, n_new, removed, &n_removed, added, &n_added);
	bool one = plain(f, removed, n_removed) && plain(f, added, n_added);
	if (one && forward_silent(s, f, removed, n_removed) && forward_silent(s, f, added, n_added))
		return;
	const size_t n = ((size_t)s->catalog->n_patches + 7) / 8 * 8;
	AUTO(xfree) uint8_t *seen = xcalloc(3 * n + 1, sizeof(*seen));
	struct sides x = { .before = seen, .now = seen + n, .common = seen + 2 * n };
	forward_begin(&is, s, f, new, n_new);
	if (one) {
		add_apart(&is, added, n_added, &x);
		for (uint32_t i = 0; i < n_removed; i++)
			forward_add_other(&is, removed[i], x.before);
	} else {
		forward_begin(&was, s, f, old, n_old);
		add_all(&was, x.before);
		add_all(&is, x.now);
	}
	tell(&x, one ? &is : &was, &is, fn, arg);
}
