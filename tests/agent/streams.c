/* SPDX-License-Identifier: Apache-2.0
 * Of which stream a package gets its updates, from the files that dnf keeps below
 * /etc/dnf/modules.d. What dnf does with each was tried on a repository made for it. */
#include "agent/net/streams.h"
#include "agent/net/rpmsources.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/streams-XXXXXX";

static void write_module(const char *name, const char *stream, const char *state)
{
	struct err e = { 0 };
	AUTO(xfree) char *path = xasprintf("%s/etc/dnf/modules.d/%s.module", root, name);
	AUTO(xfree)
	char *text = xasprintf("[%s]\nname=%s\nstream=%s\nprofiles=\nstate=%s\n", name, name,
			       stream, state);
	if (!file_write_atomic(path, str_of(text), 0644, &e))
		fail_msg("%s", e.msg);
}

static bool count(void *arg, struct str module, struct str stream, struct err *e)
{
	assert_true((str_is(module, "on") && str_is(stream, "2")) ||
		    (str_is(module, "off") && stream.n == 0));
	*(int *)arg += stream.n ? 1 : 10;
	return true;
}

/* AC-08 */
static void follows(void **state)
{
	static const struct {
		const char *label, *stream, *kept;
	} cases[] = {
		{ "on:1:801:aaaa", "on:2", NULL },
		{ "on:2:801:aaaa", "on:2", NULL },
		{ "off:1:801:aaaa", "off:1", "kept-back" },
		{ "reset:1:801:a", "reset:1", "no-stream" },
		{ "never:1:801:a", "never:1", "no-stream" },
		{ "(none)", "", NULL },
		{ "", "", NULL },
	};
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(streams_free) struct streams *s = NULL;
	struct err e = { 0 };
	int told = 0; /* 1 for each that is enabled, 10 for each that is disabled */
	AUTO(xfree) char *dir = xasprintf("%s/etc/dnf/modules.d", root);
	assert_true(file_mkdirs(dir, 0755, &e));
	write_module("on", "2", "enabled");
	write_module("off", "", "disabled");
	write_module("reset", "", "");
	assert_true(streams_read(root, &s, &e));
	assert_true(streams_each(s, count, &told, &e));
	assert_int_equal(told, 11);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *kept = "x";
		struct str stream = streams_followed(s, str_of(cases[i].label), &a, &kept);
		if (!str_is(stream, cases[i].stream))
			fail_msg("'%s' follows '%.*s'", cases[i].label, STR_ARG(stream));
		assert_string_equal(kept ? kept : "", cases[i].kept ? cases[i].kept : "");
	}
}

static void put(const char *path, const char *text)
{
	struct err e = { 0 };
	AUTO(xfree) char *at = xasprintf("%s/%s", root, path);
	AUTO(xfree) char *dir = xstrdup(at);
	*strrchr(dir, '/') = '\0';
	assert_true(file_mkdirs(dir, 0755, &e) && file_write_atomic(at, str_of(text), 0644, &e));
}

static void platform_is(const char *want)
{
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct str have;
	assert_true(rpmsources_platform(root, &a, &have, &e));
	if (!str_is(have, want))
		fail_msg("platform '%.*s', not '%s'", STR_ARG(have), want);
}

static void platform(void **state)
{
	platform_is("");
	put("usr/lib/os-release", "ID=x\nPLATFORM_ID=platform:el7\n");
	platform_is("el7");
	put("etc/os-release", "ID=x\nPLATFORM_ID=\"platform:el8\"\n");
	platform_is("el8");
	put("etc/dnf/dnf.conf", "[x]\nmodule_platform_id=platform:no\n");
	platform_is("el8");
	put("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nmodule_platform_id = platform:el9\n");
	platform_is("el9");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(follows), cmocka_unit_test(platform) };
	if (!mkdtemp(root))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	struct err e = { 0 };
	return file_remove_tree(root, &e) ? failed : 1;
}
