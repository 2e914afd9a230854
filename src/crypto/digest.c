/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 and its HMAC over GnuTLS. Invariant: a computation that has ended takes no more bytes.
 * Nothing here fails for reasons from outside: a failing primitive stops the program. */
#include "crypto/digest.h"
#include "base/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <unistd.h>

struct digest {
	gnutls_hash_hd_t h;
	enum digest_kind kind;
	bool ended;
};

static const struct {
	gnutls_digest_algorithm_t algorithm;
	size_t len;
	const char *name;
} kinds[] = { [DIGEST_SHA256] = { GNUTLS_DIG_SHA256, SHA256_LEN, "SHA-256" },
	      [DIGEST_SHA384] = { GNUTLS_DIG_SHA384, 48, "SHA-384" },
	      [DIGEST_SHA512] = { GNUTLS_DIG_SHA512, 64, "SHA-512" },
	      [DIGEST_SHA1] = { GNUTLS_DIG_SHA1, 20, "SHA-1" },
	      [DIGEST_MD5] = { GNUTLS_DIG_MD5, 16, "MD5" } };

struct digest *digest_new_of(enum digest_kind kind)
{
	struct digest *d = xcalloc(1, sizeof(*d));
	d->kind = kind;
	/* Where FIPS 140 is in force MD5 is denied, but as no protection it is permitted. */
	gnutls_fips_mode_t mode = (gnutls_fips_mode_t)gnutls_fips140_mode_enabled();
	if (kind == DIGEST_MD5)
		gnutls_fips140_set_mode(GNUTLS_FIPS140_LAX, GNUTLS_FIPS140_SET_MODE_THREAD);
	ASSERT(gnutls_hash_init(&d->h, kinds[kind].algorithm) == 0);
	if (kind == DIGEST_MD5)
		gnutls_fips140_set_mode(mode, GNUTLS_FIPS140_SET_MODE_THREAD);
	return d;
}

struct digest *digest_new(void)
{
	return digest_new_of(DIGEST_SHA256);
}

size_t digest_len(enum digest_kind kind)
{
	return kinds[kind].len;
}

const char *digest_kind_name(enum digest_kind kind)
{
	return kinds[kind].name;
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	ASSERT(!d->ended);
	if (n)
		ASSERT(gnutls_hash(d->h, p, n) == 0);
}

struct sha256 digest_end(struct digest *d)
{
	struct sha256 out;
	ASSERT(!d->ended && d->kind == DIGEST_SHA256);
	d->ended = true;
	gnutls_hash_output(d->h, out.b);
	return out;
}

void digest_end_bytes(struct digest *d, uint8_t out[static DIGEST_MAX])
{
	ASSERT(!d->ended);
	d->ended = true;
	gnutls_hash_output(d->h, out);
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	gnutls_hash_deinit(d->h, NULL);
	xfree(d);
}

struct sha256 digest_of(struct str s)
{
	struct sha256 out;
	ASSERT(gnutls_hash_fast(GNUTLS_DIG_SHA256, s.n ? s.p : "", s.n, out.b) == 0);
	return out;
}

static bool hash_rest(int fd, const char *what, struct sha256 *out, int64_t *size_out,
		      struct err *e)
{
	AUTO(digest_free) struct digest *d = digest_new();
	int64_t size = 0;
	for (;;) {
		char tmp[65536];
		ssize_t r = read(fd, tmp, sizeof(tmp));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot read '%s'", what);
		if (r == 0)
			break;
		digest_add(d, tmp, (size_t)r);
		size += r;
	}
	*out = digest_end(d);
	if (size_out)
		*size_out = size;
	return true;
}

bool digest_fd(int fd, const char *what, struct sha256 *out, struct err *e)
{
	struct sha256 d;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", what);
	if (!hash_rest(fd, what, &d, NULL, e))
		return false;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", what);
	*out = d;
	return true;
}

bool digest_file(const char *path, struct sha256 *out, int64_t *size_out, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	return hash_rest(fd, path, out, size_out, e);
}

const char *digest_hex(const struct sha256 *d, char out[static SHA256_HEX])
{
	return enc_hex(d->b, SHA256_LEN, out);
}

bool digest_parse(struct str hex, struct sha256 *out)
{
	struct sha256 d;
	if (!enc_unhex(hex, d.b, SHA256_LEN))
		return false;
	*out = d;
	return true;
}

bool digest_eq(const struct sha256 *a, const struct sha256 *b)
{
	return gnutls_memcmp(a->b, b->b, SHA256_LEN) == 0;
}

bool digest_equal_bytes(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || gnutls_memcmp(a.p, b.p, a.n) == 0);
}

struct sha256 digest_hmac(struct str key, struct str message)
{
	struct sha256 out;
	ASSERT(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.n ? key.p : "", key.n,
				message.n ? message.p : "", message.n, out.b) == 0);
	return out;
}
