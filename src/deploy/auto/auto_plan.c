/* SPDX-License-Identifier: Apache-2.0
 * From a task to the (patch, system) pairs it deploys now: the bitmaps of what is missing, what the
 * task has given already, what is under way, and the decisions of auto_decide.c. The dry run and
 * the run itself both come through here, and nothing is written. */
#include "deploy/auto/auto_int.h"

#include <stdlib.h>

/* A pair that was given and is missing still. */
struct tried {
	uint32_t row, host;
	enum target_state state;
	int64_t ended_ms;
};

struct planning {
	struct deploy *d;
	const struct match_view *v;
	const struct auto_task *t;
	int64_t now_ms;
	struct auto_plan *out;
	struct intern *ids;	    /* of the rows' patches: number = row */
	roaring_bitmap_t **missing; /* by row: systems of the task that lack it */
	roaring_bitmap_t **busy;    /* by row; NULL = none */
	int64_t *since;		    /* by row: what ended before does not count */
	VEC(struct tried) tried;
};

void auto_plan_done(struct auto_plan *p)
{
	for (size_t i = 0; i < p->rows.n; i++) {
		if (p->rows.p[i].chosen)
			roaring_bitmap_free(p->rows.p[i].chosen);
		if (p->rows.p[i].refused)
			roaring_bitmap_free(p->rows.p[i].refused);
	}
	VEC_DONE(&p->rows);
	*p = (struct auto_plan) { 0 };
}

static void planning_done(struct planning *k)
{
	uint32_t n = k->ids ? intern_count(k->ids) : 0;
	for (uint32_t i = 0; i < n; i++) {
		roaring_bitmap_free(k->missing[i]);
		if (k->busy && k->busy[i])
			roaring_bitmap_free(k->busy[i]);
	}
	xfree(k->missing);
	xfree(k->busy);
	xfree(k->since);
	VEC_DONE(&k->tried);
	intern_free(k->ids);
}
AUTO_DEFINE_VALUE(struct planning, planning_done)

/* --- what there is to know of a patch --- */

static void facts_of(struct planning *k, const struct enrich_join *enriched, uint32_t patch,
		     bool declined, struct arena *a, struct auto_patch *out)
{
	const struct catalog *cat = k->v->catalog;
	const struct patch *p = &cat->patches[patch];
	const struct epss *score = enriched ? enrich_join_epss(enriched, patch) : NULL;
	struct approval ap;
	approval_of(k->d, p->id, a, &ap);
	*out = (struct auto_patch) { .type = p->type,
				     .severity = p->severity,
				     .id = p->id,
				     .os = p->os,
				     .product = p->product,
				     .components = &cat->components[p->first_component],
				     .n_components = p->components,
				     .released_ms = p->released_ms,
				     .seen_ms = ap.seen_ms,
				     .approved_ms = ap.approved ? ap.changed_ms : 0,
				     .approved = ap.approved,
				     .declined = declined,
				     .untested = ap.how == APPROVAL_NEW,
				     .kev = enriched && enrich_join_kev(enriched, patch, NULL),
				     .epss = score ? (int64_t)score->score : -1 };
}

/* The systems that lack the row's patch and may get it; when it is declined on all of them, these
 * (auto_decide.h says so). */
static roaring_bitmap_t *due_on(const struct match_view *v, const roaring_bitmap_t *lack,
				const roaring_bitmap_t *targets, struct auto_row *row)
{
	roaring_bitmap_t *own, *all = roaring_bitmap_and(lack, targets);
	const roaring_bitmap_t *due = match_due_hosts(v, row->patch, VERDICT_MISSING, &own);
	roaring_bitmap_t *some = due ? roaring_bitmap_and(due, targets) : roaring_bitmap_create();
	if (own)
		roaring_bitmap_free(own);
	row->lacking = (uint32_t)roaring_bitmap_get_cardinality(all);
	row->declined = row->lacking - (uint32_t)roaring_bitmap_get_cardinality(some);
	bool everywhere = row->declined == row->lacking;
	roaring_bitmap_free(everywhere ? some : all);
	return everywhere ? all : some;
}

static bool is_declined(const struct auto_row *row)
{
	return row->declined == row->lacking;
}

