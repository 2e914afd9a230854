/* SPDX-License-Identifier: Apache-2.0
 * Tests of patches (M-187): how each stands on the test systems, and what that decides. The engine
 * acts on the decisions that are shown (AC-13). */
#include "deploy/auto/auto_int.h"

#include <stdio.h>

struct testing {
	const struct match_view *v;
	struct intern *ids;	      /* of the patches asked about */
	const uint32_t *patches;      /* by number */
	struct approval_facts *facts; /* by number */
	roaring_bitmap_t **given;     /* by number; NULL = nobody */
	int64_t *since;
	char (*why)[APPROVAL_WHY]; /* of the first failure */
};

void auto_test_task(const struct approval_settings *s, struct auto_task *out)
{
	*out = (struct auto_task) { .id = AUTO_TEST,
				    .name = AUTO_TEST,
				    .spec = { .criteria = { .express_epss = -1, .testing = true },
					      .policy = s->policy,
					      .express_policy = s->policy,
					      .targets = s->targets,
					      .notify = s->notify } };
}

static void note_claim(void *arg, const struct claim *c)
{
	struct testing *k = arg;
	uint32_t no = intern_find(k->ids, c->patch);
	const struct host *h = fleet_host_by_id(k->v->fleet, c->host);
	if (no == INTERN_NONE || !h || c->state == TARGET_CANCELLED || c->state == TARGET_EXPIRED ||
	    c->state == TARGET_NOT_APPLICABLE)
		return;
	struct approval_facts *f = &k->facts[no];
	bool open = c->state <= TARGET_INSTALLING;
	if (!open && c->ended_ms < k->since[no])
		return;
	if (!k->given[no])
		k->given[no] = roaring_bitmap_create();
	roaring_bitmap_add(k->given[no], h->no);
	if (open) {
		f->open++;
	} else if (match_verdict(k->v, h->no, k->patches[no]) == VERDICT_MISSING) {
		f->failed++; /* whatever was reported: it is not there */
		if (!k->why[no][0])
			snprintf(k->why[no], sizeof(k->why[no]), "%s: %.*s",
				 h->attrs.hostname ? h->attrs.hostname : h->id, STR_ARG(c->reason));
	} else {
		f->succeeded++;
		if (!f->first_ms || c->ended_ms < f->first_ms)
			f->first_ms = c->ended_ms;
	}
}

