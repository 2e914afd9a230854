/* SPDX-License-Identifier: Apache-2.0
 * A handshake only to see a server's certificates, for enrolment: libcurl makes the connection
 * (DNS, proxy, time-outs as always), GnuTLS shakes hands, nothing is sent, the connection is
 * closed. What comes back is not trusted by this: it is a CA certificate whose key the pin names,
 * with which the real connection is then verified in full. */
#include "base/clock.h"
#include "net/client_int.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>

#define CHAIN_MAX 10

struct probe {
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
};

static void probe_done(struct probe *p)
{
	if (p->session)
		gnutls_deinit(p->session);
	if (p->cred)
		gnutls_certificate_free_credentials(p->cred);
}
AUTO_DEFINE_VALUE(struct probe, probe_done)

static void easy_free(CURL *easy)
{
	curl_easy_cleanup(easy);
}
AUTO_DEFINE(void, easy_free)

static bool connect_tcp(CURL *easy, const struct client_target *t, const char *proxy, int *fd_out,
			struct err *e)
{
	char detail[CURL_ERROR_SIZE] = "";
	AUTO(buf_done) struct buf url = BUF_INIT(URL_MAX);
	struct url plain = *t->url;
	plain.tls = false; /* libcurl is to connect only */
	url_write(&plain, &url);
	client_connect_options(easy, proxy, t->connect_timeout_s);
	curl_easy_setopt(easy, CURLOPT_URL, url.p);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)t->connect_timeout_s);
	CURLcode rc = curl_easy_perform(easy);
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
	if (rc != CURLE_OK || fd == CURL_SOCKET_BAD)
		return client_error(easy, rc, detail, t, e);
	*fd_out = fd;
	return true;
}

static bool handshake(struct probe *p, int fd, const struct client_target *t, struct err *e)
{
	int rc = gnutls_init(&p->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (rc == 0)
		rc = gnutls_certificate_allocate_credentials(&p->cred);
	if (rc == 0)
		rc = gnutls_priority_set_direct(p->session,
						"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
	if (rc == 0)
		rc = gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE, p->cred);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "cannot begin TLS: %s", gnutls_strerror(rc));
	if (!strchr(t->url->host, ':') &&
	    strspn(t->url->host, "0123456789.") != strlen(t->url->host))
		gnutls_server_name_set(p->session, GNUTLS_NAME_DNS, t->url->host,
				       strlen(t->url->host));
	gnutls_transport_set_int(p->session, fd);
	int64_t end = clock_mono_ms() + t->connect_timeout_s * 1000;
	while ((rc = gnutls_handshake(p->session)) != 0) {
		if (gnutls_error_is_fatal(rc))
			return err_set(
				e, ERR_UNAVAILABLE,
				"TLS handshake with '%s:%u' failed: %s; it must speak TLS 1.2 "
				"or 1.3",
				t->url->host, t->url->port, gnutls_strerror(rc));
		int64_t left = end - clock_mono_ms();
		struct pollfd f = { fd, gnutls_record_get_direction(p->session) ? POLLOUT : POLLIN,
				    0 };
		if (left <= 0)
			return err_set(
				e, ERR_TIMEOUT,
				"'%s:%u' did not finish the TLS handshake; is it an HTTPS port?",
				t->url->host, t->url->port);
		if (poll(&f, 1, (int)MIN(left, 60000)) < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait for '%s'", t->url->host);
	}
	return true;
}

/* The SHA-256 of a certificate's SubjectPublicKeyInfo; false when it cannot be read. */
static bool spki_digest(gnutls_x509_crt_t crt, struct sha256 *out)
{
	gnutls_pubkey_t k = NULL;
	gnutls_datum_t der = { 0 };
	bool ok = gnutls_pubkey_init(&k) == 0 && gnutls_pubkey_import_x509(k, crt, 0) == 0 &&
		  gnutls_pubkey_export2(k, GNUTLS_X509_FMT_DER, &der) == 0;
	if (ok)
		*out = digest_of((struct str) { (char *)der.data, der.size });
	gnutls_free(der.data);
	if (k)
		gnutls_pubkey_deinit(k);
	return ok;
}

static bool take_if_pinned(const gnutls_datum_t *der, const struct sha256 *pin, struct buf *ca_pem)
{
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t pem = { 0 };
	struct sha256 got;
	bool found = gnutls_x509_crt_init(&crt) == 0 &&
		     gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
		     spki_digest(crt, &got) && digest_eq(&got, pin) &&
		     gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) == 0;
	if (found)
		buf_add(ca_pem, pem.data, pem.size);
	gnutls_free(pem.data);
	if (crt)
		gnutls_x509_crt_deinit(crt);
	return found;
}

bool tls_probe_pin(const struct client_target *t, const char *proxy, const struct sha256 *pin,
		   struct buf *ca_pem, struct err *e)
{
	AUTO(easy_free) CURL *easy = curl_easy_init();
	AUTO(probe_done) struct probe p = { 0 };
	int fd = -1; /* libcurl's: closed with `easy` */
	ASSERT(easy);
	if (!connect_tcp(easy, t, proxy, &fd, e) || !handshake(&p, fd, t, e))
		return false;
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(p.session, &n);
	for (unsigned i = 0; chain && i < n && i < CHAIN_MAX; i++)
		if (take_if_pinned(&chain[i], pin, ca_pem))
			return buf_ok(ca_pem, "CA certificate", e);
	return err_set(
		e, ERR_UNTRUSTED,
		"'%s:%u' is not the server this token is for: no certificate it presents has "
		"the pinned key; check the address and the token",
		t->url->host, t->url->port);
}
