/* SPDX-License-Identifier: Apache-2.0
 * Ubuntu's archive through the machinery of Debian's: pockets, services of Ubuntu Pro, phased
 * updates; and the database of notices joined to it. */
#include "feeds/ubuntu/ubuntu.h"
#include "../samples.h"
#include "catalog/catalog.h"
#include "feeds/debian/debian_int.h"
#include "feeds/lab/lab.h"
#include "feeds/ubuntu/ubuntu_usn.h"

static struct err e;

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static bool release(const char *origin, const char *suite, const char *codename, const char *more,
		    struct debian_release *out)
{
	AUTO(xfree)
	char *text = xasprintf(
		"Origin: %s\nLabel: Ubuntu\nSuite: %s\nVersion: 22.04\nCodename: %s\n"
		"Date: Thu, 21 Apr 2022 17:16:08 UTC\n%sSHA256:\n " ZEROS " 1 main/x\n",
		origin, suite, codename, more);
	return debian_release_parse(str_of(text), out, &e);
}

static void pockets(void **state)
{
	static const struct {
		const char *origin, *suite;
		enum patch_type type;
		const char *service;
	} cases[] = {
		{ "Ubuntu", "jammy", PATCH_TYPE_ROLLUP, "" },
		{ "Ubuntu", "jammy-security", PATCH_TYPE_SECURITY, "" },
		{ "Ubuntu", "jammy-updates", PATCH_TYPE_BUGFIX, "" },
		{ "Ubuntu", "jammy-backports", PATCH_TYPE_BUGFIX, "" },
		{ "UbuntuESM", "jammy-infra-security", PATCH_TYPE_SECURITY, "esm-infra" },
		{ "UbuntuESMApps", "jammy-apps-updates", PATCH_TYPE_BUGFIX, "esm-apps" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(debian_release_done) struct debian_release r = { 0 };
		if (!release(cases[i].origin, cases[i].suite, "jammy", "", &r))
			fail_msg("%s", e.msg);
		assert_string_equal(r.os.p, "ubuntu:22.04");
		assert_true(r.brand == &debian_brand_ubuntu && str_is(r.name, cases[i].suite));
		assert_int_equal(r.type, cases[i].type);
		assert_string_equal(r.service, cases[i].service);
	}
	/* A release newer than this program is known by its Version. */
	AUTO(debian_release_done) struct debian_release r = { 0 };
	assert_true(release("Ubuntu", "zz-security", "zz", "", &r));
	assert_string_equal(r.os.p, "ubuntu:22.04");
}

static void an_archive_is_of_one_vendor(void **state)
{
	AUTO(debian_release_done) struct debian_release r = { 0 };
	const struct feed_last none = { 0 };
	assert_true(release("Ubuntu", "jammy", "jammy", "", &r));
	assert_true(debian_release_accept(&r, "jammy", &none, 0, &e));
	assert_false(debian_release_accept(&r, "noble", &none, 0, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	AUTO(debian_release_done) struct debian_release other = { 0 };
	assert_true(release("Other", "bookworm", "bookworm", "", &other));
	assert_false(debian_release_accept(&other, "bookworm", &none, 0, &e));
	assert_non_null(strstr(e.msg, "of origin 'Other'"));
}

static void sources_of_Ubuntu(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct debian_sources s;
	assert_true(debian_sources_of_brand(
		&debian_brand_ubuntu,
		STR_LIT("deb http://archive.ubuntu.com/ubuntu jammy jammy main universe\n"
			"deb http://archive.ubuntu.com/ubuntu jammy-updates main\n"
			"deb [signed-by=/etc/esm.gpg] https://esm.ubuntu.com/infra/ubuntu jammy-infra-security main\n"
			"deb http://deb.debian.org/debian bookworm main\n"),
		"amd64", &a, &s, &e));
	assert_int_equal(s.n_suites, 3);
	assert_string_equal(s.suites[0].feed_id, "ubuntu/jammy");
	assert_string_equal(s.suites[0].keyrings[0], UBUNTU_DEFAULT_KEYRING);
	assert_string_equal(s.suites[2].feed_id, "ubuntu/jammy-infra-security");
	assert_string_equal(s.suites[2].keyrings[0], "/etc/esm.gpg");
	assert_true(s.suites[1].brand == &debian_brand_ubuntu);
	assert_int_equal(s.n_skipped, 1);
}

#define STANZA(name, version, more)                                                                \
	"Package: " name "\nVersion: " version                                                     \
	"\nArchitecture: amd64\nFilename: pool/x.deb\nSize: 1\n"                                   \
	"SHA256: 0123456789012345678901234567890123456789012345678901234567890123\n" more "\n"

static struct generation *load(const char *suite, const char *packages, size_t *n_out)
{
	char path[] = "/tmp/feeds-ubuntu-XXXXXX";
	const char *files[] = { path };
	struct lab_options opt = { .suite = suite };
	struct generation *g = NULL;
	int fd = mkstemp(path);
	assert_true(fd >= 0 && file_write_fd(fd, str_of(packages), path, &e));
	close(fd);
	bool good = feeds_lab_generation("debian", files, 1, &opt, &g, n_out, &e);
	unlink(path);
	if (!good)
		fail_msg("%s", e.msg);
	return g;
}

static void phases_and_services_reach_the_patch(void **state)
{
	size_t n, n2;
	struct generation *updates = load(
		"jammy-updates",
		STANZA("vim", "2:8.2-1ubuntu2", "Phased-Update-Percentage: 20\n")
			STANZA("nano", "6.2-1ubuntu1", ""),
		&n);
	struct generation *esm = load("jammy-infra-security",
				      STANZA("vim", "2:8.2-1ubuntu2+esm1", ""), &n2);
	struct generation both[] = { updates[0], esm[0] };
	AUTO(catalog_unref) struct catalog *c = NULL;
	assert_true(catalog_build(both, 2, &c, &e));
	uint32_t vim = catalog_find(c, STR_LIT("ubuntu:22.04:vim:2:8.2-1ubuntu2"));
	uint32_t nano = catalog_find(c, STR_LIT("ubuntu:22.04:nano:6.2-1ubuntu1"));
	uint32_t pro = catalog_find(c, STR_LIT("ubuntu:22.04:vim:2:8.2-1ubuntu2+esm1"));
	assert_true(vim != CATALOG_NONE && nano != CATALOG_NONE && pro != CATALOG_NONE);
	assert_int_equal(c->patches[vim].withheld, 80);
	assert_int_equal(c->patches[nano].withheld, 0);
	assert_true(str_is(c->patches[vim].vendor, "Ubuntu") &&
		    str_is(c->patches[vim].suites, "jammy-updates"));
	assert_true(str_is(c->patches[pro].availability, "esm-infra"));
	/* What only a subscription gives does not replace what everybody gets. */
	assert_int_equal(c->patches[vim].superseded_by, CATALOG_NONE);
	feeds_lab_generations_free(updates, n);
	feeds_lab_generations_free(esm, n2);
}

static void a_bad_phase_spoils_the_index(void **state)
{
	static const char *const bad[] = { "101", "-1", "x", "5 %" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(debian_packages_free)
		struct debian_packages *p = debian_packages_new(debian_group_add, NULL);
		AUTO(xfree)
		char *text = xasprintf(STANZA("vim", "1", "Phased-Update-Percentage: %s\n"),
				       bad[i]);
		assert_false(debian_packages_feed(p, str_of(text), &e) &&
			     debian_packages_end(p, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

static bool add_usn(void *arg, const struct usn_record *r, struct err *err)
{
	return usn_sink_add(arg, r, err);
}

static void notices_join_the_archive(void **state)
{
	static const char usn[] =
		"{\"4011-1\":{\"title\":\"Jinja2 vulnerabilities\",\"timestamp\":1559819644.9,"
		"\"cves\":[\"CVE-2019-10906\",\"https://launchpad.net/bugs/1\"],\"releases\":{"
		"\"jammy\":{\"sources\":{\"jinja2\":{\"version\":\"3.0.3-1ubuntu0.1\"}},"
		"\"binaries\":{\"python3-jinja2\":{\"pocket\":\"security\"}}},"
		"\"bionic\":{\"binaries\":{\"python-jinja2\":{\"pocket\":\"esm-infra\"}},"
		"\"sources\":{\"jinja2\":{\"version\":\"2.10-1ubuntu0.18.04.1+esm1\"}}},"
		"\"nosuch\":{\"sources\":{\"jinja2\":{\"version\":\"9\"}}}}}}";
	struct feed_info feed = { .id = STR_LIT("usn"),
				  .kind = STR_LIT("usn"),
				  .url = STR_LIT("f"),
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	struct usn_target t = { sink, NULL };
	struct generation notices;
	assert_true(usn_read(JSON_MEM(STR_LIT(usn)), "x", add_usn, &t, &e));
	assert_true(sink_finish(sink, &notices.records, &notices.feed, &e));
	size_t n;
	struct generation *archive = load(
		"jammy-security", STANZA("python3-jinja2", "3.0.3-1ubuntu0.4", "Source: jinja2\n"),
		&n);
	struct generation both[] = { archive[0], notices };
	AUTO(catalog_unref) struct catalog *c = NULL;
	assert_true(catalog_build(both, 2, &c, &e));
	uint32_t p = catalog_find(c, STR_LIT("ubuntu:22.04:jinja2:3.0.3-1ubuntu0.4"));
	assert_true(p != CATALOG_NONE && c->patches[p].advisories == 1);
	const struct advisory *a = &c->advisories[c->advisory_refs[c->patches[p].first_advisory]];
	assert_true(str_is(a->id, "USN-4011-1") && str_is(a->cves, "CVE-2019-10906"));
	assert_int_equal(a->released_ms, 1559819644000);
	uint32_t esm = catalog_find(c, STR_LIT("ubuntu:18.04:USN-4011-1:esm-infra"));
	assert_true(esm != CATALOG_NONE && str_is(c->patches[esm].availability, "esm-infra"));
	feeds_lab_generations_free(archive, n);
}

static void codenames(void **state)
{
	assert_string_equal(ubuntu_version_of_codename(STR_LIT("noble-updates")), "24.04");
	assert_string_equal(ubuntu_codename_of_version(STR_LIT("20.04")), "focal");
	assert_null(ubuntu_version_of_codename(STR_LIT("bookworm")));
	assert_string_equal(ubuntu_service_of_text(STR_LIT("No subscription required")), "");
	assert_string_equal(ubuntu_service_of_text(
				    STR_LIT("Available with Ubuntu Pro: https://ubuntu.com/pro")),
			    "esm-apps");
	assert_string_equal(ubuntu_service_of_pocket(STR_LIT("security")), "");
	assert_string_equal(ubuntu_service_of_pocket(STR_LIT("esm-apps")), "esm-apps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pockets),
		cmocka_unit_test(an_archive_is_of_one_vendor),
		cmocka_unit_test(sources_of_Ubuntu),
		cmocka_unit_test(phases_and_services_reach_the_patch),
		cmocka_unit_test(a_bad_phase_spoils_the_index),
		cmocka_unit_test(notices_join_the_archive),
		cmocka_unit_test(codenames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
