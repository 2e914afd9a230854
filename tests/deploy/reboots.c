/* SPDX-License-Identifier: Apache-2.0
 * Machines restarted by order (M-167, M-172): orders carry what a policy says, and a target tells
 * where its machine is: away, back in another boot, or missing when its time is over. */
#include "deploy/orders/policy.h"
#include "rig.h"

static void boots(struct world *w, int i, const char *boot)
{
	struct err e = { 0 };
	struct host_attrs attrs = { .hostname = i ? (char[]) { "web2" } : (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .boot_id = (char *)(uintptr_t)boot };
	ok(fleet_contact(w->fleet, w->host[i], &attrs, &e), &e);
}

static int rig(void **state)
{
	assert_int_equal(setup(state), 0);
	boots(*state, 0, "one");
	return 0;
}

static struct order reboot(struct world *w, const char *policy, char id[static 33], struct arena *a)
{
	struct deploy_reboot_request r = {
		.systems = w->id, .n_systems = 1, .policy = policy, .created_by = "t"
	};
	struct err e = { 0 };
	char **list;
	ok(deploy_reboot(w->deploy, &r, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, a, &list), 1);
	return opened(w, list[0], a);
}

static void leaves(struct world *w, const struct order *o, struct arena *a)
{
	struct err e = { 0 };
	ok(deploy_progress(w->deploy, w->host[0], arena_str(a, o->id).p, "installing", "rebooting",
			   0, 0, 0, &e),
	   &e);
}

static void ends(struct world *w, const struct order *o, const char *reason, const char *word,
		 struct arena *a)
{
	struct deploy_result r = result_of(arena_str(a, o->id).p, "succeeded", reason);
	struct err e = { 0 };
	r.reboot = word;
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
}

static void M_172_on_demand(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	struct order o = reboot(w, POLICY_ANYTIME, id, &a);
	assert_true(order_reboots(&o) && !order_installs(&o) && o.seq == 1);
	assert_int_equal(o.actions.after, ACTIONS_REBOOT);
	assert_int_equal(o.actions.wait_minutes, 0);
	assert_int_equal(get(w, id, &a).operation, DEPLOYMENT_REBOOT);
	assert_int_equal(w->woken, 1);
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
	leaves(w, &o, &a);
	assert_string_equal(target(w, id, &a).reboot, "rebooting");
	assert_int_equal(target(w, id, &a).reboot_due_ms, kit_now_ms + DEPLOY_REBOOT_LIMIT_MS);
	/* a last contact before it goes is no return */
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	assert_string_equal(target(w, id, &a).reboot, "rebooting");
	boots(w, 0, "two");
	assert_int_equal(orders(w, 0, 1, &a, &list), 0); /* the sequence is used up */
	assert_string_equal(target(w, id, &a).reboot, "came_back");
	assert_int_equal(target(w, id, &a).reboot_due_ms, 0);
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
	ends(w, &o, "rebooted", "came_back", &a);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
}

static void F40_a_machine_that_does_not_come_back(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	struct order o = reboot(w, POLICY_ANYTIME, id, &a);
	int64_t began = kit_now_ms;
	leaves(w, &o, &a);
	kit_now_ms = began + DEPLOY_REBOOT_LIMIT_MS - 1;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
	kit_now_ms = began + DEPLOY_REBOOT_LIMIT_MS;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	assert_string_equal(target(w, id, &a).reason, "no_return");
	assert_string_equal(target(w, id, &a).reboot, "overdue");
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
	/* somebody pressed its button at last: what it says is the truth */
	boots(w, 0, "two");
	ends(w, &o, "rebooted", "old_kernel", &a);
	assert_int_equal(target(w, id, &a).state, TARGET_SUCCEEDED);
	assert_string_equal(target(w, id, &a).reboot, "old_kernel");
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	kit_now_ms = began;
}

static void M_167_M_172_orders_carry_the_policys_actions(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	struct policy p = { .name = (char *)(uintptr_t) "Nights",
			    .description = (char *)(uintptr_t) "",
			    .created_by = (char *)(uintptr_t) "t" },
		      read;
	char id[33], **list;
	ok(json_parse(STR_LIT("{\"windows\":[{\"start\":\"01:00\",\"end\":\"05:00\"}]}"), 4096, &j,
		      &e) &&
		   window_read(j, &p.schedule, &e),
	   &e);
	p.actions = (struct actions) { .reboot_before = true,
				       .after = ACTIONS_REBOOT_IF_NEEDED,
				       .wait_minutes = 30,
				       .postpone = { 3, 60, 8 } };
	ok(policy_save(w->deploy, &p, &e) && policy_get(w->deploy, p.id, &a, &read, &e), &e);
	assert_memory_equal(&read.actions, &p.actions, sizeof(p.actions));
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = p.id, .created_by = "t"
	};
	create(w, &r, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_true(o.actions.reboot_before && order_installs(&o));
	assert_int_equal(o.actions.after, ACTIONS_REBOOT_IF_NEEDED);
	assert_int_equal(o.actions.wait_minutes, 30);
	assert_int_equal(o.actions.postpone.deadline_h, 8);
	/* people are waited for: when it goes is known, and it is not pending */
	ok(deploy_progress(w->deploy, w->host[0], arena_str(&a, o.id).p, "installing",
			   "waiting_users", 0, 0, kit_now_ms + 60000, &e),
	   &e);
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
	assert_int_equal(target(w, id, &a).next_attempt_ms, kit_now_ms + 60000);
	leaves(w, &o, &a);
	assert_int_equal(target(w, id, &a).next_attempt_ms, 0);
	boots(w, 0, "two");
	ends(w, &o, "installed", "forbidden", &a);
	assert_string_equal(target(w, id, &a).reboot, "forbidden");
	assert_int_equal(target(w, id, &a).state, TARGET_SUCCEEDED);
	/* on demand, the policy says when, and how long people are waited for, and no more */
	o = reboot(w, p.id, id, &a);
	assert_true(order_reboots(&o) && o.window);
	assert_int_equal(o.actions.wait_minutes, 30);
	assert_int_equal(o.actions.postpone.times, 3);
	assert_false(o.actions.reboot_before);
}

static int group(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig, teardown)
	const struct CMUnitTest tests[] = {
		CASE(M_172_on_demand),
		CASE(F40_a_machine_that_does_not_come_back),
		CASE(M_167_M_172_orders_carry_the_policys_actions),
	};
	return cmocka_run_group_tests_name("deploy/reboots", tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
