/* SPDX-License-Identifier: Apache-2.0
 * Finding, reading and placing files. Invariant: a name in <dir>/ab/ appears only by rename of a
 * complete, synced file whose SHA-256 it is; so readers need no lock and a crash leaves old or new.
 */
#include "base/file.h"
#include "store/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool store_open(const char *dir, struct store **out, struct err *e)
{
	AUTO(store_close) struct store *s = xcalloc(1, sizeof(*s));
	s->dir = xstrdup(dir);
	s->tmp = file_join(dir, "tmp");
	if (!file_mkdirs(s->tmp, STORE_DIR_MODE, e) || !file_sync_dir(s->dir, e) ||
	    !store_sweep(s, e))
		return err_prefix(e, "store '%s'", dir);
	*out = TAKE(s);
	return true;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	xfree(s->dir);
	xfree(s->tmp);
	xfree(s);
}

char *store_path(const struct store *s, const struct sha256 *id)
{
	char hex[SHA256_HEX];
	digest_hex(id, hex);
	return xasprintf("%s/%.2s/%s", s->dir, hex, hex + 2);
}

static bool is_file(const char *path, struct stat *out)
{
	return lstat(path, out) == 0 && S_ISREG(out->st_mode);
}

bool store_has(const struct store *s, const struct sha256 *id, int64_t *size_out)
{
	AUTO(xfree) char *path = store_path(s, id);
	struct stat st;
	if (!is_file(path, &st)) {
		struct sha256 real = store_resolve(s, id);
		AUTO(xfree) char *other = store_path(s, &real);
		if (!is_file(other, &st))
			return false;
	}
	if (size_out)
		*size_out = st.st_size;
	return true;
}

bool store_read_fd(const struct store *s, const struct sha256 *id, int *fd_out, int64_t *size_out,
		   struct err *e)
{
	char hex[SHA256_HEX];
	struct sha256 real = store_resolve(s, id);
	AUTO(xfree) char *path = store_path(s, &real);
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "no file '%s' in the store", digest_hex(id, hex));
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CORRUPT, "'%s' is not a file", path);
	*fd_out = fd;
	fd = -1;
	if (size_out)
		*size_out = st.st_size;
	return true;
}

bool store_read(struct store *s, const struct sha256 *id, struct buf *out, struct err *e)
{
	AUTO(fd_close) int fd = -1;
	int64_t size = 0;
	struct sha256 real = store_resolve(s, id);
	if (!store_read_fd(s, id, &fd, &size, e))
		return false;
	char hex[SHA256_HEX];
	digest_hex(id, hex);
	size_t before = out->n;
	if (!file_read_fd(fd, out, hex, e))
		return false;
	struct sha256 got = digest_of(
		(struct str) { out->p ? out->p + before : "", out->n - before });
	if (digest_eq(&got, &real))
		return true;
	out->n = before;
	if (out->p)
		out->p[before] = '\0';
	struct err gone = { 0 };
	bool removed = store_remove(s, &real, &gone);
	return err_set(e, ERR_CORRUPT, "file '%s' does not have the content its name says%s", hex,
		       removed ? "; it was removed, fetch it again" : "; it could not be removed");
}

bool store_place(struct store *s, const char *from, const struct sha256 *id, struct err *e)
{
	AUTO(xfree) char *path = store_path(s, id);
	AUTO(xfree) char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (mkdir(dir, STORE_DIR_MODE) != 0 && errno != EEXIST)
		return err_sys(e, errno, "cannot create directory '%s'", dir);
	/* Whoever made it may not have synced it yet. */
	if (!atomic_load(&s->durable[id->b[0]])) {
		if (!file_sync_dir(s->dir, e))
			return false;
		atomic_store(&s->durable[id->b[0]], true);
	}
	/* Another writer may have placed the same content meanwhile: the rename replaces equal by
	 * equal, and the directory is synced by each, so each may report "durable". */
	if (rename(from, path) != 0)
		return err_sys(e, errno, "cannot rename '%s' to '%s'", from, path);
	return file_sync_dir(dir, e);
}

bool store_remove(struct store *s, const struct sha256 *id, struct err *e)
{
	AUTO(xfree) char *path = store_path(s, id);
	if (unlink(path) != 0)
		return errno == ENOENT ? true : err_sys(e, errno, "cannot remove '%s'", path);
	AUTO(xfree) char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	return file_sync_dir(dir, e);
}
