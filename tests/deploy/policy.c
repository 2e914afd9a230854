/* SPDX-License-Identifier: Apache-2.0
 * Deployment policies: kept, changed, removed; and the windows of orders (M-151..M-164, S-19). */
#include "deploy/orders/policy.h"
#include "rig.h"

#define SUNDAY                                                                                     \
	"{\"windows\": [{\"weekdays\": [\"sun\"], \"start\": \"13:00\", \"end\": \"17:00\"}]}"
#define MONDAY                                                                                     \
	"{\"windows\": [{\"weekdays\": [\"mon\"], \"start\": \"13:00\", \"end\": \"17:00\"}]}"
#define FORCED                                                                                     \
	"{\"force_after_days\": 3, \"windows\": [{\"weekdays\": [\"sun\"], \"start\": \"13:00\", " \
	"\"end\": \"17:00\"}]}"
#define HOUR_MS INT64_C(3600000)

static bool save(struct world *w, const char *name, const char *schedule, char id[static 33],
		 struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	struct policy p = { .name = (char *)(uintptr_t)name,
			    .description = (char *)(uintptr_t) "",
			    .created_by = (char *)(uintptr_t) "t" };
	snprintf(p.id, sizeof(p.id), "%s", id);
	ok(json_parse(str_of(schedule), 4096, &j, e) && window_read(j, &p.schedule, e), e);
	bool saved = policy_save(w->deploy, &p, e);
	snprintf(id, 33, "%s", p.id);
	return saved;
}

