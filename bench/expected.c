/* SPDX-License-Identifier: Apache-2.0
 * Line -> patches it outdates as one array of runs; a host's list is the union over its lines. */
#include "expected.h"
#include "workload_int.h"

struct expected {
	const struct workload *w;
	uint32_t patches;
	uint32_t *first, *of; /* run of each line in `of` */
	uint32_t *seen, turn; /* per patch: the turn in which it was met last */
	uint32_t *lines;
	struct arena arena;
	struct str *ids;
};

static void count_pair(void *arg, uint32_t patch, uint32_t line, bool outdated)
{
	struct expected *x = arg;
	x->first[line + 2] += outdated;
}

static void put_pair(void *arg, uint32_t patch, uint32_t line, bool outdated)
{
	struct expected *x = arg;
	if (outdated)
		x->of[x->first[line + 1]++] = patch;
}

struct expected *expected_new(const struct workload *w, uint32_t patches)
{
	struct expected *x = xcalloc(1, sizeof(*x));
	uint32_t lines = workload_lines(w);
	x->w = w;
	x->patches = patches;
	x->first = xcalloc((size_t)lines + 3, sizeof(*x->first));
	workload_pairs(w, patches, count_pair, x);
	for (uint32_t i = 0; i < lines; i++)
		x->first[i + 2] += x->first[i + 1];
	x->of = xmalloc(sizeof(*x->of) * ((size_t)x->first[lines + 1] + 1));
	workload_pairs(w, patches, put_pair, x);
	x->seen = xcalloc((size_t)patches + 1, sizeof(*x->seen));
	x->lines = xmalloc(sizeof(*x->lines) * workload_host_max(w));
	x->ids = arena_array(&x->arena, struct str, (size_t)patches + 1);
	workload_patch_ids(w, patches, &x->arena, x->ids);
	return x;
}

void expected_free(struct expected *x)
{
	if (!x)
		return;
	xfree(x->first);
	xfree(x->of);
	xfree(x->seen);
	xfree(x->lines);
	arena_done(&x->arena);
	xfree(x);
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static uint32_t unordered(struct expected *x, uint32_t host, uint32_t revision, uint32_t *out)
{
	uint32_t n = workload_host(x->w, host, revision, x->lines), found = 0;
	x->turn++;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = x->first[x->lines[i]]; k < x->first[x->lines[i] + 1]; k++) {
			uint32_t patch = x->of[k];
			if (x->seen[patch] != x->turn) {
				x->seen[patch] = x->turn;
				out[found++] = patch;
			}
		}
	return found;
}

uint32_t expected_list(struct expected *x, uint32_t host, uint32_t revision, uint32_t *out)
{
	uint32_t n = unordered(x, host, revision, out);
	qsort(out, n, sizeof(*out), ascending);
	return n;
}

void expected_counts(struct expected *x, uint32_t hosts, const uint8_t *revision, uint32_t *counts)
{
	AUTO(xfree) uint32_t *list = xmalloc(sizeof(*list) * ((size_t)x->patches + 1));
	for (uint32_t h = 0; h < hosts; h++) {
		uint32_t n = unordered(x, h, revision ? revision[h] : 0, list);
		for (uint32_t i = 0; i < n; i++)
			counts[list[i]]++;
	}
}

void expected_seen(const struct expected *x, const struct match_view *v, uint32_t *counts)
{
	for (uint32_t i = 0; i < x->patches; i++) {
		uint32_t p = catalog_find(v->catalog, x->ids[i]);
		counts[i] = p == CATALOG_NONE ? UINT32_MAX
					      : match_count(v, p, VERDICT_MISSING) +
							match_count(v, p, VERDICT_HELD);
	}
}

uint32_t expected_differences(const struct expected *x, const struct match_view *v,
			      const uint32_t *counts)
{
	AUTO(xfree) uint32_t *seen = xmalloc(sizeof(*seen) * ((size_t)x->patches + 1));
	uint32_t differences = 0;
	expected_seen(x, v, seen);
	for (uint32_t i = 0; i < x->patches; i++)
		differences += seen[i] != counts[i];
	return differences;
}

bool expected_same_list(struct expected *x, const struct match_view *v, uint32_t host,
			uint32_t revision)
{
	AUTO(xfree) uint32_t *want = xmalloc(sizeof(*want) * ((size_t)x->patches + 1));
	AUTO(xfree) uint8_t *wanted = xcalloc((size_t)v->catalog->n_patches + 1, 1);
	AUTO(xfree) struct host_patch *have = NULL;
	uint32_t n = expected_list(x, host, revision, want), found = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t p = catalog_find(v->catalog, x->ids[want[i]]);
		if (p == CATALOG_NONE)
			return false;
		wanted[p] = 1;
	}
	uint32_t have_n = match_host_patches(v, host, &have);
	for (uint32_t i = 0; i < have_n; i++) {
		bool lacks = have[i].verdict == VERDICT_MISSING || have[i].verdict == VERDICT_HELD;
		if (lacks && !wanted[have[i].patch])
			return false;
		found += lacks;
	}
	return found == n;
}
