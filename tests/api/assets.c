/* SPDX-License-Identifier: Apache-2.0
 * The embedded console: encodings, ETags, caching, deep links, and nothing beside the table (A33).
 */
#include "world.h"

static void get(struct world *w, const char *path, const char *header_line, struct reply *out)
{
	const char *extra[] = { header_line, NULL };
	request(w, NULL, "GET", path, NULL, extra, out);
}

static void the_best_encoding_with_its_own_etag(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *accept, *body, *etag, *coding;
	} cases[] = {
		{ "Accept-Encoding: gzip, deflate, br", "BR", "\"aa-br\"", "br" },
		{ "Accept-Encoding: gzip", "GZ", "\"aa-gzip\"", "gzip" },
		{ "Accept-Encoding: br;q=0, gzip;q=0.5", "GZ", "\"aa-gzip\"", "gzip" },
		{ "Accept-Encoding: br;q=0.000", "let a=1", "\"aa\"", NULL },
		{ "Accept-Encoding: identity", "let a=1", "\"aa\"", NULL },
		{ "Accept-Encoding: brotli", "let a=1", "\"aa\"", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(reply_done) struct reply r, same;
		char value[100];
		get(w, "/assets/app-1.js", cases[i].accept, &r);
		expect(&r, 200, NULL);
		assert_string_equal(r.body.p, cases[i].body);
		assert_true(header(&r, "ETag", value, sizeof(value)));
		assert_string_equal(value, cases[i].etag);
		assert_int_equal(header(&r, "Content-Encoding", value, sizeof(value)),
				 cases[i].coding != NULL);
		assert_true(header(&r, "Vary", value, sizeof(value)));
		assert_true(header(&r, "Cache-Control", value, sizeof(value)));
		assert_string_equal(value, "public, max-age=31536000, immutable");
		AUTO(xfree) char *match = xasprintf("If-None-Match: \"zz\", W/%s", cases[i].etag);
		const char *extra[] = { cases[i].accept, match, NULL };
		request(w, NULL, "GET", "/assets/app-1.js", NULL, extra, &same);
		expect(&same, 304, NULL);
		assert_int_equal(same.body.n, 0);
	}
}

static void deep_links_and_what_is_none(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *path;
		int status;
	} cases[] = {
		{ "/", 200 },
		{ "/patches/missing?view=x&anything=1", 200 },
		{ "/systems/0123", 200 },
		{ "/apiary", 200 },
		{ "/nothing.js", 404 },
		{ "/assets/other", 404 },
		{ "/assets", 404 },
		{ "/api", 404 },
		{ "/api/v2/patches", 404 },
		{ "/agent/v1/checkin", 404 },
		{ "/patches/debian:12:a:1.2", 200 }, /* ids have dots */
		{ "/favicon.ico", 404 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(reply_done) struct reply r;
		get(w, cases[i].path, NULL, &r);
		if (r.status != cases[i].status)
			fail_msg("%s: %d", cases[i].path, r.status);
		char value[100];
		if (r.status == 200) {
			assert_true(header(&r, "Cache-Control", value, sizeof(value)));
			assert_string_equal(value, "no-cache");
			assert_string_equal(r.body.p, "<!doctype html>");
		}
	}
}

static void A33_no_file_is_reachable(void **state)
{
	struct world *w = *state;
	static const char *const paths[] = {
		"/../etc/passwd",
		"/..%2f..%2fetc%2fpasswd",
		"/%2e%2e/%2e%2e/etc/passwd",
		"/assets/../../etc/passwd",
		"/....//....//etc/passwd",
		"/assets/%00",
		"/assets/app-1.js%00.html",
		"/c:\\windows\\win.ini",
		"/assets/..;/x.js",
		"/%c0%ae%c0%ae/etc/passwd.x",
		"//etc/passwd",
		"/.git/config.x",
		"/db.sqlite",
		"/etc/passwd.txt",
	};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO(reply_done) struct reply r;
		get(w, paths[i], NULL, &r);
		bool page = r.status == 200 && strcmp(r.body.p, "<!doctype html>") == 0;
		if (r.status != 404 && r.status != 400 && !page)
			fail_msg("%s: %d %s", paths[i], r.status, r.body.p ? r.body.p : "");
	}
}

static void head_has_no_body(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r;
	request(w, NULL, "HEAD", "/", NULL, NULL, &r);
	expect(&r, 200, NULL);
	assert_int_equal(r.body.n, 0);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_encoding_with_its_own_etag),
		cmocka_unit_test(deep_links_and_what_is_none),
		cmocka_unit_test(A33_no_file_is_reachable),
		cmocka_unit_test(head_has_no_body),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run_sqlite(group);
}
