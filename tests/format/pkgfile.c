/* SPDX-License-Identifier: Apache-2.0
 * Changelogs out of package files: a .deb made by dpkg-deb here, one of this machine's archive when
 * it can be had, an .rpm header made by hand; and what is no package. */
#include "format/pkgfile.h"
#include "base/file.h"
#include "base/proc.h"
#include "format/changelog.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct err e;
static char dir[] = "/tmp/pkgfile.XXXXXX";

#define LOG                                                                                         \
	"demo (1.2-3) bookworm-security; urgency=high\n\n  * Fix CVE-2026-0001 and CVE-2026-12345." \
	"\n    (Closes: #1)\n\n -- A Person <a@example.org>  Thu, 22 Oct 2026 10:00:00 +0200\n\n"   \
	"demo (1.2-2) bookworm; urgency=medium\n\n  * Older.\n\n"                                   \
	" -- A Person <a@example.org>  Wed, 21 Oct 2026 10:00:00 +0200\n"

static bool run(const char *const *argv)
{
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
	struct proc_result r;
	struct proc_spec s = { .argv = argv, .timeout_s = 60, .cwd = dir };
	if (!proc_run(&s, &out, &out, &r, &e))
		return false;
	if (r.exit_status)
		print_message("%s\n", buf_str(&out).p);
	return r.exit_status == 0;
}

static void put(const char *path, const char *text)
{
	AUTO(xfree) char *full = file_join(dir, path);
	assert_true(file_write_atomic(full, str_of(text), 0644, &e));
}

static int open_in(const char *name)
{
	AUTO(xfree) char *full = file_join(dir, name);
	int fd = open(full, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* The package "demo" with its changelog in `file`, compressed with `z`. */
static void build(const char *file, const char *z)
{
	AUTO(xfree) char *doc = file_join(dir, "root/usr/share/doc/demo");
	AUTO(xfree) char *control = file_join(dir, "root/DEBIAN");
	AUTO(xfree) char *root = file_join(dir, "root");
	AUTO(xfree) char *log = xasprintf("root/usr/share/doc/demo/%s", file);
	AUTO(xfree) char *level = xasprintf("-Z%s", z);
	assert_true(file_remove_tree(root, &e));
	assert_true(file_mkdirs(doc, 0755, &e) && file_mkdirs(control, 0755, &e));
	put("root/DEBIAN/control", "Package: demo\nVersion: 1.2-3\nArchitecture: all\n"
				   "Maintainer: A <a@example.org>\nDescription: d\n");
	put("root/usr/share/doc/demo/copyright", "c\n");
	put(log, LOG);
	const char *gz[] = { "gzip", "-9n", log, NULL };
	assert_true(run(gz));
	const char *deb[] = { "dpkg-deb", level, "--root-owner-group", "--build", "root",
			      "demo.deb", NULL };
	assert_true(run(deb));
}

static void from_a_deb_of_every_compression(void **state)
{
	static const char *const z[] = { "xz", "gzip", "none", "zstd" };
	if (access("/usr/bin/dpkg-deb", X_OK) != 0) {
		print_message("dpkg-deb is not installed\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_LEN(z); i++) {
		build("changelog.Debian", z[i]);
		AUTO(fd_close) int fd = open_in("demo.deb");
		AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX), few = BUF_INIT(20);
		assert_true(debfile_changelog(fd, STR_LIT("demo"), &out, &e));
		assert_string_equal(out.p, LOG);
		assert_true(debfile_changelog(fd, STR_LIT("demo"), &few, &e));
		assert_int_equal(few.n, 20);
		assert_false(debfile_changelog(fd, STR_LIT("dem"), &out, &e));
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	build("changelog", "xz"); /* a native package */
	AUTO(fd_close) int fd = open_in("demo.deb");
	AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX);
	assert_true(debfile_changelog(fd, STR_LIT("demo"), &out, &e));
	assert_string_equal(out.p, LOG);
	AUTO(buf_done) struct buf whole = BUF_INIT(1u << 20);
	AUTO(xfree) char *path = file_join(dir, "demo.deb");
	assert_true(file_read(path, &whole, &e));
	for (size_t cut = 0; cut + 8 < whole.n; cut += 37) { /* cut off anywhere: never a success */
		AUTO(xfree) char *part = file_join(dir, "cut.deb");
		AUTO(buf_done) struct buf again = BUF_INIT(PKGFILE_CHANGELOG_MAX);
		assert_true(file_write_atomic(part, (struct str) { whole.p, cut }, 0644, &e));
		AUTO(fd_close) int bad = open_in("cut.deb");
		bool good = debfile_changelog(bad, STR_LIT("demo"), &again, &e);
		assert_true(!good || str_is(buf_str(&again), LOG));
	}
}

static void from_a_package_of_the_archive(void **state)
{
	static const char *const argv[] = { "apt-get", "download", "-q", "tzdata", NULL };
	if (!run(argv)) {
		print_message("no archive can be reached\n");
		skip();
	}
	const char *const move[] = { "find", dir,  "-name",	 "tzdata*.deb", "-exec",
				     "mv",   "{}", "tzdata.deb", ";",		NULL };
	assert_true(run(move));
	AUTO(fd_close) int fd = open_in("tzdata.deb");
	AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX);
	assert_true(debfile_changelog(fd, STR_LIT("tzdata"), &out, &e));
	assert_true(str_starts(buf_str(&out), "tzdata ("));
}

static void add32(struct buf *b, uint32_t v)
{
	uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	buf_add(b, p, 4);
}

static void add_tag(struct buf *b, uint32_t tag, uint32_t type, uint32_t offset, uint32_t count)
{
	add32(b, tag);
	add32(b, type);
	add32(b, offset);
	add32(b, count);
}

static void make_rpm(uint32_t entries)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 16);
	static const char magic[] = { (char)0x8E, (char)0xAD, (char)0xE8, 1, 0, 0, 0, 0 };
	static const char store[] = "demo\0"
				    "A <a@x> - 1:1.2-3.el9\0B (b) <b@x>\0C - C <c@x> 1.2-1\0"
				    "- fix CVE-2026-0001\n- more\0- middle\0- old";
	buf_add(&b, "\xED\xAB\xEE\xDB", 4);
	for (int i = 4; i < 96; i++)
		buf_addc(&b, 0);
	buf_add(&b, magic, 8);
	add32(&b, 0);
	add32(&b, 4);
	add32(&b, 0); /* 4 bytes of store, 4 of padding */
	add32(&b, 0);
	buf_add(&b, magic, 8);
	add32(&b, 4);
	add32(&b, 12 + sizeof(store));
	add_tag(&b, 1000, 6, 12, 1);
	add_tag(&b, 1080, 4, 0, entries);
	add_tag(&b, 1081, 8, 12 + 5, entries);
	add_tag(&b, 1082, 8, 12 + 5 + 22 + 12 + 18, entries);
	for (int i = 0; i < 3; i++)
		add32(&b, 1790000000u - (uint32_t)i * 86400);
	buf_add(&b, store, sizeof(store));
	AUTO(xfree) char *path = file_join(dir, "demo.rpm");
	assert_true(file_write_atomic(path, buf_str(&b), 0644, &e));
}

