/* SPDX-License-Identifier: Apache-2.0
 * The client against servers that behave and servers that do not: sizes, times, redirects, proxies,
 * TLS trust, the pin of an enrolment. Every failure must name cause and remedy. */
#include "net/http_client.h"
#include "base/file.h"
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct err e;
static struct http_response resp;
static struct buf body;
static struct x509_ca *ca, *foreign;
static char dir[] = "/tmp/test-client-XXXXXX";
static char *ca_file;

static int setup(void **state)
{
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	if (!mkdtemp(dir) || !x509_ca_new("Test CA", 1, clock_wall_ms(), &ca, &e) ||
	    !x509_ca_new("Foreign CA", 1, clock_wall_ms(), &foreign, &e) ||
	    !x509_ca_save(ca, &cert, &key, &e))
		return 1;
	ca_file = file_join(dir, "ca.pem");
	return file_write_atomic(ca_file, buf_str(&cert), 0600, &e) ? 0 : 1;
}

static int teardown(void **state)
{
	x509_ca_free(ca);
	x509_ca_free(foreign);
	xfree(ca_file);
	buf_done(&body);
	return file_remove_tree(dir, &e) ? 0 : 1;
}

/* Answers every request of a connection with the text in peer->arg. */
static void canned(struct peer_conn *c)
{
	while (peer_request(c))
		peer_send(c, c->peer->arg);
}

static void canned_once(struct peer_conn *c)
{
	if (peer_request(c))
		peer_send(c, c->peer->arg);
}

static bool get(struct http_client *c, const char *scheme, const char *host, uint16_t port,
		const char *path)
{
	AUTO(xfree) char *url = xasprintf("%s://%s:%u%s", scheme, host, port, path);
	struct http_request r = { .url = url, .max_response = 10000, .timeout_s = 5 };
	buf_done(&body);
	body = BUF_INIT(10000);
	memset(&resp, 0, sizeof(resp));
	memset(&e, 0, sizeof(e));
	return http_fetch(c, &r, &resp, &body, &e);
}

static struct http_client *plain(void)
{
	return http_client_new("tsukuroi/test", NULL, NULL);
}

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static void whole_answer(void **state)
{
	struct peer p = {
		.script = canned,
		.arg = "HTTP/1.1 200 OK\r\nETag: \"abc\"\r\nLast-Modified: Sat, 09 Nov 2026 09:31:54 "
		       "GMT\r\nContent-Type: text/plain\r\nRetry-After: 120\r\nContent-Length: "
		       "5\r\n\r\nhello"
	};
	peer_start(&p);
	struct http_client *c = plain();
	for (int i = 0; i < 3; i++) {
		if (!get(c, "http", "127.0.0.1", p.port, "/a?b=c"))
			fail_msg("%s", e.msg);
		assert_int_equal(resp.status, 200);
		assert_string_equal(body.p, "hello");
		assert_string_equal(resp.etag, "\"abc\"");
		assert_string_equal(resp.last_modified, "Sat, 09 Nov 2026 09:31:54 GMT");
		assert_string_equal(resp.content_type, "text/plain");
		assert_int_equal(resp.retry_after_s, 120);
		assert_int_equal(resp.length, 5);
	}
	http_client_free(c);
	peer_stop(&p);
	assert_int_equal(p.connections, 1); /* kept alive */
	assert_int_equal(p.requests, 3);
	assert_non_null(strstr(p.last.p, "GET /a?b=c HTTP/1.1\r\n"));
	assert_non_null(strstr(p.last.p, "User-Agent: tsukuroi/test\r\n"));
	buf_done(&p.last);
}

