/* SPDX-License-Identifier: Apache-2.0
 * Reading certificates and making keys: the parts of X.509 that need no authority. What comes from
 * a peer is bounded (64 KiB) and a common name is taken only when there is exactly one, without
 * NUL. */
#include "crypto/x509_int.h"

bool x509_name_ok(const char *name)
{
	size_t n = name ? strlen(name) : 0;
	if (n == 0 || n > X509_NAME_MAX)
		return false;
	for (const char *p = name; *p; p++)
		if (*p < ' ' || *p > '~' || strchr("\"\\,+<>;=#/", *p))
			return false;
	return name[0] != ' ' && name[n - 1] != ' ';
}

bool x509_key_new(gnutls_x509_privkey_t *out, struct err *e)
{
	AUTO(x509_key_free) gnutls_x509_privkey_t k = NULL;
	ASSERT(gnutls_x509_privkey_init(&k) == 0);
	int rc = gnutls_x509_privkey_generate(k, GNUTLS_PK_ECDSA,
					      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "cannot make a key: %s", gnutls_strerror(rc));
	*out = TAKE(k);
	return true;
}

bool x509_key_pem(gnutls_x509_privkey_t key, struct buf *pem, struct err *e)
{
	AUTO(datum_done) gnutls_datum_t d = { 0 };
	int rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						   GNUTLS_PKCS_PLAIN, &d);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "cannot export a key: %s", gnutls_strerror(rc));
	buf_add(pem, d.data, d.size);
	gnutls_memset(d.data, 0, d.size);
	return buf_ok(pem, "key", e);
}

bool x509_crt_pin(gnutls_x509_crt_t crt, struct sha256 *out, struct err *e)
{
	AUTO(pubkey_free) gnutls_pubkey_t k = NULL;
	AUTO(datum_done) gnutls_datum_t spki = { 0 };
	ASSERT(gnutls_pubkey_init(&k) == 0);
	int rc = gnutls_pubkey_import_x509(k, crt, 0);
	if (rc == 0)
		rc = gnutls_pubkey_export2(k, GNUTLS_X509_FMT_DER, &spki);
	if (rc != 0)
		return err_set(e, ERR_CORRUPT, "cannot read a certificate's key: %s",
			       gnutls_strerror(rc));
	*out = digest_of((struct str) { (char *)spki.data, spki.size });
	return true;
}

bool x509_crt_parse(struct str pem, gnutls_x509_crt_t *out, struct err *e)
{
	if (pem.n > X509_PEM_MAX)
		return err_set(e, ERR_LIMIT, "certificate is larger than %zu bytes", X509_PEM_MAX);
	AUTO(x509_crt_free) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t d = datum_of(pem);
	ASSERT(gnutls_x509_crt_init(&crt) == 0);
	int rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM);
	if (rc != 0)
		return err_set(e, ERR_CORRUPT, "not a PEM certificate: %s", gnutls_strerror(rc));
	*out = TAKE(crt);
	return true;
}

static bool common_name(gnutls_x509_crt_t crt, char *out, size_t cap, struct err *e)
{
	char second[1];
	size_t n = cap, m = sizeof(second);
	int rc = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &n);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
		out[0] = '\0';
		return true;
	}
	if (rc != 0 || strlen(out) != n)
		return err_set(e, ERR_CORRUPT, "certificate's common name is not usable");
	rc = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 1, 0, second, &m);
	if (rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return err_set(e, ERR_CORRUPT, "certificate has more than one common name");
	return true;
}

bool x509_read(struct str cert_pem, struct x509_info *out, struct err *e)
{
	AUTO(x509_crt_free) gnutls_x509_crt_t crt = NULL;
	struct x509_info info = { 0 };
	if (!x509_crt_parse(cert_pem, &crt, e) ||
	    !common_name(crt, info.common_name, sizeof(info.common_name), e) ||
	    !x509_crt_pin(crt, &info.pin, e))
		return false;
	AUTO(datum_done) gnutls_datum_t der = { 0 };
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der);
	time_t from = gnutls_x509_crt_get_activation_time(crt);
	time_t to = gnutls_x509_crt_get_expiration_time(crt);
	if (rc != 0 || from == (time_t)-1 || to == (time_t)-1)
		return err_set(e, ERR_CORRUPT, "certificate's dates are not usable");
	info.fingerprint = digest_of((struct str) { (char *)der.data, der.size });
	info.not_before_ms = (int64_t)from * 1000;
	info.not_after_ms = (int64_t)to * 1000;
	*out = info;
	return true;
}
