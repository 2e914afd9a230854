/* SPDX-License-Identifier: Apache-2.0
 * Custom groups and filters over HTTP (M-179..M-183, S-21), and deployments aimed by targets
 * (M-134..M-136). */
#include "world.h"

#define SSL "debian:12:openssl:3.0.2-1"

static void ask(struct world *w, enum role role, const char *method, const char *path,
		const char *body, struct reply *out)
{
	struct who who = as(w, role);
	request(w, &who, method, path, body, NULL, out);
}

static void post(struct world *w, const char *path, const char *body, struct reply *out)
{
	ask(w, ROLE_TECHNICIAN, "POST", path, body, out);
}

/* The id of a new group, in `id`. */
static void make(struct world *w, const char *name, const char *category, const char *filter,
		 char id[static 33])
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree)
	char *body = xasprintf(
		"{\"name\":\"%s\",\"category\":\"%s\",\"description\":\"of %s\"%s%s%s}", name,
		category, name, filter ? ",\"filter\":\"" : "", filter ? filter : "",
		filter ? "\"" : "");
	post(w, "/api/v1/groups", body, &r);
	expect(&r, 201, NULL);
	(void)snprintf(id, 33, "%s", text_at(r.json, "id"));
}

static char *path_of(const char *id, const char *verb)
{
	return xasprintf("/api/v1/groups/%s%s", id, verb);
}

/* Puts in or takes out one system. */
static void move(struct world *w, const char *id, const char *verb, int host, struct reply *out)
{
	AUTO(xfree) char *path = path_of(id, verb);
	AUTO(xfree) char *body = xasprintf("{\"systems\":{\"ids\":[\"%s\"]}}", w->id[host]);
	post(w, path, body, out);
}

