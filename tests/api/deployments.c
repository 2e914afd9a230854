/* SPDX-License-Identifier: Apache-2.0
 * Deployments over HTTP: preview, creation exactly once, stale previews, selections, cancelling,
 * lists; scans, jobs, settings and enrolment tokens too. */
#include "deploying.h"

static void M_131_from_patches_and_exactly_once(void **state)
{
	struct world *w = *state;
	static const char selection[] = "\"name\":\"first\",\"patches\":{\"ids\":[\"" SSL "\"]}";
	AUTO(xfree) char *token = preview(w, selection), *body = creation(selection, token);
	AUTO(reply_done) struct reply no_key, bad_key, first, again, other, list;
	char location[200], where[200], replayed[20];
	post(w, "/api/v1/deployments", body, NULL, &no_key);
	expect(&no_key, 400, "idempotency_key_required");
	post(w, "/api/v1/deployments", body, "short", &bad_key);
	expect(&bad_key, 400, "invalid_idempotency_key");
	post(w, "/api/v1/deployments", body, "key-number-1", &first);
	expect(&first, 201, NULL);
	assert_int_equal(int_at(json_object_get(first.json, "targets"), "total"), 2);
	AUTO(reply_done) struct reply patches;
	AUTO(xfree)
	char *of_patches = xasprintf("/api/v1/deployments/%s/patches", text_at(first.json, "id"));
	get(w, of_patches, &patches);
	expect(&patches, 200, NULL);
	assert_string_equal(
		text_at(json_array_get(json_object_get(patches.json, "items"), 0), "id"), SSL);
	assert_true(header(&first, "Location", location, sizeof(location)));
	(void)snprintf(where, sizeof(where), "/api/v1/deployments/%s", text_at(first.json, "id"));
	assert_string_equal(location, where);
	post(w, "/api/v1/deployments", body, "key-number-1", &again);
	expect(&again, 201, NULL);
	assert_true(header(&again, "Idempotency-Replayed", replayed, sizeof(replayed)));
	assert_string_equal(again.body.p, first.body.p);
	AUTO(xfree)
	char *changed = creation("\"name\":\"second\",\"patches\":{\"ids\":[\"" SSL "\"]}", token);
	post(w, "/api/v1/deployments", changed, "key-number-1", &other);
	expect(&other, 422, "idempotency_mismatch");
	get(w, "/api/v1/deployments", &list);
	expect(&list, 200, NULL);
	assert_int_equal(int_at(json_object_get(list.json, "page"), "total"), 1);
}

static void a_refused_creation_leaves_its_key_free(void **state)
{
	struct world *w = *state;
	static const char selection[] =
		"\"systems\":{\"ids\":[\"00000000000000000000000000000002\"]}";
	AUTO(xfree)
	char *token = preview(w, selection), *wrong = creation(selection, "0000"),
	     *right = creation(selection, token);
	AUTO(reply_done) struct reply refused, made;
	post(w, "/api/v1/deployments", wrong, "key-number-2", &refused);
	expect(&refused, 409, "preview_stale");
	post(w, "/api/v1/deployments", right, "key-number-2", &made);
	expect(&made, 201, NULL);
	assert_int_equal(int_at(made.json, "patches"), 1); /* M-130: all that the system misses */
}

static void a_claim_from_before_a_restart_is_not_run_again(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	static const char selection[] =
		"\"systems\":{\"ids\":[\"00000000000000000000000000000002\"]}";
	AUTO(xfree) char *token = preview(w, selection), *body = creation(selection, token);
	AUTO(reply_done) struct reply made, again;
	post(w, "/api/v1/deployments", body, "key-number-3", &made);
	expect(&made, 201, NULL);
	/* As if the server had been killed between the work and the answer. */
	engines_exec(w->db,
		     "update api_idempotency set status = 0, body = null, server_run = 'before' "
		     "where idem_key = 'key-number-3'");
	post(w, "/api/v1/deployments", body, "key-number-3", &again);
	expect(&again, 409, "idempotency_unfinished");
	kit_now_ms += 25 * 3600 * 1000;
	ok(api_tick(w->api, &e), &e);
	kit_now_ms -= 25 * 3600 * 1000;
	AUTO(xfree) char *fresh = preview(w, selection), *later = creation(selection, fresh);
	AUTO(reply_done) struct reply forgotten;
	post(w, "/api/v1/deployments", later, "key-number-3", &forgotten);
	expect(&forgotten, 201, NULL);
}

