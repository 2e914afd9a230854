/* SPDX-License-Identifier: Apache-2.0
 * A package file's changelog, control members and files. Property: never more than was allowed, and
 * reading it ends. */
#include "format/changelog.h"
#include "format/pkgfile.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct changelog_entry *x)
{
	*(size_t *)arg += x->text.n;
	return true;
}

/* Reads every other file. */
static bool look(void *arg, struct str path, uint64_t size, struct tar *tar, bool *more_out,
		 struct err *e)
{
	char chunk[512];
	size_t *n = arg;
	ASSERT(path.n > 0 && path.p[0] == '/');
	uint64_t all = 0;
	for (size_t got = ++*n % 2; got; all += got)
		if (!tar_read(tar, chunk, sizeof(chunk), &got, e))
			return false;
	ASSERT(all <= size);
	*more_out = *n < 1000;
	return true;
}

static void inside(int fd)
{
	static const char *const names[] = { "control", "conffiles" };
	AUTO(buf_done) struct buf control = BUF_INIT(4096), conffiles = BUF_INIT(4096);
	struct buf out[] = { control, conffiles };
	struct err e = { 0 };
	size_t n = 0;
	(void)!debfile_control(fd, names, ARRAY_LEN(names), out, &e);
	ASSERT(out[0].n <= 4096 && out[1].n <= 4096);
	control = out[0];
	conffiles = out[1];
	(void)!debfile_files(fd, look, &n, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	AUTO(fd_close) int fd = memfd_create("package", MFD_CLOEXEC);
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 16);
	size_t total = 0;
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	inside(fd);
	if (!debfile_changelog(fd, STR_LIT("demo"), &out, &e))
		return 0;
	ASSERT(out.n <= out.max);
	(void)!changelog_read(buf_str(&out), take, &total);
	ASSERT(total <= out.n);
	return 0;
}
