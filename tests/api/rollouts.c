/* SPDX-License-Identifier: Apache-2.0
 * Rollouts over HTTP: asked for with a deployment, shown with their waves, halted and resumed with
 * a reason that is in the audit log. */
#include "world.h"

#define CHOSEN "\"patches\":{\"ids\":[\"debian:12:openssl:3.0.2-1\"]}"
#define ROLLOUT                                                                                     \
	"\"rollout\":{\"waves\":[{\"systems\":1},{\"percent\":100}],\"gate\":{\"max_failures\":0}," \
	"\"halt\":{\"percent\":20}}"

static void post(struct world *w, enum role role, const char *path, const char *body,
		 const char *key, struct reply *out)
{
	struct who t = as(w, role);
	AUTO(xfree) char *line = key ? xasprintf("Idempotency-Key: %s", key) : NULL;
	const char *extra[] = { line, NULL };
	request(w, &t, "POST", path, body, extra, out);
}

static const json_t *wave(const struct reply *r, size_t i)
{
	return json_array_get(json_object_get(json_object_get(r->json, "rollout"), "waves"), i);
}

static void F40_waves_are_asked_for_with_the_deployment_and_shown(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply bad, seen, made, all;
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments:preview",
	     "{" CHOSEN ",\"rollout\":{\"waves\":[{\"percent\":50}]}}", NULL, &bad);
	expect(&bad, 400, "invalid_rollout");
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments:preview", "{" CHOSEN "," ROLLOUT "}", NULL,
	     &seen);
	expect(&seen, 200, NULL);
	const json_t *sizes = json_object_get(seen.json, "waves");
	assert_int_equal(json_array_size(sizes), 2);
	assert_int_equal(json_integer_value(json_array_get(sizes, 0)), 1);
	assert_int_equal(json_integer_value(json_array_get(sizes, 1)), 1);
	AUTO(xfree)
	char *body = xasprintf("{" CHOSEN "," ROLLOUT ",\"preview_token\":\"%s\"}",
			       text_at(seen.json, "preview_token"));
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments", body, "rollout-key-1", &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(wave(&made, 0), "state"), "running");
	assert_string_equal(text_at(wave(&made, 0), "why"), "under_way");
	assert_int_equal(int_at(wave(&made, 0), "systems"), 1);
	assert_int_equal(int_at(wave(&made, 0), "targets"), 1);
	assert_string_equal(text_at(wave(&made, 1), "state"), "closed");
	assert_string_equal(text_at(wave(&made, 1), "why"), "wave_before");
	const json_t *rollout = json_object_get(made.json, "rollout");
	assert_int_equal(int_at(json_object_get(rollout, "gate"), "max_failures"), 0);
	assert_int_equal(int_at(json_object_get(rollout, "gate"), "soak_minutes"), 60);
	assert_int_equal(int_at(json_object_get(rollout, "halt"), "percent"), 20);
	assert_true(json_is_null(json_object_get(rollout, "halted")));
	AUTO(xfree)
	char *path = xasprintf("/api/v1/deployments/%s/targets?state=pending",
			       text_at(made.json, "id"));
	struct who t = as(w, ROLE_TECHNICIAN);
	request(w, &t, "GET", path, NULL, NULL, &all);
	expect(&all, 200, NULL);
	int closed = 0;
	for (size_t i = 0; i < 2; i++) {
		const json_t *one = json_array_get(json_object_get(all.json, "items"), i);
		closed += int_at(one, "wave") == 2 &&
			  strcmp(text_at(one, "reason"), "wave_closed") == 0;
	}
	assert_int_equal(closed, 1);
}