/* M-137: nothing older is offered here, so nothing goes back, and it says why. */
static void an_uninstallation_says_what_cannot_go_back(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, none, odd;
	post(w, "/api/v1/deployments:preview",
	     "{\"operation\":\"uninstall\",\"patches\":{\"ids\":[\"" SSL "\"]}}", NULL, &r);
	expect(&r, 200, NULL);
	assert_int_equal(int_at(r.json, "pairs"), 0);
	assert_int_equal(int_at(r.json, "n_steps"), 0);
	const json_t *left = json_object_get(r.json, "not_applicable");
	assert_true(json_array_size(left) > 0);
	assert_string_equal(text_at(json_array_get(left, 0), "reason"), "no_previous_version");
	post(w, "/api/v1/deployments:preview",
	     "{\"operation\":\"uninstall\",\"systems\":{\"ids\":[\"00000000000000000000000000000002\"]}}",
	     NULL, &none);
	expect(&none, 400, "invalid_selection");
	post(w, "/api/v1/deployments:preview",
	     "{\"operation\":\"remove\",\"patches\":{\"ids\":[\"" SSL "\"]}}", NULL, &odd);
	expect(&odd, 400, NULL);
}

static char *deployed(struct world *w, const char *selection, const char *key)
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree) char *token = preview(w, selection), *body = creation(selection, token);
	post(w, "/api/v1/deployments", body, key, &r);
	expect(&r, 201, NULL);
	return xstrdup(text_at(r.json, "id"));
}

static void plans_are_approved_where_that_was_asked_for(void **state)
{
	static const char hash[] = "{\"hashes\":[\"0123456789012345678901234567890123456789"
				   "012345678901234567890123\"]}";
	struct world *w = *state;
	AUTO(reply_done) struct reply list, none, unknown, wrong, target;
	AUTO(xfree) char *plain = deployed(w, "\"patches\":{\"ids\":[\"" SSL "\"]}", "key-plan-1");
	AUTO(xfree)
	char *asks = deployed(w, "\"approval\":\"plan\",\"patches\":{\"ids\":[\"" SSL "\"]}",
			      "key-plan-2");
	AUTO(xfree) char *plans = xasprintf("/api/v1/deployments/%s/plans", asks);
	AUTO(xfree) char *approve = xasprintf("/api/v1/deployments/%s/plans:approve", asks);
	AUTO(xfree) char *other = xasprintf("/api/v1/deployments/%s/plans:approve", plain);
	AUTO(xfree)
	char *one = xasprintf(
		"/api/v1/deployments/%s/targets/00000000000000000000000000000001/plan", asks);
	get(w, plans, &list);
	expect(&list, 200, NULL);
	assert_string_equal(text_at(list.json, "approval"), "plan");
	assert_int_equal(json_array_size(json_object_get(list.json, "items")), 0);
	post(w, approve, hash, NULL, &unknown);
	expect(&unknown, 404, NULL);
	post(w, approve, "{\"hashes\":[]}", NULL, &wrong);
	expect(&wrong, 400, NULL);
	post(w, other, hash, NULL, &none);
	expect(&none, 409, "no_approval_wanted");
	get(w, one, &target);
	expect(&target, 404, NULL);
}

static void selections_say_what_is_wrong_with_them(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *selection;
		int status;
		const char *code;
	} cases[] = {
		{ "", 400, "invalid_selection" },
		{ "\"patches\":{}", 400, "invalid_selection" },
		{ "\"patches\":{\"ids\":[]}", 400, "invalid_selection" },
		{ "\"patches\":{\"ids\":[\"" SSL "\"],\"all\":true}", 400, "invalid_selection" },
		{ "\"patches\":{\"ids\":[\"debian:12:nothing:1\"]}", 400, "invalid_selection" },
		{ "\"patches\":{\"ids\":[7]}", 400, "invalid_selection" },
		{ "\"patches\":{\"all\":false}", 400, "invalid_selection" },
		{ "\"patches\":{\"filter\":{\"colour\":\"red\"}}", 400, "invalid_selection" },
		{ "\"patches\":{\"filter\":{\"severity\":\"worst\"}}", 400, "invalid_selection" },
		{ "\"patches\":{\"filter\":{\"severity\":\"low\"}}", 400, "selection_empty" },
		{ "\"patches\":{\"filter\":{\"type\":\"security\"},\"expected_count\":3}", 409,
		  "selection_changed" },
		{ "\"systems\":{\"ids\":[\"0000000000000000000000000000000f\"]}", 400,
		  "invalid_selection" },
		{ "\"systems\":{\"all\":true,\"extra\":1}", 400, "invalid_selection" },
		{ "\"systems\":{\"all\":true},\"policy\":\"never\"", 400, "unknown_policy" },
		{ "\"systems\":{\"all\":true},\"role\":\"administrator\"", 400, "unknown_member" },
		{ "\"patches\":{\"filter\":{\"type\":\"security\"},\"expected_count\":12}", 200,
		  NULL },
		{ "\"systems\":{\"filter\":{\"q\":\"web\"},\"exclude\":[\"00000000000000000000000000000001\"]}",
		  200, NULL },
		{ "\"systems\":{\"all\":true},\"patches\":{\"all\":true}", 200, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree) char *body = xasprintf("{%s}", cases[i].selection);
		post(w, "/api/v1/deployments:preview", body, NULL, &r);
		expect(&r, cases[i].status, cases[i].code);
		if (i == 16)
			assert_int_equal(int_at(r.json, "systems"), 1);
		if (i == 17)
			assert_int_equal(int_at(r.json, "pairs"), 34);
	}
}

