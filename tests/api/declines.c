/* SPDX-License-Identifier: Apache-2.0
 * Declines for groups over HTTP (M-111, S-09): every number, list and state of a patch, a system
 * and a pair says the same, and follows who is in the group. */
#include "world.h"

#define SSL "debian:12:openssl:3.0.2-1" /* systems 0 and 2 lack it */
#define PATCH "/api/v1/patches/" SSL

static void ask(struct world *w, const char *method, const char *path, const char *body,
		struct reply *out)
{
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	request(w, &admin, method, path, body, NULL, out);
}

static void make(struct world *w, const char *name, const char *filter, char id[static 33])
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree)
	char *body = xasprintf("{\"name\":\"%s\",\"category\":\"%s\"%s%s%s}", name,
			       filter ? "dynamic" : "static", filter ? ",\"filter\":\"" : "",
			       filter ? filter : "", filter ? "\"" : "");
	ask(w, "POST", "/api/v1/groups", body, &r);
	expect(&r, 201, NULL);
	(void)snprintf(id, 33, "%s", text_at(r.json, "id"));
}

static void move(struct world *w, const char *group, const char *verb, const char *system)
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree) char *path = xasprintf("/api/v1/groups/%s:%s", group, verb);
	AUTO(xfree) char *body = xasprintf("{\"systems\":{\"ids\":[\"%s\"]}}", system);
	ask(w, "POST", path, body, &r);
	expect(&r, 200, NULL);
}

static void decline(struct world *w, const char *groups, struct reply *out)
{
	char when[CLOCK_RFC3339_LEN];
	clock_rfc3339(kit_now_ms + 86400000, when);
	AUTO(xfree)
	char *body = xasprintf("{\"patches\":{\"ids\":[\"" SSL
			       "\"]},\"reason\":\"breaks the branch\",\"expires\":\"%s\"%s%s}",
			       when, groups ? ",\"groups\":" : "", groups ? groups : "");
	ask(w, "POST", "/api/v1/declines", body, out);
}

static int64_t total(struct world *w, const char *path)
{
	AUTO(reply_done) struct reply r;
	ask(w, "GET", path, NULL, &r);
	expect(&r, 200, NULL);
	return int_at(json_object_get(r.json, "page"), "total");
}

/* What every door says of the patch: missing here, declined there. */
static void check(struct world *w, int64_t missing, int64_t off)
{
	AUTO(reply_done) struct reply patch, dashboard;
	ask(w, "GET", PATCH, NULL, &patch);
	expect(&patch, 200, NULL);
	assert_int_equal(int_at(patch.json, "missing_systems"), missing);
	assert_int_equal(int_at(patch.json, "declined_systems"), off);
	assert_int_equal(total(w, PATCH "/systems?state=missing"), missing);
	assert_int_equal(total(w, PATCH "/systems?state=declined"), off);
	assert_int_equal(total(w, "/api/v1/patch-systems?state=missing&q=openssl"), missing);
	assert_int_equal(total(w, "/api/v1/patch-systems?state=declined&q=openssl"), off);
	assert_int_equal(total(w, "/api/v1/patches?view=missing&q=openssl"), missing > 0);
	ask(w, "GET", "/api/v1/dashboard", NULL, &dashboard);
	expect(&dashboard, 200, NULL);
	assert_int_equal(int_at(json_object_get(dashboard.json, "patches"), "missing_pairs"),
			 total(w, "/api/v1/patch-systems?state=missing"));
	assert_int_equal(int_at(json_object_get(dashboard.json, "patches"), "missing"),
			 total(w, "/api/v1/patches?view=missing"));
}

/* Of one system: whether it is declined there, which its list and "why" say too. */
static void check_system(struct world *w, const char *id, bool off)
{
	AUTO(reply_done) struct reply system, why;
	AUTO(xfree) char *path = xasprintf("/api/v1/systems/%s", id);
	AUTO(xfree) char *list = xasprintf("%s/patches?state=declined", path);
	AUTO(xfree) char *missing = xasprintf("%s/patches?state=missing", path);
	AUTO(xfree) char *explanation = xasprintf("%s/patches/" SSL "/explanation", path);
	ask(w, "GET", path, NULL, &system);
	expect(&system, 200, NULL);
	assert_int_equal(int_at(system.json, "declined"), off);
	assert_int_equal(total(w, list), off);
	assert_int_equal(total(w, missing),
			 int_at(json_object_get(system.json, "missing"), "total"));
	ask(w, "GET", explanation, NULL, &why);
	expect(&why, 200, NULL);
	const json_t *declines = json_object_get(why.json, "declines");
	assert_int_equal(json_array_size(declines), off);
	if (off)
		assert_string_equal(text_at(json_array_get(declines, 0), "reason"),
				    "breaks the branch");
}

