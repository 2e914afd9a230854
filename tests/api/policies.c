/* SPDX-License-Identifier: Apache-2.0
 * Deployment policies over HTTP: schedules with their next windows, what users are told. */
#include "deploying.h"

/* M-151: policies are made, seen, changed, used and removed; a schedule's next windows are dates.
 */
static void M_151_deployment_policies(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR), guest = as(w, ROLE_GUEST);
	static const char list[] = "/api/v1/deployment-policies";
#define SUNDAY "{\"windows\":[{\"weekdays\":[\"sun\"],\"start\":\"13:00\",\"end\":\"17:00\"}]}"
	static const char body[] = "{\"name\":\"Sundays\",\"schedule\":" SUNDAY "}";
	AUTO(reply_done) struct reply made, twice, denied, shown, changed, gone, used, all;
	request(w, &admin, "POST", list, body, NULL, &made);
	expect(&made, 201, NULL);
	AUTO(xfree) char *id = xstrdup(text_at(made.json, "id"));
	AUTO(xfree) char *one = xasprintf("%s/%s", list, id);
	request(w, &admin, "POST", list, body, NULL, &twice);
	expect(&twice, 409, "policy_name_taken");
	request(w, &guest, "POST", list, body, NULL, &denied);
	expect(&denied, 403, NULL);
	request(w, &guest, "GET", one, NULL, NULL, &shown);
	expect(&shown, 200, NULL);
	assert_string_equal(text_at(json_object_get(shown.json, "name"), "ja"), "Sundays");
	static const char other[] =
		"{\"name\":\"Any Sunday\",\"description\":\"d\",\"schedule\":" SUNDAY "}";
	AUTO(reply_done) struct reply blind, stale;
	char etag[40];
	assert_true(header(&shown, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	const char *read[] = { match, NULL };
	request(w, &admin, "PATCH", one, other, NULL, &blind);
	expect(&blind, 428, "precondition_required");
	request(w, &admin, "PATCH", one, other, read, &changed);
	expect(&changed, 200, NULL);
	request(w, &admin, "PATCH", one, other, read, &stale); /* in the same millisecond, too */
	expect(&stale, 412, "precondition_failed");
	request(w, &guest, "GET", list, NULL, NULL, &all);
	expect(&all, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(all.json, "items")), 2);
	AUTO(xfree)
	char *selection = xasprintf("\"systems\":{\"all\":true},\"policy\":\"%s\"", id);
	AUTO(xfree) char *token = preview(w, selection), *creating = creation(selection, token);
	AUTO(reply_done) struct reply deployed;
	post(w, "/api/v1/deployments", creating, "key-number-9", &deployed);
	expect(&deployed, 201, NULL);
	assert_string_equal(text_at(deployed.json, "policy"), id);
	request(w, &admin, "DELETE", one, NULL, NULL, &used);
	expect(&used, 409, "policy_in_use");
	AUTO(xfree)
	char *cancel = xasprintf("/api/v1/deployments/%s:cancel", text_at(deployed.json, "id"));
	AUTO(reply_done) struct reply cancelled, after, kept;
	AUTO(xfree)
	char *deployment = xasprintf("/api/v1/deployments/%s", text_at(deployed.json, "id"));
	request(w, &admin, "POST", cancel, NULL, NULL, &cancelled);
	request(w, &admin, "DELETE", one, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
	request(w, &guest, "GET", one, NULL, NULL, &after);
	expect(&after, 404, NULL);
	/* what was deployed with it still says its name */
	request(w, &guest, "GET", deployment, NULL, NULL, &kept);
	expect(&kept, 200, NULL);
	assert_string_equal(text_at(json_object_get(kept.json, "policy_name"), "ja"), "Any Sunday");
}

#define ASKS(hours)                                                                                                \
	"{\"title\":{\"en\":\"Updates\",\"ja\":\"更新\"},\"message\":{\"en\":\"Soon\",\"ja\":\"まもなく\"}," \
	"\"countdown_minutes\":15,\"postpone\":{\"times\":3,\"minutes\":240,\"deadline_hours\":" hours             \
	"}}"

static void M_169_a_policy_tells_users_or_does_not(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	static const char list[] = "/api/v1/deployment-policies";
	AUTO(reply_done) struct reply made, bad, kept, silent;
	request(w, &admin, "POST", list,
		"{\"name\":\"Asks\",\"schedule\":{},\"notification\":" ASKS("721") "}", NULL, &bad);
	expect(&bad, 400, "invalid_notification");
	request(w, &admin, "POST", list,
		"{\"name\":\"Asks\",\"schedule\":{},\"notification\":" ASKS("720") "}", NULL,
		&made);
	expect(&made, 201, NULL);
	AUTO(xfree) char *one = xasprintf("%s/%s", list, text_at(made.json, "id"));
	char etag[40], next[40];
	assert_true(header(&made, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	const char *first[] = { match, NULL };
	request(w, &admin, "PATCH", one, "{\"name\":\"Asks\",\"schedule\":{}}", first, &kept);
	expect(&kept, 200, NULL);
	const json_t *n = json_object_get(kept.json, "notification");
	assert_string_equal(text_at(json_object_get(n, "title"), "ja"), "更新");
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(n, "postpone"), "deadline_hours")),
			 720);
	assert_true(header(&kept, "ETag", next, sizeof(next)));
	AUTO(xfree) char *again = xasprintf("If-Match: %s", next);
	const char *second[] = { again, NULL };
	request(w, &admin, "PATCH", one,
		"{\"name\":\"Asks\",\"schedule\":{},\"notification\":null}", second, &silent);
	expect(&silent, 200, NULL);
	assert_true(json_is_null(json_object_get(silent.json, "notification")));
}

