/* SPDX-License-Identifier: Apache-2.0
 * The server's own certificate, which may be changed while the server runs: each handshake takes
 * the newest. Invariant: a certificate that a handshake may still be using is never freed before
 * the server has stopped; renewals are rare. */
#include "net/server_int.h"

#include <gnutls/abstract.h>

#define CHAIN_MAX 8

struct server_cert {
	struct server_cert *older;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
};

static void cert_free(struct server_cert *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n; i++)
		gnutls_pcert_deinit(&c->chain[i]);
	if (c->key)
		gnutls_privkey_deinit(c->key);
	xfree(c);
}
AUTO_DEFINE(struct server_cert, cert_free)

void server_cert_done(struct http_server *s)
{
	struct server_cert *c = atomic_load(&s->cert), *older;
	for (; c; c = older) {
		older = c->older;
		cert_free(c);
	}
}

static gnutls_datum_t datum(const char *pem)
{
	return (gnutls_datum_t) { (unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem) };
}

static bool key_fits(const struct server_cert *c)
{
	unsigned char of_key[64], of_cert[64];
	size_t n_key = sizeof(of_key), n_cert = sizeof(of_cert);
	gnutls_pubkey_t pub;
	if (gnutls_pubkey_init(&pub) < 0)
		return false;
	bool ok = gnutls_pubkey_import_privkey(pub, c->key, 0, 0) >= 0 &&
		  gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, of_key, &n_key) >= 0 &&
		  gnutls_pubkey_get_key_id(c->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_cert,
					   &n_cert) >= 0 &&
		  n_key == n_cert && memcmp(of_key, of_cert, n_key) == 0;
	gnutls_pubkey_deinit(pub);
	return ok;
}

bool http_server_set_certificate(struct http_server *s, const char *cert_pem, const char *key_pem,
				 struct err *e)
{
	AUTO(cert_free) struct server_cert *c = xcalloc(1, sizeof(*c));
	gnutls_datum_t cert = datum(cert_pem), key = datum(key_pem);
	unsigned n = CHAIN_MAX;
	int rc = gnutls_pcert_list_import_x509_raw(c->chain, &n, &cert, GNUTLS_X509_FMT_PEM, 0);
	if (rc >= 0) {
		c->n = n;
		rc = gnutls_privkey_init(&c->key);
	}
	if (rc >= 0)
		rc = gnutls_privkey_import_x509_raw(c->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc < 0)
		return err_set(e, ERR_CORRUPT, "cannot use the server's certificate and key: %s",
			       gnutls_strerror(rc));
	if (!key_fits(c))
		return err_set(e, ERR_CORRUPT, "the server's key is not that of its certificate");
	pthread_mutex_lock(&s->lock);
	c->older = atomic_load(&s->cert);
	atomic_store(&s->cert, c);
	pthread_mutex_unlock(&s->lock);
	c = NULL;
	return true;
}

int server_cert_pick(gnutls_session_t session, const gnutls_datum_t *authorities UNUSED,
		     int n_authorities UNUSED, const gnutls_pk_algorithm_t *algorithms UNUSED,
		     int n_algorithms UNUSED, gnutls_pcert_st **chain_out, unsigned *n_out,
		     gnutls_privkey_t *key_out)
{
	const struct conn *conn = gnutls_transport_get_ptr(session);
	struct server_cert *c = atomic_load(&conn->server->cert);
	*chain_out = c->chain;
	*n_out = c->n;
	*key_out = c->key;
	return 0;
}
