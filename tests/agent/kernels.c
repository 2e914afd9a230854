/* SPDX-License-Identifier: Apache-2.0
 * Kernel names as distributions give them (kernels.tsv): no reboot called for that is not needed,
 * none missed (AC-01, AC-02). */
#include "agent/kernels.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void package(struct pkgdb *db, struct str word, struct arena *a)
{
	struct pkgdb_package p = { .state = PKGDB_INSTALLED, .arch = STR_LIT("amd64") };
	struct str rest = word, evr;
	ptrdiff_t slash = str_find(word, '/');
	assert_true(str_split(&rest, '=', &p.name) && rest.p);
	evr = rest;
	if (slash >= 0) {
		evr.n = (size_t)(word.p + slash - evr.p);
		struct str state = { word.p + slash + 1, word.n - (size_t)slash - 1 };
		p.state = str_is(state, "half") ? PKGDB_HALF_INSTALLED
			  : str_is(state, "rc") ? PKGDB_ABSENT
						: PKGDB_UNPACKED;
		assert_true(p.state != PKGDB_UNPACKED || str_is(state, "unpacked"));
	}
	if (db->kind == PKGDB_RPM) {
		size_t dot = evr.n;
		while (dot && evr.p[dot - 1] != '.')
			dot--;
		assert_true(dot > 0);
		p.arch = (struct str) { evr.p + dot, evr.n - dot };
		evr.n = dot - 1;
	}
	p.version = evr;
	struct pkgdb_package *all = arena_array(a, struct pkgdb_package, db->n + 1);
	if (db->n)
		memcpy(all, db->packages, db->n * sizeof(*all));
	all[db->n++] = p;
	db->packages = all;
}

static void one_case(struct str line, bool backwards)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf got = BUF_INIT(500), want = BUF_INIT(500);
	struct str f[7], rest = line, word;
	struct pkgdb db = { 0 };
	struct kernels_verdict v;
	for (size_t i = 0; i < ARRAY_LEN(f); i++)
		assert_true(str_split(&rest, '\t', &f[i]));
	assert_null(rest.p);
	db.kind = str_is(f[0], "deb") ? PKGDB_DEB : PKGDB_RPM;
	assert_true(db.kind == PKGDB_DEB || str_is(f[0], "rpm"));
	for (struct str list = f[3]; str_split(&list, ' ', &word);)
		if (word.n > 1)
			package(&db, word, &a);
	for (size_t i = 0; backwards && i < db.n / 2; i++) {
		struct pkgdb_package t = db.packages[i];
		db.packages[i] = db.packages[db.n - 1 - i];
		db.packages[db.n - 1 - i] = t;
	}
	kernels_judge(&db, f[1], str_is(f[2], "-") ? STR_LIT("") : f[2], &a, &v);
	buf_printf(&got, "%s %s %.*s", v.needed ? "yes" : "no", v.why,
		   v.newest.n ? (int)v.newest.n : 1, v.newest.n ? v.newest.p : "-");
	buf_printf(&want, "%.*s %.*s %.*s", STR_ARG(f[4]), STR_ARG(f[5]), STR_ARG(f[6]));
	if (!str_eq(buf_str(&got), buf_str(&want)))
		fail_msg("%.*s\ngives: %s", STR_ARG(line), got.p);
	assert_true(!v.needed || v.package.n);
}

static void test_corpus(void **state)
{
	AUTO(xfree) char *path = xasprintf("%s/tests/agent/kernels.tsv", getenv("TSUKUROI_SOURCE"));
	AUTO(buf_done) struct buf text = BUF_INIT(1u << 20);
	struct err e = { 0 };
	struct str rest, line;
	int n = 0;
	assert_true(file_read(path, &text, &e));
	rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		if (line.n && line.p[0] != '#') {
			one_case(line, false);
			one_case(line, true); /* the order of packages says nothing */
			n++;
		}
	}
	print_message("%d kernel names\n", n);
	assert_true(n >= 90);
}

/* Nothing a machine may call itself or its packages is more than a wrong name. */
static void test_odd_words(void **state)
{
	static const char *const words[] = {
		"",
		"-",
		".",
		"+",
		"1",
		"1-",
		"-1",
		"1.",
		".x86_64",
		"1.x86_64",
		"1.x86_64+",
		"1-1.x86_64.",
		"1-1-",
		"1-1-x-y",
		"kernel",
		"kernel-",
		"kernel-core-core",
		"kernel-default-base",
		"linux-image-",
		"linux-image--unsigned",
		"linux-image-1-2-3-",
		"pve-kernel-",
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		for (size_t k = 0; k < ARRAY_LEN(words) * 2; k++) {
			AUTO(arena_done) struct arena a = { 0 };
			struct kernels_verdict v;
			struct str w = str_of(words[k / 2]);
			struct pkgdb_package p[] = {
				{ .name = w, .arch = w, .version = w, .state = PKGDB_INSTALLED },
				{ .name = STR_LIT("kernel-default-base"),
				  .arch = STR_LIT("x86_64"),
				  .version = w,
				  .state = PKGDB_INSTALLED },
			};
			struct pkgdb db = { .kind = k % 2 ? PKGDB_RPM : PKGDB_DEB,
					    .packages = p,
					    .n = 2 };
			kernels_judge(&db, str_of(words[i]), w, &a, &v);
			assert_non_null(v.newest.p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_odd_words),
	};
	return cmocka_run_group_tests_name("agent/kernels AC-01 AC-02", tests, NULL, NULL);
}
