/* SPDX-License-Identifier: Apache-2.0
 * P14, the agents' side: enrols N agents with a running server, opens the push connection of each
 * (TLS with its own client certificate), waits until every one has heard "hello", and compares the
 * server's resident memory before and after. bench/p14_push.sh starts the server and calls it:
 * p14_push PORT CA-FILE TOKEN N SERVER-PID. Prints key=value; exits 1 when the guard fails, 2 when
 * it could not measure. */
#include "base/buf.h"
#include "base/file.h"
#include "crypto/x509.h"
#include "format/json.h"
#include "net/http_client.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define GUARD_BYTES 16384
#define KEYS 8 /* agents share key pairs in turn: making keys is not what is measured */

struct agent {
	char *cert, *key;
	gnutls_certificate_credentials_t cred;
	gnutls_session_t tls;
	int fd;
};

static NORETURN void cannot(const char *what, const char *why)
{
	fprintf(stderr, "error: %s: %s\n", what, why);
	exit(2);
}

static long memory_kb(const char *pid, const char *field)
{
	AUTO(xfree) char *path = xasprintf("/proc/%s/status", pid);
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	struct err e = { 0 };
	struct str rest, line, name;
	if (!file_read(path, &b, &e))
		cannot("server", e.msg);
	rest = buf_str(&b);
	while (str_line(&rest, &line)) {
		if (str_split(&line, ':', &name) && str_is(name, field))
			return strtol(line.p, NULL, 10);
	}
	cannot("server", "no such memory field");
}

static void enrol(struct http_client *http, const char *url, const char *token, struct agent *a,
		  struct str csr, const char *key, size_t n)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	AUTO(buf_done) struct buf body = BUF_INIT(65536), reply = BUF_INIT(1u << 20);
	AUTO(xfree) char *name = xasprintf("bench%zu", n);
	struct err e = { 0 };
	struct http_response resp = { 0 };
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:o,s:{s:s,s:s,s:s}}", "token", token, "csr", json_text(csr),
			      "attrs", "hostname", name, "os_id", "debian", "os_version", "12");
	AUTO(json_free) json_t *answer = NULL;
	json_write(j, &body);
	const struct http_request r = { .method = "POST",
					.url = url,
					.headers = headers,
					.body = buf_str(&body),
					.max_response = 1 << 20,
					.timeout_s = 60 };
	if (!http_fetch(http, &r, &resp, &reply, &e))
		cannot("enrolment", e.msg);
	if (resp.status != 201 || !json_parse(buf_str(&reply), 1u << 20, &answer, &e))
		cannot("enrolment", reply.p ? reply.p : "no answer");
	a->cert = xstrdup(json_string_value(json_object_get(answer, "certificate")));
	a->key = xstrdup(key);
}

static void enrol_all(struct agent *agents, size_t n, const char *port, const char *ca,
		      const char *token)
{
	AUTO(xfree) char *url = xasprintf("https://127.0.0.1:%s/agent/v1/enroll", port);
	const struct http_tls tls = { .ca_file = ca };
	AUTO(http_client_free) struct http_client *http = http_client_new("bench", &tls, NULL);
	struct buf csr[KEYS], key[KEYS];
	struct err e = { 0 };
	for (size_t i = 0; i < KEYS; i++) {
		csr[i] = BUF_INIT(65536);
		key[i] = BUF_INIT(65536);
		if (!x509_csr_new("bench", &csr[i], &key[i], &e))
			cannot("key", e.msg);
	}
	for (size_t i = 0; i < n; i++)
		enrol(http, url, token, &agents[i], buf_str(&csr[i % KEYS]), key[i % KEYS].p, i);
	for (size_t i = 0; i < KEYS; i++) {
		buf_done(&csr[i]);
		buf_done(&key[i]);
	}
}

static void handshake(struct agent *a, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	gnutls_datum_t c = { (unsigned char *)a->cert, (unsigned)strlen(a->cert) };
	gnutls_datum_t k = { (unsigned char *)a->key, (unsigned)strlen(a->key) };
	a->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd < 0 || connect(a->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		cannot("connection", "refused");
	gnutls_init(&a->tls, GNUTLS_CLIENT);
	gnutls_certificate_allocate_credentials(&a->cred);
	if (gnutls_certificate_set_x509_key_mem(a->cred, &c, &k, GNUTLS_X509_FMT_PEM) < 0)
		cannot("client certificate", "not read");
	gnutls_set_default_priority(a->tls);
	gnutls_credentials_set(a->tls, GNUTLS_CRD_CERTIFICATE, a->cred);
	gnutls_transport_set_int(a->tls, a->fd);
	int rc;
	do
		rc = gnutls_handshake(a->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc < 0)
		cannot("handshake", gnutls_strerror(rc));
}

static void open_push(struct agent *a, uint16_t port)
{
	static const char request[] = "GET /agent/v1/push HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				      "User-Agent: tsukuroi-agent/bench\r\nAccept: */*\r\n\r\n";
	char text[4096];
	size_t n = 0;
	handshake(a, port);
	if (gnutls_record_send(a->tls, request, strlen(request)) < 0)
		cannot("push", "not sent");
	do {
		ssize_t r = gnutls_record_recv(a->tls, text + n, sizeof(text) - 1 - n);
		if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
			continue;
		if (r <= 0)
			cannot("push", "the server ended it");
		n += (size_t)r;
		text[n] = '\0';
	} while (!strstr(text, "hello\n"));
	if (strncmp(text, "HTTP/1.1 200", 12) != 0)
		cannot("push", text);
}

int main(int argc, char **argv)
{
	int64_t port, n;
	if (argc != 6 || !str_to_i64(str_of(argv[1]), &port) || !str_to_i64(str_of(argv[4]), &n) ||
	    n < 10 || n > 15000)
		cannot("usage", "p14_push PORT CA-FILE TOKEN N SERVER-PID");
	const char *pid = argv[5];
	struct rlimit files = { 20000, 20000 };
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		cannot("descriptors", "the limit of open files cannot be raised");
	struct agent *agents = xcalloc((size_t)n, sizeof(*agents));
	enrol_all(agents, (size_t)n, argv[1], argv[2], argv[3]);
	/* A few connections first: what the first ones cost (threads' heaps, code) is no figure of
	 * one more. */
	size_t warm = MIN((size_t)n / 10, 50u);
	for (size_t i = 0; i < warm; i++)
		open_push(&agents[i], (uint16_t)port);
	nanosleep(&(struct timespec) { 2, 0 }, NULL);
	long before = memory_kb(pid, "VmRSS");
	for (size_t i = warm; i < (size_t)n; i++)
		open_push(&agents[i], (uint16_t)port);
	nanosleep(&(struct timespec) { 3, 0 }, NULL);
	long after = memory_kb(pid, "VmRSS");
	long each = (after - before) * 1024 / (long)((size_t)n - warm);
	printf("connections=%ld\n", (long)n);
	printf("server_rss_before_kb=%ld\nserver_rss_after_kb=%ld\n", before, after);
	printf("push_bytes_each=%ld\n", each);
	printf("guard_push_16kb=%s\n", each <= GUARD_BYTES ? "ok" : "FAILED");
	fflush(stdout);
	if (getenv("P14_HOLD")) /* to look at the server meanwhile */
		nanosleep(&(struct timespec) { 600, 0 }, NULL);
	_exit(each > GUARD_BYTES);
}
