/* SPDX-License-Identifier: Apache-2.0
 * pkgver/pkgver.h against the vendors' own test vectors and real pairs (S-20), rules one by one,
 * and the properties every order must have. */
#include "pkgver/pkgver.h"
#include "base/file.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static int check(enum pkgver_scheme s, struct str a, struct str b, int64_t want, const char *from)
{
	int got = pkgver_compare(s, a, b), back = pkgver_compare(s, b, a);
	if (got == want && back == -want)
		return 0;
	print_message("%s: '%.*s' '%.*s': %d, back %d, want %d\n", from, STR_ARG(a), STR_ARG(b),
		      got, back, (int)want);
	return 1;
}

static void vectors(void **state)
{
	static const struct {
		const char *file;
		enum pkgver_scheme scheme;
	} files[] = {
		{ "dpkg.tsv", PKGVER_DEB },
		{ "rpmvercmp.tsv", PKGVER_RPM },
		{ "rpm_evr_real.tsv", PKGVER_RPM },
		{ "apk.tsv", PKGVER_APK },
		{ "windows_dotted_real.tsv", PKGVER_DOTTED },
		{ "winget.tsv", PKGVER_WINGET },
		{ "macos_product_version.tsv", PKGVER_MAC },
	};
	int bad = 0;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(xfree)
		char *path = xasprintf("%s/feeds/vercmp/%s", getenv("TSUKUROI_SHARED"),
				       files[i].file);
		AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
		struct err e = { 0 };
		if (access(path, R_OK) != 0) {
			print_message("no sample '%s'\n", path);
			skip();
		}
		assert_true(file_read(path, &b, &e));
		size_t rows = 0;
		struct str line;
		for (struct str rest = buf_str(&b); str_line(&rest, &line);) {
			struct str va, vb, result;
			int64_t want;
			if (!line.n || line.p[0] == '#')
				continue;
			assert_true(str_split(&line, '\t', &va) && str_split(&line, '\t', &vb) &&
				    str_split(&line, '\t', &result) && str_to_i64(result, &want));
			bad += check(files[i].scheme, va, vb, want, files[i].file);
			rows++;
		}
		assert_true(rows > 30);
	}
	assert_int_equal(bad, 0);
}

struct rule {
	const char *a, *b;
	int want;
};

static void check_rules(enum pkgver_scheme s, const struct rule *r, size_t n)
{
	int bad = 0;
	for (size_t i = 0; i < n; i++)
		bad += check(s, str_of(r[i].a), str_of(r[i].b), r[i].want, pkgver_scheme_name(s));
	assert_int_equal(bad, 0);
}

static void deb_rules(void **state)
{
	static const struct rule r[] = {
		{ "1.0", "1.0-0", 0 },
		{ "0:1.0", "1.0", 0 },
		{ "1:0", "2", 1 },
		{ "1.0~rc1", "1.0", -1 },
		{ "1.0~~", "1.0~", -1 },
		{ "1.0~", "1.0~a", -1 },
		{ "1.0a", "1.0+", -1 },
		{ "1.", "1.0", 0 },
		{ "1.a", "1.0", 1 },
		{ "1-2-3", "1-2-4", -1 },
		{ "1-2-3", "1-10-1", -1 },
		{ "1.2.3-1+b1", "1.2.3-1", 1 },
		{ "1.010", "1.10", 0 },
		{ "10:1", "9:9", 1 },
		{ "1.0-1~bpo12+1", "1.0-1", -1 },
		{ "99999999999999999999999", "100000000000000000000000", -1 },
		{ "", "", 0 },
		{ "", "0", 0 },
		{ "", "a", -1 },
		{ "~", "", -1 },
	};
	check_rules(PKGVER_DEB, r, ARRAY_LEN(r));
}

static void rpm_rules(void **state)
{
	static const struct rule r[] = {
		{ "1.0-1", "1.0-2", -1 },
		{ "1:1.0-1", "2.0-1", 1 },
		{ "0:1.0-1", "1.0-1", 0 },
		{ "(none):1.0-1", "1.0-1", -1 },
		{ "1.0", "1.0-1", -1 },
		{ "1.0", "1.0", 0 },
		{ "1.0~rc1-1", "1.0-1", -1 },
		{ "1.0^git1-1", "1.0-1", 1 },
		{ "1.0^git1-1", "1.0.1-1", -1 },
		{ "1.0^", "1.0", 1 },
		{ "1.0^", "1.0~", 1 },
		{ "1.0~^", "1.0~", 1 },
		{ "1.0-1.el9", "1.0-1.el9_2.1", -1 },
		{ "1a", "1.0", -1 },
		{ "a", "1", -1 },
		{ "1.0.", "1.0", 0 },
		{ "1..0", "1.0", 0 },
		{ "001", "1", 0 },
		{ "Z", "a", -1 },
		{ "1.1.\xce\xb1", "1.1.\xce\xb2", 0 },
		{ "20240101000000000000000000", "3", 1 },
	};
	check_rules(PKGVER_RPM, r, ARRAY_LEN(r));
	assert_int_equal(rpm_segment_compare(STR_LIT("1-2"), STR_LIT("1.2")), 0);
}

