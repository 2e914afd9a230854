/* SPDX-License-Identifier: Apache-2.0
 * Exact plans: systems stop with theirs, one approval covers all equal ones, and a plan that has
 * become another one is asked for again. */
#include "deploy/orders/plans.h"
#include "proto/plan.h"
#include "rig.h"

#define STEP(name, to)                                                                             \
	"{\"name\":\"" name "\",\"arch\":\"amd64\",\"from\":\"3.0.1-1\",\"to\":\"" to              \
	"\",\"action\":\"upgrade\"}"
#define PLAN "[" STEP("openssl", "3.0.2-1") "," STEP("libssl3", "3.0.2-1") "]"
#define TURNED "[" STEP("libssl3", "3.0.2-1") "," STEP("openssl", "3.0.2-1") "]"
#define OTHER "[" STEP("openssl", "3.0.2-1") "]"

#define NEWER "[" STEP("openssl", "3.0.3-1") "]"
#define MORE                                                                                       \
	"[" STEP("openssl", "3.0.3-1") ",{\"name\":\"newlib\",\"arch\":\"amd64\",\"from\":\"\","   \
				       "\"to\":\"1\",\"action\":\"install\"}]"

static void made_to_drift(struct world *w, enum plan_drift drift, char id[static 33])
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .approve_plans = true,
				    .plan_drift = drift };
	create(w, &r, id);
}

static void made(struct world *w, char id[static 33])
{
	made_to_drift(w, PLAN_DRIFT_NONE, id);
}

/* The system's next order, answered. */
static void answers(struct world *w, int host, uint64_t seq, const char *outcome,
		    const char *reason, const char *plan, const char *holds, struct arena *a)
{
	struct err e = { 0 };
	char **list;
	assert_int_equal(orders(w, host, seq, a, &list), 1);
	struct order o = opened(w, list[0], a);
	assert_string_equal(arena_str(a, o.plan).p, holds);
	struct deploy_result r = result_of(arena_str(a, o.id).p, outcome, reason);
	r.plan_json = plan;
	ok(deploy_result(w->deploy, w->host[host], &r, &e), &e);
}

static struct target_row of_host(struct world *w, const char *id, int host, struct arena *a)
{
	struct err e = { 0 };
	struct target_row *list;
	size_t n;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, a, &list, &n, &e), &e);
	assert_int_equal(n, 2);
	return list[strcmp(list[0].host, w->id[host]) != 0];
}

/* One system of the two waits for approval: told as that, counted and found as that, and not as
 * pending. */
