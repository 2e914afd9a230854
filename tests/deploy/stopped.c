/* SPDX-License-Identifier: Apache-2.0
 * Suspension and the end reach everything that starts something: parked orders, waves, plans,
 * reboots, dynamic targets. And the trash forgets whatever a deployment has. On both engines. */
#include "deploy/orders/plans.h"
#include "deploy/rollout/waves.h"
#include "deploy/targets/selector.h"
#include "rig.h"

#define HOUR_MS INT64_C(3600000)

static void tick(struct world *w)
{
	struct err e = { 0 };
	ok(deploy_tick(w->deploy, &e), &e);
}

static void parked(struct world *w, const char *order, const char *reason)
{
	struct err e = { 0 };
	ok(deploy_progress(w->deploy, w->host[0], order, "waiting", reason, 0, 0,
			   kit_now_ms + HOUR_MS, &e),
	   &e);
}

/* Its machine is told by its being offered no more, and comes for that at once. */
static void an_order_that_waits_on_its_machine_is_withdrawn(void **state)
{
	static const char *const reasons[] = { "outside_window", "waiting_start_up", "user_notice",
					       "postponed" };
	struct world *w = *state;
	struct err e = { 0 };
	uint64_t seq = 1;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		char id[33], **list;
		ready(w, id);
		assert_int_equal(orders(w, 0, 0, &a, &list), 1);
		struct order o = opened(w, list[0], &a);
		assert_true(o.seq >= seq);
		seq = o.seq + 1;
		parked(w, arena_str(&a, o.id).p, reasons[i]);
		assert_int_equal(orders(w, 0, 0, &a, &list), 1);
		int woken = w->woken;
		ok(deploy_suspend(w->deploy, id, &e), &e);
		assert_int_equal(w->woken, woken + 1);
		assert_int_equal(orders(w, 0, 0, &a, &list), 0);
		assert_string_equal(target(w, id, &a).reason, "suspended");
		ok(deploy_resume(w->deploy, id, &e), &e);
		assert_int_equal(orders(w, 0, 0, &a, &list), 1); /* anew */
		assert_true(opened(w, list[0], &a).seq > o.seq);
		ok(deploy_cancel(w->deploy, id, &e), &e);
	}
}