/* The task's business that any of its systems lacks. */
static void gather(struct planning *k, const struct enrich_join *enriched,
		   const roaring_bitmap_t *targets, struct arena *a)
{
	const struct catalog *cat = k->v->catalog;
	for (uint32_t i = 0; i < cat->n_patches; i++) {
		const roaring_bitmap_t *lack = match_hosts(k->v, i, VERDICT_MISSING);
		struct auto_patch p;
		if (!lack || !roaring_bitmap_intersect(lack, targets))
			continue;
		facts_of(k, enriched, i, false, a, &p);
		if (!auto_matches(&k->t->spec.criteria, &p))
			continue;
		size_t n = k->out->rows.n;
		struct auto_row row = { .patch = i };
		k->missing = xrealloc(k->missing, (n + 1) * sizeof(*k->missing));
		k->missing[n] = due_on(k->v, lack, targets, &row);
		VEC_PUSH(&k->out->rows, row);
		intern_add(k->ids, p.id);
	}
}

/* What a person took back from a system is not installed there by itself (uninstall.h). */
static bool leave_out_taken_back(struct planning *k, struct err *e)
{
	AUTO(xfree)
	roaring_bitmap_t **by_patch = xcalloc(k->v->catalog->n_patches + 1,
					      sizeof(roaring_bitmap_t *));
	struct auto_row *rows = k->out->rows.p;
	uint32_t all = 0;
	for (size_t i = 0; i < k->out->rows.n; i++)
		by_patch[rows[i].patch] = k->missing[i];
	if (!rolled_back_leave_out(k->d, k->v, by_patch, &all, e))
		return false;
	for (size_t i = 0; i < k->out->rows.n; i++)
		rows[i].taken_back = rows[i].lacking -
				     (is_declined(&rows[i]) ? 0 : rows[i].declined) -
				     (uint32_t)roaring_bitmap_get_cardinality(k->missing[i]);
	return true;
}

/* --- what was given before, and what is under way --- */

static void note_claim(void *arg, const struct claim *c)
{
	struct planning *k = arg;
	uint32_t row = intern_find(k->ids, c->patch);
	if (row == INTERN_NONE || c->state <= TARGET_INSTALLING || c->ended_ms < k->since[row])
		return;
	const struct host *h = fleet_host_by_id(k->v->fleet, c->host);
	if (h && roaring_bitmap_contains(k->missing[row], h->no))
		VEC_PUSH(&k->tried, ((struct tried) { row, h->no, c->state, c->ended_ms }));
}

static int by_pair(const void *a, const void *b)
{
	const struct tried *x = a, *y = b;
	return x->row != y->row	    ? (x->row > y->row) - (x->row < y->row)
	       : x->host != y->host ? (x->host > y->host) - (x->host < y->host)
				    : (x->ended_ms > y->ended_ms) - (x->ended_ms < y->ended_ms);
}

