/* SPDX-License-Identifier: Apache-2.0
 * Which repositories are synced: by the setting's lines, or the public ones of the systems that the
 * estate has (M-072, M-073). */
#include "feeds/rpm/rpm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *lines;

static const char *give(void *arg, const char *key)
{
	assert_string_equal(key, "feed.rpm.repositories");
	return lines;
}

static bool plan(const char *text, const struct feed_estate *estate, size_t n, struct arena *a,
		 struct feed_plan *out, struct err *e)
{
	lines = text;
	*out = (struct feed_plan) { .arena = a, .setting = give, .estate = estate, .n_estate = n };
	return rpm_plan_repos(out, e);
}

static const struct feed_estate estate[] = {
	{ "debian", "12", "x86_64", 4 },	  { "almalinux", "9.4", "x86_64", 1 },
	{ "almalinux", "9", "x86_64", 2 },	  { "fedora", "43", "arm64", 1 },
	{ "opensuse-leap", "15.6", "x86_64", 1 }, { "rhel", "9", "x86_64", 1 },
};

static void estate_by_default(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(feed_plan_done) struct feed_plan p = { 0 };
	struct err e = { 0 };
	assert_true(plan("", estate, ARRAY_LEN(estate), &a, &p, &e));
	assert_int_equal(p.specs.n, 3 + 2 + 4); /* minor releases are one; RHEL has no public one */
	assert_string_equal(p.specs.p[0].id, "rpm/almalinux-9/baseos");
	assert_string_equal(p.specs.p[0].os, "almalinux:9");
	assert_string_equal(p.specs.p[0].url,
			    "https://repo.almalinux.org/almalinux/9/BaseOS/x86_64/os");
	assert_string_equal(p.specs.p[4].id, "rpm/fedora-43/updates-aarch64");
	assert_non_null(strstr(p.specs.p[4].url, "/updates/43/Everything/aarch64"));
	assert_string_equal(p.specs.p[5].os, "opensuse-leap:15.6");
	feed_plan_done(&p);
	assert_true(plan("off", estate, ARRAY_LEN(estate), &a, &p, &e));
	assert_int_equal(p.specs.n, 0);
}

static void lines_of_the_setting(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(feed_plan_done) struct feed_plan p = { 0 };
	struct err e = { 0 };
	assert_true(plan(
		"# ours\n rhel:8  baseos  file:/srv/rhel8 key=/etc/k.gpg "
		"endpoint-key=/etc/pki/k\n\nsles:15.6 up http://m/mirrorlist sha1=allow vendor=Us filelists=yes\n",
		estate, ARRAY_LEN(estate), &a, &p, &e));
	assert_int_equal(p.specs.n, 2);
	assert_string_equal(p.specs.p[0].id, "rpm/rhel-8/baseos");
	assert_string_equal(p.specs.p[0].url, "file:/srv/rhel8");
	assert_string_equal(p.specs.p[0].keyrings[0], "/etc/k.gpg");
	assert_string_equal(p.specs.p[0].endpoint_keyring, "/etc/pki/k");
	assert_null(p.specs.p[1].keyrings[0]);
	assert_string_equal(feed_option(&p.specs.p[1], "sha1"), "allow");
	assert_string_equal(feed_option(&p.specs.p[1], "vendor"), "Us");
	assert_string_equal(feed_option(&p.specs.p[1], "filelists"), "yes");
	assert_non_null(feed_option(&p.specs.p[1], "mirrors"));
	assert_null(feed_option(&p.specs.p[0], "mirrors"));
}

static void what_is_no_repository(void **state)
{
	static const char *const bad[] = { "rhel:8 baseos",
					   "debian:12 x http://m",
					   "rhel: x http://m",
					   "rhel:8 a/b http://m",
					   "rhel:8 x http://m sha1=yes",
					   "rhel:8 x http://m\nrhel:8 x http://n" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(feed_plan_done) struct feed_plan p = { 0 };
		struct err e = { 0 };
		assert_false(plan(bad[i], NULL, 0, &a, &p, &e));
		assert_true(e.code == ERR_INVALID || e.code == ERR_CONFLICT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estate_by_default),
		cmocka_unit_test(lines_of_the_setting),
		cmocka_unit_test(what_is_no_repository),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
