/* SPDX-License-Identifier: Apache-2.0
 * The check: forward passes over all hosts, block by block, against sets and counters. It shares
 * only rule_fact() and rule_os_matches() with what it checks. */
#include "match/host_view.h"

#define BLOCK 4096u

struct check {
	struct match_view v;
	uint32_t from, to;		  /* hosts of this block */
	roaring_bitmap_t *(*want)[SETS_]; /* per patch; NULL = none */
	uint64_t differences;
};

static void compare_tally(struct check *c, uint32_t host, const struct tally *want)
{
	const struct state *s = c->v.m->state;
	struct tally have = host < s->tallies.n ? s->tallies.p[host] : (struct tally) { 0 };
	c->differences += memcmp(&have, want, sizeof(have)) != 0;
}

/* Said here anew: nothing of what keeps the counters is believed. */
static bool is_declined(const struct patch_state *p, uint32_t host)
{
	return p->declined || (p->mask && roaring_bitmap_contains(p->mask->hosts, host));
}

static void forward_host(struct check *c, uint32_t host, uint8_t *seen)
{
	const struct catalog *catalog = c->v.catalog;
	struct tally tally = { 0 };
	AUTO(host_view_done) struct host_view h;
	if (host_view_init(&c->v, host, &h)) {
		forward_pass(c->v.m->state, c->v.fleet, h.facts, h.rule_host.n_facts, seen);
		for (uint32_t i = 0; i < catalog->n_patches; i++) {
			int set = seen[i] ? set_of_verdict(forward_verdict(seen[i])) : -1;
			if (set < 0)
				continue;
			if (!c->want[i][set])
				c->want[i][set] = roaring_bitmap_create();
			roaring_bitmap_add(c->want[i][set], host);
			tally_patch(&tally, &catalog->patches[i],
				    is_declined(&c->v.m->state->patches[i], host), (enum set)set,
				    1);
		}
	}
	compare_tally(c, host, &tally);
}

static void compare_set(struct check *c, const roaring_bitmap_t *have, roaring_bitmap_t *want)
{
	uint64_t in_have = have ? roaring_bitmap_range_cardinality(have, c->from, c->to) : 0;
	uint64_t in_want = want ? roaring_bitmap_get_cardinality(want) : 0;
	uint64_t in_both = have && want ? roaring_bitmap_and_cardinality(have, want) : 0;
	c->differences += (in_have - in_both) + (in_want - in_both);
	if (want)
		roaring_bitmap_free(want);
}

static void check_block(struct check *c)
{
	uint32_t n = c->v.catalog->n_patches;
	AUTO(xfree) uint8_t *seen = xmalloc((size_t)n + 1);
	c->want = xcalloc((size_t)n + 1, sizeof(*c->want));
	for (uint32_t h = c->from; h < c->to; h++)
		forward_host(c, h, seen);
	for (uint32_t i = 0; i < n; i++)
		for (int k = 0; k < SETS_; k++)
			compare_set(c, c->v.m->state->patches[i].set[k], c->want[i][k]);
	xfree(c->want);
}

/* Counters of patches against the sets' sizes, totals against the counters. */
static uint64_t check_totals(const struct match_view *v)
{
	const struct state *s = v->m->state;
	struct totals want = { 0 };
	uint64_t differences = 0;
	for (uint32_t i = 0; i < v->catalog->n_patches; i++) {
		const struct patch_state *p = &s->patches[i];
		const struct patch *patch = &v->catalog->patches[i];
		uint64_t missing = 0;
		for (int k = 0; k < SETS_; k++) {
			differences += p->n[k] !=
				       (p->set[k] ? roaring_bitmap_get_cardinality(p->set[k]) : 0);
			uint64_t off = k != SET_INSTALLED && p->mask && p->set[k]
					       ? roaring_bitmap_and_cardinality(p->set[k],
										p->mask->hosts)
					       : 0;
			differences += p->off[k] != off;
			want.patches[k] += p->n[k] > off && (!p->declined || k == SET_INSTALLED);
			missing = k == SET_MISSING ? p->n[k] - off : missing;
		}
		if (missing == 0 || p->declined)
			continue;
		want.missing_pairs += missing;
		want.missing_by_severity[patch->severity]++;
		want.security_missing += patch->type == PATCH_TYPE_SECURITY;
	}
	return differences + (memcmp(&want, &s->totals, sizeof(want)) != 0);
}

uint64_t match_verify(struct match *m)
{
	uint64_t differences = 0;
	uint32_t hosts = 1;
	pthread_mutex_lock(&m->adopt);
	for (uint32_t from = 0; from < hosts; from += BLOCK) {
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		hosts = fleet_host_count(v.fleet);
		struct check c = { .v = v, .from = from, .to = MIN(from + BLOCK, hosts) };
		check_block(&c);
		differences += c.differences;
		if (from + BLOCK >= hosts)
			differences += check_totals(&v);
	}
	if (differences > 0)
		adopt_catalog(m, m->state->catalog, true);
	pthread_mutex_unlock(&m->adopt);
	return differences;
}
