/* SPDX-License-Identifier: Apache-2.0
 * TLS of the server: TLS 1.3 and 1.2 with ECDHE and AEAD only, session tickets under one key a
 * server (so a ticket of another port, with another idea of who may be a client, is worth nothing),
 * client certificates verified in the handshake. Invariant: a certificate in struct conn was
 * verified in full by this server, in this session or in the one its ticket resumes. */
#include "base/clock.h"
#include "net/server_int.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* No 0-RTT: replayed requests would need an answer of their own. */
const char server_tls_priorities[] =
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
	"+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+COMP-NULL:"
	"+CTYPE-X509:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:"
	"+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-RSAE-SHA256:"
	"+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384";

static gnutls_alert_description_t alert_for(unsigned status)
{
	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return GNUTLS_A_CERTIFICATE_EXPIRED;
	if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA))
		return GNUTLS_A_UNKNOWN_CA;
	return GNUTLS_A_BAD_CERTIFICATE;
}

/* Called by the handshake when the client may have sent a certificate. None is fine: whether a
 * request needs one is the handler's business. */
static int verify_client(gnutls_session_t session)
{
	unsigned n = 0, status = 0;
	if (!gnutls_certificate_get_peers(session, &n) || n == 0)
		return 0;
	gnutls_typed_vdata_st want = { GNUTLS_DT_KEY_PURPOSE_OID,
				       (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0 };
	int rc = gnutls_certificate_verify_peers(session, &want, 1, &status);
	if (rc == 0 && status == 0)
		return 0;
	gnutls_alert_send(session, GNUTLS_AL_FATAL, alert_for(status));
	return GNUTLS_E_CERTIFICATE_ERROR;
}

/* --- transport ----------------------------------------------------------------------------------
 * libmicrohttpd 0.9.75 with epoll never takes "would block" of an unfinished handshake for an
 * answer: it asks again and again, a whole CPU for each client that is slow (or plays dead) in the
 * handshake. So reading and writing come through here, and a connection whose handshake would block
 * sleeps in the watcher until the peer moves. After the handshake libmicrohttpd does it right. */

static void would_block(struct conn *c, uint32_t events)
{
	int sys = errno;
	if (!c->shaken && (sys == EAGAIN || sys == EWOULDBLOCK))
		server_watch_wait(c, events);
	errno = sys;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *p, size_t n)
{
	struct conn *c = arg;
	ssize_t r = recv(c->fd, p, n, 0);
	if (r < 0)
		would_block(c, EPOLLIN);
	return r;
}

static ssize_t push(gnutls_transport_ptr_t arg, const giovec_t *iov, int n)
{
	struct conn *c = arg;
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };
	ssize_t r = sendmsg(c->fd, &m, MSG_NOSIGNAL);
	if (r < 0)
		would_block(c, EPOLLOUT);
	return r;
}

/* The client's Finished is the last that is read in any handshake of TLS 1.2 and 1.3. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		       const gnutls_datum_t *message)
{
	struct conn *c = gnutls_transport_get_ptr(session);
	if (incoming && !c->shaken) {
		c->shaken = true;
		server_admit_shaken(c);
	}
	return 0;
}

void server_tls_session(struct conn *c, gnutls_session_t session)
{
	struct http_server *s = c->server;
	gnutls_transport_set_ptr(session, c);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_vec_push_function(session, push);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
					   on_finished);
	gnutls_session_ticket_enable_server(session, &s->ticket_key);
	if (s->client_ca_pem) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
		gnutls_session_set_verify_function(session, verify_client);
	}
}

static bool read_certificate(struct conn *c, gnutls_session_t session)
{
	unsigned n = 0;
	gnutls_datum_t pem = { 0 };
	const gnutls_datum_t *der = gnutls_certificate_get_peers(session, &n);
	if (!der || n == 0)
		return true;
	struct x509_info info;
	bool ok = gnutls_pem_base64_encode2("CERTIFICATE", &der[0], &pem) == 0 &&
		  x509_read((struct str) { (char *)pem.data, pem.size }, &info, NULL);
	if (ok) {
		c->cert = xmalloc(sizeof(info));
		*c->cert = info;
	}
	gnutls_free(pem.data);
	return ok;
}

bool server_tls_client_ok(struct conn *c, gnutls_session_t session)
{
	if (!c->cert_asked) {
		if (!read_certificate(c, session))
			return false;
		c->cert_asked = true;
	}
	int64_t now = clock_wall_ms();
	return !c->cert || (now >= c->cert->not_before_ms && now <= c->cert->not_after_ms);
}

void server_tls_forget_client(struct conn *c)
{
	xfree(c->cert);
	c->cert = NULL;
	c->cert_asked = false;
}
