/* SPDX-License-Identifier: Apache-2.0
 * Waves in the database: only hosts of open waves are given orders, a failure halts what has not
 * started, and an administrator resumes. */
#include "deploy/rollout/waves.h"
#include "fleet/group.h"
#include "rig.h"

#define MINUTE INT64_C(60000)

static int turns;
static char last_turn[80];
static bool turned(void *arg UNUSED, const char *deployment UNUSED, const char *action,
		   const char *detail UNUSED, struct err *e UNUSED)
{
	turns++;
	snprintf(last_turn, sizeof(last_turn), "%s", action);
	return true;
}

static struct rollout one_then_all(void)
{
	return (struct rollout) { .waves = { { .kind = ROLLOUT_SYSTEMS, .amount = 1 },
					     { .kind = ROLLOUT_PERCENT, .amount = 100 } },
				  .n_waves = 2,
				  .success_percent = 100,
				  .max_failures = 0,
				  .max_silent = 0,
				  .soak_ms = 10 * MINUTE,
				  .heartbeat_ms = 60 * MINUTE,
				  .patience_ms = 600 * MINUTE,
				  .halt_failures = ROLLOUT_NO_LIMIT,
				  .halt_percent = ROLLOUT_NO_LIMIT };
}

/* Both systems lack openssl; who of them goes first. */
static void set_up(struct world *w)
{
	struct err e = { 0 };
	w->deploy = (deploy_close(w->deploy), NULL);
	struct deploy_conf conf = { .db = w->db,
				    .match = w->match,
				    .store = w->store,
				    .clock = &kit_clock,
				    .signer = { seal, w },
				    .ledger = w->ledger,
				    .wake = wake,
				    .want_payload = want,
				    .payload_trouble = trouble,
				    .changed = changed,
				    .turned = turned,
				    .arg = w };
	ok(deploy_open(&conf, &w->deploy, &e), &e);
	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	for (int i = 0; i < 2; i++)
		ok(fleet_contact(w->fleet, w->host[i], NULL, &e), &e);
	turns = w->woken = 0;
}

static void make(struct world *w, const struct rollout *r, const char *policy, char id[static 33],
		 int *first_out)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct target_row *t;
	size_t n;
	set_up(w);
	struct deploy_request q = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = policy,
				    .created_by = "t",
				    .rollout = r,
				    .now = true };
	create(w, &q, id);
	assert_int_equal(w->woken, 1); /* deploy now: the first wave, nobody else */
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, &a, &t, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_int_equal(t[0].wave + t[1].wave, 1);
	*first_out = t[1].wave == 0;
	assert_string_equal(t[!*first_out].reason, "wave_closed");
}

static struct rollout_view view(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct rollout_view v;
	bool present;
	ok(deploy_rollout(w->deploy, id, a, &v, &present, &e), &e);
	assert_true(present);
	return v;
}

static void tick(struct world *w)
{
	struct err e = { 0 };
	ok(deploy_tick(w->deploy, &e), &e);
}

static void answer(struct world *w, int host, const char *outcome, struct arena *a)
{
	struct err e = { 0 };
	char **list;
	assert_int_equal(orders(w, host, 0, a, &list), 1);
	struct order o = opened(w, list[0], a);
	const char *id = arena_str(a, o.id).p;
	bool good = strcmp(outcome, "succeeded") == 0;
	struct deploy_result r = result_of(id, outcome, good ? "installed" : "maintainer_script");
	if (good)
		inventory(w, host, INVENTORY("3.0.2-1", ""));
	ok(deploy_result(w->deploy, w->host[host], &r, &e), &e);
}

static void the_next_wave_opens_after_success_and_soak_and_not_before(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct rollout r = one_then_all();
	char id[33], **list;
	int first;
	make(w, &r, POLICY_ANYTIME, id, &first);
	assert_int_equal(orders(w, !first, 0, &a, &list), 0);
	tick(w);
	assert_int_equal(orders(w, !first, 0, &a, &list), 0);
	answer(w, first, "succeeded", &a);
	tick(w);
	struct rollout_view v = view(w, id, &a);
	assert_int_equal(v.verdict.waves[0].state, ROLLOUT_SOAKING);
	assert_int_equal(v.verdict.waves[0].until_ms, kit_now_ms + 10 * MINUTE);
	assert_true(v.counts[0].succeeded == 1 && v.counts[1].waiting == 1);
	assert_int_equal(orders(w, !first, 0, &a, &list), 0);
	kit_now_ms += 10 * MINUTE;
	tick(w);
	assert_true(turns == 1 && strcmp(last_turn, "rollout.open_wave") == 0);
	v = view(w, id, &a);
	assert_true(v.open == 2 && v.counts[1].opened_ms == kit_now_ms);
	answer(w, !first, "succeeded", &a);
	tick(w);
	assert_int_equal(turns, 1);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	assert_true(view(w, id, &a).ended);
}

