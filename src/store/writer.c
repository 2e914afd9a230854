/* SPDX-License-Identifier: Apache-2.0
 * Writing: a temporary file in <dir>/tmp/, locked by its writer as long as it lives, hashed as it
 * grows, synced, then placed. Invariant: an unlocked file in tmp/ belongs to nobody and may be
 * swept; store_abort() leaves nothing behind. */
#include "base/file.h"
#include "store/store_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct store_writer {
	struct store *store;
	struct digest *digest;
	char *path; /* NULL once it is placed or gone */
	int fd;
	int64_t size, max;
	bool ended; /* failed or committed: only abort is left */
};

bool store_sweep(struct store *s, struct err *e)
{
	DIR *d = opendir(s->tmp);
	if (!d)
		return err_sys(e, errno, "cannot list '%s'", s->tmp);
	for (struct dirent *ent; (ent = readdir(d));) {
		if (ent->d_name[0] == '.')
			continue;
		AUTO(fd_close)
		int fd = openat(dirfd(d), ent->d_name,
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		/* Locked: its writer lives. Gone meanwhile: nothing to do. */
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd(d), ent->d_name, 0);
	}
	closedir(d);
	return true;
}

/* A locked temporary file. A sweep may take the file between its creation and its lock: then it has
 * no name any more and another one is made. */
static bool make_tmp(struct store_writer *w, struct err *e)
{
	for (int attempt = 0; attempt < 100; attempt++) {
		struct stat st;
		xfree(w->path);
		w->path = xasprintf("%s/w-XXXXXX", w->store->tmp);
		w->fd = mkostemp(w->path, O_CLOEXEC);
		if (w->fd < 0) {
			int sys = errno;
			xfree(TAKE(w->path));
			return err_sys(e, sys, "cannot create a file in '%s'", w->store->tmp);
		}
		if (flock(w->fd, LOCK_EX | LOCK_NB) == 0 && fstat(w->fd, &st) == 0 &&
		    st.st_nlink == 1)
			return true;
		fd_close(w->fd);
		w->fd = -1;
	}
	return err_set(e, ERR_UNAVAILABLE, "cannot lock a file in '%s'", w->store->tmp);
}

bool store_begin(struct store *s, int64_t max, struct store_writer **out, struct err *e)
{
	ASSERT(max > 0);
	AUTO(store_abort) struct store_writer *w = xcalloc(1, sizeof(*w));
	w->store = s;
	w->max = max;
	w->fd = -1;
	w->digest = digest_new();
	if (!make_tmp(w, e))
		return false;
	*out = TAKE(w);
	return true;
}

static void drop_file(struct store_writer *w)
{
	w->ended = true;
	if (w->path)
		unlink(w->path);
	xfree(TAKE(w->path));
	fd_close(w->fd);
	w->fd = -1;
}

void store_abort(struct store_writer *w)
{
	if (!w)
		return;
	drop_file(w);
	digest_free(w->digest);
	xfree(w);
}

bool store_add(struct store_writer *w, struct str bytes, struct err *e)
{
	if (w->ended)
		return err_set(e, ERR_INTERNAL, "store: writing went on after a failure");
	if ((int64_t)bytes.n > w->max - w->size) {
		drop_file(w);
		return err_set(e, ERR_LIMIT, "content is larger than %lld bytes",
			       (long long)w->max);
	}
	if (!file_write_fd(w->fd, bytes, w->path, e)) {
		drop_file(w);
		return false;
	}
	digest_add(w->digest, bytes.p, bytes.n);
	w->size += (int64_t)bytes.n;
	return true;
}

static bool hash_all(int fd, const char *path, struct digest *d, int64_t *size_out, struct err *e)
{
	char tmp[65536];
	int64_t size = 0;
	for (;;) {
		ssize_t r = pread(fd, tmp, sizeof(tmp), (off_t)size);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot read '%s'", path);
		if (r == 0)
			break;
		digest_add(d, tmp, (size_t)r);
		size += r;
	}
	if (size_out)
		*size_out = size;
	return true;
}

