/* SPDX-License-Identifier: Apache-2.0
 * The server's life, what it lets through and what it limits. */
#include "net/http_server.h"
#include "served.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct err e;
static atomic_int handled;

static void add_param(void *arg, const char *name, const char *value)
{
	buf_printf(arg, " %s=%s", name, value);
}

/* Says what it was asked. */
static void echo(void *arg, struct http_req *r)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
	struct str body = http_req_body(r);
	atomic_fetch_add(&handled, 1);
	buf_printf(&b, "%s %s", http_req_method(r), http_req_path(r));
	http_req_each_query(r, add_param, &b);
	buf_printf(&b, "\nbody %zu %.*s\npeer %s\n", body.n, (int)MIN(body.n, 100), body.p,
		   http_req_peer(r));
	if (http_req_header(r, "x-test"))
		buf_printf(&b, "x-test %s\n", http_req_header(r, "X-Test"));
	const char *cookie = http_req_cookie(r, "sid");
	buf_printf(&b, "sid %s\nid %s\n", cookie ? cookie : "-", http_req_id(r));
	http_reply_header(r, "X-Own", "yes");
	http_reply(r, 200, "text/plain", buf_str(&b));
}

static void whose(void *arg, struct http_req *r)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	buf_printf(&b, "%s %d", http_req_peer(r), (int)http_req_peer_uid(r));
	http_reply(r, 200, "text/plain", buf_str(&b));
}

static int ask(struct http_server *s, const char *text, struct buf *answer, const char *enough)
{
	return raw_ask(http_server_port(s), str_of(text), answer, enough);
}

static void house_client(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, true);
	struct http_server *s = served_start(&conf);
	struct http_tls tls = { .ca_file = served_ca_file };
	struct http_client *c = http_client_new("t", &tls, NULL);
	AUTO(xfree)
	char *url = xasprintf("https://127.0.0.1:%u/a/b%%20c?x=1%%262&y=a+b&z",
			      http_server_port(s));
	const char *const headers[] = { "X-Test: v", "Cookie: a=b; sid=abc; c=d", NULL };
	for (int i = 0; i < 20; i++) {
		AUTO(buf_done) struct buf body = BUF_INIT(100000);
		struct http_response resp;
		struct http_request r = { .method = i % 2 ? "POST" : "GET",
					  .url = url,
					  .headers = headers,
					  .max_response = 100000,
					  .timeout_s = 10 };
		if (i % 2)
			r.body = STR_LIT("hello");
		if (!http_fetch(c, &r, &resp, &body, &e))
			fail_msg("%s", e.msg);
		assert_int_equal(resp.status, 200);
		assert_string_equal(resp.content_type, "text/plain");
		assert_non_null(strstr(body.p, i % 2 ? "POST /a/b c x=1&2 y=a b z=\nbody 5 hello\n"
						     : "GET /a/b c x=1&2 y=a b z=\nbody 0 \n"));
		assert_non_null(strstr(body.p, "peer 127.0.0.1\nx-test v\nsid abc\n"));
	}
	http_client_free(c);
	http_server_stop(s);
}

/* As the agents' port has it: header of a long upload, a body of megabytes, and a header that does
 * not fit any more (P14). */
