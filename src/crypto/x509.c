/* SPDX-License-Identifier: Apache-2.0
 * The installation's certificate authority. Profile (RFC 5280): version 3, random serials of 127
 * bits, CA with path length 0, leaves with exactly one extended key usage, SHA-256. Invariant: a
 * leaf never outlives the CA and never carries anything a requester chose but the public key. */
#include "base/random.h"
#include "crypto/x509_int.h"

#include <arpa/inet.h>
#include <ctype.h>

#define SERIAL_LEN 16
#define SLOW_CLOCK_S 86400
#define DAY_S 86400
#define NAMES_MAX 64

struct x509_ca {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

void x509_ca_free(struct x509_ca *ca)
{
	if (!ca)
		return;
	x509_crt_free(ca->crt);
	x509_key_free(ca->key);
	xfree(ca);
}

static bool failed(int rc, struct err *e)
{
	return err_set(e, ERR_INTERNAL, "cannot make a certificate: %s", gnutls_strerror(rc));
}

/* Version, serial, subject, dates, key: what every certificate has. */
static int fill(gnutls_x509_crt_t crt, const char *name, int64_t from_s, int64_t to_s,
		gnutls_pubkey_t key)
{
	uint8_t serial[SERIAL_LEN], id[64];
	size_t id_n = sizeof(id);
	random_bytes(serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, always full length */
	int rc = gnutls_x509_crt_set_version(crt, 3);
	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (rc == 0)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
						   (unsigned)strlen(name));
	if (rc == 0)
		rc = gnutls_x509_crt_set_activation_time(crt, (time_t)from_s);
	if (rc == 0)
		rc = gnutls_x509_crt_set_expiration_time(crt, (time_t)to_s);
	if (rc == 0)
		rc = gnutls_x509_crt_set_pubkey(crt, key);
	if (rc == 0)
		rc = gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA1, id, &id_n);
	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_key_id(crt, id, id_n);
	return rc;
}