static bool read_history(struct planning *k, struct arena *a, struct err *e)
{
	struct given *list;
	size_t n;
	if (!k->t->id[0])
		return true;
	if (!auto_resets(k->d, k->t->id, k->ids, k->since, e) ||
	    !auto_given(k->d, k->t->id, k->ids, a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!auto_claims(k->d, &list[i], note_claim, k, e))
			return false;
	if (k->tried.n)
		qsort(k->tried.p, k->tried.n, sizeof(*k->tried.p), by_pair);
	return true;
}

static void note_busy(void *arg, uint32_t row, const roaring_bitmap_t *hosts)
{
	struct planning *k = arg;
	if (!k->busy[row])
		k->busy[row] = roaring_bitmap_create();
	roaring_bitmap_or_inplace(k->busy[row], hosts);
}

/* --- deciding --- */

/* The pairs of a row that were tried: out of `chosen`, into `refused`, unless they are due. */
static void judge_tried(struct planning *k, struct auto_row *r, const struct tried *p, size_t n,
			roaring_bitmap_t *chosen)
{
	for (size_t i = 0, end; i < n; i = end) {
		struct auto_tries t = { 0 };
		for (end = i; end < n && p[end].host == p[i].host; end++) {
			t.ended++;
			t.last_ms = p[end].ended_ms;
			t.cancelled |= p[end].state == TARGET_CANCELLED ||
				       p[end].state == TARGET_EXPIRED;
		}
		r->failures += p[end - 1].state == TARGET_FAILED;
		enum auto_pair verdict = auto_pair(&k->t->spec.criteria, &t, k->now_ms);
		if (verdict == AUTO_PAIR_DUE)
			continue;
		r->waits += verdict == AUTO_PAIR_WAITS;
		r->given_up += verdict == AUTO_PAIR_GIVEN_UP;
		r->cancelled += verdict == AUTO_PAIR_CANCELLED;
		roaring_bitmap_remove(chosen, p[i].host);
		roaring_bitmap_add(r->refused, p[i].host);
	}
}

static void decide_row(struct planning *k, const struct enrich_join *enriched, uint32_t row,
		       size_t *tried_at, struct arena *a)
{
	struct auto_row *r = &k->out->rows.p[row];
	roaring_bitmap_t *chosen = roaring_bitmap_copy(k->missing[row]);
	size_t first = *tried_at;
	while (*tried_at < k->tried.n && k->tried.p[*tried_at].row == row)
		++*tried_at;
	r->refused = roaring_bitmap_create();
	judge_tried(k, r, k->tried.p + first, *tried_at - first, chosen);
	if (k->busy[row]) {
		r->busy = (uint32_t)roaring_bitmap_and_cardinality(k->missing[row], k->busy[row]);
		roaring_bitmap_andnot_inplace(chosen, k->busy[row]);
	}
	struct auto_patch p;
	facts_of(k, enriched, r->patch, is_declined(r), a, &p);
	p.failures = r->failures;
	auto_decide(&k->t->spec.criteria, &p, k->now_ms, &r->decision);
	bool deploys = r->decision.verdict == AUTO_DEPLOY || r->decision.verdict == AUTO_EXPRESS;
	if (deploys && !roaring_bitmap_is_empty(chosen))
		r->chosen = chosen;
	else
		roaring_bitmap_free(chosen);
}

static void total(struct auto_plan *p)
{
	roaring_bitmap_t *all = roaring_bitmap_create(), *express = roaring_bitmap_create();
	for (size_t i = 0; i < p->rows.n; i++) {
		const struct auto_row *r = &p->rows.p[i];
		p->verdicts[r->decision.verdict]++;
		if (r->decision.verdict == AUTO_LATER &&
		    (!p->next_ms || r->decision.at_ms < p->next_ms))
			p->next_ms = r->decision.at_ms;
		if (!r->chosen)
			continue;
		p->patches++;
		p->pairs += (uint32_t)roaring_bitmap_get_cardinality(r->chosen);
		roaring_bitmap_or_inplace(all, r->chosen);
		if (r->decision.verdict != AUTO_EXPRESS)
			continue;
		p->express_patches++;
		roaring_bitmap_or_inplace(express, r->chosen);
	}
	p->systems = (uint32_t)roaring_bitmap_get_cardinality(all);
	p->express_systems = (uint32_t)roaring_bitmap_get_cardinality(express);
	roaring_bitmap_free(all);
	roaring_bitmap_free(express);
}

/* A patch whose approval is younger starts anew: an administrator has looked at it. */
static void since_approval(struct planning *k, struct arena *a)
{
	for (uint32_t i = 0; i < k->out->rows.n; i++) {
		struct approval ap;
		approval_of(k->d, intern_get(k->ids, i), a, &ap);
		if (ap.how != APPROVAL_BY_MODE)
			k->since[i] = ap.changed_ms;
	}
}

static bool plan_in(struct planning *k, const roaring_bitmap_t *targets, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(enrich_join_unref)
	struct enrich_join *enriched = k->d->conf.enrichment
					       ? enrichment_join(k->d->conf.enrichment,
								 k->v->catalog)
					       : NULL;
	gather(k, enriched, targets, &a);
	size_t n = k->out->rows.n, at = 0;
	k->since = xcalloc(n + 1, sizeof(*k->since));
	k->busy = xcalloc(n + 1, sizeof(roaring_bitmap_t *));
	since_approval(k, &a);
	if (n && (!leave_out_taken_back(k, e) || !read_history(k, &a, e) ||
		  !auto_under_way(k->d, k->v, k->ids, note_busy, k, e)))
		return false;
	for (uint32_t i = 0; i < n; i++)
		decide_row(k, enriched, i, &at, &a);
	return true;
}

bool auto_plan(struct deploy *d, const struct match_view *v, const struct auto_task *t,
	       struct auto_plan *out, struct err *e)
{
	AUTO(auto_plan_done) struct auto_plan p = { 0 };
	AUTO(planning_done)
	struct planning k = { .d = d,
			      .v = v,
			      .t = t,
			      .now_ms = clock_now_ms(d->conf.clock),
			      .out = &p,
			      .ids = intern_new() };
	roaring_bitmap_t *targets;
	if (!auto_hosts(d, v, t->spec.targets, &targets, e))
		return false;
	p.targets = (uint32_t)roaring_bitmap_get_cardinality(targets);
	bool ok = plan_in(&k, targets, e);
	roaring_bitmap_free(targets);
	if (!ok)
		return err_prefix(e, "automated deployment '%s'", t->name);
	total(&p);
	*out = p;
	p = (struct auto_plan) { 0 };
	return true;
}