static void M_111_declined_for_a_group_everything_says_so(void **state)
{
	struct world *w = *state;
	char group[33];
	AUTO(reply_done)
	struct reply made, twice, patch, in_use, ended, gone, list, view, previewed;
	make(w, "branch", NULL, group);
	check(w, 2, 0);
	move(w, group, "add", w->id[0]);
	AUTO(xfree) char *groups = xasprintf("[\"%s\"]", group);
	decline(w, groups, &made);
	expect(&made, 201, NULL);
	const json_t *one = json_array_get(json_object_get(made.json, "items"), 0);
	assert_string_equal(text_at(json_array_get(json_object_get(one, "groups"), 0), "name"),
			    "branch");
	check(w, 1, 1);
	check_system(w, w->id[0], true);
	check_system(w, w->id[2], false);
	decline(w, groups, &twice);
	expect(&twice, 409, "already_declined");
	ask(w, "GET", PATCH, NULL, &patch);
	assert_true(json_is_null(json_object_get(patch.json, "decline")));
	assert_string_not_equal(text_at(patch.json, "approval"), "declined");
	assert_int_equal(json_array_size(json_object_get(patch.json, "group_declines")), 1);
	ask(w, "GET", "/api/v1/patches?view=declined&sort=-declined_systems", NULL, &view);
	expect(&view, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(view.json, "items")), 1);
	ask(w, "POST", "/api/v1/deployments:preview", "{\"systems\":{\"all\":true}}", &previewed);
	expect(&previewed, 200, NULL);
	assert_int_equal(int_at(previewed.json, "pairs"),
			 total(w, "/api/v1/patch-systems?state=missing"));
	assert_int_equal(int_at(previewed.json, "declined"), 1);
	const json_t *warnings = json_object_get(previewed.json, "warnings"), *warning;
	size_t i, said = 0;
	json_array_foreach(warnings, i, warning)
		said += strcmp(text_at(warning, "code"), "declined") == 0;
	assert_int_equal(said, 1);

	/* who comes and goes, at once */
	move(w, group, "add", w->id[2]);
	check(w, 0, 2);
	check_system(w, w->id[2], true);
	move(w, group, "remove", w->id[0]);
	check(w, 1, 1);
	check_system(w, w->id[0], false);

	AUTO(xfree) char *group_path = xasprintf("/api/v1/groups/%s", group);
	ask(w, "DELETE", group_path, NULL, &in_use);
	expect(&in_use, 409, "group_in_use");
	AUTO(xfree) char *path = xasprintf("/api/v1/declines/%s", text_at(one, "id"));
	ask(w, "DELETE", path, NULL, &ended);
	expect(&ended, 204, NULL);
	check(w, 2, 0);
	ask(w, "DELETE", group_path, NULL, &gone);
	expect(&gone, 204, NULL);
	ask(w, "GET", "/api/v1/declines?state=ended", NULL, &list);
	expect(&list, 200, NULL);
	one = json_array_get(json_object_get(list.json, "items"), 0);
	assert_string_equal(text_at(json_array_get(json_object_get(one, "groups"), 0), "name"),
			    "branch");
	assert_int_equal(match_verify(w->match), 0);
}

static void M_111_groups_that_cannot_be_named(void **state)
{
	struct world *w = *state;
	char group[33], asking[33], etag[60];
	make(w, "web", "hostname = *", group);
	make(w, "behind", "missing > 0", asking);
	AUTO(xfree) char *of_asking = xasprintf("[\"%s\"]", asking);
	AUTO(xfree) char *of_both = xasprintf("[\"%s\",\"%s\"]", group, asking);
	AUTO(xfree) char *of_group = xasprintf("[\"%s\"]", group);
	const char *bad[] = { "[]",	   "{}",      "[1]",
			      "[\"web\"]", "\"web\"", "[\"00000000000000000000000000000000\"]" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply r;
		decline(w, bad[i], &r);
		expect(&r, 400, "invalid_group");
	}
	AUTO(reply_done) struct reply alone, both, made, shown, changed, ended;
	decline(w, of_asking, &alone);
	expect(&alone, 400, "invalid_group");
	decline(w, of_both, &both);
	expect(&both, 400, "invalid_group");
	decline(w, of_group, &made);
	expect(&made, 201, NULL);
	check(w, 0, 2);
	AUTO(xfree) char *path = xasprintf("/api/v1/groups/%s", group);
	ask(w, "GET", path, NULL, &shown);
	assert_true(header(&shown, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	const char *extra[] = { match, NULL };
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	request(w, &admin, "PATCH", path, "{\"filter\":\"health = healthy\"}", extra, &changed);
	expect(&changed, 409, "group_in_use");
	AUTO(reply_done) struct reply narrower;
	AUTO(xfree)
	char *none = xasprintf("{\"filter\":\"hostname = nobody\"}");
	request(w, &admin, "PATCH", path, none, extra, &narrower);
	expect(&narrower, 200, NULL);
	check(w, 2, 0); /* nobody is in it */
	const json_t *one = json_array_get(json_object_get(made.json, "items"), 0);
	AUTO(xfree) char *end = xasprintf("/api/v1/declines/%s", text_at(one, "id"));
	ask(w, "DELETE", end, NULL, &ended);
	expect(&ended, 204, NULL);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_111_declined_for_a_group_everything_says_so),
		cmocka_unit_test(M_111_groups_that_cannot_be_named),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run_with(group, false);
}
