/* SPDX-License-Identifier: Apache-2.0
 * Orders: exact, signed, handed out once and again, never twice after a restore, not at all when
 * something stands in the way. */
#include "rig.h"

static void an_order_is_exact_signed_and_handed_out_again_not_made_twice(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list, **again;
	ready(w, id);
	assert_int_equal(w->woken, 1);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(orders(w, 0, 0, &a, &again), 1);
	assert_string_equal(list[0], again[0]);
	assert_int_equal(orders(w, 1, 0, &a, &again), 0);
	struct order o = opened(w, list[0], &a);
	assert_int_equal(o.seq, 1);
	assert_true(str_is(o.agent, w->id[0]) && str_is(o.org, deploy_org(w->deploy)) &&
		    str_is(o.deployment, id));
	assert_int_equal(o.n_packages, 2);
	assert_true(str_is(o.packages[0].version, "3.0.2-1"));
	assert_int_equal(o.n_archives, 1);
	assert_int_equal(o.archives[0].n_index, 2); /* not the i386 index */
	assert_int_equal(o.archives[0].n_payload, 2);
	assert_int_equal(target(w, id, &a).state, TARGET_DOWNLOADING);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_IN_PROGRESS);
	assert_int_equal(orders(w, 0, 1, &a, &again), 0); /* executed: only its result is awaited */
	struct err e = { 0 };
	size_t n;
	/* An agent of a later epoch than this database: no orders, and no error either. */
	ok(deploy_orders(w->deploy, w->host[0], 99, 0, &a, &again, &n, &e), &e);
	assert_int_equal(n, 0);
}

static void F29_a_restored_database_asks_before_it_orders_again(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deploy_marker marker = { 0 }, old;
	bool restored, first;
	char id[33], **list;
	/* Counting on is no restore, whether the marker is kept, lost, or one behind (a crash). */
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_true(!restored && marker.epoch == 1);
	old = marker;
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_false(restored);
	marker = old;
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_false(restored);
	marker = (struct deploy_marker) { 0 };
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_true(!restored && marker.epoch == 1);

	ready(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	marker.generation += 10; /* the database has gone back behind its marker */
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_true(restored && marker.epoch == 2);
	deploy_close(w->deploy);
	open_deploy(w);
	assert_int_equal(deploy_epoch(w->deploy), 2);
	/* The agent has executed far more than the database knows of. */
	size_t n;
	ok(deploy_orders(w->deploy, w->host[0], 1, 40, &a, &list, &n, &e), &e);
	assert_int_equal(n, 0);
	inventory(w, 0, INVENTORY("3.0.2-1", "")); /* it was done, on an order forgotten since */
	ok(deploy_reconciled(w->deploy, w->host[0], &first, &e), &e);
	assert_true(first);
	ok(deploy_reconciled(w->deploy, w->host[0], &first, &e), &e);
	assert_false(first);
	ok(deploy_orders(w->deploy, w->host[0], 1, 40, &a, &list, &n, &e), &e);
	assert_int_equal(n, 0); /* nothing runs again */
	assert_int_equal(target(w, id, &a).state, TARGET_SUCCEEDED);
	assert_string_equal(target(w, id, &a).reason, "already_installed");

	inventory(w, 0, INVENTORY("3.0.1-1", ""));
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	create(w, &r, id);
	deploy_close(w->deploy);
	open_deploy(w); /* who has reported is remembered */
	ok(deploy_orders(w->deploy, w->host[0], 1, 40, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	struct order o = opened(w, list[0], &a);
	assert_true(o.epoch == 2 && o.seq == 41);

	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	create(w, &r, id);
	struct target_row *targets;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, &a, &targets, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(targets[1].reason, "reconciling");
}

static void an_expired_order_is_withdrawn_and_issued_anew(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	ready(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	kit_now_ms += 25 * 3600 * 1000LL;
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(opened(w, list[0], &a).seq, 2);
}

static void an_order_that_cannot_be_signed_is_the_targets_trouble_alone(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	ready(w, id);
	w->mute = true;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0); /* and no error: a check-in goes on */
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "order_unsigned");
	assert_non_null(strstr(t.detail, "refused"));
	assert_true(t.next_attempt_ms > kit_now_ms);
	w->mute = false;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0); /* not before its time */
	kit_now_ms = t.next_attempt_ms;
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);

	ready(w, id);
	w->mute = true;
	kit_now_ms += 25 * 3600 * 1000LL; /* the first order has expired */
	for (int i = 0; i < 20; i++, kit_now_ms += 3600 * 1000)
		assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_FAILED); /* bounded */
	assert_string_equal(t.reason, "order_unsigned");
	w->mute = false;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
}

