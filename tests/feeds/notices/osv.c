/* SPDX-License-Identifier: Apache-2.0
 * OSV records to the catalog: streams of modular builds, subscriptions, withdrawn records,
 * severities that come from other records; and what is no such record. */
#include "feeds/notices/osv.h"
#include "../samples.h"
#include "catalog/catalog.h"

static struct err e;

/* Records as a snapshot; NULL and `e` when they are refused. */
static struct catalog *build(const char *json, const char *const *oses)
{
	struct feed_info feed = { .id = STR_LIT("osv"),
				  .kind = STR_LIT("osv"),
				  .url = STR_LIT("f"),
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	AUTO(osv_sink_free) struct osv_sink *o = osv_sink_new(sink, oses);
	struct generation g;
	struct catalog *c = NULL;
	if (!osv_read(JSON_MEM(str_of(json)), "test", osv_sink_add, o, &e) || !osv_sink_end(o, &e))
		return NULL;
	assert_true(sink_finish(sink, &g.records, &g.feed, &e));
	assert_true(catalog_build(&g, 1, &c, &e));
	return c;
}

#define FIX(eco, name, fixed)                                                                      \
	"{\"package\":{\"ecosystem\":\"" eco "\",\"name\":\"" name "\"},\"ranges\":["              \
	"{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"abc\"}]},"              \
	"{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"" fixed "\"}]}]"

static void modular_builds_belong_to_their_stream(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(
		"{\"id\":\"ALSA-2024:1\",\"summary\":\"Critical: virt:rhel and virt-devel:rhel security update\","
		"\"published\":\"2024-03-01T00:00:00Z\",\"related\":[\"CVE-2024-1\",\"X\",\"CVE-2024-1\"],"
		"\"affected\":[" FIX("AlmaLinux:8", "qemu", "0:6.2.0-1.module_el8.6.0+2+a") "}," FIX(
			"AlmaLinux:8", "libvirt",
			"8.0-1.el8") "}," FIX("AlmaLinux:9", "libvirt",
					      "1:9.0-1.el9") "}," FIX("PyPI", "libvirt",
								      "9.0") "}]}",
		NULL);
	assert_non_null(c);
	uint32_t p8 = catalog_find(c, STR_LIT("alma:8:ALSA-2024:1"));
	uint32_t p9 = catalog_find(c, STR_LIT("alma:9:ALSA-2024:1"));
	assert_true(c->n_patches == 2 && p8 != CATALOG_NONE && p9 != CATALOG_NONE);
	const struct patch *p = &c->patches[p8];
	assert_true(str_is(p->os, "almalinux:8") && str_is(p->vendor, "AlmaLinux"));
	assert_true(p->severity == SEVERITY_CRITICAL && !p->severity_derived);
	assert_true(str_is(p->cves, "CVE-2024-1") && p->released_ms == 1709251200000);
	/* qemu: either stream; libvirt is a plain build */
	const char *const want[][2] = { { "libvirt", "" },
					{ "qemu", "virt-devel:rhel" },
					{ "qemu", "virt:rhel" } };
	assert_int_equal(p->components, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		size_t found = 0;
		for (uint32_t k = 0; k < p->components; k++) {
			const struct component *x = &c->components[p->first_component + k];
			assert_int_equal(x->kind, COMPONENT_RPM);
			found += str_is(x->name, want[i][0]) && str_is(x->module, want[i][1]);
			assert_true(!str_is(x->name, "qemu") ||
				    str_is(x->version, "6.2.0-1.module_el8.6.0+2+a"));
		}
		assert_int_equal(found, 1);
	}
	assert_int_equal(c->patches[p9].components, 1);
}

/* "pam:1.5.1 security update" is a plain build whatever the title looks like. */
static void a_colon_makes_no_module(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(
		"{\"id\":\"ALBA-2024:10244\",\"summary\":\"None: pam:1.5.1 update\",\"affected\":[" FIX(
			"AlmaLinux:9", "pam", "1.5.1-22.el9_5") "}]}",
		NULL);
	assert_non_null(c);
	assert_int_equal(c->n_components, 1);
	assert_true(str_is(c->components[0].module, ""));
	assert_int_equal(c->patches[0].type, PATCH_TYPE_BUGFIX);
	assert_int_equal(c->patches[0].severity, SEVERITY_UNRATED);
}

static void subscriptions_and_priorities_of_Ubuntu(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(
		"[{\"id\":\"USN-7-1\",\"summary\":\"vim vulnerabilities\",\"published\":\"2024-03-01T00:00:00Z\","
		"\"related\":[\"CVE-2024-1\",\"UBUNTU-CVE-2024-1\",\"CVE-2024-2\"],\"affected\":[" FIX(
			"Ubuntu:22.04:LTS", "vim",
			"2:8.2-1ubuntu1") ",\"ecosystem_specific\":{\"availability\":"
					  "\"No subscription required\",\"binaries\":[{\"binary_name\":\"vim\"}]}}," FIX(
						  "Ubuntu:Pro:18.04:LTS", "vim",
						  "2:8.0-1ubuntu1+esm2") ",\"ecosystem_specific\":"
									 "{\"availability\":\"Available with Ubuntu Pro (Infra-only): https://ubuntu.com/pro\"}}," FIX(
										 "Ubuntu:Pro:FIPS-updates:20.04:LTS",
										 "vim",
										 "2:8.1+fips") "}]},"
											       "{\"id\":\"UBUNTU-CVE-2024-2\",\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/x\"},"
											       "{\"type\":\"Ubuntu\",\"score\":\"high\"}],\"related\":[\"CVE-2024-2\"],\"affected\":[" FIX(
												       "Ubuntu:22.04:LTS",
												       "vim",
												       "2:8.2-1ubuntu1") ",\"ecosystem_specific\":{\"ubuntu_priority\":"
															 "\"low\"}}]},"
															 "{\"id\":\"USN-8-1\",\"withdrawn\":\"2024-03-02T00:00:00Z\",\"affected\":[" FIX(
																 "Ubuntu:22.04:LTS",
																 "nano",
																 "6") "}]},"
																      "{\"id\":\"LSN-9-1\",\"affected\":[" FIX(
																	      "Ubuntu:22.04:LTS",
																	      "linux",
																	      "6") "}]}]",
		NULL);
	assert_non_null(c);
	uint32_t esm = catalog_find(c, STR_LIT("ubuntu:18.04:USN-7-1:esm-infra"));
	assert_true(esm != CATALOG_NONE);
	const struct patch *p = &c->patches[esm];
	assert_true(str_is(p->availability, "esm-infra") && str_is(p->bulletin, "USN-7-1"));
	assert_true(p->severity == SEVERITY_IMPORTANT && p->severity_derived &&
		    str_is(p->severity_raw, "high"));
	assert_true(str_is(c->components[p->first_component].version, "2:8.0-1ubuntu1+esm2"));
	/* Nobody offers packages of 22.04 here: the free notice is a patch of its own. */
	uint32_t free_one = catalog_find(c, STR_LIT("ubuntu:22.04:USN-7-1"));
	assert_true(free_one != CATALOG_NONE && c->n_patches == 2);
	assert_true(str_is(c->patches[free_one].vendor, "Ubuntu") &&
		    str_is(c->patches[free_one].availability, ""));
	assert_int_equal(c->patches[free_one].severity, SEVERITY_IMPORTANT);
	for (uint32_t i = 0; i < c->n_advisories; i++)
		assert_true(str_is(c->advisories[i].id, "USN-7-1"));
}

static void ratings_in_the_notice_itself(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(
		"{\"id\":\"USN-7-1\",\"affected\":[" FIX(
			"Ubuntu:22.04:LTS", "vim",
			"2:8") ",\"database_specific\":{\"cves_map\":{\"ecosystem\":\"Ubuntu:22.04:LTS\",\"cves\":[{\"id\":"
			       "\"CVE-2026-1\",\"severity\":[{\"type\":\"Ubuntu\",\"score\":\"negligible\"}]},{\"id\":"
			       "\"CVE-2026-2\",\"severity\":[{\"type\":\"Ubuntu\",\"score\":\"medium\"}]}]}}}]}",
		NULL);
	assert_non_null(c);
	assert_int_equal(c->n_advisories, 1);
	assert_int_equal(c->advisories[0].severity, SEVERITY_MODERATE);
	assert_true(str_is(c->advisories[0].cves, "CVE-2026-1 CVE-2026-2"));
}

static void only_the_releases_that_matter(void **state)
{
	static const char *const oses[] = { "debian:12", NULL };
	AUTO(catalog_unref)
	struct catalog *c = build(
		"{\"id\":\"DSA-1-1\",\"summary\":\"x - update\",\"affected\":[" FIX(
			"Debian:12", "x", "1-1+deb12u1") "}," FIX("Debian:11", "x",
								  "1-1+deb11u1") "}]}",
		oses);
	assert_non_null(c);
	assert_int_equal(c->n_advisories, 1);
	assert_true(str_is(c->advisories[0].os, "debian:12"));
}

static void what_is_no_record_is_refused_F37(void **state)
{
	static const char *const bad[] = {
		"",	     "invalid",		  "[]",
		"{}",	     "{\"affected\":[]}", "[1]",
		"\"USN-1\"", "{\"id\":\"A-1\"",	  "{\"id\":\"A-1\"}{\"id\":\"A-2\"}",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct catalog *c = build(bad[i], NULL);
		if (c)
			fail_msg("'%s' was read", bad[i]);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modular_builds_belong_to_their_stream),
		cmocka_unit_test(a_colon_makes_no_module),
		cmocka_unit_test(subscriptions_and_priorities_of_Ubuntu),
		cmocka_unit_test(ratings_in_the_notice_itself),
		cmocka_unit_test(only_the_releases_that_matter),
		cmocka_unit_test(what_is_no_record_is_refused_F37),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
