/* SPDX-License-Identifier: Apache-2.0
 * AC-08: for which module stream an advisory is that names none. */
#include "catalog/streams.h"
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OS STR_LIT("almalinux:9")

/* "name evr stream", known; NULL ends each list; then "name evr" of the advisory. */
struct test_case {
	const char *const *known;
	const char *advisory[4], *want; /* streams with blanks between; "?" = open */
};

static struct component component_of(const char *line)
{
	struct str rest = str_of(line), name, version;
	struct component c = { .kind = COMPONENT_RPM };
	assert_true(str_split(&rest, ' ', &name) && str_split(&rest, ' ', &version));
	c.name = name;
	c.version = version;
	c.module = rest.n ? rest : STR_LIT("");
	return c;
}

static const char *const postgresql[] = {
	"postgresql 15.6-1.module_el9.3.0+53 postgresql:15",
	"pg_repack 1.4.8-1.module_el9.3.0+53 postgresql:15",
	"postgresql 16.1-1.module_el9.4.0+66 postgresql:16",
	"pg_repack 1.5.1-1.module_el9.4.0+66 postgresql:16",
	NULL,
};
static const char *const nodejs[] = {
	"nodejs 1:18.12.1-1.module_el9.1.0+3 nodejs:18",
	"npm 1:8.19.2-1.18.12.1.1.module_el9.1.0+3 nodejs:18",
	"nodejs 1:20.5.1-1.module_el9.2.0+36 nodejs:20",
	"npm 1:10.2.4-1.20.5.1.1.module_el9.2.0+36 nodejs:20",
	NULL,
};
static const char *const ruby[] = {
	"ruby 3.1.2-1.module_el9.1.0+8 ruby:3.1",
	"rubygem-rbs 3.1.0-1.module_el9.1.0+8 ruby:3.1",
	"ruby 3.3.1-1.module_el9.4.0+9 ruby:3.3",
	"rubygem-rbs 3.3.0-1.module_el9.4.0+9 ruby:3.3",
	NULL,
};
static const char *const others[] = {
	"mod_auth_openidc 2.3.7-4.module_el8.5.0+1 mod_auth_openidc:2.3",
	"podman 2:4.0.2-1.module_el8.7.0+4 container-tools:4.0",
	"podman 2:4.2.0-1.module_el8.7.0+5 container-tools:rhel8",
	"perl-App-cpanminus 1.7044-5.module_el8.3.0+6 perl:5.26",
	"perl-App-cpanminus 1.7044-5.module_el8.3.0+7 perl:5.30",
	"perl-Encode 3.01-439.module_el8.3.0+7 perl:5.30",
	"maven 1:3.6.2-7.module_el8.6.0+8 maven:3.6",
	"qemu-kvm 6.2.0-1.module_el8.6.0+2 virt:rhel",
	"qemu-kvm 6.2.0-1.module_el8.6.0+2 virt-devel:rhel",
	NULL,
};
static const struct test_case cases[] = {
	/* the main package tells, whatever the others look like */
	{ nodejs,
	  { "nodejs 1:18.19.1-1.module_el9.3.0+59", "npm 1:10.2.4-1.18.19.1.1.module_el9.3.0+59" },
	  "nodejs:18" },
	{ nodejs, { "nodejs 1:20.9.0-1.module_el9.3.0+60" }, "nodejs:20" },
	/* a stream that nobody else speaks of */
	{ nodejs, { "nodejs 1:22.2.0-1.module_el9.4.0+90" }, "nodejs:22" },
	{ postgresql,
	  { "postgresql 18.0-1.module_el9.8.0+234", "pg_repack 1.5.3-1.module_el9.8.0+234" },
	  "postgresql:18" },
	{ postgresql,
	  { "pg_repack 1.5.1-2.module_el9.4.0+80", "postgresql 15.7-1.module_el9.4.0+80" },
	  "postgresql:15" },
	/* the only stream of its module went on */
	{ others, { "mod_auth_openidc 2.4.9.4-1.module_el8.7.0+9" }, "mod_auth_openidc:2.3" },
	{ others, { "maven 1:4.0.1-1.module_el8.9.0+9" }, "maven:4.0" },
	/* a gem whose number looks like a stream's refutes none */
	{ ruby,
	  { "ruby 3.3.5-2.module_el9.5.0+11", "rubygem-rbs 3.4.0-2.module_el9.5.0+11" },
	  "ruby:3.3" },
	/* a number that was left behind against a stream that goes on */
	{ others, { "podman 2:4.4.1-1.module_el8.8.0+10" }, "container-tools:rhel8" },
	{ others, { "podman 2:4.0.3-1.module_el8.8.0+10" }, "container-tools:4.0" },
	/* one module build */
	{ others, { "perl-App-cpanminus 1.7044-6.module_el8.3.0+7" }, "perl:5.30" },
	{ others, { "perl-Unheard-of 1-1.module_el8.3.0+7" }, "perl:5.30" },
	/* several */
	{ others, { "qemu-kvm 6.2.0-2.module_el8.6.0+11" }, "virt-devel:rhel virt:rhel" },
	{ others, { "stranger 1-1.module_el8.6.0+12" }, "?" },
};

static void concluded(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(streams_free) struct streams *s = streams_new(&a);
		AUTO(buf_done) struct buf got = BUF_INIT(1000);
		const struct str *out;
		bool open;
		for (const char *const *k = cases[i].known; *k; k++) {
			struct component c = component_of(*k);
			streams_learn(s, OS, &c);
		}
		streams_begin(s);
		for (size_t k = 0; k < ARRAY_LEN(cases[i].advisory) && cases[i].advisory[k]; k++) {
			struct component c = component_of(cases[i].advisory[k]);
			streams_build(s, OS, &c);
		}
		size_t n = streams_conclude(s, &out, &open);
		for (size_t k = 0; k < n; k++)
			buf_printf(&got, "%s%.*s", k ? " " : "", STR_ARG(out[k]));
		buf_adds(&got, open ? "?" : "");
		if (!str_is(buf_str(&got), cases[i].want))
			fail_msg("%s: '%.*s', not '%s'", cases[i].advisory[0],
				 STR_ARG(buf_str(&got)), cases[i].want);
	}
}

/* Another release's builds say nothing. */
static void releases_apart(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(streams_free) struct streams *s = streams_new(&a);
	struct component c = component_of(nodejs[0]);
	const struct str *out;
	bool open;
	streams_learn(s, STR_LIT("almalinux:8"), &c);
	streams_begin(s);
	streams_build(s, OS, &c);
	assert_int_equal(streams_conclude(s, &out, &open), 0);
	assert_true(open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(concluded),
		cmocka_unit_test(releases_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