bool x509_ca_new(const char *common_name, int years, int64_t now_ms, struct x509_ca **out,
		 struct err *e)
{
	if (!x509_name_ok(common_name))
		return err_set(e, ERR_INVALID, "common name '%.80s' is not usable", common_name);
	if (years < 1 || years > 30)
		return err_set(e, ERR_INVALID, "a CA is valid 1 to 30 years, not %d", years);
	AUTO(x509_ca_free) struct x509_ca *ca = xcalloc(1, sizeof(*ca));
	AUTO(pubkey_free) gnutls_pubkey_t pub = NULL;
	if (!x509_key_new(&ca->key, e))
		return false;
	ASSERT(gnutls_x509_crt_init(&ca->crt) == 0 && gnutls_pubkey_init(&pub) == 0);
	gnutls_privkey_t priv = NULL;
	ASSERT(gnutls_privkey_init(&priv) == 0);
	int rc = gnutls_privkey_import_x509(priv, ca->key, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (rc == 0)
		rc = gnutls_pubkey_import_privkey(pub, priv, 0, 0);
	gnutls_privkey_deinit(priv);
	int64_t now = now_ms / 1000;
	if (rc == 0)
		rc = fill(ca->crt, common_name, now - SLOW_CLOCK_S,
			  now + (int64_t)years * 365 * DAY_S + years / 4 * DAY_S, pub);
	if (rc == 0)
		rc = gnutls_x509_crt_set_basic_constraints(ca->crt, 1, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(ca->crt,
						   GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(ca->crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0);
	if (rc != 0)
		return failed(rc, e);
	*out = TAKE(ca);
	return true;
}

static bool same_key(const struct x509_ca *ca)
{
	uint8_t a[64], b[64];
	size_t an = sizeof(a), bn = sizeof(b);
	return gnutls_x509_crt_get_key_id(ca->crt, GNUTLS_KEYID_USE_SHA256, a, &an) == 0 &&
	       gnutls_x509_privkey_get_key_id(ca->key, GNUTLS_KEYID_USE_SHA256, b, &bn) == 0 &&
	       an == bn && memcmp(a, b, an) == 0;
}

bool x509_ca_load(struct str cert_pem, struct str key_pem, struct x509_ca **out, struct err *e)
{
	AUTO(x509_ca_free) struct x509_ca *ca = xcalloc(1, sizeof(*ca));
	if (!x509_crt_parse(cert_pem, &ca->crt, e))
		return err_prefix(e, "CA certificate");
	if (key_pem.n > X509_PEM_MAX)
		return err_set(e, ERR_LIMIT, "CA key is larger than %zu bytes", X509_PEM_MAX);
	gnutls_datum_t d = datum_of(key_pem);
	ASSERT(gnutls_x509_privkey_init(&ca->key) == 0);
	int rc = gnutls_x509_privkey_import2(ca->key, &d, GNUTLS_X509_FMT_PEM, NULL,
					     GNUTLS_PKCS_PLAIN);
	if (rc != 0)
		return err_set(e, ERR_CORRUPT, "CA key is not a PEM key: %s", gnutls_strerror(rc));
	if (gnutls_x509_crt_get_ca_status(ca->crt, NULL) <= 0)
		return err_set(e, ERR_INVALID, "CA certificate is not a CA's");
	if (!same_key(ca))
		return err_set(e, ERR_INVALID,
			       "CA key does not belong to the CA certificate; restore both from "
			       "the same backup");
	*out = TAKE(ca);
	return true;
}

static bool add_pem(gnutls_x509_crt_t crt, struct buf *pem, struct err *e)
{
	AUTO(datum_done) gnutls_datum_t d = { 0 };
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &d);
	if (rc != 0)
		return failed(rc, e);
	buf_add(pem, d.data, d.size);
	return buf_ok(pem, "certificate", e);
}

bool x509_ca_save(const struct x509_ca *ca, struct buf *cert_pem, struct buf *key_pem,
		  struct err *e)
{
	return add_pem(ca->crt, cert_pem, e) && x509_key_pem(ca->key, key_pem, e);
}

struct sha256 x509_ca_pin(const struct x509_ca *ca)
{
	struct sha256 pin = { 0 };
	bool done = x509_crt_pin(ca->crt, &pin, NULL);
	ASSERT(done);
	return pin;
}

/* A leaf without its alternative names: dates within the CA's, usage, issuer's key id. */
static bool leaf_new(const struct x509_ca *ca, const char *name, gnutls_pubkey_t key,
		     const char *usage, int days, int64_t now_ms, gnutls_x509_crt_t *out,
		     struct err *e)
{
	if (days < 1 || days > 3650)
		return err_set(e, ERR_INVALID, "a certificate is valid 1 to 3650 days, not %d",
			       days);
	int64_t now = now_ms / 1000, ca_end = gnutls_x509_crt_get_expiration_time(ca->crt);
	if (ca_end <= now)
		return err_set(e, ERR_UNTRUSTED, "the CA's own certificate has expired; renew it");
	AUTO(x509_crt_free) gnutls_x509_crt_t crt = NULL;
	uint8_t id[64];
	size_t id_n = sizeof(id);
	ASSERT(gnutls_x509_crt_init(&crt) == 0);
	int rc = fill(crt, name, now - SLOW_CLOCK_S, MIN(now + (int64_t)days * DAY_S, ca_end), key);
	if (rc == 0)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_purpose_oid(crt, usage, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_get_subject_key_id(ca->crt, id, &id_n, NULL);
	if (rc == 0)
		rc = gnutls_x509_crt_set_authority_key_id(crt, id, id_n);
	if (rc != 0)
		return failed(rc, e);
	*out = TAKE(crt);
	return true;
}

static bool leaf_sign(const struct x509_ca *ca, gnutls_x509_crt_t crt, struct buf *pem,
		      struct err *e)
{
	int rc = gnutls_x509_crt_sign2(crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0);
	return rc == 0 ? add_pem(crt, pem, e) : failed(rc, e);
}

/* A DNS name as it may stand in a certificate (RFC 1123; "*" only as the whole first label). */
static bool dns_name_ok(const char *name)
{
	size_t n = strlen(name), label = 0;
	if (n == 0 || n > 253)
		return false;
	const char *p = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
	for (; *p; p++) {
		bool dot = *p == '.';
		if (dot ? label == 0 || p[-1] == '-'
			: !(isalnum((unsigned char)*p) || (*p == '-' && label) || *p == '_'))
			return false;
		label = dot ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0 && p[-1] != '-';
}

static bool add_name(gnutls_x509_crt_t crt, const char *name, struct err *e)
{
	uint8_t ip[16];
	size_t ip_n = inet_pton(AF_INET, name, ip) == 1	   ? 4
		      : inet_pton(AF_INET6, name, ip) == 1 ? 16
							   : 0;
	if (!ip_n && !dns_name_ok(name))
		return err_set(e, ERR_INVALID, "'%.100s' is neither a DNS name nor an IP address",
			       name);
	int rc = gnutls_x509_crt_set_subject_alt_name(
		crt, ip_n ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
		ip_n ? (const void *)ip : (const void *)name,
		(unsigned)(ip_n ? ip_n : strlen(name)), GNUTLS_FSAN_APPEND);
	return rc == 0 ? true : failed(rc, e);
}

bool x509_server_cert(const struct x509_ca *ca, const char *const *names, size_t n, int days,
		      int64_t now_ms, struct buf *cert_pem, struct buf *key_pem, struct err *e)
{
	if (n == 0 || n > NAMES_MAX)
		return err_set(e, ERR_INVALID, "a server certificate has 1 to %d names", NAMES_MAX);
	AUTO(x509_key_free) gnutls_x509_privkey_t key = NULL;
	AUTO(pubkey_free) gnutls_pubkey_t pub = NULL;
	AUTO(x509_crt_free) gnutls_x509_crt_t crt = NULL;
	gnutls_privkey_t priv = NULL;
	if (!x509_key_new(&key, e))
		return false;
	ASSERT(gnutls_pubkey_init(&pub) == 0 && gnutls_privkey_init(&priv) == 0);
	int rc = gnutls_privkey_import_x509(priv, key, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (rc == 0)
		rc = gnutls_pubkey_import_privkey(pub, priv, 0, 0);
	gnutls_privkey_deinit(priv);
	if (rc != 0)
		return failed(rc, e);
	/* The common name is for people only; peers look at the alternative names (RFC 9525). */
	AUTO(xfree) char *cn = xstrndup(names[0], strnlen(names[0], X509_NAME_MAX));
	if (!leaf_new(ca, cn, pub, GNUTLS_KP_TLS_WWW_SERVER, days, now_ms, &crt, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!add_name(crt, names[i], e))
			return false;
	return leaf_sign(ca, crt, cert_pem, e) && add_pem(ca->crt, cert_pem, e) &&
	       x509_key_pem(key, key_pem, e);
}

bool x509_client_cert(const struct x509_ca *ca, struct str csr_pem, const char *agent_id, int days,
		      int64_t now_ms, struct buf *cert_pem, struct err *e)
{
	AUTO(pubkey_free) gnutls_pubkey_t pub = NULL;
	AUTO(x509_crt_free) gnutls_x509_crt_t crt = NULL;
	if (!x509_name_ok(agent_id))
		return err_set(e, ERR_INVALID, "agent id '%.80s' is not usable", agent_id);
	return x509_csr_key(csr_pem, &pub, e) &&
	       leaf_new(ca, agent_id, pub, GNUTLS_KP_TLS_WWW_CLIENT, days, now_ms, &crt, e) &&
	       leaf_sign(ca, crt, cert_pem, e);
}
