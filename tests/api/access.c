/* SPDX-License-Identifier: Apache-2.0
 * Who may do what over HTTP: every row of the table with every role, without credentials, with
 * forged ones, from other sites, along mutated paths; set-up, sign-in, tokens. */
#include "world.h"

#include "api/api_int.h"

/* A real path for a pattern; ids that name nothing. */
static char *path_of(const struct route *r)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	for (const char *p = r->pattern; *p; p++) {
		if (*p != '{') {
			buf_addc(&b, *p);
			continue;
		}
		buf_adds(&b, "ffffffffffffffffffffffffffffffff");
		p = strchr(p, '}');
	}
	return buf_take(&b);
}

static bool is_stream(const struct route *r)
{
	return strcmp(r->pattern, API "/events") == 0;
}

static void each_route(struct world *w,
		       void (*fn)(struct world *w, const struct route *r, const char *path))
{
	for (size_t t = 0; api_tables[t]; t++)
		for (const struct route *r = api_tables[t]; r->method != ROUTE_END; r++) {
			if (r->permission == PERM_PUBLIC)
				continue;
			AUTO(xfree) char *path = path_of(r);
			fn(w, r, path);
		}
}

static void try_anonymous(struct world *w, const struct route *r, const char *path)
{
	const struct who forged[] = {
		{ 0 },
		{ .bearer = "tsa1.0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
		{ .bearer = "" },
		{ .cookie = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .csrf = "x" },
	};
	for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
		AUTO(reply_done) struct reply out;
		request(w, &forged[i], route_method_name(r->method), path, NULL, NULL, &out);
		expect(&out, 401, NULL);
	}
}

static void A29_without_credentials_nothing(void **state)
{
	each_route(*state, try_anonymous);
}

static void try_roles(struct world *w, const struct route *r, const char *path)
{
	for (int role = 0; role < ROLES_; role++) {
		bool may = role_may((enum role)role, r->permission);
		if (may && is_stream(r))
			continue; /* would not end; tests/api/events reads it */
		struct who who = as(w, (enum role)role);
		AUTO(reply_done) struct reply out;
		request(w, &who, route_method_name(r->method), path, NULL, NULL, &out);
		if ((out.status == 403) == may || out.status == 401 || out.status >= 500)
			fail_msg("%s %s as %s: %d %s", route_method_name(r->method), path,
				 role_name((enum role)role), out.status,
				 out.body.p ? out.body.p : "");
	}
}

static void A29_every_route_with_every_role(void **state)
{
	each_route(*state, try_roles);
}

/* A22: what comes back may be the console's public page, never an API answer. Each path takes every
 * third pattern, the next path the following ones: all patterns meet a third of the table. */
