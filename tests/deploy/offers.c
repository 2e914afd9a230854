/* SPDX-License-Identifier: Apache-2.0
 * What is published: orders that wait for their users, beside all others (M-143, M-144). */
#include "deploy/orders/offers.h"
#include "deploy/orders/policy.h"
#include "deploy/rollout/cluster_slots.h"
#include "rig.h"

#define HOUR_MS INT64_C(3600000)
#define ZLIB_PATCH "debian:12:zlib:1.3-2"

static void stored(struct world *w)
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	store_payload(w, "zlib1g", "1.3-2");
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
}

static void publish(struct world *w, const char *patch, int64_t deadline_ms, char id[static 33])
{
	struct deploy_request r = { .patches = &patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .publish = true,
				    .deadline_ms = deadline_ms,
				    .created_by = "t",
				    .name = "Utilities",
				    .description = "When you like" };
	create(w, &r, id);
}

static void deploy_plain(struct world *w, const char *patch, char id[static 33])
{
	struct deploy_request r = {
		.patches = &patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &r, id);
}

/* The order of that deployment among those that the first system is given. */
static struct order given(struct world *w, uint64_t seq, const char *deployment, size_t n,
			  struct arena *a)
{
	char **list;
	struct order found = { 0 };
	assert_int_equal(orders(w, 0, seq, a, &list), n);
	for (size_t i = 0; i < n; i++) {
		struct order o = opened(w, list[i], a);
		if (str_is(o.deployment, deployment))
			found = o;
	}
	assert_true(found.id.n);
	return found;
}

static void says(struct world *w, const struct order *o, const char *state, const char *reason,
		 int64_t next_ms)
{
	AUTO(xfree) char *id = str_dup(o->id);
	struct err e = { 0 };
	ok(deploy_progress(w->deploy, w->host[0], id, state, reason, 0, 0, next_ms, &e), &e);
}

static size_t published(struct world *w, struct arena *a, struct deployment_row **out)
{
	struct sql_page page = sql_page_newest(10);
	struct err e = { 0 };
	int64_t total;
	size_t n;
	ok(deploy_offers(w->deploy, &page, a, out, &n, &total, &e), &e);
	assert_int_equal(total, n);
	return n;
}

static struct target_row target_of(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct target_row t;
	struct target_row *list;
	size_t n;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	t = list[0];
	return t;
}

static void M_143_an_order_says_what_is_published_and_until_when(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deployment_row *rows;
	char id[33], dated[33];
	size_t n;
	stored(w);
	publish(w, SSL_PATCH, 0, id);
	publish(w, ZLIB_PATCH, kit_now_ms + 48 * HOUR_MS, dated);
	struct order o = given(w, 0, id, 2, &a);
	assert_non_null(o.offer);
	assert_true(str_is(o.offer->name, "Utilities") &&
		    str_is(o.offer->description, "When you like"));
	assert_int_equal(o.offer->deadline_ms, 0);
	struct order d = given(w, 0, dated, 2, &a);
	assert_int_equal(d.offer->deadline_ms, kit_now_ms + 48 * HOUR_MS);
	/* the deadline needs no server */
	assert_true(d.not_after_ms > d.offer->deadline_ms + 12 * HOUR_MS);
	says(w, &o, "waiting", "published", 0);
	says(w, &d, "waiting", "published", d.offer->deadline_ms);
	assert_string_equal(target_of(w, id, &a).reason, "published");
	assert_int_equal(target_of(w, id, &a).state, TARGET_PENDING);
	assert_int_equal(target_of(w, dated, &a).next_attempt_ms, d.offer->deadline_ms);
	n = published(w, &a, &rows);
	assert_int_equal(n, 2);
	assert_true(rows[0].published && rows[1].published);
	assert_int_equal(rows[0].deadline_ms + rows[1].deadline_ms, d.offer->deadline_ms);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	n = published(w, &a, &rows);
	assert_int_equal(n, 1);
	(void)given(w, 0, dated, 1, &a);
}

