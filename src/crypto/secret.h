/* SPDX-License-Identifier: Apache-2.0
 * Secrets that the program itself must read again (a mail server's password), sealed for keeping in
 * the database: XChaCha20-Poly1305 (libsodium) under a key that is never in the database. What is
 * sealed names its purpose: a sealed text copied to another place does not open there. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H
#include "base/buf.h"

struct secret_key {
	uint8_t b[32];
};
/** A key for `purpose` (at most 64 bytes) made of secret bytes that are kept elsewhere: the same
 * for the same bytes and purpose, and of no help in finding the bytes. */
void secret_key_derive(struct str from, const char *purpose, struct secret_key *out);
void secret_key_forget(struct secret_key *k);

/** Whether `s` looks like what secret_seal() makes. */
bool secret_is_sealed(struct str s);
/** Appends printable text (about 4/3 of `plain` and 60 bytes) to `out`. */
void secret_seal(const struct secret_key *k, const char *purpose, struct str plain,
		 struct buf *out);
/** Appends what was sealed to `out`. ERR_UNTRUSTED: another key, another purpose, or altered. */
bool secret_open(const struct secret_key *k, const char *purpose, struct str sealed,
		 struct buf *out, struct err *e) MUST_CHECK;
#endif
