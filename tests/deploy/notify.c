/* SPDX-License-Identifier: Apache-2.0
 * Who is told how a deployment stands, and when (M-146, S-11): first when there is something to do,
 * then on a grid and only what changed, halts by gates and the end at once; nothing is lost or told
 * twice when the server dies between. */
#include "deploy/ask/notify.h"
#include "rig.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

/* --- the decision -------------------------------------------------------------------------------
 */

struct telling {
	struct notify_note note;
	int64_t told; /* how often */
};

static enum notify_what look(struct telling *t, int64_t ms, bool ended, int64_t halt_ms,
			     const char *state)
{
	struct notify_now now = { ms, halt_ms, ended };
	enum notify_what what = notify_decide(&t->note, &now, state);
	assert_int_equal(what != NOTIFY_NOTHING, notify_is_due(&t->note, &now));
	if (what == NOTIFY_NOTHING)
		return what;
	t->told += what != NOTIFY_SAME;
	t->note.looked_ms = ms;
	t->note.told = state;
	t->note.halt_ms = halt_ms;
	t->note.ended = ended;
	return what;
}

static struct telling from_ten(int64_t every_ms)
{
	return (struct telling) {
		.note = { .anchor_ms = 10 * HOUR, .every_ms = every_ms, .told = "" }
	};
}

/* The example of the rule: 10:00 sent, 12:00 and 14:00 nothing, 16:00 sent. */
static void S_11_only_at_points_of_the_grid_and_only_when_something_changed(void **state UNUSED)
{
	struct telling t = from_ten(2 * HOUR);
	int64_t sent[10];
	size_t n = 0;
	for (int64_t ms = 10 * HOUR + 5000; ms < 19 * HOUR; ms += 5000) {
		const char *how = ms < 15 * HOUR ? "ready 3 0" : "in_progress 2 1";
		int64_t before = t.told;
		look(&t, ms, false, 0, how);
		if (t.told != before)
			sent[n++] = ms;
	}
	assert_int_equal(n, 2);
	assert_int_equal(sent[0], 10 * HOUR + 5000);
	assert_int_equal(sent[1], 16 * HOUR);
}

static void M_146_the_end_and_a_halt_are_told_at_once_and_once(void **state UNUSED)
{
	struct telling t = from_ten(24 * HOUR);
	assert_int_equal(look(&t, 10 * HOUR, false, 0, "ready"), NOTIFY_FIRST);
	assert_int_equal(look(&t, 10 * HOUR + 1, false, 0, "in progress"), NOTIFY_NOTHING);
	assert_int_equal(look(&t, 11 * HOUR, false, 11 * HOUR, "halted"), NOTIFY_HALTED);
	assert_int_equal(look(&t, 11 * HOUR + 1, false, 11 * HOUR, "halted"), NOTIFY_NOTHING);
	assert_int_equal(look(&t, 12 * HOUR, false, 0, "in progress"), NOTIFY_NOTHING);
	assert_int_equal(look(&t, 13 * HOUR, false, 13 * HOUR, "halted again"), NOTIFY_HALTED);
	assert_int_equal(look(&t, 14 * HOUR, true, 0, "failed"), NOTIFY_ENDED);
	assert_int_equal(look(&t, 90 * HOUR, true, 0, "failed") == NOTIFY_ENDED, false);
	/* It begins again: told at the grid, then its end. */
	assert_int_equal(look(&t, 91 * HOUR, false, 0, "in progress"), NOTIFY_NOTHING);
	assert_int_equal(look(&t, 107 * HOUR, false, 0, "in progress"), NOTIFY_CHANGED);
	assert_int_equal(look(&t, 107 * HOUR + 1, true, 0, "completed"), NOTIFY_ENDED);
}

static void a_late_look_is_one_look_and_a_clock_set_back_does_not_silence_it(void **state UNUSED)
{
	struct telling t = from_ten(HOUR);
	look(&t, 10 * HOUR, false, 0, "a");
	assert_int_equal(look(&t, 25 * HOUR + 7, false, 0, "b"), NOTIFY_CHANGED);
	assert_int_equal(look(&t, 25 * HOUR + 8, false, 0, "c"), NOTIFY_NOTHING);
	assert_int_equal(look(&t, 12 * HOUR, false, 0, "c"), NOTIFY_CHANGED);
	assert_int_equal(look(&t, 13 * HOUR, false, 0, "c"), NOTIFY_SAME);
	assert_int_equal(look(&t, 9 * HOUR, false, 0, "d"), NOTIFY_CHANGED);
}

