/* SPDX-License-Identifier: Apache-2.0
 * A .deb is an ar archive of debian-binary, control.tar and data.tar (deb(5)). Both are streams,
 * read no further than what is wanted. */
#include "format/pkgfile.h"
#include "format/tar.h"

#include <errno.h>
#include <unistd.h>

#define AR_MAGIC "!<arch>\n"
#define AR_HEADER 60
#define AR_MEMBERS 20

/* A range of a file as the source of a decompressor. */
struct range {
	int fd;
	int64_t at, left;
};

static bool read_at(int fd, void *p, size_t n, int64_t at, size_t *got_out, struct err *e)
{
	ssize_t got;
	do
		got = pread(fd, p, n, at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, errno, "cannot read the package");
	*got_out = (size_t)got;
	return true;
}

static bool from_range(void *arg, void *p, size_t n, size_t *got_out, struct err *e)
{
	struct range *r = arg;
	size_t want = (size_t)MIN((int64_t)MIN(n, (size_t)1 << 20), r->left);
	*got_out = 0;
	if (want == 0)
		return true;
	if (!read_at(r->fd, p, want, r->at, got_out, e))
		return false;
	if (*got_out == 0)
		return err_set(e, ERR_CORRUPT, "package is cut off");
	r->at += (int64_t)*got_out;
	r->left -= (int64_t)*got_out;
	return true;
}

/* Finds "data.tar", data.tar.xz, ... */
static bool find_member(int fd, const char *member, struct range *out, struct err *e)
{
	char head[AR_HEADER];
	size_t got;
	int64_t at = sizeof(AR_MAGIC) - 1, size;
	if (!read_at(fd, head, (size_t)at, 0, &got, e))
		return false;
	if (got != (size_t)at || memcmp(head, AR_MAGIC, got) != 0)
		return err_set(e, ERR_CORRUPT, "not a Debian package");
	for (int i = 0; i < AR_MEMBERS; i++) {
		if (!read_at(fd, head, sizeof(head), at, &got, e))
			return false;
		if (got != sizeof(head) || head[58] != '`' || head[59] != '\n' ||
		    !str_to_i64(str_trim((struct str) { head + 48, 10 }), &size) || size < 0 ||
		    size > (INT64_C(1) << 40))
			return err_set(e, ERR_CORRUPT, "Debian package has no %s", member);
		at += AR_HEADER;
		if (str_starts((struct str) { head, 16 }, member)) {
			*out = (struct range) { fd, at, size };
			return true;
		}
		at += size + (size & 1);
	}
	return err_set(e, ERR_CORRUPT, "Debian package has no %s", member);
}

/* The file at hand, unpacked, as far as `out` takes it. */
struct content {
	struct tar *tar;
};

static bool from_tar(void *arg, void *p, size_t n, size_t *got_out, struct err *e)
{
	return tar_read(((struct content *)arg)->tar, p, n, got_out, e);
}

static bool read_text(struct tar *tar, struct buf *out, struct err *e)
{
	struct content c = { tar };
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(xfree) char *chunk = xmalloc(1u << 16);
	buf_reset(out);
	out->overflowed = false;
	if (!unpack_open(from_tar, &c, "changelog", (uint64_t)64 << 20, 0, &u, e))
		return false;
	for (size_t got = 1; got && out->n < out->max;) {
		size_t want = MIN((size_t)1 << 16, out->max - out->n);
		if (!unpack_read(u, chunk, want, &got, e))
			return false;
		buf_add(out, chunk, got);
	}
	return true;
}

/* Whether a path is the changelog: 2 = the distribution's, 1 = may be (native packages), 0. */
static int is_changelog(struct str path, struct str package)
{
	static const char doc[] = "usr/share/doc/";
	if (str_starts(path, "./"))
		path = (struct str) { path.p + 2, path.n - 2 };
	if (!str_starts(path, doc))
		return 0;
	path = (struct str) { path.p + sizeof(doc) - 1, path.n - sizeof(doc) + 1 };
	if (path.n <= package.n + 1 || memcmp(path.p, package.p, package.n) != 0 ||
	    path.p[package.n] != '/')
		return 0;
	struct str file = { path.p + package.n + 1, path.n - package.n - 1 };
	if (str_is(file, "changelog.Debian.gz") || str_is(file, "changelog.Debian"))
		return 2;
	return str_is(file, "changelog.gz") || str_is(file, "changelog");
}

bool debfile_changelog(int fd, struct str package, struct buf *out, struct err *e)
{
	struct range data;
	AUTO(unpack_free) struct unpack *u = NULL;
	int best = 0;
	if (!find_member(fd, "data.tar", &data, e) ||
	    !unpack_open(from_range, &data, "package", PKGFILE_MAX_PLAIN, 0, &u, e))
		return false;
	AUTO(tar_free) struct tar *tar = tar_new(u);
	while (best < 2) {
		struct str name;
		uint64_t size;
		bool more;
		if (!tar_next(tar, &name, &size, &more, e))
			return false;
		if (!more)
			break;
		int is = is_changelog(name, package);
		if (is > best) {
			if (!read_text(tar, out, e))
				return false;
			best = is;
		}
	}
	return best || err_set(e, ERR_NOT_FOUND, "package '%.*s' has no changelog",
			       (int)MIN(package.n, (size_t)80), package.p);
}

/* --- control members and files --- */

/* "./etc/x" and "etc/x" without what stands before. */
static struct str inner(struct str path)
{
	while (path.n > 1 && path.p[0] == '.' && path.p[1] == '/')
		path = (struct str) { path.p + 2, path.n - 2 };
	while (path.n && path.p[0] == '/')
		path = (struct str) { path.p + 1, path.n - 1 };
	return path;
}

/* A whole member. */
static bool read_member(struct tar *tar, const char *name, struct buf *out, struct err *e)
{
	char chunk[4096];
	buf_reset(out);
	for (size_t got = 1; got;) {
		if (!tar_read(tar, chunk, sizeof(chunk), &got, e))
			return false;
		buf_add(out, chunk, got);
	}
	return buf_ok(out, name, e);
}

bool debfile_control(int fd, const char *const *names, size_t n, struct buf *out, struct err *e)
{
	struct range control;
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!find_member(fd, "control.tar", &control, e) ||
	    !unpack_open(from_range, &control, "control.tar", DEBFILE_CONTROL_MAX, 0, &u, e))
		return false;
	AUTO(tar_free) struct tar *tar = tar_new(u);
	for (;;) {
		struct str name;
		uint64_t size;
		bool more;
		if (!tar_next(tar, &name, &size, &more, e))
			return false;
		if (!more)
			return true;
		for (size_t i = 0; i < n; i++)
			if (str_is(inner(name), names[i]) &&
			    !read_member(tar, names[i], &out[i], e))
				return false;
	}
}

bool debfile_files(int fd, debfile_file_fn fn, void *arg, struct err *e)
{
	struct range data;
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(buf_done) struct buf path = BUF_INIT(TAR_NAME + 2);
	if (!find_member(fd, "data.tar", &data, e) ||
	    !unpack_open(from_range, &data, "package", PKGFILE_MAX_PLAIN, 0, &u, e))
		return false;
	AUTO(tar_free) struct tar *tar = tar_new(u);
	for (bool more = true; more;) {
		struct str name;
		uint64_t size;
		if (!tar_next(tar, &name, &size, &more, e))
			return false;
		if (!more)
			return true;
		buf_reset(&path);
		buf_addc(&path, '/');
		buf_addstr(&path, inner(name));
		if (!fn(arg, buf_str(&path), size, tar, &more, e))
			return false;
	}
	return true;
}
