/* SPDX-License-Identifier: Apache-2.0
 * A package file's changelog, cut to a range of versions. The first byte says which kind. Property:
 * never more than was allowed, every entry within the text, and reading it ends. */
#include "catalog/changes.h"
#include "feeds/sandbox/package.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct changelog_entry *x)
{
	const struct buf *text = arg;
	const struct str parts[] = { x->text, x->version, x->author };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		ASSERT(parts[i].n == 0 ||
		       (parts[i].p >= text->p && parts[i].p + parts[i].n <= text->p + text->n));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	AUTO(fd_close) int fd = memfd_create("package", MFD_CLOEXEC);
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 16);
	bool more;
	if (size == 0 || fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		return 0;
	enum component_kind kind = data[0] % COMPONENT_KINDS_;
	if (!package_read_changelog(kind, STR_LIT("demo"), fd, &out, &e))
		return 0;
	ASSERT(out.n <= out.max);
	changes_between(kind, buf_str(&out), STR_LIT("1:0.9-1"), STR_LIT("1:2.0-1"), 20, take, &out,
			&more);
	changes_between(kind, buf_str(&out), STR_LIT(""), STR_LIT(""), 1000, take, &out, &more);
	return 0;
}
