/* SPDX-License-Identifier: Apache-2.0
 * The table of feeds against the table of settings, and planning from settings (M-072, M-073). */
#include "feeds/feed.h"
#include "settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_row_is_whole(void **state)
{
	for (const struct feed_kind *k = feed_kinds; k->name; k++) {
		assert_ptr_equal(feed_kind_find(str_of(k->name)), k);
		assert_non_null(k->title);
		assert_non_null(k->os);
		assert_non_null(k->plan);
		assert_non_null(k->sync);
		assert_non_null(k->settings);
		for (const char *const *s = k->settings; *s; s++) {
			enum setting id;
			if (!setting_find(str_of(*s), &id))
				fail_msg("kind '%s' reads '%s', which is no setting", k->name, *s);
		}
	}
	assert_null(feed_kind_find(STR_LIT("nothing")));
}

/* What a plan asks for must be what its row says it reads. */
struct asked {
	const struct feed_kind *kind;
	const char *value;
};

static const char *give(void *arg, const char *key)
{
	struct asked *a = arg;
	for (const char *const *s = a->kind->settings; *s; s++)
		if (strcmp(*s, key) == 0)
			return a->value ? a->value : "";
	fail_msg("kind '%s' reads '%s', which its row does not name", a->kind->name, key);
	return "";
}

static void plans_read_what_the_row_says(void **state)
{
	for (const struct feed_kind *k = feed_kinds; k->name; k++) {
		AUTO(arena_done) struct arena arena = { 0 };
		struct asked asked = { k, NULL };
		AUTO(feed_plan_done)
		struct feed_plan p = { .arena = &arena, .setting = give, .setting_arg = &asked };
		struct err e = { 0 };
		if (!k->plan(&p, &e))
			print_message("%s: %s\n", k->name, e.msg);
		for (size_t i = 0; i < p.specs.n; i++)
			assert_string_equal(p.specs.p[i].kind, k->name);
	}
}

static const char *suites(void *arg, const char *key)
{
	return strcmp(key, "feed.debian.suites") == 0
		       ? "deb [arch=arm64] file:/srv/mirror bookworm main contrib\n"
			 "deb http://mirror.example/debian bookworm-updates main"
	       : strcmp(key, "feed.debian.dsa_url") == 0 ? "/srv/list"
							 : "off";
}

