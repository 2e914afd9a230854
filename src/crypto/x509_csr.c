/* SPDX-License-Identifier: Apache-2.0
 * Certificate signing requests (RFC 2986): made by agents, checked by the server. From a request
 * only the public key is ever taken: its subject and its extensions are the requester's wishes. */
#include "crypto/x509_int.h"

#define CSR_MAX 16384

bool x509_csr_new(const char *common_name, struct buf *csr_pem, struct buf *key_pem, struct err *e)
{
	if (!x509_name_ok(common_name))
		return err_set(e, ERR_INVALID, "common name '%.80s' is not usable", common_name);
	AUTO(x509_key_free) gnutls_x509_privkey_t key = NULL;
	AUTO(x509_crq_free) gnutls_x509_crq_t crq = NULL;
	AUTO(datum_done) gnutls_datum_t d = { 0 };
	if (!x509_key_new(&key, e))
		return false;
	ASSERT(gnutls_x509_crq_init(&crq) == 0);
	int rc = gnutls_x509_crq_set_version(crq, 1);
	if (rc == 0)
		rc = gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
						   (unsigned)strlen(common_name));
	if (rc == 0)
		rc = gnutls_x509_crq_set_key(crq, key);
	if (rc == 0)
		rc = gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0);
	if (rc == 0)
		rc = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &d);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "cannot make a certificate request: %s",
			       gnutls_strerror(rc));
	buf_add(csr_pem, d.data, d.size);
	return buf_ok(csr_pem, "certificate request", e) && x509_key_pem(key, key_pem, e);
}

static bool key_strong(gnutls_pubkey_t k)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(k, &bits);
	if (algorithm == GNUTLS_PK_EDDSA_ED25519)
		return true;
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	AUTO(datum_done) gnutls_datum_t x = { 0 };
	AUTO(datum_done) gnutls_datum_t y = { 0 };
	return algorithm == GNUTLS_PK_ECDSA &&
	       gnutls_pubkey_export_ecc_raw(k, &curve, &x, &y) == 0 &&
	       curve == GNUTLS_ECC_CURVE_SECP256R1;
}

bool x509_csr_key(struct str csr_pem, gnutls_pubkey_t *out, struct err *e)
{
	if (csr_pem.n > CSR_MAX)
		return err_set(e, ERR_INVALID, "certificate request is larger than %d bytes",
			       CSR_MAX);
	AUTO(x509_crq_free) gnutls_x509_crq_t crq = NULL;
	AUTO(pubkey_free) gnutls_pubkey_t k = NULL;
	gnutls_datum_t d = datum_of(csr_pem);
	ASSERT(gnutls_x509_crq_init(&crq) == 0 && gnutls_pubkey_init(&k) == 0);
	int rc = gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_PEM);
	if (rc != 0)
		return err_set(e, ERR_INVALID, "not a PEM certificate request: %s",
			       gnutls_strerror(rc));
	if (gnutls_pubkey_import_x509_crq(k, crq, 0) != 0 || !key_strong(k))
		return err_set(e, ERR_INVALID,
			       "certificate request's key is neither P-256 nor Ed25519");
	if (gnutls_x509_crq_verify(crq, 0) < 0)
		return err_set(e, ERR_INVALID,
			       "certificate request's signature does not verify: it was not made "
			       "with the key it asks for");
	*out = TAKE(k);
	return true;
}
