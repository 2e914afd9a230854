/* SPDX-License-Identifier: Apache-2.0
 * Release files: fields, kinds of suites, the digest table, and what is refused. */
#include "../samples.h"
#include "feeds/debian/debian_int.h"

static struct err e;

static const char head[] =
	"Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: bookworm\nVersion: 12.5\n"
	"Date: Sat, 10 Feb 2024 11:07:25 UTC\n";
static const char table[] =
	"SHA256:\n 533582c7ae35348edfb295fdacaf654935ddede321adbab5cdcaf359c6f18501 10 main/binary-amd64/Packages.xz\n";

static bool parses(const char *a, const char *b, struct debian_release *out)
{
	AUTO(xfree) char *text = xasprintf("%s%s", a, b);
	*out = (struct debian_release) { 0 };
	return debian_release_parse(str_of(text), out, &e);
}

static bool refused(const char *a, const char *b)
{
	struct debian_release r;
	bool good = parses(a, b, &r);
	debian_release_done(&r);
	return !good && e.code == ERR_CORRUPT;
}

static void fields_and_table(void **state)
{
	struct debian_release r;
	assert_true(parses(head, table, &r));
	assert_string_equal(r.os.p, "debian:12");
	assert_int_equal(r.type, PATCH_TYPE_ROLLUP);
	assert_int_equal(r.date_ms, 1707563245000);
	assert_int_equal(r.n_files, 1);
	assert_non_null(debian_release_find(&r, "main/binary-amd64/Packages.xz"));
	assert_null(debian_release_find(&r, "main/binary-amd64/Packages.gz"));
	assert_false(r.by_hash);
	debian_release_done(&r);
}

static void weak_digests_alone_are_refused_A16(void **state)
{
	assert_true(refused(
		head,
		"MD5Sum:\n 0ed6d4c8891eb86358b94bb35d9e4da4 10 main/binary-amd64/Packages.xz\n"));
	assert_non_null(strstr(e.msg, "weaker"));
	assert_true(refused(
		head,
		"SHA256:\n 0ed6d4c8891eb86358b94bb35d9e4da4 10 main/binary-amd64/Packages.xz\n"));
}

static void broken_releases_are_refused_F37(void **state)
{
	assert_true(refused("", ""));
	assert_true(refused(head, ""));
	assert_true(refused("Codename: bookworm\n", table));		      /* no Date */
	assert_true(refused("Date: Sat, 10 Feb 2024 11:07:25 UTC\n", table)); /* no Codename */
	assert_true(refused("Codename: bookworm\nDate: yesterday\n", table));
	assert_true(refused("Codename: hardy\nDate: Sat, 10 Feb 2024 11:07:25 UTC\n", table));
	assert_true(refused(head, "SHA256:\n 5335 10 x\n"));
	assert_true(refused(
		head,
		"SHA256:\n 533582c7ae35348edfb295fdacaf654935ddede321adbab5cdcaf359c6f18501 -1 x\n"));
	AUTO(xfree) char *two = xasprintf("%s\n%s", table, head);
	assert_true(refused(head, two));
}

static void kinds_of_suites(void **state)
{
	static const struct {
		const char *name, *os;
		enum patch_type type;
		bool lane;
	} want[] = {
		{ "bookworm", "debian:12", PATCH_TYPE_ROLLUP, false },
		{ "bookworm-security", "debian:12", PATCH_TYPE_SECURITY, false },
		{ "buster/updates", "debian:10", PATCH_TYPE_SECURITY, false },
		{ "trixie-updates", "debian:13", PATCH_TYPE_BUGFIX, false },
		{ "bullseye-proposed-updates", "debian:11", PATCH_TYPE_BUGFIX, false },
		{ "bookworm-backports", "debian:12", PATCH_TYPE_BUGFIX, true },
		{ "sid", "debian:sid", PATCH_TYPE_ROLLUP, false },
		{ "forky", "debian:forky", PATCH_TYPE_ROLLUP, false },
		{ "stretch", "debian:9", PATCH_TYPE_ROLLUP, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct debian_release r = { 0 };
		assert_true(debian_release_of_name(want[i].name, &r, &e));
		assert_string_equal(r.os.p, want[i].os);
		assert_int_equal(r.type, want[i].type);
		assert_int_equal(r.not_automatic, want[i].lane);
		debian_release_done(&r);
	}
	struct debian_release r = { 0 };
	assert_false(debian_release_of_name("nodistro", &r, &e));
}

static void suites_that_offer_nothing_by_themselves(void **state)
{
	struct debian_release r;
	struct feed_last none = { 0 };
	assert_true(parses("NotAutomatic: yes\nButAutomaticUpgrades: yes\n", head, &r) == false);
	AUTO(xfree)
	char *lane = xasprintf("%sNotAutomatic: yes\nButAutomaticUpgrades: yes\n", head);
	assert_true(parses(lane, table, &r));
	assert_true(debian_release_accept(&r, "bookworm", &none, 0, &e));
	debian_release_done(&r);
	AUTO(xfree) char *never = xasprintf("%sNotAutomatic: yes\n", head);
	assert_true(parses(never, table, &r));
	assert_false(debian_release_accept(&r, "bookworm", &none, 0, &e));
	debian_release_done(&r);
	AUTO(xfree)
	char *other = xasprintf("%s%s", "Origin: Ubuntu\n", head + strlen("Origin: Debian\n"));
	assert_true(parses(other, table, &r));
	assert_false(debian_release_accept(&r, "bookworm", &none, 0, &e));
	assert_non_null(strstr(e.msg, "Ubuntu"));
	debian_release_done(&r);
}

static void real_releases(void **state)
{
	static const char *const names[] = { "archive/bookworm/Release",
					     "archive/bookworm-updates/Release",
					     "archive/bookworm-security/Release" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
		struct debian_release r = { 0 };
		assert_true(file_read(sample(names[i]), &b, &e));
		assert_true(debian_release_parse(buf_str(&b), &r, &e));
		assert_true(r.by_hash);
		assert_false(r.all_apart);
		assert_string_equal(r.os.p, "debian:12");
		assert_non_null(debian_release_find(&r, "main/binary-amd64/Packages.xz"));
		debian_release_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_and_table),
		cmocka_unit_test(weak_digests_alone_are_refused_A16),
		cmocka_unit_test(broken_releases_are_refused_F37),
		cmocka_unit_test(kinds_of_suites),
		cmocka_unit_test(suites_that_offer_nothing_by_themselves),
		cmocka_unit_test(real_releases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
