/* SPDX-License-Identifier: Apache-2.0
 * What systems answer: plans with packages nobody listed, results told once and again, failures
 * that are tried again and those that are not. */
#include "rig.h"

static void a_plan_whose_order_cannot_be_signed_is_refused(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	const char *order, *decision, *reason;
	issued(w, id, &a, &order);
	struct plan_step step = { STR_LIT("zlib1g"), STR_LIT("amd64"), STR_LIT(""),
				  STR_LIT("1.3-2"), STR_LIT("install") };
	w->mute = true;
	ok(deploy_plan(w->deploy, w->host[0], order, &step, 1, &decision, &reason, &e), &e);
	assert_string_equal(decision, "refused");
	assert_string_equal(reason, "order_unsigned");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
}

static void a_result_counts_once(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	const char *order;
	issued(w, id, &a, &order);
	struct deploy_result r = result_of(order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	r = result_of(order, "failed", "internal");
	ok(deploy_result(w->deploy, w->host[0], &r, &e),
	   &e); /* acknowledged, and changes nothing */
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	AUTO(buf_done) struct buf log = BUF_INIT(1000);
	ok(deploy_log(w->deploy, id, w->id[0], &log, &e), &e);
	assert_string_equal(log.p, "output\n");
	assert_false(deploy_result(w->deploy, w->host[1], &r, &e)); /* A42: another agent's order */
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void transient_failures_are_tried_again_others_are_not(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *order;
	issued(w, id, &a, &order);
	struct deploy_result r = result_of(order, "failed", "lock_held");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "lock_held");
	assert_true(t.next_attempt_ms > kit_now_ms);
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	kit_now_ms = t.next_attempt_ms + 1;
	assert_int_equal(orders(w, 0, 1, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_int_equal(o.seq, 2);
	order = arena_str(&a, o.id).p;
	r = result_of(order, "failed", "maintainer_script");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
}

static void a_plan_with_packages_of_the_catalog_is_reissued_with_them_as_extra(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *order, *decision, *reason;
	issued(w, id, &a, &order);
	struct plan_step steps[] = {
		{ STR_LIT("openssl"), STR_LIT("amd64"), STR_LIT("3.0.1-1"), STR_LIT("3.0.2-1"),
		  STR_LIT("upgrade") },
		{ STR_LIT("zlib1g"), STR_LIT("amd64"), STR_LIT(""), STR_LIT("1.3-2"),
		  STR_LIT("install") },
	};
	ok(deploy_plan(w->deploy, w->host[0], order, steps, 2, &decision, &reason, &e), &e);
	assert_string_equal(decision, "reissued");
	assert_int_equal(orders(w, 0, 1, &a, &list), 1);
	struct order next = opened(w, list[0], &a);
	assert_int_equal(next.seq, 2);
	assert_int_equal(next.n_packages, 2);
	assert_int_equal(next.n_extra, 1);
	assert_true(str_is(next.extra[0].name, "zlib1g"));
	assert_int_equal(next.archives[0].n_payload, 3);
}

static void A06_a_plan_that_needs_an_unlisted_package_or_removes_one_fails(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *order, *decision, *reason;
	issued(w, id, &a, &order);
	struct plan_step evil = { STR_LIT("backdoor"), STR_LIT("amd64"), STR_LIT(""),
				  STR_LIT("1.0"), STR_LIT("install") };
	ok(deploy_plan(w->deploy, w->host[0], order, &evil, 1, &decision, &reason, &e), &e);
	assert_string_equal(decision, "refused");
	assert_string_equal(reason, "unlisted_dependency");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	assert_false(deploy_plan(w->deploy, w->host[0], order, &evil, 1, &decision, &reason, &e));
}

/* So is "enable", of a module's stream. */
static void A06_a_plan_that_enables_a_stream_on_debian_fails(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	const char *order, *decision, *reason;
	issued(w, id, &a, &order);
	struct plan_step stream = { STR_LIT("ruby"), STR_LIT("module"), STR_LIT(""), STR_LIT("2.5"),
				    STR_LIT("enable") };
	ok(deploy_plan(w->deploy, w->host[0], order, &stream, 1, &decision, &reason, &e), &e);
	assert_string_equal(decision, "refused");
	assert_string_equal(reason, "unlisted_dependency");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
}

/* "replaced" is a word of rpm's plans alone, and of packages that the host has. */
static void A06_a_plan_that_replaces_a_package_of_debian_fails(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *decision, *reason;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	AUTO(xfree) char *order = str_dup(o.id);
	struct plan_step gone = { STR_LIT("libssl3"), STR_LIT("amd64"), STR_LIT("3.0.1-1"),
				  STR_LIT(""), STR_LIT("replaced") };
	ok(deploy_plan(w->deploy, w->host[0], order, &gone, 1, &decision, &reason, &e), &e);
	assert_string_equal(decision, "refused");
	assert_string_equal(reason, "would_remove");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
}

static void history_tells_approved_offered_installed_verified(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf told = BUF_INIT(10000);
	struct err e = { 0 };
	char id[33];
	const char *order;
	issued(w, id, &a, &order);
	struct deploy_result r = result_of(order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e); /* told twice, written once */
	inventory(w, 0, INVENTORY("3.0.2-1", ""));
	struct ledger_place at = { 0 };
	struct ledger_item *items;
	size_t n;
	bool more;
	ok(ledger_of_patch(w->ledger, STR_LIT(SSL_PATCH), &at, 50, &a, &items, &n, &more, &e), &e);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&told, "%s ", ledger_event_name(items[i].event));
		if (items[i].event >= LEDGER_APPROVED)
			assert_string_equal(items[i].ref, id);
	}
	assert_string_equal(told.p, "installed verified offered approved missing known ");
}

static void count_pair(void *arg, const char *host, const char *patch)
{
	assert_string_equal(host, "00000000000000000000000000000001");
	assert_string_equal(patch, SSL_PATCH);
	(*(int *)arg)++;
}

static void failed_pairs_name_systems_and_patches(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	const char *order;
	int pairs = 0;
	issued(w, id, &a, &order);
	ok(deploy_failed_pairs(w->deploy, count_pair, &pairs, &e), &e);
	assert_int_equal(pairs, 0);
	struct deploy_result res = result_of(order, "failed", "maintainer_script");
	res.packages_json = "[]";
	ok(deploy_result(w->deploy, w->host[0], &res, &e), &e);
	ok(deploy_failed_pairs(w->deploy, count_pair, &pairs, &e), &e);
	assert_int_equal(pairs, 1);
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_plan_whose_order_cannot_be_signed_is_refused),
		T(a_result_counts_once),
		T(transient_failures_are_tried_again_others_are_not),
		T(a_plan_with_packages_of_the_catalog_is_reissued_with_them_as_extra),
		T(A06_a_plan_that_needs_an_unlisted_package_or_removes_one_fails),
		T(A06_a_plan_that_replaces_a_package_of_debian_fails),
		T(A06_a_plan_that_enables_a_stream_on_debian_fails),
		T(history_tells_approved_offered_installed_verified),
		T(failed_pairs_name_systems_and_patches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
