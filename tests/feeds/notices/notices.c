/* SPDX-License-Identifier: Apache-2.0
 * Documents of notices as feeds: Red Hat's CSAF and VEX, Alpine's database, Arch's groups; what
 * their names of products mean; addresses, limits, and documents that are none. */
#include "feeds/notices/notices.h"
#include "../keys.h"
#include "../samples.h"
#include "catalog/catalog.h"
#include "feeds/notices/alpine.h"
#include "feeds/notices/arch.h"
#include "feeds/notices/csaf.h"

static struct err e;

static struct catalog *build_text(enum notices_form form, struct str text)
{
	struct feed_info feed = {
		.id = STR_LIT("f"), .kind = STR_LIT("f"), .url = STR_LIT("f"), .signer = STR_LIT("")
	};
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	struct generation g;
	struct catalog *c = NULL;
	if (!notices_read(form, JSON_MEM(text), "it", NULL, sink, &e))
		return NULL;
	assert_true(sink_finish(sink, &g.records, &g.feed, &e));
	assert_true(catalog_build(&g, 1, &c, &e));
	return c;
}

static struct catalog *build(enum notices_form form, const char *file)
{
	AUTO(buf_done) struct buf bytes = BUF_INIT(64u << 20);
	assert_true(file_read(file, &bytes, &e));
	return build_text(form, buf_str(&bytes));
}

static void products(void **state)
{
	static const struct {
		const char *cpe, *os, *service;
	} cpes[] = {
		{ "cpe:/a:redhat:enterprise_linux:8::appstream", "rhel:8", "" },
		{ "cpe:/o:redhat:enterprise_linux:9.4::baseos", "rhel:9", "" },
		{ "cpe:/o:redhat:rhel_els:6", "rhel:6", "rhel-els" },
		{ "cpe:/o:redhat:enterprise_linux:10.1", "rhel:10", "" },
		{ "cpe:/a:redhat:rhel_eus:9.2::appstream", NULL, NULL },
		{ "cpe:/o:redhat:rhel_aus:8.2::baseos", NULL, NULL },
		{ "cpe:/o:redhat:rhel_tus:8.4::baseos", NULL, NULL },
		{ "cpe:/o:redhat:rhel_e4s:8.1::baseos", NULL, NULL },
		{ "cpe:/o:redhat:enterprise_linux_eus:10.0", NULL, NULL },
		{ "cpe:/o:redhat:rhel_eus_long_life:8.4::baseos", NULL, NULL },
		{ "cpe:/a:redhat:openshift:4.14::el9", NULL, NULL },
		{ "cpe:/o:other:enterprise_linux:9", NULL, NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cpes); i++) {
		struct csaf_product p = { .service = "" };
		bool known = csaf_os_of_cpe(str_of(cpes[i].cpe), &p);
		assert_int_equal(known, cpes[i].os != NULL);
		if (known) {
			assert_string_equal(p.os, cpes[i].os);
			assert_string_equal(p.service, cpes[i].service);
		}
	}
}

static void check_package(const struct csaf_product *p, const char *want)
{
	AUTO(xfree)
	char *got = xasprintf("%.*s|%.*s|%.*s|%.*s", STR_ARG(p->name), STR_ARG(p->version),
			      STR_ARG(p->arch), STR_ARG(p->module));
	assert_string_equal(got, want);
}

