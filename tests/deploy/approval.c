/* SPDX-License-Identifier: Apache-2.0
 * Approval of patches: modes, what a switch does with what is there, and tests that approve by
 * themselves (M-098, M-186, M-187, S-08, AC-13). */
#include "deploy/ask/notify.h"
#include "deploy/auto/auto.h"
#include "rig.h"

#define ZLIB "debian:12:zlib:1.3-2"
#define DAY AUTO_DAY_MS

static void mode(struct world *w, const char *json, enum approval_existing existing)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	struct approval_settings s;
	ok(json_parse(str_of(json), 4096, &j, &e) && approval_settings_read(j, &a, &s, &e) &&
		   approval_configure(w->deploy, &s, existing, "t", &e),
	   &e);
}

static struct approval of(struct world *w, const char *patch, struct arena *a)
{
	struct approval ap;
	approval_of(w->deploy, str_of(patch), a, &ap);
	return ap;
}

static uint64_t approved(struct world *w)
{
	AUTO(match_read_end) struct match_view v;
	match_read(w->match, &v);
	roaring_bitmap_t *b = approval_approved(w->deploy, v.catalog);
	uint64_t n = roaring_bitmap_get_cardinality(b);
	roaring_bitmap_free(b);
	return n;
}

static void M_098_automatic_is_the_default_and_a_switch_keeps_what_is_there(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	const char *zlib = ZLIB;
	size_t n;
	assert_int_equal(approval_mode_now(w->deploy), APPROVAL_AUTOMATIC);
	assert_int_equal(approved(w), 2);
	ok(approval_set(w->deploy, &zlib, 1, false, APPROVAL_BY_PERSON, "eve", "later", &n, &e),
	   &e);
	mode(w, "{\"mode\": \"manual\"}", APPROVAL_KEEP);
	assert_true(of(w, SSL_PATCH, &a).approved);
	struct approval ap = of(w, ZLIB, &a);
	assert_false(ap.approved);
	assert_int_equal(ap.how, APPROVAL_BY_PERSON);
	assert_string_equal(ap.actor, "eve");
	assert_string_equal(ap.reason, "later");
	/* a new one is not */
	set_catalog(w, "3.0.3-1");
	ok(approval_note(w->deploy, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_false(of(w, "debian:12:openssl:3.0.3-1", &a).approved);
	assert_int_equal(of(w, "debian:12:openssl:3.0.3-1", &a).seen_ms, kit_now_ms);
	assert_int_equal(approved(w), 0);
	/* it lasts over a restart */
	deploy_close(w->deploy);
	open_deploy(w);
	assert_int_equal(approval_mode_now(w->deploy), APPROVAL_MANUAL);
	assert_string_equal(of(w, ZLIB, &a).reason, "later");
	mode(w, "{\"mode\": \"manual\"}", APPROVAL_APPROVE_ALL);
	assert_int_equal(approved(w), 2);
	mode(w, "{\"mode\": \"test\"}", APPROVAL_UNAPPROVE_ALL);
	assert_int_equal(approved(w), 0);
	assert_int_equal(of(w, ZLIB, &a).how, APPROVAL_NEW);
}

static void S_08_a_person_may_deploy_what_is_not_approved_and_is_told(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const char *ssl = SSL_PATCH;
	size_t n;
	struct deploy_preview p;
	struct deploy_request r = { .systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME };
	ok(approval_set(w->deploy, &ssl, 1, false, APPROVAL_BY_PERSON, "t", "", &n, &e), &e);
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.pairs, 2);
	assert_int_equal(p.unapproved, 1);
	r.only_approved = true;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.pairs, 1);
	assert_int_equal(p.systems, 1);
	assert_int_equal(p.unapproved, 1);
}

#define TEST_MODE                                                                                  \
	"{\"mode\": \"test\", \"test\": {\"targets\": {\"systems\": [\"%s\"]}, \"approve\": "      \
	"\"automatic\", \"after_days\": 2, \"success_percent\": 100}}"

static struct approval_decision decision(struct world *w, const char *patch)
{
	AUTO(match_read_end) struct match_view v;
	struct err e = { 0 };
	struct approval_decision d;
	match_read(w->match, &v);
	uint32_t p = catalog_find(v.catalog, str_of(patch));
	ok(approval_decisions(w->deploy, &v, &p, 1, &d, &e), &e);
	return d;
}

