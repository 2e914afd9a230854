/* SPDX-License-Identifier: Apache-2.0
 * From replaced files to packages, and from evidence to facts. */
#include "agent/net/health.h"
#include "agent/net/owners.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_linked_names(void **state)
{
	static const char *const cases[][2] = {
		{ "/usr/lib/x86_64-linux-gnu/libgnutls.so.30.34.1",
		  "/usr/lib/x86_64-linux-gnu/libgnutls.so.30" },
		{ "/usr/lib/x86_64-linux-gnu/libssl.so.3",
		  "/usr/lib/x86_64-linux-gnu/libssl.so.3" },
		{ "/usr/lib64/libssl.so.3.0.7", "/usr/lib64/libssl.so.3" },
		{ "/usr/lib64/libcrypto.so.1.1.1k", "/usr/lib64/libcrypto.so.1" },
		{ "/lib/x86_64-linux-gnu/libc-2.31.so", "/lib/x86_64-linux-gnu/libc-2.31.so" },
		{ "/usr/sbin/nginx", "/usr/sbin/nginx" },
		{ "/usr/lib/x.so.", "/usr/lib/x.so." },
		{ "", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = owners_linked_name(str_of(cases[i][0]));
		if (!str_is(got, cases[i][1]))
			fail_msg("%s gives %.*s", cases[i][0], STR_ARG(got));
	}
}

static void put(const char *dir, const char *name, const char *text)
{
	AUTO(xfree) char *path = file_join(dir, name);
	struct err e = { 0 };
	assert_true(file_write_atomic(path, str_of(text), 0644, &e));
}

static void test_owners_of_dpkg(void **state)
{
	char root[] = "/tmp/owners.XXXXXX";
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	assert_non_null(mkdtemp(root));
	AUTO(xfree) char *info = xasprintf("%s/var/lib/dpkg/info", root);
	assert_true(file_mkdirs(info, 0755, &e));
	put(info, "libssl3:amd64.list", "/.\n/usr\n/usr/lib/x86_64-linux-gnu/libssl.so.3\n");
	put(info, "libgnutls30:amd64.list",
	    "/usr/lib/x86_64-linux-gnu/libgnutls.so.30.34.2\n"
	    "/usr/lib/x86_64-linux-gnu/libgnutls.so.30\n");
	put(info, "libgnutls-dane0:amd64.list", "/usr/lib/x86_64-linux-gnu/libgnutls-dane.so.0\n");
	put(info, "libc6:amd64.list", "/lib/x86_64-linux-gnu/libc.so.6\n");
	put(info, "nginx-core.list", "/usr/sbin/nginx");
	put(info, "libssl3:amd64.md5sums", "0 /usr/sbin/sshd\n");
	const struct str paths[] = {
		STR_LIT("/usr/lib/x86_64-linux-gnu/libssl.so.3"),
		STR_LIT("/usr/lib/x86_64-linux-gnu/libgnutls.so.30.34.1"),
		STR_LIT("/usr/lib/x86_64-linux-gnu/libc.so.6"),
		STR_LIT("/usr/sbin/sshd"),
		STR_LIT("/usr/lib/x86_64-linux-gnu/libssl.so"),
	};
	static const char *const want[] = { "libssl3", "libgnutls30", "libc6", "", "" };
	struct str got[ARRAY_LEN(paths)];
	assert_true(owners_find(root, PLATFORM_APT, paths, ARRAY_LEN(paths), &a, got, &e));
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_true(str_is(got[i], want[i]));
	assert_true(file_remove_tree(root, &e));
	assert_false(owners_find(root, PLATFORM_APT, paths, 1, &a, got, &e));
}

static void facts_of(const char *json, struct buf *out)
{
	AUTO(json_free) json_t *j = NULL;
	AUTO(inventory_free) struct inventory *i = inventory_new();
	struct err e = { 0 };
	assert_true(json_parse(str_of(json), 65536, &j, &e));
	assert_true(health_facts(j, i, &e) && inventory_text(i, out, &e));
}

static void test_facts(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	facts_of(
		"{\"reboot\":{\"needed\":true,\"why\":\"kernel\",\"packages\":[\"linux-image-x\"]},"
		"\"restart\":[{\"pid\":7,\"unit\":\"nginx.service\",\"exe\":\"/usr/sbin/nginx\","
		"\"packages\":[\"libssl3\",\"zlib1g\"]},"
		"{\"pid\":8,\"unit\":\"nginx.service\",\"exe\":\"/usr/sbin/nginx\",\"packages\":[\"libssl3\"]},"
		"{\"pid\":9,\"unit\":\"\",\"exe\":\"/usr/bin/own\",\"packages\":[\"libssl3\"]},"
		"{\"pid\":10,\"unit\":\"x.service\",\"exe\":\"/opt/x\",\"packages\":[]}]}",
		&b);
	assert_string_equal(b.p, "reboot-pending\tkernel\tlinux-image-x\n"
				 "restart\tlibssl3\t/usr/bin/own\n"
				 "restart\tlibssl3\tnginx.service\n"
				 "restart\tzlib1g\tnginx.service\n");
	buf_reset(&b);
	/* Only a reboot renews process 1 and the D-Bus daemon: no restart is offered for them. */
	facts_of(
		"{\"reboot\":{\"needed\":true,\"why\":\"core\",\"packages\":[\"libc6\"]},"
		"\"restart\":[{\"pid\":1,\"unit\":\"init.scope\",\"exe\":\"/usr/lib/systemd/systemd\","
		"\"packages\":[\"libc6\"]},{\"pid\":5,\"unit\":\"dbus.service\",\"packages\":[\"libc6\"]}]}",
		&b);
	assert_string_equal(b.p, "reboot-pending\tcore\tlibc6\n");
	buf_reset(&b);
	/* Nor for what would cut the machine off or end sessions. */
	facts_of("{\"reboot\":{\"needed\":true,\"why\":\"core\",\"packages\":[\"libc6\"]},"
		 "\"restart\":[{\"pid\":6,\"unit\":\"systemd-logind.service\",\"exe\":\"/x\","
		 "\"packages\":[\"libc6\"]},{\"pid\":8,\"unit\":\"ssh.service\",\"exe\":\"/x\","
		 "\"packages\":[\"libc6\"]}]}",
		 &b);
	assert_string_equal(b.p, "reboot-pending\tcore\tlibc6\nrestart\tlibc6\tssh.service\n");
}

static void test_this_system(void **state)
{
	AUTO(json_free) json_t *health = NULL;
	struct err e = { 0 };
	struct agent_paths p = agent_paths_default;
	p.run = "/nonexistent"; /* no root half */
	if (!file_exists("/var/lib/dpkg/status"))
		skip();
	assert_true(health_gather(&p, true, &health, &e));
	const json_t *reboot = json_object_get(health, "reboot");
	assert_true(json_is_boolean(json_object_get(reboot, "needed")));
	assert_non_null(json_string_value(json_object_get(reboot, "running_kernel")));
	assert_int_equal(json_array_size(json_object_get(health, "restart")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linked_names),
		cmocka_unit_test(test_owners_of_dpkg),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_this_system),
	};
	return cmocka_run_group_tests_name("agent/health AC-01 AC-03", tests, NULL, NULL);
}
