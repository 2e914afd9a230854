/* SPDX-License-Identifier: Apache-2.0
 * Packages read by a process that can do nothing else: this very program, started again as the
 * role. Its answer is the same as reading here, it is confined while it reads, its death is one
 * package's failure, and no more than so many run at a time. */
#include "feeds/sandbox/package.h"
#include "../samples.h"
#include "feeds/sandbox/sandbox.h"
#include "format/pkgfile.h"
#include "ipc/role.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <zlib.h>

static struct err e;
static int slow_fd;

/* A package that takes a while: a large file, and no changelog. */
static bool make_slow(int fd)
{
	enum { ZEROS = 384 << 20, BLOCK = 1 << 20 };
	static const char ar[] =
		"!<arch>\n"
		"debian-binary   0           0     0     100644  4         `\n2.0\n";
	AUTO(buf_done) struct buf tar = BUF_INIT(8u << 20), out = BUF_INIT(8u << 20);
	AUTO(xfree) char *zeros = xcalloc(1, BLOCK);
	for (unsigned i = 5000, x = 1; i < BLOCK; i += 500) /* no bomb: not all alike */
		zeros[i] = (char)((x = x * 1103515245u + 12345u) >> 16);
	unsigned char head[512] = "./big", packed[1 << 16];
	unsigned sum = 0;
	z_stream z = { 0 };
	memcpy(head + 100, "0000644\0000000000\0000000000", 23);
	snprintf((char *)head + 124, 12, "%011o", ZEROS);
	memcpy(head + 136, "00000000000\0        0", 21);
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += head[i];
	snprintf((char *)head + 148, 8, "%06o", sum);
	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	for (int i = 0; i <= ZEROS / BLOCK + 1; i++) {
		bool last = i > ZEROS / BLOCK;
		z.next_in = i == 0 ? head : (unsigned char *)zeros;
		z.avail_in = i == 0 ? sizeof(head) : last ? 1024 : BLOCK;
		do {
			z.next_out = packed;
			z.avail_out = sizeof(packed);
			(void)deflate(&z, last ? Z_FINISH : Z_NO_FLUSH);
			buf_add(&tar, packed, sizeof(packed) - z.avail_out);
		} while (z.avail_out == 0);
	}
	deflateEnd(&z);
	buf_add(&out, ar, sizeof(ar) - 1);
	buf_printf(&out, "%-16s%-12s%-6s%-6s%-8s%-10zu`\n", "data.tar.gz", "0", "0", "0", "100644",
		   tar.n);
	buf_addstr(&out, buf_str(&tar));
	return file_write_fd(fd, buf_str(&out), "slow", &e);
}

/* --- this program's children of the role --------------------------------------------------------
 */

static bool has(const char *file, const char *text)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 16);
	struct err ignored;
	return file_read(file, &b, &ignored) && memmem(b.p, b.n, text, strlen(text));
}

/* Up to `max` of them; `line` must stand in their status. */
static size_t parsers(pid_t *out, size_t max, const char *line)
{
	DIR *d = opendir("/proc");
	size_t n = 0;
	AUTO(xfree) char *parent = xasprintf("\nPPid:\t%d\n", (int)getpid());
	for (struct dirent *x; d && n < max && (x = readdir(d));) {
		AUTO(xfree) char *cmd = xasprintf("/proc/%s/cmdline", x->d_name);
		AUTO(xfree) char *status = xasprintf("/proc/%s/status", x->d_name);
		if (x->d_name[0] >= '1' && x->d_name[0] <= '9' && has(status, parent) &&
		    has(status, line) && has(cmd, "--role=" FEED_PARSE_ROLE))
			out[n++] = (pid_t)strtol(x->d_name, NULL, 10);
	}
	if (d)
		closedir(d);
	return n;
}

/* --- readers ------------------------------------------------------------------------------------
 */

struct reader {
	pthread_t thread;
	_Atomic bool stop;
	struct err e;
};

/* Reads the slow package again and again. */
static void *read_slowly(void *arg)
{
	struct reader *r = arg;
	do {
		AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX);
		if (package_changelog(COMPONENT_DEB, STR_LIT("demo"), slow_fd, &out, &r->e))
			err_set(&r->e, ERR_INTERNAL, "there is none");
	} while (!r->stop && r->e.code == ERR_NOT_FOUND);
	return NULL;
}

static void start(struct reader *r)
{
	assert_int_equal(pthread_create(&r->thread, NULL, read_slowly, r), 0);
}

