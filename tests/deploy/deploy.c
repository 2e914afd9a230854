/* SPDX-License-Identifier: Apache-2.0
 * The rest of a configuration's life: patches declined, cancelling, identity over a restart,
 * pages of a list. */
#include "rig.h"

static void S_09_declined_patches_are_left_out_until_their_end(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], twice[33];
	struct deploy_request all = {
		.systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_request named = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct decline x = { .os = "",
			     .subject = SSL_PATCH,
			     .reason = "breaks the payroll",
			     .created_by = "admin",
			     .expires_ms = kit_now_ms + 86400000 };
	struct deploy_preview p;
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	assert_false(deploy_decline(w->deploy, &x, twice, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 1); /* zlib alone */
	ok(deploy_preview(w->deploy, &named, &p, &e), &e);
	assert_int_equal(p.pairs, 1); /* by name it can still be installed */
	deploy_close(w->deploy);
	open_deploy(w); /* remembered */
	struct sql_page page = sql_page_newest(10);
	struct decline *list;
	int64_t total;
	size_t n;
	ok(deploy_declines(w->deploy, false, &page, &a, &list, &n, &total, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].reason, "breaks the payroll");
	ok(deploy_decline_expire(w->deploy, &a, &list, &n, &e), &e);
	assert_int_equal(n, 0);
	kit_now_ms += 86400000;
	ok(deploy_decline_expire(w->deploy, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 2);
	ok(deploy_declines(w->deploy, true, &page, &a, &list, &n, &total, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].ended_by, "expiry");

	/* A product: also its patches of tomorrow. */
	x = (struct decline) { .of_product = true,
			       .os = "debian:12",
			       .subject = "openssl",
			       .reason = "r",
			       .created_by = "admin",
			       .expires_ms = kit_now_ms + 86400000 };
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	set_catalog(w, "3.0.9-1");
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 1);
	ok(deploy_undecline(w->deploy, id, "admin", &e), &e);
	assert_false(deploy_undecline(w->deploy, id, "admin", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 2);
	assert_int_equal(match_verify(w->match), 0);

	static const struct {
		const char *reason;
		int64_t in_ms;
	} bad[] = { { "", 1000 }, { "r", 0 }, { "r", -1 }, { "r", 1000LL * (DECLINE_MAX_S + 10) } };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		x.reason = bad[i].reason;
		x.expires_ms = kit_now_ms + bad[i].in_ms;
		assert_false(deploy_decline(w->deploy, &x, id, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void cancelled_means_not_started_any_more(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	ready(w, id);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_CANCELLED);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_false(deploy_cancel(w->deploy, id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void the_identity_survives_a_restart(void **state)
{
	struct world *w = *state;
	AUTO(xfree) char *org = xstrdup(deploy_org(w->deploy));
	deploy_close(w->deploy);
	open_deploy(w);
	assert_string_equal(org, deploy_org(w->deploy));
	assert_int_equal(deploy_epoch(w->deploy), 1);
}

static void pages_go_backwards_too(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	char id[3][33];
	struct deploy_request r = {
		.systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	for (int i = 0; i < 3; i++) {
		kit_now_ms += 1000;
		create(w, &r, id[i]);
	}
	struct deployment_row oldest = get(w, id[0], &a), *rows;
	size_t n;
	int64_t count;
	ok(deploy_list_newer(w->deploy, false, &oldest, 1, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].id, id[1]); /* the nearest, not the newest */
	ok(deploy_list_newer(w->deploy, false, &oldest, 10, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].id, id[2]); /* newest first */
	assert_int_equal(rows[0].n_targets, 2);
	ok(deploy_count(w->deploy, false, &count, &e), &e);
	assert_int_equal(count, 3);
	ok(deploy_cancel(w->deploy, id[1], &e), &e);
	ok(deploy_running(w->deploy, 10, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(rows[1].id, id[0]);

	struct target_row *targets, before = { .hostname = (char *)(uintptr_t) "web3" };
	ok(deploy_targets_before(w->deploy, id[0], -1, &before, 1, &a, &targets, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(targets[0].hostname, "web2");
	assert_string_equal(targets[0].reason, "server_downloading");
	ok(deploy_targets_before(w->deploy, id[0], -1, &targets[0], 10, &a, &targets, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(targets[0].hostname, "web1");
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(S_09_declined_patches_are_left_out_until_their_end),
		T(cancelled_means_not_started_any_more),
		T(the_identity_survives_a_restart),
		T(pages_go_backwards_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