/* Whether the content, which is not `expect` by its SHA-256, is by its SHA-512. */
static bool is_by_sha512(struct store_writer *w, const struct sha256 *expect, bool *is_out,
			 struct err *e)
{
	AUTO(digest_free) struct digest *d = digest_new_of(DIGEST_SHA512);
	uint8_t sha512[DIGEST_MAX];
	if (!hash_all(w->fd, w->path, d, NULL, e))
		return false;
	digest_end_bytes(d, sha512);
	struct sha256 name = store_name_of_sha512(sha512);
	*is_out = digest_eq(&name, expect);
	return true;
}

static bool untrusted(const struct sha256 *expect, const struct sha256 *got, struct err *e)
{
	char a[SHA256_HEX], b[SHA256_HEX];
	return err_set(e, ERR_UNTRUSTED, "content has SHA-256 '%s', expected '%s'",
		       digest_hex(got, a), digest_hex(expect, b));
}

bool store_commit(struct store_writer *w, const struct sha256 *expect, struct sha256 *id_out,
		  int64_t *size_out, struct err *e)
{
	if (w->ended)
		return err_set(e, ERR_INTERNAL, "store: commit after a failure");
	struct sha256 id = digest_end(w->digest);
	bool same = !expect || digest_eq(expect, &id), named = false;
	bool ok = same || ((!store_is_other_name(expect) || is_by_sha512(w, expect, &named, e)) &&
			   (named || untrusted(expect, &id, e)));
	if (ok && (fchmod(w->fd, STORE_FILE_MODE) != 0 || fsync(w->fd) != 0))
		ok = err_sys(e, errno, "cannot sync '%s'", w->path);
	if (ok && store_place(w->store, w->path, &id, e))
		xfree(TAKE(w->path));
	else
		ok = false;
	drop_file(w);
	if (!ok || (named && !store_name(w->store, expect, &id, e)))
		return false;
	if (id_out)
		*id_out = id;
	if (size_out)
		*size_out = w->size;
	return true;
}

bool store_put(struct store *s, struct str bytes, struct sha256 *id_out, struct err *e)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	return store_begin(s, (int64_t)MAX(bytes.n, 1), &w, e) && store_add(w, bytes, e) &&
	       store_commit(w, NULL, id_out, NULL, e);
}

static bool hash_fd(int fd, const char *path, struct sha256 *out, int64_t *size_out, struct err *e)
{
	AUTO(digest_free) struct digest *d = digest_new();
	if (!hash_all(fd, path, d, size_out, e))
		return false;
	*out = digest_end(d);
	return true;
}

/* Another file system: copy, then remove the original. */
static bool adopt_copy(struct store *s, int fd, const char *path, const struct sha256 *id,
		       int64_t size, struct err *e)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	char tmp[65536];
	if (!store_begin(s, MAX(size, 1), &w, e))
		return false;
	for (int64_t at = 0; at < size;) {
		ssize_t r = pread(fd, tmp, sizeof(tmp), (off_t)at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return err_sys(e, r < 0 ? errno : EIO, "cannot read '%s'", path);
		if (!store_add(w, (struct str) { tmp, (size_t)r }, e))
			return false;
		at += r;
	}
	if (!store_commit(w, id, NULL, NULL, e))
		return false;
	unlink(path);
	return true;
}

bool store_adopt(struct store *s, const char *path, const struct sha256 *expect, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st, tmp;
	struct sha256 id;
	int64_t size = 0;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "'%s' is not a file", path);
	if (!hash_fd(fd, path, &id, &size, e))
		return false;
	if (expect && !digest_eq(expect, &id))
		return untrusted(expect, &id, e);
	if (stat(s->tmp, &tmp) != 0)
		return err_sys(e, errno, "cannot look at '%s'", s->tmp);
	if (tmp.st_dev != st.st_dev || st.st_nlink != 1)
		return adopt_copy(s, fd, path, &id, size, e);
	if (fchmod(fd, STORE_FILE_MODE) != 0 || fsync(fd) != 0)
		return err_sys(e, errno, "cannot sync '%s'", path);
	return store_place(s, path, &id, e);
}
