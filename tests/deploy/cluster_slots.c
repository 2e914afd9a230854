/* SPDX-License-Identifier: Apache-2.0
 * The cluster rule in the database (AC-32): an order of a group's member leaves only with a place,
 * which outlives the server and is given back when the machine has ended it. */
#include "deploy/rollout/cluster_slots.h"
#include "deploy/orders/policy.h"
#include "proto/plan.h"
#include "rig.h"

#define MINUTE CLUSTER_MINUTE_MS

static void contact(struct world *w, int i, const char *boot)
{
	struct err e = { 0 };
	struct host_attrs attrs = { .hostname = i ? (char[]) { "web2" } : (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .boot_id = (char *)(uintptr_t)boot };
	ok(fleet_contact(w->fleet, w->host[i], &attrs, &e), &e);
}

static void rule(struct world *w, uint32_t most, bool percent)
{
	struct err e = { 0 };
	char id[33];
	size_t changed;
	struct group_edit g = { .kind = GROUP_STATIC,
				.name = "db",
				.description = "",
				.filter = "",
				.limit = { most, percent },
				.by = "t" };
	ok(fleet_group_create(w->fleet, &g, id, &e) &&
		   fleet_group_members(w->fleet, id, w->host, 2, true, "t", &changed, &e),
	   &e);
}

static int rig(void **state)
{
	assert_int_equal(setup(state), 0);
	struct world *w = *state;
	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	for (int i = 0; i < 2; i++) {
		contact(w, i, "one");
		fleet_set_online(w->fleet, w->host[i], true);
	}
	return 0;
}

static void made(struct world *w, const char *policy, bool plans, char id[static 33])
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = policy,
				    .created_by = "t",
				    .approve_plans = plans };
	create(w, &r, id);
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

static struct order given(struct world *w, int host, uint64_t seq, struct arena *a)
{
	char **list;
	assert_int_equal(orders(w, host, seq, a, &list), 1);
	return opened(w, list[0], a);
}

static void none(struct world *w, int host, uint64_t seq)
{
	AUTO(arena_done) struct arena a = { 0 };
	char **list;
	assert_int_equal(orders(w, host, seq, &a, &list), 0);
}

static void ends(struct world *w, int host, const struct order *o, const char *outcome,
		 const char *reboot, struct arena *a)
{
	struct err e = { 0 };
	bool good = strcmp(outcome, "succeeded") == 0;
	struct deploy_result r = result_of(arena_str(a, o->id).p, outcome,
					   good ? "installed" : "maintainer_script");
	r.reboot = reboot;
	if (good)
		inventory(w, host, INVENTORY("3.0.2-1", ""));
	ok(deploy_result(w->deploy, w->host[host], &r, &e), &e);
}

static bool has_place(struct world *w, int host)
{
	struct err e = { 0 };
	struct cluster_slot s;
	bool there;
	ok(cluster_slot_get(w->deploy, w->id[host], &s, &there, &e), &e);
	return there;
}

static void AC32_members_are_mended_one_after_the_other(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	rule(w, 50, true);
	made(w, POLICY_ANYTIME, false, id);
	struct order o = given(w, 0, 0, &a);
	assert_true(o.not_after_ms == kit_now_ms + CLUSTER_LEASE_MS);
	none(w, 1, 0);
	assert_string_equal(of_host(w, id, 1, &a).reason, "group_full");
	assert_string_equal(of_host(w, id, 1, &a).detail, "db 1/1");
	w->deploy = (deploy_close(w->deploy), NULL); /* the server is killed */
	open_deploy(w);
	none(w, 1, 0);
	struct order again = given(w, 0, 0, &a); /* the same: its reply was lost */
	assert_true(str_eq(again.id, o.id));
	none(w, 0, o.seq); /* it has begun */
	none(w, 1, 0);
	ends(w, 0, &o, "succeeded", "", &a);
	assert_false(has_place(w, 0));
	w->woken = 0;
	struct err e = { 0 };
	ok(deploy_tick(w->deploy, &e), &e); /* the one that waits is fetched */
	assert_int_equal(w->woken, 1);
	given(w, 1, 0, &a);
}

static void a_failure_gives_the_place_back_and_a_retry_takes_one(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	rule(w, 1, false);
	made(w, POLICY_ANYTIME, false, id);
	struct order o = given(w, 0, 0, &a);
	ends(w, 0, &o, "failed", "", &a);
	struct order other = given(w, 1, 0, &a);
	assert_true(has_place(w, 1) && !has_place(w, 0));
	ends(w, 1, &other, "succeeded", "", &a);
	assert_int_equal(of_host(w, id, 0, &a).state, TARGET_FAILED);
}

static void a_member_that_is_not_heard_of_counts(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	rule(w, 1, false);
	made(w, POLICY_ANYTIME, false, id);
	fleet_set_online(w->fleet, w->host[1], false);
	kit_now_ms += CLUSTER_SILENT_SHARED_MS + 1;
	contact(w, 0, "one");
	none(w, 0, 0);
	assert_string_equal(of_host(w, id, 0, &a).reason, "group_full");
	contact(w, 1, "one");
	given(w, 0, 0, &a);
}

