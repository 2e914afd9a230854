/* SPDX-License-Identifier: Apache-2.0
 * M-137: patches taken back: to which version, in which order, and what may bring them back. */
#include "deploy/ask/uninstall.h"
#include "rig.h"

#define OLD "3.0.1-1"
#define NEW "3.0.2-1"
#define BACK                                                                                       \
	"[{\"name\":\"libssl3\",\"arch\":\"amd64\",\"before\":\"" OLD "\",\"after\":\"" NEW        \
	"\",\"wanted\":\"" NEW "\"},{\"name\":\"openssl\",\"arch\":\"amd64\",\"before\":\"" OLD    \
	"\",\"after\":\"" NEW "\",\"wanted\":\"" NEW "\"}]"

static void ssl(struct sink *s, const char *version)
{
	kit_patch(s, "openssl", version, PATCH_TYPE_SECURITY);
	kit_component(s, "libssl3", version);
	kit_component(s, "openssl", version);
}

/* The archive offers these versions of openssl; NULL ends the list. */
static void offer(struct world *w, const char *const *versions)
{
	struct sink *s = kit_begin();
	for (; *versions; versions++) {
		ssl(s, *versions);
		store_payload(w, "openssl", *versions);
		store_payload(w, "libssl3", *versions);
	}
	struct catalog *c = kit_end(s);
	match_set_catalog(w->match, c);
	catalog_unref(c);
}
static const char *const both[] = { OLD, NEW, NULL };

static struct deploy_request wish(void)
{
	return (struct deploy_request) { .patches = ssl_patch,
					 .n_patches = 1,
					 .policy = POLICY_ANYTIME,
					 .created_by = "t",
					 .now = true };
}

static void install_on_the_first(struct world *w, struct arena *a)
{
	struct err e = { 0 };
	char id[33];
	const char *order;
	issued(w, id, a, &order);
	struct deploy_result r = result_of(order, "succeeded", "installed");
	r.packages_json = BACK;
	inventory(w, 0, INVENTORY(NEW, ""));
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
}

static struct uninstall_preview look(struct world *w, const struct deploy_request *r,
				     struct arena *a)
{
	struct uninstall_preview p;
	struct err e = { 0 };
	ok(uninstall_preview(w->deploy, r, a, &p, &e), &e);
	return p;
}

static void it_goes_back_to_what_was_there_before(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct deploy_request r = wish();
	const char *const three[] = { OLD, "3.0.1-2", NEW, NULL };
	offer(w, three);
	install_on_the_first(w, &a);
	struct uninstall_preview p = look(w, &r, &a);
	assert_int_equal(p.counts.systems, 2);
	assert_int_equal(p.counts.pairs, 2);
	assert_int_equal(p.n_steps, 4);
	assert_int_equal(p.n_refusals, 0);
	for (size_t i = 0; i < 4; i++) { /* web1 by its own results, web2 by what is offered */
		assert_true(str_is(p.steps[i].from, NEW));
		assert_int_equal(p.steps[i].systems, 1);
		assert_true(str_is(p.steps[i].to, p.steps[i].recorded ? OLD : "3.0.1-2"));
	}
	const char *const without[] = { "3.0.1-2", NEW, NULL };
	offer(w, without); /* what was there before is offered no more */
	p = look(w, &r, &a);
	assert_int_equal(p.n_steps, 2);
	assert_false(p.steps[0].recorded);
	assert_int_equal(p.steps[0].systems, 2);
}