static bool read_claims(struct deploy *d, struct testing *k, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct given *list;
	size_t n;
	if (!auto_given(d, AUTO_TEST, k->ids, &a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!auto_claims(d, &list[i], note_claim, k, e))
			return false;
	return true;
}

static void count_lacking(struct testing *k, const roaring_bitmap_t *tests)
{
	for (uint32_t i = 0; i < intern_count(k->ids); i++) {
		roaring_bitmap_t *own;
		const roaring_bitmap_t *lack = match_due_hosts(k->v, k->patches[i], VERDICT_MISSING,
							       &own);
		k->facts[i].has_targets = !roaring_bitmap_is_empty(tests);
		if (!lack)
			continue;
		roaring_bitmap_t *some = roaring_bitmap_and(lack, tests);
		if (k->given[i])
			roaring_bitmap_andnot_inplace(some, k->given[i]);
		k->facts[i].lacking = (uint32_t)roaring_bitmap_get_cardinality(some);
		roaring_bitmap_free(some);
		if (own)
			roaring_bitmap_free(own);
	}
}

static bool read_facts(struct deploy *d, const struct approval_settings *s, struct testing *k,
		       struct err *e)
{
	roaring_bitmap_t *tests;
	if (!s->targets[0])
		tests = roaring_bitmap_create();
	else if (!auto_hosts(d, k->v, s->targets, &tests, e))
		return false;
	bool ok = read_claims(d, k, e);
	if (ok)
		count_lacking(k, tests);
	roaring_bitmap_free(tests);
	return ok;
}

bool approval_decisions(struct deploy *d, const struct match_view *v, const uint32_t *patches,
			size_t n, struct approval_decision *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(intern_free) struct intern *ids = intern_new();
	struct approval_settings s;
	struct testing k = { .v = v,
			     .ids = ids,
			     .patches = patches,
			     .facts = arena_array(&a, struct approval_facts, n + 1),
			     .given = arena_array(&a, roaring_bitmap_t *, n + 1),
			     .since = arena_array(&a, int64_t, n + 1),
			     .why = arena_alloc(&a, (n + 1) * APPROVAL_WHY) };
	bool *untested = arena_array(&a, bool, n + 1);
	approval_settings_get(d, &a, &s);
	for (size_t i = 0; i < n; i++) {
		struct approval ap;
		approval_of(d, v->catalog->patches[patches[i]].id, &a, &ap);
		untested[i] = !ap.approved && ap.how == APPROVAL_NEW;
		k.since[i] = ap.changed_ms;
		intern_add(ids, v->catalog->patches[patches[i]].id);
	}
	bool ok = s.mode != APPROVAL_TEST || read_facts(d, &s, &k, e);
	for (size_t i = 0; i < n; i++) {
		if (ok) {
			approval_decide(&s, untested[i], &k.facts[i], clock_now_ms(d->conf.clock),
					&out[i]);
			memcpy(out[i].why, k.why[i], sizeof(out[i].why));
		}
		if (k.given[i])
			roaring_bitmap_free(k.given[i]);
	}
	return ok || err_prefix(e, "the tests of patches");
}

/* --- acting on them -----------------------------------------------------------------------------
 */

/* Patches that wait for their test's outcome, by index. */
static uint32_t *in_test(struct deploy *d, const struct match_view *v, size_t *n_out)
{
	VEC(uint32_t) list = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	roaring_bitmap_t *approved = approval_approved(d, v->catalog);
	for (uint32_t i = 0; i < v->catalog->n_patches; i++) {
		struct approval ap;
		if (roaring_bitmap_contains(approved, i) || match_is_declined(v, i))
			continue;
		approval_of(d, v->catalog->patches[i].id, &a, &ap);
		if (ap.how == APPROVAL_NEW)
			VEC_PUSH(&list, i);
	}
	roaring_bitmap_free(approved);
	*n_out = list.n;
	return list.p;
}

struct outcome {
	const char *patch, *why;
	bool good;
};

/* The patches whose test is over; texts and list in `a`. */
static bool outcomes(struct deploy *d, struct arena *a, struct outcome **out, size_t *n_out,
		     struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	size_t n;
	AUTO(xfree) uint32_t *patches = in_test(d, &v, &n);
	AUTO(xfree) struct approval_decision *all = xcalloc(n + 1, sizeof(*all));
	*out = arena_array(a, struct outcome, n + 1);
	*n_out = 0;
	if (!n)
		return true;
	if (!approval_decisions(d, &v, patches, n, all, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (all[i].verdict == APPROVAL_DUE || all[i].verdict == APPROVAL_FAILED)
			(*out)[(*n_out)++] = (struct outcome) {
				.patch = arena_str(a, v.catalog->patches[patches[i]].id).p,
				.why = arena_strdup(a, all[i].why),
				.good = all[i].verdict == APPROVAL_DUE
			};
	return true;
}

/* All of them in one record; at most so many named. */
static bool tell_outcomes(struct deploy *d, const struct outcome *list, size_t n, struct err *e)
{
	enum { NAMED = 100 };
	json_t *detail = json_object(), *good = json_array(), *bad = json_array();
	size_t n_good = 0;
	for (size_t i = 0; i < n; i++) {
		n_good += list[i].good;
		if (i < NAMED)
			json_array_append_new(list[i].good ? good : bad,
					      json_text(str_of(list[i].patch)));
	}
	json_object_set_new(detail, "approved", json_integer((json_int_t)n_good));
	json_object_set_new(detail, "failed", json_integer((json_int_t)(n - n_good)));
	json_object_set_new(detail, "approved_patches", good);
	json_object_set_new(detail, "failed_patches", bad);
	return deploy_tell(d, "", "approval.test", detail, e);
}

bool auto_conclude(struct deploy *d, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct outcome *list;
	size_t n, changed;
	if (approval_mode_now(d) != APPROVAL_TEST)
		return true;
	if (!outcomes(d, &a, &list, &n, e) || (n && !tell_outcomes(d, list, n, e)))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!approval_set(d, &list[i].patch, 1, list[i].good,
				  list[i].good ? APPROVAL_BY_TEST : APPROVAL_TEST_FAILED, AUTO_TEST,
				  list[i].why, &changed, e))
			return false;
	return true;
}
