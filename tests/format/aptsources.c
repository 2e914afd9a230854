/* SPDX-License-Identifier: Apache-2.0
 * format/aptsources.h: what sources.list(5) allows, and what apt refuses. */
#include "format/aptsources.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void put_words(struct buf *b, struct apt_words w)
{
	for (size_t i = 0; i < w.n; i++)
		buf_printf(b, "%s%.*s", i ? "," : "", STR_ARG(w.p[i]));
	buf_addc(b, '|');
}

static void print(const struct apt_sources *l, struct buf *b)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct apt_source *s = &l->p[i];
		buf_printf(b, "%u%s%s%s%s|", s->line, s->deb ? " deb" : "",
			   s->deb_src ? " src" : "", s->enabled ? "" : " off",
			   s->trusted	 ? " trusted"
			   : s->insecure ? " insecure"
					 : "");
		put_words(b, s->uris);
		put_words(b, s->suites);
		put_words(b, s->components);
		put_words(b, s->architectures);
		buf_printf(b, "%.*s\n", STR_ARG(s->signed_by));
	}
}

static void one_line(void **state)
{
	static const char text[] =
		"# comment\n#deb http://off/ x main\n\n"
		"deb http://deb.debian.org/debian bookworm main contrib # tail\n"
		"deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg ] https://h/d/ bookworm-updates main\n"
		"deb-src [trusted=yes] file:/srv/x ./\n"
		"deb cdrom:[Debian GNU/Linux 12 #1]/ bookworm main\n"
		"\tdeb   \"http://h/a b\"\tx y\r\n";
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4000);
	struct apt_sources l;
	struct err e = { 0 };
	if (!aptsources_parse_list(STR_LIT(text), &a, &l, &e))
		fail_msg("%s", e.msg);
	print(&l, &b);
	assert_string_equal(
		b.p,
		"4 deb|http://deb.debian.org/debian|bookworm|main,contrib||\n"
		"5 deb|https://h/d/|bookworm-updates|main|amd64,arm64|/usr/share/keyrings/a.gpg\n"
		"6 src trusted|file:/srv/x|./|||\n"
		"7 deb|cdrom:[Debian GNU/Linux 12 #1]/|bookworm|main||\n"
		"8 deb|http://h/a b|x|y||\n");
}

static void deb822_form(void **state)
{
	static const char text[] =
		"# Debian\nTypes: deb deb-src\nURIs: http://a/debian https://b/debian\n"
		"Suites: bookworm bookworm-updates\nComponents: main\n non-free\n"
		"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
		"types: deb\nuris: http://c\nsuites: /\nEnabled: no\nArchitectures: i386, amd64\n\n"
		"Types: deb\nURIs: http://d\nSuites: x\nComponents: y\nTrusted: yes\nSigned-By:\n"
		" -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n";
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4000);
	struct apt_sources l;
	struct err e = { 0 };
	if (!aptsources_parse_deb822(STR_LIT(text), &a, &l, &e))
		fail_msg("%s", e.msg);
	print(&l, &b);
	assert_string_equal(
		b.p,
		"1 deb src|http://a/debian,https://b/debian|bookworm,bookworm-updates|main,non-free||"
		"/usr/share/keyrings/debian-archive-keyring.gpg\n"
		"9 deb off|http://c|/||i386,amd64|\n"
		"15 deb trusted|http://d|x|y||-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n\n");
}

static void bad(void **state)
{
	static const struct {
		const char *text, *says;
	} lists[] = {
		{ "deb http://a x main\nrpm http://a x main\n", "line 2 has unknown type 'rpm'" },
		{ "deb http://a\n", "line 1 has no URI or no suite" },
		{ "deb http://a x\n", "line 1 has no components" },
		{ "deb http://a x/ main\n", "line 1 has a suite that ends in '/'" },
		{ "deb [arch=amd64 http://a x main\n", "line 1 has options without a ']'" },
		{ "deb [amd64] http://a x main\n", "line 1 has an option without '='" },
		{ "deb \"http://a x main\n", "line 1 has a quote or bracket" },
		{ "deb /a x main\n", "line 1 has an URI without a scheme" },
	};
	AUTO(arena_done) struct arena a = { 0 };
	struct apt_sources l = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct err e = { 0 };
		assert_false(aptsources_parse_list(str_of(lists[i].text), &a, &l, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
		if (!strstr(e.msg, lists[i].says))
			fail_msg("'%s' is not in '%s'", lists[i].says, e.msg);
	}
	struct err e = { 0 };
	assert_false(aptsources_parse_deb822(STR_LIT("URIs: http://a\nSuites: x\nComponents: y\n"),
					     &a, &l, &e));
	assert_false(aptsources_parse_deb822(STR_LIT("Types: deb\nSuites: x\nComponents: y\n"), &a,
					     &l, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_int_equal(l.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line),
		cmocka_unit_test(deb822_form),
		cmocka_unit_test(bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
