/* SPDX-License-Identifier: Apache-2.0
 * Snapshots from generations: merging suites, supersedence, lanes, advisories, indexes. */
#include "catalog/catalog.h"
#include "make.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct err e;

static struct catalog *build(struct make *m, size_t n)
{
	struct generation g[8];
	struct catalog *c = NULL;
	for (size_t i = 0; i < n; i++) {
		assert_true(make_end(&m[i]));
		g[i] = m[i].g;
	}
	if (!catalog_build(g, n, &c, &e))
		print_message("%s\n", e.msg);
	assert_non_null(c);
	for (size_t i = 0; i < n; i++)
		sink_free(m[i].sink);
	return c;
}

static const struct component *deb(const struct catalog *c, const char *name, const char *arch,
				   const char *version)
{
	uint32_t n;
	const uint32_t *l = catalog_by_name(c, COMPONENT_DEB, str_of(name), &n);
	const struct component *found = NULL;
	for (uint32_t i = 0; i < n; i++)
		if (str_is(c->components[l[i]].arch, arch) &&
		    str_is(c->components[l[i]].version, version)) {
			assert_null(found);
			found = &c->components[l[i]];
		}
	assert_non_null(found);
	return found;
}

static void suites_are_merged_security_wins(void **state)
{
	struct make m[2];
	make_begin(&m[0], "debian/bookworm", "debian");
	assert_true(make_archive(&m[0], "bookworm"));
	assert_true(make_patch(&m[0], "bash", "5", PATCH_TYPE_ROLLUP, "bookworm"));
	assert_true(make_deb(&m[0], "bash", "amd64", "5", "", "bash5"));
	assert_true(make_deb(&m[0], "bash-doc", "all", "5", "", "doc5"));
	make_begin(&m[1], "debian/bookworm-security", "debian");
	assert_true(make_archive(&m[1], "bookworm-security"));
	assert_true(make_patch(&m[1], "bash", "5", PATCH_TYPE_SECURITY, "bookworm-security"));
	assert_true(make_deb(&m[1], "bash", "amd64", "5", "", "bash5"));
	struct catalog *c = build(m, 2);
	assert_int_equal(c->n_patches, 1);
	assert_int_equal(c->n_components, 2);
	uint32_t p = catalog_find(c, S("debian:12:bash:5"));
	assert_int_equal(p, 0);
	assert_int_equal(c->patches[p].type, PATCH_TYPE_SECURITY);
	assert_string_equal(c->patches[p].suites.p, "bookworm bookworm-security");
	assert_int_equal(c->patches[p].size, 200);
	assert_string_equal(c->archives[deb(c, "bash", "amd64", "5")->archive].suite.p,
			    "bookworm-security");
	assert_string_equal(c->archives[deb(c, "bash-doc", "all", "5")->archive].suite.p,
			    "bookworm");
	struct sha256 d = digest_of(S("bash5"));
	uint32_t k = catalog_find_payload(c, &d);
	assert_string_equal(c->components[k].name.p, "bash");
	d = digest_of(S("nothing"));
	assert_int_equal(catalog_find_payload(c, &d), CATALOG_NONE);
	assert_int_equal(catalog_find(c, S("debian:12:bash:6")), CATALOG_NONE);
	assert_int_equal(c->archives[0].files, 1);
	assert_string_equal(c->archive_files[c->archives[1].first_file].path.p,
			    "dists/x/InRelease");
	catalog_unref(c);
}

static void highest_version_is_current(void **state)
{
	struct make m[2];
	make_begin(&m[0], "debian/bookworm", "debian");
	assert_true(make_archive(&m[0], "bookworm"));
	assert_true(make_patch(&m[0], "a", "1", PATCH_TYPE_ROLLUP, "bookworm"));
	assert_true(make_deb(&m[0], "a", "amd64", "1", "", "1") &&
		    make_deb(&m[0], "a-old", "amd64", "1", "", "2"));
	assert_true(make_patch(&m[0], "b", "1", PATCH_TYPE_ROLLUP, "bookworm"));
	assert_true(make_deb(&m[0], "b", "amd64", "1", "", "5") &&
		    make_deb(&m[0], "b", "amd64", "1+b1", "", "6"));
	make_begin(&m[1], "debian/bookworm-security", "debian");
	assert_true(make_archive(&m[1], "s"));
	assert_true(make_patch(&m[1], "a", "1+deb12u1", PATCH_TYPE_SECURITY, "s"));
	assert_true(make_deb(&m[1], "a", "amd64", "1+deb12u1", "", "3"));
	assert_true(make_deb(&m[1], "a", "arm64", "0.9", "", "4"));
	struct catalog *c = build(m, 2);
	assert_int_equal(deb(c, "a", "amd64", "1")->superseded_by,
			 deb(c, "a", "amd64", "1+deb12u1") - c->components);
	assert_int_equal(deb(c, "a", "amd64", "1+deb12u1")->superseded_by, CATALOG_NONE);
	assert_int_equal(deb(c, "a", "arm64", "0.9")->superseded_by, CATALOG_NONE);
	assert_int_equal(deb(c, "a-old", "amd64", "1")->superseded_by, CATALOG_NONE);
	assert_int_not_equal(deb(c, "b", "amd64", "1")->superseded_by, CATALOG_NONE);
	uint32_t old = catalog_find(c, S("debian:12:a:1")), b = catalog_find(c, S("debian:12:b:1"));
	assert_int_equal(c->patches[old].superseded_by, CATALOG_NONE); /* a-old is still current */
	assert_int_equal(c->patches[old].size, 100);
	assert_int_equal(c->patches[b].superseded_by, CATALOG_NONE);
	catalog_unref(c);
}

