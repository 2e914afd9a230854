/* SPDX-License-Identifier: Apache-2.0
 * See swarm.h. Agents share a few key pairs: making keys is not what is measured. */
#include "bench/swarm.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/random.h"
#include "format/json.h"
#include "net/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define KEYS 8
#define REPLY_MAX (1u << 20)
#define PATIENCE_S 60

void swarm_cannot(const char *what, const char *why)
{
	fprintf(stderr, "error: %s: %s\n", what, why);
	_exit(2);
}

/* --- identities --- */

static char *csrs[KEYS], *keys[KEYS];
static pthread_once_t keys_once = PTHREAD_ONCE_INIT;

static void make_keys(void)
{
	struct err e = { 0 };
	for (size_t i = 0; i < KEYS; i++) {
		struct buf csr = BUF_INIT(65536), key = BUF_INIT(65536);
		if (!x509_csr_new("bench", &csr, &key, &e))
			swarm_cannot("key", e.msg);
		csrs[i] = buf_take(&csr);
		keys[i] = buf_take(&key);
	}
}

struct x509_ca *swarm_authority(const char *tls_dir)
{
	AUTO(xfree) char *cert_file = file_join(tls_dir, "ca.pem");
	AUTO(xfree) char *key_file = file_join(tls_dir, "ca.key");
	AUTO(buf_done) struct buf cert = BUF_INIT(65536), key = BUF_INIT(65536);
	struct x509_ca *ca = NULL;
	struct err e = { 0 };
	if (!file_read(cert_file, &cert, &e) || !file_read(key_file, &key, &e) ||
	    !x509_ca_load(buf_str(&cert), buf_str(&key), &ca, &e))
		swarm_cannot("authority", e.msg);
	return ca;
}

static void credentials(struct swarm_agent *a, const char *cert_pem, size_t key)
{
	gnutls_datum_t c = { (unsigned char *)(uintptr_t)cert_pem, (unsigned)strlen(cert_pem) };
	gnutls_datum_t k = { (unsigned char *)keys[key], (unsigned)strlen(keys[key]) };
	gnutls_certificate_allocate_credentials(&a->cred);
	if (gnutls_certificate_set_x509_key_mem(a->cred, &c, &k, GNUTLS_X509_FMT_PEM) < 0)
		swarm_cannot("client certificate", "not read");
	a->fd = -1;
	a->reply = BUF_INIT(REPLY_MAX);
	if (!a->hash[0])
		memset(a->hash, 'a', SHA256_HEX - 1);
}

void swarm_certify(const struct x509_ca *ca, struct swarm_agent *a, const char *id)
{
	AUTO(buf_done) struct buf pem = BUF_INIT(65536);
	struct err e = { 0 };
	size_t key = (size_t)random_below(KEYS);
	pthread_once(&keys_once, make_keys);
	if (!x509_client_cert(ca, str_of(csrs[key]), id, 90, clock_wall_ms(), &pem, &e))
		swarm_cannot("certificate", e.msg);
	snprintf(a->id, sizeof(a->id), "%s", id);
	if (!a->hostname)
		a->hostname = xasprintf("bench-%.8s", id);
	credentials(a, pem.p, key);
}

void swarm_enrol(struct swarm_agent *a, size_t n, uint16_t port, const char *ca_file,
		 const char *token)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	static struct http_client *http;
	const struct http_tls tls = { .ca_file = ca_file };
	AUTO(buf_done) struct buf body = BUF_INIT(65536), reply = BUF_INIT(REPLY_MAX);
	AUTO(xfree) char *url = xasprintf("https://127.0.0.1:%u/agent/v1/enroll", port);
	struct err e = { 0 };
	struct http_response resp = { 0 };
	pthread_once(&keys_once, make_keys);
	if (!http)
		http = http_client_new("bench", &tls, NULL);
	a->hostname = xasprintf("bench%zu", n);
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:{s:s,s:s,s:s}}", "token", token, "csr", csrs[n % KEYS],
			      "attrs", "hostname", a->hostname, "os_id", "debian", "os_version",
			      "12");
	AUTO(json_free) json_t *answer = NULL;
	json_write(j, &body);
	const struct http_request r = { .method = "POST",
					.url = url,
					.headers = headers,
					.body = buf_str(&body),
					.max_response = REPLY_MAX,
					.timeout_s = 60 };
	if (!http_fetch(http, &r, &resp, &reply, &e))
		swarm_cannot("enrolment", e.msg);
	if (resp.status != 201 || !json_parse(buf_str(&reply), REPLY_MAX, &answer, &e))
		swarm_cannot("enrolment", reply.p ? reply.p : "no answer");
	snprintf(a->id, sizeof(a->id), "%s",
		 json_string_value(json_object_get(answer, "agent_id")));
	credentials(a, json_string_value(json_object_get(answer, "certificate")), n % KEYS);
}

