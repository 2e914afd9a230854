/* SPDX-License-Identifier: Apache-2.0
 * Readers of RPM repositories against an independent parser's figures on real files, and what they
 * refuse: damage, places outside of the repository, ids that are no names (S-03, F-37). */
#include "base/file.h"
#include "base/vec.h"
#include "feeds/lab/lab.h"
#include "feeds/rpm/rpm_int.h"
#include "format/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_JSON ((size_t)256 << 20)

static char *shared(const char *name)
{
	const char *root = getenv("TSUKUROI_SHARED");
	return xasprintf("%s/feeds/%s", root ? root : "../shared", name);
}

static bool no_samples(void)
{
	AUTO(xfree) char *path = shared("rpm-distros/expected_updateinfo_parse.json");
	if (access(path, R_OK) == 0)
		return false;
	print_message("skipped: the shared samples are not here\n");
	return true;
}

struct lines {
	json_t **p;
	size_t n, cap;
};

static bool take_line(void *arg, struct str json, struct err *e)
{
	struct lines *l = arg;
	json_t *j = NULL;
	if (!json_parse(json, MAX_JSON, &j, e))
		return false;
	VEC_PUSH(l, j);
	return true;
}

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_free(l->p[i]);
	VEC_DONE(l);
}
AUTO_DEFINE_VALUE(struct lines, lines_done)

/* Every member that the independent parser gave must be there and equal. */
static void same_update(const char *file, const json_t *got, json_t *want)
{
	const char *key;
	json_t *v;
	json_object_foreach(want, key, v)
	{
		json_t *have = json_object_get(got, key);
		if (have ? json_equal(have, v) : json_is_null(v))
			continue;
		AUTO(xfree) char *a = json_dumps(have, JSON_ENCODE_ANY);
		AUTO(xfree) char *b = json_dumps(v, JSON_ENCODE_ANY);
		fail_msg("%s: %s is %s, not %s", file, key, a, b);
	}
}

static void expected_updateinfo_parse(void **state)
{
	if (no_samples())
		skip();
	AUTO(xfree) char *path = shared("rpm-distros/expected_updateinfo_parse.json");
	AUTO(buf_done) struct buf text = BUF_INIT(MAX_JSON);
	AUTO(json_free) json_t *want = NULL;
	struct err e = { 0 };
	assert_true(file_read(path, &text, &e));
	assert_true(json_parse(buf_str(&text), MAX_JSON, &want, &e));
	const char *name;
	json_t *list;
	size_t files = 0, damaged = 0, updates = 0;
	json_object_foreach(want, name, list)
	{
		AUTO(xfree) char *file = shared(name);
		AUTO(lines_done) struct lines got = { 0 };
		bool good = feeds_lab_parse("updateinfo", file, NULL, take_line, &got, &e);
		files++;
		if (json_is_object(list)) { /* "error": the gzip checksum */
			assert_false(good);
			assert_int_equal(e.code, ERR_CORRUPT);
			damaged++;
			continue;
		}
		if (!good)
			fail_msg("%s", e.msg);
		assert_int_equal(got.n, json_array_size(list));
		for (size_t i = 0; i < got.n; i++)
			same_update(name, got.p[i], json_array_get(list, i));
		updates += got.n;
	}
	print_message("%zu files, %zu updates equal, %zu damaged ones refused\n", files, updates,
		      damaged);
	assert_true(files > 10 && damaged == 2);
}

static void stored_primary_and_modules(void **state)
{
	if (no_samples())
		skip();
	AUTO(xfree) char *suse = shared("rpm-distros/opensuse-11.0-update/repodata/primary.xml.gz");
	AUTO(xfree) char *fedora = shared("rpm-distros/vmaas-repodata/primary.xml");
	AUTO(xfree) char *modules = shared("rpm-distros/vmaas-repodata/modules.yaml");
	struct err e = { 0 };
	AUTO(lines_done) struct lines a = { 0 }, b = { 0 }, c = { 0 };
	assert_true(feeds_lab_parse("rpm-primary", suse, NULL, take_line, &a, &e));
	assert_int_equal(a.n, 2430); /* what the document itself says */
	assert_true(feeds_lab_parse("rpm-primary", fedora, NULL, take_line, &b, &e));
	assert_int_equal(b.n, 12);
	assert_string_equal(json_string_value(json_object_get(b.p[0], "source")),
			    "389-ds-base-1.3.7.8-1.fc27.src.rpm");
	assert_true(feeds_lab_parse("modules", modules, NULL, take_line, &c, &e));
	assert_string_equal(json_string_value(json_object_get(c.p[0], "document")), "defaults");
	assert_string_equal(json_string_value(json_object_get(c.p[1], "stream")), "1.24");
}

/* --- refused -------------------------------------------------------------------------------------
 */

static void repomd(const char *href, const char *kind, const char *hex, const char *says)
{
	AUTO(xfree)
	char *text = xasprintf(
		"<repomd><revision>r</revision><data type='primary'>"
		"<checksum type='%s'>%s</checksum><location href='%s'/></data></repomd>",
		kind, hex, href);
	struct err e = { 0 };
	AUTO(rpm_repomd_done) struct rpm_repomd r = { 0 };
	bool good = rpm_repomd_parse(str_of(text), &r, &e);
	if (!says) {
		if (!good)
			fail_msg("%s", e.msg);
		assert_string_equal(r.data[0].href.p, href);
		return;
	}
	assert_false(good);
	assert_int_equal(e.code, ERR_CORRUPT);
	if (!strstr(e.msg, says))
		fail_msg("'%s' does not say '%s'", e.msg, says);
}

