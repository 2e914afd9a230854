/* SPDX-License-Identifier: Apache-2.0
 * URLs: what is read, what is refused, RFC 3986's own reference examples. */
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void parsed(void **state)
{
	static const struct {
		const char *text, *host, *target, *written;
		uint16_t port;
		bool tls;
	} good[] = {
		{ "http://deb.debian.org/debian", "deb.debian.org", "/debian",
		  "http://deb.debian.org/debian", 80, false },
		{ "HTTPS://Example.JP", "example.jp", "/", "https://example.jp/", 443, true },
		{ "https://a:8443/x?y=1&z=%2F#frag", "a", "/x?y=1&z=%2F",
		  "https://a:8443/x?y=1&z=%2F", 8443, true },
		{ "https://a:443/", "a", "/", "https://a/", 443, true },
		{ "http://[::1]:8080/", "::1", "/", "http://[::1]:8080/", 8080, false },
		{ "http://192.0.2.1?q", "192.0.2.1", "/?q", "http://192.0.2.1/?q", 80, false },
		{ "http://h/a/../b", "h", "/a/../b", "http://h/a/../b", 80, false },
		{ "http://xn--eckwd4c7c.jp/", "xn--eckwd4c7c.jp", "/", "http://xn--eckwd4c7c.jp/",
		  80, false },
		{ "http://h/~a;b=(1),'!*'@:$+", "h", "/~a;b=(1),'!*'@:$+",
		  "http://h/~a;b=(1),'!*'@:$+", 80, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct url u, again;
		struct err e = { 0 };
		AUTO(buf_done) struct buf b = BUF_INIT(URL_MAX);
		if (!url_parse(str_of(good[i].text), &u, &e))
			fail_msg("%s: %s", good[i].text, e.msg);
		assert_string_equal(u.host, good[i].host);
		assert_string_equal(u.target, good[i].target);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.tls, good[i].tls);
		url_write(&u, &b);
		assert_string_equal(b.p, good[i].written);
		assert_true(url_parse(buf_str(&b), &again, &e));
		assert_memory_equal(&u, &again, sizeof(u));
	}
}

/* A34: what one reader takes for another host than the next one. */
static void A34_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"ftp://h/",
		"file:///etc/passwd",
		"//h/",
		"/path",
		"http:/h",
		"http://",
		"http:///x",
		"http://user@h/",
		"http://user:pw@h/",
		"http://good.example@evil.example/",
		"http://good.example\\@evil.example/",
		"http://h\\x/",
		"http://h:0/",
		"http://h:65536/",
		"http://h:/",
		"http://h:+80/",
		"http://h:80x/",
		"http://h: 80/",
		"http://127.1/",
		"http://0x7f.0.0.1/",
		"http://127.0.0.0x1/",
		"http://2130706433/",
		"http://127.0.0.1.1/",
		"http://127.0.0.01234/",
		"http://256.0.0.1/",
		"http://[::1/",
		"http://[127.0.0.1]/",
		"http://[::1]x/",
		"http://[fe80::1%25eth0]/",
		"http://::1/",
		"http://a..b/",
		"http://.a/",
		"http://a./",
		"http://-a/",
		"http://a-/",
		"http://a b/",
		"http://a%2eb/",
		"http://\xe3\x83\x91\xe3\x83\x83\xe3\x83\x81.jp/",
		"http://h/a b",
		"http://h/a\r\nX: y",
		"http://h/\x7f",
		"http://h/%",
		"http://h/%2",
		"http://h/%zz",
		"http://h/\"",
		"http://h/\xc3\xa9",
		"http://h/a\\b",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct url u;
		struct err e = { 0 };
		if (url_parse(str_of(bad[i]), &u, &e))
			fail_msg("accepted '%s' as host '%s'", bad[i], u.host);
		assert_int_equal(e.code, ERR_INVALID);
	}
	struct url u;
	struct err e = { 0 };
	assert_false(url_parse((struct str) { "http://h\0x/", 11 }, &u, &e));
	assert_false(url_parse((struct str) { "http://h/\0x", 11 }, &u, &e));
	AUTO(buf_done) struct buf b = BUF_INIT(10000);
	buf_adds(&b, "http://h/");
	while (b.n < 3000)
		buf_addc(&b, 'x');
	assert_false(url_parse(buf_str(&b), &u, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

/* RFC 3986 section 5.4, without the references to other schemes and with their fragments dropped.
 */
static void rfc3986_references(void **state)
{
	static const struct {
		const char *ref, *want;
	} rows[] = {
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g/" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q" },
		{ "g#s", "http://a/b/c/g" },
		{ ";x", "http://a/b/c/;x" },
		{ "g;x", "http://a/b/c/g;x" },
		{ "g;x?y#s", "http://a/b/c/g;x?y" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../", "http://a/" },
		{ "../../g", "http://a/g" },
		{ "../../../g", "http://a/g" },
		{ "../../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ ".g", "http://a/b/c/.g" },
		{ "g..", "http://a/b/c/g.." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "./g/.", "http://a/b/c/g/" },
		{ "g/./h", "http://a/b/c/g/h" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/./y", "http://a/b/c/g;x=1/y" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/./x", "http://a/b/c/g?y/./x" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "https://other:99/x/../y", "https://other:99/y" },
	};
	struct url base;
	struct err e = { 0 };
	assert_true(url_parse(STR_LIT("http://a/b/c/d;p?q"), &base, &e));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct url u;
		AUTO(buf_done) struct buf b = BUF_INIT(URL_MAX);
		if (!url_join(&base, str_of(rows[i].ref), &u, &e))
			fail_msg("%s: %s", rows[i].ref, e.msg);
		url_write(&u, &b);
		assert_string_equal(b.p, rows[i].want);
	}
	static const char *const bad[] = { "mailto:a", "javascript:x", "//u@h/",
					   "http:g",   "a\\b",	       "//h\\@g/" };
	struct url u;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (url_join(&base, str_of(bad[i]), &u, &e))
			fail_msg("accepted '%s'", bad[i]);
}

static void origins(void **state)
{
	struct url a, b;
	struct err e = { 0 };
	assert_true(url_parse(STR_LIT("https://h/x"), &a, &e));
	assert_true(url_parse(STR_LIT("https://H:443/y"), &b, &e));
	assert_true(url_same_origin(&a, &b));
	assert_true(url_parse(STR_LIT("http://h:443/y"), &b, &e));
	assert_false(url_same_origin(&a, &b));
	assert_true(url_parse(STR_LIT("https://h:444/"), &b, &e));
	assert_false(url_same_origin(&a, &b));
	assert_true(url_parse(STR_LIT("https://h.h/"), &b, &e));
	assert_false(url_same_origin(&a, &b));
}

static void path_added(void **state)
{
	static const struct {
		const char *path, *text;
	} cases[] = {
		{ "pool/a_1%2b1~x+y.deb", "pool/a_1%2b1~x+y.deb" },
		{ "x/tb-1.0^git1-1.noarch.rpm", "x/tb-1.0%5Egit1-1.noarch.rpm" },
		{ "a b#c?d%\xc3\xa9%zz", "a%20b%23c%3Fd%25%C3%A9%25zz" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(1000);
		struct url u;
		struct err e = { 0 };
		buf_adds(&b, "http://h/");
		url_add_path(str_of(cases[i].path), &b);
		assert_true(url_parse(buf_str(&b), &u, &e));
		assert_string_equal(u.target + 1, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsed),      cmocka_unit_test(path_added),
		cmocka_unit_test(A34_refused), cmocka_unit_test(rfc3986_references),
		cmocka_unit_test(origins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
