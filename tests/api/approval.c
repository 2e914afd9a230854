/* SPDX-License-Identifier: Apache-2.0
 * Approval and automated deployments over HTTP (M-098, M-185..M-188, S-08). */
#include "world.h"

#define OPENSSL "debian:12:openssl:3.0.2-1"
#define ZLIB "debian:12:zlib:1.3-2"

static void M_098_patches_are_approved_filtered_and_pending(void **state)
{
	struct world *w = *state;
	struct who tech = as(w, ROLE_TECHNICIAN), guest = as(w, ROLE_GUEST);
	AUTO(reply_done)
	struct reply denied, settings, missing, manual, unapproved, some, pending, approved, bad;
	request(w, &guest, "POST", "/api/v1/patches:approve", "{\"patches\":{\"all\":true}}", NULL,
		&denied);
	expect(&denied, 403, NULL);
	request(w, &guest, "GET", "/api/v1/approval", NULL, NULL, &settings);
	expect(&settings, 200, NULL);
	assert_string_equal(text_at(settings.json, "mode"), "automatic");
	request(w, &tech, "PATCH", "/api/v1/approval", "{\"mode\":\"manual\"}", NULL, &missing);
	expect(&missing, 400, "existing_needed");
	request(w, &tech, "PATCH", "/api/v1/approval",
		"{\"mode\":\"manual\",\"existing\":\"keep\"}", NULL, &manual);
	expect(&manual, 200, NULL);
	assert_string_equal(text_at(manual.json, "mode"), "manual");
	request(w, &tech, "POST", "/api/v1/patches:unapprove",
		"{\"patches\":{\"ids\":[\"" ZLIB "\"]},\"reason\":\"not yet\"}", NULL, &unapproved);
	expect(&unapproved, 200, NULL);
	assert_int_equal(int_at(unapproved.json, "changed"), 1);
	request(w, &guest, "GET",
		"/api/v1/patches?view=supported&approval=not_approved&facets=approval", NULL, NULL,
		&some);
	expect(&some, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(some.json, "items")), 1);
	request(w, &guest, "GET", "/api/v1/approval/pending", NULL, NULL, &pending);
	expect(&pending, 200, NULL);
	const json_t *p = json_array_get(json_object_get(pending.json, "items"), 0);
	assert_string_equal(text_at(p, "id"), ZLIB);
	assert_string_equal(text_at(p, "approval"), "not_approved");
	assert_string_equal(text_at(json_object_get(p, "approval_detail"), "reason"), "not yet");
	assert_string_equal(text_at(json_object_get(p, "decision"), "verdict"), "person");
	request(w, &tech, "POST", "/api/v1/patches:approve", "{\"patches\":{\"all\":true}}", NULL,
		&approved);
	expect(&approved, 200, NULL);
	assert_int_equal(int_at(approved.json, "changed"), 1);
	request(w, &tech, "POST", "/api/v1/patches:approve", "{}", NULL, &bad);
	expect(&bad, 400, NULL);
}

static void M_187_a_failed_test_can_be_begun_again(void **state)
{
	struct world *w = *state;
	struct who tech = as(w, ROLE_TECHNICIAN);
	AUTO(reply_done) struct reply all, mode, again, pending;
	request(w, &tech, "PATCH", "/api/v1/approval",
		"{\"mode\":\"test\",\"existing\":\"unapprove\",\"test\":{\"targets\":{}}}", NULL,
		&all);
	expect(&all, 400, NULL); /* a test on all systems is none */
	request(w, &tech, "PATCH", "/api/v1/approval",
		"{\"mode\":\"test\",\"existing\":\"unapprove\"}", NULL, &mode);
	expect(&mode, 200, NULL);
	request(w, &tech, "POST", "/api/v1/patches:test-again",
		"{\"patches\":{\"ids\":[\"" OPENSSL "\"]}}", NULL, &again);
	expect(&again, 200, NULL);
	assert_int_equal(int_at(again.json, "changed"), 0);
	request(w, &tech, "GET", "/api/v1/approval/pending", NULL, NULL, &pending);
	expect(&pending, 200, NULL);
	const json_t *p = json_array_get(json_object_get(pending.json, "items"), 0);
	assert_string_equal(text_at(json_object_get(p, "decision"), "verdict"), "targets");
}