static void run(struct world *w)
{
	struct err e = { 0 };
	ok(auto_run(w->deploy, &e), &e);
}

static void begin_test(struct world *w, struct arena *a, const char **deployment)
{
	struct err e = { 0 };
	AUTO(xfree) char *settings = xasprintf(TEST_MODE, w->id[0]);
	char **list;
	size_t n;
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	mode(w, settings, APPROVAL_UNAPPROVE_ALL);
	assert_int_equal(decision(w, SSL_PATCH).verdict, APPROVAL_WAITS_START);
	assert_int_equal(decision(w, ZLIB).verdict, APPROVAL_WAITS_SYSTEM);
	run(w);
	ok(auto_runs(w->deploy, AUTO_TEST, 10, a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	*deployment = list[0];
	assert_int_equal(get(w, list[0], a).n_targets, 1);
	assert_int_equal(decision(w, SSL_PATCH).verdict, APPROVAL_WAITS_RESULT);
}

static void end_test(struct world *w, const char *has, const char *outcome, const char *reason)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char **envelopes;
	assert_int_equal(orders(w, 0, 0, &a, &envelopes), 1);
	struct order o = opened(w, envelopes[0], &a);
	AUTO(xfree) char *id = str_dup(o.id);
	inventory(w, 0, has);
	struct deploy_result r = result_of(id, outcome, reason);
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
}

static void M_187_a_test_that_succeeds_approves_by_itself(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	const char *deployment;
	begin_test(w, &a, &deployment);
	end_test(w, INVENTORY("3.0.2-1", ""), "succeeded", "installed");
	struct target_row t = target(w, deployment, &a);
	struct approval_decision d = decision(w, SSL_PATCH);
	assert_int_equal(d.verdict, APPROVAL_WAITS_DAYS);
	assert_int_equal(d.at_ms, t.finished_ms + 2 * DAY);
	/* AC-13: what is shown is what is done, to the millisecond */
	kit_now_ms = d.at_ms - 1;
	run(w);
	assert_false(of(w, SSL_PATCH, &a).approved);
	kit_now_ms = d.at_ms;
	run(w);
	struct approval ap = of(w, SSL_PATCH, &a);
	assert_true(ap.approved);
	assert_int_equal(ap.how, APPROVAL_BY_TEST);
}

static void M_187_a_test_that_fails_leaves_it_not_approved(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	const char *deployment, *ssl = SSL_PATCH;
	char **list;
	size_t n;
	begin_test(w, &a, &deployment);
	end_test(w, INVENTORY("3.0.1-1", ""), "failed", "maintainer_script");
	run(w);
	struct approval ap = of(w, SSL_PATCH, &a);
	assert_false(ap.approved);
	assert_int_equal(ap.how, APPROVAL_TEST_FAILED);
	assert_string_equal(ap.reason, "web1: maintainer_script");
	struct test_failure *untold;
	struct deploy_notify to;
	ok(deploy_test_failures(w->deploy, &a, &untold, &n, &to, &e), &e);
	assert_true(n == 1 && strcmp(untold[0].patch, SSL_PATCH) == 0 &&
		    strcmp(untold[0].why, ap.reason) == 0);
	kit_now_ms += 30 * DAY;
	run(w);
	ok(auto_runs(w->deploy, AUTO_TEST, 10, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	/* a person has it tested again */
	ok(approval_set(w->deploy, &ssl, 1, false, APPROVAL_NEW, "t", "", &n, &e), &e);
	kit_now_ms += 1000;
	assert_int_equal(decision(w, SSL_PATCH).verdict, APPROVAL_WAITS_START);
	run(w);
	ok(auto_runs(w->deploy, AUTO_TEST, 10, &a, &list, &n, &e), &e);
	assert_int_equal(n, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(M_098_automatic_is_the_default_and_a_switch_keeps_what_is_there),
		T(S_08_a_person_may_deploy_what_is_not_approved_and_is_told),
		T(M_187_a_test_that_succeeds_approves_by_itself),
		T(M_187_a_test_that_fails_leaves_it_not_approved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
