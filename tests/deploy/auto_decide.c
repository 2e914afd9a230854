/* SPDX-License-Identifier: Apache-2.0
 * The pure decisions of automated deployment and of tests, and how what was decided is split into
 * deployments (S-08, M-185..M-188, AC-13, AC-14, AC-18). Random cases are checked against what the
 * rules say in other words. */
#include "deploy/auto/auto_group.h"
#include "support/kit.h"

#define NOW (1000 * AUTO_DAY_MS)

static uint64_t seed;
static uint32_t pick(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

static enum auto_verdict decided(const struct auto_criteria *c, const struct auto_patch *p,
				 int64_t now, int64_t *at)
{
	struct auto_decision d;
	auto_decide(c, p, now, &d);
	if (at)
		*at = d.at_ms;
	return d.verdict;
}

static struct auto_patch a_patch(void)
{
	static const struct component packages[] = { { .name = { "libssl3", 7 } },
						     { .name = { "openssl", 7 } } };
	return (struct auto_patch) { .type = PATCH_TYPE_SECURITY,
				     .severity = SEVERITY_IMPORTANT,
				     .id = STR_LIT("debian:12:openssl:3.0.2-1"),
				     .os = STR_LIT("debian:12"),
				     .product = STR_LIT("openssl"),
				     .components = packages,
				     .n_components = 2,
				     .released_ms = NOW - 10 * AUTO_DAY_MS,
				     .seen_ms = NOW - 9 * AUTO_DAY_MS,
				     .approved_ms = NOW - 2 * AUTO_DAY_MS,
				     .approved = true,
				     .epss = -1 };
}

static void S_08_what_is_a_tasks_business(void **state)
{
	(void)state;
	static const char *const ssl[] = { "openssl" }, *const lib[] = { "libss*" },
				 *const id[] = { "debian:12:openssl:*" },
				 *const zlib[] = { "zlib" }, *const debian[] = { "debian:*" },
				 *const ubuntu[] = { "ubuntu:*" };
	struct auto_patch p = a_patch();
	struct auto_criteria c = { .express_epss = -1 };
	assert_true(auto_matches(&c, &p));
	c.types = 1u << PATCH_TYPE_BUGFIX;
	assert_false(auto_matches(&c, &p));
	c.types |= 1u << PATCH_TYPE_SECURITY;
	assert_true(auto_matches(&c, &p));
	c.severities = 1u << SEVERITY_CRITICAL;
	assert_false(auto_matches(&c, &p));
	c.severities = 0;
	const struct {
		const char *const *include, *const *exclude, *const *os;
		bool wanted;
	} lists[] = {
		{ ssl, NULL, NULL, true },     { lib, NULL, NULL, true },
		{ id, NULL, NULL, true },      { zlib, NULL, NULL, false },
		{ NULL, zlib, NULL, true },    { NULL, lib, NULL, false },
		{ ssl, id, NULL, false },      { NULL, NULL, debian, true },
		{ NULL, NULL, ubuntu, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct auto_criteria k = { .include = lists[i].include,
					   .n_include = lists[i].include != NULL,
					   .exclude = lists[i].exclude,
					   .n_exclude = lists[i].exclude != NULL,
					   .os = lists[i].os,
					   .n_os = lists[i].os != NULL,
					   .express_epss = -1 };
		assert_int_equal(auto_matches(&k, &p), lists[i].wanted);
	}
	p.type = PATCH_TYPE_FEATURE; /* M-192 */
	c = (struct auto_criteria) { .express_epss = -1 };
	assert_false(auto_matches(&c, &p));
}

static void S_08_age_approval_and_the_express_lane(void **state)
{
	(void)state;
	struct auto_patch p = a_patch();
	struct auto_criteria c = { .express_epss = -1, .days = 10 };
	int64_t at;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_DEPLOY);
	assert_int_equal(decided(&c, &p, NOW - 1, &at), AUTO_LATER);
	assert_int_equal(at, NOW);
	c.after_approval = true;
	assert_int_equal(decided(&c, &p, NOW, &at), AUTO_LATER);
	assert_int_equal(at, NOW + 8 * AUTO_DAY_MS);
	c.after_approval = false;
	p.released_ms = 0; /* the vendor does not say: since it was seen */
	assert_int_equal(decided(&c, &p, NOW, &at), AUTO_LATER);
	assert_int_equal(at, NOW + AUTO_DAY_MS);
	c.express = c.express_kev = true;
	p.kev = true;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_EXPRESS);
	p.kev = false;
	c.express_epss = 500000;
	p.epss = 499999;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_LATER);
	p.epss = 500000;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_EXPRESS);
	p.approved = false;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_NOT_APPROVED);
	p.declined = true; /* AC-18: told as what it is */
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_DECLINED);
}

