/* SPDX-License-Identifier: Apache-2.0
 * Configuration files of packages that come, and on the disk. Invariant: a .deb's files are only
 * read where the verdict hangs on them, as far as needed; what cannot be read is called unknown. */
#include "agent/root/config_files.h"
#include "base/enc.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "format/deb822.h"
#include "format/pkgfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_MAX (1u << 20)
#define HEX_MAX (2 * DIGEST_MAX + 1)

/* --- the disk -----------------------------------------------------------------------------------
 */

static bool kind_of(struct str hex, enum digest_kind *out)
{
	static const enum digest_kind kinds[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256,
						  DIGEST_SHA384, DIGEST_SHA512 };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (hex.n == 2 * digest_len(kinds[i])) {
			*out = kinds[i];
			return true;
		}
	return false;
}

static int open_regular(const char *path, bool links)
{
	struct stat st;
	int fd = open(path,
		      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links ? 0 : O_NOFOLLOW));
	if (fd >= 0 &&
	    (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > CONFIG_FILE_MAX)) {
		fd_close(fd);
		return -1;
	}
	return fd;
}

/* Whether the file has content of this digest. */
static bool has_content(const char *path, bool links, struct str hex)
{
	static char chunk[65536];
	uint8_t sum[DIGEST_MAX], want[DIGEST_MAX];
	enum digest_kind kind;
	AUTO(fd_close) int fd = -1;
	if (!kind_of(hex, &kind) || !enc_unhex(hex, want, digest_len(kind)) ||
	    (fd = open_regular(path, links)) < 0)
		return false;
	AUTO(digest_free) struct digest *d = digest_new_of(kind);
	for (ssize_t got = 1; got;) {
		got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno != EINTR)
			return false;
		digest_add(d, chunk, got > 0 ? (size_t)got : 0);
	}
	digest_end_bytes(d, sum);
	return memcmp(sum, want, digest_len(kind)) == 0;
}

static char *on_disk(const char *sysroot, struct str path)
{
	return xasprintf("%s%.*s", sysroot, STR_ARG(path));
}

static void look(enum pkgdb_kind kind, const char *sysroot, struct config_case *c)
{
	bool links = kind == PKGDB_DEB;
	AUTO(xfree) char *path = on_disk(sysroot, c->path);
	struct stat st;
	c->there = (links ? stat(path, &st) : lstat(path, &st)) == 0;
	c->odd = c->there && (!S_ISREG(st.st_mode) || st.st_size > CONFIG_FILE_MAX);
	c->as_old = c->old && has_content(path, links, c->old->digest);
	c->as_anew = c->anew && has_content(path, links, c->anew->digest);
}

struct config_case *config_look(struct details *d, const char *sysroot, size_t *n_out)
{
	struct config_case *cases = config_cases(d, n_out);
	for (size_t i = 0; i < *n_out; i++)
		look(d->kind, sysroot, &cases[i]);
	return cases;
}

/* --- the package --------------------------------------------------------------------------------
 */

struct identity {
	struct details *d;
	size_t step;
};

static bool identify(void *arg, const struct deb822_stanza *s, struct err *e UNUSED)
{
	struct identity *id = arg;
	const struct deb822_field *f = s->fields;
	if (f[0].value.p && f[1].value.p && f[2].value.p)
		id->step = details_step(id->d, f[0].value, f[1].value, f[2].value);
	return true;
}

bool config_read_deb(struct details *d, const char *path, size_t *step_out, struct err *e)
{
	static const char *const members[] = { "control", "conffiles" };
	static const char *const wanted[] = { "Package", "Architecture", "Version", NULL };
	struct identity id = { d, SIZE_MAX };
	struct buf text[] = { BUF_INIT(CONTROL_MAX), BUF_INIT(CONFIG_LIST_MAX) };
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 ? debfile_control(fd, members, ARRAY_LEN(members), text, e)
			  : err_sys(e, errno, "cannot open '%s'", path);
	ok = ok && deb822_text(buf_str(&text[0]), wanted, identify, &id, e);
	if (ok && id.step != SIZE_MAX)
		details_conffiles(d, id.step, buf_str(&text[1]));
	*step_out = id.step;
	buf_done(&text[0]);
	buf_done(&text[1]);
	return ok;
}

bool config_asks(const struct config_case *cases, size_t n, size_t step)
{
	for (size_t i = 0; i < n; i++)
		if (cases[i].step == step && config_asks_new(&cases[i]))
			return true;
	return false;
}

struct comparing {
	struct details *d;
	struct config_case *cases;
	size_t n, step;
	size_t left; /* still to be found */
	const char *sysroot;
};

static struct config_case *case_of(const struct comparing *k, struct str path)
{
	for (size_t i = 0; i < k->n; i++) {
		struct config_case *c = &k->cases[i];
		if (c->step == k->step && str_eq(c->path, path) && config_asks_new(c) &&
		    !c->anew->digest.n)
			return c;
	}
	return NULL;
}

static bool compare(void *arg, struct str path, uint64_t size UNUSED, struct tar *tar,
		    bool *more_out, struct err *e)
{
	struct comparing *k = arg;
	struct config_case *c = case_of(k, path);
	static char chunk[65536];
	uint8_t sum[DIGEST_MAX];
	char hex[HEX_MAX];
	if (!c)
		return true;
	AUTO(digest_free) struct digest *d = digest_new_of(DIGEST_MD5);
	for (size_t got = 1; got;) {
		if (!tar_read(tar, chunk, sizeof(chunk), &got, e))
			return false;
		digest_add(d, chunk, got);
	}
	digest_end_bytes(d, sum);
	details_set_digest(k->d, c->anew, str_of(enc_hex(sum, digest_len(DIGEST_MD5), hex)));
	AUTO(xfree) char *there = on_disk(k->sysroot, c->path);
	c->as_anew = has_content(there, true, c->anew->digest);
	*more_out = --k->left > 0;
	return true;
}

bool config_compare_deb(struct details *d, const char *path, struct config_case *cases, size_t n,
			size_t step, const char *sysroot, struct err *e)
{
	struct comparing k = { d, cases, n, step, 0, sysroot };
	for (size_t i = 0; i < n; i++)
		k.left += cases[i].step == step && config_asks_new(&cases[i]);
	if (!k.left)
		return true;
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	return debfile_files(fd, compare, &k, e);
}