static void small_connection_memory(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, true);
	conf.connection_memory = 2560;
	conf.max_body = 5u << 20;
	struct http_server *s = served_start(&conf);
	struct http_tls tls = { .ca_file = served_ca_file };
	struct http_client *c = http_client_new("tsukuroi-agent/0.1.0", &tls, NULL);
	AUTO(xfree)
	char *url = xasprintf("https://127.0.0.1:%u/agent/v1/inventory"
			      "?scanned=2026-11-22T22%%3A10%%3A34.123Z",
			      http_server_port(s));
	AUTO(buf_done) struct buf body = BUF_INIT(6u << 20), big = BUF_INIT(10000);
	while (body.n < (5u << 20))
		buf_adds(&body, "deb\tlibssl3\tamd64\t3.0.11-1~deb12u2\topenssl\t3.0.11\n\n");
	body.n = 5u << 20;
	AUTO(xfree) char *hash = xasprintf("Inventory-Hash: %064d", 7);
	AUTO(xfree) char *base = xasprintf("Inventory-Base: %064d", 8);
	buf_adds(&big, "X-Big: ");
	while (big.n < 4000)
		buf_addc(&big, 'x');
	/* the longest name a host can have */
	AUTO(xfree) char *host = xasprintf("Host: %0247d.lan", 0);
	const char *const headers[] = {
		"Content-Type: text/tsukuroi-inventory-delta", hash, base, "X-Test: v", host, NULL
	};
	const char *const too_big[] = { big.p, NULL };
	for (int i = 0; i < 6; i++) {
		AUTO(buf_done) struct buf answer = BUF_INIT(100000);
		struct http_response resp = { 0 };
		struct http_request r = { .method = "POST",
					  .url = url,
					  .headers = i % 2 ? too_big : headers,
					  .body = buf_str(&body),
					  .max_response = 100000,
					  .timeout_s = 20 };
		if (i % 2)
			r.body = STR_LIT("");
		bool ok = http_fetch(c, &r, &resp, &answer, &e);
		if (i % 2) {
			assert_true(!ok || resp.status == 431 || resp.status == 413);
			continue;
		}
		if (!ok)
			fail_msg("%s", e.msg);
		assert_int_equal(resp.status, 200);
		assert_non_null(strstr(answer.p, "\nbody 5242880 deb\tlibssl3"));
		assert_non_null(strstr(answer.p, "x-test v\n"));
	}
	http_client_free(c);
	http_server_stop(s);
}

