/* SPDX-License-Identifier: Apache-2.0
 * Targets of configurations that follow the fleet (M-135, M-182): who comes, who goes, and that
 * nothing is done twice. On both engines. */
#include "deploy/targets/selector.h"
#include "rig.h"

static const char *const both_patches[] = { SSL_PATCH, "debian:12:zlib:1.3-2" };

struct aim {
	struct arena arena;
	struct selector s;
	char group[33];
};

/* A static group with the first system, and a selector of it. */
static void aim_at_group(struct world *w, struct aim *a, const char *mode)
{
	struct err e = { 0 };
	size_t n;
	struct group_edit g = {
		.kind = GROUP_STATIC, .name = "canaries", .description = "", .filter = "", .by = "t"
	};
	ok(fleet_group_create(w->fleet, &g, a->group, &e) &&
		   fleet_group_members(w->fleet, a->group, &w->host[0], 1, true, "t", &n, &e),
	   &e);
	AUTO(xfree)
	char *text = xasprintf("{\"groups\":[\"%s\"],\"mode\":\"%s\"}", a->group, mode);
	AUTO(json_free) json_t *j = NULL;
	ok(json_parse(str_of(text), 4096, &j, &e) && selector_read(j, &a->arena, &a->s, NULL, &e),
	   &e);
}

static void member(struct world *w, const struct aim *a, int host, bool in)
{
	struct err e = { 0 };
	size_t n;
	ok(fleet_group_members(w->fleet, a->group, &w->host[host], 1, in, "t", &n, &e), &e);
	assert_int_equal(n, 1);
}

static void make(struct world *w, const struct aim *a, char id[static 33])
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	store_payload(w, "zlib1g", "1.3-2");
	struct deploy_request r = { .patches = both_patches,
				    .n_patches = 2,
				    .targets = &a->s,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .now = true };
	create(w, &r, id);
}

static void tick(struct world *w)
{
	struct err e = { 0 };
	ok(deploy_tick(w->deploy, &e), &e);
}

/* State and reason of a system's target; NULL when it is none. */
static const char *state_of(struct world *w, const char *id, int host, struct arena *a)
{
	struct err e = { 0 };
	struct target_row *list;
	size_t n;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, a, &list, &n, &e), &e);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].host, w->id[host]) == 0)
			return list[i].state == TARGET_CANCELLED ? list[i].reason
								 : target_state_name(list[i].state);
	return NULL;
}

static void expect(struct world *w, const char *id, int host, const char *state)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *is = state_of(w, id, host, &a);
	if (!state)
		assert_null(is);
	else
		assert_string_equal(is ? is : "no target", state);
}

static enum deployment_state deployment_of(struct world *w, const char *id)
{
	AUTO(arena_done) struct arena a = { 0 };
	return get(w, id, &a).state;
}

static void M_182_systems_come_and_go(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct aim aim = { 0 };
	struct err e = { 0 };
	char id[33];
	aim_at_group(w, &aim, "dynamic");
	make(w, &aim, id);
	tick(w);
	expect(w, id, 0, "pending");
	expect(w, id, 1, NULL);
	int woken = w->woken;
	member(w, &aim, 1, true);
	tick(w);
	expect(w, id, 1, "pending");
	assert_true(w->woken > woken);
	assert_int_equal(get(w, id, &a).n_patches, 2);
	int changes = w->changes;
	tick(w);
	tick(w); /* nothing changed, nothing is written */
	assert_int_equal(w->changes, changes);
	assert_int_equal(get(w, id, &a).n_targets, 2);
	/* nothing has started: gone, and back */
	member(w, &aim, 1, false);
	tick(w);
	expect(w, id, 1, "left_targets");
	char **list;
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	member(w, &aim, 1, true);
	tick(w);
	expect(w, id, 1, "pending");
	assert_int_equal(get(w, id, &a).n_targets, 2);
	/* something has: it goes on */
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	member(w, &aim, 0, false);
	tick(w);
	expect(w, id, 0, "downloading");
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(arena_str(&a, o.id).p, "succeeded", "installed");
	inventory(w, 0, INVENTORY("3.0.2-1", ""));
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	expect(w, id, 0, "succeeded");
	/* back again, and outdated again: it was a target, once */
	member(w, &aim, 0, true);
	inventory(w, 0, INVENTORY("3.0.1-1", ""));
	tick(w);
	expect(w, id, 0, "succeeded");
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	arena_done(&aim.arena);
}

