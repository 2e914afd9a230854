/* SPDX-License-Identifier: Apache-2.0
 * What follows from a plan, out of what dpkg, apt and rpm print. */
#include "agent/backends/details.h"
#include "proto/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ok(bool good, const struct err *e)
{
	if (!good)
		fail_msg("%s", e->msg);
}

#define S(text) STR_LIT(text)

static struct backend_step debs[] = {
	{ S("libssl3"), S("amd64"), S("3.0.16-1"), S("3.0.17-1"), "upgrade" },
	{ S("adduser"), S("all"), S("3.134"), S("3.137"), "upgrade" },
	{ S("newlib"), S("amd64"), S(""), S("1:2.0-1"), "install" },
	{ S("linux-image-6.1.0-40-amd64"), S("amd64"), S(""), S("6.1.153-1"), "install" },
};
static const struct backend_transaction deb_plan = { debs, ARRAY_LEN(debs) };

static const char apt_cache[] =
	"Package: libssl3\nArchitecture: amd64\nVersion: 3.0.17-1\nInstalled-Size: 6100\nSize: 2000000\n"
	"Description: x\n with more\n\n"
	"Package: adduser\nArchitecture: all\nVersion: 3.137\nInstalled-Size: 700\nSize: 180000\n\n"
	"Package: adduser\nArchitecture: all\nVersion: 3.134\nInstalled-Size: 1\nSize: 1\n\n"
	"Package: newlib\nArchitecture: amd64\nVersion: 1:2.0-1\nInstalled-Size: 1000\nSize: 300000\n\n";
static const char kernel_stanza[] =
	"Package: linux-image-6.1.0-40-amd64\nArchitecture: amd64\nVersion: 6.1.153-1\n"
	"Installed-Size: 400000\nSize: 69000000\n";
static const char dpkg_query[] = "adduser\tall\t3.134\t686\n"
				 " /etc/adduser.conf cc3493ecd2d09837ffdcc3e25fdfff18\n"
				 " /etc/deluser.conf 11a06baf8245fd8d690b99024d228c1f\n"
				 " /etc/with blank 11a06baf8245fd8d690b99024d228c1f\n"
				 " /etc/gone.conf 11a06baf8245fd8d690b99024d228c1f obsolete\n"
				 " /etc/coming.conf newconffile\n"
				 "libssl3\tamd64\t3.0.16-1\t6020\n\n";
static const char *text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static const json_t *at(const json_t *j, const char *key, size_t i)
{
	return json_array_get(json_object_get(j, key), i);
}

static void of_dpkg(struct details *d)
{
	struct err e = { 0 };
	details_begin(d, PKGDB_DEB, &deb_plan);
	ok(details_available(d, str_of(apt_cache), &e), &e);
	details_installed(d, str_of(dpkg_query));
	details_list(d, 0, S("/.\n/usr\n/usr/lib\n/usr/lib/x86_64-linux-gnu/libssl.so.3\n"));
	details_list(d, 1, S("/usr/sbin/adduser\n"));
}

static void sums_are_told_when_every_part_is_known(void **state)
{
	AUTO(details_done) struct details d;
	struct err e = { 0 };
	int64_t disk;
	of_dpkg(&d);
	assert_int_equal(details_download(&d), -1); /* the kernel's was not told */
	assert_false(details_disk(&d, &disk));
	ok(details_available(&d, str_of(kernel_stanza), &e), &e);
	assert_int_equal(details_download(&d), 2000000 + 180000 + 300000 + 69000000);
	assert_true(details_disk(&d, &disk));
	assert_int_equal(disk, (6100 - 6020 + 700 - 686 + 1000 + 400000) * 1024);
}

static void what_was_not_found_out_is_not_there(void **state)
{
	AUTO(details_done) struct details d;
	struct err e = { 0 };
	of_dpkg(&d);
	AUTO(json_free) json_t *j = details_json(&d, NULL, NULL, 5000);
	ok(plan_details_check(j, &e), &e);
	assert_int_equal(json_integer_value(json_object_get(j, "free")), 5000);
	assert_null(json_object_get(j, "download"));
	assert_null(json_object_get(j, "disk"));
	assert_null(json_object_get(j, "services"));
	assert_null(json_object_get(j, "reboot"));
}