static void M_150_targets_with_reasons_pages_and_cancelling(void **state)
{
	struct world *w = *state;
	static const char selection[] = "\"name\":\"all\",\"systems\":{\"all\":true},\"now\":true";
	kit_now_ms += 10; /* the newest */
	AUTO(xfree) char *token = preview(w, selection), *body = creation(selection, token);
	AUTO(reply_done)
	struct reply made, targets, next, back, log, cancelled, twice, of_system, none;
	post(w, "/api/v1/deployments", body, "key-number-4", &made);
	expect(&made, 201, NULL);
	AUTO(xfree)
	char *path = xasprintf("/api/v1/deployments/%s/targets?limit=2&state=pending",
			       text_at(made.json, "id"));
	get(w, path, &targets);
	expect(&targets, 200, NULL);
	const json_t *items = json_object_get(targets.json, "items"),
		     *page = json_object_get(targets.json, "page");
	assert_int_equal(json_array_size(items), 2);
	assert_int_equal(int_at(page, "total"), 3);
	assert_string_equal(text_at(json_array_get(items, 0), "hostname"), "db1");
	assert_string_equal(text_at(json_array_get(items, 0), "reason"), "server_downloading");
	AUTO(xfree) char *path2 = xasprintf("%s&cursor=%s", path, text_at(page, "next_cursor"));
	get(w, path2, &next);
	expect(&next, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(next.json, "items")), 1);
	assert_string_equal(
		text_at(json_array_get(json_object_get(next.json, "items"), 0), "hostname"),
		"web2");
	page = json_object_get(next.json, "page");
	assert_true(json_is_null(json_object_get(page, "next_cursor")));
	AUTO(xfree) char *path3 = xasprintf("%s&cursor=%s", path, text_at(page, "prev_cursor"));
	get(w, path3, &back);
	expect(&back, 200, NULL);
	assert_string_equal(
		text_at(json_array_get(json_object_get(back.json, "items"), 0), "hostname"), "db1");
	assert_true(
		json_is_null(json_object_get(json_object_get(back.json, "page"), "prev_cursor")));
	AUTO(xfree)
	char *log_path = xasprintf("/api/v1/deployments/%s/targets/%s/log",
				   text_at(made.json, "id"), w->id[0]);
	get(w, log_path, &log);
	expect(&log, 404, "not_found");
	AUTO(xfree)
	char *cancel = xasprintf("/api/v1/deployments/%s:cancel", text_at(made.json, "id"));
	AUTO(reply_done) struct reply one;
	AUTO(xfree) char *self = xasprintf("/api/v1/deployments/%s", text_at(made.json, "id"));
	get(w, self, &one);
	expect(&one, 200, NULL);
	assert_string_equal(text_at(one.json, "state"), "ready");
	post(w, cancel, NULL, NULL, &cancelled);
	expect(&cancelled, 200, NULL);
	assert_string_equal(text_at(cancelled.json, "state"), "cancelled");
	post(w, cancel, NULL, NULL, &twice);
	expect(&twice, 409, "not_cancellable");
	get(w, "/api/v1/systems/00000000000000000000000000000003/deployments", &of_system);
	expect(&of_system, 200, NULL);
	assert_string_equal(
		text_at(json_object_get(json_array_get(json_object_get(of_system.json, "items"), 0),
					"deployment"),
			"name"),
		"all");
	get(w, "/api/v1/deployments/ffffffffffffffffffffffffffffffff", &none);
	expect(&none, 404, "not_found");
}