static void patch_is_superseded_when_all_components_are(void **state)
{
	struct make m;
	make_begin(&m, "debian/x", "debian");
	assert_true(make_archive(&m, "x"));
	assert_true(make_patch(&m, "a", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "a", "amd64", "1", "", "1"));
	assert_true(make_patch(&m, "a", "2", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "a", "all", "2", "", "2"));
	assert_true(make_patch(&m, "b", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "b", "all", "1", "", "3"));
	assert_true(make_patch(&m, "b", "2", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "b", "amd64", "2", "", "4"));
	struct catalog *c = build(&m, 1);
	assert_int_equal(c->patches[0].superseded_by, 1); /* "all" competes with amd64 */
	assert_int_equal(c->patches[2].superseded_by, 3); /* amd64 is every architecture here */
	assert_int_equal(c->patches[0].size, 0);
	catalog_unref(c);
}

static void all_stays_where_an_architecture_lacks_the_newer(void **state)
{
	struct make m;
	make_begin(&m, "debian/x", "debian");
	assert_true(make_archive(&m, "x"));
	assert_true(make_patch(&m, "b", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "b", "all", "1", "", "3"));
	assert_true(make_patch(&m, "b", "2", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "b", "amd64", "2", "", "4"));
	assert_true(make_patch(&m, "c", "2", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m, "c", "arm64", "2", "", "5"));
	struct catalog *c = build(&m, 1);
	assert_int_equal(c->patches[0].superseded_by, CATALOG_NONE);
	catalog_unref(c);
}

static void backports_are_a_lane_of_their_own(void **state)
{
	struct make m[2];
	make_begin(&m[0], "debian/bookworm", "debian");
	assert_true(make_archive(&m[0], "bookworm"));
	assert_true(make_patch(&m[0], "a", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m[0], "a", "amd64", "1", "", "1"));
	assert_true(make_patch(&m[0], "c", "5", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&m[0], "c", "amd64", "5", "", "9"));
	make_begin(&m[1], "debian/bookworm-backports", "debian");
	assert_true(make_archive(&m[1], "bpo"));
	assert_true(make_patch(&m[1], "a", "2~bpo1", PATCH_TYPE_BUGFIX, "b") &&
		    make_deb(&m[1], "a", "amd64", "2~bpo1", "*", "2"));
	assert_true(make_patch(&m[1], "a", "3~bpo1", PATCH_TYPE_BUGFIX, "b") &&
		    make_deb(&m[1], "a", "amd64", "3~bpo1", "*", "3"));
	assert_true(make_patch(&m[1], "b", "1~bpo1", PATCH_TYPE_BUGFIX, "b") &&
		    make_deb(&m[1], "b", "amd64", "1~bpo1", "*", "4"));
	assert_true(make_patch(&m[1], "c", "4~bpo1", PATCH_TYPE_BUGFIX, "b") &&
		    make_deb(&m[1], "c", "amd64", "4~bpo1", "*", "5"));
	struct catalog *c = build(m, 2);
	assert_int_equal(deb(c, "a", "amd64", "1")->superseded_by, CATALOG_NONE);
	assert_int_equal(deb(c, "a", "amd64", "3~bpo1")->superseded_by, CATALOG_NONE);
	assert_string_equal(deb(c, "a", "amd64", "3~bpo1")->above.p, "1");
	assert_int_equal(deb(c, "a", "amd64", "2~bpo1")->superseded_by,
			 deb(c, "a", "amd64", "3~bpo1") - c->components);
	assert_string_equal(deb(c, "b", "amd64", "1~bpo1")->above.p, "");
	assert_int_equal(deb(c, "c", "amd64", "4~bpo1")->superseded_by,
			 deb(c, "c", "amd64", "5") - c->components);
	catalog_unref(c);
}