static void what_cannot_go_back_says_why(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct deploy_request r = wish();
	struct err e = { 0 };
	const char *why;
	char id[33];
	struct uninstall_preview p = look(w, &r, &a); /* only the newest version is offered */
	assert_int_equal(p.counts.pairs, 0);
	assert_int_equal(p.n_refusals, 1);
	assert_string_equal(p.refusals[0].reason, "no_previous_version");
	assert_false(uninstall_create(w->deploy, &r, p.counts.token, id, &why, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	const char *const three[] = { OLD, NEW, "3.0.3-1", NULL };
	offer(w, three);
	inventory(w, 1, INVENTORY("3.0.3-1", ""));
	p = look(w, &r, &a);
	assert_string_equal(p.refusals[0].reason, "newer_installed");
}

static void what_is_not_as_shown_is_not_made(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct deploy_request r = wish();
	struct err e = { 0 };
	const char *why;
	char id[33];
	offer(w, both);
	struct uninstall_preview p = look(w, &r, &a);
	const char *const three[] = { OLD, "3.0.1-2", NEW, NULL };
	offer(w, three); /* the same pairs, to another version */
	assert_false(uninstall_create(w->deploy, &r, p.counts.token, id, &why, &e));
	assert_string_equal(why, "preview_stale");
	assert_false(uninstall_create(w->deploy, &r, "", id, &why, &e));
}

/* The second system's openssl goes back; ends with the result told. */
static void take_back(struct world *w, struct arena *a, char id[static 33])
{
	struct deploy_request r = wish();
	struct err e = { 0 };
	const char *why;
	char **list;
	offer(w, both);
	struct uninstall_preview p = look(w, &r, a);
	ok(uninstall_create(w->deploy, &r, p.counts.token, id, &why, &e), &e);
	assert_int_equal(get(w, id, a).operation, DEPLOYMENT_UNINSTALL);
	assert_int_equal(orders(w, 1, 0, a, &list), 1);
	struct order o = opened(w, list[0], a);
	assert_true(order_goes_back(&o));
	assert_int_equal(o.n_packages, 2);
	assert_true(str_is(o.packages[0].version, OLD) && str_is(o.packages[0].from, NEW));
	assert_int_equal(o.archives[0].n_payload, 2);
	struct deploy_result done = result_of(arena_str(a, o.id).p, "succeeded", "uninstalled");
	ok(deploy_result(w->deploy, w->host[1], &done, &e), &e);
	inventory(w, 1, INVENTORY(OLD, ""));
	assert_int_equal(get(w, id, a).state, DEPLOYMENT_COMPLETED);
}

static void what_was_taken_back_stays_away(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	struct rolled_back *marks;
	size_t n;
	take_back(w, &a, id);
	ok(rolled_back_list(w->deploy, w->id[1], &a, &marks, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(marks[0].patch, SSL_PATCH);
	assert_string_equal(marks[0].deployment, id);
	/* everything that is missing there: not this */
	struct deploy_request all = {
		.systems = &w->id[1], .n_systems = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.pairs, 0);
	assert_int_equal(p.rolled_back, 1);
	/* who names it means it */
	struct deploy_request r = wish();
	r.systems = &w->id[1];
	r.n_systems = 1;
	kit_now_ms += 1000;
	create(w, &r, id);
	assert_int_equal(orders(w, 1, 1, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_false(order_goes_back(&o));
	struct deploy_result done = result_of(arena_str(&a, o.id).p, "succeeded", "installed");
	inventory(w, 1, INVENTORY(NEW, ""));
	ok(deploy_result(w->deploy, w->host[1], &done, &e), &e);
	ok(rolled_back_list(w->deploy, w->id[1], &a, &marks, &n, &e), &e);
	assert_int_equal(n, 0);
}

/* A deployment that waits while its patch is taken back elsewhere does not put it back. */
static void an_older_deployment_does_not_bring_it_back(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char older[33], id[33], **list;
	const char *why;
	offer(w, both);
	inventory(w, 1, INVENTORY(OLD, ""));
	struct deploy_request r = wish();
	r.systems = &w->id[1];
	r.n_systems = 1;
	create(w, &r, older);
	inventory(w, 1, INVENTORY(NEW, "")); /* by hand, before the agent came */
	kit_now_ms += 1000;
	struct err e = { 0 };
	struct uninstall_preview p = look(w, &r, &a);
	ok(uninstall_create(w->deploy, &r, p.counts.token, id, &why, &e), &e);
	inventory(w, 1, INVENTORY(OLD, "")); /* by hand, too: nothing is left to do */
	ok(deploy_cancel(w->deploy, older, &e), &e);
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	assert_int_equal(target(w, id, &a).state, TARGET_SUCCEEDED);
	assert_string_equal(target(w, id, &a).reason, "already_uninstalled");
	kit_now_ms -= 500; /* made in between */
	create(w, &r, older);
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	assert_int_equal(target(w, older, &a).state, TARGET_NOT_APPLICABLE);
	assert_string_equal(target(w, older, &a).reason, "rolled_back");
	kit_now_ms += 500;
}

static void a_system_that_has_changed_is_left_alone(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct deploy_request r = wish();
	struct err e = { 0 };
	const char *why;
	char id[33], **list;
	offer(w, both);
	struct uninstall_preview p = look(w, &r, &a);
	ok(uninstall_create(w->deploy, &r, p.counts.token, id, &why, &e), &e);
	inventory(w, 1, INVENTORY("3.0.3-1", ""));
	assert_int_equal(orders(w, 1, 0, &a, &list), 0);
	assert_int_equal(target(w, id, &a).state, TARGET_NOT_APPLICABLE);
	assert_string_equal(target(w, id, &a).reason, "changed");
}

static void A18_what_else_would_change_ends_it(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct deploy_request r = wish();
	struct err e = { 0 };
	const char *why;
	char id[33], **list;
	const char *decision, *reason;
	offer(w, both);
	struct uninstall_preview p = look(w, &r, &a);
	ok(uninstall_create(w->deploy, &r, p.counts.token, id, &why, &e), &e);
	assert_int_equal(orders(w, 1, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	struct plan_step steps[] = {
		{ STR_LIT("openssl"), STR_LIT("amd64"), STR_LIT(NEW), STR_LIT(OLD),
		  STR_LIT("downgrade") },
		{ STR_LIT("zlib1g"), STR_LIT("amd64"), STR_LIT("1.3-2"), STR_LIT("1.3-1"),
		  STR_LIT("downgrade") },
	};
	ok(deploy_plan(w->deploy, w->host[1], arena_str(&a, o.id).p, steps, 2, &decision, &reason,
		       &e),
	   &e);
	assert_string_equal(decision, "refused");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	assert_non_null(strstr(target(w, id, &a).detail, "zlib1g"));
}

static int group(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_goes_back_to_what_was_there_before),
		TEST(what_cannot_go_back_says_why),
		TEST(what_is_not_as_shown_is_not_made),
		TEST(what_was_taken_back_stays_away),
		TEST(an_older_deployment_does_not_bring_it_back),
		TEST(a_system_that_has_changed_is_left_alone),
		TEST(A18_what_else_would_change_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
