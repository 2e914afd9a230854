/* SPDX-License-Identifier: Apache-2.0
 * The table of reasons: complete, in both languages, each with a way out; and every pending target
 * has one of them (AC-14). */
#include "deploy/failure.h"
#include "deploy/orders/policy.h"
#include "rig.h"

static void every_reason_has_words_and_a_way_out(void **state UNUSED)
{
	size_t n;
	const struct reason *r = reasons(&n);
	assert_true(n > 50);
	for (size_t i = 0; i < n; i++) {
		for (int l = 0; l < REASON_LANGUAGES_; l++) {
			assert_true(r[i].title[l][0] != '\0');
			assert_true(r[i].kind == REASON_ENDED || r[i].remedy[l][0] != '\0');
		}
		assert_true(!r[i].transient || r[i].kind == REASON_FAILED);
		assert_ptr_equal(reason_find(r[i].word), &r[i]); /* none twice */
	}
	assert_true(failure_is_transient("lock_held") && failure_is_transient("network") &&
		    failure_is_transient("timeout") && failure_is_transient("dpkg_interrupted"));
	assert_false(failure_is_transient("maintainer_script") ||
		     failure_is_transient("disk_full") || failure_is_transient("no such word"));
}

/* `word`s of the protocol's list of reasons. */
static void every_word_of_an_agent_is_in_the_table(void **state UNUSED)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	AUTO(xfree) char *path = file_join(getenv("TSUKUROI_SOURCE"), "docs/agent-protocol.md");
	struct err e = { 0 };
	ok(file_read(path, &text, &e), &e);
	char *p = strstr(text.p, "\nReasons: ");
	assert_non_null(p);
	char *end = strstr(p, ".\n");
	int n = 0;
	assert_non_null(end);
	for (char *word; (word = memchr(p, '`', (size_t)(end - p))); n++) {
		char *stop = strchr(++word, '`');
		AUTO(xfree) char *one = str_dup((struct str) { word, (size_t)(stop - word) });
		if (!reason_find(one))
			fail_msg("'%s' has no row in the table of reasons", one);
		p = stop + 1;
	}
	assert_true(n > 20);
}

static void has_reason(struct world *w, const char *id, const char *reason)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, reason);
	const struct reason *r = reason_find(t.reason);
	assert_non_null(r);
	assert_true(r->remedy[REASON_EN][0] && r->remedy[REASON_JA][0]);
}

static void AC_14_every_pending_target_says_why_not_yet(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], second[33], **list;
	const struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &r, id);
	has_reason(w, id, "server_downloading");
	w->gone = "openssl 3.0.2-1";
	has_reason(w, id, "vendor_gone"); /* the file that the server does not get */
	w->gone = NULL;
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	has_reason(w, id, "offline");
	fleet_set_online(w->fleet, w->host[0], true);
	has_reason(w, id, "waiting_agent");
	ok(deploy_suspend(w->deploy, id, &e), &e);
	has_reason(w, id, "suspended");
	ok(deploy_resume(w->deploy, id, &e), &e);
	kit_now_ms++; /* the second is the later one */
	create(w, &r, second);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	has_reason(w, second, "other_deployment");
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	const char *order = arena_str(&a, o.id).p;
	ok(deploy_progress(w->deploy, w->host[0], order, "waiting", "outside_window", 0, 0,
			   kit_now_ms + 1000, &e),
	   &e);
	has_reason(w, second, "outside_window");
	assert_int_equal(target(w, second, &a).next_attempt_ms, kit_now_ms + 1000);
	struct deploy_result failed = result_of(order, "failed", "network");
	ok(deploy_result(w->deploy, w->host[0], &failed, &e), &e);
	has_reason(w, second, "network");
	assert_true(target(w, second, &a).next_attempt_ms > kit_now_ms);
	kit_now_ms = target(w, second, &a).next_attempt_ms;
	ok(fleet_set_state(w->fleet, w->host[0], HOST_RETIRED, &e), &e);
	has_reason(w, second, "retired");
}

/* 2026-11-23 is a Monday; see kit_now_ms. */
static void a_pending_target_says_its_next_window_in_its_zone(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33];
	static const char *const zones[] = { "Asia/Tokyo", "" };
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		AUTO(json_free) json_t *j = NULL;
		AUTO(zone_free) struct zone *z = NULL;
		AUTO(xfree)
		char *text = xasprintf("{\"zone\":%s%s%s,\"windows\":[{\"weekdays\":[\"sun\"],"
				       "\"start\":\"13:00\",\"end\":\"17:00\"}]}",
				       zones[i][0] ? "\"" : "", zones[i][0] ? zones[i] : "null",
				       zones[i][0] ? "\"" : "");
		AUTO(xfree) char *name = xasprintf("policy %zu", i);
		struct policy p = { .name = name,
				    .description = (char *)(uintptr_t) "",
				    .created_by = (char *)(uintptr_t) "t" };
		struct window expected;
		ok(json_parse(str_of(text), 4096, &j, &e) && window_read(j, &p.schedule, &e) &&
			   policy_save(w->deploy, &p, &e),
		   &e);
		const struct deploy_request r = {
			.patches = ssl_patch, .n_patches = 1, .policy = p.id, .created_by = "t"
		};
		create(w, &r, id);
		ok(zone_open(zones[i][0] ? zones[i] : "UTC", &z, &e), &e);
		assert_int_equal(window_next(&p.schedule, z, kit_now_ms, &expected, 1), 1);
		struct target_row t = target(w, id, &a);
		assert_string_equal(t.window_zone, zones[i]);
		assert_int_equal(t.window.start_ms, expected.start_ms);
		assert_int_equal(t.window.end_ms, expected.end_ms);
		ok(deploy_cancel(w->deploy, id, &e), &e);
	}
	const struct deploy_request anytime = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &anytime, id);
	assert_null(target(w, id, &a).window_zone);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_words_and_a_way_out),
		cmocka_unit_test(every_word_of_an_agent_is_in_the_table),
		cmocka_unit_test_setup_teardown(AC_14_every_pending_target_says_why_not_yet, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_pending_target_says_its_next_window_in_its_zone,
						setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
