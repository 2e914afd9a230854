/* SPDX-License-Identifier: Apache-2.0
 * Room-private: Ed25519 without domain, so that the tests can hold it against RFC 8032's vectors.
 * Nothing outside sign.c and its test may call these. */
#ifndef CRYPTO_SIGN_INT_H
#define CRYPTO_SIGN_INT_H
#include "crypto/sign.h"

bool sign_raw(const struct sign_key *k, struct str bytes,
	      uint8_t sig_out[static SIGN_SIGNATURE_LEN], struct err *e) MUST_CHECK;
bool sign_raw_verify(const uint8_t pub[static SIGN_PUBLIC_LEN], struct str bytes, struct str sig,
		     struct err *e) MUST_CHECK;
#endif
