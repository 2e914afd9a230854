/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a server under test: what it writes, syncs, renames and removes below one path is
 * counted, and the n-th of these calls is its last (SIGKILL before it, after it, or after half of a
 * write) or fails (no space, I/O error). A page shared with the test (FAULTLINE names its file)
 * says which; world.py has the same layout. Without the page, or not armed, it does nothing. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum action { KILL_BEFORE = 1, KILL_AFTER, KILL_TORN, NO_SPACE, IO_ERROR };
enum call { WRITE = 1, SYNC = 2, NAME = 4 };
enum verdict { GO, DIE_AFTER, TEAR, FAIL };

struct line {
	uint32_t armed, action, calls, sticky, at, hits, seen, unused;
	char path[224]; /* only what has this in its path */
};
static struct line *line;

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("FAULTLINE");
	int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *p = mmap(NULL, sizeof(*line), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	line = p == MAP_FAILED ? NULL : p;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static bool ours(int fd, const char *path)
{
	char link[64], name[512];
	if (!path) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, name, sizeof(name) - 1);
		if (n <= 0)
			return false;
		name[n] = '\0';
		path = name;
	}
	return strstr(path, line->path);
}

static enum verdict judge(enum call call, int fd, const char *path)
{
	int kept = errno;
	if (!line || !__atomic_load_n(&line->armed, __ATOMIC_ACQUIRE) || !(line->calls & call) ||
	    !ours(fd, path)) {
		errno = kept;
		return GO;
	}
	errno = kept;
	uint32_t n = __atomic_add_fetch(&line->seen, 1, __ATOMIC_RELAXED);
	if (n != line->at && !(line->sticky && n > line->at))
		return GO;
	__atomic_add_fetch(&line->hits, 1, __ATOMIC_RELAXED);
	switch ((enum action)line->action) {
	case KILL_BEFORE: die(); break;
	case KILL_AFTER: return DIE_AFTER;
	case KILL_TORN: return TEAR;
	case NO_SPACE: errno = ENOSPC; return FAIL;
	case IO_ERROR: errno = EIO; return FAIL;
	}
	return GO;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

#define REAL(name) ((__typeof__(&name))next(#name))
#define FORWARD(result, call, fd, path)                                                            \
	do {                                                                                       \
		enum verdict v = judge(call, fd, path);                                            \
		if (v == FAIL)                                                                     \
			return -1;                                                                 \
		__typeof__(result) r = result;                                                     \
		if (v != GO)                                                                       \
			die();                                                                     \
		return r;                                                                          \
	} while (0)

ssize_t write(int fd, const void *p, size_t n)
{
	enum verdict v = judge(WRITE, fd, NULL);
	if (v == FAIL)
		return -1;
	ssize_t r = REAL(write)(fd, p, v == TEAR ? n / 2 : n);
	if (v != GO)
		die();
	return r;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	enum verdict v = judge(WRITE, fd, NULL);
	if (v == FAIL)
		return -1;
	ssize_t r = REAL(pwrite64)(fd, p, v == TEAR ? n / 2 : n, at);
	if (v != GO)
		die();
	return r;
}

int ftruncate64(int fd, off64_t n)
{
	FORWARD(REAL(ftruncate64)(fd, n), WRITE, fd, NULL);
}

int fsync(int fd)
{
	FORWARD(REAL(fsync)(fd), SYNC, fd, NULL);
}

int fdatasync(int fd)
{
	FORWARD(REAL(fdatasync)(fd), SYNC, fd, NULL);
}

int rename(const char *from, const char *to)
{
	FORWARD(REAL(rename)(from, to), NAME, -1, to);
}

int unlink(const char *name)
{
	FORWARD(REAL(unlink)(name), NAME, -1, name);
}

int mkdir(const char *name, mode_t mode)
{
	FORWARD(REAL(mkdir)(name, mode), NAME, -1, name);
}

int unlinkat(int dir, const char *name, int flags)
{
	FORWARD(REAL(unlinkat)(dir, name, flags), NAME, dir, NULL);
}

int rmdir(const char *name)
{
	FORWARD(REAL(rmdir)(name), NAME, -1, name);
}