static void any_status_is_an_answer(void **state)
{
	struct peer p = { .script = canned,
			  .arg = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX: y\r\n\r\nno" };
	peer_start(&p);
	struct http_client *c = plain();
	assert_true(get(c, "http", "127.0.0.1", p.port, "/"));
	assert_int_equal(resp.status, 404);
	assert_string_equal(body.p, "no");
	http_client_free(c);
	peer_stop(&p);
	buf_done(&p.last);
}

static void bodies_sent(void **state)
{
	struct peer p = { .script = canned, .arg = HELLO };
	peer_start(&p);
	struct http_client *c = plain();
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u/in", p.port);
	AUTO(xfree) char *file = file_join(dir, "upload");
	const char *const headers[] = { "Content-Type: application/json", "X-Test: 1", NULL };
	struct http_request r = { .method = "POST",
				  .url = url,
				  .headers = headers,
				  .body = STR_LIT("{\"a\":1}"),
				  .max_response = 100,
				  .timeout_s = 5 };
	assert_true(http_fetch(c, &r, &resp, &body, &e));
	r = (struct http_request) {
		.method = "PUT", .url = url, .body_file = file, .max_response = 100, .timeout_s = 5
	};
	assert_true(file_write_atomic(file, STR_LIT("file content"), 0600, &e));
	assert_true(http_fetch(c, &r, &resp, &body, &e));
	http_client_free(c);
	peer_stop(&p);
	assert_int_equal(p.requests, 2);
	assert_true(str_starts(buf_str(&p.last), "PUT /in HTTP/1.1\r\n"));
	assert_true(str_ends(buf_str(&p.last), "\r\n\r\nfile content"));
	assert_null(strstr(p.last.p, "Expect:"));
	assert_null(strstr(p.last.p, "Content-Type:"));
	buf_done(&p.last);
}

static void post_header_and_empty_body(void **state)
{
	struct peer p = { .script = canned, .arg = HELLO };
	peer_start(&p);
	struct http_client *c = plain();
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u/in", p.port);
	struct http_request r = { .method = "POST",
				  .url = url,
				  .max_response = 100,
				  .timeout_s = 5,
				  .headers = (const char *const[]) { "X-A: b", NULL } };
	assert_true(http_fetch(c, &r, &resp, &body, &e));
	static const char *const bad[] = { "X: a\r\nEvil: 1", "no colon", ": x", "X: a\nb" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		r.headers = (const char *const[]) { bad[i], NULL };
		assert_false(http_fetch(c, &r, &resp, &body, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	r.headers = NULL;
	r.method = "GET / HTTP/1.1\r\nX: y";
	assert_false(http_fetch(c, &r, &resp, &body, &e));
	assert_int_equal(e.code, ERR_INVALID);
	http_client_free(c);
	peer_stop(&p);
	assert_int_equal(p.requests, 1);
	assert_non_null(strstr(p.last.p, "Content-Length: 0\r\n"));
	assert_non_null(strstr(p.last.p, "X-A: b\r\n"));
	buf_done(&p.last);
}

static void sizes_bounded(void **state)
{
	struct peer p = { .script = canned_once, .arg = HELLO };
	peer_start(&p);
	struct http_client *c = plain();
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u/", p.port);
	struct http_request r = { .url = url, .max_response = 4, .timeout_s = 5 };
	assert_false(http_fetch(c, &r, &resp, &body, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	AUTO(buf_done) struct buf small = BUF_INIT(3);
	r.max_response = 5;
	assert_false(http_fetch(c, &r, &resp, &small, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	http_client_free(c);
	peer_stop(&p);
	buf_done(&p.last);
}

static bool count_bytes(void *arg, struct str bytes, struct err *err)
{
	*(size_t *)arg += bytes.n;
	return true;
}

static bool refuse_bytes(void *arg, struct str bytes, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "not what I want");
}

static void streamed(void **state)
{
	struct peer p = { .script = canned_once, .arg = HELLO };
	struct peer gone = { .script = canned_once,
			     .arg = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: "
				    "5\r\n\r\nlater" };
	peer_start(&p);
	peer_start(&gone);
	struct http_client *c = plain();
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u/", p.port);
	AUTO(xfree) char *url2 = xasprintf("http://127.0.0.1:%u/", gone.port);
	struct http_request r = { .url = url, .max_response = 100, .timeout_s = 5 };
	size_t n = 0;
	assert_true(http_fetch_stream(c, &r, &resp, count_bytes, &n, &e));
	assert_int_equal(n, 5);
	assert_false(http_fetch_stream(c, &r, &resp, refuse_bytes, NULL, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_string_equal(e.msg, "not what I want");
	r.url = url2;
	assert_true(http_fetch_stream(c, &r, &resp, refuse_bytes, NULL, &e));
	assert_int_equal(resp.status, 503);
	assert_int_equal(resp.retry_after_s, 7);
	http_client_free(c);
	peer_stop(&p);
	peer_stop(&gone);
	buf_done(&p.last);
	buf_done(&gone.last);
}

/* /hop -> /end on the same host; /away -> another host; anything else -> itself. */
static void redirecting(struct peer_conn *c)
{
	while (peer_request(c)) {
		const char *head = "HTTP/1.1 302 Found\r\nContent-Length: 3\r\nLocation: ";
		if (strncmp(c->request.p, "GET /end", 8) == 0) {
			peer_send(c, HELLO);
			continue;
		}
		peer_send(c, head);
		peer_send(c, strncmp(c->request.p, "GET /hop", 8) == 0 ? "x/../end"
			     : strncmp(c->request.p, "GET /away", 9) == 0
				     ? "http://localhost:1/evil"
			     : strncmp(c->request.p, "GET /file", 9) == 0 ? "file:///etc/passwd"
									  : "/round");
		peer_send(c, "\r\n\r\nbye");
	}
}

static void A34_redirects(void **state)
{
	struct peer p = { .script = redirecting };
	peer_start(&p);
	struct http_client *c = plain();
	if (!get(c, "http", "127.0.0.1", p.port, "/hop"))
		fail_msg("%s", e.msg);
	assert_int_equal(resp.status, 200);
	assert_string_equal(body.p, "hello");
	assert_true(get(c, "http", "127.0.0.1", p.port, "/away"));
	assert_int_equal(resp.status, 302);
	assert_string_equal(resp.location, "http://localhost:1/evil");
	assert_true(get(c, "http", "127.0.0.1", p.port, "/file"));
	assert_int_equal(resp.status, 302);
	assert_false(get(c, "http", "127.0.0.1", p.port, "/circle"));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "circle"));
	http_client_free(c);
	peer_stop(&p);
	buf_done(&p.last);
}

static void unreachable(void **state)
{
	struct peer p = { .script = canned };
	struct http_client *c = plain();
	peer_start(&p);
	peer_stop(&p); /* now nobody listens there */
	assert_false(get(c, "http", "127.0.0.1", p.port, "/"));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "refused the connection"));
	assert_false(get(c, "http", "no-such-host.invalid", 80, "/"));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "DNS"));
	assert_false(get(c, "ftp", "127.0.0.1", 80, "/"));
	assert_int_equal(e.code, ERR_INVALID);
	http_client_free(c);
	buf_done(&p.last);
}

static void says_nothing(struct peer_conn *c)
{
	if (peer_request(c))
		peer_sleep(c, 4000);
}

static void drips(struct peer_conn *c)
{
	if (!peer_request(c))
		return;
	peer_send(c, "HTTP/1.1 200 OK\r\n\r\nx");
	peer_sleep(c, 5000);
}

static void times_bounded(void **state)
{
	struct peer p = { .script = says_nothing }, q = { .script = drips };
	struct http_client *c = plain();
	peer_start(&p);
	peer_start(&q);
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u/", p.port);
	AUTO(xfree) char *url2 = xasprintf("http://127.0.0.1:%u/", q.port);
	struct http_request r = { .url = url, .max_response = 100, .timeout_s = 1 };
	int64_t start = clock_mono_ms();
	assert_false(http_fetch(c, &r, &resp, &body, &e));
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "within 1 s"));
	r = (struct http_request) { .url = url2,
				    .max_response = 100,
				    .timeout_s = 100,
				    .min_rate = -1,
				    .max_silence_s = 1 };
	size_t n = 0;
	assert_false(http_fetch_stream(c, &r, &resp, count_bytes, &n, &e));
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "silent"));
	assert_int_equal(n, 1);
	assert_true(clock_mono_ms() - start < 8000);
	http_client_free(c);
	peer_stop(&p);
	peer_stop(&q);
	buf_done(&p.last);
	buf_done(&q.last);
}

