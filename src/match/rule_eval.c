/* SPDX-License-Identifier: Apache-2.0
 * The two evaluators. Logic is three-valued (Kleene): a host without a scan is unknown in every
 * condition. They share rule_fact(); that they agree is a property test. */
#include "fleet/facts.h"
#include "match/bitmaps.h"
#include "match/match_int.h"
#include "match/readings.h"

bool rule_host_has(const struct rule_host *h, uint32_t fact)
{
	return facts_have(h->facts, h->n_facts, fact);
}

bool rule_host_native(const struct rule_host *h, struct str arch)
{
	uint32_t fact = match_arch_fact(h->fleet, arch);
	return fact != INTERN_NONE && rule_host_has(h, fact);
}

static enum rule_truth eval_os(const struct rule *c, const struct rule_host *h, uint32_t *fact_out)
{
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(h->fleet, FACT_OS, &n);
	enum rule_truth truth = RULE_FALSE;
	for (uint32_t i = 0; i < n && truth == RULE_FALSE; i++) {
		struct fact_os os;
		if (!rule_host_has(h, facts[i]) || !fleet_fact_os(h->fleet, facts[i], &os))
			continue;
		*fact_out = facts[i];
		if (rule_os_matches(c->name, &os))
			truth = RULE_TRUE;
	}
	return truth;
}

enum rule_truth rule_eval_condition(const struct rule *c, const struct rule_host *h,
				    uint32_t *fact_out)
{
	*fact_out = INTERN_NONE;
	if (!h->scanned)
		return RULE_UNKNOWN;
	if (c->op == RULE_OS)
		return eval_os(c, h, fact_out);
	AUTO(xfree) struct host_reading *all = NULL;
	uint32_t n = rule_read_host(c, h, &all);
	for (uint32_t i = 0; i < n; i++) {
		*fact_out = all[i].fact;
		if (all[i].hit.holds)
			return RULE_TRUE;
	}
	return RULE_FALSE;
}

enum rule_truth rule_eval_host(const struct rule *r, const struct rule_host *h)
{
	if (r->op > RULE_NOT) {
		uint32_t fact;
		return rule_eval_condition(r, h, &fact);
	}
	enum rule_truth decides = r->op == RULE_OR ? RULE_TRUE : RULE_FALSE;
	enum rule_truth truth = r->op == RULE_OR ? RULE_FALSE : RULE_TRUE;
	for (uint32_t i = 0; i < r->n_children; i++) {
		enum rule_truth t = rule_eval_host(&r->children[i], h);
		if (r->op == RULE_NOT)
			return t == RULE_UNKNOWN ? t : t == RULE_TRUE ? RULE_FALSE : RULE_TRUE;
		if (t == decides)
			return t;
		if (t == RULE_UNKNOWN)
			truth = RULE_UNKNOWN;
	}
	return truth;
}

static roaring_bitmap_t *os_hosts(const struct rule *c, const struct fleet *f)
{
	struct bitmaps hosts = { 0 };
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(f, FACT_OS, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_os os;
		if (fleet_fact_os(f, facts[i], &os) && rule_os_matches(c->name, &os))
			bitmaps_add(&hosts, fleet_fact_hosts(f, facts[i]));
	}
	return bitmaps_union(&hosts);
}

/* Hosts (scanned, active ones) for which a condition is true. */
static roaring_bitmap_t *condition_hosts(const struct rule *c, const struct fleet *f)
{
	if (c->op == RULE_OS)
		return os_hosts(c, f);
	AUTO(readings_done) struct readings all = { 0 };
	struct bitmaps hosts = { 0 }, keep = { 0 };
	rule_read_fleet(c, f, &all);
	for (size_t from = 0, to; from < all.n; from = to) {
		to = readings_group(&all, from);
		bitmaps_add(&hosts, readings_hosts(&all, from, to, READING_HOLDS, &keep));
	}
	roaring_bitmap_t *out = bitmaps_union(&hosts);
	bitmaps_drop(&keep);
	return out;
}

/* Truth as two disjoint sets. */
struct truth_sets {
	roaring_bitmap_t *yes, *unknown;
};

static void sets_free(struct truth_sets *s)
{
	roaring_bitmap_free(s->yes);
	roaring_bitmap_free(s->unknown);
}

static void sets_and(struct truth_sets *s, const struct truth_sets *t)
{
	/* unknown = (both at least unknown) without (both true) */
	roaring_bitmap_t *maybe_s = roaring_bitmap_or(s->yes, s->unknown);
	roaring_bitmap_t *maybe_t = roaring_bitmap_or(t->yes, t->unknown);
	roaring_bitmap_and_inplace(s->yes, t->yes);
	roaring_bitmap_and_inplace(maybe_s, maybe_t);
	roaring_bitmap_andnot_inplace(maybe_s, s->yes);
	roaring_bitmap_free(maybe_t);
	roaring_bitmap_free(s->unknown);
	s->unknown = maybe_s;
}

static void sets_or(struct truth_sets *s, const struct truth_sets *t)
{
	roaring_bitmap_or_inplace(s->yes, t->yes);
	roaring_bitmap_or_inplace(s->unknown, t->unknown);
	roaring_bitmap_andnot_inplace(s->unknown, s->yes);
}

static struct truth_sets eval_sets(const struct rule *r, const struct fleet *f)
{
	struct truth_sets s;
	if (r->op > RULE_NOT) {
		s.yes = condition_hosts(r, f);
		s.unknown = roaring_bitmap_andnot(fleet_active(f), fleet_scanned(f));
		return s;
	}
	s.yes = r->op == RULE_OR ? roaring_bitmap_create() : roaring_bitmap_copy(fleet_active(f));
	s.unknown = roaring_bitmap_create();
	for (uint32_t i = 0; i < r->n_children; i++) {
		struct truth_sets t = eval_sets(&r->children[i], f);
		if (r->op == RULE_AND)
			sets_and(&s, &t);
		else if (r->op == RULE_OR)
			sets_or(&s, &t);
		else { /* not: what is neither true nor unknown */
			roaring_bitmap_andnot_inplace(s.yes, t.yes);
			roaring_bitmap_andnot_inplace(s.yes, t.unknown);
			roaring_bitmap_or_inplace(s.unknown, t.unknown);
		}
		sets_free(&t);
	}
	return s;
}

roaring_bitmap_t *rule_eval_fleet(const struct rule *r, const struct fleet *f,
				  roaring_bitmap_t **unknown_out)
{
	struct truth_sets s = eval_sets(r, f);
	if (unknown_out)
		*unknown_out = s.unknown;
	else
		roaring_bitmap_free(s.unknown);
	return s.yes;
}