static void try_mutations(struct world *w, const struct route *r, const char *path)
{
	static const char *const patterns[] = {
		"%s/",
		"%s/.",
		"%s/..",
		"/.%s",
		"/x/..%s",
		"/%s",
		"//%s",
		"%s;x",
		"%s;x=1",
		"%s%%2f",
		"%s%%00",
		"%s.js",
		"%s.html",
		"%s/index.html",
		"%s%%20",
		"%s?",
		"%s%%3fx",
		"%s#",
		"/api%%2fv1%s",
		"/healthz%s",
		"/assets%s",
		"/assets/..%s",
		"/healthz/..%s",
		"%s/../healthz",
		"%s%%5c",
		"/\\%s",
		"%s\\..\\healthz",
		"/%%2e%s",
		"/%%2e%%2e%s",
		"/..%%2f%s",
		"/STATE_ID/1%s",
		"%s/STATE_ID/1",
		"%s%%c0%%af",
		"%s%%252f",
		"/api/v1/setup/..%s",
		"/api/v1/session/..%s",
	};
	char upper[400];
	(void)snprintf(upper, sizeof(upper), "%s", path);
	for (char *p = upper; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
	static size_t turn;
	for (size_t i = turn++ % 3; i <= ARRAY_LEN(patterns); i += 3) {
		AUTO(buf_done) struct buf url = BUF_INIT(2000);
		buf_adds(&url, w->people_url);
		for (const char *p = i < ARRAY_LEN(patterns) ? patterns[i] : upper; *p; p++) {
			if (strncmp(p, "%s", 2) == 0) {
				buf_adds(&url, path);
				p++;
			} else {
				buf_addc(&url, *p);
				p += strncmp(p, "%%", 2) == 0;
			}
		}
		static const char *const override[] = { "X-HTTP-Method-Override: GET",
							"X-Original-URL: /healthz",
							"X-Rewrite-URL: /healthz",
							"X-Forwarded-For: 127.0.0.1", NULL };
		AUTO(reply_done) struct reply out;
		request(w, NULL, route_method_name(r->method), url.p, NULL, override, &out);
		bool page = out.status == 200 && out.body.n == w->assets[1].raw.n &&
			    memcmp(out.body.p, w->assets[1].raw.p, out.body.n) == 0;
		if (out.status < 400 && !page)
			fail_msg("%s %s: %d", route_method_name(r->method), url.p, out.status);
	}
}

static void A22_mutated_paths_without_credentials(void **state)
{
	struct world *w = *state;
	int synced = w->synced;
	each_route(w, try_mutations);
	assert_int_equal(w->synced, synced);
}

static struct who session_of_admin;

static void try_forgery(struct world *w, const struct route *r, const char *path)
{
	if (r->method == ROUTE_GET)
		return;
	AUTO(xfree) char *own = xasprintf("Origin: %s", w->people_url);
	const char *foreign[] = { "Origin: https://evil.example", NULL },
		   *null_origin[] = { "Origin: null", NULL },
		   *plain[] = { "Origin: http://127.0.0.1", NULL },
		   *cross[] = { "Sec-Fetch-Site: cross-site", NULL },
		   *same_site[] = { "Sec-Fetch-Site: same-site", NULL },
		   *good[] = { own, "Sec-Fetch-Site: same-origin", NULL };
	struct who no_csrf = { .cookie = session_of_admin.cookie },
		   bad_csrf = { .cookie = session_of_admin.cookie, .csrf = "x" };
	const struct {
		const struct who *who;
		const char *const *extra;
		bool good;
	} cases[] = {
		{ &no_csrf, NULL, false },
		{ &no_csrf, good, false },
		{ &bad_csrf, good, false },
		{ &session_of_admin, foreign, false },
		{ &session_of_admin, null_origin, false },
		{ &session_of_admin, plain, false },
		{ &session_of_admin, cross, false },
		{ &session_of_admin, same_site, false },
		{ &session_of_admin, good, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].good && strcmp(path, API "/session") == 0)
			continue; /* would end the session */
		AUTO(reply_done) struct reply out;
		request(w, cases[i].who, route_method_name(r->method), path, NULL, cases[i].extra,
			&out);
		if (!cases[i].good)
			expect(&out, 403, "csrf");
		else if (out.status == 403 || out.status == 401)
			fail_msg("%s %s: %d %s", route_method_name(r->method), path, out.status,
				 out.body.p);
	}
}

static void A31_requests_of_other_sites(void **state)
{
	struct world *w = *state;
	char cookie[200], csrf[100];
	session_of_admin = sign_in(w, "admin", cookie, csrf);
	each_route(w, try_forgery);
	/* Also before there is a session: nobody signs a browser in from elsewhere. */
	const char *foreign[] = { "Origin: https://evil.example", NULL };
	AUTO(reply_done) struct reply out;
	request(w, NULL, "POST", API "/session",
		"{\"name\":\"admin\",\"password\":\"" PASSWORD "\"}", foreign, &out);
	expect(&out, 403, "csrf");
}

static void A23_setup_happens_once(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char token[64];
	AUTO(reply_done) struct reply before, wrong, weak, role, good, after, again;
	request(w, NULL, "GET", API "/setup", NULL, NULL, &before);
	expect(&before, 200, NULL);
	assert_true(json_is_true(json_object_get(before.json, "needed")));
	ok(auth_setup_token(w->auth, token, &e), &e);
	request(w, NULL, "POST", API "/setup",
		"{\"token\":\"x\",\"name\":\"boss\",\"password\":\"" PASSWORD "\"}", NULL, &wrong);
	expect(&wrong, 403, "setup_token_wrong");
	AUTO(xfree)
	char *short_password = xasprintf(
		"{\"token\":\"%s\",\"name\":\"boss\",\"password\":\"short\"}", token);
	request(w, NULL, "POST", API "/setup", short_password, NULL, &weak);
	expect(&weak, 400, NULL);
	AUTO(xfree)
	char *with_role = xasprintf("{\"token\":\"%s\",\"name\":\"boss\",\"password\":\"" PASSWORD
				    "\",\"role\":\"administrator\"}",
				    token);
	request(w, NULL, "POST", API "/setup", with_role, NULL, &role);
	expect(&role, 400, "unknown_member"); /* A30 */
	AUTO(xfree)
	char *body = xasprintf("{\"token\":\"%s\",\"name\":\"boss\",\"password\":\"" PASSWORD
			       "\",\"language\":\"ja\",\"timezone\":\"Asia/Tokyo\"}",
			       token);
	request(w, NULL, "POST", API "/setup", body, NULL, &good);
	expect(&good, 204, NULL);
	request(w, NULL, "POST", API "/setup", body, NULL, &again);
	expect(&again, 404, NULL);
	request(w, NULL, "GET", API "/setup", NULL, NULL, &after);
	assert_true(json_is_false(json_object_get(after.json, "needed")));
	char cookie[200], csrf[100];
	struct who boss = sign_in(w, "boss", cookie, csrf);
	AUTO(reply_done) struct reply session;
	request(w, &boss, "GET", API "/session", NULL, NULL, &session);
	expect(&session, 200, NULL);
	assert_string_equal(text_at(json_object_get(session.json, "user"), "language"), "ja");
	assert_string_equal(text_at(json_object_get(session.json, "user"), "role"),
			    "administrator");
}

