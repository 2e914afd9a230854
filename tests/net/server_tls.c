/* SPDX-License-Identifier: Apache-2.0
 * TLS of the server: versions and suites (A57), client certificates good, absent, foreign, out of
 * date, for the wrong purpose; resumption with and without them. */
#include "net/http_server.h"
#include "served.h"

#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include <cmocka.h>

static struct err e;
static atomic_int handled;

static void who(void *arg, struct http_req *r)
{
	const struct x509_info *info = http_req_client_info(r);
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	atomic_fetch_add(&handled, 1);
	buf_printf(&b, "who %s\n", info ? info->common_name : "nobody");
	http_reply(r, 200, "text/plain", buf_str(&b));
}

static struct http_server *start(bool clients)
{
	struct http_server_conf conf = served_conf(who, NULL, true);
	conf.client_ca_pem = clients ? served_ca_pem : NULL;
	handled = 0;
	return served_start(&conf);
}

/* One request over an established session; the status, 0 when nothing came. */
static int ask(struct raw *r, struct buf *b)
{
	char tmp[4096];
	int64_t status = 0;
	buf_reset(b);
	if (!raw_send(r, STR_LIT("GET /who HTTP/1.1\r\nHost: h\r\n\r\n")))
		return 0;
	for (ssize_t n; (n = raw_recv(r, tmp, sizeof(tmp))) > 0;) {
		buf_add(b, tmp, (size_t)n);
		if (strstr(b->p, "who ") || strstr(b->p, "detail"))
			break;
	}
	if (b->n >= 12)
		ASSERT(str_to_i64((struct str) { b->p + 9, 3 }, &status));
	return (int)status;
}

static void A57_versions_and_suites(void **state)
{
	static const struct {
		const char *priority;
		bool good;
	} rows[] = {
		{ "NORMAL", true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.3", true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2", true },
		{ "LEGACY:-VERS-ALL:+VERS-TLS1.1", false },
		{ "LEGACY:-VERS-ALL:+VERS-TLS1.0", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM", true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CHACHA20-POLY1305", true },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC", false },
		{ "LEGACY:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CCM", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE2048", false },
		{ "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP256R1", true },
	};
	struct http_server *s = start(false);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct raw r;
		int rc = raw_tls(&r, http_server_port(s), rows[i].priority, NULL, NULL, NULL);
		if ((rc == 0) != rows[i].good)
			fail_msg("%s: %s", rows[i].priority, gnutls_strerror(rc));
		if (rc == 0) {
			assert_int_equal(ask(&r, &b), 200);
			assert_non_null(strstr(b.p, "who nobody"));
		}
		raw_close(&r);
	}
	http_server_stop(s);
}

/* --- client certificates -----------------------------------------------------------------------
 */

struct pair {
	struct buf cert, key;
};

static struct pair client_of(const struct x509_ca *ca, int64_t made_ms, int days)
{
	struct pair p = { BUF_INIT(65536), BUF_INIT(65536) };
	AUTO(buf_done) struct buf csr = BUF_INIT(65536);
	if (!x509_csr_new("x", &csr, &p.key, &e) ||
	    !x509_client_cert(ca, buf_str(&csr), "agent-1", days, made_ms, &p.cert, &e))
		fail_msg("%s", e.msg);
	return p;
}

static void pair_done(struct pair *p)
{
	buf_done(&p->cert);
	buf_done(&p->key);
}

#define DAY_MS (86400LL * 1000)

static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.3",
					"NORMAL:-VERS-ALL:+VERS-TLS1.2" };

static void client_certificates(void **state)
{
	int64_t now = clock_wall_ms();
	struct pair pairs[] = {
		client_of(served_ca, now, 30),
		client_of(served_foreign, now, 30), /* of a CA with the same name */
		client_of(served_ca, now - 31 * DAY_MS, 30),
		client_of(served_ca, now + 2 * DAY_MS, 30),
	};
	struct http_server *s = start(true);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct raw r;
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
			int before = atomic_load(&handled);
			int rc = raw_tls(&r, http_server_port(s), versions[v], pairs[i].cert.p,
					 pairs[i].key.p, NULL);
			int status = rc == 0 ? ask(&r, &b) : 0;
			assert_int_equal(status, i == 0 ? 200 : 0);
			assert_int_equal(atomic_load(&handled), before + (i == 0));
			if (i == 0)
				assert_non_null(strstr(b.p, "who agent-1\n"));
			raw_close(&r);
		}
		/* None, and one made for servers. */
		assert_int_equal(raw_tls(&r, http_server_port(s), versions[v], NULL, NULL, NULL),
				 0);
		assert_int_equal(ask(&r, &b), 200);
		assert_non_null(strstr(b.p, "who nobody\n"));
		raw_close(&r);
		int rc = raw_tls(&r, http_server_port(s), versions[v], served_cert_pem,
				 served_key_pem, NULL);
		assert_int_equal(rc == 0 ? ask(&r, &b) : 0, 0);
		raw_close(&r);
	}
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		pair_done(&pairs[i]);
	http_server_stop(s);
}