static void advisories_join_the_lowest_version_that_fixes(void **state)
{
	struct make m[3];
	make_begin(&m[0], "debian/bookworm-security", "debian");
	assert_true(make_archive(&m[0], "s"));
	assert_true(make_patch(&m[0], "a", "2", PATCH_TYPE_ROLLUP, "s") &&
		    make_deb(&m[0], "a", "amd64", "2", "", "1"));
	assert_true(make_patch(&m[0], "a", "4", PATCH_TYPE_BUGFIX, "s") &&
		    make_deb(&m[0], "a", "amd64", "4", "", "2"));
	make_begin(&m[1], "debian-dsa", "debian-dsa");
	assert_true(make_advisory(&m[1], "DSA-1-1", "debian:12", "a", "1", "CVE-1", 0, 10));
	assert_true(make_advisory(&m[1], "DSA-2-1", "debian:12", "a", "2", "CVE-2 CVE-3", 0, 20));
	assert_true(make_advisory(&m[1], "DSA-3-1", "debian:12", "a", "5", "CVE-4", 0, 30));
	assert_true(make_advisory(&m[1], "DSA-4-1", "debian:12", "zzz", "5", "CVE-4", 0, 30));
	make_begin(&m[2], "debian-tracker", "debian-tracker");
	assert_true(
		make_advisory(&m[2], "CVE-3", "debian:12", "a", "", "CVE-3", SEVERITY_MODERATE, 0));
	assert_true(make_advisory(&m[2], "CVE-9", "debian:12", "a", "3", "CVE-9", SEVERITY_LOW, 0));
	struct catalog *c = build(m, 3);
	const struct patch *two = &c->patches[catalog_find(c, S("debian:12:a:2"))];
	const struct patch *four = &c->patches[catalog_find(c, S("debian:12:a:4"))];
	assert_true(c->advisories_present);
	assert_int_equal(c->n_advisories,
			 5); /* the one without a fixed version only lent its severity */
	assert_int_equal(two->advisories, 2);
	assert_string_equal(c->advisories[c->advisory_refs[two->first_advisory + 1]].id.p,
			    "DSA-2-1");
	assert_int_equal(two->severity, SEVERITY_MODERATE);
	assert_true(two->severity_derived);
	assert_string_equal(two->severity_raw.p, "medium");
	assert_int_equal(two->released_ms, 20);
	assert_int_equal(two->type, PATCH_TYPE_SECURITY);
	assert_int_equal(four->advisories, 1);
	assert_int_equal(four->severity, SEVERITY_LOW);
	assert_int_equal(four->type, PATCH_TYPE_BUGFIX); /* a tracker entry is no bulletin */
	catalog_unref(c);
}

static void without_advisories_nothing_is_rated(void **state)
{
	struct make m;
	make_begin(&m, "debian/x", "debian");
	assert_true(make_archive(&m, "x"));
	assert_true(make_patch(&m, "a", "2", PATCH_TYPE_SECURITY, "x") &&
		    make_deb(&m, "a", "amd64", "2", "", "1"));
	struct catalog *c = build(&m, 1);
	assert_false(c->advisories_present);
	assert_int_equal(c->patches[0].severity, SEVERITY_UNRATED);
	catalog_unref(c);
}

static void notices_of_releases_without_offers_are_patches(void **state)
{
	struct make m;
	make_begin(&m, "debian-dsa", "debian-dsa");
	assert_true(make_advisory(&m, "DSA-1-1", "debian:11", "a", "1", "CVE-1", 0, 10));
	assert_true(make_advisory(&m, "DSA-2-1", "debian:11", "a", "2", "CVE-2", 0, 20));
	assert_true(make_advisory(&m, "DSA-2-1", "debian:11", "b", "7", "CVE-2", 0, 20));
	struct catalog *c = build(&m, 1);
	assert_int_equal(c->n_patches, 2);
	const struct patch *one = &c->patches[catalog_find(c, S("debian:11:DSA-1-1"))];
	const struct patch *two = &c->patches[catalog_find(c, S("debian:11:DSA-2-1"))];
	assert_int_equal(one->superseded_by, two - c->patches);
	assert_int_equal(two->components, 2);
	assert_int_equal(two->advisories, 2);
	assert_int_equal(one->advisories, 1);
	uint32_t n;
	assert_non_null(catalog_by_name(c, COMPONENT_DEB_SRC, S("a"), &n));
	assert_int_equal(n, 2);
	assert_null(catalog_by_name(c, COMPONENT_DEB, S("a"), &n));
	catalog_unref(c);
}

