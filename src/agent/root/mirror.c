/* SPDX-License-Identifier: Apache-2.0
 * Copying with verification. Invariant: a file whose bytes are not the order's is removed again,
 * and nothing is opened through a link or written outside `dir`. */
#include "agent/root/mirror.h"
#include "agent/backends/apt.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPARE_BYTES (64ll << 20) /* left free on every file system */

struct copying {
	int spool;	 /* directory the network half fills */
	const char *dir; /* of the archive being built */
	void (*progress)(void *arg, int64_t done, int64_t total);
	void *arg;
	int64_t done, total;
};

/* Everything was checked by order_parse already; a mistake there must not become a write elsewhere.
 */
static bool path_safe(struct str path)
{
	struct str rest = path, segment;
	while (str_split(&rest, '/', &segment)) {
		if (!segment.n || str_is(segment, ".") || str_is(segment, ".."))
			return false;
	}
	return path.n > 0 && !memchr(path.p, '\0', path.n);
}

static bool copy_bytes(int from, int to, const struct order_file *f, struct err *e)
{
	AUTO(digest_free) struct digest *d = digest_new();
	int64_t n = 0;
	for (;;) {
		char block[65536];
		ssize_t r = read(from, block, sizeof(block));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot read '%.*s'", STR_ARG(f->path));
		if (r == 0)
			break;
		n += r;
		if (n > f->size)
			break;
		digest_add(d, block, (size_t)r);
		if (!file_write_fd(to, (struct str) { block, (size_t)r }, "mirror", e))
			return false;
	}
	struct sha256 sum = digest_end(d);
	if (n != f->size || !digest_eq(&sum, &f->sha256))
		return err_set(e, ERR_UNTRUSTED, "'%.*s' is not the file the order names",
			       STR_ARG(f->path));
	return true;
}

static bool copy_file(struct copying *c, const struct order_file *f, struct err *e)
{
	char name[SHA256_HEX];
	if (!path_safe(f->path))
		return err_set(e, ERR_UNTRUSTED, "path '%.*s'", STR_ARG(f->path));
	AUTO(fd_close)
	int from = openat(c->spool, digest_hex(&f->sha256, name),
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (from < 0 || fstat(from, &st) != 0)
		return err_sys(e, errno, "'%.*s' is not in the spool", STR_ARG(f->path));
	if (!S_ISREG(st.st_mode) || st.st_size != f->size)
		return err_set(e, ERR_UNTRUSTED, "'%.*s' is not the file the order names",
			       STR_ARG(f->path));
	AUTO(xfree) char *to_path = xasprintf("%s/%.*s", c->dir, STR_ARG(f->path));
	AUTO(xfree) char *parent = xstrndup(to_path, (size_t)(strrchr(to_path, '/') - to_path));
	if (!file_mkdirs(parent, 0755, e))
		return false;
	AUTO(fd_close)
	int to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (to < 0)
		return err_sys(e, errno, "cannot create '%s'", to_path);
	if (!copy_bytes(from, to, f, e)) {
		unlink(to_path);
		return false;
	}
	c->done += f->size;
	if (c->progress)
		c->progress(c->arg, c->done, c->total);
	return true;
}

static bool copy_files(struct copying *c, const struct order_file *f, uint32_t n, struct err *e)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!copy_file(c, &f[i], e))
			return false;
	}
	return true;
}

/* The architectures whose indices the order brings: ".../binary-<arch>/..." */
static void architectures(const struct order_archive *ar, struct buf *out)
{
	AUTO(buf_done) struct buf seen = BUF_INIT(4096);
	for (uint32_t i = 0; i < ar->n_index; i++) {
		struct str rest = ar->index[i].path, segment;
		while (str_split(&rest, '/', &segment)) {
			if (!str_starts(segment, "binary-") || segment.n < 8)
				continue;
			size_t at = seen.n;
			buf_printf(&seen, ",%.*s,", (int)segment.n - 7, segment.p + 7);
			if (!seen.p || seen.overflowed)
				return;
			struct str word = { seen.p + at, seen.n - at };
			if (memmem(seen.p, at, word.p, word.n))
				seen.n = at;
			else
				buf_printf(out, "%s%.*s", out->n ? "," : "", (int)word.n - 2,
					   word.p + 1);
		}
	}
}

static void source_line(const struct order_archive *ar, const char *dir, struct buf *out)
{
	AUTO(buf_done) struct buf archs = BUF_INIT(4096);
	architectures(ar, &archs);
	buf_printf(out, "deb [signed-by=%.*s target=Packages by-hash=no", STR_ARG(ar->keyring));
	if (archs.n)
		buf_printf(out, " arch=%s", archs.p);
	buf_printf(out, "] file:%s/%.*s %.*s %.*s\n", dir, STR_ARG(ar->id), STR_ARG(ar->suite),
		   STR_ARG(ar->components));
}