static void places_outside_are_refused(void **state)
{
	static const char *const bad[] = { "../../../etc/passwd",
					   "repodata/../../x",
					   "/etc/passwd",
					   "repodata/..",
					   "",
					   "http://elsewhere/x",
					   "repodata\\..\\x",
					   "repodata/%2e%2e/x",
					   "repodata//x",
					   "./x",
					   "repodata/",
					   "repodata/x?y" };
	repomd("repodata/primary.xml.gz", "sha256", "ab", NULL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		repomd(bad[i], "sha256", "ab", "no plain path");
	repomd("repodata/x", "sha256", "badid", "no hexadecimal");
	repomd("repodata/x", "sha256", "", "no hexadecimal");
}

static bool no_update(void *arg, const struct rpm_update *u, struct err *e)
{
	(void)u, (void)e;
	++*(int *)arg;
	return true;
}

static bool read_update(const char *id, const char *package, struct err *e)
{
	int n = 0;
	AUTO(xfree)
	char *text = xasprintf(
		"<updates><update type='security' version='1'><id>%s</id><pkglist>"
		"<collection><package %s/></collection></pkglist></update></updates>",
		id, package);
	AUTO(unpack_free) struct unpack *u = NULL;
	assert_true(unpack_open_mem(str_of(text), "x", 1u << 20, 0, &u, e));
	bool good = rpm_updateinfo_read(u, "x", no_update, &n, e);
	assert_int_equal(n, good);
	return good;
}

static void ids_and_packages_are_checked(void **state)
{
	static const char good[] = "name='a' version='1' release='2.el9' arch='noarch'";
	static const char *const ids[] = { "",	   "../x", "a/b",	   "a b",  "-x",  ".x",
					   "a\tb", "a;b",  "\xe3\x81\x82", "a\\b", "$(x)" };
	static const char *const packages[] = {
		"version='1' release='2' arch='x86_64'",
		"name='a' release='2' arch='x86_64'",
		"name='a' version='1' arch='x86_64'",
		"name='a' version='1' release='2'",
		"name='../a' version='1' release='2' arch='x86_64'",
		"name='a' version='1 2' release='2' arch='x86_64'",
		"name='a' version='1' release='2' arch='x86_64' epoch='x'",
	};
	struct err e = { 0 };
	if (!read_update("ALSA-2024:1", good, &e))
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_false(read_update(ids[i], good, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		assert_false(read_update("a", packages[i], &e));
}

/* --- small readers -------------------------------------------------------------------------------
 */

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0 = refused */
	} cases[] = {
		{ "1213630432", 1213630432 },
		{ "1213630432.25", 1213630432 },
		{ "2024-02-27 02:07:15", 1708999635 },
		{ "2024-02-27 02:07", 1708999620 },
		{ "2024-02-27", 1708992000 },
		{ "2024-02-27T02:07:15Z", 1708999635 },
		{ "2024-02-27 02:07:15 UTC", 1708999635 },
		{ " 2024-02-27 ", 1708992000 },
		{ "", 0 },
		{ "yesterday", 0 },
		{ "2024-13-01", 0 },
		{ "-5", 0 },
		{ "99999999999999", 0 },
		{ "2024-02-27 02", 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = 0;
		assert_int_equal(rpm_date(str_of(cases[i].text), &ms), cases[i].seconds != 0);
		assert_int_equal(ms, cases[i].seconds * 1000);
	}
}

static void nevras(void **state)
{
	struct rpm_nevra n;
	char evr[320];
	assert_true(rpm_nevra_parse(STR_LIT("perl-Git-Svn-4:5.30.1-452.module_el8.x86_64"), &n));
	assert_true(str_is(n.name, "perl-Git-Svn") && str_is(n.epoch, "4"));
	assert_true(str_is(rpm_evr(&n, evr), "4:5.30.1-452.module_el8") &&
		    str_is(n.arch, "x86_64"));
	assert_true(rpm_nevra_parse(STR_LIT("xz-5.2.5-8.el9_0.src.rpm"), &n));
	assert_true(str_is(n.name, "xz") && str_is(rpm_evr(&n, evr), "5.2.5-8.el9_0"));
	assert_true(rpm_nevra_parse(STR_LIT("1:a-2-3.noarch"), &n));
	assert_true(str_is(n.name, "a") && str_is(n.epoch, "1"));
	assert_false(rpm_nevra_parse(STR_LIT("a-1.x86_64"), &n));
	assert_false(rpm_nevra_parse(STR_LIT("-1-2.x86_64"), &n));
	assert_false(rpm_nevra_parse(STR_LIT(""), &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expected_updateinfo_parse),
		cmocka_unit_test(stored_primary_and_modules),
		cmocka_unit_test(places_outside_are_refused),
		cmocka_unit_test(ids_and_packages_are_checked),
		cmocka_unit_test(dates),
		cmocka_unit_test(nevras),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
