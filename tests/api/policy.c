/* SPDX-License-Identifier: Apache-2.0
 * What is managed and how status is judged, over HTTP: the matrix (M-074), the preview of a status
 * policy (S-07). */
#include "world.h"

static json_int_t systems(const struct reply *r, const char *when, const char *health)
{
	return int_at(json_object_get(r->json, when), health);
}

static void S_07_a_policy_is_previewed_before_it_is_saved(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR), guest = as(w, ROLE_GUEST);
	static const char path[] = "/api/v1/health-policy:preview";
	AUTO(reply_done) struct reply none, less, old, bad, denied, reset;
	request(w, &admin, "POST", path, "{\"values\":{}}", NULL, &none);
	expect(&none, 200, NULL);
	assert_int_equal(systems(&none, "before", "highly_vulnerable"), 2);
	assert_int_equal(systems(&none, "before", "vulnerable"), 1);
	assert_int_equal(systems(&none, "after", "highly_vulnerable"), 2);
	assert_int_equal(json_array_size(json_object_get(none.json, "moves")), 0);
	request(w, &admin, "POST", path, "{\"values\":{\"health.highly.critical\":2}}", NULL,
		&less);
	expect(&less, 200, NULL);
	assert_int_equal(systems(&less, "before", "highly_vulnerable"), 2);
	assert_int_equal(systems(&less, "after", "vulnerable"), 3);
	const json_t *move = json_array_get(json_object_get(less.json, "moves"), 0);
	assert_string_equal(text_at(move, "from"), "highly_vulnerable");
	assert_string_equal(text_at(move, "to"), "vulnerable");
	assert_int_equal(int_at(move, "systems"), 2);
	assert_int_equal(settings_int(w->settings, SETTING_HEALTH_HIGHLY_CRITICAL), 1);
	/* An hour is the shortest time; the scans of this fleet are younger than that. */
	request(w, &admin, "POST", path,
		"{\"values\":{\"agent.stale_scan_s\":3600,\"health.vulnerable.unrated\":0}}", NULL,
		&old);
	expect(&old, 200, NULL);
	assert_int_equal(systems(&old, "after", "healthy"), 1);
	assert_int_equal(systems(&old, "after", "unknown"), 0);
	request(w, &admin, "POST", path, "{\"values\":{\"health.highly.critical\":null}}", NULL,
		&reset);
	expect(&reset, 200, NULL);
	assert_int_equal(systems(&reset, "after", "highly_vulnerable"), 2);
	request(w, &admin, "POST", path, "{\"values\":{\"agent.stale_scan_s\":5}}", NULL, &bad);
	expect(&bad, 400, "invalid_setting");
	request(w, &guest, "POST", path, "{\"values\":{}}", NULL, &denied);
	expect(&denied, 403, NULL);
}

static const json_t *class_of(const struct reply *r, const char *type)
{
	const json_t *row = json_array_get(json_object_get(r->json, "items"), 0), *one;
	size_t i;
	assert_string_equal(text_at(row, "family"), "debian");
	assert_string_equal(text_at(row, "platform"), "linux");
	json_array_foreach(json_object_get(row, "classes"), i, one)
	{
		if (strcmp(text_at(one, "type"), type) == 0)
			return one;
	}
	return NULL;
}

static void M_074_the_matrix_shows_what_a_change_will_do(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	struct err e = { 0 };
	AUTO(reply_done) struct reply all, off;
	request(w, &guest, "GET", "/api/v1/patch-scope", NULL, NULL, &all);
	expect(&all, 200, NULL);
	assert_int_equal(int_at(class_of(&all, "bugfix"), "patches"), 20);
	assert_int_equal(int_at(class_of(&all, "security"), "patches"), 12);
	assert_true(json_is_true(json_object_get(class_of(&all, "bugfix"), "enabled")));
	assert_null(class_of(&all, "driver"));
	struct setting_change c = { .id = SETTING_SCOPE_OFF,
				    .value = STR_LIT("debian/bugfix\ndebian/driver") };
	ok(settings_change(w->settings, &c, 1, -1, NULL, &e), &e);
	request(w, &guest, "GET", "/api/v1/patch-scope", NULL, NULL, &off);
	expect(&off, 200, NULL);
	assert_true(json_is_false(json_object_get(class_of(&off, "bugfix"), "enabled")));
	assert_true(json_is_false(json_object_get(class_of(&off, "bugfix"), "applied")));
	assert_true(json_is_true(json_object_get(class_of(&off, "driver"), "applied")));
	c.reset = true;
	ok(settings_change(w->settings, &c, 1, -1, NULL, &e), &e);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_07_a_policy_is_previewed_before_it_is_saved),
		cmocka_unit_test(M_074_the_matrix_shows_what_a_change_will_do),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