static void packages(void **state)
{
	static const char *const ids[][2] = {
		{ "ruby-0:3.1.4-142.module+el8.9.0+21471+7d.i686::ruby:3.1",
		  "ruby|3.1.4-142.module+el8.9.0+21471+7d|i686|ruby:3.1" },
		{ "ruby-libs-2.5.9-111.module+el8.9.0+191.x86_64.rpm-ruby:2.5",
		  "ruby-libs|2.5.9-111.module+el8.9.0+191|x86_64|ruby:2.5" },
		{ "bind-32:9.8.2-0.68.rc1.el6_10.17.src", "bind|32:9.8.2-0.68.rc1.el6_10.17|src|" },
	};
	static const char *const purls[][2] = {
		{ "pkg:rpm/redhat/ruby@2.5.9-111.module%2Bel8?arch=i686&rpmmod=ruby:2.5:809:b46",
		  "ruby|2.5.9-111.module+el8|i686|ruby:2.5" },
		{ "pkg:rpm/redhat/bind@9.8.2-0.68.rc1?arch=x86_64&epoch=32",
		  "bind|32:9.8.2-0.68.rc1|x86_64|" },
		{ "pkg:rpm/redhat/firefox?arch=src", "firefox||src|" },
	};
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct csaf_product p = { .service = "" };
		assert_true(csaf_package_of_id(str_of(ids[i][0]), &p));
		check_package(&p, ids[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(purls); i++) {
		struct csaf_product p = { .service = "" };
		assert_true(csaf_package_of_purl(str_of(purls[i][0]), &a, &p));
		check_package(&p, purls[i][1]);
	}
	struct csaf_product p = { .service = "" };
	assert_false(csaf_package_of_purl(STR_LIT("pkg:oci/x"), &a, &p));
	assert_false(csaf_package_of_id(STR_LIT("firefox"), &p));
}

static void an_advisory_of_Red_Hat(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(NOTICES_CSAF,
				  sample("../rpm-distros/redhat/csaf/rhsa-2024_1431.json.xz"));
	assert_non_null(c);
	uint32_t i = catalog_find(c, STR_LIT("rhel:8:RHSA-2024:1431"));
	assert_true(i != CATALOG_NONE && c->n_patches == 1);
	const struct patch *p = &c->patches[i];
	assert_true(str_is(p->os, "rhel:8") && str_is(p->bulletin, "RHSA-2024:1431"));
	assert_true(p->severity == SEVERITY_MODERATE && !p->severity_derived);
	assert_true(str_is(p->cves, "CVE-2021-33621 CVE-2023-28755 CVE-2023-28756 CVE-2023-36617"));
	assert_int_equal(p->released_ms, 1710874003000);
	size_t found = 0;
	for (uint32_t k = 0; k < c->n_components; k++) {
		const struct component *x = &c->components[k];
		assert_true(str_is(x->module, "ruby:3.1") && !str_is(x->arch, "src"));
		found += str_is(x->name, "ruby") && str_is(x->arch, "x86_64") &&
			 str_is(x->version, "3.1.4-142.module+el8.9.0+21471+7d1e4a35");
	}
	assert_int_equal(found, 1); /* once, whatever repositories carry it */
}

#define BRANCH(id, helper, value)                                                                  \
	"{\"product\":{\"product_id\":\"" id "\",\"product_identification_helper\":{\"" helper     \
	"\":\"" value "\"}}}"
#define RELATION(product, package)                                                                 \
	"{\"full_product_name\":{\"product_id\":\"" product ":" package "\"},"                     \
	"\"product_reference\":\"" package "\",\"relates_to_product_reference\":\"" product "\"}"
#define PURL(version) "pkg:rpm/redhat/bash@" version "?arch=x86_64"

/* One document for the main stream and for extended ones of older minor releases: what is fixed in
 * these, with versions of their own, is no fix on the main stream, and one for them alone is none.
 */
static void extended_streams_apart(void **state)
{
	static const char document[] =
		"{\"document\":{\"category\":\"csaf_security_advisory\",\"title\":\"t\",\"tracking\":"
		"{\"id\":\"RHSA-2026:1\",\"status\":\"final\"}},\"product_tree\":{\"branches\":["
		"{\"branches\":[" BRANCH("M", "cpe", "cpe:/o:redhat:enterprise_linux:9::baseos") "," BRANCH("E", "cpe", "cpe:/o:redhat:rhel_eus:9.2::baseos") "," BRANCH("A", "cpe", "cpe:/o:redhat:rhel_aus:9.4::baseos") "," BRANCH(
			"b-5.1-9.el9", "purl",
			PURL("5.1-9.el9")) "," BRANCH("b-5.1-6.el9_2.3", "purl",
						      PURL("5.1-6.el9_2.3")) "," BRANCH("b-5.1-12.el9_4",
											"purl",
											PURL("5.1-12.el9_4")) "]}],\"relationships\":[" RELATION("M",
																		 "b-5.1-9.el9") "," RELATION("E",
																					     "b-5.1-6.el9_2.3") "," RELATION("A",
																									     "b-5.1-12.el9_4") "]},\"vulnerabilities\":[{\"cve\":\"CVE-2026-1\","
																											       "\"product_status\":{\"fixed\":[%s]}}]}";
	static const struct {
		const char *fixed;
		size_t components;
	} cases[] = {
		{ "\"M:b-5.1-9.el9\",\"E:b-5.1-6.el9_2.3\",\"A:b-5.1-12.el9_4\"", 1 },
		{ "\"A:b-5.1-12.el9_4\"", 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at = strstr(document, "%s");
		AUTO(xfree)
		char *text = xasprintf("%.*s%s%s", (int)(at - document), document, cases[i].fixed,
				       at + 2);
		AUTO(catalog_unref) struct catalog *c = build_text(NOTICES_CSAF, str_of(text));
		assert_non_null(c);
		assert_int_equal(c->n_components, cases[i].components);
		if (c->n_components)
			assert_true(str_is(c->components[0].version, "5.1-9.el9"));
	}
}

/* Extended life is a subscription. */
static void an_advisory_for_some(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(NOTICES_CSAF,
				  sample("../rpm-distros/redhat/csaf/rhsa-2025_23414.json.xz"));
	assert_non_null(c);
	uint32_t i = catalog_find(c, STR_LIT("rhel:6:RHSA-2025:23414"));
	assert_true(i != CATALOG_NONE && str_is(c->patches[i].availability, "rhel-els"));
	assert_true(str_is(c->components[0].version, "32:9.8.2-0.68.rc1.el6_10.17"));
}

/* VEX: what is fixed names its advisory, what is not says so. */
static void a_vulnerability_of_Red_Hat(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(NOTICES_CSAF,
				  sample("../rpm-distros/redhat/vex/cve-2023-6212.json.xz"));
	assert_non_null(c);
	static const char *const ids[] = { "rhel:7:RHSA-2023:7509", "rhel:8:RHSA-2023:7508",
					   "rhel:9:RHSA-2023:7507" };
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		uint32_t p = catalog_find(c, str_of(ids[i]));
		if (p == CATALOG_NONE)
			fail_msg("'%s' is not there", ids[i]);
		assert_true(c->patches[p].severity == SEVERITY_IMPORTANT &&
			    c->patches[p].severity_derived);
	}
	for (uint32_t i = 0; i < c->n_components; i++) /* no version of an extended stream */
		assert_false(str_ends(c->components[i].version, ".el8_2") ||
			     str_ends(c->components[i].version, ".el9_2"));
	uint32_t n;
	const struct advisory *a = catalog_unfixed(c, STR_LIT("rhel:6"), COMPONENT_RPM,
						   STR_LIT("firefox"), &n);
	assert_int_equal(n, 1);
	assert_true(str_is(a->id, "CVE-2023-6212") && a->fixed.n == 0 && a->status.n > 0);
}

static void databases_of_Alpine(void **state)
{
	AUTO(catalog_unref)
	struct catalog *c = build(NOTICES_SECDB, sample("../alpine/v3.16/main.json"));
	assert_non_null(c);
	uint32_t i = catalog_find(c, STR_LIT("alpine:3.16:CVE-2018-11763"));
	assert_true(i != CATALOG_NONE && c->n_patches == 2);
	const struct component *k = &c->components[c->patches[i].first_component];
	assert_true(k->kind == COMPONENT_APK_SRC && str_is(k->name, "apache2") &&
		    str_is(k->version, "2.4.35-r0"));
}

struct seen {
	size_t n, never;
	char ids[200];
};

static bool see(void *arg, const struct secdb *d, struct err *err)
{
	struct seen *s = arg;
	for (uint32_t i = 0; i < d->n_fixes; i++) {
		s->n++;
		s->never += str_is(d->fixes[i].version, "0");
		snprintf(s->ids, sizeof(s->ids), "%.*s", STR_ARG(d->fixes[i].cves));
	}
	return true;
}

static void forms_of_Alpine(void **state)
{
	struct seen s = { 0 };
	static const char text[] =
		"{\"packages\":[{\"pkg\":{\"secfixes\":{\"0\":[\"CVE-2\"],\"1-r0\":[\"CVE-1 XSA-3 "
		"(regression)\",\"CVE-1\"]},\"name\":\"a\"}}],\"distroversion\":\"v3.2\"}";
	assert_true(secdb_read(JSON_MEM(STR_LIT(text)), "x", see, &s, &e));
	assert_true(s.n == 2 && s.never == 1);
	assert_string_equal(s.ids, "CVE-1");
	static const char *const bad[] = {
		"",
		"invalid",
		"{}",
		"[]",
		"{\"distroversion\":\"v3\",",
		"{\"packages\":[{\"pkg\":{}}],\"distroversion\":\"v3\"}"
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (secdb_read(JSON_MEM(str_of(bad[i])), "x", see, &s, &e))
			fail_msg("'%s' was read", bad[i]);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

static bool count(void *arg, const struct avg *g, struct err *err)
{
	(*(size_t *)arg)++;
	return true;
}

static void groups_of_Arch(void **state)
{
	size_t n = 0;
	static const char good[] = "[{\"name\":\"AVG-1\",\"packages\":[\"a\"],\"fixed\":null}]";
	assert_true(avg_read(JSON_MEM(STR_LIT(good)), "x", count, &n, &e));
	assert_int_equal(n, 1);
	assert_false(avg_read(JSON_MEM(STR_LIT("invalid")), "x", count, &n, &e));
	assert_false(avg_read(JSON_MEM(STR_LIT("[{\"name\":\"AVG-1\"}]")), "x", count, &n, &e));
}

/* "archive_latest.txt" names the document beside it; a limit keeps other releases out. */
static void addresses_and_limits(void **state)
{
	char dir[] = "/tmp/feeds-notices-XXXXXX";
	static const char doc[] =
		"[{\"id\":\"DSA-1-1\",\"summary\":\"x - update\",\"affected\":[{\"package\":{\"ecosystem\":"
		"\"Debian:12\",\"name\":\"x\"},\"ranges\":[{\"events\":[{\"introduced\":\"0\"},{\"fixed\":"
		"\"1\"}]}]},{\"package\":{\"ecosystem\":\"Debian:11\",\"name\":\"x\"},\"ranges\":[{\"events\":"
		"[{\"introduced\":\"0\"},{\"fixed\":\"1\"}]}]}]}]";
	assert_non_null(mkdtemp(dir));
	AUTO(xfree) char *latest = file_join(dir, "archive_latest.txt");
	AUTO(xfree) char *file = file_join(dir, "all.json");
	assert_true(file_write_atomic(file, STR_LIT(doc), 0600, &e));
	assert_true(file_write_atomic(latest, STR_LIT("all.json\n"), 0600, &e));
	static const char *const only12[] = { "os=debian:12", NULL };
	struct feed_env env = { .fetch = feed_local };
	struct feed_spec s = { .id = "x", .kind = "osv", .url = latest, .options = only12 };
	AUTO(generation_result_done) struct generation_result r = { 0 };
	if (!notices_sync(NOTICES_OSV, &s, &env, &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(r.generation.feed.rows, 1);
	assert_true(file_write_atomic(latest, STR_LIT("../etc/passwd"), 0600, &e));
	AUTO(generation_result_done) struct generation_result none = { 0 };
	assert_false(notices_sync(NOTICES_OSV, &s, &env, &none, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_true(file_remove_tree(dir, &e));
}

/* Red Hat signs beside the document. With a keyring only what is signed by it is taken, and called
 * signed; without one it is taken and called not signed. */
static void documents_signed_beside(void **state)
{
	char home[] = "/tmp/feeds-csaf-XXXXXX";
	AUTO(buf_done) struct buf key = BUF_INIT(1u << 20), sig = BUF_INIT(1u << 20);
	AUTO(buf_done) struct buf doc = BUF_INIT(64u << 20);
	assert_non_null(mkdtemp(home));
	AUTO(xfree) char *ring = file_join(home, "ring.gpg");
	AUTO(xfree) char *file = file_join(home, "rhsa.json.xz");
	AUTO(xfree) char *beside = file_join(home, "rhsa.json.xz.asc");
	assert_true(
		file_read(sample("../rpm-distros/redhat/csaf/rhsa-2025_23414.json.xz"), &doc, &e));
	if (!keys_make(home, &key) || !keys_sign(home, buf_str(&doc), &sig)) {
		assert_true(file_remove_tree(home, &e));
		print_message("skipped: gpg is not here to make a key\n");
		skip();
	}
	assert_true(file_write_atomic(ring, buf_str(&key), 0600, &e));
	assert_true(file_write_atomic(file, buf_str(&doc), 0600, &e));
	const char *const rings[] = { ring, NULL };
	struct feed_env env = { .fetch = feed_local };
	struct feed_spec s = { .id = "redhat-csaf", .kind = "redhat-csaf", .url = file };
	AUTO(generation_result_done)
	struct generation_result plain = { 0 }, good = { 0 }, bad = { 0 };
	if (!notices_sync(NOTICES_CSAF, &s, &env, &plain, &e))
		fail_msg("%s", e.msg);
	assert_false(plain.generation.feed.is_signed);
	assert_true(plain.generation.feed.signer.n == 0);
	s.keyrings = rings;
	assert_false(notices_sync(NOTICES_CSAF, &s, &env, &bad, &e)); /* no signature there */
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "is not signed"));
	assert_true(file_write_atomic(beside, buf_str(&sig), 0600, &e));
	if (!notices_sync(NOTICES_CSAF, &s, &env, &good, &e))
		fail_msg("%s", e.msg);
	assert_true(good.generation.feed.is_signed);
	assert_non_null(strstr(good.generation.feed.signer.p, "r@example.org"));
	assert_true(str_ends(good.generation.records, "\n") && good.generation.feed.rows > 0);
	static const size_t at[] = { 0, 100, 1000 };
	for (size_t i = 0; i < ARRAY_LEN(at); i++) { /* one bit of the document */
		doc.p[at[i]] ^= 1;
		assert_true(file_write_atomic(file, buf_str(&doc), 0600, &e));
		assert_false(notices_sync(NOTICES_CSAF, &s, &env, &bad, &e));
		assert_int_equal(e.code, ERR_UNTRUSTED);
		doc.p[at[i]] ^= 1;
	}
	assert_true(keys_sign(home, STR_LIT("something else"), &sig));
	assert_true(file_write_atomic(file, buf_str(&doc), 0600, &e));
	assert_true(file_write_atomic(beside, buf_str(&sig), 0600, &e));
	assert_false(notices_sync(NOTICES_CSAF, &s, &env, &bad, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	keys_done(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products),
		cmocka_unit_test(packages),
		cmocka_unit_test(an_advisory_of_Red_Hat),
		cmocka_unit_test(an_advisory_for_some),
		cmocka_unit_test(extended_streams_apart),
		cmocka_unit_test(a_vulnerability_of_Red_Hat),
		cmocka_unit_test(databases_of_Alpine),
		cmocka_unit_test(forms_of_Alpine),
		cmocka_unit_test(groups_of_Arch),
		cmocka_unit_test(addresses_and_limits),
		cmocka_unit_test(documents_signed_beside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
