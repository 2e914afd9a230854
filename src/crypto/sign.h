/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 signatures with domain separation: what is signed is "tsukuroi <domain> v1\n" || message,
 * so a signature made for one purpose never verifies for another. RFC 8032. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H
#include "base/buf.h"

#define SIGN_PUBLIC_LEN 32
#define SIGN_SIGNATURE_LEN 64
struct sign_key; /* a private key */
bool sign_key_new(struct sign_key **out, struct err *e) MUST_CHECK;
/** PKCS#8 PEM. */
bool sign_key_load(struct str pem, struct sign_key **out, struct err *e) MUST_CHECK;
bool sign_key_save(const struct sign_key *k, struct buf *pem, struct err *e) MUST_CHECK;
void sign_key_free(struct sign_key *k);
AUTO_DEFINE(struct sign_key, sign_key_free)
void sign_key_public(const struct sign_key *k, uint8_t out[static SIGN_PUBLIC_LEN]);
bool sign_message(const struct sign_key *k, const char *domain, struct str message,
		  uint8_t sig_out[static SIGN_SIGNATURE_LEN], struct err *e) MUST_CHECK;
/** ERR_UNTRUSTED when it does not verify. */
bool sign_verify(const uint8_t pub[static SIGN_PUBLIC_LEN], const char *domain, struct str message,
		 struct str sig, struct err *e) MUST_CHECK;
#endif