static bool make_dirs(const char *dir, struct err *e)
{
	static const char *const names[] = { "lists/partial", "cache/archives/partial" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(xfree) char *path = file_join(dir, names[i]);
		if (!file_mkdirs(path, 0755, e))
			return false;
	}
	return true;
}

/* A copy of apt's marks of automatically installed packages: ours may be changed, theirs not, so
 * that naming a package in an order does not make it "manually installed". */
static bool copy_marks(const char *dir, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(16u << 20);
	AUTO(xfree) char *to = file_join(dir, "extended_states");
	if (file_exists("/var/lib/apt/extended_states") &&
	    !file_read("/var/lib/apt/extended_states", &b, e))
		return false;
	return file_write_atomic(to, buf_str(&b), 0644, e);
}

static bool write_apt(const char *dir, const struct order *o, struct err *e)
{
	AUTO(buf_done) struct buf sources = BUF_INIT(1u << 20), conf = BUF_INIT(65536);
	AUTO(xfree) char *list = file_join(dir, "sources.list");
	AUTO(xfree) char *file = file_join(dir, "apt.conf");
	for (uint32_t i = 0; i < o->n_archives; i++)
		source_line(&o->archives[i], dir, &sources);
	apt_write_config(dir, &conf);
	return make_dirs(dir, e) && copy_marks(dir, e) && buf_ok(&sources, "sources.list", e) &&
	       buf_ok(&conf, "apt.conf", e) &&
	       file_write_atomic(list, buf_str(&sources), 0644, e) &&
	       file_write_atomic(file, buf_str(&conf), 0644, e);
}

static int64_t sum(const struct order_file *f, uint32_t n)
{
	int64_t total = 0;
	for (uint32_t i = 0; i < n; i++)
		total += f[i].size;
	return total;
}

static bool build(const struct mirror_spec *spec, struct copying *c, const char **reason_out,
		  struct err *e)
{
	const struct order *o = spec->order;
	if (!file_remove_tree(spec->dir, e) || !file_mkdirs(spec->dir, 0755, e))
		return false;
	AUTO(fd_close)
	int spool_fd = open(spec->spool, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (spool_fd < 0)
		return err_sys(e, errno, "cannot open the spool '%s'", spec->spool);
	c->spool = spool_fd;
	for (uint32_t i = 0; i < o->n_archives; i++) {
		const struct order_archive *ar = &o->archives[i];
		AUTO(xfree) char *sub = xasprintf("%s/%.*s", spec->dir, STR_ARG(ar->id));
		c->dir = sub;
		if (!file_mkdirs(sub, 0755, e) || !copy_files(c, ar->index, ar->n_index, e) ||
		    !copy_files(c, ar->payload, ar->n_payload, e))
			return false;
	}
	if (!(o->kind == ORDER_RPM ? mirror_write_repositories(spec, reason_out, e)
				   : write_apt(spec->dir, o, e)))
		return false;
	AUTO(fd_close) int dir_fd = open(spec->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || syncfs(dir_fd) != 0)
		return err_sys(e, errno, "cannot sync '%s'", spec->dir);
	return true;
}

bool mirror_build(const struct mirror_spec *spec, const char **reason_out, struct err *e)
{
	const struct order *o = spec->order;
	struct copying c = { .progress = spec->progress, .arg = spec->arg };
	struct err why = { 0 };
	for (uint32_t i = 0; i < o->n_archives; i++)
		c.total += sum(o->archives[i].index, o->archives[i].n_index) +
			   sum(o->archives[i].payload, o->archives[i].n_payload);
	const char *reason = NULL;
	if (build(spec, &c, &reason, &why))
		return true;
	*reason_out = reason			  ? reason
		      : why.code == ERR_UNTRUSTED ? "digest"
		      : why.code == ERR_FULL	  ? "disk_full"
						  : "internal";
	if (e)
		*e = why;
	return false;
}

static bool enough(const char *path, int64_t need, struct err *e)
{
	int64_t left = file_free_bytes(path);
	if (left < 0 || left >= need + SPARE_BYTES)
		return true;
	return err_set(e, ERR_FULL, "'%s' has %lld MiB free, %lld are needed; make room", path,
		       (long long)(left >> 20), (long long)((need + SPARE_BYTES) >> 20));
}

const char *mirror_space(const char *dir, const struct order *o, struct err *e)
{
	int64_t copy = 0, payload = 0;
	struct stat here, usr;
	for (uint32_t i = 0; i < o->n_archives; i++) {
		payload += sum(o->archives[i].payload, o->archives[i].n_payload);
		copy += sum(o->archives[i].index, o->archives[i].n_index);
	}
	/* the package manager's own lists are a second copy of the indices, at most */
	copy = 2 * copy + payload;
	bool same = stat(dir, &here) == 0 && stat("/usr", &usr) == 0 && here.st_dev == usr.st_dev;
	bool ok = same ? enough(dir, copy + 3 * payload, e)
		       : enough(dir, copy, e) && enough("/usr", 3 * payload, e);
	return ok ? NULL : "disk_full";
}
