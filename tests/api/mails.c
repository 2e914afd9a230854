/* SPDX-License-Identifier: Apache-2.0
 * The mail server over HTTP (M-043..M-049): its settings, a test mail and its conversation, the
 * outbox; and that the secret stays here (A33). */
#include "world.h"

#define CANARY "planted-canary"

static void ask(struct world *w, enum role role, const char *method, const char *path,
		const char *body, struct reply *out)
{
	struct who who = as(w, role);
	request(w, &who, method, path, body, NULL, out);
}

static void patch_settings(struct world *w, const char *values, int status, struct reply *out)
{
	AUTO(reply_done) struct reply now;
	char etag[60];
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	request(w, &admin, "GET", "/api/v1/settings", NULL, NULL, &now);
	expect(&now, 200, NULL);
	assert_true(header(&now, "ETag", etag, sizeof(etag)));
	AUTO(xfree) char *match = xasprintf("If-Match: %s", etag);
	AUTO(xfree) char *body = xasprintf("{\"values\":{%s}}", values);
	const char *extra[] = { match, NULL };
	request(w, &admin, "PATCH", "/api/v1/settings", body, extra, out);
	expect(out, status, status == 200 ? NULL : "invalid_setting");
}

static const json_t *setting(const struct reply *r, const char *key)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(r->json, "items"), i, one)
	{
		if (strcmp(text_at(one, "key"), key) == 0)
			return one;
	}
	fail_msg("no setting %s", key);
	return NULL;
}

static void M_043_settings(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply saved, moved, bad;
	patch_settings(
		w,
		"\"mail.server\":\"127.0.0.1\",\"mail.port\":1,\"mail.sender\":\"p@example.org\","
		"\"mail.auth\":\"password\",\"mail.user\":\"me\",\"mail.secret\":\"" CANARY "\","
		"\"notify.mail\":[\"a@example.org\"]",
		200, &saved);
	assert_true(json_is_null(json_object_get(setting(&saved, "mail.secret"), "value")));
	assert_true(json_is_true(json_object_get(setting(&saved, "mail.secret"), "is_set")));
	assert_null(strstr(saved.body.p, CANARY));
	patch_settings(w, "\"mail.sender\":\"a@b, c@d\"", 400, &bad);
	AUTO(reply_done) struct reply list;
	patch_settings(w, "\"notify.mail\":[\"a b@example.org\"]", 400, &list);
	patch_settings(w, "\"mail.server\":\"localhost\"", 200, &moved); /* A34 */
	assert_false(json_is_true(json_object_get(setting(&moved, "mail.secret"), "is_set")));
}

static void wait_try(struct world *w, const char *path, struct reply *out)
{
	for (;;) {
		ask(w, ROLE_ADMINISTRATOR, "GET", path, NULL, out);
		expect(out, 200, NULL);
		if (strcmp(text_at(out->json, "state"), "running") != 0)
			return;
		reply_done(out);
		usleep(20000);
	}
}

static void M_046_test_mail(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply none, saved, bad, denied, started, ended, other;
	ask(w, ROLE_ADMINISTRATOR, "POST", "/api/v1/mail-tests", "{\"to\":\"a@example.org\"}",
	    &none);
	expect(&none, 409, "mail_settings");
	patch_settings(
		w,
		"\"mail.server\":\"127.0.0.1\",\"mail.port\":1,\"mail.sender\":\"p@example.org\"",
		200, &saved);
	ask(w, ROLE_ADMINISTRATOR, "POST", "/api/v1/mail-tests", "{\"to\":\"a b\"}", &bad);
	expect(&bad, 400, "invalid");
	ask(w, ROLE_TECHNICIAN, "POST", "/api/v1/mail-tests", "{\"to\":\"a@example.org\"}",
	    &denied);
	expect(&denied, 403, NULL);
	ask(w, ROLE_ADMINISTRATOR, "POST", "/api/v1/mail-tests", "{\"to\":\"a@example.org\"}",
	    &started);
	expect(&started, 202, NULL);
	AUTO(xfree) char *path = xasprintf("/api/v1/mail-tests/%s", text_at(started.json, "id"));
	wait_try(w, path, &ended);
	assert_string_equal(text_at(ended.json, "state"), "failed");
	assert_non_null(strstr(text_at(ended.json, "error"), "refused the connection"));
	assert_true(json_array_size(json_object_get(ended.json, "transcript")) > 0);
	ask(w, ROLE_ADMINISTRATOR, "GET", "/api/v1/mail-tests/00000000000000000000000000000000",
	    NULL, &other);
	expect(&other, 404, NULL);
}

static bool put_one(struct sql_conn *c, void *arg, struct err *e)
{
	static const char *const to[] = { "a@example.org" };
	struct world *w = arg;
	struct mail_letter l = { .about = "sync",
				 .subject_id = "0123",
				 .to = to,
				 .n_to = 1,
				 .subject = "同期",
				 .body = STR_LIT("本文\n"),
				 .at_ms = kit_now_ms };
	return mail_put(w->mail, c, &l, e);
}

static void M_076_outbox(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(reply_done) struct reply list, retried, denied, none;
	ok(sql_write(w->db, put_one, w, &e), &e);
	ask(w, ROLE_ADMINISTRATOR, "GET", "/api/v1/mails", NULL, &list);
	expect(&list, 200, NULL);
	const json_t *one = json_array_get(json_object_get(list.json, "items"), 0);
	assert_string_equal(text_at(one, "state"), "waiting");
	assert_string_equal(text_at(one, "subject"), "同期");
	assert_int_equal(int_at(json_object_get(list.json, "by_state"), "waiting"), 1);
	assert_true(json_is_false(json_object_get(list.json, "configured")));
	AUTO(xfree) char *path = xasprintf("/api/v1/mails/%s:retry", text_at(one, "id"));
	ask(w, ROLE_ADMINISTRATOR, "POST", path, NULL, &retried);
	expect(&retried, 200, NULL);
	ask(w, ROLE_GUEST, "GET", "/api/v1/mails", NULL, &denied);
	expect(&denied, 403, NULL);
	ask(w, ROLE_ADMINISTRATOR, "POST", "/api/v1/mails/00000000000000000000000000000000:retry",
	    NULL, &none);
	expect(&none, 404, NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		CASE(M_043_settings),
		CASE(M_046_test_mail),
		CASE(M_076_outbox),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const struct role_entry roles[] = { { MAIL_ROLE, mail_serve }, { NULL, NULL } };
	role_main(argc, argv, roles);
	return engines_run_with(group, false);
}