static void M_151_policies_are_kept_changed_and_removed(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct policy *list, p;
	size_t n;
	char id[33] = "", other[33] = "", none[33] = "00000000000000000000000000000000";
	ok(save(w, "Sundays", SUNDAY, id, &e), &e);
	assert_false(save(w, "Sundays", MONDAY, other, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "'Sundays'"));
	other[0] = '\0';
	ok(save(w, "Mondays", MONDAY, other, &e), &e);
	assert_false(save(w, "", MONDAY, none, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(save(w, "Nobody's", MONDAY, none, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	ok(policy_list(w->deploy, &a, &list, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "Mondays");
	assert_int_equal(list[1].schedule.windows[0].weekdays, 1 << 6);
	ok(save(w, "Sunday nights", FORCED, id, &e), &e);
	ok(policy_get(w->deploy, id, &a, &p, &e), &e);
	assert_string_equal(p.name, "Sunday nights");
	assert_int_equal(p.schedule.force_after_days, 3);
	ok(policy_remove(w->deploy, id, &e), &e);
	assert_false(policy_get(w->deploy, id, &a, &p, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	id[0] = '\0';
	ok(save(w, "Sunday nights", SUNDAY, id, &e), &e); /* a removed one's name is free */
}

static void deploy_with(struct world *w, const char *policy, const char *patch, char id[static 33])
{
	struct deploy_request r = {
		.patches = &patch, .n_patches = 1, .policy = policy, .created_by = "t"
	};
	create(w, &r, id);
}

static struct order only_order(struct world *w, uint64_t seq, struct arena *a)
{
	char **list;
	assert_int_equal(orders(w, 0, seq, a, &list), 1);
	return opened(w, list[0], a);
}

static void tell(struct world *w, const struct order *o, const char *reason, int64_t next_ms)
{
	AUTO(xfree) char *id = str_dup(o->id);
	struct err e = { 0 };
	ok(deploy_progress(w->deploy, w->host[0], id, "waiting", reason, 0, 0, next_ms, &e), &e);
}

static void stored(struct world *w)
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
}

static void S_19_an_order_carries_its_windows_and_waits_without_blocking(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char policy[33] = "", id[33];
	ok(save(w, "Sundays", FORCED, policy, &e), &e);
	stored(w);
	deploy_with(w, policy, SSL_PATCH, id);
	struct order o = only_order(w, 0, &a);
	assert_non_null(o.window);
	assert_int_equal(o.window->windows[0].start_min, 13 * 60);
	assert_int_equal(o.forced_ms, kit_now_ms + 72 * HOUR_MS);
	/* M-164: it holds over two windows, so that it can be carried over without the server */
	assert_true(o.not_after_ms > kit_now_ms + 7 * 24 * HOUR_MS);
	tell(w, &o, "outside_window", kit_now_ms + 5 * HOUR_MS);
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "outside_window");
	assert_int_equal(t.next_attempt_ms, kit_now_ms + 5 * HOUR_MS);
	/* handed out again as it is */
	assert_true(str_eq(only_order(w, 0, &a).id, o.id));
	assert_false(policy_remove(w->deploy, policy, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	/* cancelled: no longer offered, which tells the agent */
	char **list;
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	ok(policy_remove(w->deploy, policy, &e), &e);
	/* an ended deployment keeps its policy's name */
	struct deployment_row d;
	ok(deploy_get(w->deploy, id, &a, &d, &e), &e);
	assert_string_equal(d.policy_name, "Sundays");
}

/* S-11: what may start now is not kept waiting by what waits for Sunday. */
static void a_waiting_order_lets_a_sooner_one_pass(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char policy[33] = "", later[33], now[33];
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	stored(w);
	store_payload(w, "zlib1g", "1.3-2");
	ok(save(w, "Sundays", SUNDAY, policy, &e), &e);
	deploy_with(w, policy, SSL_PATCH, later);
	struct order waits = only_order(w, 0, &a);
	tell(w, &waits, "outside_window", kit_now_ms + 5 * HOUR_MS);
	deploy_with(w, POLICY_ANYTIME, "debian:12:zlib:1.3-2", now);
	struct order sooner = only_order(w, 0, &a);
	assert_true(str_is(sooner.deployment, now) && !sooner.window && sooner.seq > waits.seq);
	assert_string_equal(target(w, later, &a).reason,
			    "other_deployment"); /* no window any more */
	assert_int_equal(target(w, later, &a).attempts, 0);
	/* while that is being worked on, nothing else is given out */
	assert_true(str_eq(only_order(w, 0, &a).id, sooner.id));
	AUTO(xfree) char *done = str_dup(sooner.id);
	struct deploy_result r = result_of(done, "succeeded", "installed");
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-2\tzlib\t\n"));
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	/* ... and behind it the first is made anew, with a higher sequence */
	struct order again = only_order(w, sooner.seq, &a);
	assert_true(str_is(again.deployment, later) && again.window && again.seq > sooner.seq);
}

/* S-19: the window opened while the server was away, and the machine began. */
static void an_order_begun_out_of_sight_is_neither_withdrawn_nor_passed(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char **list, policy[33] = "", begun[33], other[33];
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	stored(w);
	store_payload(w, "zlib1g", "1.3-2");
	ok(save(w, "Sundays", SUNDAY, policy, &e), &e);
	deploy_with(w, policy, SSL_PATCH, begun);
	struct order o = only_order(w, 0, &a);
	tell(w, &o, "outside_window", kit_now_ms + 100 * HOUR_MS);
	deploy_with(w, POLICY_ANYTIME, "debian:12:zlib:1.3-2", other);
	/* the first news since: the order's own sequence is used up */
	assert_int_equal(orders(w, 0, o.seq, &a, &list), 0);
	assert_string_equal(target(w, begun, &a).reason, "outside_window");
	AUTO(xfree) char *id = str_dup(o.id);
	struct deploy_result r = result_of(id, "succeeded", "installed");
	inventory(w, 0, INVENTORY("3.0.2-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(target(w, begun, &a).state, TARGET_SUCCEEDED);
	assert_int_equal(target(w, begun, &a).attempts, 1);
	assert_true(str_is(only_order(w, o.seq, &a).deployment, other));
}

/* A new one at the next contact, whatever time the machine had named for the old one. */
static void a_waiting_order_that_expires_is_made_anew(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char policy[33] = "", id[33];
	ok(save(w, "Sundays", SUNDAY, policy, &e), &e);
	stored(w);
	deploy_with(w, policy, SSL_PATCH, id);
	struct order o = only_order(w, 0, &a);
	tell(w, &o, "outside_window", o.not_after_ms + 50 * HOUR_MS);
	kit_now_ms = o.not_after_ms + HOUR_MS;
	struct order anew = only_order(w, 0, &a);
	assert_false(str_eq(anew.id, o.id));
	assert_true(anew.seq > o.seq && anew.not_after_ms > kit_now_ms);
}

/* Of two that wait, the one whose window comes first is on the machine: no to and fro. */
static void the_order_with_the_next_window_waits_on_the_machine(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char sunday[33] = "", friday[33] = "", first[33], second[33];
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	stored(w);
	store_payload(w, "zlib1g", "1.3-2");
	/* it is Tuesday */
	ok(save(w, "Sundays", SUNDAY, sunday, &e) &&
		   save(w, "Fridays",
			"{\"windows\": [{\"weekdays\": [\"fri\"], \"start\": \"13:00\", \"end\": "
			"\"17:00\"}]}",
			friday, &e),
	   &e);
	deploy_with(w, sunday, SSL_PATCH, first);
	struct order o = only_order(w, 0, &a);
	tell(w, &o, "outside_window", kit_now_ms + 100 * HOUR_MS);
	deploy_with(w, friday, "debian:12:zlib:1.3-2", second);
	o = only_order(w, 0, &a);
	assert_true(str_is(o.deployment, second));
	tell(w, &o, "outside_window", kit_now_ms + 70 * HOUR_MS);
	for (int i = 0; i < 3; i++)
		assert_true(str_eq(only_order(w, 0, &a).id, o.id));
}

static void a_changed_policy_makes_waiting_orders_anew(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char policy[33] = "", id[33];
	ok(save(w, "Sundays", SUNDAY, policy, &e), &e);
	stored(w);
	deploy_with(w, policy, SSL_PATCH, id);
	struct order o = only_order(w, 0, &a);
	tell(w, &o, "outside_window", kit_now_ms + 100 * HOUR_MS);
	ok(save(w, "Sundays", MONDAY, policy, &e), &e);
	struct order anew = only_order(w, 0, &a);
	assert_true(!str_eq(anew.id, o.id) && anew.window->windows[0].weekdays == 1);
}

#define TOLD                                                                                              \
	"{\"title\": {\"en\": \"Updates\", \"ja\": \"更新\"}, \"message\": {\"en\": \"Soon\", \"ja\": " \
	"\"まもなく\"}, \"countdown_minutes\": 15, \"postpone\": {\"times\": 3, \"minutes\": 240, "   \
	"\"deadline_hours\": 48}}"

static void M_169_an_order_carries_its_notification_and_waits_for_users(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct notification n;
	struct err e = { 0 };
	struct policy p = { .name = (char *)(uintptr_t) "Asks",
			    .description = (char *)(uintptr_t) "",
			    .created_by = (char *)(uintptr_t) "t",
			    .notification = &n },
		      got;
	char first[33], second[33];
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	store_payload(w, "zlib1g", "1.3-2");
	stored(w);
	ok(json_parse(STR_LIT("{}"), 10, &j, &e) && window_read(j, &p.schedule, &e), &e);
	json_free(j);
	ok(json_parse(STR_LIT(TOLD), 4096, &j, &e) && notice_read(j, &n, &e), &e);
	ok(policy_save(w->deploy, &p, &e), &e);
	ok(policy_get(w->deploy, p.id, &a, &got, &e), &e);
	assert_memory_equal(got.notification, &n, sizeof(n));
	deploy_with(w, p.id, SSL_PATCH, first);
	struct order o = only_order(w, 0, &a);
	assert_memory_equal(o.notification, &n, sizeof(n));
	/* it holds as long as users may put it off, with the server away */
	assert_true(o.not_after_ms > kit_now_ms + 48 * HOUR_MS);
	struct target_notice said = { kit_now_ms, 1, 3, kit_now_ms + 48 * HOUR_MS }, told;
	AUTO(xfree) char *order = str_dup(o.id);
	ok(deploy_notice(w->deploy, w->host[0], order, &said, &e), &e);
	tell(w, &o, "postponed", kit_now_ms + 4 * HOUR_MS);
	struct target_row t = target(w, first, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "postponed");
	assert_int_equal(t.next_attempt_ms, kit_now_ms + 4 * HOUR_MS);
	ok(deploy_notice_of(w->deploy, first, t.host, &told, &e), &e);
	assert_memory_equal(&told, &said, sizeof(told));
	said.postponed = 2;
	ok(deploy_notice(w->deploy, w->host[0], order, &said, &e), &e);
	ok(deploy_notice_of(w->deploy, first, t.host, &told, &e), &e);
	assert_int_equal(told.postponed, 2);
	/* S-11: what nobody is asked about does not wait behind it */
	deploy_with(w, POLICY_ANYTIME, "debian:12:zlib:1.3-2", second);
	o = only_order(w, 0, &a);
	assert_true(str_is(o.deployment, second));
	/* M-171 */
	assert_null(o.notification);
	/* a change of the words reaches what waits */
	p.notification = NULL;
	ok(policy_save(w->deploy, &p, &e), &e);
	ok(policy_get(w->deploy, p.id, &a, &got, &e), &e);
	assert_null(got.notification);
}

static int group(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(M_151_policies_are_kept_changed_and_removed),
		T(S_19_an_order_carries_its_windows_and_waits_without_blocking),
		T(a_waiting_order_lets_a_sooner_one_pass),
		T(an_order_begun_out_of_sight_is_neither_withdrawn_nor_passed),
		T(a_waiting_order_that_expires_is_made_anew),
		T(the_order_with_the_next_window_waits_on_the_machine),
		T(a_changed_policy_makes_waiting_orders_anew),
		T(M_169_an_order_carries_its_notification_and_waits_for_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