static void S_08_a_task_is_made_planned_paused_reset_and_removed(void **state)
{
	struct world *w = *state;
	struct who tech = as(w, ROLE_TECHNICIAN), guest = as(w, ROLE_GUEST);
	static const char body[] =
		"{\"name\":\"Security\",\"types\":[\"security\"],\"exclude\":[\"zlib*\"],"
		"\"age\":{\"days\":0,\"after\":\"approval\"},\"express\":{\"kev\":true,\"epss_gte\":0.5},"
		"\"force_after_days\":7}";
	AUTO(reply_done)
	struct reply dry, denied, made, twice, list, feature, plan, changed, got, paused, resumed,
		reset, removed, gone;
	request(w, &guest, "POST", "/api/v1/auto-deployments:preview", body, NULL, &dry);
	expect(&dry, 200, NULL);
	assert_true(int_at(dry.json, "patches") > 0);
	request(w, &guest, "POST", "/api/v1/auto-deployments", body, NULL, &denied);
	expect(&denied, 403, NULL);
	request(w, &tech, "POST", "/api/v1/auto-deployments", body, NULL, &made);
	expect(&made, 201, NULL);
	assert_int_equal(int_at(made.json, "halt_after"), 3);
	AUTO(xfree) char *path = xasprintf("/api/v1/auto-deployments/%s", text_at(made.json, "id"));
	AUTO(xfree)
	char *p_plan = xasprintf("%s/plan", path), *p_pause = xasprintf("%s:pause", path);
	AUTO(xfree) char *p_resume = xasprintf("%s:resume", path);
	AUTO(xfree) char *p_reset = xasprintf("%s:reset", path);
	request(w, &tech, "POST", "/api/v1/auto-deployments", body, NULL, &twice);
	expect(&twice, 409, "auto_name_taken");
	request(w, &tech, "POST", "/api/v1/auto-deployments",
		"{\"name\":\"x\",\"types\":[\"feature\"]}", NULL, &feature);
	expect(&feature, 400, NULL);
	request(w, &guest, "GET", "/api/v1/auto-deployments", NULL, NULL, &list);
	expect(&list, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(list.json, "items")), 1);
	request(w, &guest, "GET", p_plan, NULL, NULL, &plan);
	expect(&plan, 200, NULL);
	/* the dry run of a task that has deployed nothing yet is that of its form */
	assert_int_equal(int_at(plan.json, "pairs"), int_at(dry.json, "pairs"));
	request(w, &tech, "PATCH", path, "{\"name\":\"All\"}", NULL, &changed);
	expect(&changed, 200, NULL);
	request(w, &guest, "GET", path, NULL, NULL, &got);
	expect(&got, 200, NULL);
	assert_string_equal(text_at(got.json, "name"), "All");
	request(w, &tech, "POST", p_pause, NULL, NULL, &paused);
	expect(&paused, 200, NULL);
	assert_non_null(text_at(paused.json, "paused"));
	request(w, &tech, "POST", p_resume, NULL, NULL, &resumed);
	expect(&resumed, 200, NULL);
	assert_true(json_is_null(json_object_get(resumed.json, "paused")));
	request(w, &tech, "POST", p_reset, "{\"patch\":\"" OPENSSL "\"}", NULL, &reset);
	expect(&reset, 200, NULL);
	request(w, &tech, "DELETE", path, NULL, NULL, &removed);
	expect(&removed, 204, NULL);
	request(w, &guest, "GET", path, NULL, NULL, &gone);
	expect(&gone, 404, NULL);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_08_a_task_is_made_planned_paused_reset_and_removed),
		cmocka_unit_test(M_098_patches_are_approved_filtered_and_pending),
		cmocka_unit_test(M_187_a_failed_test_can_be_begun_again),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
