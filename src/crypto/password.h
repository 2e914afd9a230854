/* SPDX-License-Identifier: Apache-2.0
 * Password hashes: Argon2id (RFC 9106) through libsodium, 64 MiB of memory, 2 passes. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H
#include "base/err.h"
#include "base/str.h"

#define PASSWORD_HASH_MAX 128
/** ERR_INVALID when it is empty or longer than 1024 bytes. */
bool password_hash(struct str password, char out[static PASSWORD_HASH_MAX], struct err *e)
	MUST_CHECK;
/** True when it matches. The same work whether or not it does, and also for a `hash` that is NULL
 * or malformed (pass NULL for an account that does not exist). At most four run at once; others
 * wait. */
bool password_matches(const char *hash, struct str password);
#endif
