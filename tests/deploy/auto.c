/* SPDX-License-Identifier: Apache-2.0
 * Automated deployment end to end in the room: tasks, what they make, and what keeps them from
 * making it again (S-08, M-185..M-188, AC-13, AC-14). */
#include "deploy/auto/auto.h"
#include "rig.h"

#define ZLIB "debian:12:zlib:1.3-2"
#define DAY AUTO_DAY_MS
#define PAIR_COUNT(plan) ((int)(plan).pairs)

static void task(struct world *w, const char *name, const char *spec, char id[static 33])
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	struct auto_task t = { .name = name, .created_by = "t" };
	ok(json_parse(str_of(spec), 4096, &j, &e) && auto_spec_read(j, &a, &t.spec, &e) &&
		   auto_save(w->deploy, &t, &e),
	   &e);
	memcpy(id, t.id, sizeof(t.id));
}

static void run(struct world *w)
{
	struct err e = { 0 };
	ok(auto_run(w->deploy, &e), &e);
}

/* Deployments of a task, newest first. */
static size_t runs(struct world *w, const char *id, struct arena *a, char ***out)
{
	struct err e = { 0 };
	size_t n;
	ok(auto_runs(w->deploy, id, 100, a, out, &n, &e), &e);
	return n;
}

/* The only row of a task's plan. */
static struct auto_row planned(struct world *w, const char *id, struct auto_plan *p)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(match_read_end) struct match_view v;
	struct err e = { 0 };
	struct auto_task t;
	ok(auto_get(w->deploy, id, &a, &t, &e), &e);
	match_read(w->match, &v);
	ok(auto_plan(w->deploy, &v, &t, p, &e), &e);
	return p->rows.n ? p->rows.p[0] : (struct auto_row) { .decision.verdict = AUTO_NO_MATCH };
}

static void S_08_a_task_deploys_once_and_until_nothing_matches(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	AUTO(auto_plan_done) struct auto_plan before, after;
	task(w, "Everything", "{}", id);
	(void)planned(w, id, &before);
	assert_int_equal(before.patches, 2);
	assert_int_equal(before.systems, 2);
	assert_int_equal(before.pairs, 2);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 1);
	struct deployment_row d = get(w, list[0], &a);
	assert_int_equal(d.n_patches, 2);
	assert_int_equal(d.n_targets, 2);
	assert_string_equal(d.created_by, "auto:Everything");
	/* nothing twice, not even later */
	kit_now_ms += DAY;
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 1);
	(void)planned(w, id, &after);
	assert_int_equal(after.pairs, 0);
	assert_int_equal(after.rows.p[0].busy + after.rows.p[1].busy, 2);
	/* what comes to be missing later comes, too; it is gathered for some minutes */
	set_catalog(w, "3.0.3-1");
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 2);
	char **names;
	size_t n;
	ok(deploy_patches(w->deploy, list[0], &a, &names, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(names[0], "debian:12:openssl:3.0.3-1");
	assert_int_equal(get(w, list[0], &a).n_targets, 2);
}

/* How many deployments the clock's looks have made within two seconds, by the clock of the machine.
 */
static size_t ticked(struct world *w, const char *id, size_t wanted, struct arena *a)
{
	struct err e = { 0 };
	int64_t end = clock_mono_ms() + 2000;
	char **list;
	size_t n;
	do {
		ok(auto_tick(w->deploy, &e), &e);
		n = runs(w, id, a, &list);
		usleep(10000);
	} while (n < wanted && clock_mono_ms() < end);
	return n;
}

/* What a person approves and what a sync brings is deployed at once, though the task has just
 * deployed. */
static void S_08_approvals_and_syncs_are_not_waited_for(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list, **names;
	const char *zlib = ZLIB;
	size_t n;
	ok(approval_set(w->deploy, &zlib, 1, false, APPROVAL_BY_PERSON, "t", "not yet", &n, &e),
	   &e);
	task(w, "Everything", "{}", id);
	assert_int_equal(ticked(w, id, 1, &a), 1);
	ok(approval_set(w->deploy, &zlib, 1, true, APPROVAL_BY_PERSON, "t", "", &n, &e), &e);
	assert_int_equal(ticked(w, id, 2, &a), 2);
	kit_now_ms += 1000;
	set_catalog(w, "3.0.3-1");
	assert_int_equal(ticked(w, id, 3, &a), 3);
	(void)runs(w, id, &a, &list);
	ok(deploy_patches(w->deploy, list[0], &a, &names, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(names[0], "debian:12:openssl:3.0.3-1");
	/* what a scan brings is gathered */
	kit_now_ms += 1000;
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	run(w);
	assert_int_equal(ticked(w, id, 3, &a), 3);
	kit_now_ms += 5 * 60000;
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 4);
}

static void S_08_what_is_not_approved_or_declined_is_left_out(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], decline[33], **list;
	const char *zlib = ZLIB;
	size_t n;
	struct decline x = { .os = "",
			     .subject = SSL_PATCH,
			     .reason = "breaks the shop",
			     .created_by = "t",
			     .expires_ms = kit_now_ms + DAY,
			     .ended_by = "" };
	ok(deploy_decline(w->deploy, &x, decline, &e), &e);
	ok(approval_set(w->deploy, &zlib, 1, false, APPROVAL_BY_PERSON, "t", "not yet", &n, &e),
	   &e);
	assert_int_equal(n, 1);
	task(w, "Everything", "{}", id);
	AUTO(auto_plan_done) struct auto_plan p;
	(void)planned(w, id, &p);
	assert_int_equal(p.verdicts[AUTO_DECLINED], 1);
	assert_int_equal(p.verdicts[AUTO_NOT_APPROVED], 1);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 0);
	ok(approval_set(w->deploy, &zlib, 1, true, APPROVAL_BY_PERSON, "t", "", &n, &e), &e);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 1);
	assert_int_equal(target(w, list[0], &a).n_patches, 1);
	assert_string_equal(target(w, list[0], &a).hostname, "web2");
}