static void F40_a_group_is_a_wave_and_keeps_its_name(void **state)
{
	struct world *w = *state;
	char id[64];
	AUTO(reply_done) struct reply group, bad, seen, made, after;
	post(w, ROLE_TECHNICIAN, "/api/v1/groups",
	     "{\"name\":\"canaries\",\"category\":\"static\"}", "rollout-group-1", &group);
	expect(&group, 201, NULL);
	(void)snprintf(id, sizeof(id), "%s", text_at(group.json, "id"));
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments:preview",
	     "{" CHOSEN ",\"rollout\":{\"waves\":[{\"systems\":1},{\"group\":"
	     "\"00000000000000000000000000000000\"},{\"percent\":100}]}}",
	     NULL, &bad);
	expect(&bad, 400, "invalid_rollout");
	assert_string_equal(
		text_at(json_array_get(json_object_get(bad.json, "errors"), 0), "pointer"),
		"/rollout/waves/1/group");
	AUTO(xfree)
	char *rollout = xasprintf("\"rollout\":{\"waves\":[{\"group\":\"%s\"},{\"percent\":100}]}",
				  id);
	AUTO(xfree) char *ask = xasprintf("{" CHOSEN ",%s}", rollout);
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments:preview", ask, NULL, &seen);
	expect(&seen, 200, NULL);
	const json_t *sizes = json_object_get(seen.json, "waves");
	assert_int_equal(json_integer_value(json_array_get(sizes, 0)), 0);
	assert_int_equal(json_integer_value(json_array_get(sizes, 1)), 2);
	const json_t *warnings = json_object_get(seen.json, "warnings"), *one;
	size_t i;
	int empty = 0;
	json_array_foreach(warnings, i, one)
	{
		empty += strcmp(text_at(one, "code"), "empty_waves") == 0;
	}
	assert_int_equal(empty, 1);
	AUTO(xfree)
	char *body = xasprintf("{" CHOSEN ",%s,\"preview_token\":\"%s\"}", rollout,
			       text_at(seen.json, "preview_token"));
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments", body, "rollout-key-9", &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(wave(&made, 0), "group"), id);
	assert_string_equal(text_at(wave(&made, 0), "group_name"), "canaries");
	assert_string_equal(text_at(wave(&made, 0), "why"), "empty");
	AUTO(xfree) char *path = xasprintf("/api/v1/deployments/%s", text_at(made.json, "id"));
	AUTO(xfree) char *at = xasprintf("/api/v1/groups/%s", id);
	AUTO(reply_done) struct reply removed;
	struct who t = as(w, ROLE_TECHNICIAN);
	request(w, &t, "DELETE", at, NULL, NULL, &removed);
	assert_int_equal(removed.status, 204);
	request(w, &t, "GET", path, NULL, NULL, &after);
	expect(&after, 200, NULL);
	assert_string_equal(text_at(wave(&after, 0), "group_name"), "canaries");
}

static const char *made_again(struct world *w, const char *rollout, const char *key, char id[64])
{
	AUTO(reply_done) struct reply seen, made;
	AUTO(xfree) char *ask = xasprintf("{" CHOSEN "%s}", rollout);
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments:preview", ask, NULL, &seen);
	expect(&seen, 200, NULL);
	AUTO(xfree)
	char *body = xasprintf("{" CHOSEN "%s,\"preview_token\":\"%s\"}", rollout,
			       text_at(seen.json, "preview_token"));
	post(w, ROLE_TECHNICIAN, "/api/v1/deployments", body, key, &made);
	expect(&made, 201, NULL);
	(void)snprintf(id, 64, "%s", text_at(made.json, "id"));
	return id;
}

static void AC14_a_rollout_is_halted_and_resumed_with_a_reason(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	char id[64], plain[64];
	made_again(w, "," ROLLOUT, "rollout-key-2", id);
	made_again(w, "", "rollout-key-3", plain);
	AUTO(xfree) char *halt = xasprintf("/api/v1/deployments/%s:halt", id);
	AUTO(xfree) char *resume = xasprintf("/api/v1/deployments/%s:resume-rollout", id);
	AUTO(xfree) char *none = xasprintf("/api/v1/deployments/%s:halt", plain);
	static const char why[] = "{\"reason\":\"the pager rang\"}";
	AUTO(reply_done) struct reply early, denied, empty, halted, twice, resumed, without;
	post(w, ROLE_TECHNICIAN, resume, why, NULL, &early);
	expect(&early, 409, "not_halted");
	post(w, ROLE_GUEST, halt, why, NULL, &denied);
	assert_int_equal(denied.status, 403);
	post(w, ROLE_TECHNICIAN, halt, "{\"reason\":\"\"}", NULL, &empty);
	assert_int_equal(empty.status, 400);
	post(w, ROLE_TECHNICIAN, none, why, NULL, &without);
	expect(&without, 409, "not_haltable");
	post(w, ROLE_TECHNICIAN, halt, why, NULL, &halted);
	expect(&halted, 200, NULL);
	const json_t *rollout = json_object_get(halted.json, "rollout");
	assert_string_equal(text_at(json_object_get(rollout, "halted"), "why"), "manual");
	assert_int_equal(int_at(json_object_get(rollout, "halted"), "wave"), 1);
	assert_string_equal(text_at(rollout, "reason"), "the pager rang");
	assert_string_equal(text_at(wave(&halted, 0), "state"), "halted");
	post(w, ROLE_TECHNICIAN, halt, why, NULL, &twice);
	expect(&twice, 409, "not_haltable");
	post(w, ROLE_TECHNICIAN, resume, why, NULL, &resumed);
	expect(&resumed, 200, NULL);
	rollout = json_object_get(resumed.json, "rollout");
	assert_true(json_is_null(json_object_get(rollout, "halted")));
	assert_string_equal(text_at(wave(&resumed, 0), "state"), "running");
	struct audit_row *rows;
	size_t n;
	ok(auth_audit_list(w->auth, 0, 2, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].action, "rollout.resume");
	assert_string_equal(rows[1].action, "rollout.halt");
	assert_string_equal(rows[1].object, id);
	assert_non_null(strstr(rows[1].detail, "the pager rang"));
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F40_waves_are_asked_for_with_the_deployment_and_shown),
		cmocka_unit_test(F40_a_group_is_a_wave_and_keeps_its_name),
		cmocka_unit_test(AC14_a_rollout_is_halted_and_resumed_with_a_reason),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
