/* SPDX-License-Identifier: Apache-2.0
 * What vendors sign, clear-signed (RFC 9580 section 7) or with a signature apart, checked by
 * gpgv(1) as a separate process against a pinned keyring. Only the bytes gpgv says were signed come
 * back: text before or after the signed block (which gpgv tolerates) never reaches a parser. */
#ifndef CRYPTO_OPENPGP_H
#define CRYPTO_OPENPGP_H
#include "base/buf.h"

struct openpgp_signer {
	char fingerprint[65]; /**< of the primary key of the first good signature, upper-case hex */
	char name[160];	      /**< its user id */
	int good;	      /**< number of good signatures */
};
/** `keyrings`: NULL-terminated paths of binary (.gpg/.pgp) keyrings; at least one.
 *  ERR_UNTRUSTED when gpgv's exit status is not 0 (cause in the text: no signature, bad signature,
 *  no public key); ERR_UNAVAILABLE when gpgv or a keyring is missing (remedy in the text). */
bool openpgp_verify_clearsigned(struct str document, const char *const *keyrings,
				struct buf *plaintext, struct openpgp_signer *signer_out,
				struct err *e) MUST_CHECK;
/** The same for a signature that lies beside its document (armoured or binary). */
bool openpgp_verify_detached(struct str document, struct str signature, const char *const *keyrings,
			     struct openpgp_signer *signer_out, struct err *e) MUST_CHECK;
/** Appends the bytes of the public keys in a key file: of armoured ones (RFC 9580 section 6; one
 *  block or more, text around them) what they stand for, of binary ones themselves. ERR_CORRUPT. */
bool openpgp_dearmor(struct str text, struct buf *out, struct err *e) MUST_CHECK;
#endif
