/* SPDX-License-Identifier: Apache-2.0
 * Files. Invariant: nothing is reported written before it is durable; nothing read without a
 * maximum. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool file_read_fd(int fd, struct buf *b, const char *what, struct err *e)
{
	for (;;) {
		char tmp[65536];
		ssize_t r = read(fd, tmp, sizeof(tmp));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot read '%s'", what);
		if (r == 0)
			return true;
		buf_add(b, tmp, (size_t)r);
		if (b->overflowed)
			return err_set(e, ERR_LIMIT, "'%s' is larger than %zu bytes", what, b->max);
	}
}

bool file_read(const char *path, struct buf *b, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "'%s' is a directory", path);
	return file_read_fd(fd, b, path, e);
}

bool file_write_fd(int fd, struct str s, const char *what, struct err *e)
{
	while (s.n) {
		ssize_t r = write(fd, s.p, s.n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot write '%s'", what);
		s.p += r;
		s.n -= (size_t)r;
	}
	return true;
}

bool file_sync_dir(const char *dir, struct err *e)
{
	AUTO(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return err_sys(e, errno, "cannot sync directory '%s'", dir);
	return true;
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static bool write_aside(const char *tmp, int fd, struct str content, mode_t mode, struct err *e)
{
	if (!file_write_fd(fd, content, tmp, e))
		return false;
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		return err_sys(e, errno, "cannot sync '%s'", tmp);
	return true;
}

bool file_write_atomic(const char *path, struct str content, mode_t mode, struct err *e)
{
	AUTO(xfree) char *tmp = xasprintf("%s.XXXXXX", path);
	AUTO(xfree) char *dir = dir_of(path);
	AUTO(fd_close) int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot create '%s'", tmp);
	if (!write_aside(tmp, fd, content, mode, e)) {
		unlink(tmp);
		return false;
	}
	if (rename(tmp, path) != 0) {
		int sys = errno;
		unlink(tmp);
		return err_sys(e, sys, "cannot rename '%s' to '%s'", tmp, path);
	}
	return file_sync_dir(dir, e);
}

/* Whether the directory that could not be made is there: EEXIST may also mean a file, and where the
 * parent may not be written some systems say so before EEXIST. Leaves errno for the message. */
static bool is_dir_after(const char *path, int sys)
{
	struct stat st;
	bool ok = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	errno = !ok && sys == EEXIST ? ENOTDIR : sys;
	return ok;
}

bool file_mkdirs(const char *path, mode_t mode, struct err *e)
{
	AUTO(xfree) char *p = xstrdup(path);
	if (!path[0])
		return err_set(e, ERR_INVALID, "directory name is empty");
	for (char *q = p + 1;; q++) {
		if (*q != '/' && *q != '\0')
			continue;
		char c = *q;
		*q = '\0';
		if (mkdir(p, mode) != 0 && !is_dir_after(p, errno))
			return err_sys(e, errno, "cannot create directory '%s'", p);
		*q = c;
		if (c == '\0')
			return true;
	}
}

bool file_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

/* Removes what stands under an open directory; `depth` bounds the recursion. */
static bool remove_below(int dirfd, int depth, struct err *e)
{
	if (depth > 64)
		return err_set(e, ERR_LIMIT, "directory tree is deeper than 64 levels");
	DIR *d = fdopendir(dirfd);
	if (!d) {
		fd_close(dirfd);
		return err_sys(e, errno, "cannot list directory");
	}
	bool ok = true;
	struct dirent *ent;
	while (ok && (ent = readdir(d))) {
		const char *name = ent->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (unlinkat(dirfd, name, 0) == 0)
			continue;
		int sys = errno;
		int sub = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0)
			ok = err_sys(e, errno == ENOTDIR ? sys : errno, "cannot remove '%s'", name);
		else if (!remove_below(sub, depth + 1, e))
			ok = false;
		else if (unlinkat(dirfd, name, AT_REMOVEDIR) != 0)
			ok = err_sys(e, errno, "cannot remove directory '%s'", name);
	}
	closedir(d);
	return ok;
}

bool file_remove_tree(const char *path, struct err *e)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return true;
	int sys = errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) /* no directory: why it could not be unlinked is what counts */
		return err_sys(e, errno == ENOTDIR ? sys : errno, "cannot remove '%s'", path);
	if (!remove_below(fd, 0, e))
		return err_prefix(e, "cannot remove '%s'", path);
	if (rmdir(path) != 0)
		return err_sys(e, errno, "cannot remove directory '%s'", path);
	return true;
}

bool file_lock(const char *path, int *fd_out, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, errno, "cannot open lock '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		char pid[24] = "";
		ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		return err_set(e, ERR_CONFLICT, "'%s' is held by another process (pid %s)", path,
			       pid[0] ? pid : "unknown");
	}
	char pid[24];
	int n = snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		return err_sys(e, errno, "cannot write lock '%s'", path);
	*fd_out = fd;
	fd = -1;
	return true;
}

char *file_join(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

int64_t file_free_bytes(const char *path)
{
	struct statvfs v;
	if (statvfs(path, &v) != 0)
		return -1;
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
