/* SPDX-License-Identifier: Apache-2.0
 * Lines to facts, fields, directories by name, bitmaps. */
#include "fleet/index.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct str s(const char *text)
{
	return str_of(text);
}

static void assert_str(struct str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void fields(void **arg)
{
	AUTO(index_free) struct index *x = index_new();
	uint32_t libc = index_intern(x, s("deb\tlibc6\tamd64\t2.36-9\tglibc\t"));
	uint32_t bash = index_intern(x, s("deb\tbash\tamd64\t5.2-1+b3\t\t5.2-1"));
	uint32_t os = index_intern(x, s("os\tdebian\t12\tbookworm"));
	uint32_t hold = index_intern(x, s("hold\tdeb\tbash\tamd64"));
	uint32_t odd = index_intern(x, s("deb\tbash\tamd64\t5.2-1+b3\t\t5.2-1\tmore"));
	uint32_t future = index_intern(x, s("snap\tfirefox\t1"));
	struct fact_package d;
	assert_true(index_package(x, libc, &d));
	assert_str(d.name, "libc6");
	assert_str(d.arch, "amd64");
	assert_str(d.version, "2.36-9");
	assert_str(d.source, "glibc");
	assert_str(d.source_version, "2.36-9");
	assert_true(index_package(x, bash, &d));
	assert_str(d.source, "bash");
	assert_str(d.source_version, "5.2-1");
	assert_false(index_package(x, odd, &d)); /* unknown forms are kept, not understood */
	assert_int_equal(index_kind(x, odd), FACT_OTHER);
	assert_int_equal(index_kind(x, future), FACT_OTHER);
	struct fact_os o;
	assert_true(index_os(x, os, &o));
	assert_str(o.version, "12");
	assert_str(o.codename, "bookworm");
	struct fact_hold h;
	assert_true(index_hold(x, hold, &h));
	assert_str(h.name, "bash");
	assert_int_equal(index_intern(x, s("os\tdebian\t12\tbookworm")), os);
	assert_int_equal(index_find(x, s("os\tdebian\t13\ttrixie")), INTERN_NONE);
	uint32_t n;
	assert_int_equal(index_of_kind(x, FACT_OS, &n)[0], os);
	assert_int_equal(n, 1);
}

static void directories(void **arg)
{
	AUTO(index_free) struct index *x = index_new();
	uint32_t a = index_intern(x, s("deb\tlibssl3\tamd64\t3.0.1\topenssl\t"));
	uint32_t b = index_intern(x, s("deb\topenssl\tamd64\t3.0.1\t\t"));
	uint32_t c = index_intern(x, s("deb\tlibssl3\ti386\t3.0.2\topenssl\t"));
	uint32_t n;
	const uint32_t *f = index_by_name(x, FACT_DEB, s("libssl3"), &n);
	assert_int_equal(n, 2);
	assert_int_equal(f[0], a);
	assert_int_equal(f[1], c);
	f = index_by_source(x, FACT_DEB, s("openssl"), &n);
	assert_int_equal(n, 3);
	assert_int_equal(f[1], b);
	assert_null(index_by_name(x, FACT_DEB, s("libssl"), &n));
	assert_int_equal(n, 0);
}

static void hosts(void **arg)
{
	AUTO(index_free) struct index *x = index_new();
	uint32_t a = index_intern(x, s("arch\tamd64"));
	assert_null(index_hosts(x, a));
	for (uint32_t h = 0; h < 5000; h++)
		index_add_host(x, a, h);
	index_optimize(x);
	assert_int_equal(roaring_bitmap_get_cardinality(index_hosts(x, a)), 5000);
	for (uint32_t h = 0; h < 5000; h++)
		index_remove_host(x, a, h);
	assert_null(index_hosts(x, a));
	assert_null(index_hosts(x, 99));
}

static void kinds_of_lines(void **arg)
{
	AUTO(index_free) struct index *x = index_new();
	static const struct {
		const char *line;
		enum fact_kind kind;
	} cases[] = {
		{ "rpm\tkernel-core\tx86_64\t5.14.0-70.el9\tkernel\t\tAlmaLinux", FACT_RPM },
		{ "rpm\tkernel-core\tx86_64\t5.14.0-427.el9\tkernel\t\tAlmaLinux", FACT_RPM },
		{ "rpm\tnpm\tx86_64\t1:9-1\tnodejs\tnodejs:18\t", FACT_RPM },
		{ "rpm\tnpm\tx86_64\t1:9-1\tnodejs\tnodejs:18", FACT_OTHER },
		{ "rpm\tnpm\tx86_64\t1:9-1\tnodejs\tnodejs:18\t\t", FACT_OTHER },
		{ "apk\tlibssl3\tx86_64\t3.3.2-r0\topenssl", FACT_APK },
		{ "hold\trpm\tkernel\t", FACT_HOLD },
		{ "hold\tsnap\tcore\t", FACT_OTHER },
		{ "kept\tdeb\ta\tamd64\tphased", FACT_KEPT },
		{ "kept\tdeb\ta\tamd64", FACT_OTHER },
		{ "subscription\tubuntu-pro\tesm-infra esm-apps", FACT_SUBSCRIPTION },
		{ "subscription\trhel\t", FACT_SUBSCRIPTION },
		{ "unsigned\trpm\tlocal", FACT_UNSIGNED },
		{ "restart\tlibssl3\tnginx.service", FACT_RESTART },
		{ "reboot-pending\tkernel\tkernel-core", FACT_REBOOT },
		{ "module\tnodejs\t18", FACT_MODULE },
		{ "module\tnodejs\t", FACT_MODULE },
		{ "module\tnodejs", FACT_OTHER },
		{ "rpm", FACT_OTHER },
		{ "x\t1\t2\t3\t4\t5\t6\t7\t8", FACT_OTHER },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t fact = index_intern(x, str_of(cases[i].line));
		assert_int_equal(index_kind(x, fact), cases[i].kind);
	}
	struct fact_package p;
	uint32_t npm = index_find(x, str_of(cases[2].line)), n;
	assert_true(index_package(x, npm, &p));
	assert_int_equal(p.kind, FACT_RPM);
	assert_true(str_is(p.version, "1:9-1") && str_is(p.source, "nodejs"));
	assert_true(str_is(p.module, "nodejs:18") && p.vendor.n == 0);
	assert_true(index_package(x, 0, &p));
	assert_true(str_is(p.name, "kernel-core") && str_is(p.vendor, "AlmaLinux"));
	assert_int_equal(index_name(x, 0), index_name(x, 1));
	assert_int_not_equal(index_name(x, 0), index_name(x, npm));
	assert_int_equal(index_names(x, FACT_RPM), 2);
	assert_non_null(index_by_name(x, FACT_RPM, STR_LIT("kernel-core"), &n));
	assert_int_equal(n, 2);
	assert_non_null(index_by_source(x, FACT_RPM, STR_LIT("kernel"), &n));
	assert_int_equal(n, 2);
	assert_null(index_by_name(x, FACT_DEB, STR_LIT("kernel-core"), &n));
	assert_non_null(index_by_source(x, FACT_APK, STR_LIT("openssl"), &n));
	struct fact_kept kept;
	assert_true(index_kept(x, index_find(x, str_of(cases[8].line)), &kept));
	assert_int_equal(kept.package, FACT_DEB);
	assert_true(str_is(kept.name, "a") && str_is(kept.reason, "phased"));
	struct fact_hold hold;
	assert_true(index_hold(x, index_find(x, str_of(cases[6].line)), &hold));
	assert_int_equal(hold.package, FACT_RPM);
	assert_int_equal(hold.arch.n, 0);
	assert_true(str_is(index_field(x, index_find(x, str_of(cases[10].line)), 2),
			   "esm-infra esm-apps"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_lines),
		cmocka_unit_test(fields),
		cmocka_unit_test(directories),
		cmocka_unit_test(hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