static void waiting(struct world *w, const char *id, int host, const char *reason)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deployment_row row;
	struct target_row t = of_host(w, id, host, &a), *list,
			  end = { .hostname = (char *)(uintptr_t) "~" };
	size_t n;
	assert_int_equal(t.state, TARGET_AWAITING_APPROVAL);
	assert_string_equal(t.reason, reason);
	ok(deploy_get(w->deploy, id, &a, &row, &e), &e);
	assert_int_equal(row.targets[TARGET_AWAITING_APPROVAL], 1);
	assert_int_equal(row.targets[TARGET_PENDING], 1);
	assert_int_equal(row.n_targets, 2);
	assert_true(deployment_is_open(row.state));
	ok(deploy_targets(w->deploy, id, TARGET_AWAITING_APPROVAL, NULL, 5, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].host, w->id[host]);
	ok(deploy_targets_before(w->deploy, id, TARGET_AWAITING_APPROVAL, &end, 5, &a, &list, &n,
				 &e),
	   &e);
	assert_int_equal(n, 1);
	ok(deploy_targets(w->deploy, id, TARGET_PENDING, NULL, 5, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_not_equal(list[0].host, w->id[host]);
}

static void equal_plans_have_one_hash(void **state)
{
	char one[SHA256_HEX], two[SHA256_HEX];
	struct err e = { 0 };
	AUTO(json_free) json_t *a = NULL, *b = NULL, *c = NULL, *bad = NULL;
	ok(json_parse(STR_LIT(PLAN), 1000, &a, &e) && json_parse(STR_LIT(TURNED), 1000, &b, &e) &&
		   json_parse(STR_LIT(OTHER), 1000, &c, &e) &&
		   json_parse(STR_LIT("[{\"name\":\"a\\tb\"}]"), 1000, &bad, &e),
	   &e);
	ok(plan_hash(a, one, &e) && plan_hash(b, two, &e), &e);
	assert_string_equal(one, two);
	ok(plan_hash(c, two, &e), &e);
	assert_string_not_equal(one, two);
	assert_false(plan_hash(bad, two, &e));
}

static void systems_stop_with_their_plan_until_it_is_approved(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan_group *groups;
	char id[33], **list;
	size_t n;
	made(w, id);
	answers(w, 0, 0, "succeeded", "planned", PLAN, PLAN_ASK, &a);
	waiting(w, id, 0, "awaiting_approval");
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	ok(plan_groups(w->deploy, id, &a, &groups, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_null(groups[0].approved_by);
	assert_false(plan_approve(w->deploy, id, "0123", "t", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	e = (struct err) { 0 };
	w->woken = 0;
	ok(plan_approve(w->deploy, id, groups[0].hash, "t", &e), &e);
	assert_int_equal(w->woken, 1);
	answers(w, 0, 1, "succeeded", "installed", PLAN, groups[0].hash, &a);
	inventory(w, 0, INVENTORY("3.0.2-1", ""));
	assert_int_equal(of_host(w, id, 0, &a).state, TARGET_SUCCEEDED);
	/* the other one's is the same, told in another order: it need not wait */
	answers(w, 1, 0, "succeeded", "planned", TURNED, PLAN_ASK, &a);
	assert_string_not_equal(of_host(w, id, 1, &a).reason, "awaiting_approval");
	assert_int_equal(orders(w, 1, 1, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_string_equal(arena_str(&a, o.plan).p, groups[0].hash);
}

static void a_plan_that_has_drifted_is_asked_for_again(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan_group g, *groups;
	char id[33], **list;
	size_t n;
	made(w, id);
	answers(w, 0, 0, "succeeded", "planned", PLAN, PLAN_ASK, &a);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	ok(plan_approve(w->deploy, id, g.hash, "t", &e), &e);
	answers(w, 0, 1, "refused", "plan_drift", OTHER, g.hash, &a);
	waiting(w, id, 0, "plan_drift");
	assert_int_equal(orders(w, 0, 2, &a, &list), 0); /* nothing is installed */
	ok(plan_groups(w->deploy, id, &a, &groups, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_not_equal(groups[0].hash, g.hash);
	assert_null(groups[0].approved_by);
	assert_string_equal(groups[0].was, g.hash); /* the old one stands beside it */
	ok(plan_group_steps(w->deploy, &groups[0], &a, &e), &e);
	assert_non_null(strstr(groups[0].was_steps, "libssl3"));
	assert_false(groups[0].drift_allowed);
	ok(plan_approve(w->deploy, id, groups[0].hash, "t", &e), &e);
	answers(w, 0, 2, "succeeded", "installed", OTHER, groups[0].hash, &a);
}

static void drift_that_is_permitted_needs_no_approval(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan_group first, g;
	char id[33], **list;
	made_to_drift(w, PLAN_DRIFT_NEWER, id);
	answers(w, 0, 0, "succeeded", "planned", PLAN, PLAN_ASK, &a);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &first, &e), &e);
	ok(plan_approve(w->deploy, id, first.hash, "t", &e), &e);
	answers(w, 0, 1, "refused", "plan_drift", NEWER, first.hash, &a);
	assert_string_not_equal(of_host(w, id, 0, &a).reason, "plan_drift");
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	assert_true(g.drift_allowed);
	assert_null(g.approved_by); /* nobody has: it is reported as what it is */
	assert_string_equal(g.was, first.hash);
	/* of this system alone: another one's first plan that is the same is asked for */
	answers(w, 1, 0, "succeeded", "planned", NEWER, PLAN_ASK, &a);
	assert_string_equal(of_host(w, id, 1, &a).reason, "awaiting_approval");
	/* what goes further is measured by what was approved, and told beside that */
	answers(w, 0, 2, "refused", "plan_drift", MORE, g.hash, &a);
	assert_string_equal(of_host(w, id, 0, &a).reason, "plan_drift");
	assert_int_equal(orders(w, 0, 3, &a, &list), 0);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	assert_false(g.drift_allowed);
	assert_string_equal(g.was, first.hash);
}

static void additional_packages_are_permitted_by_choice(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan_group first, g;
	char id[33];
	made_to_drift(w, PLAN_DRIFT_DEPENDENCIES, id);
	answers(w, 0, 0, "succeeded", "planned", PLAN, PLAN_ASK, &a);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &first, &e), &e);
	ok(plan_approve(w->deploy, id, first.hash, "t", &e), &e);
	answers(w, 0, 1, "refused", "plan_drift", MORE, first.hash, &a);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	assert_true(g.drift_allowed);
	answers(w, 0, 2, "succeeded", "installed", MORE, g.hash, &a);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	assert_string_equal(g.was, first.hash); /* still told when it is done */
}

struct told {
	int with, without;
};

static void count_told(void *arg, struct str host UNUSED, const char *json)
{
	struct told *t = arg;
	*(json ? &t->with : &t->without) += 1;
}

static void details_are_kept_where_they_were_told(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan_group g;
	struct told told = { 0 };
	char id[33], **list;
	made(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(arena_str(&a, o.id).p, "succeeded", "planned");
	r.plan_json = PLAN;
	r.details_json = "{\"disk\":4096}";
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	assert_string_equal(g.details, "{\"disk\":4096}");
	answers(w, 1, 0, "succeeded", "planned", PLAN, PLAN_ASK, &a); /* an older agent */
	ok(plan_details(w->deploy, id, NULL, count_told, &told, &e), &e);
	assert_int_equal(told.with, 1);
	assert_int_equal(told.without, 1);
	ok(plan_details(w->deploy, id, w->id[0], count_told, &told, &e), &e);
	assert_int_equal(told.with, 2);
}

static void without_approval_the_plan_is_told_all_the_same(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan_group g;
	char id[33];
	const char *order;
	struct order o = issued(w, id, &a, &order);
	assert_int_equal(o.plan.n, 0);
	assert_false(plan_approve(w->deploy, id, "00", "t", &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	e = (struct err) { 0 };
	struct deploy_result r = result_of(order, "succeeded", "installed");
	r.plan_json = PLAN;
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	ok(plan_of_target(w->deploy, id, w->id[0], &a, &g, &e), &e);
	assert_non_null(strstr(g.steps, "libssl3"));
}

static int group(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(equal_plans_have_one_hash),
		TEST(systems_stop_with_their_plan_until_it_is_approved),
		TEST(a_plan_that_has_drifted_is_asked_for_again),
		TEST(drift_that_is_permitted_needs_no_approval),
		TEST(additional_packages_are_permitted_by_choice),
		TEST(details_are_kept_where_they_were_told),
		TEST(without_approval_the_plan_is_told_all_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