static void local_socket_knows_its_peer(void **state)
{
	char dir[] = "/tmp/local.XXXXXX";
	assert_non_null(mkdtemp(dir));
	AUTO(xfree) char *address = xasprintf("unix:%s/s", dir);
	struct http_server_conf conf = served_conf(whose, NULL, false);
	conf.address = address;
	for (int i = 0; i < 2; i++) { /* the second start finds the first one's socket file */
		struct http_server *s = served_start(&conf);
		struct http_client *c = http_client_new("t", NULL, NULL);
		http_client_unix(c, address + 5);
		AUTO(buf_done) struct buf body = BUF_INIT(1000);
		struct http_response resp;
		struct http_request r = { .url = "http://localhost/",
					  .max_response = 1000,
					  .timeout_s = 10 };
		if (!http_fetch(c, &r, &resp, &body, &e))
			fail_msg("%s", e.msg);
		AUTO(xfree) char *want = xasprintf("local %d", (int)geteuid());
		assert_string_equal(body.p, want);
		struct stat st;
		assert_int_equal(stat(address + 5, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		http_client_free(c);
		http_server_stop(s);
	}
	unlink(address + 5);
	rmdir(dir);
}

static void reply_headers(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	assert_int_equal(
		ask(s, "GET / HTTP/1.1\r\nHost: h\r\nCookie: sid=1; sid=2\r\n\r\n", &a, "\nid "),
		200);
	assert_non_null(strstr(a.p, "X-Own: yes\r\n"));
	assert_non_null(strstr(a.p, "\nsid -\n")); /* given twice */
	const char *id = strstr(a.p, "X-Request-Id: ");
	assert_non_null(id);
	AUTO(xfree) char *body_id = xasprintf("\nid %.16s\n", id + 14);
	assert_non_null(strstr(a.p, body_id));
	/* Two requests in one packet. */
	assert_int_equal(
		ask(s,
		    "GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		    &a, NULL),
		200);
	assert_non_null(strstr(a.p, "GET /one\n"));
	assert_non_null(strstr(a.p, "GET /two\n"));
	http_server_stop(s);
}

/* --- A22, A20, A33: paths ----------------------------------------------------------------------
 */

static bool canonical(const char *p)
{
	if (p[0] != '/' || strstr(p, "//") || strpbrk(p, "\\;%?#"))
		return false;
	for (const char *q = p; *q; q++)
		if (*q < ' ' || *q == 0x7f)
			return false;
	size_t n = strlen(p);
	return !strstr(p, "/./") && !strstr(p, "/../") &&
	       (n < 2 || (p[n - 1] != '/' && strcmp(p + n - 2, "/.") != 0)) &&
	       (n < 3 || strcmp(p + n - 3, "/..") != 0);
}

static atomic_int seen, bad;
static char last_path[300];

static void note_path(void *arg, struct http_req *r)
{
	atomic_fetch_add(&seen, 1);
	snprintf(last_path, sizeof(last_path), "%s", http_req_path(r));
	if (!canonical(http_req_path(r)))
		atomic_fetch_add(&bad, 1);
	http_reply(r, 200, "text/plain", STR_LIT("ok"));
}

static const char *const pieces[] = {
	"/",
	"//",
	"/./",
	"/../",
	"/.",
	"/..",
	";",
	";x=1",
	"/;/",
	"%2f",
	"%2F",
	"%5c",
	"\\",
	"/..\\",
	"%2e%2e/",
	"/%2e/",
	"/%2e%2e/",
	"/.%2e/",
	"%252e",
	"%252f",
	"%00",
	"%0d%0aX:y",
	"%09",
	"%7f",
	"%c0%ae",
	"%c0%af",
	"%e0%80%af",
	"%ff",
	"%ed%a0%80",
	"%f4%90%80%80",
	"%",
	"%2",
	"%zz",
	"%u002e",
	"%3f",
	"%23",
	"%3b",
	"/STATE_ID/1//",
	".i18n.ashx/.",
	"/..;/",
	"/..%3b/",
	"\xc3\xa9",
};
static const char *const routes[] = { "/api/v1/hosts", "/", "/admin", "/api/v1/deployments/7" };

/* Every route with every piece in front, behind, and after each of its slashes. */
static int mutate(struct http_server *s, const char *route, const char *piece, struct buf *a)
{
	int made = 0;
	for (const char *at = route;; at++) {
		bool here = at == route || *at == '\0' || at[-1] == '/' || *at == '/';
		if (here) {
			int before = atomic_load(&seen);
			AUTO(buf_done) struct buf t = BUF_INIT(1000);
			buf_printf(&t,
				   "GET %.*s%s%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
				   (int)(at - route), route, piece, at);
			int status = raw_ask(http_server_port(s), buf_str(&t), a, NULL);
			made++;
			if (status == 400)
				assert_int_equal(atomic_load(&seen), before);
			else if (status != 200)
				fail_msg("%d for %s", status, t.p);
		}
		if (!*at)
			return made;
	}
}

static void A22_only_canonical_paths(void **state)
{
	struct http_server_conf conf = served_conf(note_path, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	int made = 0;
	seen = bad = 0;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		for (size_t j = 0; j < ARRAY_LEN(pieces); j++)
			made += mutate(s, routes[i], pieces[j], &a);
	print_message("%d mutations, %d reached the handler, %d of them not canonical\n", made,
		      seen, bad);
	assert_true(made > 200);
	assert_int_equal(bad, 0);
	assert_true(seen < made / 10);
	/* And the forms that are fine do arrive. */
	seen = 0;
	assert_int_equal(
		ask(s, "GET /%61pi/v1/%E6%97%A5?q=%2f..%2f HTTP/1.1\r\nHost: h\r\n\r\n", &a, "ok"),
		200);
	assert_string_equal(last_path, "/api/v1/\xe6\x97\xa5");
	assert_int_equal(seen, 1);
	http_server_stop(s);
}

static void bad_requests(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0 = strlen */
	} rows[] = {
		{ "GET /?a=1&a=2 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /?a=1&%61=2 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /?=1 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /?a=1& HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /?a=%00 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /?a=%zz HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /?a=%ff HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ "GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n", 30 },
		{ "GET / HTTP/1.1\r\n\r\n" }, /* no Host */
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX: a\x01\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nauthorization: b\r\n\r\n" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nCookie: a=c\r\n\r\n" },
	};
	struct http_server_conf conf = served_conf(echo, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	handled = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str t = { rows[i].text, rows[i].n ? rows[i].n : strlen(rows[i].text) };
		int status = raw_ask(http_server_port(s), t, &a, NULL);
		if (status != 400)
			fail_msg("row %zu: %d: %s", i, status, rows[i].text);
	}
	assert_int_equal(handled, 0);
	http_server_stop(s);
}

/* A58: 100 and more ways to say how long a body is, each of which two readers could read
 * differently: refused, the connection closed, the smuggled request never seen. */
static void A58_request_smuggling(void **state)
{
	static const char *const lengths[] = {
		"Content-Length: 5\r\nContent-Length: 5\r\n",
		"Content-Length: 5\r\nContent-Length: 0\r\n",
		"Content-Length: 0\r\nContent-Length: 44\r\n",
		"Content-Length: +5\r\n",
		"Content-Length: -5\r\n",
		"Content-Length: 5, 5\r\n",
		"Content-Length: 0x5\r\n",
		"Content-Length: 5 \t5\r\n",
		"Content-Length: \r\n",
		"Content-Length: 99999999999999999999\r\n",
		"Content-Length : 5\r\n",
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
		"Transfer-Encoding: xchunked\r\n",
		"Transfer-Encoding: chunked, identity\r\n",
		"Transfer-Encoding: identity\r\n",
		"Transfer-Encoding: gzip, chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding : chunked\r\n",
		"Transfer-Encoding: \x0b"
		"chunked\r\n",
		"Transfer-Encoding: chunked\x0b\r\n",
		"Transfer-Encoding: \"chunked\"\r\n",
		"Transfer-Encoding: chunked;x=y\r\n",
		"Transfer-Encoding:\r\n",
		"X: y\rTransfer-Encoding: chunked\r\n",
	};
	static const char *const bodies[] = { "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello", "" };
	struct http_server_conf conf = served_conf(echo, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	int made = 0;
	handled = 0;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		for (size_t j = 0; j < ARRAY_LEN(bodies); j++) {
			AUTO(buf_done) struct buf t = BUF_INIT(2000);
			buf_printf(
				&t,
				"POST /a HTTP/1.1\r\nHost: h\r\n%s\r\n%sGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
				lengths[i], bodies[j]);
			int status = raw_ask(http_server_port(s), buf_str(&t), &a, NULL);
			if (status != 400 && status != 413)
				fail_msg("%d for %s", status, t.p);
			assert_null(strstr(a.p, "smuggled"));
			made++;
		}
	/* HTTP/1.0 knows no chunks. */
	assert_int_equal(
		ask(s, "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		    &a, NULL),
		400);
	assert_true(made > 100);
	assert_int_equal(handled, 0);
	/* What is right is taken. */
	assert_int_equal(
		ask(s,
		    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
		    &a, NULL),
		200);
	assert_non_null(strstr(a.p, "body 8 helloabc\n"));
	http_server_stop(s);
}

/* --- limits (F35) ------------------------------------------------------------------------------
 */

static size_t limit_of(void *arg, struct http_req *r)
{
	return strcmp(http_req_path(r), "/big") == 0	? 200000
	       : strcmp(http_req_path(r), "/none") == 0 ? 0
							: 100;
}

static int post(struct http_server *s, const char *path, size_t n, bool chunked, struct buf *a)
{
	AUTO(buf_done) struct buf t = BUF_INIT(4 << 20);
	buf_printf(&t, "POST %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n", path);
	buf_printf(&t,
		   chunked ? "Transfer-Encoding: chunked\r\n\r\n%zx\r\n"
			   : "Content-Length: %zu\r\n\r\n",
		   n);
	char *p = buf_reserve(&t, n);
	memset(p, 'x', n);
	t.n += n;
	p[n] = '\0';
	buf_adds(&t, chunked ? "\r\n0\r\n\r\n" : "");
	return raw_ask(http_server_port(s), buf_str(&t), a, NULL);
}

static void F35_body_limits(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, false);
	conf.body_limit = limit_of;
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(1 << 20);
	for (int chunked = 0; chunked < 2; chunked++) {
		assert_int_equal(post(s, "/", 100, chunked, &a), 200);
		assert_int_equal(post(s, "/big", 200000, chunked, &a), 200);
		assert_non_null(strstr(a.p, "body 200000 xxx"));
		handled = 0;
		assert_int_equal(post(s, "/", 101, chunked, &a), 413);
		assert_int_equal(post(s, "/none", 1, chunked, &a), 413);
		assert_int_equal(post(s, "/big", 200001, chunked, &a), 413);
		assert_int_equal(handled, 0);
	}
	/* Refused before the body comes, so a client that waits for "100 Continue" need not send
	 * it. */
	assert_int_equal(
		ask(s,
		    "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n",
		    &a, NULL),
		413);
	/* An endless one is cut. */
	int status = post(s, "/", 3 << 20, true, &a);
	assert_true(status == 0 || status == 413);
	assert_int_equal(ask(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", &a, "\nid "), 200);
	http_server_stop(s);
}

static void F35_header_limits(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	handled = 0;
	for (int kind = 0; kind < 3; kind++) {
		AUTO(buf_done) struct buf t = BUF_INIT(1 << 20);
		buf_adds(&t, "GET /");
		for (int i = 0; kind == 0 && i < 40000; i++)
			buf_addc(&t, 'a');
		buf_adds(&t, " HTTP/1.1\r\nHost: h\r\n");
		for (int i = 0; kind == 1 && i < 120; i++)
			buf_printf(&t, "X-%d: y\r\n", i);
		if (kind == 2) {
			buf_adds(&t, "X: ");
			for (int i = 0; i < 40000; i++)
				buf_addc(&t, 'b');
			buf_adds(&t, "\r\n");
		}
		buf_adds(&t, "\r\n");
		int status = raw_ask(http_server_port(s), buf_str(&t), &a, NULL);
		print_message("kind %d: %d\n", kind, status);
		assert_int_equal(status, kind == 0 ? 414 : 431);
	}
	assert_int_equal(handled, 0);
	/* A header as large as cookies and tokens make it still fits. */
	AUTO(buf_done) struct buf t = BUF_INIT(1 << 20);
	buf_adds(&t, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ");
	for (int i = 0; i < 6000; i++)
		buf_addc(&t, 'b');
	buf_adds(&t, "\r\n\r\n");
	assert_int_equal(raw_ask(http_server_port(s), buf_str(&t), &a, NULL), 200);
	http_server_stop(s);
}

/* F34: a header that comes a byte at a time ends after idle time-out plus ten seconds although the
 * connection is never silent. */
static void F34_slow_header_cut(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, false);
	conf.idle_timeout_s = 5;
	struct http_server *s = served_start(&conf);
	struct raw idle = { .fd = raw_connect(http_server_port(s)) };
	struct raw slow = { .fd = raw_connect(http_server_port(s)) };
	int64_t start = clock_mono_ms();
	bool idle_gone = false, slow_gone = false;
	char c;
	raw_send(&slow, STR_LIT("GET / HTTP/1.1\r\nHost: h\r\nX: "));
	for (int i = 0; i < 50 && !slow_gone; i++) {
		raw_send(&slow, STR_LIT("y"));
		struct pollfd f[2] = { { idle.fd, POLLIN, 0 }, { slow.fd, POLLIN, 0 } };
		poll(f, 2, 0);
		if (f[0].revents && !idle_gone) {
			idle_gone = recv(idle.fd, &c, 1, 0) <= 0;
			print_message("silent one ended after %lld ms\n",
				      (long long)(clock_mono_ms() - start));
		}
		slow_gone = f[1].revents != 0;
		usleep(500000);
	}
	int64_t took = clock_mono_ms() - start;
	print_message("slow one ended after %lld ms\n", (long long)took);
	assert_true(idle_gone);
	assert_true(slow_gone);
	assert_true(took > 10000 && took < 22000);
	raw_close(&idle);
	raw_close(&slow);
	http_server_stop(s);
}

static void connections_per_address(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, false);
	conf.max_per_address = 3;
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	struct raw r[3];
	for (int i = 0; i < 3; i++) {
		char tmp[2000];
		r[i] = (struct raw) { .fd = raw_connect(http_server_port(s)) };
		raw_send(&r[i], STR_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
		assert_true(raw_recv(&r[i], tmp, sizeof(tmp)) > 0);
	}
	assert_int_equal(ask(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", &a, "\nid "), 0);
	raw_close(&r[0]);
	usleep(300000);
	assert_int_equal(ask(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", &a, "\nid "), 200);
	raw_close(&r[1]);
	raw_close(&r[2]);
	http_server_stop(s);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void addresses_and_ports(void **state)
{
	struct http_server_conf conf = served_conf(echo, NULL, false);
	struct http_server *s = served_start(&conf), *other = NULL;
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	conf.port = http_server_port(s);
	assert_false(http_server_start(&conf, &other, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "in use by another program; stop"));
	http_server_stop(s);
	s = served_start(&conf); /* the same port again, at once */
	assert_int_equal(http_server_port(s), conf.port);
	http_server_stop(s);
	conf.port = 0;
	conf.address = "localhost";
	assert_false(http_server_start(&conf, &other, &e));
	assert_int_equal(e.code, ERR_INVALID);
	conf.address = "192.0.2.1";
	assert_false(http_server_start(&conf, &other, &e));
	assert_int_equal(e.code, ERR_INVALID);
	conf.address = "::"; /* IPv4 too */
	s = served_start(&conf);
	assert_int_equal(ask(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", &a, "\nid "), 200);
	assert_non_null(strstr(a.p, "peer 127.0.0.1\n"));
	http_server_stop(s);
	conf = served_conf(echo, NULL, true);
	conf.cert_pem = "no certificate";
	assert_false(http_server_start(&conf, &other, &e));
	assert_non_null(strstr(e.msg, "server certificate"));
	conf.cert_pem = served_ca_pem; /* not this key's */
	assert_false(http_server_start(&conf, &other, &e));
	print_message("%s\n", e.msg);
	assert_null(other);
}

static void *many_requests(void *arg)
{
	AUTO(buf_done) struct buf a = BUF_INIT(100000);
	for (int i = 0; i < 40; i++)
		if (raw_ask(http_server_port(arg), STR_LIT("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"),
			    &a, "\nid ") != 200)
			return arg;
	return NULL;
}

static void stopped_while_busy(void **state)
{
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct http_server_conf conf = served_conf(echo, NULL, false);
		conf.threads = threads;
		struct http_server *s = served_start(&conf);
		pthread_t t[4];
		struct raw idle = { .fd = raw_connect(http_server_port(s)) };
		struct raw half = { .fd = raw_connect(http_server_port(s)) };
		raw_send(&half,
			 STR_LIT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nabc"));
		for (size_t i = 0; i < ARRAY_LEN(t); i++)
			pthread_create(&t[i], NULL, many_requests, s);
		for (size_t i = 0; i < ARRAY_LEN(t); i++) {
			void *failed = NULL;
			pthread_join(t[i], &failed);
			assert_null(failed);
		}
		http_server_stop(s);
		raw_close(&idle);
		raw_close(&half);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(house_client),
		cmocka_unit_test(small_connection_memory),
		cmocka_unit_test(local_socket_knows_its_peer),
		cmocka_unit_test(reply_headers),
		cmocka_unit_test(A22_only_canonical_paths),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(A58_request_smuggling),
		cmocka_unit_test(F35_body_limits),
		cmocka_unit_test(F35_header_limits),
		cmocka_unit_test(F34_slow_header_cut),
		cmocka_unit_test(connections_per_address),
		cmocka_unit_test(addresses_and_ports),
		cmocka_unit_test(stopped_while_busy),
	};
	return cmocka_run_group_tests(tests, served_setup, served_teardown);
}