static void an_order_that_waits_for_a_window_is_withdrawn(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct aim aim = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	aim_at_group(w, &aim, "dynamic");
	make(w, &aim, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	ok(deploy_progress(w->deploy, w->host[0], arena_str(&a, o.id).p, "waiting",
			   "outside_window", 0, 0, kit_now_ms + 3600000, &e),
	   &e);
	member(w, &aim, 0, false);
	tick(w);
	expect(w, id, 0, "left_targets");
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	member(w, &aim, 0, true);
	tick(w);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1); /* anew, under a higher number */
	assert_true(opened(w, list[0], &a).seq > o.seq);
	arena_done(&aim.arena);
}

static void it_stays_open_until_it_is_ended(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct aim aim = { 0 };
	struct err e = { 0 };
	char id[33];
	aim_at_group(w, &aim, "dynamic");
	member(w, &aim, 0, false);
	make(w, &aim, id); /* nobody yet, and both patches are kept */
	assert_int_equal(get(w, id, &a).n_targets, 0);
	assert_int_equal(get(w, id, &a).n_patches, 2);
	tick(w);
	assert_int_equal(deployment_of(w, id), DEPLOYMENT_READY);
	member(w, &aim, 1, true);
	tick(w);
	expect(w, id, 1, "pending");
	member(w, &aim, 1, false);
	tick(w);
	assert_int_equal(deployment_of(w, id), DEPLOYMENT_READY); /* nobody again */
	assert_false(deploy_remove_group(w->deploy, aim.group, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	ok(fleet_set_state(w->fleet, w->host[1], HOST_RETIRED, &e), &e);
	member(w, &aim, 1, true);
	tick(w);
	expect(w, id, 1, "left_targets"); /* not managed */
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(deployment_of(w, id), DEPLOYMENT_CANCELLED);
	member(w, &aim, 0, true);
	tick(w);
	expect(w, id, 0, NULL);
	ok(deploy_remove_group(w->deploy, aim.group, &e), &e);
	const char *text;
	ok(deploy_aim(w->deploy, id, &a, &text, &e), &e);
	assert_non_null(strstr(text, "\"dynamic\"")); /* what it was aimed at stays known */
	arena_done(&aim.arena);
}

static void a_restart_forgets_nothing(void **state)
{
	struct world *w = *state;
	struct aim aim = { 0 };
	char id[33];
	aim_at_group(w, &aim, "dynamic");
	make(w, &aim, id);
	member(w, &aim, 1, true);
	tick(w);
	member(w, &aim, 1, false);
	tick(w);
	deploy_close(w->deploy);
	open_deploy(w);
	tick(w);
	expect(w, id, 0, "pending");
	expect(w, id, 1, "left_targets");
	member(w, &aim, 1, true);
	tick(w);
	expect(w, id, 1, "pending");
	arena_done(&aim.arena);
}

static void frozen_targets_stay_as_they_were(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct aim aim = { 0 };
	char id[33];
	aim_at_group(w, &aim, "frozen");
	make(w, &aim, id);
	assert_int_equal(get(w, id, &a).n_patches, 1); /* what somebody misses */
	member(w, &aim, 1, true);
	member(w, &aim, 0, false);
	tick(w);
	expect(w, id, 0, "pending");
	expect(w, id, 1, NULL);
	arena_done(&aim.arena);
}

static void a_group_that_is_gone_stops_only_its_own(void **state)
{
	struct world *w = *state;
	struct aim aim = { 0 };
	struct err e = { 0 };
	char id[33];
	aim_at_group(w, &aim, "dynamic");
	make(w, &aim, id);
	/* not by deploy_remove_group(), which refuses */
	ok(fleet_group_remove(w->fleet, aim.group, NULL, NULL, &e), &e);
	tick(w);
	expect(w, id, 0, "pending");
	arena_done(&aim.arena);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(M_182_systems_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(an_order_that_waits_for_a_window_is_withdrawn,
						setup, teardown),
		cmocka_unit_test_setup_teardown(it_stays_open_until_it_is_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(a_restart_forgets_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(frozen_targets_stay_as_they_were, setup, teardown),
		cmocka_unit_test_setup_teardown(a_group_that_is_gone_stops_only_its_own, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run_with(group, false);
}