/* --- addresses ----------------------------------------------------------------------------------
 */

static bool reads(const char *text, struct arena *a, struct deploy_notify *out)
{
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	return json_parse(str_of(text), 4096, &j, &e) && notify_read(j, a, out, &e);
}

static void M_146_addresses_are_read_strictly_and_written_as_they_were(void **state UNUSED)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	struct deploy_notify n;
	assert_true(
		reads("{\"to\":[\"a@x.example\",\"b@x.example\"],\"every_minutes\":5}", &a, &n));
	assert_string_equal(n.to, "a@x.example\nb@x.example");
	AUTO(json_free) json_t *j = notify_write(&n);
	json_write(j, &b);
	assert_string_equal(b.p, "{\"to\":[\"a@x.example\",\"b@x.example\"],\"every_minutes\":5}");
	assert_true(reads("{\"to\":[\"a@x.example\"]}", &a, &n) &&
		    n.every_minutes == NOTIFY_EVERY_USUAL);
	static const char *const bad[] = {
		"{}",
		"{\"to\":[]}",
		"{\"to\":[\"a@x.example\\nb@x\"]}",
		"{\"to\":[\"a@x.example\",\"a@x.example\"]}",
		"{\"to\":[1]}",
		"{\"to\":[\"a@x.example\"],\"every_minutes\":4}",
		"{\"to\":[\"a@x.example\"],\"every_minutes\":10081}",
		"{\"to\":[\"a@x.example\"],\"cc\":[]}",
		"[]",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(reads(bad[i], &a, &n));
}

/* --- in the database ----------------------------------------------------------------------------
 */

static const struct deploy_notify people = { "a@x.example\nb@x.example", 60 };

/* What is due; noted as told unless the transaction is to fail. */
struct noting {
	const struct deploy_news *news;
	bool fails, still;
};
static bool note(struct sql_conn *c, void *arg, struct err *e)
{
	struct noting *k = arg;
	return deploy_news_note(c, k->news, &k->still, e) &&
	       (!k->fails || err_set(e, ERR_LIMIT, "the outbox is full"));
}

static enum notify_what due(struct world *w, struct arena *a, bool fails, struct deploy_news *out)
{
	struct err e = { 0 };
	struct deploy_news *list;
	size_t n;
	ok(deploy_news(w->deploy, a, &list, &n, &e), &e);
	if (!n)
		return NOTIFY_NOTHING;
	assert_int_equal(n, 1);
	struct noting k = { &list[0], fails, false };
	assert_int_equal(sql_write(w->db, note, &k, &e), !fails);
	assert_true(k.still);
	if (out)
		*out = list[0];
	return list[0].what;
}

static void start(struct world *w, char id[static 33])
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .notify = people };
	create(w, &r, id);
}

static void fail_it(struct world *w, struct arena *a)
{
	struct err e = { 0 };
	char **list;
	assert_int_equal(orders(w, 0, 0, a, &list), 1);
	struct order o = opened(w, list[0], a);
	struct deploy_result r = result_of(arena_str(a, o.id).p, "failed", "maintainer_script");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
}

static void M_146_a_deployment_tells_its_beginning_changes_and_end(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deploy_news n;
	size_t again;
	char id[33];
	start(w, id);
	assert_int_equal(due(w, &a, false, &n), NOTIFY_FIRST);
	assert_string_equal(n.notify.to, people.to);
	assert_string_equal(n.row.id, id);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	kit_now_ms += HOUR;
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_SAME);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	fail_it(w, &a);
	assert_int_equal(due(w, &a, false, &n), NOTIFY_ENDED);
	assert_true(n.n_failures == 1 && n.failures[0].n == 1);
	assert_string_equal(n.failures[0].reason, "maintainer_script");
	kit_now_ms += 5 * HOUR;
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	ok(deploy_retry(w->deploy, id, NULL, 0, NULL, &again, &e), &e);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_CHANGED);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_ENDED);
}

