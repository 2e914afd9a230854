/* SPDX-License-Identifier: Apache-2.0
 * The canonical form on its own (the server's test sends the same through a socket: A22). */
#include "net/http_path.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void accepted(void **state)
{
	static const struct {
		const char *raw, *want;
	} rows[] = {
		{ "/", "/" },
		{ "/a", "/a" },
		{ "/a/b.c/...", "/a/b.c/..." },
		{ "/%61%2D", "/a-" },
		{ "/a%20b", "/a b" },
		{ "/%E3%83%91%E3%83%83%E3%83%81", "/\xe3\x83\x91\xe3\x83\x83\xe3\x83\x81" },
		{ "/%F4%8F%BF%BF", "/\xf4\x8f\xbf\xbf" },
		{ "/a+b:c@d!$&'()*,=~", "/a+b:c@d!$&'()*,=~" },
		{ "/.a/..b/c..", "/.a/..b/c.." },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		const char *why = NULL;
		const char *got = http_path_canonical(str_of(rows[i].raw), &a, &why);
		if (!got)
			fail_msg("%s: %s", rows[i].raw, why);
		assert_string_equal(got, rows[i].want);
	}
}

static void A22_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"a",
		"*",
		"//",
		"/a/",
		"/a//b",
		"/.",
		"/..",
		"/a/.",
		"/a/..",
		"/./a",
		"/../a",
		"/%2e",
		"/%2e%2e/a",
		"/a/%2E.",
		"/a%2fb",
		"/a%2Fb",
		"/a%5cb",
		"/a\\b",
		"/a;b",
		"/a%3bb",
		"/a%00",
		"/%01",
		"/%7f",
		"/%",
		"/%4",
		"/%4g",
		"/%25",
		"/%252e",
		"/%3f",
		"/%23",
		"/\x80",
		"/%80",
		"/%C0%AE",
		"/%C1%BF",
		"/%E0%80%AF",
		"/%ED%A0%80",
		"/%F0%80%80%AF",
		"/%F4%90%80%80",
		"/%F8%88%80%80%80",
		"/%E3%83",
		"/a b",
		"/a\tb",
		"/\x7f",
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		const char *why = NULL;
		if (http_path_canonical(str_of(rows[i]), &a, &why))
			fail_msg("accepted '%s'", rows[i]);
		assert_non_null(why);
	}
	AUTO(arena_done) struct arena a = { 0 };
	const char *why;
	assert_null(http_path_canonical((struct str) { "/a\0b", 4 }, &a, &why));
}

static void queries(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct http_param *p = NULL;
	size_t n = 9;
	const char *why = NULL;
	assert_true(http_path_query(STR_LIT(""), &a, &p, &n, &why));
	assert_int_equal(n, 0);
	assert_true(http_path_query(STR_LIT("a=1&b=x%3Dy%26z&c=a+b%2Bc&d&e=="), &a, &p, &n, &why));
	assert_int_equal(n, 5);
	assert_string_equal(p[1].name, "b");
	assert_string_equal(p[1].value, "x=y&z");
	assert_string_equal(p[2].value, "a b+c");
	assert_string_equal(p[3].value, "");
	assert_string_equal(p[4].value, "=");
	assert_true(http_path_query(STR_LIT("q=%E3%83%91%0A"), &a, &p, &n, &why));
	static const char *const bad[] = { "&",	      "a=1&",	"&a=1",	 "a&&b",  "=1",
					   "a=1&a=2", "a&%61",	"a=%",	 "a=%00", "a=%01",
					   "a=%ff",   "a=\xff", "a b=1", "a=%7f" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (http_path_query(str_of(bad[i]), &a, &p, &n, &why))
			fail_msg("accepted '%s'", bad[i]);
	AUTO(buf_done) struct buf many = BUF_INIT(10000);
	for (int i = 0; i <= HTTP_PARAMS_MAX; i++) {
		bool ok = http_path_query(buf_str(&many), &a, &p, &n, &why);
		assert_true(ok && n == (size_t)i);
		buf_printf(&many, "%sp%d=%d", i ? "&" : "", i, i);
	}
	assert_false(http_path_query(buf_str(&many), &a, &p, &n, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(A22_refused),
		cmocka_unit_test(queries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