static void M_183_groups_are_made_listed_changed_and_removed(void **state)
{
	struct world *w = *state;
	char web[33], old[33], etag[60];
	AUTO(reply_done)
	struct reply list, dynamic, one, unconditional, stale, changed, renamed, bad, taken, denied,
		removed, gone;
	make(w, "web", "static", NULL, web);
	make(w, "old scans", "dynamic", "group = web or last_scan > 30d", old);
	ask(w, ROLE_GUEST, "GET", "/api/v1/groups?facets=category&sort=-name", NULL, &list);
	expect(&list, 200, NULL);
	const json_t *items = json_object_get(list.json, "items");
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(text_at(json_array_get(items, 0), "name"), "web");
	assert_string_equal(text_at(json_array_get(items, 0), "type"), "computer");
	ask(w, ROLE_GUEST, "GET", "/api/v1/groups?category=dynamic&q=SCANS", NULL, &dynamic);
	expect(&dynamic, 200, NULL);
	assert_int_equal(int_at(json_object_get(dynamic.json, "page"), "total"), 1);
	AUTO(xfree) char *path = path_of(web, ""), *old_path = path_of(old, "");
	ask(w, ROLE_GUEST, "GET", path, NULL, &one);
	expect(&one, 200, NULL);
	assert_true(header(&one, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	const char *extra[] = { match, NULL };
	struct who t = as(w, ROLE_TECHNICIAN);
	request(w, &t, "PATCH", path, "{\"description\":\"x\"}", NULL, &unconditional);
	expect(&unconditional, 428, "precondition_required");
	/* a filter has its name */
	request(w, &t, "PATCH", path, "{\"name\":\"www\"}", extra, &renamed);
	expect(&renamed, 409, "group_in_use");
	request(w, &t, "PATCH", path, "{\"description\":\"x\"}", extra, &changed);
	expect(&changed, 200, NULL);
	assert_string_equal(text_at(changed.json, "description"), "x");
	assert_string_equal(text_at(changed.json, "name"), "web");
	request(w, &t, "PATCH", path, "{\"description\":\"y\"}", extra, &stale);
	expect(&stale, 412, "precondition_failed");
	request(w, &t, "PATCH", old_path, "{\"filter\":\"group = \\\"old scans\\\"\"}", extra,
		&bad);
	expect(&bad, 400, "invalid_filter"); /* itself */
	post(w, "/api/v1/groups", "{\"name\":\"web\",\"category\":\"unique\"}", &taken);
	expect(&taken, 409, "group_name_taken");
	ask(w, ROLE_GUEST, "DELETE", old_path, NULL, &denied);
	expect(&denied, 403, NULL);
	ask(w, ROLE_TECHNICIAN, "DELETE", path, NULL, &gone);
	expect(&gone, 409, "group_in_use");
	ask(w, ROLE_TECHNICIAN, "DELETE", old_path, NULL, &removed);
	expect(&removed, 204, NULL);
}

static void AC32_a_group_may_limit_who_is_unavailable_at_once(void **state)
{
	static const char *const wrong[] = { "{}",
					     "1",
					     "{\"systems\":0}",
					     "{\"percent\":101}",
					     "{\"hosts\":1}",
					     "{\"systems\":1,\"percent\":10}" };
	struct world *w = *state;
	AUTO(reply_done) struct reply made, changed, kept, ended;
	struct who t = as(w, ROLE_TECHNICIAN);
	const char *extra[] = { "If-Match: \"1\"", NULL };
	post(w, "/api/v1/groups",
	     "{\"name\":\"db\",\"category\":\"static\",\"max_unavailable\":{\"systems\":2}}",
	     &made);
	expect(&made, 201, NULL);
	assert_int_equal(int_at(json_object_get(made.json, "max_unavailable"), "systems"), 2);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		AUTO(reply_done) struct reply bad;
		AUTO(xfree)
		char *body = xasprintf(
			"{\"name\":\"x\",\"category\":\"static\",\"max_unavailable\":%s}",
			wrong[i]);
		post(w, "/api/v1/groups", body, &bad);
		expect(&bad, 400, NULL);
	}
	AUTO(xfree) char *path = path_of(text_at(made.json, "id"), "");
	request(w, &t, "PATCH", path, "{\"max_unavailable\":{\"percent\":25}}", extra, &changed);
	expect(&changed, 200, NULL);
	assert_int_equal(int_at(json_object_get(changed.json, "max_unavailable"), "percent"), 25);
	extra[0] = "If-Match: \"2\"";
	request(w, &t, "PATCH", path, "{\"description\":\"x\"}", extra, &kept);
	expect(&kept, 200, NULL);
	assert_int_equal(int_at(json_object_get(kept.json, "max_unavailable"), "percent"), 25);
	extra[0] = "If-Match: \"3\"";
	request(w, &t, "PATCH", path, "{\"max_unavailable\":null}", extra, &ended);
	expect(&ended, 200, NULL);
	assert_true(json_is_null(json_object_get(ended.json, "max_unavailable")));
}

static void M_181_members_come_and_go(void **state)
{
	struct world *w = *state;
	char a[33], b[33], c[33];
	AUTO(reply_done) struct reply in, twice, other, out, members, follows, empty;
	make(w, "first", "unique", NULL, a);
	make(w, "second", "unique", NULL, b);
	make(w, "follows", "dynamic", "os = debian", c);
	move(w, a, ":add", 0, &in);
	expect(&in, 200, NULL);
	assert_int_equal(int_at(in.json, "members"), 1);
	move(w, b, ":add", 0, &twice);
	expect(&twice, 409, "group_conflict");
	assert_non_null(strstr(text_at(twice.json, "detail"), "'first'"));
	AUTO(xfree) char *path = path_of(a, "/members?facets=os");
	ask(w, ROLE_GUEST, "GET", path, NULL, &members);
	expect(&members, 200, NULL);
	assert_string_equal(
		text_at(json_array_get(json_object_get(members.json, "items"), 0), "id"), w->id[0]);
	move(w, a, ":remove", 0, &out);
	expect(&out, 200, NULL);
	assert_int_equal(int_at(out.json, "members"), 0);
	move(w, b, ":add", 0, &other);
	expect(&other, 200, NULL);
	move(w, c, ":add", 0, &follows);
	expect(&follows, 409, "group_conflict");
	AUTO(xfree) char *add = path_of(a, ":add");
	post(w, add, "{\"systems\":{\"ids\":[]}}", &empty);
	expect(&empty, 400, "invalid_selection");
}

static void M_182_a_filter_is_previewed(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply all, rows, nested, bad, group, systems, wrong, fields, chosen;
	post(w, "/api/v1/groups:preview", "{\"filter\":\"os=debian\"}", &all);
	expect(&all, 200, NULL);
	assert_int_equal(int_at(all.json, "count"), WORLD_HOSTS);
	assert_string_equal(text_at(all.json, "filter"), "os = debian");
	assert_int_equal(int_at(json_object_get(all.json, "platforms"), "linux"), WORLD_HOSTS);
	post(w, "/api/v1/groups:preview",
	     "{\"filter\":\"package openssl < 3.0.2-1 or missing_patch in (\\\"" SSL "\\\", x)\"}",
	     &rows);
	expect(&rows, 200, NULL);
	assert_int_equal(int_at(rows.json, "count"), 2);
	const json_t *list = json_object_get(rows.json, "rows");
	assert_string_equal(text_at(list, "join"), "or");
	assert_string_equal(text_at(json_array_get(json_object_get(list, "items"), 0), "version"),
			    "3.0.2-1");
	post(w, "/api/v1/groups:preview", "{\"filter\":\"not (reboot or online)\"}", &nested);
	expect(&nested, 200, NULL);
	assert_true(json_is_null(json_object_get(nested.json, "rows")));
	post(w, "/api/v1/groups:preview", "{\"filter\":\"os = debian and helth = bad\"}", &bad);
	expect(&bad, 400, "invalid_filter");
	const json_t *params = json_object_get(bad.json, "params");
	assert_int_equal(int_at(params, "position"), 17);
	assert_true(json_array_size(json_object_get(params, "expected")) > 20);
	post(w, "/api/v1/groups:preview", "{\"filter\":\"group = nobody\"}", &group);
	expect(&group, 400, "invalid_filter");
	/* the same language on the list, and in a selection */
	ask(w, ROLE_GUEST, "GET", "/api/v1/systems?filter=missing_patch%20%3D%20%22" SSL "%22",
	    NULL, &systems);
	expect(&systems, 200, NULL);
	assert_int_equal(int_at(json_object_get(systems.json, "page"), "total"), 2);
	ask(w, ROLE_GUEST, "GET", "/api/v1/systems?filter=os", NULL, &wrong);
	expect(&wrong, 400, "invalid_filter");
	ask(w, ROLE_GUEST, "GET", "/api/v1/filter-fields", NULL, &fields);
	expect(&fields, 200, NULL);
	assert_true(json_array_size(json_object_get(fields.json, "items")) > 20);
	post(w, "/api/v1/deployments:preview",
	     "{\"systems\":{\"filter\":{\"filter\":\"missing_patch = \\\"" SSL "\\\"\"}}}",
	     &chosen);
	expect(&chosen, 200, NULL);
	assert_int_equal(int_at(chosen.json, "systems"), 2);
}

static void M_135_targets_are_previewed_and_deployed_to(void **state)
{
	struct world *w = *state;
	char id[33];
	AUTO(reply_done)
	struct reply seen, bad, filter, nobody, both, shown, made, in_use, cancelled, removed,
		moved;
	make(w, "canaries", "static", NULL, id);
	move(w, id, ":add", 0, &moved);
	expect(&moved, 200, NULL);
	AUTO(xfree)
	char *targets = xasprintf("\"targets\":{\"groups\":[\"%s\"],\"exclude\":{\"filter\":"
				  "\"last_scan > 30d\"},\"mode\":\"dynamic\"}",
				  id),
	     *alone = xasprintf("{%s}", targets);
	post(w, "/api/v1/targets:preview", alone, &seen);
	expect(&seen, 200, NULL);
	assert_int_equal(int_at(seen.json, "count"), 1);
	post(w, "/api/v1/targets:preview", "{\"targets\":{\"ip_ranges\":[\"10.0.0\"]}}", &bad);
	expect(&bad, 400, "invalid_targets");
	post(w, "/api/v1/targets:preview", "{\"targets\":{\"exclude\":{\"filter\":\"x\"}}}",
	     &filter);
	expect(&filter, 400, "invalid_filter");
	const json_t *error = json_array_get(json_object_get(filter.json, "errors"), 0);
	assert_string_equal(text_at(error, "pointer"), "/targets/exclude/filter");
	post(w, "/api/v1/targets:preview",
	     "{\"targets\":{\"groups\":[\"00000000000000000000000000000000\"]}}", &nobody);
	expect(&nobody, 400, "invalid_targets");
	post(w, "/api/v1/deployments:preview", "{\"targets\":{},\"systems\":{\"all\":true}}",
	     &both);
	expect(&both, 400, "invalid_targets");
	AUTO(xfree)
	char *request_body = xasprintf("{\"patches\":{\"ids\":[\"" SSL "\"]},%s}", targets);
	post(w, "/api/v1/deployments:preview", request_body, &shown);
	expect(&shown, 200, NULL);
	assert_int_equal(int_at(shown.json, "systems"), 1);
	AUTO(xfree)
	char *creation = xasprintf("{\"patches\":{\"ids\":[\"" SSL
				   "\"]},%s,\"preview_token\":\"%s\"}",
				   targets, text_at(shown.json, "preview_token"));
	struct who t = as(w, ROLE_TECHNICIAN);
	const char *key[] = { "Idempotency-Key: key-number-9", NULL };
	request(w, &t, "POST", "/api/v1/deployments", creation, key, &made);
	expect(&made, 201, NULL);
	const json_t *aim = json_object_get(made.json, "aimed_at");
	assert_string_equal(text_at(aim, "mode"), "dynamic");
	assert_int_equal(int_at(json_object_get(made.json, "targets"), "total"), 1);
	AUTO(xfree) char *path = path_of(id, "");
	ask(w, ROLE_TECHNICIAN, "DELETE", path, NULL, &in_use);
	expect(&in_use, 409, "group_in_use");
	AUTO(xfree)
	char *cancel = xasprintf("/api/v1/deployments/%s:cancel", text_at(made.json, "id"));
	post(w, cancel, NULL, &cancelled);
	expect(&cancelled, 200, NULL);
	ask(w, ROLE_TECHNICIAN, "DELETE", path, NULL, &removed);
	expect(&removed, 204, NULL);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_183_groups_are_made_listed_changed_and_removed),
		cmocka_unit_test(AC32_a_group_may_limit_who_is_unavailable_at_once),
		cmocka_unit_test(M_181_members_come_and_go),
		cmocka_unit_test(M_182_a_filter_is_previewed),
		cmocka_unit_test(M_135_targets_are_previewed_and_deployed_to),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run_with(group, false);
}