/* dpkg's records and a .deb's list, whose words stand behind and before the path. */
static void configuration_files_are_read(void **state)
{
	AUTO(details_done) struct details d;
	of_dpkg(&d);
	size_t n = d.files.n;
	assert_int_equal(n, 4 + 5); /* configuration, then the lists */
	assert_true(str_is(d.files.p[2].path, "/etc/with blank"));
	assert_true(d.files.p[3].obsolete && str_is(d.files.p[3].path, "/etc/gone.conf"));
	assert_int_equal(d.files.p[3].digest.n, 32);
	details_conffiles(&d, 1,
			  S("/etc/adduser.conf\nremove-on-upgrade /etc/deluser.conf\nx\n\n"));
	assert_int_equal(d.anew.n, 2);
	assert_false(d.anew.p[0].goes);
	assert_true(d.anew.p[1].goes && str_is(d.anew.p[1].path, "/etc/deluser.conf"));
}

static struct restart_entry process(int64_t pid, const char *unit, const char *exe,
				    struct str *library)
{
	return (struct restart_entry) { pid, str_of(unit), str_of(exe), library, 1 };
}

static void services_and_what_only_a_reboot_ends(void **state)
{
	AUTO(details_done) struct details d;
	struct err e = { 0 };
	/* mapped below /lib, listed below /usr/lib: one since usrmerge */
	struct str ssl = S("/lib/x86_64-linux-gnu/libssl.so.3");
	struct kernels_verdict none = { false, "none", S("6.1.0-39-amd64"), S(""), S(""), S("") };
	struct restart_entry p[] = {
		process(300, "nginx.service", "/usr/sbin/nginx", &ssl),
		process(301, "nginx.service", "/usr/sbin/nginx", &ssl),
		process(302, "session-1.scope", "/usr/bin/curl", &ssl),
	};
	const struct restart_list users = { p, ARRAY_LEN(p) };
	of_dpkg(&d);
	assert_int_equal(details_owner(&d, ssl), 0);
	assert_int_equal(details_owner(&d, S("/usr/lib/other.so")), SIZE_MAX);
	AUTO(json_free) json_t *j = details_json(&d, &users, &none, -1);
	ok(plan_details_check(j, &e), &e);
	assert_int_equal(json_array_size(json_object_get(j, "services")), 1);
	assert_string_equal(text(at(j, "services", 0), "unit"), "nginx.service");
	assert_int_equal(json_array_size(json_object_get(at(j, "services", 0), "packages")), 1);
	assert_string_equal(text(json_object_get(j, "reboot"), "why"), "none");
	p[2] = process(1, "init.scope", "/usr/lib/systemd/systemd", &ssl);
	AUTO(json_free) json_t *core = details_json(&d, &users, &none, -1);
	assert_string_equal(text(json_object_get(core, "reboot"), "why"), "core");
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_object_get(core, "reboot"), "packages"), 0)),
		"libssl3");
}