/* What waits for a window on the machine is not installed any more once it is declined. */
static void S_09_declined_after_the_deployment_was_made(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], decline[33], **list, **envelopes;
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	task(w, "OpenSSL", "{\"include\": [\"openssl\"]}", id);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 1);
	assert_int_equal(orders(w, 0, 0, &a, &envelopes), 1);
	AUTO(xfree) char *order = str_dup(opened(w, envelopes[0], &a).id);
	ok(deploy_progress(w->deploy, w->host[0], order, "waiting", "outside_window", 0, 0,
			   kit_now_ms + DAY, &e),
	   &e);
	struct decline x = { .os = "",
			     .subject = SSL_PATCH,
			     .reason = "breaks the shop",
			     .created_by = "t",
			     .expires_ms = kit_now_ms + DAY,
			     .ended_by = "" };
	ok(deploy_decline(w->deploy, &x, decline, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &envelopes), 0);
	struct target_row t = target(w, list[0], &a);
	assert_int_equal(t.state, TARGET_NOT_APPLICABLE);
	assert_string_equal(t.reason, "not_approved");
}

static void fail_target(struct world *w, const char *reason)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char **envelopes;
	assert_int_equal(orders(w, 0, 0, &a, &envelopes), 1);
	struct order o = opened(w, envelopes[0], &a);
	AUTO(xfree) char *order = str_dup(o.id);
	struct deploy_result r = result_of(order, "failed", reason);
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
}