static void AC_14_a_failing_patch_is_not_tried_for_ever(void **state)
{
	(void)state;
	struct auto_patch p = a_patch();
	struct auto_criteria c = { .express_epss = -1, .halt_after = 3 };
	struct auto_tries t = { 0 };
	p.failures = 2;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_DEPLOY);
	p.failures = 3;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_HALTED);
	c.halt_after = 0;
	assert_int_equal(decided(&c, &p, NOW, NULL), AUTO_DEPLOY);
	assert_int_equal(auto_pair(&c, &t, NOW), AUTO_PAIR_DUE);
	t = (struct auto_tries) { .ended = 1, .last_ms = NOW };
	assert_int_equal(auto_pair(&c, &t, NOW + AUTO_TRY_AGAIN_MS - 1), AUTO_PAIR_WAITS);
	assert_int_equal(auto_pair(&c, &t, NOW + AUTO_TRY_AGAIN_MS), AUTO_PAIR_DUE);
	t.ended = AUTO_TRIES_MAX;
	assert_int_equal(auto_pair(&c, &t, NOW + 100 * AUTO_DAY_MS), AUTO_PAIR_GIVEN_UP);
	t = (struct auto_tries) { .ended = 1, .last_ms = NOW, .cancelled = true };
	assert_int_equal(auto_pair(&c, &t, NOW + 100 * AUTO_DAY_MS), AUTO_PAIR_CANCELLED);
	c.testing = true; /* a test is one try */
	t.cancelled = false;
	assert_int_equal(auto_pair(&c, &t, NOW + 100 * AUTO_DAY_MS), AUTO_PAIR_GIVEN_UP);
}

/* 100,000 random patches: what is deployed is approved, not declined, not halted and old enough or
 * express; and time alone never takes a decision back. */
static void S_08_random_decisions_keep_the_rules(void **state)
{
	(void)state;
	uint32_t seen[AUTO_VERDICTS_] = { 0 };
	seed = 19;
	for (int i = 0; i < 100000; i++) {
		struct auto_patch p = a_patch();
		struct auto_criteria c = { .express_epss = -1 };
		p.type = (enum patch_type)pick(PATCH_TYPES_);
		p.severity = (enum severity)pick(SEVERITIES_);
		p.released_ms = pick(2) ? NOW - pick(60) * AUTO_DAY_MS : 0;
		p.seen_ms = NOW - pick(60) * AUTO_DAY_MS;
		p.approved_ms = NOW - pick(60) * AUTO_DAY_MS;
		p.approved = pick(4) > 0;
		p.untested = pick(2);
		p.declined = pick(8) == 0;
		p.kev = pick(4) == 0;
		p.epss = pick(2) ? -1 : pick(1000001);
		p.failures = pick(5);
		c.types = pick(3) ? 0 : pick(1u << PATCH_TYPES_);
		c.severities = pick(3) ? 0 : pick(1u << SEVERITIES_);
		c.days = pick(60);
		c.after_approval = pick(2);
		c.express = pick(2);
		c.express_kev = pick(2);
		c.express_epss = pick(2) ? -1 : pick(1000001);
		c.halt_after = pick(5);
		c.testing = pick(4) == 0;
		int64_t at, from = c.after_approval ? p.approved_ms
				   : p.released_ms  ? p.released_ms
						    : p.seen_ms;
		enum auto_verdict v = decided(&c, &p, NOW, &at), then;
		bool goes = v == AUTO_DEPLOY || v == AUTO_EXPRESS;
		seen[v]++;
		if (goes || v == AUTO_LATER)
			assert_true(!p.declined && p.type != PATCH_TYPE_FEATURE &&
				    (c.testing ? !p.approved && p.untested : p.approved) &&
				    (!c.halt_after || p.failures < c.halt_after) &&
				    (!c.types || c.types >> p.type & 1));
		if (v == AUTO_DEPLOY)
			assert_true((NOW - from) / AUTO_DAY_MS >= c.days);
		if (v == AUTO_EXPRESS)
			assert_true(c.express &&
				    ((c.express_kev && p.kev) ||
				     (c.express_epss >= 0 && p.epss >= c.express_epss)));
		then = decided(&c, &p, NOW + pick(100) * AUTO_DAY_MS, NULL);
		if (goes)
			assert_int_equal(then, v);
		if (v == AUTO_LATER) { /* exactly then, not a millisecond sooner */
			assert_int_equal(at, from + c.days * AUTO_DAY_MS);
			assert_int_equal(decided(&c, &p, at, NULL), AUTO_DEPLOY);
			assert_int_equal(decided(&c, &p, at - 1, NULL), AUTO_LATER);
		}
	}
	for (int v = 0; v < AUTO_VERDICTS_; v++)
		assert_true(seen[v] > 100);
}

