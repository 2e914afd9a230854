/* SPDX-License-Identifier: Apache-2.0
 * How far a plan may be from the approved one, and what is taken as its details. */
#include "proto/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ok(bool good, const struct err *e)
{
	if (!good)
		fail_msg("%s", e->msg);
}

static int compare(struct str a, struct str b)
{
	return str_cmp(a, b);
}

static bool within(const char *approved, const char *now, enum plan_drift allowed)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *a = NULL, *n = NULL;
	ok(json_parse(str_of(approved), 10000, &a, &e) && json_parse(str_of(now), 10000, &n, &e),
	   &e);
	return plan_drift_within(a, n, allowed, compare);
}

#define STEP(action, name, from, to)                                                               \
	"{\"name\":\"" name "\",\"arch\":\"amd64\",\"from\":\"" from "\",\"to\":\"" to             \
	"\",\"action\":\"" action "\"}"

static void each_choice_permits_what_it_says(void **state)
{
	static const char approved[] = "[" STEP("upgrade", "ssl", "1", "3") "," STEP(
		"install", "lib", "", "5") "," STEP("remove", "old", "2", "") "]";
	static const struct {
		const char *what, *now;
		enum plan_drift least; /* PLAN_DRIFTS_: by none */
	} cases[] = {
		{ "done meanwhile", "[" STEP("upgrade", "ssl", "1", "3") "]", PLAN_DRIFT_NEWER },
		{ "the approved removal", "[" STEP("remove", "old", "2", "") "]",
		  PLAN_DRIFT_NEWER },
		{ "newer", "[" STEP("upgrade", "ssl", "2", "4") "]", PLAN_DRIFT_NEWER },
		{ "there meanwhile", "[" STEP("upgrade", "lib", "4", "5") "]", PLAN_DRIFT_NEWER },
		{ "older", "[" STEP("upgrade", "ssl", "1", "2") "]", PLAN_DRIFTS_ },
		{ "back", "[" STEP("downgrade", "ssl", "9", "3") "]", PLAN_DRIFTS_ },
		{ "another beside", "[" STEP("install", "new", "", "1") "]",
		  PLAN_DRIFT_DEPENDENCIES },
		{ "another upgraded", "[" STEP("upgrade", "new", "1", "2") "]",
		  PLAN_DRIFT_DEPENDENCIES },
		{ "another removal", "[" STEP("remove", "new", "1", "") "]", PLAN_DRIFTS_ },
		{ "removed instead", "[" STEP("remove", "ssl", "1", "") "]", PLAN_DRIFTS_ },
		{ "another version of a removal", "[" STEP("remove", "old", "3", "") "]",
		  PLAN_DRIFTS_ },
		{ "replaced", "[" STEP("replaced", "new", "1", "") "]", PLAN_DRIFTS_ },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (enum plan_drift d = 0; d < PLAN_DRIFTS_; d++)
			if (within(approved, cases[i].now, d) != (d >= cases[i].least))
				fail_msg("%s, %s", cases[i].what, plan_drift_name(d));
}

static void words_are_read_back(void **state)
{
	enum plan_drift d;
	for (enum plan_drift i = 0; i < PLAN_DRIFTS_; i++) {
		assert_true(plan_drift_of_name(plan_drift_name(i), &d));
		assert_int_equal(d, i);
	}
	assert_false(plan_drift_of_name("any", &d));
}

static void details_have_one_form(void **state)
{
	static const struct {
		const char *json;
		bool good;
	} cases[] = {
		{ "{}", true },
		{ "{\"download\":0,\"disk\":-4096,\"free\":1}", true },
		{ "{\"config_files\":[{\"package\":\"a\",\"path\":\"/etc/a\",\"fate\":\"kept\"}]}",
		  true },
		{ "{\"services\":[{\"unit\":\"a.service\",\"packages\":[\"a\"]}]}", true },
		{ "{\"reboot\":{\"why\":\"kernel\",\"packages\":[],\"running\":\"1\",\"newest\":\"2\"}}",
		  true },
		{ "[]", false },
		{ "{\"download\":-1}", false },
		{ "{\"disk\":\"1\"}", false },
		{ "{\"more\":1}", false },
		{ "{\"config_files\":[{\"package\":\"a\",\"path\":\"/etc/a\",\"fate\":\"deleted\"}]}",
		  true },
		{ "{\"config_files\":[{\"package\":\"a\",\"path\":\"/etc/a\",\"fate\":\"lost\"}]}",
		  false },
		{ "{\"config_files\":[1]}", false },
		{ "{\"services\":[{\"packages\":[]}]}", false },
		{ "{\"services\":[{\"unit\":\"a\",\"packages\":[1]}]}", false },
		{ "{\"reboot\":{\"why\":\"perhaps\"}}", false },
		{ "{\"reboot\":true}", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		AUTO(json_free) json_t *j = NULL;
		ok(json_parse(str_of(cases[i].json), 1000, &j, &e), &e);
		if (plan_details_check(j, &e) != cases[i].good)
			fail_msg("%s: %s", cases[i].json, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_choice_permits_what_it_says),
		cmocka_unit_test(words_are_read_back),
		cmocka_unit_test(details_have_one_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