static void deployments_page_both_ways(void **state)
{
	struct world *w = *state;
	static const char selection[] =
		"\"systems\":{\"ids\":[\"00000000000000000000000000000002\"]}";
	for (int i = 0; i < 3; i++) {
		AUTO(xfree)
		char *token = preview(w, selection), *body = creation(selection, token),
		     *key = xasprintf("page-key-%d", i);
		AUTO(reply_done) struct reply r;
		kit_now_ms += 10;
		post(w, "/api/v1/deployments", body, key, &r);
		expect(&r, 201, NULL);
	}
	char *at = NULL, first[40] = "", last_prev[3000] = "";
	int seen = 0;
	json_int_t total = 0;
	do {
		AUTO(reply_done) struct reply r;
		AUTO(xfree)
		char *path = xasprintf("/api/v1/deployments?limit=2%s%s", at ? "&cursor=" : "",
				       at ? at : "");
		get(w, path, &r);
		expect(&r, 200, NULL);
		const json_t *items = json_object_get(r.json, "items"),
			     *page = json_object_get(r.json, "page");
		if (!seen)
			(void)snprintf(first, sizeof(first), "%s",
				       text_at(json_array_get(items, 0), "id"));
		seen += (int)json_array_size(items);
		total = int_at(page, "total");
		(void)snprintf(last_prev, sizeof(last_prev), "%s", text_at(page, "prev_cursor"));
		xfree(at);
		at = *text_at(page, "next_cursor") ? xstrdup(text_at(page, "next_cursor")) : NULL;
	} while (at);
	assert_int_equal(seen, total);
	assert_true(total >= 3);
	while (*last_prev) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree)
		char *path = xasprintf("/api/v1/deployments?limit=2&cursor=%s", last_prev);
		get(w, path, &r);
		expect(&r, 200, NULL);
		const json_t *page = json_object_get(r.json, "page");
		assert_true(*text_at(page, "next_cursor"));
		(void)snprintf(last_prev, sizeof(last_prev), "%s", text_at(page, "prev_cursor"));
		if (!*last_prev)
			assert_string_equal(
				text_at(json_array_get(json_object_get(r.json, "items"), 0), "id"),
				first);
	}
}

static void scans_are_asked_for(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, seen, bad;
	post(w, "/api/v1/systems:scan", "{\"filter\":{\"q\":\"web\"},\"expected_count\":2}",
	     "scan-key-1", &r);
	expect(&r, 202, NULL);
	assert_int_equal(int_at(r.json, "systems"), 2);
	assert_int_equal(int_at(r.json, "connected"), 0);
	get(w, "/api/v1/systems?scan=requested", &seen);
	assert_int_equal(int_at(json_object_get(seen.json, "page"), "total"), 2);
	post(w, "/api/v1/systems:scan", "{\"ids\":[\"nobody\"]}", NULL, &bad);
	expect(&bad, 400, "invalid_selection");
}

#define EVIDENCE                                                                                   \
	"{\"restart\":[{\"pid\":9,\"unit\":\"nginx.service\",\"exe\":\"/usr/sbin/nginx\","         \
	"\"libraries\":[\"/usr/lib/libssl.so.3\"],\"packages\":[\"libssl3\"]},{\"pid\":8,"         \
	"\"unit\":\"dbus.service\",\"exe\":\"/usr/bin/dbus-daemon\",\"libraries\":[],"             \
	"\"packages\":[]},{\"pid\":7,\"unit\":\"\",\"exe\":\"/usr/bin/own\",\"libraries\":[],"     \
	"\"packages\":[]}]}"