static void plan_of_debian(void **state)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(feed_plan_done) struct feed_plan p = { .arena = &arena, .setting = suites };
	struct err e = { 0 };
	assert_true(feed_kind_find(STR_LIT("debian"))->plan(&p, &e));
	assert_true(feed_kind_find(STR_LIT("debian-dsa"))->plan(&p, &e));
	assert_true(feed_kind_find(STR_LIT("debian-tracker"))->plan(&p, &e));
	assert_int_equal(p.specs.n, 3);
	assert_string_equal(p.specs.p[0].id, "debian/bookworm");
	assert_string_equal(p.specs.p[0].url, "file:/srv/mirror");
	assert_string_equal(p.specs.p[0].components[1], "contrib");
	assert_string_equal(p.specs.p[0].architectures[0], "arm64");
	assert_string_equal(p.specs.p[1].suite, "bookworm-updates");
	assert_string_equal(p.specs.p[2].id, "debian-dsa");
	assert_string_equal(p.specs.p[2].url, "/srv/list");
	struct feed_spec again = p.specs.p[0];
	assert_false(feed_plan_add(&p, &again, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static const char *defaults(void *arg, const char *key)
{
	return strcmp(key, "feed.alpine.secdb_url") == 0     ? "https://secdb.example"
	       : strcmp(key, "feed.ubuntu.osv_url") == 0     ? "https://osv.example/all.tar.xz"
	       : strcmp(key, "feed.debian.tracker_url") == 0 ? "https://tracker.example/json"
	       : strcmp(key, "feed.debian.suites") == 0
		       ? "deb http://mirror.example/debian bookworm-security main"
		       : "";
}

/* M-073: what the estate has decides what is fetched. */
static void plan_by_estate(void **state)
{
	static const struct feed_estate estate[] = {
		{ "ubuntu", "22.04", "x86_64", 3 },   { "ubuntu", "22.04", "arm64", 1 },
		{ "ubuntu", "24.04", "amd64", 1 },    { "alpine", "3.19.1", "x86_64", 2 },
		{ "alpine", "3.19.4", "aarch64", 1 }, { "debian", "11", "amd64", 1 },
	};
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(feed_plan_done)
	struct feed_plan p = { .arena = &arena,
			       .setting = defaults,
			       .estate = estate,
			       .n_estate = ARRAY_LEN(estate) };
	struct err e = { 0 };
	static const char *const kinds[] = { "debian", "debian-tracker", "ubuntu", "ubuntu-osv",
					     "alpine-secdb" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!feed_kind_find(str_of(kinds[i]))->plan(&p, &e))
			fail_msg("%s", e.msg);
	static const char *const want[] = {
		"debian/bookworm-security http://mirror.example/debian",
		"debian-tracker https://tracker.example/json os=debian:12 os=debian:11",
		"ubuntu/jammy http://archive.ubuntu.com/ubuntu",
		"ubuntu/jammy-updates http://archive.ubuntu.com/ubuntu",
		"ubuntu/jammy-security http://security.ubuntu.com/ubuntu",
		"ubuntu/jammy-backports http://archive.ubuntu.com/ubuntu",
		"ubuntu/jammy-ports http://ports.ubuntu.com/ubuntu-ports",
		"ubuntu/jammy-updates-ports http://ports.ubuntu.com/ubuntu-ports",
		"ubuntu/jammy-security-ports http://ports.ubuntu.com/ubuntu-ports",
		"ubuntu/jammy-backports-ports http://ports.ubuntu.com/ubuntu-ports",
		"ubuntu/noble http://archive.ubuntu.com/ubuntu",
		"ubuntu/noble-updates http://archive.ubuntu.com/ubuntu",
		"ubuntu/noble-security http://security.ubuntu.com/ubuntu",
		"ubuntu/noble-backports http://archive.ubuntu.com/ubuntu",
		"ubuntu-osv https://osv.example/all.tar.xz os=ubuntu:22.04 os=ubuntu:24.04",
		"alpine-secdb/3.19-main https://secdb.example/v3.19/main.json",
		"alpine-secdb/3.19-community https://secdb.example/v3.19/community.json",
	};
	assert_int_equal(p.specs.n, ARRAY_LEN(want));
	for (size_t i = 0; i < p.specs.n; i++) {
		const struct feed_spec *s = &p.specs.p[i];
		AUTO(buf_done) struct buf got = BUF_INIT(1000);
		buf_printf(&got, "%s %s", s->id, s->url);
		for (const char *const *o = s->options; o && *o; o++)
			buf_printf(&got, " %s", *o);
		assert_string_equal(got.p, want[i]);
	}
	assert_string_equal(p.specs.p[6].architectures[0], "arm64");
	assert_null(p.specs.p[6].architectures[1]);
}

/* Only what the estate needs: the architectures of its systems where a source names none. */
static void architectures_of_the_estate(void **state)
{
	AUTO(arena_done) struct arena arena = { 0 };
	static const struct feed_estate estate[] = {
		{ "debian", "12", "arm64", 3 },	   { "debian", "11", "arm64", 1 },
		{ "ubuntu", "24.04", "s390x", 1 }, { "", "", "armhf", 2 },
		{ "debian", "12", "sparc", 1 },
	};
	AUTO(feed_plan_done)
	struct feed_plan p = {
		.arena = &arena, .setting = suites, .estate = estate, .n_estate = ARRAY_LEN(estate)
	};
	struct err e = { 0 };
	assert_true(feed_kind_find(STR_LIT("debian"))->plan(&p, &e));
	assert_string_equal(p.specs.p[0].architectures[0], "arm64");
	assert_null(p.specs.p[0].architectures[1]); /* told so */
	assert_string_equal(p.specs.p[1].architectures[0], "arm64");
	assert_string_equal(p.specs.p[1].architectures[1], "armhf");
	assert_null(p.specs.p[1].architectures[2]);
}

static const char *nothing(void *arg UNUSED, const char *key UNUSED)
{
	return "";
}

static bool is_planned(const struct feed_plan *p, const char *id)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (strcmp(p->specs.p[i].id, id) == 0)
			return true;
	return false;
}

static void suites_of_the_estate(void **state)
{
	static const struct feed_estate estate[] = { { "debian", "11", "aarch64", 3 },
						     { "debian", "99", "x86_64", 1 } };
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(feed_plan_done)
	struct feed_plan p = {
		.arena = &arena, .setting = nothing, .estate = estate, .n_estate = ARRAY_LEN(estate)
	};
	struct err e = { 0 };
	if (!feed_kind_find(STR_LIT("debian"))->plan(&p, &e))
		fail_msg("%s", e.msg);
	assert_true(is_planned(&p, "debian/bullseye"));
	assert_true(is_planned(&p, "debian/bullseye-updates"));
	assert_true(is_planned(&p, "debian/bullseye-security"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(plans_read_what_the_row_says),
		cmocka_unit_test(plan_of_debian),
		cmocka_unit_test(plan_by_estate),
		cmocka_unit_test(architectures_of_the_estate),
		cmocka_unit_test(suites_of_the_estate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
