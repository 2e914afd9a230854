/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 (RFC 8032) over GnuTLS. Invariant: every signature of this house is over a domain line
 * and a message, never over a bare message; sign_raw() exists for the vectors of the RFC only. */
#include "crypto/auto_int.h"
#include "crypto/sign_int.h"

#include <stdio.h>

#define PEM_MAX 4096

struct sign_key {
	gnutls_privkey_t key;
	uint8_t pub[SIGN_PUBLIC_LEN];
};

static struct sign_key *key_alloc(void)
{
	struct sign_key *k = xcalloc(1, sizeof(*k));
	ASSERT(gnutls_privkey_init(&k->key) == 0);
	return k;
}

/* Fills in the public half; false when the key is not Ed25519. */
static bool key_finish(struct sign_key *k)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t x = { 0 };
	if (gnutls_privkey_get_pk_algorithm(k->key, NULL) != GNUTLS_PK_EDDSA_ED25519 ||
	    gnutls_privkey_export_ecc_raw(k->key, &curve, &x, NULL, NULL) != 0)
		return false;
	bool good = curve == GNUTLS_ECC_CURVE_ED25519 && x.size == SIGN_PUBLIC_LEN;
	if (good)
		memcpy(k->pub, x.data, SIGN_PUBLIC_LEN);
	gnutls_free(x.data);
	return good;
}

bool sign_key_new(struct sign_key **out, struct err *e)
{
	AUTO(sign_key_free) struct sign_key *k = key_alloc();
	int rc = gnutls_privkey_generate(k->key, GNUTLS_PK_EDDSA_ED25519,
					 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519), 0);
	if (rc != 0 || !key_finish(k))
		return err_set(e, ERR_INTERNAL, "cannot make a signing key: %s",
			       gnutls_strerror(rc));
	*out = TAKE(k);
	return true;
}

bool sign_key_load(struct str pem, struct sign_key **out, struct err *e)
{
	if (pem.n > PEM_MAX)
		return err_set(e, ERR_INVALID, "signing key is larger than %d bytes", PEM_MAX);
	AUTO(x509_key_free) gnutls_x509_privkey_t x = NULL;
	ASSERT(gnutls_x509_privkey_init(&x) == 0);
	gnutls_datum_t d = datum_of(pem);
	int rc = gnutls_x509_privkey_import_pkcs8(x, &d, GNUTLS_X509_FMT_PEM, NULL,
						  GNUTLS_PKCS_PLAIN);
	if (rc != 0)
		return err_set(e, ERR_INVALID, "signing key is not a PKCS#8 PEM key: %s",
			       gnutls_strerror(rc));
	AUTO(sign_key_free) struct sign_key *k = key_alloc();
	rc = gnutls_privkey_import_x509(k->key, x, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (rc != 0 || !key_finish(k))
		return err_set(e, ERR_INVALID, "signing key is not an Ed25519 key");
	*out = TAKE(k);
	return true;
}

bool sign_key_save(const struct sign_key *k, struct buf *pem, struct err *e)
{
	AUTO(x509_key_free) gnutls_x509_privkey_t x = NULL;
	gnutls_datum_t d = { 0 };
	int rc = gnutls_privkey_export_x509(k->key, &x);
	if (rc == 0)
		rc = gnutls_x509_privkey_export2_pkcs8(x, GNUTLS_X509_FMT_PEM, NULL,
						       GNUTLS_PKCS_PLAIN, &d);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "cannot export a signing key: %s",
			       gnutls_strerror(rc));
	buf_add(pem, d.data, d.size);
	gnutls_memset(d.data, 0, d.size);
	gnutls_free(d.data);
	return buf_ok(pem, "signing key", e);
}

void sign_key_free(struct sign_key *k)
{
	if (!k)
		return;
	gnutls_privkey_deinit(k->key);
	xfree(k);
}

void sign_key_public(const struct sign_key *k, uint8_t out[static SIGN_PUBLIC_LEN])
{
	memcpy(out, k->pub, SIGN_PUBLIC_LEN);
}

bool sign_raw(const struct sign_key *k, struct str bytes,
	      uint8_t sig_out[static SIGN_SIGNATURE_LEN], struct err *e)
{
	gnutls_datum_t d = datum_of(bytes);
	gnutls_datum_t sig = { 0 };
	int rc = gnutls_privkey_sign_data2(k->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &d, &sig);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "cannot sign: %s", gnutls_strerror(rc));
	ASSERT(sig.size == SIGN_SIGNATURE_LEN);
	memcpy(sig_out, sig.data, SIGN_SIGNATURE_LEN);
	gnutls_free(sig.data);
	return true;
}

bool sign_raw_verify(const uint8_t pub[static SIGN_PUBLIC_LEN], struct str bytes, struct str sig,
		     struct err *e)
{
	if (sig.n != SIGN_SIGNATURE_LEN)
		return err_set(e, ERR_UNTRUSTED, "signature has %zu bytes, not %d", sig.n,
			       SIGN_SIGNATURE_LEN);
	AUTO(pubkey_free) gnutls_pubkey_t k = NULL;
	ASSERT(gnutls_pubkey_init(&k) == 0);
	gnutls_datum_t x = { (unsigned char *)(uintptr_t)pub, SIGN_PUBLIC_LEN };
	int rc = gnutls_pubkey_import_ecc_raw(k, GNUTLS_ECC_CURVE_ED25519, &x, NULL);
	if (rc != 0)
		return err_set(e, ERR_UNTRUSTED, "public key is not usable: %s",
			       gnutls_strerror(rc));
	gnutls_datum_t d = datum_of(bytes);
	gnutls_datum_t s = datum_of(sig);
	rc = gnutls_pubkey_verify_data2(k, GNUTLS_SIGN_EDDSA_ED25519, 0, &d, &s);
	if (rc < 0)
		return err_set(e, ERR_UNTRUSTED, "signature does not verify");
	return true;
}

/* "tsukuroi <domain> v1\n" || message. A domain has no line break, so the line is unambiguous. */
static char *with_domain(const char *domain, struct str message, size_t *n_out)
{
	ASSERT(domain[0] && !strchr(domain, '\n') && message.n < UINT32_MAX - 256);
	char line[128];
	int n = snprintf(line, sizeof(line), "tsukuroi %s v1\n", domain);
	ASSERT(n > 0 && (size_t)n < sizeof(line));
	char *all = xmalloc((size_t)n + message.n);
	memcpy(all, line, (size_t)n);
	if (message.n)
		memcpy(all + n, message.p, message.n);
	*n_out = (size_t)n + message.n;
	return all;
}

bool sign_message(const struct sign_key *k, const char *domain, struct str message,
		  uint8_t sig_out[static SIGN_SIGNATURE_LEN], struct err *e)
{
	size_t n = 0;
	AUTO(xfree) char *all = with_domain(domain, message, &n);
	return sign_raw(k, (struct str) { all, n }, sig_out, e);
}

bool sign_verify(const uint8_t pub[static SIGN_PUBLIC_LEN], const char *domain, struct str message,
		 struct str sig, struct err *e)
{
	size_t n = 0;
	AUTO(xfree) char *all = with_domain(domain, message, &n);
	return sign_raw_verify(pub, (struct str) { all, n }, sig, e);
}