static void a_withdrawn_order_keeps_its_place_until_the_machines_clock_is_past_it(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], second[33];
	rule(w, 1, false);
	made(w, POLICY_ANYTIME, false, id);
	struct order o = given(w, 0, 0, &a);
	ok(deploy_progress(w->deploy, w->host[0], arena_str(&a, o.id).p, "waiting", "postponed", 0,
			   0, kit_now_ms + 8 * 60 * MINUTE, &e),
	   &e);
	assert_true(has_place(w, 0)); /* users may begin it at any time */
	ok(deploy_cancel(w->deploy, id, &e), &e);
	struct deploy_request r = {
		.systems = w->id + 1, .n_systems = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &r, second);
	none(w, 1, 0);
	kit_now_ms += CLUSTER_LEASE_MS + CLUSTER_STEP_MS + 1;
	contact(w, 0, "one");
	contact(w, 1, "one");
	none(w, 0, 0); /* its last scan is from before: its clock may stand anywhere */
	none(w, 1, 0);
	assert_true(has_place(w, 0));
	inventory(w, 0, INVENTORY("3.0.1-1", ""));
	none(w, 0, 0); /* given back, and the others come first */
	assert_false(has_place(w, 0));
	given(w, 1, 0, &a);
}

static void nothing_lies_on_a_machine_until_its_window(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	struct policy p = { .name = (char[]) { "night" },
			    .description = (char[]) { "" },
			    .created_by = (char[]) { "t" },
			    .schedule = { .triggers = SCHEDULE_REFRESH_CYCLE,
					  .windows = { { .start_min = 120, .end_min = 360 } },
					  .n_windows = 1 } };
	rule(w, 1, false);
	ok(policy_save(w->deploy, &p, &e), &e);
	made(w, p.id, false, id);
	struct order o = given(w, 0, 0, &a);
	int64_t opens = kit_now_ms + 5 * 60 * MINUTE;
	none(w, 1, 0);
	ok(deploy_progress(w->deploy, w->host[0], arena_str(&a, o.id).p, "waiting",
			   "outside_window", 0, 0, opens, &e),
	   &e);
	assert_false(has_place(w, 0));
	assert_string_equal(of_host(w, id, 0, &a).reason, "group_window");
	assert_int_equal(of_host(w, id, 0, &a).next_attempt_ms, opens);
	none(w, 0, 0); /* withdrawn, and not made again before */
	given(w, 1, 0, &a);
	assert_true(has_place(w, 1));
	ok(deploy_progress(w->deploy, w->host[1], arena_str(&a, given(w, 1, 0, &a).id).p, "waiting",
			   "outside_window", 0, 0, opens, &e),
	   &e);
	kit_now_ms = opens;
	w->woken = 0;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(w->woken, 1); /* there is one place */
	contact(w, 1, "one");
	struct order late = given(w, 0, 0, &a);
	assert_true(late.seq > o.seq);
	assert_int_equal(of_host(w, id, 0, &a).attempts, 1); /* it is the same attempt */
}

static void a_machine_that_is_switched_off_keeps_its_place(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	rule(w, 1, false);
	made(w, POLICY_ANYTIME, false, id);
	struct order o = given(w, 0, 0, &a);
	ends(w, 0, &o, "succeeded", "off", &a);
	none(w, 0, 1);
	assert_true(has_place(w, 0));
	none(w, 1, 0);
	contact(w, 0, "two");
	none(w, 0, 1);
	assert_false(has_place(w, 0));
	given(w, 1, 0, &a);
}

static void what_was_handed_out_before_the_rule_counts(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	made(w, POLICY_ANYTIME, false, id);
	struct order o = given(w, 0, 0, &a);
	assert_false(has_place(w, 0));
	rule(w, 1, false);
	none(w, 1, 0);
	given(w, 0, 0, &a);
	assert_true(has_place(w, 0));
	none(w, 0, o.seq);
	ends(w, 0, &o, "succeeded", "", &a);
	given(w, 1, 0, &a);
}

static void a_reboot_needs_a_place_and_a_plan_does_not(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], reboots[33];
	rule(w, 1, false);
	made(w, POLICY_ANYTIME, true, id);
	for (int i = 0; i < 2; i++) {
		struct order o = given(w, i, 0, &a);
		assert_true(str_is(o.plan, PLAN_ASK));
		assert_false(has_place(w, i));
		struct deploy_result r = result_of(arena_str(&a, o.id).p, "succeeded", "planned");
		r.plan_json = "[]";
		ok(deploy_result(w->deploy, w->host[i], &r, &e), &e);
	}
	ok(deploy_cancel(w->deploy, id, &e), &e);
	struct deploy_reboot_request r = {
		.systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	ok(deploy_reboot(w->deploy, &r, reboots, &e), &e);
	struct order o = given(w, 1, 1, &a);
	assert_true(order_reboots(&o));
	none(w, 0, 1);
	assert_string_equal(of_host(w, reboots, 0, &a).reason, "group_full");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, rig, teardown)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(AC32_members_are_mended_one_after_the_other),
		T(a_failure_gives_the_place_back_and_a_retry_takes_one),
		T(a_member_that_is_not_heard_of_counts),
		T(a_withdrawn_order_keeps_its_place_until_the_machines_clock_is_past_it),
		T(nothing_lies_on_a_machine_until_its_window),
		T(a_machine_that_is_switched_off_keeps_its_place),
		T(what_was_handed_out_before_the_rule_counts),
		T(a_reboot_needs_a_place_and_a_plan_does_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