static void *cancel_soon(void *arg)
{
	usleep(200000);
	http_client_cancel(arg);
	return NULL;
}

static void cancelled(void **state)
{
	struct peer p = { .script = says_nothing }, q = { .script = canned, .arg = HELLO };
	struct http_client *c = plain();
	pthread_t t;
	peer_start(&p);
	peer_start(&q);
	int64_t start = clock_mono_ms();
	pthread_create(&t, NULL, cancel_soon, c);
	assert_false(get(c, "http", "127.0.0.1", p.port, "/"));
	pthread_join(t, NULL);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.msg, "cancelled");
	assert_true(clock_mono_ms() - start < 2000);
	assert_true(get(c, "http", "127.0.0.1", q.port, "/")); /* the client is usable again */
	http_client_cancel(c);				       /* before a start: not lost */
	assert_false(get(c, "http", "127.0.0.1", q.port, "/"));
	assert_string_equal(e.msg, "cancelled");
	assert_true(get(c, "http", "127.0.0.1", q.port, "/"));
	http_client_free(c);
	peer_stop(&p);
	peer_stop(&q);
	buf_done(&p.last);
	buf_done(&q.last);
}

static void broken_answers(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
	} rows[] = {
		{ "", ERR_UNAVAILABLE },
		{ "SSH-2.0-OpenSSH_9.2\r\n", ERR_CORRUPT },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", ERR_UNAVAILABLE },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct peer p = { .script = canned_once, .arg = rows[i].text };
		struct http_client *c = plain();
		peer_start(&p);
		assert_false(get(c, "http", "127.0.0.1", p.port, "/"));
		print_message("%s\n", e.msg);
		assert_int_equal(e.code, rows[i].code);
		http_client_free(c);
		peer_stop(&p);
		buf_done(&p.last);
	}
}