/* The deployments' products: every chosen pair is in one, no refused pair is in any. */
static void S_08_random_groups_hold_what_was_chosen_and_nothing_refused(void **state)
{
	(void)state;
	seed = 4;
	for (int round = 0; round < 500; round++) {
		struct auto_plan p = { 0 };
		uint32_t hosts = 1 + pick(12), patches = 1 + pick(8), left = 0;
		for (uint32_t i = 0; i < patches; i++) {
			struct auto_row r = { .patch = i,
					      .chosen = roaring_bitmap_create(),
					      .refused = roaring_bitmap_create(),
					      .decision.verdict = pick(4) ? AUTO_DEPLOY
									  : AUTO_EXPRESS };
			for (uint32_t h = 0; h < hosts; h++)
				roaring_bitmap_add(pick(5) ? r.chosen : r.refused, h);
			VEC_PUSH(&p.rows, r);
		}
		for (int lane = AUTO_DEPLOY; lane <= AUTO_EXPRESS; lane++) {
			struct auto_group groups[AUTO_GROUPS_MAX];
			size_t n = auto_groups(&p, (enum auto_verdict)lane, groups);
			bool in[8] = { false };
			for (size_t g = 0; g < n; g++)
				for (size_t i = 0; i < groups[g].rows.n; i++) {
					const struct auto_row *r = &p.rows.p[groups[g].rows.p[i]];
					in[r->patch] = true;
					assert_int_equal(r->decision.verdict, lane);
					assert_true(roaring_bitmap_is_subset(r->chosen,
									     groups[g].hosts));
					assert_false(roaring_bitmap_intersect(r->refused,
									      groups[g].hosts));
				}
			for (uint32_t i = 0; i < patches; i++)
				left += (int)p.rows.p[i].decision.verdict == lane && !in[i];
			auto_groups_done(groups, n);
		}
		assert_int_equal(left, 0);
		auto_plan_done(&p);
	}
}

static void AC_13_M_187_how_a_test_is_decided(void **state)
{
	(void)state;
	static const struct {
		struct approval_facts f;
		enum approval_verdict by_itself, by_hand;
		int64_t at;
	} cases[] = {
		{ { 0 }, APPROVAL_WAITS_TARGETS, APPROVAL_WAITS_TARGETS, 0 },
		{ { .has_targets = true }, APPROVAL_WAITS_SYSTEM, APPROVAL_WAITS_SYSTEM, 0 },
		{ { .has_targets = true, .lacking = 2 },
		  APPROVAL_WAITS_START,
		  APPROVAL_WAITS_START,
		  0 },
		{ { .has_targets = true, .open = 2 },
		  APPROVAL_WAITS_RESULT,
		  APPROVAL_WAITS_PERSON,
		  0 },
		{ { .has_targets = true, .succeeded = 2, .first_ms = NOW - AUTO_DAY_MS },
		  APPROVAL_WAITS_DAYS,
		  APPROVAL_WAITS_PERSON,
		  NOW + 2 * AUTO_DAY_MS },
		{ { .has_targets = true, .succeeded = 3, .first_ms = NOW - 3 * AUTO_DAY_MS },
		  APPROVAL_DUE,
		  APPROVAL_WAITS_PERSON,
		  NOW },
		{ { .has_targets = true, .succeeded = 3, .open = 1, .first_ms = 1 },
		  APPROVAL_WAITS_SHARE,
		  APPROVAL_WAITS_PERSON,
		  1 + 3 * AUTO_DAY_MS },
		{ { .has_targets = true, .succeeded = 9, .failed = 1, .first_ms = 1 },
		  APPROVAL_FAILED,
		  APPROVAL_FAILED,
		  1 + 3 * AUTO_DAY_MS },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct approval_settings s = {
			.mode = APPROVAL_TEST, .by_itself = true, .after_days = 3, .percent = 80
		};
		struct approval_decision d;
		approval_decide(&s, true, &cases[i].f, NOW, &d);
		assert_int_equal(d.verdict, cases[i].by_itself);
		assert_int_equal(d.at_ms, cases[i].at);
		/* decided by a person: the test does not touch it */
		approval_decide(&s, false, &cases[i].f, NOW, &d);
		assert_int_equal(d.verdict, APPROVAL_WAITS_PERSON);
		s.by_itself = false;
		approval_decide(&s, true, &cases[i].f, NOW, &d);
		assert_int_equal(d.verdict, cases[i].by_hand);
		s.mode = APPROVAL_MANUAL;
		approval_decide(&s, true, &cases[i].f, NOW, &d);
		assert_int_equal(d.verdict, APPROVAL_WAITS_PERSON);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_08_what_is_a_tasks_business),
		cmocka_unit_test(S_08_age_approval_and_the_express_lane),
		cmocka_unit_test(AC_14_a_failing_patch_is_not_tried_for_ever),
		cmocka_unit_test(S_08_random_decisions_keep_the_rules),
		cmocka_unit_test(S_08_random_groups_hold_what_was_chosen_and_nothing_refused),
		cmocka_unit_test(AC_13_M_187_how_a_test_is_decided),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
