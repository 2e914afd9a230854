/* SPDX-License-Identifier: Apache-2.0
 * The life of a deployment (S-11): suspended and resumed, cancelled, expired, tried again, drafted,
 * changed, thrown away. All on a real database; what a kill leaves is what was committed. */
#include "rig.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static void reopen(struct world *w)
{
	deploy_close(w->deploy);
	open_deploy(w);
}

static void M_150_a_suspended_deployment_starts_nothing_until_it_is_resumed(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	ready(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(target(w, id, &a).attempts, 1);
	int woken = w->woken;
	ok(deploy_suspend(w->deploy, id, &e), &e);
	assert_int_equal(w->woken, woken + 1); /* it learns that its order is withdrawn */
	assert_false(deploy_suspend(w->deploy, id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_SUSPENDED);
	assert_string_equal(target(w, id, &a).reason, "suspended");
	assert_int_equal(target(w, id, &a).attempts, 0);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	reopen(w); /* a kill: it is suspended still */
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(w->woken, woken + 1);
	ok(deploy_resume(w->deploy, id, &e), &e);
	assert_int_equal(w->woken, woken + 2);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_READY);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(opened(w, list[0], &a).seq, 2);
	assert_false(deploy_resume(w->deploy, id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void what_is_being_installed_ends_in_a_suspended_deployment(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *order;
	issued(w, id, &a, &order);
	ok(deploy_progress(w->deploy, w->host[0], order, "installing", "", 0, 1, 0, &e), &e);
	ok(deploy_suspend(w->deploy, id, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	assert_int_equal(target(w, id, &a).state,
			 TARGET_INSTALLING); /* its order is not taken back */
	struct deploy_result r = result_of(order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
}

static void a_withdrawn_order_that_was_carried_out_all_the_same_counts(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	const char *order;
	issued(w, id, &a, &order);
	ok(deploy_cancel(w->deploy, id, &e), &e); /* and the agent does not know it yet */
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_CANCELLED);
	struct deploy_result r = result_of(order, "failed", "internal");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_CANCELLED);
	r = result_of(order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_SUCCEEDED);
}

static void create_with(struct world *w, const struct deploy_terms *t, char id[static 33])
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .terms = *t };
	create(w, &r, id);
}

static void M_147_what_has_not_started_by_the_end_expires(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	const char *why;
	char id[33], **list;
	struct deploy_terms t = { .expires_ms = kit_now_ms + HOUR_MS };
	create_with(w, &t, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_int_equal(o.not_after_ms, t.expires_ms); /* nor where no server can be reached */
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_IN_PROGRESS);
	kit_now_ms += HOUR_MS;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0); /* even before the clock came round */
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_EXPIRED);
	assert_int_equal(target(w, id, &a).state, TARGET_EXPIRED);
	size_t n;
	assert_false(deploy_retry(w->deploy, id, NULL, 0, NULL, &n, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	t.expires_ms = kit_now_ms;
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .terms = t };
	assert_false(deploy_create(w->deploy, &r, "", id, &why, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

/* One attempt that ends with `reason`; false when the target gets no order now. */
static bool attempt(struct world *w, uint64_t *seq, const char *reason)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char **list;
	if (orders(w, 0, *seq, &a, &list) == 0)
		return false;
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(arena_str(&a, o.id).p, "failed", reason);
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	*seq = o.seq;
	return true;
}

static void started_at(struct world *w, int64_t boot_ms)
{
	struct err e = { 0 };
	struct host_attrs attrs = { .hostname = (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .boot_ms = boot_ms };
	ok(fleet_contact(w->fleet, w->host[0], &attrs, &e), &e);
}

static void M_145_retries_are_split_between_contacts_and_starts(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	uint64_t seq = 0;
	const struct deploy_terms t = { .retry_refresh = 2, .retry_start_up = 1 };
	create_with(w, &t, id);
	started_at(w, kit_now_ms - DAY_MS);
	for (int i = 0; i < 3; i++) {
		assert_true(attempt(w, &seq, "lock_held"));
		assert_false(attempt(w, &seq, "lock_held")); /* not before its time */
		kit_now_ms = MAX(target(w, id, &a).next_attempt_ms, kit_now_ms) + 1;
	}
	struct target_row now = target(w, id, &a);
	assert_int_equal(now.state, TARGET_PENDING);
	assert_string_equal(now.reason, "retry_start_up"); /* AC-14: why, and how often already */
	assert_string_equal(now.cause, "lock_held");
	assert_int_equal(now.attempts, 3);
	assert_int_equal(now.retried_refresh, 2);
	kit_now_ms += DAY_MS;
	assert_false(attempt(w, &seq, "lock_held"));
	started_at(w, kit_now_ms);
	assert_true(attempt(w, &seq, "lock_held"));
	now = target(w, id, &a);
	assert_int_equal(now.state, TARGET_FAILED);
	assert_int_equal(now.retried_start_up, 1);
	assert_string_equal(now.reason, "lock_held");
}

static void a_start_between_is_a_retry_of_its_own_kind(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	uint64_t seq = 0;
	const struct deploy_terms t = { .retry_refresh = 1, .retry_start_up = 1 };
	create_with(w, &t, id);
	assert_true(attempt(w, &seq, "network"));
	started_at(w, kit_now_ms + 5000); /* after the failure, before its next attempt */
	kit_now_ms += 6000;
	assert_true(attempt(w, &seq, "network"));
	struct target_row now = target(w, id, &a);
	assert_int_equal(now.retried_start_up, 1);
	assert_int_equal(now.retried_refresh, 0);
	assert_int_equal(now.state, TARGET_PENDING);
	kit_now_ms = now.next_attempt_ms + 1;
	assert_true(attempt(w, &seq, "network"));
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
}

static void retries_neither_zero_nor_endless(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const char *why;
	char id[33];
	static const struct deploy_terms bad[] = {
		{ .retry_refresh = 1 },
		{ .retry_start_up = 1 },
		{ .retry_refresh = 20, .retry_start_up = 1 },
		{ .retry_refresh = -1, .retry_start_up = 3 },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct deploy_request r = { .patches = ssl_patch,
					    .n_patches = 1,
					    .policy = POLICY_ANYTIME,
					    .created_by = "t",
					    .terms = bad[i] };
		assert_false(deploy_create(w->deploy, &r, "", id, &why, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void failed_targets_begin_again_when_they_are_told_to(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	uint64_t seq = 0;
	size_t n;
	ready(w, id);
	assert_true(attempt(w, &seq, "maintainer_script"));
	struct deployment_row row = get(w, id, &a);
	assert_int_equal(row.state, DEPLOYMENT_FAILED);
	assert_true(row.finished_ms > 0);
	struct failure_group *groups;
	ok(deploy_failures(w->deploy, id, &a, &groups, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(groups[0].reason, "maintainer_script");
	assert_int_equal(groups[0].n, 1);
	assert_string_equal(groups[0].hostnames[0], "web1");
	assert_false(deploy_retry(w->deploy, id, NULL, 0, "disk_full", &n, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(deploy_retry(w->deploy, id, &w->id[1], 1, NULL, &n, &e));
	int woken = w->woken;
	ok(deploy_retry(w->deploy, id, NULL, 0, "maintainer_script", &n, &e), &e);
	assert_int_equal(n, 1);
	assert_int_equal(w->woken, woken + 1);
	row = get(w, id, &a);
	assert_true(row.state == DEPLOYMENT_READY && row.finished_ms == 0);
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.attempts,
			 1); /* how often it was tried is not forgotten, nor why it failed */
	assert_string_equal(t.cause, "maintainer_script");
	reopen(w);
	assert_true(attempt(w, &seq, "maintainer_script"));
	ok(deploy_retry(w->deploy, id, &w->id[0], 1, NULL, &n, &e), &e);
	char **list;
	assert_int_equal(orders(w, 0, seq, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(arena_str(&a, o.id).p, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	assert_int_equal(target(w, id, &a).attempts, 3);
	assert_string_equal(target(w, id, &a).cause, "");
}

static void M_149_the_rest_first_and_late_files_later(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	w->gone = "zlib1g 1.3-2";
	w->gone_final = true;
	const struct deploy_request r = {
		.systems = &w->id[0], .n_systems = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &r, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_int_equal(o.n_packages, 2); /* the rest */
	struct deploy_result done = result_of(arena_str(&a, o.id).p, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &done, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
	assert_string_equal(target(w, id, &a).reason, "vendor_gone");
	inventory(w, 0, INVENTORY("3.0.2-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	kit_now_ms += HOUR_MS;
	w->wanted = 0;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_true(w->wanted > 0); /* it is asked for still */
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	w->gone = NULL;
	store_payload(w, "zlib1g", "1.3-2");
	kit_now_ms += HOUR_MS;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_PENDING);
	assert_int_equal(orders(w, 0, 1, &a, &list), 1);
	o = opened(w, list[0], &a);
	assert_int_equal(o.n_packages, 1);
	assert_true(str_is(o.packages[0].name, "zlib1g"));
}

static void M_149_or_nothing_until_all_files_are_there(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	inventory(w, 0, INVENTORY("3.0.1-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	w->gone = "zlib1g 1.3-2";
	w->gone_final = true;
	const struct deploy_request r = { .systems = &w->id[0],
					  .n_systems = 1,
					  .policy = POLICY_ANYTIME,
					  .created_by = "t",
					  .terms = { .hold_incomplete = true } };
	create(w, &r, id);
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_string_equal(target(w, id, &a).reason, "files_incomplete");
	assert_non_null(strstr(target(w, id, &a).detail, "404"));
	w->gone = NULL;
	store_payload(w, "zlib1g", "1.3-2");
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(opened(w, list[0], &a).n_packages, 3);
}

static void M_129_a_draft_is_kept_changed_and_deployed_once(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(1000);
	struct err e = { 0 };
	const char *why;
	char id[33], made[33];
	bool stale;
	struct deploy_request r = { .name = "October",
				    .description = "",
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .request = "{\"patches\":1}" };
	ok(deploy_draft(w->deploy, &r, id, &e), &e);
	struct deployment_row row = get(w, id, &a);
	assert_int_equal(row.state, DEPLOYMENT_DRAFT);
	ok(deploy_tick(w->deploy, &e), &e);
	assert_false(deploy_cancel(w->deploy, id, &e));
	assert_false(deploy_suspend(w->deploy, id, &e));
	const struct deploy_edit x = { .name = "November", .request = "{\"patches\":2}" };
	ok(deploy_change(w->deploy, id, row.version, &x, &stale, &e), &e);
	assert_false(deploy_change(w->deploy, id, row.version, &x, &stale, &e));
	assert_true(stale && e.code == ERR_CONFLICT); /* two people: the second is told */
	assert_string_equal(get(w, id, &a).name, "November");
	ok(deploy_request_text(w->deploy, id, &text, &e), &e);
	assert_string_equal(text.p, "{\"patches\":2}");
	r.patches = ssl_patch;
	r.n_patches = 1;
	r.draft = id;
	create(w, &r, made);
	assert_string_equal(made, id);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_READY);
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_false(deploy_create(w->deploy, &r, p.token, made, &why, &e)); /* not twice */
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void an_open_deployment_is_changed_and_its_orders_with_it(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	bool stale;
	ready(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct deployment_row row = get(w, id, &a);
	struct deploy_terms t = row.terms;
	t.expires_ms = kit_now_ms + HOUR_MS;
	struct deploy_edit x = { .terms = &t };
	ok(deploy_change(w->deploy, id, row.version, &x, &stale, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_true(o.seq == 2 && o.not_after_ms == t.expires_ms);
	x = (struct deploy_edit) { .name = "other" };
	ok(deploy_change(w->deploy, id, row.version + 1, &x, &stale, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(opened(w, list[0], &a).seq, 2); /* a name changes no order */
	x = (struct deploy_edit) { .request = "{}" };
	assert_false(deploy_change(w->deploy, id, row.version + 2, &x, &stale, &e));
	assert_true(!stale && e.code == ERR_CONFLICT);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	x = (struct deploy_edit) { .name = "late" };
	assert_false(deploy_change(w->deploy, id, row.version + 2, &x, &stale, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void removed_ones_are_in_the_trash_and_forgotten_later(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	int64_t n;
	struct deployment_row row;
	ready(w, id);
	assert_false(deploy_trash(w->deploy, id, true, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	ok(deploy_trash(w->deploy, id, true, &e), &e);
	ok(deploy_count(w->deploy, false, &n, &e), &e);
	assert_int_equal(n, 0);
	ok(deploy_count(w->deploy, true, &n, &e), &e);
	assert_int_equal(n, 1);
	ok(deploy_trash(w->deploy, id, false, &e), &e);
	ok(deploy_count(w->deploy, false, &n, &e), &e);
	assert_int_equal(n, 1);
	ok(deploy_trash(w->deploy, id, true, &e), &e);
	kit_now_ms += DEPLOY_TRASH_DAYS * DAY_MS - HOUR_MS;
	ok(deploy_tick(w->deploy, &e), &e);
	ok(deploy_get(w->deploy, id, &a, &row, &e), &e);
	kit_now_ms += 2 * HOUR_MS;
	ok(deploy_tick(w->deploy, &e), &e);
	assert_false(deploy_get(w->deploy, id, &a, &row, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
#define LIFE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		LIFE(M_150_a_suspended_deployment_starts_nothing_until_it_is_resumed),
		LIFE(what_is_being_installed_ends_in_a_suspended_deployment),
		LIFE(a_withdrawn_order_that_was_carried_out_all_the_same_counts),
		LIFE(M_147_what_has_not_started_by_the_end_expires),
		LIFE(M_145_retries_are_split_between_contacts_and_starts),
		LIFE(a_start_between_is_a_retry_of_its_own_kind),
		LIFE(retries_neither_zero_nor_endless),
		LIFE(failed_targets_begin_again_when_they_are_told_to),
		LIFE(M_149_the_rest_first_and_late_files_later),
		LIFE(M_149_or_nothing_until_all_files_are_there),
		LIFE(M_129_a_draft_is_kept_changed_and_deployed_once),
		LIFE(an_open_deployment_is_changed_and_its_orders_with_it),
		LIFE(removed_ones_are_in_the_trash_and_forgotten_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