static void rpm_streams(void **state)
{
	static const struct {
		const char *stream, *evr;
		bool leads;
	} led[] = {
		{ "nodejs:18", "1:18.20.4-1", true },
		{ "nodejs:18", "18", true },
		{ "nodejs:18", "1:180.1-1", false },
		{ "nodejs:18", "2:1-18", false },
		{ "mariadb:10.5", "10.5.22-1", true },
		{ "mariadb:10.5", "10.50-1", false },
		{ "virt:rhel8", "rhel8-1", false },
		{ "virt:", "1-1", false },
		{ "18", "18-1", false },
		{ "nodejs:18", "", false },
	};
	static const struct {
		const char *a, *b;
		unsigned alike;
	} parts[] = {
		{ "1:10.5.22-1", "10.5.3-1", 2 },
		{ "18.1-1", "20.1-1", 0 },
		{ "1.2-1", "1.2-9", 2 },
		{ "1.2rc1", "1.2.3", 2 },
		{ "", "1", 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(led); i++)
		assert_int_equal(rpm_stream_leads(str_of(led[i].stream), str_of(led[i].evr)),
				 led[i].leads);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		assert_int_equal(rpm_parts_alike(str_of(parts[i].a), str_of(parts[i].b)),
				 parts[i].alike);
	assert_true(str_is(rpm_module_build(str_of("1:18.19.0-1.module_el8.9.0+3659+9c2d")),
			   ".module_el8.9.0+3659+9c2d"));
	assert_true(str_is(rpm_module_build(str_of("2.5.9-111.module+el8.9.0+191")),
			   ".module+el8.9.0+191"));
	assert_int_equal(rpm_module_build(str_of("1-1.module+el8")).n, 0);
	assert_true(str_is(rpm_leading_parts(str_of("3:11.8.3-1"), 2), "11.8"));
	assert_true(str_is(rpm_leading_parts(str_of("18-1"), 1), "18"));
	assert_int_equal(rpm_leading_parts(str_of("18-1"), 2).n, 0);
	assert_int_equal(rpm_leading_parts(str_of("rc1-1"), 1).n, 0);
	assert_int_equal(rpm_module_build(str_of("1-1.el8")).n, 0);
}

static void apk_rules(void **state)
{
	static const struct rule r[] = {
		{ "1.2", "1.2-r0", -1 },
		{ "1.2_rc1", "1.2", -1 },
		{ "1.2_p1", "1.2", 1 },
		{ "1.2_alpha", "1.2_beta", -1 },
		{ "1.2_pre", "1.2_rc", -1 },
		{ "1.2_cvs", "1.2_svn", -1 },
		{ "1.2_git", "1.2_hg", -1 },
		{ "1.2_hg", "1.2_p", -1 },
		{ "1.2a", "1.2b", -1 },
		{ "1.2a", "1.2", 1 },
		{ "1.2a", "1.2.1", -1 },
		{ "1.10", "1.9", 1 },
		{ "1.01", "1.1", -1 },
		{ "01.1", "1.1", 0 },
		{ "1.010", "1.01", 1 },
		{ "1.2-r10", "1.2-r9", 1 },
		{ "1.2~abc", "1.2", 1 },
		{ "1.2~abc-r1", "1.2~abc-r0", 1 },
		{ "1.2_rc1_p1", "1.2_rc1", 1 },
		{ "1.2_rc1_alpha1", "1.2_rc1", -1 },
		{ "1.2_foo", "1.2", -1 },
		{ "1.2-1", "1.2", -1 },
		{ "1.2.", "1.2", -1 },
		{ "1.2_foo", "1.2_bar", 0 },
		{ "", "1", -1 },
		{ "x", "y", 0 },
		{ "1.2_rc", "1.2_rc1", -1 },
		{ "1.2ab", "1.2a", -1 },
		{ "1.2-r", "1.2-r0", -1 },
		{ "1.2~g", "1.2", -1 },
		{ "1.2_P1", "1.2_p1", -1 },
	};
	check_rules(PKGVER_APK, r, ARRAY_LEN(r));
}

static void dotted_rules(void **state)
{
	static const struct rule r[] = {
		{ "1.0", "1.0.0.0", 0 },
		{ "1.0.0.1", "1.0", 1 },
		{ "10.0", "9.9", 1 },
		{ "1.02", "1.2", 0 },
		{ "1", "1.0a", -1 },
		{ "", "0", 0 },
		{ "1.", "1", 0 },
		{ "10.0.19041.1 (WinBuild.160101.0800)", "10.0.19041.1", 0 },
		{ "4294967296.0", "4294967295.0", 1 },
		{ "99999999999999999999999.1", "99999999999999999999999.2", -1 },
	};
	check_rules(PKGVER_DOTTED, r, ARRAY_LEN(r));
}

static void winget_rules(void **state)
{
	static const struct rule r[] = {
		{ "1.0", "1.0.0.0", 0 },
		{ "1..0", "1.0.0", 0 },
		{ "1.A", "1.a", 0 },
		{ "1.0-RC", "1.0-rc", 0 },
		{ "1.b", "1.a", 1 },
		{ "1.ab", "1.a", 1 },
		{ "1.0.a", "1.0", -1 },
		{ "latest.0", "Latest", 0 },
		{ "unknown", "0", -1 },
		{ "unknown", "a", -1 },
		{ "> unknown", "< 1", -1 },
		{ "> 1.0", "1.0", 1 },
		{ "> 1.0", "1.0.1", -1 },
		{ "1.-1", "1.5", 1 },
		{ "v.1", "v.2", -1 },
		{ "18446744073709551615", "1", 1 },
		{ "1.18446744073709551616", "1.0", -1 },
		{ "1. 2 .3", "1.2.3", 0 },
		{ "<1.0", "1.0", 0 },
		{ "", "0", 0 },
	};
	check_rules(PKGVER_WINGET, r, ARRAY_LEN(r));
}

static void mac_rules(void **state)
{
	static const struct rule r[] = {
		{ "13.4.1", "13.4.1 (a)", -1 },
		{ "13.4.1 (a)", "13.4.1 (c)", -1 },
		{ "13.4.1(a)", "13.4.1 (a)", 0 },
		{ "13.4.1 (c)", "13.5", -1 },
		{ "13.4", "13.4.0", 0 },
		{ "10.15.7", "11.0", -1 },
		{ "13.4.1 (22F82)", "13.4.1", 0 },
		{ "13.4.1 (22F82)", "13.4.1 (22F83)", -1 },
		{ "13.4.1 (a) (22F770820b)", "13.4.1 (a)", 0 },
		{ "13.4.1 (22F82)", "13.4.1 (a) (22F770820b)", -1 },
		{ "22F82", "22F770820b", -1 },
		{ "22G74", "22F770820d", 1 },
		{ "22A380", "21G531", 1 },
		{ "23A5257q", "23A344", -1 },
		{ "23A5257q", "23A5276g", -1 },
		{ "23A5257q", "22G91", 1 },
		{ "22F82", "13.4.1", -1 },
		{ "macOS 14.0", "14", 0 },
		{ "26.0", "15.7.1", 1 },
	};
	check_rules(PKGVER_MAC, r, ARRAY_LEN(r));
}

static struct str random_version(char out[static 24])
{
	static const char letters[] = "0011290a.b-~^_+:r(p) <Aalphr\xff";
	size_t n = random_below(12);
	for (size_t i = 0; i < n; i++)
		out[i] = letters[random_below(sizeof(letters) - 1)];
	return (struct str) { out, n };
}

/* Reflexive and antisymmetric for any bytes; transitive where the contract says so. */
static void properties(void **state)
{
	for (int k = 0; k < 60000; k++) {
		char ta[24], tb[24], tc[24];
		struct str a = random_version(ta), b = random_version(tb), c = random_version(tc);
		for (enum pkgver_scheme s = 0; s < PKGVER_SCHEMES_; s++) {
			int ab = pkgver_compare(s, a, b);
			if (ab != -pkgver_compare(s, b, a) || pkgver_compare(s, a, a) != 0 ||
			    ab < -1 || ab > 1)
				fail_msg("%s: '%.*s' '%.*s'", pkgver_scheme_name(s), STR_ARG(a),
					 STR_ARG(b));
			bool transitive = s == PKGVER_DEB || s == PKGVER_DOTTED;
			if (transitive && ab <= 0 && pkgver_compare(s, b, c) <= 0 &&
			    pkgver_compare(s, a, c) > 0)
				fail_msg("%s not transitive: '%.*s' '%.*s' '%.*s'",
					 pkgver_scheme_name(s), STR_ARG(a), STR_ARG(b), STR_ARG(c));
		}
	}
}

static void names(void **state)
{
	for (enum pkgver_scheme s = 0; s < PKGVER_SCHEMES_; s++) {
		enum pkgver_scheme back = PKGVER_SCHEMES_;
		assert_true(pkgver_scheme_parse(str_of(pkgver_scheme_name(s)), &back));
		assert_int_equal(back, s);
	}
	enum pkgver_scheme s;
	assert_false(pkgver_scheme_parse(STR_LIT("DEB"), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),	cmocka_unit_test(deb_rules),
		cmocka_unit_test(rpm_rules),	cmocka_unit_test(rpm_streams),
		cmocka_unit_test(apk_rules),	cmocka_unit_test(dotted_rules),
		cmocka_unit_test(winget_rules), cmocka_unit_test(mac_rules),
		cmocka_unit_test(properties),	cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
