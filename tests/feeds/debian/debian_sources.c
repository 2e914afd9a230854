/* SPDX-License-Identifier: Apache-2.0
 * Which suites a machine's apt configuration asks for, in both of its forms, and what is left out.
 */
#include "../samples.h"
#include "feeds/debian/debian.h"

static struct err e;

static void deb822_form(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct debian_sources s;
	assert_true(debian_sources_of_text(
		STR_LIT("Types: deb\nURIs: http://deb.debian.org/debian/\nSuites: bookworm bookworm-updates\n"
			"Components: main contrib\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
			"Types: deb\nURIs: https://deb.nodesource.com/node_20.x\nSuites: nodistro\nComponents: main\n\n"
			"Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: bookworm\nComponents: main\n"),
		"amd64", &a, &s, &e));
	assert_int_equal(s.n_suites, 2);
	assert_string_equal(s.suites[0].url, "http://deb.debian.org/debian");
	assert_string_equal(s.suites[0].suite, "bookworm");
	assert_string_equal(s.suites[1].feed_id, "debian/bookworm-updates");
	assert_string_equal(s.suites[0].components[1], "contrib");
	assert_null(s.suites[0].components[2]);
	assert_string_equal(s.suites[0].architectures[0], "amd64");
	assert_string_equal(s.suites[0].keyrings[0], DEBIAN_DEFAULT_KEYRING);
	assert_int_equal(s.n_skipped, 1);
	assert_string_equal(s.skipped[0].what, "https://deb.nodesource.com/node_20.x nodistro");
}

static void one_line_form(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct debian_sources s;
	assert_true(debian_sources_of_text(
		STR_LIT("# old style\ndeb http://deb.debian.org/debian bullseye main\n"
			"deb [arch=amd64,i386 signed-by=/k.gpg] http://deb.debian.org/debian-security bullseye-security main\n"
			"deb [trusted=yes] http://x/debian bookworm main\n"
			"deb cdrom:[Debian]/ bookworm main\n"
			"deb http://mirror2/debian bullseye main\n"
			"deb http://x/flat ./\n"),
		"amd64", &a, &s, &e));
	assert_int_equal(s.n_suites, 2);
	assert_string_equal(s.suites[1].keyrings[0], "/k.gpg");
	assert_string_equal(s.suites[1].architectures[1], "i386");
	assert_int_equal(s.n_skipped, 4);
}

static void a_machine(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct debian_sources s;
	char dir[] = "/tmp/test-sources-XXXXXX";
	assert_non_null(mkdtemp(dir));
	AUTO(xfree)
	char *parts = xasprintf("%s/sources.list.d", dir), *one = xasprintf("%s/a.list", parts);
	AUTO(xfree)
	char *two = xasprintf("%s/b.sources", parts), *bad = xasprintf("%s/c.list.save", parts);
	assert_true(file_mkdirs(parts, 0755, &e));
	assert_true(file_write_atomic(one, STR_LIT("deb http://d/debian trixie main\n"), 0644, &e));
	assert_true(file_write_atomic(
		two,
		STR_LIT("Types: deb\nURIs: http://d/debian-security\nSuites: trixie-security\nComponents: main\n"),
		0644, &e));
	assert_true(file_write_atomic(bad, STR_LIT("not read at all"), 0644, &e));
	assert_true(debian_sources_of_machine(dir, "arm64", &a, &s, &e));
	assert_int_equal(s.n_suites, 2);
	assert_string_equal(s.suites[0].suite, "trixie");
	assert_true(file_write_atomic(one, STR_LIT("deb http://d/debian\n"), 0644, &e));
	assert_false(debian_sources_of_machine(dir, "arm64", &a, &s, &e));
	assert_non_null(strstr(e.msg, "a.list"));
	assert_true(file_remove_tree(dir, &e));
	assert_true(debian_sources_of_machine(dir, "arm64", &a, &s, &e)); /* no apt here */
	assert_int_equal(s.n_suites, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deb822_form),
		cmocka_unit_test(one_line_form),
		cmocka_unit_test(a_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