static void AC_03_services_are_restarted_by_evidence(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	struct err e = { 0 };
	struct host_attrs attrs = { .hostname = (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .health_json = (char[]) { EVIDENCE } };
	static const struct {
		const char *body;
		int status;
		const char *code;
	} bad[] = {
		{ "{\"services\":[\"dbus.service\"]}", 409, "service_protected" },
		{ "{\"services\":[\"cron.service\"]}", 409, "nothing_to_restart" },
		{ "{\"services\":[\"nginx\"]}", 400, "invalid" },
		{ "{\"services\":[\"-x.service\"]}", 400, "invalid" },
		{ "{\"services\":[1]}", 400, "invalid" },
		{ "{\"services\":[]}", 400, "invalid" },
		{ "{\"policy\":\"none\"}", 400, "unknown_policy" },
	};
	AUTO(xfree) char *system = xasprintf("/api/v1/systems/%s", w->id[0]);
	AUTO(xfree) char *one = xasprintf("%s:restart-services", system);
	AUTO(xfree) char *other = xasprintf("/api/v1/systems/%s:restart-services", w->id[1]);
	AUTO(xfree)
	char *both = xasprintf("{\"systems\":{\"ids\":[\"%s\",\"%s\"]}}", w->id[0], w->id[1]);
	static const char *const remedies[] = { "restart", "reboot", "none" };
	AUTO(reply_done) struct reply shown, made, targets, many, none, unknown, denied;
	ok(fleet_contact(w->fleet, w->host[0], &attrs, &e), &e);
	get(w, system, &shown);
	expect(&shown, 200, NULL);
	const json_t *list = json_object_get(json_object_get(shown.json, "evidence"), "restart");
	for (size_t i = 0; i < ARRAY_LEN(remedies); i++)
		assert_string_equal(text_at(json_array_get(list, i), "remedy"), remedies[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply no;
		post(w, one, bad[i].body, NULL, &no);
		expect(&no, bad[i].status, bad[i].code);
	}
	post(w, one, "{\"services\":[\"nginx.service\"]}", "restart-key-1", &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(made.json, "operation"), "restart_services");
	AUTO(xfree)
	char *path = xasprintf("/api/v1/deployments/%s/targets", text_at(made.json, "id"));
	get(w, path, &targets);
	const json_t *t = json_array_get(json_object_get(targets.json, "items"), 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(t, "services"), 0)),
			    "nginx.service");
	post(w, "/api/v1/systems:restart-services", both, NULL, &many);
	expect(&many, 201, NULL);
	assert_int_equal(int_at(json_object_get(many.json, "targets"), "total"), 1);
	post(w, other, "{}", NULL, &none);
	expect(&none, 409, "nothing_to_restart");
	post(w, "/api/v1/systems/ffffffffffffffffffffffffffffffff:restart-services", "{}", NULL,
	     &unknown);
	expect(&unknown, 404, "not_found");
	request(w, &guest, "POST", one, "{}", NULL, &denied);
	expect(&denied, 403, "denied");
}

static void M_172_machines_are_restarted_on_demand(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	AUTO(xfree) char *one = xasprintf("/api/v1/systems/%s:reboot", w->id[0]);
	AUTO(xfree)
	char *both = xasprintf("{\"systems\":{\"ids\":[\"%s\",\"%s\"]}}", w->id[0], w->id[1]);
	AUTO(reply_done) struct reply made, again, targets, many, unknown, policy, denied;
	post(w, one, "{}", "reboot-key-1", &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(made.json, "operation"), "reboot");
	post(w, one, "{}", "reboot-key-1", &again); /* the same request, and no second reboot */
	expect(&again, 201, NULL);
	assert_string_equal(text_at(again.json, "id"), text_at(made.json, "id"));
	AUTO(xfree)
	char *path = xasprintf("/api/v1/deployments/%s/targets", text_at(made.json, "id"));
	get(w, path, &targets);
	const json_t *t = json_array_get(json_object_get(targets.json, "items"), 0);
	assert_true(json_is_null(json_object_get(t, "reboot"))); /* it has not gone away yet */
	assert_true(json_is_null(json_object_get(t, "reboot_due")));
	post(w, "/api/v1/systems:reboot", both, NULL, &many);
	expect(&many, 201, NULL);
	assert_int_equal(int_at(json_object_get(many.json, "targets"), "total"), 2);
	post(w, "/api/v1/systems/ffffffffffffffffffffffffffffffff:reboot", "{}", NULL, &unknown);
	expect(&unknown, 404, "not_found");
	post(w, one, "{\"policy\":\"none\"}", NULL, &policy);
	expect(&policy, 400, "unknown_policy");
	request(w, &guest, "POST", one, "{}", NULL, &denied);
	expect(&denied, 403, "denied");
}