static void the_kernel_verdict_is_that_of_afterwards(void **state)
{
	AUTO(details_done) struct details d;
	AUTO(arena_done) struct arena a = { 0 };
	struct pkgdb_package there[] = {
		{ .name = S("adduser"),
		  .arch = S("all"),
		  .version = S("3.134"),
		  .state = PKGDB_INSTALLED },
		{ .name = S("libssl3"),
		  .arch = S("amd64"),
		  .version = S("3.0.16-1"),
		  .state = PKGDB_INSTALLED },
		{ .name = S("linux-image-6.1.0-39-amd64"),
		  .arch = S("amd64"),
		  .version = S("6.1.148-1"),
		  .state = PKGDB_INSTALLED },
	};
	struct pkgdb now = { .kind = PKGDB_DEB,
			     .packages = there,
			     .n = ARRAY_LEN(there),
			     .native = S("amd64") },
		     after;
	struct kernels_verdict v;
	of_dpkg(&d);
	const struct str release = S("6.1.0-39-amd64"),
			 version = S("#1 SMP PREEMPT_DYNAMIC Debian 6.1.148-1 (2025-08-26)");
	kernels_judge(&now, release, version, &a, &v);
	assert_false(v.needed);
	details_after(&d, &now, &a, &after);
	assert_int_equal(after.n, 5);
	assert_true(str_is(pkgdb_find(&after, S("libssl3"), S("amd64"))->version, "3.0.17-1"));
	kernels_judge(&after, release, version, &a, &v);
	assert_true(v.needed);
	const struct restart_list nobody = { 0 };
	AUTO(json_free) json_t *j = details_json(&d, &nobody, &v, -1);
	assert_string_equal(text(json_object_get(j, "reboot"), "why"), "kernel");
	assert_string_equal(text(json_object_get(j, "reboot"), "newest"), "6.1.0-40-amd64");
}

static struct backend_step rpms[] = {
	{ S("openssh-server"), S("x86_64"), S("8.7p1-34.el9"), S("8.7p1-38.el9"), "upgrade" },
	{ S("bind-libs"), S("x86_64"), S("32:9.16.23-11.el9"), S("32:9.16.23-14.el9"), "upgrade" },
};
static const struct backend_transaction rpm_plan = { rpms, ARRAY_LEN(rpms) };

#define MD "0123456789abcdef0123456789abcdef"

static void rpm_tells_sizes_and_files(void **state)
{
	static const int64_t bytes[] = { 470000, 1200000, 5 };
	AUTO(details_done) struct details d;
	int64_t disk;
	details_begin(&d, PKGDB_RPM, &rpm_plan);
	details_coming(&d,
		       S("openssh-server\tx86_64\t8.7p1-38.el9\t1100000\n"
			 " cn\t" MD "\t90\t-rw-r--r--\t/etc/ssh/sshd_config\n"
			 " \t\t0\tlrwxrwxrwx\t/usr/sbin/link\n"
			 "bind-libs\tx86_64\t32:9.16.23-14.el9\t3000000\n"
			 "another\tx86_64\t1-1\t5\n c\t" MD "\t9\t-rw-r--r--\t/etc/not/ours\n"),
		       bytes, ARRAY_LEN(bytes));
	details_installed(&d, S("openssh-server\tx86_64\t8.7p1-34.el9\t1000000\n"
				" cn\t" MD "\t90\t-rw-r--r--\t/etc/ssh/sshd_config\n"
				" cg\t\t5\t-rw-r--r--\t/etc/sysconfig/sshd\n"
				" c /etc/as/it/was\n"
				"bind-libs\tx86_64\t32:9.16.23-11.el9\t3100000\n"
				" \t" MD "\t7\t-rwxr-xr-x\t/usr/lib64/libisc-9.16.23-RH.so\n"));
	assert_int_equal(details_download(&d), 470000 + 1200000);
	assert_true(details_disk(&d, &disk));
	assert_int_equal(disk, 0);
	assert_int_equal(details_owner(&d, S("/usr/lib64/libisc-9.16.23-RH.so")), 1);
	assert_int_equal(d.files.n, 3);
	assert_int_equal(d.anew.n, 2);
	assert_true(d.anew.p[0].config && d.anew.p[0].noreplace && d.anew.p[0].regular);
	assert_int_equal(d.anew.p[0].size, 90);
	assert_false(d.anew.p[1].regular || d.anew.p[1].config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_told_when_every_part_is_known),
		cmocka_unit_test(what_was_not_found_out_is_not_there),
		cmocka_unit_test(configuration_files_are_read),
		cmocka_unit_test(services_and_what_only_a_reboot_ends),
		cmocka_unit_test(the_kernel_verdict_is_that_of_afterwards),
		cmocka_unit_test(rpm_tells_sizes_and_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