/* The house's own client says what is wrong. */
static void refused_certificate_named(void **state)
{
	struct pair foreign = client_of(served_foreign, clock_wall_ms(), 30);
	AUTO(xfree) char *cert = served_file("c.pem", buf_str(&foreign.cert));
	AUTO(xfree) char *key = served_file("k.pem", buf_str(&foreign.key));
	struct http_server *s = start(true);
	AUTO(xfree) char *url = xasprintf("https://127.0.0.1:%u/", http_server_port(s));
	struct http_tls tls = { .ca_file = served_ca_file, .cert_file = cert, .key_file = key };
	AUTO(http_client_free) struct http_client *c = http_client_new("t", &tls, NULL);
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	struct http_response resp;
	struct http_request r = { .url = url, .max_response = 1000, .timeout_s = 10 };
	assert_false(http_fetch(c, &r, &resp, &b, &e));
	print_message("%s\n", e.msg);
	/* The alert, or (when the connection was reset before it could be read) only the loss. */
	assert_true(e.code == ERR_DENIED || e.code == ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "client certificate"));
	pair_done(&foreign);
	http_server_stop(s);
}

/* --- resumption --------------------------------------------------------------------------------
 */

static gnutls_datum_t ticket_of(struct raw *r)
{
	gnutls_datum_t t = { 0 };
	assert_int_equal(gnutls_session_get_data2(r->tls, &t), 0);
	return t;
}

static void sessions_resume(void **state)
{
	struct pair p = client_of(served_ca, clock_wall_ms(), 30);
	struct http_server *s = start(true), *other = start(true);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	for (size_t v = 0; v < ARRAY_LEN(versions); v++)
		for (int with = 0; with < 2; with++) {
			struct raw r;
			const char *cert = with ? p.cert.p : NULL, *key = with ? p.key.p : NULL;
			assert_int_equal(
				raw_tls(&r, http_server_port(s), versions[v], cert, key, NULL), 0);
			assert_int_equal(ask(&r, &b), 200);
			gnutls_datum_t t = ticket_of(&r);
			raw_close(&r);
			for (int i = 0; i < 4; i++) { /* whichever pool thread takes it */
				assert_int_equal(raw_tls(&r, http_server_port(s), versions[v], cert,
							 key, &t),
						 0);
				assert_true(gnutls_session_is_resumed(r.tls));
				assert_int_equal(ask(&r, &b), 200);
				assert_non_null(
					strstr(b.p, with ? "who agent-1\n" : "who nobody\n"));
				raw_close(&r);
			}
			/* Another server's ticket is worth nothing. */
			assert_int_equal(
				raw_tls(&r, http_server_port(other), versions[v], cert, key, &t),
				0);
			assert_false(gnutls_session_is_resumed(r.tls));
			raw_close(&r);
			gnutls_free(t.data);
		}
	pair_done(&p);
	http_server_stop(s);
	http_server_stop(other);
}

/* A certificate that runs out while a session is kept alive or resumed: 403, no handler. */
static void expired_in_session(void **state)
{
	int64_t now = clock_wall_ms();
	struct pair p = client_of(served_ca, now - DAY_MS + 4000, 1); /* four seconds are left */
	struct http_server *s = start(true);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	struct raw r, r2;
	assert_int_equal(raw_tls(&r, http_server_port(s), NULL, p.cert.p, p.key.p, NULL), 0);
	assert_int_equal(ask(&r, &b), 200);
	gnutls_datum_t t = ticket_of(&r);
	while (clock_wall_ms() < now + 6000)
		usleep(100000);
	assert_int_equal(ask(&r, &b), 403);
	int rc = raw_tls(&r2, http_server_port(s), NULL, p.cert.p, p.key.p, &t);
	int status = rc == 0 ? ask(&r2, &b) : 0;
	assert_true(status == 403 || status == 0);
	assert_int_equal(handled, 1);
	gnutls_free(t.data);
	raw_close(&r);
	raw_close(&r2);
	pair_done(&p);
	http_server_stop(s);
}

