/* SPDX-License-Identifier: Apache-2.0
 * A package file's changelog. Property: never more than was allowed, and reading it ends. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	AUTO(fd_close) int fd = memfd_create("package", MFD_CLOEXEC);
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 16);
	size_t total = 0;
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (!debfile_changelog(fd, STR_LIT("demo"), &out, &e))
		return 0;
	ASSERT(out.n <= out.max);
	(void)!changelog_read(buf_str(&out), take, &total);
	ASSERT(total <= out.n);
	return 0;
}
