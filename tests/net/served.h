/* SPDX-License-Identifier: Apache-2.0
 * For the server's tests: a CA, a server on a free port of 127.0.0.1, clients of it (the house's
 * own, and raw bytes over plain or TLS connections). */
#ifndef TESTS_NET_SERVED_H
#define TESTS_NET_SERVED_H
#include "base/clock.h"
#include "base/file.h"
#include "crypto/x509.h"
#include "net/http_client.h"
#include "net/http_server.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVED __attribute__((unused)) static

static char served_dir[64];
static struct x509_ca *served_ca, *served_foreign;
static char *served_ca_pem, *served_cert_pem, *served_key_pem, *served_ca_file;

SERVED char *served_file(const char *name, struct str content)
{
	struct err e = { 0 };
	char *path = file_join(served_dir, name);
	if (!file_write_atomic(path, content, 0600, &e))
		base_die(__FILE__, __LINE__, e.msg);
	return path;
}

SERVED int served_setup(void **state)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf ca = BUF_INIT(65536);
	AUTO(buf_done) struct buf unused = BUF_INIT(65536);
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	const char *const names[] = { "127.0.0.1", "localhost", "::1" };
	int64_t now = clock_wall_ms();
	snprintf(served_dir, sizeof(served_dir), "/tmp/test-server-XXXXXX");
	if (!mkdtemp(served_dir) || !x509_ca_new("Test CA", 1, now, &served_ca, &e) ||
	    !x509_ca_new("Test CA", 1, now, &served_foreign, &e) ||
	    !x509_ca_save(served_ca, &ca, &unused, &e) ||
	    !x509_server_cert(served_ca, names, 3, 30, now, &cert, &key, &e))
		return 1;
	served_ca_pem = buf_take(&ca);
	served_cert_pem = buf_take(&cert);
	served_key_pem = buf_take(&key);
	served_ca_file = served_file("ca.pem", str_of(served_ca_pem));
	return 0;
}

SERVED int served_teardown(void **state)
{
	x509_ca_free(served_ca);
	x509_ca_free(served_foreign);
	xfree(served_ca_pem);
	xfree(served_cert_pem);
	xfree(served_key_pem);
	xfree(served_ca_file);
	return file_remove_tree(served_dir, NULL) ? 0 : 1;
}

SERVED struct http_server_conf served_conf(void (*handler)(void *arg, struct http_req *r),
					   void *arg, bool tls)
{
	return (struct http_server_conf) { .address = "127.0.0.1",
					   .cert_pem = tls ? served_cert_pem : NULL,
					   .key_pem = tls ? served_key_pem : NULL,
					   .threads = 2,
					   .max_connections = 200,
					   .idle_timeout_s = 20,
					   .max_body = 10000,
					   .handler = handler,
					   .arg = arg };
}

SERVED struct http_server *served_start(const struct http_server_conf *c)
{
	struct err e = { 0 };
	struct http_server *s = NULL;
	if (!http_server_start(c, &s, &e))
		base_die(__FILE__, __LINE__, e.msg);
	return s;
}

/* --- raw connections ---------------------------------------------------------------------------
 */

struct raw {
	int fd;
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cred;
};

SERVED int raw_connect(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* TLS without looking at the server's certificate; `cert`/`key` are the client's PEM or NULL;
 * `ticket` resumes. Returns GnuTLS's verdict on the handshake. */
SERVED int raw_tls(struct raw *r, uint16_t port, const char *priority, const char *cert,
		   const char *key, const gnutls_datum_t *ticket)
{
	*r = (struct raw) { .fd = raw_connect(port) };
	gnutls_init(&r->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	gnutls_certificate_allocate_credentials(&r->cred);
	if (cert) {
		gnutls_datum_t c = { (unsigned char *)(uintptr_t)cert, (unsigned)strlen(cert) };
		gnutls_datum_t k = { (unsigned char *)(uintptr_t)key, (unsigned)strlen(key) };
		ASSERT(gnutls_certificate_set_x509_key_mem(r->cred, &c, &k, GNUTLS_X509_FMT_PEM) >=
		       0);
	}
	ASSERT(gnutls_priority_set_direct(r->tls, priority ? priority : "NORMAL", NULL) == 0);
	gnutls_credentials_set(r->tls, GNUTLS_CRD_CERTIFICATE, r->cred);
	if (ticket)
		gnutls_session_set_data(r->tls, ticket->data, ticket->size);
	gnutls_transport_set_int(r->tls, r->fd);
	gnutls_handshake_set_timeout(r->tls, 10000);
	int rc;
	do
		rc = gnutls_handshake(r->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	return rc;
}

SERVED void raw_close(struct raw *r)
{
	if (r->tls)
		gnutls_deinit(r->tls);
	if (r->cred)
		gnutls_certificate_free_credentials(r->cred);
	close(r->fd);
}

SERVED bool raw_send(struct raw *r, struct str s)
{
	while (s.n) {
		ssize_t n = r->tls ? gnutls_record_send(r->tls, s.p, s.n)
				   : send(r->fd, s.p, s.n, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return true;
}

SERVED ssize_t raw_recv(struct raw *r, void *p, size_t n)
{
	ssize_t got;
	do
		got = r->tls ? gnutls_record_recv(r->tls, p, n) : recv(r->fd, p, n, 0);
	while (r->tls && (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED));
	return got;
}

/* Everything until the server closes. */
SERVED void raw_read_all(struct raw *r, struct buf *out)
{
	char tmp[4096];
	for (ssize_t n; (n = raw_recv(r, tmp, sizeof(tmp))) > 0;)
		buf_add(out, tmp, (size_t)n);
}

/* Sends `request` on a new plain connection and reads until `enough` stands in the answer or the
 * server closes. Returns the status, 0 when there was no answer. */
SERVED int raw_ask(uint16_t port, struct str request, struct buf *answer, const char *enough)
{
	struct raw r = { .fd = raw_connect(port) };
	char tmp[4096];
	buf_reset(answer);
	raw_send(&r, request);
	for (ssize_t n; (n = raw_recv(&r, tmp, sizeof(tmp))) > 0;) {
		buf_add(answer, tmp, (size_t)n);
		if (enough && strstr(answer->p, enough))
			break;
	}
	raw_close(&r);
	int64_t status = 0;
	if (answer->n >= 12 && str_starts(buf_str(answer), "HTTP/1."))
		ASSERT(str_to_i64((struct str) { answer->p + 9, 3 }, &status));
	return (int)status;
}
#endif