static void S_11_what_is_published_holds_nobody_up(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char offered[33], plain[33];
	stored(w);
	publish(w, SSL_PATCH, 0, offered);
	struct order first = given(w, 0, offered, 1, &a);
	/* even one whose agent says nothing of it: it may be too old to know offers */
	deploy_plain(w, ZLIB_PATCH, plain);
	struct order p = given(w, 0, plain, 2, &a);
	assert_null(p.offer);
	assert_true(p.seq > first.seq);
	says(w, &first, "waiting", "published", 0);
	assert_true(str_eq(given(w, 0, offered, 2, &a).id, first.id)); /* nothing was withdrawn */
	/* it was carried out: the offer's sequence is used up, and it is made anew behind it */
	AUTO(xfree) char *id = str_dup(p.id);
	struct err e = { 0 };
	struct deploy_result r = result_of(id, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	struct order again = given(w, p.seq, offered, 1, &a);
	assert_true(again.seq > p.seq && again.offer);
	/* while what a user asked for is under way nothing else is given */
	says(w, &again, "downloading", "", 0);
	deploy_plain(w, ZLIB_PATCH, plain);
	(void)given(w, p.seq, offered, 1, &a);
}

static void M_144_past_the_deadline_it_is_like_any_other(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char told[33], untold[33];
	stored(w);
	publish(w, SSL_PATCH, kit_now_ms + HOUR_MS, told);
	publish(w, ZLIB_PATCH, kit_now_ms + HOUR_MS, untold);
	struct order o = given(w, 0, told, 2, &a);
	says(w, &o, "waiting", "published", kit_now_ms + HOUR_MS);
	kit_now_ms += HOUR_MS;
	/* the machine obeys the order that it has */
	assert_true(str_eq(given(w, 0, told, 1, &a).id, o.id));
	assert_string_not_equal(target_of(w, told, &a).reason, "published");
	AUTO(xfree) char *id = str_dup(o.id);
	struct err e = { 0 };
	struct deploy_result r = result_of(id, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	/* the order that the machine said nothing of was withdrawn for one that any agent knows */
	struct order plain = given(w, o.seq, untold, 1, &a);
	assert_null(plain.offer);
}

static void orders_of_what_is_published_are_kept_fresh(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	stored(w);
	publish(w, SSL_PATCH, 0, id);
	struct order o = given(w, 0, id, 1, &a);
	says(w, &o, "waiting", "published", 0);
	kit_now_ms += 47 * HOUR_MS;
	assert_true(str_eq(given(w, 0, id, 1, &a).id, o.id));
	kit_now_ms += HOUR_MS;
	struct order fresh = given(w, 0, id, 1, &a);
	assert_true(!str_eq(fresh.id, o.id) && fresh.offer);
}

static void M_143_what_cannot_be_published(void **state)
{
	struct world *w = *state;
	const char *ssl = SSL_PATCH;
	char id[33];
	const char *why;
	const struct deploy_request good = { .patches = &ssl,
					     .n_patches = 1,
					     .policy = POLICY_ANYTIME,
					     .publish = true,
					     .created_by = "t" };
	struct deploy_request bad[7];
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good;
	bad[0].now = true;
	bad[1].deadline_ms = kit_now_ms;
	bad[2].approve_plans = true;
	bad[3].name = "a\x1b[2J";
	bad[4].description = "\xc2\x9b";
	bad[5].publish = false;
	bad[5].deadline_ms = kit_now_ms + HOUR_MS;
	bad[6].deadline_ms = bad[6].terms.expires_ms = kit_now_ms + HOUR_MS;
	stored(w);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		assert_false(deploy_create(w->deploy, &bad[i], "", id, &why, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

/* --- beside the cluster rule ---------------------------------------------------------------------
 */

static void rule_all(struct world *w, size_t members, char id[static 33])
{
	struct err e = { 0 };
	size_t changed;
	struct group_edit g = { .kind = GROUP_STATIC,
				.name = "db",
				.description = "",
				.filter = "",
				.limit = { 1, false },
				.by = "t" };
	ok(fleet_group_create(w->fleet, &g, id, &e) &&
		   fleet_group_members(w->fleet, id, w->host, members, true, "t", &changed, &e),
	   &e);
}

static void rule(struct world *w, char id[static 33])
{
	rule_all(w, 1, id);
}

static void leave(struct world *w, const char *group_id)
{
	struct err e = { 0 };
	size_t changed;
	ok(fleet_group_members(w->fleet, group_id, w->host, 1, false, "t", &changed, &e), &e);
}

static void waits_for(struct world *w, const char *id, const char *reason, int64_t next_ms)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct target_row t = target_of(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, reason);
	assert_int_equal(t.next_attempt_ms, next_ms);
}

static void AC_32_a_member_of_a_ruled_group_is_offered_nothing(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char dated[33], never[33], group_id[33], **list;
	int64_t deadline = kit_now_ms + HOUR_MS;
	stored(w);
	rule(w, group_id);
	publish(w, SSL_PATCH, deadline, dated);
	publish(w, ZLIB_PATCH, 0, never);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	waits_for(w, dated, "group_published", deadline);
	waits_for(w, never, "group_published", 0);
	kit_now_ms = deadline;
	/* from then on a lease under a place, as anything else that it gets */
	struct order o = given(w, 0, dated, 1, &a);
	assert_null(o.offer);
	assert_true(o.not_after_ms <= kit_now_ms + CLUSTER_LEASE_MS);
	waits_for(w, never, "group_published", 0);
	/* without the rule it is offered at the next contact */
	leave(w, group_id);
	waits_for(w, never, "other_deployment", 0);
	AUTO(xfree) char *id = str_dup(o.id);
	struct err e = { 0 };
	struct deploy_result r = result_of(id, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_non_null(given(w, o.seq, never, 1, &a).offer);
}

static void AC_32_a_rule_calls_back_what_was_offered(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], group_id[33], **list;
	stored(w);
	publish(w, SSL_PATCH, 0, id);
	struct order o = given(w, 0, id, 1, &a);
	says(w, &o, "waiting", "published", 0);
	rule(w, group_id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	waits_for(w, id, "group_published", 0);
	leave(w, group_id);
	struct order again = given(w, 0, id, 1, &a);
	assert_true(again.seq > o.seq && again.offer);
}

/* What a user has begun before the rule was heard of takes a place. */
static void AC_32_what_a_user_has_begun_counts(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct cluster_slot s;
	struct err e = { 0 };
	bool there;
	char id[33], group_id[33], **list;
	stored(w);
	publish(w, SSL_PATCH, 0, id);
	struct order o = given(w, 0, id, 1, &a);
	says(w, &o, "waiting", "published", 0);
	rule(w, group_id);
	(void)orders(w, 0, o.seq, &a, &list);
	ok(cluster_slot_get(w->deploy, w->id[0], &s, &there, &e), &e);
	assert_true(there && s.seq == o.seq);
}

static struct target_row target_on(struct world *w, const char *id, int host, struct arena *a)
{
	struct err e = { 0 };
	struct target_row *list;
	size_t n;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, a, &list, &n, &e), &e);
	assert_int_equal(n, 2);
	return list[strcmp(list[0].host, w->id[host]) != 0];
}

/* One member's user has begun, from the portal: the other member waits for the place, and says so.
 */
static void AC_32_what_one_user_installs_makes_the_other_member_wait(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], group_id[33], **list;
	int64_t deadline = kit_now_ms + HOUR_MS;
	stored(w);
	for (int i = 0; i < 2; i++)
		fleet_set_online(w->fleet, w->host[i], true);
	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	publish(w, SSL_PATCH, deadline, id);
	struct order o = given(w, 0, id, 1, &a);
	AUTO(xfree) char *order = str_dup(o.id);
	says(w, &o, "waiting", "published", 0);
	rule_all(w, 2, group_id);
	(void)orders(w, 0, o.seq, &a, &list); /* its user had said yes */
	says(w, &o, "installing", "", 0);
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	assert_string_equal(target_on(w, id, 1, &a).reason, "group_published");
	kit_now_ms = deadline;
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	struct target_row t = target_on(w, id, 1, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "group_full");
	assert_string_equal(t.detail, "db 1/1");
	struct deploy_result r = result_of(order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	inventory(w, 0, INVENTORY("3.0.2-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	assert_int_equal(target_on(w, id, 0, &a).state, TARGET_SUCCEEDED);
	assert_int_equal(orders(w, 1, 0, &a, &list), 1);
	assert_null(opened(w, list[0], &a).offer);
}

/* --- its life ------------------------------------------------------------------------------------
 */

static void M_150_a_stopped_deployment_offers_nothing(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deployment_row *rows;
	char id[33], **list;
	size_t n;
	stored(w);
	publish(w, SSL_PATCH, kit_now_ms + 48 * HOUR_MS, id);
	struct order o = given(w, 0, id, 1, &a);
	says(w, &o, "waiting", "published", o.offer->deadline_ms);
	waits_for(w, id, "published", o.offer->deadline_ms);
	int64_t attempts = target_of(w, id, &a).attempts;
	ok(deploy_suspend(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	waits_for(w, id, "suspended", 0);
	n = published(w, &a, &rows);
	assert_int_equal(n, 0);
	ok(deploy_resume(w->deploy, id, &e), &e);
	struct order again = given(w, 0, id, 1, &a);
	assert_true(again.seq > o.seq && again.offer);
	assert_int_equal(target_of(w, id, &a).attempts, attempts);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_int_equal(target_of(w, id, &a).state, TARGET_CANCELLED);
}

static void M_147_an_offer_ends_with_its_deployment(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	const char *ssl = SSL_PATCH;
	char id[33], **list;
	const struct deploy_request r = { .patches = &ssl,
					  .n_patches = 1,
					  .policy = POLICY_ANYTIME,
					  .publish = true,
					  .created_by = "t",
					  .terms = { .expires_ms = kit_now_ms + HOUR_MS } };
	stored(w);
	create(w, &r, id);
	struct order o = given(w, 0, id, 1, &a);
	assert_true(o.offer && o.not_after_ms == r.terms.expires_ms); /* the server may be away */
	says(w, &o, "waiting", "published", 0);
	kit_now_ms += HOUR_MS;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_int_equal(target_of(w, id, &a).state, TARGET_EXPIRED);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_EXPIRED);
}

/* The row refers to the deployment's: one that stayed would keep it. */
static void removed_ones_are_forgotten(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deployment_row row;
	char id[33];
	stored(w);
	publish(w, SSL_PATCH, 0, id);
	ok(deploy_cancel(w->deploy, id, &e) && deploy_trash(w->deploy, id, true, &e), &e);
	assert_true(get(w, id, &a).published);
	kit_now_ms += (DEPLOY_TRASH_DAYS * 24 + 2) * HOUR_MS;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_false(deploy_get(w->deploy, id, &a, &row, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void users_see_the_name_that_it_has(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	bool stale;
	stored(w);
	publish(w, SSL_PATCH, kit_now_ms + 48 * HOUR_MS, id);
	struct order o = given(w, 0, id, 1, &a);
	says(w, &o, "waiting", "published", o.offer->deadline_ms);
	struct deployment_row row = get(w, id, &a);
	struct deploy_edit x = { .name = "Tools" };
	ok(deploy_change(w->deploy, id, row.version, &x, &stale, &e), &e);
	struct order again = given(w, 0, id, 1, &a);
	assert_true(again.seq > o.seq && str_is(again.offer->name, "Tools"));
	x.name = "a\x1b[2J";
	assert_false(deploy_change(w->deploy, id, row.version + 1, &x, &stale, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static int group(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(M_143_an_order_says_what_is_published_and_until_when),
		T(S_11_what_is_published_holds_nobody_up),
		T(M_144_past_the_deadline_it_is_like_any_other),
		T(orders_of_what_is_published_are_kept_fresh),
		T(M_143_what_cannot_be_published),
		T(AC_32_a_member_of_a_ruled_group_is_offered_nothing),
		T(AC_32_a_rule_calls_back_what_was_offered),
		T(AC_32_what_a_user_has_begun_counts),
		T(AC_32_what_one_user_installs_makes_the_other_member_wait),
		T(M_150_a_stopped_deployment_offers_nothing),
		T(M_147_an_offer_ends_with_its_deployment),
		T(removed_ones_are_forgotten),
		T(users_see_the_name_that_it_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