static int open_corpus(const char *name)
{
	AUTO(xfree) char *path = xasprintf("%s/fuzz/corpus/%s", getenv("TSUKUROI_SOURCE"), name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s", path);
	return fd;
}

static void the_same_as_reading_here(void **state)
{
	static const struct {
		enum component_kind kind;
		const char *file;
	} rows[] = { { COMPONENT_DEB, "format_debfile/gzip.deb" },
		     { COMPONENT_RPM, "format_rpmfile/small.rpm" } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(fd_close) int fd = open_corpus(rows[i].file);
		AUTO(buf_done) struct buf here = BUF_INIT(PKGFILE_CHANGELOG_MAX);
		AUTO(buf_done)
		struct buf there = BUF_INIT(PKGFILE_CHANGELOG_MAX), few = BUF_INIT(60);
		assert_true(package_read_changelog(rows[i].kind, STR_LIT("demo"), fd, &here, &e));
		if (!package_changelog(rows[i].kind, STR_LIT("demo"), fd, &there, &e))
			fail_msg("%s", e.msg);
		assert_true(here.n > 60);
		assert_string_equal(here.p, there.p);
		if (package_changelog(rows[i].kind, STR_LIT("demo"), fd, &few, &e))
			assert_true(few.n <= 60);
		else
			fail_msg("%s", e.msg);
		buf_reset(&few);
		assert_false(package_changelog(COMPONENT_APK, STR_LIT("demo"), fd, &few, &e));
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	AUTO(fd_close) int fd = open_corpus("format_rpmfile/small.rpm");
	AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX);
	assert_false(package_changelog(COMPONENT_DEB, STR_LIT("demo"), fd, &out, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_string_equal(e.msg, "not a Debian package");
}

/* Seccomp and no new privileges hold while a vendor's bytes are read; killed, it is named. */
static void it_is_confined_and_expendable(void **state)
{
	struct reader r = { .stop = false };
	pid_t pid = 0;
	start(&r);
	while (!parsers(&pid, 1, "\nSeccomp:\t2\n"))
		usleep(1000);
	AUTO(xfree) char *status = xasprintf("/proc/%d/status", (int)pid);
	assert_true(has(status, "\nNoNewPrivs:\t1\n"));
	kill(pid, SIGKILL);
	pthread_join(r.thread, NULL);
	assert_int_equal(r.e.code, ERR_CORRUPT);
	if (!strstr(r.e.msg, "signal 9"))
		fail_msg("%s", r.e.msg);
	r = (struct reader) { .stop = true };
	start(&r); /* the next one is whole again */
	pthread_join(r.thread, NULL);
	assert_int_equal(r.e.code, ERR_NOT_FOUND);
	assert_int_equal(parsers(&pid, 1, "\n"), 0);
}

static void no_more_than_so_many_at_once(void **state)
{
	struct reader r[PACKAGE_AT_ONCE] = { 0 };
	pid_t pids[PACKAGE_AT_ONCE];
	AUTO(buf_done) struct buf out = BUF_INIT(PKGFILE_CHANGELOG_MAX);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		start(&r[i]);
	while (parsers(pids, ARRAY_LEN(pids), "\nState:\tT") < ARRAY_LEN(pids)) {
		size_t n = parsers(pids, ARRAY_LEN(pids), "\nSeccomp:\t2\n");
		for (size_t i = 0; i < n; i++)
			kill(pids[i], SIGSTOP);
		usleep(1000);
	}
	assert_false(package_changelog(COMPONENT_DEB, STR_LIT("demo"), slow_fd, &out, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i].stop = true;
	for (size_t i = 0; i < ARRAY_LEN(pids); i++)
		kill(pids[i], SIGCONT);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		pthread_join(r[i].thread, NULL);
		if (r[i].e.code != ERR_NOT_FOUND)
			fail_msg("%s", r[i].e.msg);
	}
	assert_false(package_changelog(COMPONENT_DEB, STR_LIT("demo"), slow_fd, &out, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND); /* places are free again */
}

static int parse_role(int fd)
{
	return feed_sandbox_parse(fd, feed_kinds);
}

int main(int argc, char **argv)
{
	static const struct role_entry roles[] = { { FEED_PARSE_ROLE, parse_role },
						   { NULL, NULL } };
	role_main(argc, argv, roles);
	slow_fd = memfd_create("slow", MFD_CLOEXEC);
	if (slow_fd < 0 || !make_slow(slow_fd))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_as_reading_here),
		cmocka_unit_test(it_is_confined_and_expendable),
		cmocka_unit_test(no_more_than_so_many_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