static void M_146_what_was_not_stored_is_told_again_and_what_was_is_not(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	start(w, id);
	assert_int_equal(due(w, &a, true, NULL), NOTIFY_FIRST); /* the server dies here */
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_FIRST);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(due(w, &a, true, NULL), NOTIFY_ENDED);
	deploy_close(w->deploy);
	open_deploy(w);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_ENDED);
	deploy_close(w->deploy);
	open_deploy(w);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
}

static void M_146_drafts_tell_nobody_and_keep_whom_to_tell(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deploy_notify n, other = { "c@x.example", 30 }, nobody = { "", 0 };
	bool stale;
	char id[33];
	struct deploy_request r = { .name = "d",
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .request = "{}",
				    .notify = people };
	ok(deploy_draft(w->deploy, &r, id, &e), &e);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	struct deploy_edit x = { .notify = &other };
	ok(deploy_change(w->deploy, id, 1, &x, &stale, &e) &&
		   deploy_notify_get(w->deploy, id, &a, &n, &e),
	   &e);
	assert_true(strcmp(n.to, "c@x.example") == 0 && n.every_minutes == 30);
	x.notify = NULL;
	x.name = "e";
	ok(deploy_change(w->deploy, id, 2, &x, &stale, &e) &&
		   deploy_notify_get(w->deploy, id, &a, &n, &e),
	   &e);
	assert_string_equal(n.to, "c@x.example");
	struct deploy_request now = { .patches = ssl_patch,
				      .n_patches = 1,
				      .policy = POLICY_ANYTIME,
				      .created_by = "t",
				      .draft = id,
				      .notify = people };
	char made[33];
	create(w, &now, made);
	assert_string_equal(made, id);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_FIRST);
	x = (struct deploy_edit) { .notify = &nobody };
	ok(deploy_change(w->deploy, id, get(w, id, &a).version, &x, &stale, &e) &&
		   deploy_notify_get(w->deploy, id, &a, &n, &e),
	   &e);
	assert_string_equal(n.to, "");
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
}

static void M_146_a_halt_by_its_gates_is_told_at_once(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deploy_news n;
	char id[33];
	struct rollout plan = { .waves = { { ROLLOUT_SYSTEMS, 1 }, { ROLLOUT_PERCENT, 100 } },
				.n_waves = 2,
				.success_percent = 100,
				.soak_ms = 10 * MINUTE,
				.heartbeat_ms = 60 * MINUTE,
				.patience_ms = 600 * MINUTE,
				.halt_failures = ROLLOUT_NO_LIMIT,
				.halt_percent = ROLLOUT_NO_LIMIT };
	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	for (int i = 0; i < 2; i++)
		ok(fleet_contact(w->fleet, w->host[i], NULL, &e), &e);
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .rollout = &plan,
				    .notify = people };
	create(w, &r, id);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_FIRST);
	char **list;
	int first = orders(w, 0, 0, &a, &list) ? 0 : 1;
	assert_int_equal(orders(w, first, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	struct deploy_result failed = result_of(arena_str(&a, o.id).p, "failed",
						"maintainer_script");
	ok(deploy_result(w->deploy, w->host[first], &failed, &e), &e);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(due(w, &a, false, &n), NOTIFY_HALTED);
	assert_true(n.has_rollout && n.rollout.halted == ROLLOUT_WHY_FAILURES);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	/* Who halts by hand knows it. */
	ok(deploy_resume_rollout(w->deploy, id, "go", &e), &e);
	ok(deploy_halt(w->deploy, id, "ann", "wait", &e), &e);
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_NOTHING);
	kit_now_ms += HOUR;
	assert_int_equal(due(w, &a, false, NULL), NOTIFY_CHANGED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_11_only_at_points_of_the_grid_and_only_when_something_changed),
		cmocka_unit_test(M_146_the_end_and_a_halt_are_told_at_once_and_once),
		cmocka_unit_test(a_late_look_is_one_look_and_a_clock_set_back_does_not_silence_it),
		cmocka_unit_test(M_146_addresses_are_read_strictly_and_written_as_they_were),
		T(M_146_a_deployment_tells_its_beginning_changes_and_end),
		T(M_146_what_was_not_stored_is_told_again_and_what_was_is_not),
		T(M_146_drafts_tell_nobody_and_keep_whom_to_tell),
		T(M_146_a_halt_by_its_gates_is_told_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
