/* SPDX-License-Identifier: Apache-2.0
 * The laboratory on the three real suites: one snapshot, counts and spot checks of supersedence. */
#include "feeds/lab/lab.h"
#include "../samples.h"

static struct err e;

static const struct component *current(const struct catalog *c, const char *name)
{
	uint32_t n;
	const uint32_t *l = catalog_by_name(c, COMPONENT_DEB, str_of(name), &n);
	const struct component *found = NULL;
	for (uint32_t i = 0; i < n; i++)
		if (c->components[l[i]].superseded_by == CATALOG_NONE) {
			assert_null(found);
			found = &c->components[l[i]];
		}
	assert_non_null(found);
	return found;
}

static void three_suites_one_snapshot(void **state)
{
	static const char *const names[] = {
		"archive/bookworm/main/binary-amd64/Packages.xz",
		"archive/bookworm-updates/main/binary-amd64/Packages.xz",
		"archive/bookworm-security/main/binary-amd64/Packages.xz"
	};
	const char *files[3];
	for (size_t i = 0; i < 3; i++)
		files[i] = sample(names[i]);
	struct generation *g;
	size_t n;
	struct catalog *c;
	if (!feeds_lab_generation("debian", files, 3, NULL, &g, &n, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(n, 3);
	assert_int_equal(g[0].feed.rows + g[1].feed.rows + g[2].feed.rows, 63440 + 38 + 3016);
	assert_string_equal(g[2].feed.id.p, "debian/bookworm-security");
	assert_false(g[0].feed.is_signed);
	if (!catalog_build(g, n, &c, &e))
		fail_msg("%s", e.msg);
	feeds_lab_generations_free(g, n); /* the snapshot owns what it needs */
	const struct component *base = current(c, "base-files");
	assert_string_equal(base->version.p, "12.4+deb12u15");
	assert_int_equal(c->patches[base->patch].type, PATCH_TYPE_ROLLUP);
	const struct component *apt = current(c, "apt");
	assert_string_equal(apt->version.p, "2.6.2");
	assert_int_equal(c->patches[apt->patch].type, PATCH_TYPE_SECURITY);
	assert_string_equal(c->archives[apt->archive].suite.p, "bookworm-security");
	uint32_t all, superseded = 0;
	const uint32_t *l = catalog_by_name(c, COMPONENT_DEB, STR_LIT("openssl"), &all);
	for (uint32_t i = 0; i < all; i++)
		superseded += c->components[l[i]].superseded_by != CATALOG_NONE;
	assert_int_equal(superseded, all - 1);
	assert_false(c->advisories_present);
	const struct component *kernel = current(c, "linux-image-amd64");
	assert_int_equal(c->patches[kernel->patch].reboot, REBOOT_ALWAYS);
	catalog_unref(c);
}

static void advisories_join_and_kinds_are_checked(void **state)
{
	const char *dsa = sample("tracker/DSA-list-20230329.xz");
	struct generation *g;
	size_t n;
	struct catalog *c;
	assert_true(feeds_lab_generation("debian-dsa", &dsa, 1, NULL, &g, &n, &e));
	assert_true(catalog_build(g, n, &c, &e));
	assert_true(c->advisories_present);
	assert_int_not_equal(catalog_find(c, STR_LIT("debian:11:DSA-5380-1")), CATALOG_NONE);
	catalog_unref(c);
	feeds_lab_generations_free(g, n);
	assert_false(feeds_lab_generation("rpm", &dsa, 1, NULL, &g, &n, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(feeds_lab_generation("debian-release", &dsa, 1, NULL, &g, &n, &e));
}

static bool count(void *arg, struct str json, struct err *err)
{
	assert_int_equal(json.p[0], '{');
	++*(size_t *)arg;
	return true;
}

static void directories_are_verified(void **state)
{
	static char ring[500], dir[500];
	snprintf(ring, sizeof(ring), "%s", sample("keys/debian-archive-keyring.gpg"));
	snprintf(dir, sizeof(dir), "%s", sample("archive/bookworm-security"));
	const char *const keyrings[] = { ring, NULL };
	struct lab_options opt = { .keyrings = keyrings };
	size_t n = 0;
	if (!feeds_lab_parse("debian", dir, &opt, count, &n, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(n, 3016);
	static char removed[500];
	snprintf(removed, sizeof(removed), "%s", sample("keys/debian-archive-removed-keys.gpg"));
	const char *const wrong[] = { removed, NULL };
	opt.keyrings = wrong;
	n = 0;
	assert_false(feeds_lab_parse("debian", dir, &opt, count, &n, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_int_equal(n, 0);
}

static void lone_index_needs_a_suite(void **state)
{
	char file[] = "/tmp/test-lab-XXXXXX";
	int fd = mkstemp(file);
	assert_true(fd >= 0);
	close(fd);
	struct lab_options opt = { 0 };
	size_t n = 0;
	assert_false(feeds_lab_parse("debian", file, &opt, count, &n, &e));
	assert_non_null(strstr(e.msg, "--suite"));
	opt.suite = "trixie-security";
	assert_true(feeds_lab_parse("debian", file, &opt, count, &n, &e));
	unlink(file);
	assert_false(feeds_lab_parse("debian", file, &opt, count, &n, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_suites_one_snapshot),
		cmocka_unit_test(advisories_join_and_kinds_are_checked),
		cmocka_unit_test(directories_are_verified),
		cmocka_unit_test(lone_index_needs_a_suite),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