static void M_167_M_172_a_policys_actions(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = {
		"{\"name\":\"B\",\"schedule\":{},\"before\":{\"reboots\":true}}",
		"{\"name\":\"B\",\"schedule\":{},\"after\":{\"power\":\"off\"}}",
		"{\"name\":\"B\",\"schedule\":{},\"after\":{\"wait_minutes\":1441}}",
		"{\"name\":\"B\",\"schedule\":{},\"after\":{\"postpone\":{\"times\":1,\"minutes\":60,"
		"\"deadline_hours\":8}}}",
		"{\"name\":\"B\",\"schedule\":{},\"after\":{\"wait_minutes\":20,\"postpone\":"
		"{\"times\":1,\"minutes\":60,\"deadline_hours\":25}}}",
	};
	AUTO(reply_done) struct reply made, shown, changed, gone;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply no;
		post(w, "/api/v1/deployment-policies", bad[i], NULL, &no);
		expect(&no, 400, "invalid_actions");
	}
	post(w, "/api/v1/deployment-policies",
	     "{\"name\":\"Reboots\",\"schedule\":{},\"before\":{\"reboot\":true},"
	     "\"after\":{\"power\":\"reboot_if_needed\",\"wait_minutes\":20,"
	     "\"postpone\":{\"times\":3,\"minutes\":60,\"deadline_hours\":8}}}",
	     NULL, &made);
	expect(&made, 201, NULL);
	AUTO(xfree)
	char *path = xasprintf("/api/v1/deployment-policies/%s", text_at(made.json, "id"));
	get(w, path, &shown);
	const json_t *after = json_object_get(shown.json, "after");
	assert_string_equal(text_at(after, "power"), "reboot_if_needed");
	assert_int_equal(int_at(after, "wait_minutes"), 20);
	assert_int_equal(int_at(json_object_get(after, "postpone"), "deadline_hours"), 8);
	/* what a change leaves out is as it was */
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	char etag[40];
	assert_true(header(&shown, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	request(w, &admin, "PATCH", path,
		"{\"name\":\"Reboots\",\"schedule\":{},\"after\":{\"power\":\"shutdown\"}}",
		(const char *[]) { match, NULL }, &changed);
	expect(&changed, 200, NULL);
	assert_true(
		json_is_true(json_object_get(json_object_get(changed.json, "before"), "reboot")));
	assert_string_equal(text_at(json_object_get(changed.json, "after"), "power"), "shutdown");
	request(w, &admin, "DELETE", path, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
}

static void syncs_and_jobs(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply started, list, one, none, feeds;
	post(w, "/api/v1/feeds:sync", NULL, NULL, &started);
	expect(&started, 202, NULL);
	assert_int_equal(w->synced, 1);
	assert_string_equal(text_at(started.json, "id"), JOB_ID);
	get(w, "/api/v1/jobs?state=running", &list);
	expect(&list, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(list.json, "items")), 1);
	get(w, "/api/v1/jobs/" JOB_ID, &one);
	expect(&one, 200, NULL);
	get(w, "/api/v1/jobs/x", &none);
	expect(&none, 404, "not_found");
	get(w, "/api/v1/feeds", &feeds);
	expect(&feeds, 200, NULL);
}

/* F38: what is held is shown with its numbers and taken over only by who may change settings. */
static void F38_a_held_generation_is_shown_and_accepted(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR), viewer = as(w, ROLE_AUDITOR);
	struct err e = { 0 };
	char id[] = "debian/held", kind[] = "debian", url[] = "http://h";
	struct feed_state st = { .id = id, .kind = kind, .url = url, .rows = 2 };
	for (int n = 2; n; n--) {
		struct feed_info f = { .id = str_of(id),
				       .kind = str_of(kind),
				       .url = str_of(url),
				       .signer = STR_LIT("") };
		AUTO(sink_free) struct sink *s = sink_new(&f);
		struct generation g;
		for (int i = 0; i < n; i++) {
			AUTO(xfree) char *name = xasprintf("held%d", i);
			kit_patch(s, name, "1", PATCH_TYPE_BUGFIX);
			struct component c = { .kind = COMPONENT_DEB,
					       .name = str_of(name),
					       .arch = STR_LIT("amd64"),
					       .version = STR_LIT("1"),
					       .archive = CATALOG_NONE };
			ok(sink_component(s, &c, &e), &e);
		}
		ok(sink_finish(s, &g.records, &g.feed, &e), &e);
		bool saved = generation_save(w->db, &g, 1000, false, &e);
		assert_int_equal(saved, n == 2);
	}
	st.error = e.msg;
	st.error_code = (char *)err_code_name(e.code);
	st.error_subject = id;
	ok(feed_state_save(w->db, &st, &e), &e);
	AUTO(reply_done) struct reply list, denied, done, again;
	request(w, &admin, "GET", "/api/v1/feeds", NULL, NULL, &list);
	expect(&list, 200, NULL);
	json_t *items = json_object_get(list.json, "items"), *held = NULL;
	for (size_t i = 0; i < json_array_size(items); i++)
		if (strcmp(text_at(json_array_get(items, i), "id"), id) == 0) {
			held = json_object_get(json_array_get(items, i), "held");
			assert_non_null(strstr(text_at(json_array_get(items, i), "error"),
					       "shrank from 2 to 1"));
			const json_t *trouble = json_object_get(json_array_get(items, i),
								"trouble");
			assert_string_equal(text_at(trouble, "code"), "conflict");
			assert_string_equal(text_at(json_object_get(trouble, "params"), "subject"),
					    id);
		}
	assert_int_equal(int_at(held, "rows"), 1);
	static const char body[] = "{\"feed\":\"debian/held\"}";
	request(w, &viewer, "POST", "/api/v1/feeds:accept", body, NULL, &denied);
	expect(&denied, 403, NULL);
	request(w, &admin, "POST", "/api/v1/feeds:accept", body, NULL, &done);
	expect(&done, 200, NULL);
	assert_true(json_is_null(json_object_get(done.json, "held")));
	assert_true(json_is_null(json_object_get(done.json, "error")));
	assert_int_equal(int_at(done.json, "rows"), 1);
	request(w, &admin, "POST", "/api/v1/feeds:accept", body, NULL, &again);
	expect(&again, 404, "not_found");
}