static void AC_14_a_failing_patch_rests_halts_and_is_reset(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	AUTO(auto_plan_done) struct auto_plan p, rests, halted, fresh;
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	task(w, "OpenSSL", "{\"include\": [\"openssl\"], \"halt_after\": 0}", id);
	run(w);
	fail_target(w, "maintainer_script");
	assert_int_equal(runs(w, id, &a, &list), 1);
	assert_int_equal(target(w, list[0], &a).state, TARGET_FAILED);
	struct auto_row r = planned(w, id, &rests);
	assert_int_equal(r.waits, 1);
	assert_int_equal(r.failures, 1);
	assert_null(r.chosen);
	/* again after a day, three times in all */
	for (size_t i = 2; i <= AUTO_TRIES_MAX; i++) {
		kit_now_ms += DAY + 60000;
		run(w);
		assert_int_equal(runs(w, id, &a, &list), i);
		fail_target(w, "maintainer_script");
	}
	kit_now_ms += 10 * DAY;
	run(w);
	assert_int_equal(runs(w, id, &a, &list), AUTO_TRIES_MAX);
	r = planned(w, id, &p);
	assert_int_equal(r.given_up, 1);
	/* the breaker: a task that halts after the first failure */
	struct auto_task t;
	ok(auto_get(w->deploy, id, &a, &t, &e), &e);
	t.spec.criteria.halt_after = 1;
	ok(auto_save(w->deploy, &t, &e), &e);
	assert_int_equal(planned(w, id, &halted).decision.verdict, AUTO_HALTED);
	ok(auto_reset(w->deploy, id, SSL_PATCH, "t", &e), &e);
	kit_now_ms += 1000;
	r = planned(w, id, &fresh);
	assert_int_equal(r.decision.verdict, AUTO_DEPLOY);
	assert_int_equal(r.failures, 0);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), AUTO_TRIES_MAX + 1);
}

static void S_08_paused_and_removed_tasks_do_nothing(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	struct auto_task t;
	task(w, "Everything", "{}", id);
	ok(auto_pause(w->deploy, id, true, &e), &e);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 0);
	ok(auto_pause(w->deploy, id, false, &e) && auto_remove(w->deploy, id, &e), &e);
	run(w);
	assert_int_equal(runs(w, id, &a, &list), 0);
	assert_false(auto_get(w->deploy, id, &a, &t, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	task(w, "Everything", "{}", id); /* its name is free */
	struct auto_task twice = { .name = "Everything", .created_by = "t" };
	ok(auto_get(w->deploy, id, &a, &t, &e), &e);
	twice.spec = t.spec;
	assert_false(auto_save(w->deploy, &twice, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void S_08_two_tasks_and_a_person_do_not_deploy_the_same(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[2][33], byhand[33], **list;
	ready(w, byhand);
	task(w, "First", "{}", id[0]);
	task(w, "Second", "{}", id[1]);
	run(w);
	assert_int_equal(runs(w, id[0], &a, &list), 1);
	assert_int_equal(get(w, list[0], &a).n_patches, 1); /* openssl is under way already */
	assert_int_equal(runs(w, id[1], &a, &list), 0);
}

static void M_188_a_forced_start_is_the_tasks_own(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	char id[33], **envelopes;
	struct policy p = { .name = (char *)(uintptr_t) "Sundays",
			    .description = (char *)(uintptr_t) "",
			    .created_by = (char *)(uintptr_t) "t" };
	ok(json_parse(STR_LIT("{\"windows\": [{\"weekdays\": [\"sun\"], \"start\": \"13:00\", "
			      "\"end\": \"17:00\"}]}"),
		      4096, &j, &e) &&
		   window_read(j, &p.schedule, &e) && policy_save(w->deploy, &p, &e),
	   &e);
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	AUTO(xfree)
	char *spec = xasprintf("{\"include\": [\"openssl\"], \"policy\": \"%s\", "
			       "\"force_after_days\": 2}",
			       p.id);
	task(w, "OpenSSL", spec, id);
	int64_t made = kit_now_ms;
	run(w);
	assert_int_equal(orders(w, 0, 0, &a, &envelopes), 1);
	struct order o = opened(w, envelopes[0], &a);
	assert_non_null(o.window);
	assert_int_equal(o.forced_ms, made + 2 * DAY);
	/* a task's policy is not removed under it */
	assert_false(policy_remove(w->deploy, p.id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "'OpenSSL'"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(S_08_a_task_deploys_once_and_until_nothing_matches),
		T(S_08_approvals_and_syncs_are_not_waited_for),
		T(S_08_what_is_not_approved_or_declined_is_left_out),
		T(S_09_declined_after_the_deployment_was_made),
		T(AC_14_a_failing_patch_rests_halts_and_is_reset),
		T(S_08_paused_and_removed_tasks_do_nothing),
		T(S_08_two_tasks_and_a_person_do_not_deploy_the_same),
		T(M_188_a_forced_start_is_the_tasks_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