static void a_payload_the_vendor_does_not_serve_is_said_and_then_fails_the_target(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &r, id);
	w->gone = "libssl3 3.0.2-1";
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "vendor_gone");
	assert_non_null(strstr(t.detail, "404"));
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_PENDING); /* it is tried again */
	w->gone_final = true;
	ok(deploy_tick(w->deploy, &e), &e);
	t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_FAILED);
	assert_string_equal(t.reason, "vendor_gone");
	assert_non_null(strstr(t.detail, "404"));
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
}

/* Host 0 lacks openssl and zlib; the vendor serves only openssl's files. */
static void S_11_the_rest_is_installed_without_what_the_vendor_does_not_serve(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	for (int late = 0; late < 2; late++) {
		char id[33], **list;
		struct deploy_request r = { .systems = w->id,
					    .n_systems = 1,
					    .policy = POLICY_ANYTIME,
					    .created_by = "t" };
		inventory(w, 0,
			  "arch\tamd64\ndeb\tlibssl3\tamd64\t3.0.1-1\topenssl\t\n"
			  "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\nos\tdebian\t12\tbookworm\n");
		store_payload(w, "libssl3", "3.0.2-1");
		create(w, &r, id);
		w->gone = "zlib1g 1.3-2";
		w->gone_final = true;
		assert_int_equal(orders(w, 0, (uint64_t)late * 2, &a, &list), 1);
		struct order o = opened(w, list[0], &a);
		assert_int_equal(o.n_packages, 1);
		assert_true(str_is(o.packages[0].name, "libssl3"));
		if (late) { /* it has come while the rest was being installed */
			store_payload(w, "zlib1g", "1.3-2");
			w->gone = NULL;
		}
		struct deploy_result res = result_of(arena_str(&a, o.id).p, "succeeded",
						     "installed");
		ok(deploy_result(w->deploy, w->host[0], &res, &e), &e);
		struct target_row t = target(w, id, &a);
		assert_int_equal(t.state, late ? TARGET_PENDING : TARGET_FAILED);
		if (!late) {
			assert_string_equal(t.reason, "vendor_gone");
			continue;
		}
		inventory(w, 0,
			  "arch\tamd64\ndeb\tlibssl3\tamd64\t3.0.2-1\topenssl\t\n"
			  "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\nos\tdebian\t12\tbookworm\n");
		assert_int_equal(orders(w, 0, o.seq, &a, &list), 1);
		o = opened(w, list[0], &a);
		assert_int_equal(o.n_packages, 1);
		assert_true(str_is(o.packages[0].name, "zlib1g"));
	}
}

static void what_was_mended_otherwise_or_replaced_settles_without_an_order(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	ready(w, id);
	set_catalog(w, "3.0.3-1");
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_NOT_APPLICABLE);
	assert_string_equal(t.reason, "superseded");
	set_catalog(w, "3.0.2-1");
	ready(w, id);
	inventory(w, 0, INVENTORY("3.0.2-1", ""));
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_SUCCEEDED);
	assert_string_equal(t.reason, "already_installed");
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_order_is_exact_signed_and_handed_out_again_not_made_twice),
		T(F29_a_restored_database_asks_before_it_orders_again),
		T(an_expired_order_is_withdrawn_and_issued_anew),
		T(an_order_that_cannot_be_signed_is_the_targets_trouble_alone),
		T(a_payload_the_vendor_does_not_serve_is_said_and_then_fails_the_target),
		T(S_11_the_rest_is_installed_without_what_the_vendor_does_not_serve),
		T(what_was_mended_otherwise_or_replaced_settles_without_an_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
