/* SPDX-License-Identifier: Apache-2.0
 * From a request to a configuration: entry A and B, stale previews, requests that name nothing. */
#include "rig.h"

static void M_131_entry_b_targets_hosts_that_miss_the_patch(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const char *why;
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.patches, 1);
	assert_int_equal(p.systems, 1);
	assert_int_equal(p.pairs, 1);
	assert_int_equal(p.offline, 1);
	assert_int_equal(p.download_bytes, strlen("libssl3 3.0.2-1") + strlen("openssl 3.0.2-1"));
	store_payload(w, "openssl", "3.0.2-1");
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.stored_bytes, strlen("openssl 3.0.2-1"));
	char id[33];
	ok(deploy_create(w->deploy, &r, p.token, id, &why, &e), &e);
	assert_int_equal(w->wanted, 1);
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row = get(w, id, &a);
	assert_int_equal(row.state, DEPLOYMENT_READY);
	assert_int_equal(row.n_targets, 1);
	assert_string_equal(target(w, id, &a).reason, "server_downloading");
	store_payload(w, "libssl3", "3.0.2-1");
	assert_string_equal(target(w, id, &a).reason, "offline");
}

static void M_130_entry_a_takes_everything_the_system_misses(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const char *why;
	struct deploy_request r = {
		.systems = &w->id[1], .n_systems = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.patches, 1);
	char id[33];
	ok(deploy_create(w->deploy, &r, p.token, id, &why, &e), &e);
	AUTO(arena_done) struct arena a = { 0 };
	char **patches;
	size_t n;
	ok(deploy_patches(w->deploy, id, &a, &patches, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(patches[0], "debian:12:zlib:1.3-2");
}

static void a_preview_that_no_longer_covers_the_set_is_stale(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const char *why;
	char id[33];
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	inventory(w, 1, INVENTORY("3.0.0-1", ""));
	assert_false(deploy_create(w->deploy, &r, p.token, id, &why, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_string_equal(why, "preview_stale");
	assert_false(deploy_create(w->deploy, &r, "", id, &why, &e));
	assert_false(deploy_create(w->deploy, &r, "made up", id, &why, &e));
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	ok(deploy_create(w->deploy, &r, p.token, id, &why, &e), &e); /* a set that shrank is fine */
}

static void bad_requests_name_what_is_wrong(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const char *why;
	struct deploy_preview p;
	const char *const nonsense[] = { "debian:12:nosuch:1" };
	struct deploy_request r = { .patches = nonsense, .n_patches = 1, .policy = POLICY_ANYTIME };
	assert_false(deploy_preview(w->deploy, &r, &p, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	r = (struct deploy_request) { .systems = nonsense,
				      .n_systems = 1,
				      .policy = POLICY_ANYTIME };
	assert_false(deploy_preview(w->deploy, &r, &p, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	r = (struct deploy_request) { .policy = POLICY_ANYTIME };
	assert_false(deploy_preview(w->deploy, &r, &p, &e));
	assert_int_equal(e.code, ERR_INVALID);
	char id[33];
	r = (struct deploy_request) { .patches = ssl_patch, .n_patches = 1, .policy = "no such" };
	assert_false(deploy_create(w->deploy, &r, "x", id, &why, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(M_131_entry_b_targets_hosts_that_miss_the_patch),
		T(M_130_entry_a_takes_everything_the_system_misses),
		T(a_preview_that_no_longer_covers_the_set_is_stale),
		T(bad_requests_name_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
