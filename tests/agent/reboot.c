/* SPDX-License-Identifier: Apache-2.0
 * Kernel names as distributions give them (reboot.t): no reboot called for that is not needed, none
 * missed (AC-01..AC-04). */
#include "agent/reboot.h"
#include "agent/dpkgdb.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void packages(struct str list, struct buf *status)
{
	struct str word, name;
	while (str_split(&list, ' ', &word)) {
		if (!word.n || !str_split(&word, '=', &name) || !word.p)
			continue;
		bool half = str_ends(word, "/half");
		word.n -= half ? 5 : 0;
		buf_printf(
			status,
			"Package: %.*s\nStatus: install %s\nArchitecture: amd64\nVersion: %.*s\n\n",
			STR_ARG(name), half ? "reinstreq half-installed" : "ok installed",
			STR_ARG(word));
	}
}

static void one_case(struct str line)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf status = BUF_INIT(65536), got = BUF_INIT(500);
	struct str f[4], rest = line;
	struct pkgdb db;
	struct err e = { 0 };
	struct reboot_evidence ev;
	for (size_t i = 0; i < 4; i++) {
		assert_true(str_split(&rest, '|', &f[i]));
		f[i] = str_trim(f[i]);
	}
	packages(f[2], &status);
	assert_true(dpkgdb_parse(buf_str(&status), &a, &db, &e));
	reboot_judge(&db, f[0], str_is(f[1], "-") ? STR_LIT("") : f[1], &ev);
	buf_printf(&got, "%s %s %.*s", ev.needed ? "yes" : "no", ev.why,
		   ev.newest.n ? (int)ev.newest.n : 1, ev.newest.n ? ev.newest.p : "-");
	if (!str_eq(buf_str(&got), f[3]))
		fail_msg("%.*s\ngives: %s", STR_ARG(line), got.p);
}

static void test_corpus(void **state)
{
	AUTO(xfree) char *path = xasprintf("%s/tests/agent/reboot.t", getenv("TSUKUROI_SOURCE"));
	AUTO(buf_done) struct buf text = BUF_INIT(1u << 20);
	struct err e = { 0 };
	struct str rest, line;
	int n = 0;
	assert_true(file_read(path, &text, &e));
	rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		if (line.n && line.p[0] != '#') {
			one_case(line);
			n++;
		}
	}
	assert_true(n >= 30);
}

static void test_boot_id_is_stable(void **state)
{
	char a[REBOOT_BOOT_ID], b[REBOOT_BOOT_ID];
	struct err e = { 0 };
	assert_true(reboot_boot_id(a, &e) && reboot_boot_id(b, &e));
	assert_string_equal(a, b);
	assert_true(strlen(a) > 37 && strlen(a) <= 64); /* the server takes 64 bytes */
	assert_true(reboot_boot_time_ms() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_boot_id_is_stable),
	};
	return cmocka_run_group_tests_name("agent/reboot AC-01 AC-02 AC-04", tests, NULL, NULL);
}
