/* SPDX-License-Identifier: Apache-2.0
 * The installation's own certificate authority (ECDSA P-256): server certificates, agent client
 * certificates from CSRs, and reading what a peer presented. RFC 5280 profile. */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H
#include "crypto/digest.h"

struct x509_ca;
/** A new CA valid `years` (1..30) years. */
bool x509_ca_new(const char *common_name, int years, int64_t now_ms, struct x509_ca **out,
		 struct err *e) MUST_CHECK;
bool x509_ca_load(struct str cert_pem, struct str key_pem, struct x509_ca **out, struct err *e)
	MUST_CHECK;
bool x509_ca_save(const struct x509_ca *ca, struct buf *cert_pem, struct buf *key_pem,
		  struct err *e) MUST_CHECK;
void x509_ca_free(struct x509_ca *ca);
AUTO_DEFINE(struct x509_ca, x509_ca_free)
/** SHA-256 of the SubjectPublicKeyInfo: what an enrolment token pins. */
struct sha256 x509_ca_pin(const struct x509_ca *ca);
/** A new key and a server certificate for DNS names and IP addresses (as text). `cert_pem` is the
 * chain as a server presents it: the leaf, then the CA (so that a peer which only knows the pin
 * finds it). Certificates begin 24 h before `now_ms`, for peers whose clock is slow, and never
 * outlive the CA. */
bool x509_server_cert(const struct x509_ca *ca, const char *const *names, size_t n, int days,
		      int64_t now_ms, struct buf *cert_pem, struct buf *key_pem, struct err *e)
	MUST_CHECK;
/** A new P-256 key and a CSR for it (agents make their key themselves). */
bool x509_csr_new(const char *common_name, struct buf *csr_pem, struct buf *key_pem, struct err *e)
	MUST_CHECK;
/** Signs a CSR into a client certificate whose CN is `agent_id` (the CSR's own subject is ignored).
 *  The CSR's self-signature and key strength (P-256 or Ed25519) are checked. */
bool x509_client_cert(const struct x509_ca *ca, struct str csr_pem, const char *agent_id, int days,
		      int64_t now_ms, struct buf *cert_pem, struct err *e) MUST_CHECK;
/** What the first certificate of a PEM text says. */
struct x509_info {
	char common_name[128];
	struct sha256 fingerprint; /**< of the DER certificate */
	struct sha256 pin;	   /**< of its SubjectPublicKeyInfo */
	int64_t not_before_ms, not_after_ms;
};
bool x509_read(struct str cert_pem, struct x509_info *out, struct err *e) MUST_CHECK;
#endif