static double cpu_s(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* F34: clients that stop in the middle of the handshake cost nothing while they wait, are cut in
 * the end, and hold up neither others nor the server's stop. (libmicrohttpd 0.9.75 alone spins.) */
static void F34_stuck_handshakes(void **state)
{
	struct http_server_conf conf = served_conf(who, NULL, true);
	conf.idle_timeout_s = 5;
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	struct raw stuck[20], late, good;
	for (size_t i = 0; i < ARRAY_LEN(stuck); i++) {
		stuck[i] = (struct raw) { .fd = raw_connect(http_server_port(s)) };
		/* A record header that promises 200 bytes, and some of them. */
		raw_send(&stuck[i], (struct str) { "\x16\x03\x01\x00\xc8\x01\x00", i % 8 });
	}
	usleep(300000);
	double before = cpu_s();
	usleep(2000000);
	double spent = cpu_s() - before;
	print_message("%.3f s of CPU in 2 s with 20 stuck handshakes\n", spent);
	assert_true(spent < 0.5);
	assert_int_equal(raw_tls(&good, http_server_port(s), NULL, NULL, NULL, NULL), 0);
	assert_int_equal(ask(&good, &b), 200);
	raw_close(&good);
	int64_t start = clock_mono_ms();
	char c;
	for (size_t i = 0; i < ARRAY_LEN(stuck); i++)
		while (recv(stuck[i].fd, &c, 1, 0) > 0)
			; /* an alert */
	print_message("cut after %lld ms more\n", (long long)(clock_mono_ms() - start));
	assert_true(clock_mono_ms() - start < 16000);
	for (size_t i = 0; i < ARRAY_LEN(stuck); i++)
		raw_close(&stuck[i]);
	late = (struct raw) { .fd = raw_connect(http_server_port(s)) };
	raw_send(&late, STR_LIT("\x16\x03\x01"));
	usleep(100000);
	http_server_stop(s);
	raw_close(&late);
}

/* The same bytes, one at a time: the handshake sleeps and wakes a thousand times and succeeds. */
static ssize_t one_byte(gnutls_transport_ptr_t fd, const void *p, size_t n)
{
	return send((int)(intptr_t)fd, p, n ? 1 : 0, MSG_NOSIGNAL);
}

static void handshake_in_drops(void **state)
{
	struct pair p = client_of(served_ca, clock_wall_ms(), 30);
	struct http_server *s = start(true);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct raw r;
		gnutls_datum_t cert = { (unsigned char *)p.cert.p, (unsigned)p.cert.n };
		gnutls_datum_t key = { (unsigned char *)p.key.p, (unsigned)p.key.n };
		int one = 1, rc;
		r = (struct raw) { .fd = raw_connect(http_server_port(s)) };
		setsockopt(r.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		gnutls_init(&r.tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
		gnutls_certificate_allocate_credentials(&r.cred);
		assert_true(gnutls_certificate_set_x509_key_mem(r.cred, &cert, &key,
								GNUTLS_X509_FMT_PEM) >= 0);
		gnutls_priority_set_direct(r.tls, versions[v], NULL);
		gnutls_credentials_set(r.tls, GNUTLS_CRD_CERTIFICATE, r.cred);
		gnutls_transport_set_int(r.tls, r.fd);
		gnutls_transport_set_push_function(r.tls, one_byte);
		do
			rc = gnutls_handshake(r.tls);
		while (rc < 0 && !gnutls_error_is_fatal(rc));
		assert_int_equal(rc, 0);
		assert_int_equal(ask(&r, &b), 200);
		assert_non_null(strstr(b.p, "who agent-1\n"));
		raw_close(&r);
	}
	pair_done(&p);
	http_server_stop(s);
}

/* The certificate the server shows, as a fingerprint. */
static struct sha256 shown(struct http_server *s, struct raw *r)
{
	unsigned n = 0;
	assert_int_equal(raw_tls(r, http_server_port(s), versions[0], NULL, NULL, NULL), 0);
	const gnutls_datum_t *der = gnutls_certificate_get_peers(r->tls, &n);
	assert_true(der && n >= 1);
	return digest_of((struct str) { (const char *)der[0].data, der[0].size });
}

static void a_new_certificate_is_taken_at_once(void **state)
{
	struct http_server *s = start(false);
	const char *const names[] = { "127.0.0.1" };
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	struct raw open, later;
	struct sha256 before = shown(s, &open), after;
	assert_true(x509_server_cert(served_ca, names, 1, 30, clock_wall_ms(), &cert, &key, &e));
	assert_false(http_server_set_certificate(s, cert.p, served_key_pem, &e)); /* not its key */
	assert_false(http_server_set_certificate(s, "nonsense", key.p, &e));
	assert_true(http_server_set_certificate(s, cert.p, key.p, &e));
	after = shown(s, &later);
	assert_false(digest_eq(&before, &after));
	assert_int_equal(ask(&later, &b), 200);
	assert_int_equal(ask(&open, &b), 200); /* connections that are open go on */
	raw_close(&open);
	raw_close(&later);
	http_server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A57_versions_and_suites),
		cmocka_unit_test(client_certificates),
		cmocka_unit_test(refused_certificate_named),
		cmocka_unit_test(sessions_resume),
		cmocka_unit_test(expired_in_session),
		cmocka_unit_test(F34_stuck_handshakes),
		cmocka_unit_test(handshake_in_drops),
		cmocka_unit_test(a_new_certificate_is_taken_at_once),
	};
	return cmocka_run_group_tests(tests, served_setup, served_teardown);
}