static void a_reboot_that_has_not_begun_is_recalled(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	struct deploy_reboot_request r = {
		.systems = w->id, .n_systems = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	ok(deploy_reboot(w->deploy, &r, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1); /* and the answer was lost */
	ok(deploy_suspend(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_string_equal(target(w, id, &a).reason, "suspended");
	ok(deploy_resume(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	uint64_t seq = opened(w, list[0], &a).seq;
	ok(deploy_suspend(w->deploy, id, &e), &e); /* too late: its machine has begun */
	assert_int_equal(orders(w, 0, seq, &a, &list), 0);
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
}

static void a_suspended_rollout_opens_no_wave(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	struct rollout_view v;
	bool present;
	const struct rollout waves = { .waves = { { .kind = ROLLOUT_SYSTEMS, .amount = 1 },
						  { .kind = ROLLOUT_PERCENT, .amount = 100 } },
				       .n_waves = 2,
				       .success_percent = 100,
				       .heartbeat_ms = HOUR_MS,
				       .patience_ms = HOUR_MS,
				       .halt_failures = ROLLOUT_NO_LIMIT,
				       .halt_percent = ROLLOUT_NO_LIMIT };
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .rollout = &waves };
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	create(w, &r, id);
	for (int i = 0; i < 2; i++) {
		char **list;
		ok(fleet_contact(w->fleet, w->host[i], NULL, &e), &e);
		if (orders(w, i, 0, &a, &list) == 0)
			continue;
		struct order o = opened(w, list[0], &a);
		struct deploy_result done = result_of(arena_str(&a, o.id).p, "succeeded",
						      "installed");
		inventory(w, i, INVENTORY("3.0.2-1", ""));
		ok(deploy_result(w->deploy, w->host[i], &done, &e), &e);
	}
	ok(deploy_suspend(w->deploy, id, &e), &e);
	tick(w);
	ok(deploy_rollout(w->deploy, id, &a, &v, &present, &e), &e);
	assert_true(present && v.open == 1);
	ok(deploy_resume(w->deploy, id, &e), &e);
	tick(w);
	ok(deploy_rollout(w->deploy, id, &a, &v, &present, &e), &e);
	assert_int_equal(v.open, 2);
}

#define PLAN                                                                                       \
	"[{\"name\":\"openssl\",\"arch\":\"amd64\",\"from\":\"3.0.1-1\",\"to\":\"3.0.2-1\","       \
	"\"action\":\"upgrade\"}]"

/* Of a plan that waits for its approval; its hash in `hash`. */
static void planned(struct world *w, char id[static 33], char hash[static 65], struct arena *a)
{
	struct err e = { 0 };
	char **list;
	struct plan_group *groups;
	size_t n;
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .approve_plans = true };
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	create(w, &r, id);
	assert_int_equal(orders(w, 0, 0, a, &list), 1);
	struct order o = opened(w, list[0], a);
	struct deploy_result told = result_of(arena_str(a, o.id).p, "succeeded", "planned");
	told.plan_json = PLAN;
	ok(deploy_result(w->deploy, w->host[0], &told, &e), &e);
	ok(plan_groups(w->deploy, id, a, &groups, &n, &e), &e);
	assert_int_equal(n, 1);
	snprintf(hash, 65, "%s", groups[0].hash);
}

static void a_plan_approved_meanwhile_waits_for_the_resumption(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], hash[65], **list;
	planned(w, id, hash, &a);
	assert_string_equal(target(w, id, &a).reason, "awaiting_approval");
	ok(deploy_suspend(w->deploy, id, &e), &e);
	assert_string_equal(target(w, id, &a).reason, "suspended");
	ok(plan_approve(w->deploy, id, hash, "t", &e), &e);
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	ok(deploy_resume(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 1, &a, &list), 1); /* asking was no failure, this no retry */
	assert_int_equal(target(w, id, &a).retried_refresh, 0);
}

/* --- dynamic targets --- */

static void dynamic(struct world *w, int64_t expires_ms, char group[static 33], char id[static 33])
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct selector s;
	struct group_edit g = {
		.kind = GROUP_STATIC, .name = "canaries", .description = "", .filter = "", .by = "t"
	};
	AUTO(json_free) json_t *j = NULL;
	ok(fleet_group_create(w->fleet, &g, group, &e), &e);
	AUTO(xfree) char *text = xasprintf("{\"groups\":[\"%s\"],\"mode\":\"dynamic\"}", group);
	ok(json_parse(str_of(text), 4096, &j, &e) && selector_read(j, &a, &s, NULL, &e), &e);
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .targets = &s,
				    .terms = { .expires_ms = expires_ms } };
	create(w, &r, id);
}

static void joins(struct world *w, const char *group, int host)
{
	struct err e = { 0 };
	size_t n;
	ok(fleet_group_members(w->fleet, group, &w->host[host], 1, true, "t", &n, &e), &e);
	tick(w);
}

static void targets_follow_the_fleet_again_after_the_resumption(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], group[33];
	dynamic(w, 0, group, id);
	ok(deploy_suspend(w->deploy, id, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_SUSPENDED);
	joins(w, group, 0);
	assert_int_equal(get(w, id, &a).n_targets, 0);
	assert_false(deploy_remove_group(w->deploy, group, &e)); /* it is open still */
	ok(deploy_resume(w->deploy, id, &e), &e);
	tick(w);
	assert_int_equal(get(w, id, &a).n_targets, 1);
}

static void a_dynamic_one_ends_when_it_expires(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], group[33];
	dynamic(w, kit_now_ms + HOUR_MS, group, id);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_READY);
	kit_now_ms += HOUR_MS;
	tick(w);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_EXPIRED);
	joins(w, group, 0);
	assert_int_equal(get(w, id, &a).n_targets, 0);
	ok(deploy_remove_group(w->deploy, group, &e), &e);
}

/* --- why not yet --- */

static void an_order_that_nothing_came_of_says_so(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	const char *order;
	struct host_attrs attrs = { .hostname = (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .agent_version = (char[]) { "0.0.1" } };
	issued(w, id, &a, &order);
	assert_string_equal(target(w, id, &a).reason, "waiting_agent");
	kit_now_ms += HOUR_MS;
	assert_string_equal(target(w, id, &a).reason, "waiting_agent"); /* not heard since */
	ok(fleet_contact(w->fleet, w->host[0], &attrs, &e), &e);
	struct target_row t = target(w, id, &a);
	assert_string_equal(t.reason, "order_unanswered");
	assert_non_null(strstr(t.detail, "0.0.1"));
}

/* --- the trash --- */

static void whatever_a_deployment_has_is_forgotten_with_it(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], hash[65], group[33], second[33];
	struct deployment_row row;
	planned(w, id, hash, &a);
	ok(plan_approve(w->deploy, id, hash, "t", &e), &e);
	dynamic(w, 0, group, second);
	const char *const both[] = { id, second };
	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		ok(deploy_cancel(w->deploy, both[i], &e) &&
			   deploy_trash(w->deploy, both[i], true, &e),
		   &e);
	kit_now_ms += (DEPLOY_TRASH_DAYS * 24 + 2) * HOUR_MS;
	tick(w);
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		assert_false(deploy_get(w->deploy, both[i], &a, &row, &e));
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define STOP(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		STOP(an_order_that_waits_on_its_machine_is_withdrawn),
		STOP(a_reboot_that_has_not_begun_is_recalled),
		STOP(a_suspended_rollout_opens_no_wave),
		STOP(a_plan_approved_meanwhile_waits_for_the_resumption),
		STOP(targets_follow_the_fleet_again_after_the_resumption),
		STOP(a_dynamic_one_ends_when_it_expires),
		STOP(an_order_that_nothing_came_of_says_so),
		STOP(whatever_a_deployment_has_is_forgotten_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
