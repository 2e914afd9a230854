/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts over HTTP (M-168, M-173): taken as they were signed, chosen by policies, handed to
 * agents byte by byte; and what agents say of them. */
#include "deploy/orders/scripts.h"
#include "base/enc.h"
#include "world.h"

static struct sign_key *key;

static char *signed_script(const char *name, int64_t version, const char *platform,
			   int64_t expires_ms)
{
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(json_free) json_t *body = json_object();
	struct err e = { 0 };
	struct script s = { .name = str_of(name),
			    .platform = str_of(platform),
			    .version = version,
			    .expires_ms = expires_ms,
			    .text = STR_LIT("#!/bin/sh\nexit 0\n") };
	ok(script_seal(&s, key, &sealed, &e), &e);
	json_object_set_new(body, "file", json_text(buf_str(&sealed)));
	AUTO(buf_done) struct buf out = BUF_INIT(2 * SCRIPT_SEALED_MAX);
	json_write(body, &out);
	return buf_take(&out);
}

#define FAR INT64_C(4102444800000)

static void M_168_scripts_are_taken_as_signed(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR), guest = as(w, ROLE_GUEST);
	static const char list[] = "/api/v1/scripts";
	AUTO(xfree) char *good = signed_script("stop-db", 2, "linux", FAR);
	AUTO(xfree) char *old = signed_script("stop-db", 1, "linux", 1000);
	AUTO(xfree) char *foreign = signed_script("stop-db", 3, "windows", FAR);
	AUTO(xfree) char *broken = xstrdup(good);
	AUTO(reply_done)
	struct reply made, twice, expired, windows, wrong, denied, all, one, none, gone, absent;
	request(w, &guest, "POST", list, good, NULL, &denied);
	expect(&denied, 403, NULL);
	request(w, &admin, "POST", list, good, NULL, &made);
	expect(&made, 201, NULL);
	assert_string_equal(text_at(made.json, "name"), "stop-db");
	assert_string_equal(text_at(made.json, "text"), "#!/bin/sh\nexit 0\n");
	request(w, &admin, "POST", list, good, NULL, &twice);
	expect(&twice, 409, "script_exists");
	request(w, &admin, "POST", list, old, NULL, &expired);
	expect(&expired, 400, "script_expired");
	request(w, &admin, "POST", list, foreign, NULL, &windows);
	expect(&windows, 400, "script_platform");
	char *at = strstr(broken, "\\\"script\\\":\\\"") + 20;
	*at = *at == 'A' ? 'B' : 'A';
	request(w, &admin, "POST", list, broken, NULL, &wrong);
	expect(&wrong, 400, "invalid_script");
	request(w, &guest, "GET", list, NULL, NULL, &all);
	expect(&all, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(all.json, "items")), 1);
	AUTO(xfree) char *path = xasprintf("%s/%s", list, text_at(made.json, "id"));
	request(w, &guest, "GET", path, NULL, NULL, &one);
	expect(&one, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(one.json, "keys")), 1);
	request(w, &guest, "GET", "/api/v1/scripts/x", NULL, NULL, &none);
	expect(&none, 404, NULL);
	request(w, &admin, "DELETE", path, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
	request(w, &guest, "GET", path, NULL, NULL, &absent);
	expect(&absent, 404, NULL);
}

static void M_168_a_policy_names_a_script(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	static const char list[] = "/api/v1/deployment-policies";
	AUTO(xfree) char *body = signed_script("gate", 1, "linux", FAR);
	AUTO(reply_done) struct reply script, made, unknown, bad, used, changed, gone;
	request(w, &admin, "POST", "/api/v1/scripts", body, NULL, &script);
	expect(&script, 201, NULL);
	const char *id = text_at(script.json, "id");
	AUTO(xfree)
	char *good = xasprintf(
		"{\"name\":\"Gated\",\"schedule\":{},\"before\":{\"script\":{\"sha256\":\"%s\","
		"\"timeout_s\":60,\"exit_codes\":[0,3]}}}",
		id);
	AUTO(xfree)
	char *codes = xasprintf(
		"{\"name\":\"G\",\"schedule\":{},\"after\":{\"script\":{\"sha256\":\"%s\","
		"\"exit_codes\":[256]}}}",
		id);
	request(w, &admin, "POST", list, good, NULL, &made);
	expect(&made, 201, NULL);
	const json_t *chosen = json_object_get(json_object_get(made.json, "before"), "script");
	assert_string_equal(text_at(chosen, "sha256"), id);
	assert_int_equal(int_at(chosen, "size"), int_at(script.json, "size"));
	assert_int_equal(json_array_size(json_object_get(chosen, "exit_codes")), 2);
	assert_null(json_object_get(json_object_get(made.json, "after"), "script"));
	request(w, &admin, "POST", list, codes, NULL, &bad);
	expect(&bad, 400, "invalid_actions");
	request(w, &admin, "POST", list,
		"{\"name\":\"N\",\"schedule\":{},\"after\":{\"script\":{\"sha256\":"
		"\"00000000000000000000000000000000000000000000000000000000000000aa\"}}}",
		NULL, &unknown);
	expect(&unknown, 400, "unknown_script");
	AUTO(xfree) char *path = xasprintf("/api/v1/scripts/%s", id);
	request(w, &admin, "DELETE", path, NULL, NULL, &used);
	expect(&used, 409, "script_in_use");
	AUTO(xfree) char *policy = xasprintf("%s/%s", list, text_at(made.json, "id"));
	char etag[40];
	assert_true(header(&made, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	request(w, &admin, "PATCH", policy,
		"{\"name\":\"Gated\",\"schedule\":{},\"before\":{\"reboot\":false}}",
		(const char *[]) { match, NULL }, &changed);
	expect(&changed, 200, NULL);
	request(w, &admin, "DELETE", path, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_168_scripts_are_taken_as_signed),
		cmocka_unit_test(M_168_a_policy_names_a_script),
	};
	struct err e = { 0 };
	if (!sign_key_new(&key, &e))
		return 1;
	int failed = cmocka_run_group_tests(tests, world_setup, world_teardown);
	sign_key_free(key);
	return failed;
}

int main(void)
{
	return engines_run(group);
}