/* --- connections --- */

bool swarm_connect_tcp(struct swarm_agent *a, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = a->patience_s ? a->patience_s : PATIENCE_S };
	int one = 1;
	a->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		swarm_cannot("socket", "none left");
	setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (a->source) {
		struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = a->source };
		setsockopt(a->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		if (bind(a->fd, (struct sockaddr *)&from, sizeof(from)) != 0)
			swarm_cannot("source address", "cannot bind");
	}
	if (connect(a->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return true;
	close(a->fd);
	a->fd = -1;
	return false;
}

bool swarm_handshake(struct swarm_agent *a, bool resume)
{
	int rc;
	gnutls_init(&a->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	gnutls_set_default_priority(a->tls);
	gnutls_credentials_set(a->tls, GNUTLS_CRD_CERTIFICATE, a->cred);
	gnutls_transport_set_int(a->tls, a->fd);
	if (resume && a->ticket.size)
		gnutls_session_set_data(a->tls, a->ticket.data, a->ticket.size);
	do
		rc = gnutls_handshake(a->tls);
	while (rc == GNUTLS_E_INTERRUPTED ||
	       (rc < 0 && !gnutls_error_is_fatal(rc) && rc != GNUTLS_E_AGAIN));
	a->resumed = rc == 0 && gnutls_session_is_resumed(a->tls);
	if (rc != 0)
		swarm_close(a);
	return rc == 0;
}

bool swarm_connect(struct swarm_agent *a, uint16_t port, bool resume)
{
	return swarm_connect_tcp(a, port) && swarm_handshake(a, resume);
}

void swarm_keep_ticket(struct swarm_agent *a)
{
	gnutls_free(a->ticket.data);
	a->ticket = (gnutls_datum_t) { 0 };
	if (gnutls_session_get_data2(a->tls, &a->ticket) != 0)
		swarm_cannot("session", "no ticket");
}

void swarm_close(struct swarm_agent *a)
{
	if (a->tls)
		gnutls_deinit(a->tls);
	a->tls = NULL;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

/* --- requests --- */

bool swarm_send(struct swarm_agent *a, const char *head, struct str body)
{
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	buf_adds(&b, head);
	buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.n);
	buf_addstr(&b, body);
	return swarm_send_raw(a, buf_str(&b));
}

bool swarm_send_raw(struct swarm_agent *a, struct str bytes)
{
	for (size_t at = 0; at < bytes.n;) {
		ssize_t n = gnutls_record_send(a->tls, bytes.p + at, bytes.n - at);
		if (n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* Whether the reply is whole; finds its parts. */
static bool whole(struct swarm_agent *a)
{
	const char *end = a->reply.p ? strstr(a->reply.p, "\r\n\r\n") : NULL;
	if (!end)
		return false;
	a->body = (size_t)(end - a->reply.p) + 4;
	a->status = (int)strtol(a->reply.p + strlen("HTTP/1.1 "), NULL, 10);
	const char *length = strcasestr(a->reply.p, "\r\nContent-Length:");
	const char *retry = strcasestr(a->reply.p, "\r\nRetry-After:");
	size_t n = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
	a->retry_after_s = retry && retry < end ? strtol(retry + 14, NULL, 10) : 0;
	return a->reply.n >= a->body + n;
}

bool swarm_receive(struct swarm_agent *a)
{
	double limit = swarm_now() + (double)(a->patience_s ? a->patience_s : PATIENCE_S);
	buf_reset(&a->reply);
	while (!whole(a)) {
		char *room = buf_reserve(&a->reply, 16384);
		if (!room)
			swarm_cannot("reply", "too long");
		ssize_t n = gnutls_record_recv(a->tls, room, 16383);
		/* a ticket between is "again" too, also on a blocking socket */
		if ((n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN) && swarm_now() < limit)
			continue;
		if (n <= 0) {
			a->why = n == 0 ? "end of stream" : gnutls_strerror((int)n);
			return false;
		}
		a->reply.n += (size_t)n;
		room[n] = '\0';
	}
	return true;
}

bool swarm_send_checkin(struct swarm_agent *a)
{
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	buf_printf(&b,
		   "{\"attrs\":{\"os_id\":\"debian\",\"os_version\":\"12\",\"os_name\":\"Debian "
		   "GNU/Linux 12 (bookworm)\",\"hostname\":\"%s\",\"kernel\":\"6.1.0-29-amd64\","
		   "\"arch\":\"amd64\",\"agent_version\":\"0.1.0\",\"boot_id\":"
		   "\"0b7a66a1-9d38-4a52-8f0c-8a1f1d9b6a11.12\",\"boot_time\":"
		   "\"2026-11-20T06:12:44Z\",\"address\":\"192.0.2.17\",\"logged_in_user\":"
		   "\"hanako\",\"reboot_needed\":true,\"health\":{\"reboot\":{\"needed\":true,"
		   "\"running_kernel\":\"6.1.0-29-amd64\",\"newest_kernel\":\"6.1.0-40-amd64\","
		   "\"flavour\":\"amd64\",\"why\":\"kernel\",\"packages\":[]},\"restart\":[{"
		   "\"pid\":812,\"unit\":\"ssh.service\",\"exe\":\"/usr/sbin/sshd\","
		   "\"libraries\":[\"/usr/lib/x86_64-linux-gnu/libcrypto.so.3\"],\"packages\":"
		   "[\"libssl3\"]}]}},\"inventory\":\"%s\",\"scanned\":\"%s\","
		   "\"nonce\":\"%s\",\"epoch\":1,\"seq\":0}",
		   a->hostname, a->hash, a->scanned[0] ? a->scanned : "2026-11-22T08:41:00Z",
		   a->nonce);
	return swarm_send(a,
			  "POST /agent/v1/checkin HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: "
			  "tsukuroi-agent/bench\r\nAccept: */*\r\nContent-Type: "
			  "application/json\r\n",
			  buf_str(&b));
}

void swarm_noted(struct swarm_agent *a)
{
	static const char key[] = "\"nonce\":\"";
	const char *p = a->reply.p ? strstr(a->reply.p + a->body, key) : NULL;
	const char *end = p ? strchr(p + strlen(key), '"') : NULL;
	if (end)
		snprintf(a->nonce, sizeof(a->nonce), "%.*s", (int)(end - p) - (int)strlen(key),
			 p + strlen(key));
}

/* --- measuring --- */

void swarm_rest(double s)
{
	nanosleep(&(struct timespec) { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) }, NULL);
}

size_t swarm_probe(uint16_t port, double *took, size_t max, atomic_bool *over)
{
	static const char ask[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n";
	struct swarm_agent person = { .fd = -1, .reply = BUF_INIT(4u << 20) };
	size_t done = 0;
	gnutls_certificate_allocate_credentials(&person.cred);
	while (done < max && !atomic_load(over)) {
		double t = swarm_now();
		if (!swarm_connect(&person, port, false))
			swarm_cannot("console", "refused");
		for (int k = 0; k < 10 && done < max; k++) {
			if (!swarm_send(&person, ask, STR_LIT("")) || !swarm_receive(&person) ||
			    person.status != 200)
				swarm_cannot("console", person.reply.p ? person.reply.p : "gone");
			took[done++] = swarm_now() - t;
			swarm_rest(0.01);
			t = swarm_now();
		}
		swarm_close(&person);
	}
	gnutls_certificate_free_credentials(person.cred);
	buf_done(&person.reply);
	qsort(took, done, sizeof(*took), swarm_by_value);
	return done;
}

double swarm_cpu(int pid)
{
	clockid_t clock;
	struct timespec t;
	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		swarm_cannot("server", "its CPU time cannot be read");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double swarm_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

long swarm_memory_kb(int pid)
{
	AUTO(xfree) char *path = xasprintf("/proc/%d/status", pid);
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	if (!file_read(path, &b, NULL))
		swarm_cannot("server", "its memory cannot be read");
	const char *p = strstr(b.p, "VmRSS:");
	return p ? strtol(p + 6, NULL, 10) : 0;
}

void swarm_descriptors(unsigned n)
{
	struct rlimit files = { n, n };
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		swarm_cannot("descriptors", "the limit of open files cannot be raised");
}

int swarm_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}
