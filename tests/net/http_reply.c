/* SPDX-License-Identifier: Apache-2.0
 * Replies: files in whole and in ranges over TLS and plain, static bodies, HEAD. */
#include "base/random.h"
#include "net/http_server.h"
#include "served.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FILE_SIZE 300001

static struct err e;
static char content[FILE_SIZE];
static char *file;

static void serve(void *arg, struct http_req *r)
{
	const char *path = http_req_path(r);
	if (strcmp(path, "/static") == 0) {
		http_reply_static(r, 200, "text/plain", STR_LIT("static text"));
	} else if (strcmp(path, "/empty") == 0) {
		http_reply(r, 204, NULL, STR_LIT(""));
	} else if (strcmp(path, "/later") == 0) {
		http_reply(r, 503, "text/plain", STR_LIT("later"));
	} else if (strcmp(path, "/in-7") == 0) {
		http_reply_header(r, "Retry-After", "7");
		http_reply(r, 503, "text/plain", STR_LIT("later"));
	} else if (strcmp(path, "/short") == 0) { /* promises more than the file has */
		http_reply_fd(r, 200, "application/octet-stream", open(file, O_RDONLY),
			      FILE_SIZE + 100);
	} else {
		http_reply_header(r, "ETag", "\"v1\"");
		http_reply_fd(r, strcmp(path, "/created") == 0 ? 201 : 200,
			      "application/octet-stream", open(file, O_RDONLY),
			      strcmp(path, "/nothing") == 0 ? 0 : FILE_SIZE);
	}
}

static int make_file(void **state)
{
	if (served_setup(state) != 0)
		return 1;
	random_bytes(content, sizeof(content));
	file = served_file("payload", (struct str) { content, sizeof(content) });
	return 0;
}

static int remove_file(void **state)
{
	xfree(file);
	return served_teardown(state);
}

static bool fetch(struct http_server *s, bool tls, const char *path, const char *h1, const char *h2,
		  struct http_response *resp, struct buf *body)
{
	struct http_tls t = { .ca_file = served_ca_file };
	AUTO(http_client_free) struct http_client *c = http_client_new("t", &t, NULL);
	AUTO(xfree)
	char *url = xasprintf("http%s://127.0.0.1:%u%s", tls ? "s" : "", http_server_port(s), path);
	const char *const headers[] = { h1, h2, NULL };
	struct http_request r = {
		.url = url, .headers = headers, .max_response = 1 << 20, .timeout_s = 10
	};
	buf_reset(body);
	return http_fetch(c, &r, resp, body, &e);
}