static void M_157_the_next_windows_of_a_schedule(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	static const char path[] = "/api/v1/deployment-policies:preview";
	static const struct {
		const char *body;
		int status;
		const char *code;
	} bad[] = {
		{ "{\"schedule\":{\"windows\":[{\"start\":\"13:00\",\"end\":\"13:30\"}]}}", 400,
		  "invalid_schedule" },
		{ "{\"schedule\":{\"zone\":\"Europe/Atlantis\"}}", 400, "invalid_schedule" },
		{ "{\"schedule\":{},\"zone\":\"Europe/Atlantis\"}", 400, "unknown_zone" },
		{ "{\"schedule\":{},\"from\":\"soon\"}", 400, "invalid_time" },
	};
	AUTO(reply_done) struct reply r, rare;
	request(w, &guest, "POST", path,
		"{\"schedule\":" SUNDAY
		",\"zone\":\"Asia/Tokyo\",\"from\":\"2026-11-23T00:00:00Z\",\"count\":2}",
		NULL, &r);
	expect(&r, 200, NULL);
	const json_t *windows = json_object_get(r.json, "windows");
	assert_int_equal(json_array_size(windows), 2);
	assert_string_equal(text_at(json_array_get(windows, 0), "start"), "2026-11-29T04:00:00Z");
	assert_string_equal(text_at(json_array_get(windows, 1), "end"), "2026-12-06T08:00:00Z");
	request(w, &guest, "POST", path,
		"{\"schedule\":{\"windows\":[{\"weeks\":[5],\"start\":\"13:00\",\"end\":"
		"\"17:00\"}]}}",
		NULL, &rare);
	expect(&rare, 200, NULL);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(rare.json, "warnings"), 0)),
		"rare_week_5");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply no;
		request(w, &guest, "POST", path, bad[i].body, NULL, &no);
		expect(&no, bad[i].status, bad[i].code);
	}
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_151_deployment_policies),
		cmocka_unit_test(M_169_a_policy_tells_users_or_does_not),
		cmocka_unit_test(M_157_the_next_windows_of_a_schedule),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