static void a_session_from_sign_in_to_sign_out(void **state)
{
	struct world *w = *state;
	char cookie[200], csrf[100], line[400];
	AUTO(reply_done) struct reply wrong, patched, bad, mass, out, dead, set;
	request(w, NULL, "POST", API "/session",
		"{\"name\":\"admin\",\"password\":\"wrong wrong wrong\"}", NULL, &wrong);
	expect(&wrong, 401, "sign_in_failed");
	request(w, NULL, "POST", API "/session",
		"{\"name\":\"admin\",\"password\":\"" PASSWORD "\"}", NULL, &set);
	expect(&set, 200, NULL);
	assert_true(header(&set, "Set-Cookie", line, sizeof(line)));
	assert_true(strncmp(line, "__Host-session=", 15) == 0);
	assert_non_null(strstr(line, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
	struct who me = sign_in(w, "admin", cookie, csrf);
	request(w, &me, "PATCH", API "/session", "{\"theme\":\"dark\",\"language\":\"ja\"}", NULL,
		&patched);
	expect(&patched, 200, NULL);
	assert_string_equal(text_at(json_object_get(patched.json, "user"), "theme"), "dark");
	assert_string_equal(text_at(json_object_get(patched.json, "user"), "timezone"), "UTC");
	request(w, &me, "PATCH", API "/session", "{\"theme\":\"pink\"}", NULL, &bad);
	expect(&bad, 400, NULL);
	request(w, &me, "PATCH", API "/session",
		"{\"theme\":\"dark\",\"role\":\"administrator\",\"id\":\"x\"}", NULL, &mass);
	expect(&mass, 400, "unknown_member"); /* A30 */
	request(w, &me, "DELETE", API "/session", NULL, NULL, &out);
	expect(&out, 204, NULL);
	request(w, &me, "GET", API "/session", NULL, NULL, &dead);
	expect(&dead, 401, NULL);
}

static void A36_a_new_password_ends_other_sessions(void **state)
{
	struct world *w = *state;
	char cookie[2][200], csrf[2][100];
	struct who a = sign_in(w, "user-auditor", cookie[0], csrf[0]),
		   b = sign_in(w, "user-auditor", cookie[1], csrf[1]);
	AUTO(reply_done) struct reply wrong, weak, good, mine, other;
	request(w, &a, "POST", API "/password",
		"{\"old_password\":\"nonsense nonsense\",\"new_password\":\"another long one\"}",
		NULL, &wrong);
	expect(&wrong, 403, "password_wrong");
	request(w, &a, "POST", API "/password",
		"{\"old_password\":\"" PASSWORD "\",\"new_password\":\"short\"}", NULL, &weak);
	expect(&weak, 400, "password_policy");
	request(w, &a, "POST", API "/password",
		"{\"old_password\":\"" PASSWORD "\",\"new_password\":\"another long one\"}", NULL,
		&good);
	expect(&good, 204, NULL);
	request(w, &a, "GET", API "/session", NULL, NULL, &mine);
	expect(&mine, 200, NULL);
	request(w, &b, "GET", API "/session", NULL, NULL, &other);
	expect(&other, 401, NULL);
}

static void tokens_for_programs(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply made, used, list, gone, dead, created, no_session;
	request(w, NULL, "POST", API "/session",
		"{\"name\":\"user-guest\",\"password\":\"" PASSWORD
		"\",\"kind\":\"token\",\"label\":\"cli\"}",
		NULL, &made);
	expect(&made, 201, NULL);
	char line[400];
	assert_false(header(&made, "Set-Cookie", line, sizeof(line)));
	struct who program = { .bearer = text_at(made.json, "token") };
	request(w, &program, "GET", API "/session", NULL, NULL, &used);
	expect(&used, 200, NULL);
	assert_true(json_is_null(json_object_get(used.json, "csrf")));
	request(w, &program, "POST", API "/tokens", "{\"label\":\"second\"}", NULL,
		&created); /* no X-CSRF with a token */
	expect(&created, 201, NULL);
	request(w, &program, "GET", API "/tokens", NULL, NULL, &list);
	expect(&list, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(list.json, "items")), 3);
	assert_null(strstr(list.body.p, "tsa1."));
	request(w, &program, "DELETE", API "/session", NULL, NULL, &no_session);
	expect(&no_session, 400, "no_session");
	AUTO(xfree) char *path = xasprintf(API "/tokens/%s", text_at(made.json, "id"));
	request(w, &program, "DELETE", path, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
	request(w, &program, "GET", API "/session", NULL, NULL, &dead);
	expect(&dead, 401, NULL);
}

static void A35_guessing_is_throttled(void **state)
{
	struct world *w = *state;
	int throttled = 0;
	for (int i = 0; i < 12; i++) {
		AUTO(reply_done) struct reply r;
		char seconds[40];
		request(w, NULL, "POST", API "/session",
			"{\"name\":\"user-technician\",\"password\":\"guess guess guess\"}", NULL,
			&r);
		if (r.status == 503) {
			expect(&r, 503, "throttled");
			assert_true(header(&r, "Retry-After", seconds, sizeof(seconds)));
			throttled++;
		} else {
			expect(&r, 401, "sign_in_failed");
		}
	}
	assert_true(throttled >= 5);
	kit_now_ms += 3600 * 1000; /* the address is free again for the tests that follow */
}

static void every_reply_has_the_security_headers(void **state)
{
	struct world *w = *state;
	static const char *const names[] = { "Content-Security-Policy",
					     "X-Content-Type-Options",
					     "Referrer-Policy",
					     "Cross-Origin-Opener-Policy",
					     "Cross-Origin-Resource-Policy",
					     "Strict-Transport-Security",
					     "Permissions-Policy",
					     "Cache-Control" };
	static const char *const paths[] = { "/",	   "/assets/app-1.js", "/healthz",
					     API "/setup", API "/session",     API "/nothing" };
	for (size_t p = 0; p < ARRAY_LEN(paths); p++) {
		AUTO(reply_done) struct reply r;
		char value[600];
		request(w, NULL, "GET", paths[p], NULL, NULL, &r);
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (!header(&r, names[i], value, sizeof(value)))
				fail_msg("%s lacks %s", paths[p], names[i]);
		assert_false(header(&r, "Access-Control-Allow-Origin", value, sizeof(value)));
		if (strncmp(paths[p], API, strlen(API)) == 0) {
			assert_true(header(&r, "Cache-Control", value, sizeof(value)));
			assert_string_equal(value, "no-store");
		}
	}
}

static void wrong_methods_and_bodies(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	const char *form[] = { "Content-Type: application/x-www-form-urlencoded", NULL };
	char allow[100];
	AUTO(reply_done) struct reply method, type, garbage, array, twice, big;
	request(w, &admin, "PATCH", API "/patches", NULL, NULL, &method);
	expect(&method, 405, "method_not_allowed");
	assert_true(header(&method, "Allow", allow, sizeof(allow)));
	assert_string_equal(allow, "GET");
	request(w, &admin, "POST", API "/tokens", "label=x", form, &type);
	expect(&type, 415, NULL);
	request(w, &admin, "POST", API "/tokens", "{\"label\":", NULL, &garbage);
	expect(&garbage, 400, "invalid_json");
	request(w, &admin, "POST", API "/tokens", "[]", NULL, &array);
	expect(&array, 400, "invalid_json");
	request(w, &admin, "POST", API "/tokens", "{\"label\":\"a\",\"label\":\"b\"}", NULL,
		&twice);
	expect(&twice, 400, "invalid_json");
	AUTO(xfree) char *huge = xmalloc(40000);
	memset(huge, ' ', 39999);
	huge[39999] = '\0';
	request(w, &admin, "POST", API "/tokens", huge, NULL, &big);
	expect(&big, 413, NULL);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A29_without_credentials_nothing),
		cmocka_unit_test(A29_every_route_with_every_role),
		cmocka_unit_test(A22_mutated_paths_without_credentials),
		cmocka_unit_test(A31_requests_of_other_sites),
		cmocka_unit_test(a_session_from_sign_in_to_sign_out),
		cmocka_unit_test(A36_a_new_password_ends_other_sessions),
		cmocka_unit_test(tokens_for_programs),
		cmocka_unit_test(A35_guessing_is_throttled),
		cmocka_unit_test(every_reply_has_the_security_headers),
		cmocka_unit_test(wrong_methods_and_bodies),
	};
	const struct CMUnitTest fresh[] = { cmocka_unit_test(A23_setup_happens_once) };
	return cmocka_run_group_tests_name("fresh", fresh, world_setup_without_users,
					   world_teardown) +
	       cmocka_run_group_tests_name("access", tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
