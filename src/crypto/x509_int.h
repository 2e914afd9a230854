/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the X.509 files share. */
#ifndef CRYPTO_X509_INT_H
#define CRYPTO_X509_INT_H
#include "crypto/auto_int.h"
#include "crypto/x509.h"

#define X509_PEM_MAX ((size_t)64 << 10)
#define X509_NAME_MAX 64 /**< characters of a common name: ub-common-name, RFC 5280 appendix A */

/** 1..64 printable ASCII characters without the ones that mean something in a name or a path. */
bool x509_name_ok(const char *name);
/** A new P-256 key. */
bool x509_key_new(gnutls_x509_privkey_t *out, struct err *e) MUST_CHECK;
bool x509_key_pem(gnutls_x509_privkey_t key, struct buf *pem, struct err *e) MUST_CHECK;
/** SHA-256 of the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
bool x509_crt_pin(gnutls_x509_crt_t crt, struct sha256 *out, struct err *e) MUST_CHECK;
/** First certificate of a PEM text. */
bool x509_crt_parse(struct str pem, gnutls_x509_crt_t *out, struct err *e) MUST_CHECK;
/** The public key of a CSR whose self-signature is good and whose key is P-256 or Ed25519. */
bool x509_csr_key(struct str csr_pem, gnutls_pubkey_t *out, struct err *e) MUST_CHECK;
#endif
