/* SPDX-License-Identifier: Apache-2.0
 * SHA-256, the one digest this house uses; those vendors still use in their indices; comparison in
 * constant time; HMAC. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H
#include "base/buf.h"

#define SHA256_LEN 32
#define SHA256_HEX 65 /**< with the NUL */
struct sha256 {
	uint8_t b[SHA256_LEN];
};
struct digest; /* running computation */
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *p, size_t n);
/** Result so far; the computation ends (nothing may be added; digest_free() is still due). */
struct sha256 digest_end(struct digest *d);
void digest_free(struct digest *d);
AUTO_DEFINE(struct digest, digest_free)
struct sha256 digest_of(struct str s);
/** Digests in vendors' indices. SHA-1 protects nothing: whoever accepts it has to be told to. MD5
 * only tells files apart, where dpkg has written it down. */
enum digest_kind { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGEST_SHA1, DIGEST_MD5 };
#define DIGEST_MAX 64
struct digest *digest_new_of(enum digest_kind kind);
size_t digest_len(enum digest_kind kind);
const char *digest_kind_name(enum digest_kind kind); /**< "SHA-256" */
/** As digest_end for any kind: digest_len() bytes. */
void digest_end_bytes(struct digest *d, uint8_t out[static DIGEST_MAX]);
/** Of a descriptor's content from its first byte; it stands at its first byte afterwards. */
bool digest_fd(int fd, const char *what, struct sha256 *out, struct err *e) MUST_CHECK;
bool digest_file(const char *path, struct sha256 *out, int64_t *size_out, struct err *e) MUST_CHECK;
const char *digest_hex(const struct sha256 *d, char out[static SHA256_HEX]);
bool digest_parse(struct str hex, struct sha256 *out) MUST_CHECK;
bool digest_eq(const struct sha256 *a, const struct sha256 *b);
/** Equal content in constant time (tokens, MACs). */
bool digest_equal_bytes(struct str a, struct str b);
struct sha256 digest_hmac(struct str key, struct str message);
#endif