static void contradictions_are_refused(void **state)
{
	struct make m[2];
	struct catalog *c = NULL;
	make_begin(&m[0], "debian/x", "debian");
	make_begin(&m[1], "debian/y", "debian");
	struct patch p = { .id = S("debian:12:a:1"),
			   .vendor = S("Debian"),
			   .os = S("debian:12"),
			   .product = S("a"),
			   .version = S("1"),
			   .title = S("a"),
			   .suites = S(""),
			   .severity_raw = S("") };
	assert_true(sink_patch(m[0].sink, &p, &e));
	p.product = S("b");
	assert_true(sink_patch(m[1].sink, &p, &e));
	assert_true(make_end(&m[0]) && make_end(&m[1]));
	struct generation g[2] = { m[0].g, m[1].g };
	assert_false(catalog_build(g, 2, &c, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	g[0].feed.id = S("debian/z"); /* records of another feed */
	assert_false(catalog_build(g, 1, &c, &e));
	assert_null(c);
	sink_free(m[0].sink);
	sink_free(m[1].sink);
}

/* --- bulletins that are patches ------------------------------------------------------------------
 */

static bool add_bulletin(struct make *m, const char *id, const char *bulletin, const char *version,
			 const char *cves)
{
	struct patch p = { .id = str_of(id),
			   .vendor = S("AlmaLinux"),
			   .os = S("almalinux:9"),
			   .product = S("a"),
			   .version = str_of(version),
			   .title = S("Moderate: a"),
			   .suites = S("appstream"),
			   .bulletin = str_of(bulletin),
			   .url = S("https://h/1"),
			   .cves = str_of(cves),
			   .type = PATCH_TYPE_BUGFIX,
			   .severity = SEVERITY_MODERATE,
			   .severity_raw = S("moderate") };
	return sink_patch(m->sink, &p, &m->e);
}

static bool add_rpm(struct make *m, const char *name, const char *arch, const char *evr,
		    const char *module)
{
	struct component c = { .kind = COMPONENT_RPM,
			       .name = str_of(name),
			       .arch = str_of(arch),
			       .version = str_of(evr),
			       .module = str_of(module),
			       .archive = CATALOG_NONE };
	return sink_component(m->sink, &c, &m->e);
}

static void bulletins_are_patches(void **state)
{
	struct make m[2];
	make_begin(&m[0], "alma/appstream", "rpm");
	make_begin(&m[1], "alma/baseos", "rpm");
	assert_true(add_bulletin(&m[0], "alma:9:ALSA-1", "ALSA-1", "2", "CVE-1 CVE-2"));
	assert_true(add_rpm(&m[0], "a", "x86_64", "2-1.el9", ""));
	assert_true(add_rpm(&m[0], "a", "x86_64", "2-1.el9", ""));
	assert_true(add_bulletin(&m[0], "alma:9:ALSA-1-3", "ALSA-1", "3", "CVE-1"));
	assert_true(add_rpm(&m[0], "a", "x86_64", "3-1.el9", ""));
	assert_true(add_bulletin(&m[1], "alma:9:ALSA-1", "ALSA-1", "1", "CVE-2 CVE-3"));
	assert_true(add_rpm(&m[1], "a-libs", "i686", "2-1.el9", ""));
	struct catalog *c = build(m, 2);
	assert_int_equal(c->n_patches, 2);
	const struct patch *p = &c->patches[catalog_find(c, S("alma:9:ALSA-1"))];
	assert_int_equal(p->components, 2); /* one given twice, one of the other repository */
	assert_string_equal(p->cves.p, "CVE-1 CVE-2 CVE-3");
	assert_int_equal(p->type, PATCH_TYPE_BUGFIX);
	assert_int_equal(p->advisories, 1);
	const struct advisory *a = &c->advisories[c->advisory_refs[p->first_advisory]];
	assert_string_equal(a->id.p, "ALSA-1");
	assert_string_equal(a->cves.p, "CVE-1 CVE-2 CVE-3");
	assert_string_equal(a->url.p, "https://h/1");
	catalog_unref(c);
}

/* Another feed's notice of the same name speaks for all patches of the bulletin, and rates them. */
static void notices_join_bulletins_by_name(void **state)
{
	struct make m[2];
	make_begin(&m[0], "alma/appstream", "rpm");
	make_begin(&m[1], "alma-csaf", "csaf");
	assert_true(add_bulletin(&m[0], "alma:9:ALSA-1:2", "ALSA-1", "2", ""));
	assert_true(add_rpm(&m[0], "a", "x86_64", "2-1.el9", ""));
	assert_true(add_bulletin(&m[0], "alma:9:ALSA-1:3", "ALSA-1", "3", ""));
	assert_true(add_rpm(&m[0], "b", "x86_64", "3-1.el9", ""));
	assert_true(make_advisory(&m[1], "ALSA-1", "almalinux:9", "other", "", "CVE-9",
				  SEVERITY_CRITICAL, 77));
	struct catalog *c = build(m, 2);
	assert_int_equal(c->n_advisories, 1);
	assert_int_equal(c->n_unfixed, 0);
	for (uint32_t i = 0; i < c->n_patches; i++) {
		assert_int_equal(c->patches[i].advisories, 1);
		assert_int_equal(c->patches[i].severity, SEVERITY_CRITICAL);
		assert_int_equal(c->patches[i].type, PATCH_TYPE_BUGFIX);
		assert_int_equal(c->patches[i].released_ms, 77);
	}
	catalog_unref(c);
}

static void lineages_do_not_replace_each_other(void **state)
{
	static const struct {
		const char *evr, *module;
		bool current;
	} rows[] = {
		{ "1:16.1-1.module_el8", "nodejs:16", false },
		{ "1:16.2-1.module_el8", "nodejs:16", true },
		{ "1:18.1-1.module_el8", "nodejs:18", true },
		{ "1:10.1-1.el8", "", true },
		{ "1:19.1-1.module_el8", "", true },
		{ "1:9.9-1.el8", "", false },
		{ "1:11.1-1.el8_fips", "", true },
		{ "2:0.1-1.ksplice1.el8", "", true },
	};
	struct make m;
	make_begin(&m, "alma/appstream", "rpm");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(xfree) char *id = xasprintf("alma:8:nodejs:%zu", i);
		assert_true(add_bulletin(&m, id, "", "1", ""));
		assert_true(add_rpm(&m, "nodejs", "x86_64", rows[i].evr, rows[i].module));
	}
	struct catalog *c = build(&m, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(xfree) char *id = xasprintf("alma:8:nodejs:%zu", i);
		const struct patch *p = &c->patches[catalog_find(c, str_of(id))];
		assert_int_equal(p->superseded_by == CATALOG_NONE, rows[i].current);
		assert_int_equal(p->advisories, 0);
	}
	catalog_unref(c);
}

static void open_notices_are_set_apart(void **state)
{
	struct make m;
	make_begin(&m, "debian-tracker", "debian-tracker");
	static const struct {
		const char *id, *product, *status;
	} rows[] = { { "CVE-2", "b", "postponed" },
		     { "CVE-9", "a", "no-dsa" },
		     { "CVE-1", "b", "no-dsa" },
		     { "CVE-5", "b", "" } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct advisory a = { .id = str_of(rows[i].id),
				      .os = S("debian:12"),
				      .product = str_of(rows[i].product),
				      .kind = COMPONENT_DEB_SRC,
				      .status = str_of(rows[i].status) };
		assert_true(sink_advisory(m.sink, &a, &m.e));
	}
	struct catalog *c = build(&m, 1);
	assert_int_equal(c->n_unfixed, 3);
	assert_int_equal(c->n_advisories, 0);
	assert_int_equal(c->n_patches, 0);
	uint32_t n;
	const struct advisory *a = catalog_unfixed(c, S("debian:12"), COMPONENT_DEB_SRC, S("b"),
						   &n);
	assert_int_equal(n, 2);
	assert_string_equal(a[0].id.p, "CVE-1");
	assert_string_equal(a[1].status.p, "postponed");
	assert_null(catalog_unfixed(c, S("debian:12"), COMPONENT_DEB, S("b"), &n));
	assert_null(catalog_unfixed(c, S("debian:11"), COMPONENT_DEB_SRC, S("b"), &n));
	catalog_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_are_merged_security_wins),
		cmocka_unit_test(highest_version_is_current),
		cmocka_unit_test(patch_is_superseded_when_all_components_are),
		cmocka_unit_test(all_stays_where_an_architecture_lacks_the_newer),
		cmocka_unit_test(backports_are_a_lane_of_their_own),
		cmocka_unit_test(advisories_join_the_lowest_version_that_fixes),
		cmocka_unit_test(without_advisories_nothing_is_rated),
		cmocka_unit_test(notices_of_releases_without_offers_are_patches),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(bulletins_are_patches),
		cmocka_unit_test(notices_join_bulletins_by_name),
		cmocka_unit_test(lineages_do_not_replace_each_other),
		cmocka_unit_test(open_notices_are_set_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