static void settings_change_on_the_version_that_was_read(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	char etag[60], newer[60];
	AUTO(reply_done)
	struct reply all, unconditional, done, stale, unknown, wrong_type, out_of_range, reset;
	request(w, &admin, "GET", "/api/v1/settings", NULL, NULL, &all);
	expect(&all, 200, NULL);
	assert_true(header(&all, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	const char *extra[] = { match, NULL };
	static const char change[] = "{\"values\":{\"agent.refresh_s\":600}}";
	request(w, &admin, "PATCH", "/api/v1/settings", change, NULL, &unconditional);
	expect(&unconditional, 428, "precondition_required");
	request(w, &admin, "PATCH", "/api/v1/settings", change, extra, &done);
	expect(&done, 200, NULL);
	assert_int_equal(settings_int(w->settings, SETTING_REFRESH_CYCLE_S), 600);
	assert_true(header(&done, "ETag", newer, sizeof(newer)));
	assert_string_not_equal(etag, newer);
	request(w, &admin, "PATCH", "/api/v1/settings", change, extra, &stale);
	expect(&stale, 412, "precondition_failed");
	AUTO(xfree) char *match2 = xasprintf("If-Match: %s", newer);
	const char *extra2[] = { match2, NULL };
	request(w, &admin, "PATCH", "/api/v1/settings", "{\"values\":{\"no.such\":1}}", extra2,
		&unknown);
	expect(&unknown, 400, "unknown_setting");
	request(w, &admin, "PATCH", "/api/v1/settings",
		"{\"values\":{\"agent.refresh_s\":\"600\"}}", extra2, &wrong_type);
	expect(&wrong_type, 400, "invalid_setting");
	request(w, &admin, "PATCH", "/api/v1/settings", "{\"values\":{\"agent.refresh_s\":1}}",
		extra2, &out_of_range);
	expect(&out_of_range, 400, "invalid_setting");
	request(w, &admin, "PATCH", "/api/v1/settings", "{\"values\":{\"agent.refresh_s\":null}}",
		extra2, &reset);
	expect(&reset, 200, NULL);
	assert_int_equal(settings_int(w->settings, SETTING_REFRESH_CYCLE_S), 5400);
}

static void enrolment_tokens_are_shown_once(void **state)
{
	struct world *w = *state;
	struct who t = as(w, ROLE_TECHNICIAN);
	AUTO(reply_done) struct reply made, list, gone, again, offices, bad;
	post(w, "/api/v1/enrolment-tokens", "{\"label\":\"lab\",\"max_uses\":5}", NULL, &made);
	expect(&made, 201, NULL);
	const char *token = text_at(made.json, "token");
	assert_int_equal(strlen(token), 5 + 16 + 1 + 43 + 1 + 64);
	const char *command = text_at(json_array_get(json_object_get(made.json, "install"), 0),
				      "command");
	assert_non_null(strstr(command, token));
	assert_non_null(strstr(command, "https://patch.example:8027"));
	get(w, "/api/v1/enrolment-tokens", &list);
	expect(&list, 200, NULL);
	assert_null(strstr(list.body.p, token + 5 + 17));
	AUTO(xfree)
	char *path = xasprintf("/api/v1/enrolment-tokens/%s",
			       text_at(json_object_get(made.json, "enrolment_token"), "id"));
	request(w, &t, "DELETE", path, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
	get(w, "/api/v1/enrolment-tokens", &again);
	assert_string_equal(
		text_at(json_array_get(json_object_get(again.json, "items"), 0), "state"),
		"revoked");
	get(w, "/api/v1/offices", &offices);
	assert_int_equal(
		int_at(json_array_get(json_object_get(offices.json, "items"), 0), "systems"), 3);
	post(w, "/api/v1/enrolment-tokens", "{\"max_uses\":0}", NULL, &bad);
	expect(&bad, 400, NULL);
}

static void retired_systems_leave_the_numbers(void **state)
{
	struct world *w = *state;
	struct who t = as(w, ROLE_TECHNICIAN);
	AUTO(reply_done) struct reply r, again, list, retired, dashboard;
	request(w, &t, "DELETE", "/api/v1/systems/00000000000000000000000000000003", NULL, NULL,
		&r);
	expect(&r, 204, NULL);
	request(w, &t, "DELETE", "/api/v1/systems/00000000000000000000000000000003", NULL, NULL,
		&again);
	expect(&again, 204, NULL);
	get(w, "/api/v1/systems", &list);
	assert_int_equal(int_at(json_object_get(list.json, "page"), "total"), 2);
	get(w, "/api/v1/systems?state=retired", &retired);
	assert_int_equal(int_at(json_object_get(retired.json, "page"), "total"), 1);
	get(w, "/api/v1/dashboard", &dashboard);
	assert_int_equal(int_at(json_object_get(dashboard.json, "patches"), "missing"), 2);
}

static void M_143_a_deployment_is_published(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	static const char *const bad[] = {
		"\"systems\":{\"all\":true},\"option\":\"offer\"",
		"\"systems\":{\"all\":true},\"option\":\"publish\",\"deadline\":\"soon\"",
	};
	static const char selection[] = "\"systems\":{\"all\":true},\"option\":\"publish\","
					"\"deadline\":\"2099-01-01T00:00:00Z\"";
	AUTO(reply_done) struct reply made, list;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree) char *body = xasprintf("{%s}", bad[i]);
		post(w, "/api/v1/deployments:preview", body, NULL, &r);
		expect(&r, 400, NULL);
	}
	AUTO(xfree) char *token = preview(w, selection), *body = creation(selection, token);
	post(w, "/api/v1/deployments", body, "published-1", &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(made.json, "option"), "publish");
	assert_string_equal(text_at(made.json, "deadline"), "2099-01-01T00:00:00Z");
	request(w, &guest, "GET", "/api/v1/portal", NULL, NULL, &list);
	expect(&list, 200, NULL);
	const json_t *items = json_object_get(list.json, "items");
	assert_int_equal(json_array_size(items), 1);
	assert_string_equal(text_at(json_array_get(items, 0), "id"), text_at(made.json, "id"));
	/* what was chosen goes into a clone; a draft is not published */
	AUTO(reply_done) struct reply clone, still;
	AUTO(xfree)
	char *path = xasprintf("/api/v1/deployments/%s:clone", text_at(made.json, "id"));
	post(w, path, NULL, "published-2", &clone);
	expect(&clone, 201, NULL);
	assert_string_equal(text_at(clone.json, "option"), "deploy");
	const json_t *chosen = json_object_get(clone.json, "request");
	assert_string_equal(text_at(chosen, "option"), "publish");
	assert_string_equal(text_at(chosen, "deadline"), "2099-01-01T00:00:00Z");
	request(w, &guest, "GET", "/api/v1/portal", NULL, NULL, &still);
	assert_int_equal(json_array_size(json_object_get(still.json, "items")), 1);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_131_from_patches_and_exactly_once),
		cmocka_unit_test(a_refused_creation_leaves_its_key_free),
		cmocka_unit_test(a_claim_from_before_a_restart_is_not_run_again),
		cmocka_unit_test(plans_are_approved_where_that_was_asked_for),
		cmocka_unit_test(an_uninstallation_says_what_cannot_go_back),
		cmocka_unit_test(selections_say_what_is_wrong_with_them),
		cmocka_unit_test(M_150_targets_with_reasons_pages_and_cancelling),
		cmocka_unit_test(deployments_page_both_ways),
		cmocka_unit_test(scans_are_asked_for),
		cmocka_unit_test(AC_03_services_are_restarted_by_evidence),
		cmocka_unit_test(M_172_machines_are_restarted_on_demand),
		cmocka_unit_test(M_167_M_172_a_policys_actions),
		cmocka_unit_test(syncs_and_jobs),
		cmocka_unit_test(F38_a_held_generation_is_shown_and_accepted),
		cmocka_unit_test(settings_change_on_the_version_that_was_read),
		cmocka_unit_test(enrolment_tokens_are_shown_once),
		cmocka_unit_test(retired_systems_leave_the_numbers),
		cmocka_unit_test(M_143_a_deployment_is_published),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