/* --- proxies -----------------------------------------------------------------------------------
 */

static void environment_ignored(void **state)
{
	struct peer p = { .script = canned, .arg = HELLO };
	peer_start(&p);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	struct http_client *c = plain();
	bool ok = get(c, "http", "127.0.0.1", p.port, "/");
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	http_client_free(c);
	setenv("no_proxy", "*", 1); /* nor may it switch our proxy off */
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u", p.port);
	c = http_client_new("t", NULL, url);
	bool through = get(c, "http", "192.0.2.1", 80, "/x");
	unsetenv("no_proxy");
	http_client_free(c);
	peer_stop(&p);
	assert_true(ok);
	assert_true(through);
	assert_true(str_starts(buf_str(&p.last), "GET http://192.0.2.1/x HTTP/1.1\r\n"));
	buf_done(&p.last);
}

static void proxy_troubles(void **state)
{
	struct peer p = { .script = canned_once,
			  .arg = "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n" };
	peer_start(&p);
	AUTO(xfree) char *url = xasprintf("http://user:s3cret@127.0.0.1:%u", p.port);
	struct http_client *c = http_client_new("t", NULL, url);
	assert_false(get(c, "https", "192.0.2.1", 443, "/"));
	print_message("%s\n", e.msg);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.msg, "407"));
	assert_non_null(strstr(e.msg, "credentials"));
	assert_null(strstr(e.msg, "s3cret"));
	http_client_free(c);
	peer_stop(&p);
	c = http_client_new("t", NULL, url);
	assert_false(get(c, "https", "192.0.2.1", 443, "/"));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "proxy"));
	assert_non_null(strstr(e.msg, "refused"));
	assert_null(strstr(e.msg, "s3cret"));
	http_client_free(c);
	buf_done(&p.last);
}

