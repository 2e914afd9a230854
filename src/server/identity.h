/* SPDX-License-Identifier: Apache-2.0
 * The installation's certificates: its CA, made once, and the server certificate for every name and
 * address this machine answers to, renewed when they change (at a
 * start) or 30 days before it ends. */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H
#include "crypto/secret.h"
#include "crypto/x509.h"

struct identity {
	struct x509_ca *ca;
	struct buf ca_pem, chain_pem, key_pem; /**< chain: server certificate, then the CA */
	/** Seals secrets in the database; made of the authority's key, so servers that share a
	 * database share it. */
	struct secret_key data_key;
	char name[256]; /**< the name to show in addresses */
	char pin[SHA256_HEX];
	int64_t renew_ms; /**< when the server's certificate is to be renewed */
};
/** Loads or makes everything under `dir` (0700). `names`: further names, comma separated. */
bool identity_load(const char *dir, const char *names, int64_t now_ms, struct identity *out,
		   struct err *e) MUST_CHECK;
/** Makes the server's certificate and key anew, in files and in `id`, when it is time (else
 * *renewed_out is false). The authority stays. */
bool identity_renew(const char *dir, const char *names, int64_t now_ms, struct identity *id,
		    bool *renewed_out, struct err *e) MUST_CHECK;
void identity_done(struct identity *i);
AUTO_DEFINE_VALUE(struct identity, identity_done)
#endif
