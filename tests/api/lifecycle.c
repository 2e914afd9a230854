/* SPDX-License-Identifier: Apache-2.0
 * The life of a deployment over HTTP (S-11): drafts, changes on the version that was read, suspend,
 * resume, retry, clone, the trash; patches page by page; reasons and failures. */
#include "world.h"

#define SSL "debian:12:openssl:3.0.2-1"

static void ask(struct world *w, const char *method, const char *path, const char *body,
		const char *header, struct reply *out)
{
	struct who t = as(w, ROLE_TECHNICIAN);
	const char *extra[] = { header, NULL };
	request(w, &t, method, path, body, extra, out);
}

/* A deployment of `selection`; its id. */
static char *make(struct world *w, const char *selection, const char *key)
{
	AUTO(reply_done) struct reply seen, made;
	AUTO(xfree) char *header = xasprintf("Idempotency-Key: %s", key);
	AUTO(xfree) char *asked = xasprintf("{%s}", selection);
	kit_now_ms += 10;
	ask(w, "POST", "/api/v1/deployments:preview", asked, NULL, &seen);
	expect(&seen, 200, NULL);
	AUTO(xfree)
	char *body = xasprintf("{%s,\"preview_token\":\"%s\"}", selection,
			       text_at(seen.json, "preview_token"));
	ask(w, "POST", "/api/v1/deployments", body, header, &made);
	expect(&made, 201, NULL);
	return xstrdup(text_at(made.json, "id"));
}

static void verb(struct world *w, const char *id, const char *word, const char *body, int status,
		 const char *code, const char *state)
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree) char *path = xasprintf("/api/v1/deployments/%s:%s", id, word);
	ask(w, "POST", path, body, NULL, &r);
	expect(&r, status, code);
	if (state)
		assert_string_equal(text_at(r.json, "state"), state);
}