static void files_and_ranges(void **state)
{
	static const struct {
		const char *path, *range, *condition;
		int status;
		int64_t from, n;
	} rows[] = {
		{ "/f", NULL, NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: bytes=0-0", NULL, 206, 0, 1 },
		{ "/f", "Range: bytes=100-199", NULL, 206, 100, 100 },
		{ "/f", "Range: bytes=70000-", NULL, 206, 70000, FILE_SIZE - 70000 },
		{ "/f", "Range: bytes=-1000", NULL, 206, FILE_SIZE - 1000, 1000 },
		{ "/f", "Range: bytes=-999999", NULL, 206, 0, FILE_SIZE },
		{ "/f", "Range: bytes=300000-999999999", NULL, 206, 300000, 1 },
		{ "/f", "Range: bytes=300001-", NULL, 416, 0, 0 },
		{ "/f", "Range: bytes=-0", NULL, 416, 0, 0 },
		{ "/f", "Range: bytes=5-4", NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: bytes=0-1,5-6", NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: bytes=a-b", NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: bytes=--5", NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: bytes=99999999999999999999-", NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: lines=1-2", NULL, 200, 0, FILE_SIZE },
		{ "/f", "Range: bytes=10-19", "If-Range: \"v1\"", 206, 10, 10 },
		{ "/f", "Range: bytes=10-19", "If-Range: \"v0\"", 200, 0, FILE_SIZE },
		{ "/created", "Range: bytes=10-19", NULL, 201, 0, FILE_SIZE },
		{ "/nothing", NULL, NULL, 200, 0, 0 },
		{ "/nothing", "Range: bytes=0-", NULL, 416, 0, 0 },
	};
	AUTO(buf_done) struct buf body = BUF_INIT(1 << 20);
	for (int tls = 0; tls < 2; tls++) {
		struct http_server_conf conf = served_conf(serve, NULL, tls);
		struct http_server *s = served_start(&conf);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct http_response resp;
			if (!fetch(s, tls, rows[i].path, rows[i].range ? rows[i].range : "X: y",
				   rows[i].condition, &resp, &body))
				fail_msg("row %zu: %s", i, e.msg);
			if (resp.status != rows[i].status || (int64_t)body.n != rows[i].n)
				fail_msg("row %zu: %d, %zu bytes", i, resp.status, body.n);
			if (body.n)
				assert_memory_equal(body.p, content + rows[i].from, body.n);
		}
		struct http_response resp;
		assert_true(fetch(s, tls, "/short", NULL, NULL, &resp, &body));
		assert_int_equal(resp.status, 500);
		http_server_stop(s);
	}
}

static void other_bodies(void **state)
{
	struct http_server_conf conf = served_conf(serve, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf a = BUF_INIT(1 << 20);
	assert_int_equal(
		raw_ask(http_server_port(s),
			STR_LIT("GET /static HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), &a,
			NULL),
		200);
	assert_non_null(strstr(a.p, "\r\n\r\nstatic text"));
	assert_int_equal(
		raw_ask(http_server_port(s),
			STR_LIT("GET /empty HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), &a,
			NULL),
		204);
	assert_int_equal(
		raw_ask(http_server_port(s),
			STR_LIT("HEAD /f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), &a,
			NULL),
		200);
	assert_non_null(strstr(a.p, "Content-Length: 300001\r\n"));
	assert_non_null(strstr(a.p, "Accept-Ranges: bytes\r\n"));
	assert_true(str_ends(buf_str(&a), "\r\n\r\n"));
	http_server_stop(s);
}

static void a_503_says_when_to_come_again(void **state)
{
	struct http_server_conf conf = served_conf(serve, NULL, false);
	struct http_server *s = served_start(&conf);
	AUTO(buf_done) struct buf body = BUF_INIT(1000);
	struct http_response resp;
	assert_true(fetch(s, false, "/later", NULL, NULL, &resp, &body));
	assert_int_equal(resp.status, 503);
	assert_in_range(resp.retry_after_s, 1, 900);
	assert_true(fetch(s, false, "/in-7", NULL, NULL, &resp, &body));
	assert_int_equal(resp.status, 503);
	assert_int_equal(resp.retry_after_s, 7);
	assert_true(fetch(s, false, "/static", NULL, NULL, &resp, &body));
	assert_int_equal(resp.retry_after_s, 0);
	http_server_stop(s);
}

/* F34: a client that does not read its answer does not keep the connection for ever: libmicrohttpd
 * sees no progress for idle_timeout_s. */
static void F34_answer_not_read(void **state)
{
	struct http_server_conf conf = served_conf(serve, NULL, false);
	conf.idle_timeout_s = 5;
	struct http_server *s = served_start(&conf);
	struct raw r = { .fd = raw_connect(http_server_port(s)) };
	int small = 4096, sent = 0;
	setsockopt(r.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (; sent < 100; sent++)
		raw_send(&r, STR_LIT("GET /f HTTP/1.1\r\nHost: h\r\n\r\n"));
	usleep(8000000);
	AUTO(buf_done) struct buf a = BUF_INIT(100 << 20);
	raw_read_all(&r, &a);
	print_message("%zu bytes came of %d answers\n", a.n, sent);
	assert_true(a.n < (size_t)FILE_SIZE * (size_t)sent);
	raw_close(&r);
	http_server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_and_ranges),
		cmocka_unit_test(other_bodies),
		cmocka_unit_test(a_503_says_when_to_come_again),
		cmocka_unit_test(F34_answer_not_read),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