struct seen {
	struct changelog_entry x[8];
	size_t n;
};

static bool see(void *arg, const struct changelog_entry *x)
{
	struct seen *s = arg;
	assert_true(s->n < 8);
	s->x[s->n++] = *x;
	return true;
}

static void from_an_rpm(void **state)
{
	AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX);
	struct seen s = { .n = 0 };
	make_rpm(3);
	AUTO(fd_close) int fd = open_in("demo.rpm");
	if (!rpmfile_changelog(fd, &out, &e))
		fail_msg("%s", e.msg);
	assert_true(changelog_read(buf_str(&out), see, &s));
	assert_int_equal(s.n, 3);
	assert_true(str_is(s.x[0].version, "1:1.2-3.el9"));
	assert_true(str_is(s.x[0].text, "  - fix CVE-2026-0001\n  - more"));
	assert_int_equal(s.x[0].date_ms, 1790000000000);
	assert_int_equal(s.x[1].version.n, 0);
	assert_true(str_is(s.x[2].version, "1.2-1"));
	make_rpm(0);
	AUTO(fd_close) int none = open_in("demo.rpm");
	assert_false(rpmfile_changelog(none, &out, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	make_rpm(1000); /* more than there are */
	AUTO(fd_close) int many = open_in("demo.rpm");
	buf_reset(&out);
	assert_false(rpmfile_changelog(many, &out, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_false(debfile_changelog(fd, STR_LIT("demo"), &out, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
}

static bool count(void *arg, struct str cve)
{
	buf_printf(arg, "%.*s ", STR_ARG(cve));
	return true;
}

static void entries_and_cves(void **state)
{
	struct seen s = { .n = 0 };
	assert_true(changelog_read(str_of(LOG), see, &s));
	assert_int_equal(s.n, 2);
	assert_true(str_is(s.x[0].package, "demo") && str_is(s.x[0].version, "1.2-3"));
	assert_true(str_is(s.x[0].urgency, "high"));
	assert_true(str_is(s.x[0].author, "A Person <a@example.org>"));
	assert_int_equal(s.x[0].date_ms, 1792656000000);
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	changelog_cves(s.x[0].text, count, &b);
	assert_string_equal(b.p, "CVE-2026-0001 CVE-2026-12345 ");
	assert_false(
		changelog_read(STR_LIT("2026-01-01  Somebody\n\n\t* file.c: Change.\n"), see, &s));
	assert_false(changelog_read(STR_LIT(""), see, &s));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_a_deb_of_every_compression),
		cmocka_unit_test(from_a_package_of_the_archive),
		cmocka_unit_test(from_an_rpm),
		cmocka_unit_test(entries_and_cves),
	};
	if (!mkdtemp(dir))
		return 1;
	(void)chmod(dir, 0755);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed + !file_remove_tree(dir, &e);
}
