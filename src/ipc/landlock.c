/* SPDX-License-Identifier: Apache-2.0
 * Landlock by system call (Documentation/userspace-api/landlock.rst): the C library has no
 * functions for it, and headers are older than kernels, so the numbers stand here. Each version of
 * the interface knows more rights; those this kernel does not know are left out. */
#include "ipc/sandbox_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_VERSION_1 ((1ull << 13) - 1)
#define FS_REFER (1ull << 13)		/* version 2 */
#define FS_TRUNCATE (1ull << 14)	/* version 3 */
#define FS_IOCTL_DEV (1ull << 15)	/* version 5 */
#define NET_BIND_TCP (1ull << 0)	/* version 4 */
#define SCOPE_ABSTRACT_UNIX (1ull << 0) /* version 6 */
#define SCOPE_SIGNAL (1ull << 1)	/* version 6 */
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

struct ruleset_attr {
	uint64_t fs, net, scoped;
};
struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

int sandbox_landlock(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);
	return v > 0 ? (int)v : 0;
}

bool landlock_begin(int *ruleset_out, struct err *e)
{
	int version = sandbox_landlock();
	struct ruleset_attr a = { .fs = FS_VERSION_1 };
	size_t size = sizeof(a.fs);
	if (!version) {
		*ruleset_out = -1;
		return true;
	}
	if (version >= 2)
		a.fs |= FS_REFER;
	if (version >= 3)
		a.fs |= FS_TRUNCATE;
	if (version >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (version >= 4) {
		a.net = NET_BIND_TCP;
		size = offsetof(struct ruleset_attr, scoped);
	}
	if (version >= 6) {
		a.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		size = sizeof(a);
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, &a, size, 0u);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a Landlock ruleset");
	*ruleset_out = fd;
	return true;
}

static bool allow(int ruleset, const char *path, uint64_t on_dir, uint64_t on_file, struct err *e)
{
	if (ruleset < 0)
		return true;
	AUTO(fd_close) int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return true;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	struct path_beneath_attr a = { S_ISDIR(st.st_mode) ? on_dir : on_file, fd };
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &a, 0u) != 0)
		return err_sys(e, errno, "cannot add '%s' to a Landlock ruleset", path);
	return true;
}

bool landlock_allow_read(int ruleset, const char *path, bool run, struct err *e)
{
	uint64_t file = FS_READ_FILE | (run ? FS_EXECUTE : 0);
	return allow(ruleset, path, file | FS_READ_DIR, file, e);
}

bool landlock_allow_device(int ruleset, const char *path, struct err *e)
{
	return allow(ruleset, path, 0, FS_READ_FILE | FS_WRITE_FILE, e);
}

bool landlock_enforce(int ruleset, struct err *e)
{
	if (ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0u) != 0)
		return err_sys(e, errno, "cannot apply Landlock");
	return true;
}