static void AC14_a_failure_halts_what_has_not_started_until_it_is_resumed(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct rollout r = one_then_all();
	char id[33], **list;
	int first;
	make(w, &r, POLICY_ANYTIME, id, &first);
	assert_false(deploy_resume_rollout(w->deploy, id, "early", &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	answer(w, first, "failed", &a);
	tick(w);
	assert_true(turns == 1 && strcmp(last_turn, "rollout.halt") == 0);
	kit_now_ms += 24 * 60 * MINUTE;
	ok(fleet_contact(w->fleet, w->host[!first], NULL, &e), &e);
	for (int i = 0; i < 3; i++) {
		tick(w);
		assert_int_equal(orders(w, !first, 0, &a, &list), 0);
	}
	assert_int_equal(turns, 1);
	struct rollout_view v = view(w, id, &a);
	assert_true(v.open == 1 && v.halted == ROLLOUT_WHY_FAILURES && v.halted_ms > 0);
	assert_int_equal(v.verdict.waves[0].state, ROLLOUT_HALTED);
	struct target_row *t;
	size_t n;
	ok(deploy_targets(w->deploy, id, TARGET_PENDING, NULL, 10, &a, &t, &n, &e), &e);
	assert_true(n == 1 && strcmp(t[0].reason, "rollout_halted") == 0);

	ok(deploy_resume_rollout(w->deploy, id, "mended by hand", &e), &e);
	v = view(w, id, &a);
	assert_true(!v.halted && v.counts[0].forgiven == 1 && v.counts[0].failed == 0);
	assert_string_equal(v.reason, "mended by hand");
	tick(w);
	assert_int_equal(view(w, id, &a).open, 2);
	answer(w, !first, "failed", &a); /* counted from nought again: it halts again */
	tick(w);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
}

static void a_halt_withdraws_what_its_machine_has_not_begun(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct rollout r = one_then_all();
	char id[33], **list;
	int first;
	make(w, &r, POLICY_ANYTIME, id, &first);
	assert_int_equal(orders(w, first, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	ok(deploy_progress(w->deploy, w->host[first], arena_str(&a, o.id).p, "waiting",
			   "outside_window", 0, 0, kit_now_ms + MINUTE, &e),
	   &e);
	w->woken = 0;
	ok(deploy_halt(w->deploy, id, "ann", "wait", &e), &e);
	assert_int_equal(w->woken, 1);
	assert_int_equal(orders(w, first, 0, &a, &list), 0);
	assert_false(deploy_halt(w->deploy, id, "ann", "wait", &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	struct rollout_view v = view(w, id, &a);
	assert_true(v.halted == ROLLOUT_WHY_MANUAL && strcmp(v.halted_by, "ann") == 0);
	/* handed out, not begun, and the halt comes */
	ok(deploy_resume_rollout(w->deploy, id, "go", &e), &e);
	assert_int_equal(orders(w, first, 0, &a, &list), 1);
	o = opened(w, list[0], &a);
	ok(deploy_halt(w->deploy, id, "ann", "wait", &e), &e);
	assert_int_equal(orders(w, first, o.seq - 1, &a, &list), 0);
	ok(deploy_resume_rollout(w->deploy, id, "go", &e), &e);
	assert_int_equal(orders(w, first, o.seq - 1, &a, &list), 1);
	assert_int_equal(opened(w, list[0], &a).seq, o.seq + 1);
	/* begun: it is finished, and only that */
	ok(deploy_halt(w->deploy, id, "ann", "wait", &e), &e);
	assert_int_equal(orders(w, first, o.seq + 1, &a, &list), 0);
	assert_int_equal(view(w, id, &a).counts[0].running, 1);
}

static void a_canary_that_falls_silent_halts_the_rest(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct rollout r = one_then_all();
	char id[33], **list;
	int first;
	make(w, &r, POLICY_ANYTIME, id, &first);
	assert_int_equal(orders(w, first, 0, &a, &list), 1);
	kit_now_ms += 59 * MINUTE;
	tick(w);
	assert_int_equal(turns, 0);
	kit_now_ms += 2 * MINUTE;
	tick(w);
	assert_int_equal(turns, 1);
	assert_int_equal(view(w, id, &a).halted, ROLLOUT_WHY_SILENT);
}

static void make_group(struct world *w, const char *name, int member, char id[static 33])
{
	struct err e = { 0 };
	struct group_edit g = {
		.kind = GROUP_STATIC, .name = name, .description = "", .filter = "", .by = "t"
	};
	size_t n;
	ok(fleet_group_create(w->fleet, &g, id, &e) &&
		   (member < 0 ||
		    fleet_group_members(w->fleet, id, &w->host[member], 1, true, "t", &n, &e)),
	   &e);
}

/* The first group is empty and passed over; the second one's member fails. */
static void F40_groups_are_waves_by_their_members_of_the_beginning(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct rollout r = one_then_all();
	char id[33], **list;
	uint32_t gone;
	set_up(w);
	r.n_waves = 3;
	r.waves[0] = r.waves[1] = (struct rollout_wave) { .kind = ROLLOUT_GROUP };
	r.waves[2] = (struct rollout_wave) { .kind = ROLLOUT_PERCENT, .amount = 100 };
	make_group(w, "nobody", -1, r.waves[0].group);
	make_group(w, "canaries", 1, r.waves[1].group);
	struct deploy_request q = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .rollout = &r };
	struct deploy_preview p;
	ok(deploy_rollout_bind(w->deploy, &r, &gone, &e) && deploy_preview(w->deploy, &q, &p, &e),
	   &e);
	assert_true(p.n_waves == 3 && p.waves[0] == 0 && p.waves[1] == 1 && p.waves[2] == 1);
	create(w, &q, id);
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	struct rollout_view v = view(w, id, &a);
	assert_int_equal(v.verdict.waves[0].why, ROLLOUT_WHY_EMPTY);

	/* neither who comes into a group now nor its end changes anything */
	size_t n;
	ok(fleet_group_members(w->fleet, r.waves[0].group, w->host, 2, true, "t", &n, &e) &&
		   deploy_remove_group(w->deploy, r.waves[1].group, &e),
	   &e);
	tick(w);
	v = view(w, id, &a);
	assert_true(v.open == 2 && v.verdict.waves[0].state == ROLLOUT_PASSED);
	assert_int_equal(v.verdict.waves[0].why, ROLLOUT_WHY_EMPTY);
	assert_string_equal(v.plan.waves[1].group_name, "canaries");
	answer(w, 1, "failed", &a);
	for (int i = 0; i < 3; i++) {
		tick(w);
		kit_now_ms += 24 * 60 * MINUTE;
		assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	}
	v = view(w, id, &a);
	assert_true(v.open == 2 && v.halted == ROLLOUT_WHY_FAILURES);
	assert_int_equal(v.counts[2].waiting, 1);

	/* a group that is not there any more is named */
	assert_false(deploy_rollout_bind(w->deploy, &r, &gone, &e));
	assert_true(e.code == ERR_NOT_FOUND && gone == 1);
	assert_false(deploy_preview(w->deploy, &q, &p, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void a_deployment_without_waves_has_none(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct rollout_view v;
	bool present;
	char id[33];
	ready(w, id);
	ok(deploy_rollout(w->deploy, id, &a, &v, &present, &e), &e);
	assert_false(present);
	assert_false(deploy_halt(w->deploy, id, "ann", "", &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(the_next_wave_opens_after_success_and_soak_and_not_before),
		T(AC14_a_failure_halts_what_has_not_started_until_it_is_resumed),
		T(a_halt_withdraws_what_its_machine_has_not_begun),
		T(a_canary_that_falls_silent_halts_the_rest),
		T(F40_groups_are_waves_by_their_members_of_the_beginning),
		T(a_deployment_without_waves_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
