/* SPDX-License-Identifier: Apache-2.0
 * A server that does what a test wants, right or wrong: a thread on 127.0.0.1, plain or TLS, which
 * runs a script for each connection in turn. For tests only. */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H
#include "base/buf.h"
#include "base/clock.h"
#include "crypto/x509.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer;
struct peer_conn {
	struct peer *peer;
	int fd;
	gnutls_session_t tls; /* NULL = plain */
	struct buf request;   /* header and body of the last request */
};
struct peer {
	/* What is done on a connection; returns when it is to be closed. */
	void (*script)(struct peer_conn *c);
	const char *arg;
	const char *cert_pem, *key_pem; /* NULL = plain */
	const char *priority;		/* NULL = GnuTLS's default */
	uint16_t port;
	int listener;
	pthread_t thread;
	gnutls_certificate_credentials_t cred;
	atomic_int connections, requests, bytes;
	atomic_bool stop;
	struct buf last; /* the last request; read it after peer_stop() */
};

__attribute__((unused)) static ssize_t peer_recv(struct peer_conn *c, void *p, size_t n)
{
	ssize_t r = c->tls ? gnutls_record_recv(c->tls, p, n) : recv(c->fd, p, n, 0);
	if (r > 0)
		atomic_fetch_add(&c->peer->bytes, (int)r);
	return r;
}

__attribute__((unused)) static void peer_send(struct peer_conn *c, const char *text)
{
	size_t n = strlen(text);
	while (n) {
		ssize_t r = c->tls ? gnutls_record_send(c->tls, text, n)
				   : send(c->fd, text, n, MSG_NOSIGNAL);
		if (r <= 0)
			return;
		text += r;
		n -= (size_t)r;
	}
}

/* Reads one request (with a body by Content-Length); false at the end of the connection. */
__attribute__((unused)) static bool peer_request(struct peer_conn *c)
{
	buf_reset(&c->request);
	for (;;) {
		char tmp[4096];
		char *end = c->request.p ? strstr(c->request.p, "\r\n\r\n") : NULL;
		if (end) {
			char *cl = strcasestr(c->request.p, "content-length:");
			size_t want = cl && cl < end ? strtoul(cl + 15, NULL, 10) : 0;
			if (c->request.n >= (size_t)(end + 4 - c->request.p) + want)
				break;
		}
		ssize_t r = peer_recv(c, tmp, sizeof(tmp));
		if (r <= 0)
			return false;
		buf_add(&c->request, tmp, (size_t)r);
	}
	atomic_fetch_add(&c->peer->requests, 1);
	buf_reset(&c->peer->last);
	buf_addstr(&c->peer->last, buf_str(&c->request));
	return true;
}

/* Sleeps until the test ends or `ms` are over. */
__attribute__((unused)) static void peer_sleep(struct peer_conn *c, int ms)
{
	for (; ms > 0 && !atomic_load(&c->peer->stop); ms -= 20)
		usleep(20000);
}

static void peer_tls(struct peer_conn *c)
{
	const char *prio = c->peer->priority ? c->peer->priority : "NORMAL";
	gnutls_init(&c->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(c->tls, prio, NULL);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, c->peer->cred);
	gnutls_transport_set_int(c->tls, c->fd);
	gnutls_handshake_set_timeout(c->tls, 5000);
	int rc;
	do
		rc = gnutls_handshake(c->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc == 0)
		c->peer->script(c);
	gnutls_bye(c->tls, GNUTLS_SHUT_WR);
	gnutls_deinit(c->tls);
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;
	for (;;) {
		struct peer_conn c = { .peer = p, .request = BUF_INIT(1 << 20) };
		c.fd = accept(p->listener, NULL, NULL);
		if (c.fd < 0)
			return NULL;
		atomic_fetch_add(&p->connections, 1);
		if (p->cred)
			peer_tls(&c);
		else
			p->script(&c);
		close(c.fd);
		buf_done(&c.request);
	}
}

/* The chain exactly as given, also one that makes no sense. */
static void peer_credentials(struct peer *p)
{
	gnutls_datum_t cert = { (unsigned char *)(uintptr_t)p->cert_pem,
				(unsigned)strlen(p->cert_pem) };
	gnutls_datum_t key = { (unsigned char *)(uintptr_t)p->key_pem,
			       (unsigned)strlen(p->key_pem) };
	gnutls_pcert_st *chain = gnutls_calloc(4, sizeof(*chain));
	gnutls_privkey_t priv;
	unsigned n = 4;
	ASSERT(gnutls_certificate_allocate_credentials(&p->cred) == 0);
	ASSERT(gnutls_pcert_list_import_x509_raw(chain, &n, &cert, GNUTLS_X509_FMT_PEM, 0) == 0);
	ASSERT(gnutls_privkey_init(&priv) == 0);
	ASSERT(gnutls_privkey_import_x509_raw(priv, &key, GNUTLS_X509_FMT_PEM, NULL, 0) == 0);
	ASSERT(gnutls_certificate_set_key(p->cred, NULL, 0, chain, (int)n, priv) >= 0);
	gnutls_free(chain);
}

__attribute__((unused)) static void peer_start(struct peer *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	p->last = BUF_INIT(1 << 20);
	if (p->cert_pem)
		peer_credentials(p);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT(bind(p->listener, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	       listen(p->listener, 16) == 0 &&
	       getsockname(p->listener, (struct sockaddr *)&a, &n) == 0);
	p->port = ntohs(a.sin_port);
	ASSERT(pthread_create(&p->thread, NULL, peer_main, p) == 0);
}

/* Ends the thread; clients must have closed their connections. */
__attribute__((unused)) static void peer_stop(struct peer *p)
{
	atomic_store(&p->stop, true);
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
	if (p->cred)
		gnutls_certificate_free_credentials(p->cred);
	p->cred = NULL;
}

/* A server certificate for one name by `ca`, made at `now_ms`. */
__attribute__((unused)) static void peer_cert(const struct x509_ca *ca, const char *name,
					      int64_t now_ms, struct buf *cert, struct buf *key)
{
	struct err e = { 0 };
	if (!x509_server_cert(ca, &name, 1, 30, now_ms, cert, key, &e))
		base_die(__FILE__, __LINE__, e.msg);
}
#endif