static void S_11_suspended_resumed_cancelled_removed_restored(void **state)
{
	struct world *w = *state;
	AUTO(xfree) char *id = make(w, "\"patches\":{\"ids\":[\"" SSL "\"]}", "life-key-1");
	AUTO(xfree) char *one = xasprintf("/api/v1/deployments/%s", id);
	AUTO(reply_done) struct reply early, gone, trash, list, targets;
	verb(w, id, "resume", NULL, 409, "not_suspended", NULL);
	verb(w, id, "suspend", NULL, 200, NULL, "suspended");
	verb(w, id, "suspend", NULL, 409, "not_suspendable", NULL);
	AUTO(xfree) char *of = xasprintf("%s/targets", one);
	ask(w, "GET", of, NULL, NULL, &targets);
	expect(&targets, 200, NULL);
	const json_t *t = json_array_get(json_object_get(targets.json, "items"), 0);
	assert_string_equal(text_at(t, "reason"), "suspended");
	verb(w, id, "resume", NULL, 200, NULL, "ready");
	verb(w, id, "retry", "{}", 409, "nothing_to_retry", NULL);
	verb(w, id, "retry", "{\"systems\":[]}", 400, "invalid_selection", NULL);
	verb(w, id, "restore", NULL, 409, "not_in_trash", NULL);
	ask(w, "DELETE", one, NULL, NULL, &early);
	expect(&early, 409, "not_removable");
	verb(w, id, "cancel", NULL, 200, NULL, "cancelled");
	ask(w, "DELETE", one, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
	ask(w, "GET", "/api/v1/deployments?trash=true", NULL, NULL, &trash);
	expect(&trash, 200, NULL);
	assert_string_equal(text_at(json_array_get(json_object_get(trash.json, "items"), 0), "id"),
			    id);
	verb(w, id, "restore", NULL, 200, NULL, "cancelled");
	ask(w, "GET", "/api/v1/deployments", NULL, NULL, &list);
	assert_string_equal(text_at(json_array_get(json_object_get(list.json, "items"), 0), "id"),
			    id);
}

static void M_129_a_draft_is_changed_on_the_version_that_was_read(void **state)
{
	struct world *w = *state;
	static const char draft[] =
		"{\"name\":\"Later\",\"patches\":{\"filter\":{\"type\":\"security\"},"
		"\"expected_count\":1},\"retry\":{\"refresh\":7,\"start_up\":1},"
		"\"distribution\":\"hold\","
		"\"notify\":{\"to\":[\"a@example.org\"],\"every_minutes\":30},"
		"\"expires\":\"2036-01-01T00:00:00Z\"}";
	static const struct {
		const char *body;
		const char *code;
	} bad[] = {
		{ "{\"retry\":{\"refresh\":8,\"start_up\":0}}", "invalid_retry" },
		{ "{\"retry\":{\"refresh\":20,\"start_up\":1}}", "invalid_retry" },
		{ "{\"expires\":\"tomorrow\"}", "invalid_time" },
		{ "{\"expires\":\"2001-01-01T00:00:00Z\"}", "in_the_past" },
		{ "{\"distribution\":\"some\"}", "invalid" },
		{ "{\"policy\":\"never\"}", "unknown_policy" },
		{ "{\"notify\":{\"to\":[\"a b@example.org\"]}}", "invalid_notify" },
		{ "{\"notify\":{\"to\":[\"a@example.org\"],\"every_minutes\":1}}",
		  "invalid_notify" },
	};
	AUTO(reply_done) struct reply nameless, made, seen, none, stale, changed, read;
	char etag[40], next[40];
	kit_now_ms += 10;
	ask(w, "POST", "/api/v1/deployments:draft", "{\"patches\":{\"all\":true}}", NULL,
	    &nameless);
	expect(&nameless, 400, NULL);
	ask(w, "POST", "/api/v1/deployments:draft", draft, NULL, &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(made.json, "state"), "draft");
	assert_int_equal(int_at(json_object_get(made.json, "retry"), "refresh"), 7);
	const json_t *chosen = json_object_get(json_object_get(made.json, "request"), "patches");
	assert_null(
		json_object_get(chosen, "expected_count")); /* what matched then is no measure */
	AUTO(xfree) char *id = xstrdup(text_at(made.json, "id"));
	AUTO(xfree) char *one = xasprintf("/api/v1/deployments/%s", id);
	ask(w, "GET", one, NULL, NULL, &read);
	assert_true(header(&read, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	ask(w, "PATCH", one, "{\"name\":\"x\"}", NULL, &none);
	expect(&none, 428, "precondition_required");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply no;
		ask(w, "PATCH", one, bad[i].body, match, &no);
		expect(&no, 400, bad[i].code);
	}
	ask(w, "PATCH", one,
	    "{\"name\":\"Soon\",\"retry\":null,\"patches\":{\"ids\":[\"" SSL "\"]}}", match,
	    &changed);
	expect(&changed, 200, NULL);
	assert_true(header(&changed, "ETag", next, sizeof(next)) && strcmp(etag, next) != 0);
	assert_string_equal(text_at(changed.json, "name"), "Soon");
	assert_string_equal(text_at(changed.json, "distribution"), "hold"); /* left out: it stays */
	assert_true(json_is_null(json_object_get(changed.json, "retry")));
	assert_int_equal(int_at(json_object_get(changed.json, "notify"), "every_minutes"), 30);
	assert_null(json_object_get(json_object_get(changed.json, "request"), "notify"));
	ask(w, "PATCH", one, "{\"name\":\"Never\"}", match, &stale);
	expect(&stale, 412, "precondition_failed");
	verb(w, id, "cancel", NULL, 409, "not_cancellable", NULL);
	/* deployed: the same id, once */
	AUTO(xfree)
	char *asked = xasprintf("\"patches\":{\"ids\":[\"" SSL "\"]},\"draft\":\"%s\"", id);
	ask(w, "POST", "/api/v1/deployments:preview", "{\"patches\":{\"ids\":[\"" SSL "\"]}}", NULL,
	    &seen);
	AUTO(xfree)
	char *body = xasprintf("{%s,\"preview_token\":\"%s\"}", asked,
			       text_at(seen.json, "preview_token"));
	AUTO(reply_done) struct reply deployed, twice;
	ask(w, "POST", "/api/v1/deployments", body, "Idempotency-Key: life-key-2", &deployed);
	expect(&deployed, 201, NULL);
	assert_string_equal(text_at(deployed.json, "id"), id);
	assert_string_equal(text_at(deployed.json, "state"), "ready");
	ask(w, "POST", "/api/v1/deployments", body, "Idempotency-Key: life-key-3", &twice);
	expect(&twice, 409, "not_a_draft");
	verb(w, id, "cancel", NULL, 200, NULL, "cancelled");
}

static void a_clone_is_a_draft_of_the_same(void **state)
{
	struct world *w = *state;
	AUTO(xfree)
	char *id = make(w,
			"\"name\":\"October\",\"systems\":{\"filter\":{\"q\":\"web\"},"
			"\"expected_count\":2},\"distribution\":\"hold\","
			"\"notify\":{\"to\":[\"a@example.org\",\"b@example.org\"]}",
			"life-key-4");
	AUTO(xfree) char *path = xasprintf("/api/v1/deployments/%s:clone", id);
	AUTO(reply_done) struct reply clone, again, patches, second;
	ask(w, "POST", path, NULL, "Idempotency-Key: life-key-5", &clone);
	expect(&clone, 201, NULL);
	assert_string_equal(text_at(clone.json, "state"), "draft");
	assert_string_equal(text_at(clone.json, "name"), "October");
	assert_string_equal(text_at(clone.json, "distribution"), "hold");
	const json_t *notify = json_object_get(clone.json, "notify");
	assert_int_equal(json_array_size(json_object_get(notify, "to")), 2);
	assert_int_equal(int_at(notify, "every_minutes"), 60);
	const json_t *systems = json_object_get(json_object_get(clone.json, "request"), "systems");
	assert_string_equal(text_at(json_object_get(systems, "filter"), "q"), "web");
	ask(w, "POST", path, NULL, "Idempotency-Key: life-key-5", &again);
	assert_string_equal(text_at(again.json, "id"), text_at(clone.json, "id"));
	/* one that does not say what was chosen: its patches and systems */
	AUTO(xfree)
	char *forget = xasprintf("update deployment set request = '' where id = '%s'", id);
	engines_exec(w->db, forget);
	AUTO(reply_done) struct reply by_id;
	ask(w, "POST", path, NULL, NULL, &by_id);
	expect(&by_id, 201, NULL);
	systems = json_object_get(json_object_get(by_id.json, "request"), "systems");
	assert_int_equal(json_array_size(json_object_get(systems, "ids")), 2);
	/* patches page by page, both ways */
	AUTO(xfree) char *page1 = xasprintf("/api/v1/deployments/%s/patches?limit=1", id);
	ask(w, "GET", page1, NULL, NULL, &patches);
	expect(&patches, 200, NULL);
	const json_t *page = json_object_get(patches.json, "page");
	assert_int_equal(json_array_size(json_object_get(patches.json, "items")), 1);
	assert_int_equal(int_at(page, "total"), 2);
	AUTO(xfree) char *page2 = xasprintf("%s&cursor=%s", page1, text_at(page, "next_cursor"));
	ask(w, "GET", page2, NULL, NULL, &second);
	expect(&second, 200, NULL);
	AUTO(xfree)
	char *back = xasprintf("%s&cursor=%s", page1,
			       text_at(json_object_get(second.json, "page"), "prev_cursor"));
	AUTO(reply_done) struct reply first;
	ask(w, "GET", back, NULL, NULL, &first);
	expect(&first, 200, NULL);
	assert_true(json_equal(json_object_get(first.json, "items"),
			       json_object_get(patches.json, "items")));
}

/* What was never said as a filter and is too much one by one is refused, not cut short. */
static void a_clone_never_loses_a_part_of_it(void **state)
{
	struct world *w = *state;
	AUTO(xfree) char *id = make(w, "\"patches\":{\"ids\":[\"" SSL "\"]}", "many-key-1");
	AUTO(xfree)
	char *forget = xasprintf("update deployment set request = '' where id = '%s'", id);
	AUTO(xfree)
	char *more = xasprintf(
		"insert into target (deployment, host, hostname, state, reason, detail, updated_ms,"
		" started_ms, finished_ms, next_attempt_ms, attempts, exit_status, done, total,"
		" n_patches, reboot_needed) with recursive k(n) as"
		" (select 1 union all select n + 1 from k where n < 125000)"
		" select '%s', 'abcdefabcdefabcdefabcdef' || (10000000 + n), 'many' || n, %d, '', '',"
		" 0, 0, 0, 0, 0, 0, 0, 0, 1, false from k",
		id, TARGET_CANCELLED);
	engines_exec(w->db, forget);
	engines_exec(w->db, more);
	AUTO(xfree) char *path = xasprintf("/api/v1/deployments/%s:clone", id);
	AUTO(xfree)
	char *less = xasprintf(
		"delete from target where deployment = '%s' and hostname like 'many%%'", id);
	AUTO(reply_done) struct reply refused, clone;
	ask(w, "POST", path, NULL, "Idempotency-Key: many-key-2", &refused);
	expect(&refused, 413, NULL);
	assert_non_null(strstr(text_at(refused.json, "detail"), "filter"));
	engines_exec(w->db, less);
	ask(w, "POST", path, NULL, "Idempotency-Key: many-key-3", &clone);
	expect(&clone, 201, NULL);
	verb(w, id, "cancel", NULL, 200, NULL, "cancelled");
}

static void failures_come_with_what_helps(void **state)
{
	struct world *w = *state;
	AUTO(xfree) char *id = make(w, "\"patches\":{\"ids\":[\"" SSL "\"]}", "life-key-6");
	AUTO(xfree)
	char *fail = xasprintf("update target set state = 4, reason = 'maintainer_script' where "
			       "deployment = '%s'",
			       id);
	AUTO(xfree) char *path = xasprintf("/api/v1/deployments/%s/failures", id);
	AUTO(reply_done) struct reply failures, reasons;
	engines_exec(w->db, fail);
	ask(w, "GET", path, NULL, NULL, &failures);
	expect(&failures, 200, NULL);
	const json_t *g = json_array_get(json_object_get(failures.json, "items"), 0);
	assert_string_equal(text_at(g, "reason"), "maintainer_script");
	assert_int_equal(int_at(g, "systems"), 2);
	assert_int_equal(json_array_size(json_object_get(g, "first")), 2);
	assert_true(text_at(json_object_get(g, "remedy"), "ja")[0] != '\0');
	verb(w, id, "retry", "{\"reason\":\"disk_full\"}", 409, "nothing_to_retry", NULL);
	verb(w, id, "retry", "{\"reason\":\"maintainer_script\"}", 200, NULL, "ready");
	ask(w, "GET", "/api/v1/deployment-reasons", NULL, NULL, &reasons);
	expect(&reasons, 200, NULL);
	assert_true(json_array_size(json_object_get(reasons.json, "items")) > 50);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_11_suspended_resumed_cancelled_removed_restored),
		cmocka_unit_test(M_129_a_draft_is_changed_on_the_version_that_was_read),
		cmocka_unit_test(a_clone_is_a_draft_of_the_same),
		cmocka_unit_test(a_clone_never_loses_a_part_of_it),
		cmocka_unit_test(failures_come_with_what_helps),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