/* --- TLS ---------------------------------------------------------------------------------------
 */

struct tls_case {
	const struct x509_ca *by;
	const char *name;     /* in the certificate */
	int64_t age_days;     /* how long ago it was made, for 30 days */
	const char *priority; /* of the server */
	bool own_ca;	      /* trust ca_file, else the system's store */
	enum err_code code;
	const char *text; /* in the message */
};

static void tls_verdicts(void **state)
{
	const struct tls_case rows[] = {
		{ ca, "127.0.0.1", 0, NULL, true, ERR_NONE, NULL },
		{ ca, "127.0.0.1", 0, "NORMAL:-VERS-ALL:+VERS-TLS1.2", true, ERR_NONE, NULL },
		{ ca, "127.0.0.1", 0, NULL, false, ERR_UNTRUSTED, "not trusted here" },
		{ foreign, "127.0.0.1", 0, NULL, true, ERR_UNTRUSTED, "not trusted here" },
		{ ca, "other.example", 0, NULL, true, ERR_UNTRUSTED,
		  "not for the name '127.0.0.1'" },
		{ ca, "127.0.0.1", 31, NULL, true, ERR_UNTRUSTED, "clock" },
		{ ca, "127.0.0.1", -2, NULL, true, ERR_UNTRUSTED, "not valid yet" },
		{ ca, "127.0.0.1", 0, "LEGACY:-VERS-ALL:+VERS-TLS1.1", true, ERR_UNAVAILABLE,
		  "TLS 1.2 or 1.3" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf cert = BUF_INIT(65536);
		AUTO(buf_done) struct buf key = BUF_INIT(65536);
		peer_cert(rows[i].by, rows[i].name, clock_wall_ms() - rows[i].age_days * 86400000,
			  &cert, &key);
		struct peer p = { .script = canned,
				  .arg = HELLO,
				  .cert_pem = cert.p,
				  .key_pem = key.p,
				  .priority = rows[i].priority };
		peer_start(&p);
		struct http_tls tls = { .ca_file = rows[i].own_ca ? ca_file : NULL };
		struct http_client *c = http_client_new("t", &tls, NULL);
		bool ok = get(c, "https", "127.0.0.1", p.port, "/");
		print_message("%zu: %s\n", i, ok ? "good" : e.msg);
		assert_int_equal(ok, rows[i].code == ERR_NONE);
		if (!ok) {
			assert_int_equal(e.code, rows[i].code);
			assert_non_null(strstr(e.msg, rows[i].text));
			assert_int_equal(p.bytes, 0); /* nothing was sent */
		}
		http_client_free(c);
		peer_stop(&p);
		buf_done(&p.last);
	}
}

/* A TLS client at a plain port, and no such CA file. */
static void tls_misconfigured(void **state)
{
	struct peer p = { .script = canned_once, .arg = "HTTP/1.1 400 Bad\r\n\r\n" };
	peer_start(&p);
	struct http_tls tls = { .ca_file = "/nonexistent/ca.pem" };
	struct http_client *c = http_client_new("t", &tls, NULL);
	assert_false(get(c, "https", "127.0.0.1", p.port, "/"));
	assert_non_null(strstr(e.msg, "'/nonexistent/ca.pem'"));
	http_client_free(c);
	tls = (struct http_tls) { .ca_file = ca_file, .cert_file = "/nonexistent/c.pem" };
	c = http_client_new("t", &tls, NULL);
	assert_false(get(c, "https", "127.0.0.1", p.port, "/"));
	assert_non_null(strstr(e.msg, "'/nonexistent/c.pem'"));
	http_client_free(c);
	peer_stop(&p);
	buf_done(&p.last);
}

struct pin_case {
	const struct x509_ca *leaf_by,
		*shown; /* who signed the leaf; which CA stands in the chain */
	const struct x509_ca *pinned;
	const char *name;
	int64_t age_days;
	bool good;
	const char *text;
};

static void first_certificate(struct buf *b)
{
	char *end = strstr(b->p, "-----END CERTIFICATE-----\n");
	assert_non_null(end);
	b->n = (size_t)(end + 26 - b->p);
	b->p[b->n] = '\0';
}

/* A41, T1: the enrolment secret is only ever sent to the server whose CA the token pins. The third
 * row is the attack: a leaf of the attacker's with the real CA shown behind it. */
static void A41_pinned(void **state)
{
	const struct pin_case rows[] = {
		{ ca, ca, ca, "127.0.0.1", 0, true, NULL },
		{ foreign, foreign, ca, "127.0.0.1", 0, false, "pinned key" },
		{ foreign, ca, ca, "127.0.0.1", 0, false, "certificate of" },
		{ ca, NULL, ca, "127.0.0.1", 0, false, "pinned key" },
		{ ca, ca, ca, "other.example", 0, false, "not for the name" },
		{ ca, ca, ca, "127.0.0.1", 31, false, "expired" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf chain = BUF_INIT(65536);
		AUTO(buf_done) struct buf key = BUF_INIT(65536);
		AUTO(buf_done) struct buf unused = BUF_INIT(65536);
		char pin[SHA256_HEX];
		peer_cert(rows[i].leaf_by, rows[i].name,
			  clock_wall_ms() - rows[i].age_days * 86400000, &chain, &key);
		first_certificate(&chain);
		if (rows[i].shown)
			assert_true(x509_ca_save(rows[i].shown, &chain, &unused, &e));
		struct peer p = {
			.script = canned, .arg = HELLO, .cert_pem = chain.p, .key_pem = key.p
		};
		peer_start(&p);
		struct sha256 d = x509_ca_pin(rows[i].pinned);
		struct http_tls tls = { .pin_sha256_hex = digest_hex(&d, pin) };
		struct http_client *c = http_client_new("t", &tls, NULL);
		for (int again = 0; again < 2; again++) {
			bool ok = get(c, "https", "127.0.0.1", p.port, "/");
			print_message("%zu: %s\n", i, ok ? "good" : e.msg);
			assert_int_equal(ok, rows[i].good);
			if (!ok) {
				assert_int_equal(e.code, ERR_UNTRUSTED);
				assert_non_null(strstr(e.msg, rows[i].text));
			}
		}
		http_client_free(c);
		peer_stop(&p);
		assert_int_equal(p.bytes > 0, rows[i].good);
		if (rows[i].good)
			assert_int_equal(p.connections, 2); /* one to look, one kept alive */
		buf_done(&p.last);
	}
	struct http_tls tls = { .pin_sha256_hex = "zz" };
	struct http_client *c = http_client_new("t", &tls, NULL);
	assert_false(get(c, "https", "127.0.0.1", 1, "/"));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(get(c, "http", "127.0.0.1", 1, "/"));
	assert_int_equal(e.code, ERR_INVALID);
	http_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_answer),	     cmocka_unit_test(any_status_is_an_answer),
		cmocka_unit_test(bodies_sent),	     cmocka_unit_test(post_header_and_empty_body),
		cmocka_unit_test(sizes_bounded),     cmocka_unit_test(streamed),
		cmocka_unit_test(A34_redirects),     cmocka_unit_test(unreachable),
		cmocka_unit_test(times_bounded),     cmocka_unit_test(cancelled),
		cmocka_unit_test(broken_answers),    cmocka_unit_test(environment_ignored),
		cmocka_unit_test(proxy_troubles),    cmocka_unit_test(tls_verdicts),
		cmocka_unit_test(tls_misconfigured), cmocka_unit_test(A41_pinned),
	};
	body = BUF_INIT(10000);
	return cmocka_run_group_tests(tests, setup, teardown);
}
