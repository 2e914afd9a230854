/* SPDX-License-Identifier: Apache-2.0
 * Long-lived replies under load: writers on many threads, clients that vanish, owners that close, a
 * server that stops. Run it under ThreadSanitizer and AddressSanitizer too. */
#include "base/random.h"
#include "net/http_server.h"
#include "served.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include <cmocka.h>

#define STREAMS 50

static struct err e;

struct line {
	_Atomic(struct http_stream *) out;
	atomic_int gone;
	pthread_mutex_t lock; /* closing against writing: the owner's business */
};

static struct hub {
	struct line lines[STREAMS];
	atomic_int used;
} hub;

static void hub_reset(void)
{
	memset(&hub, 0, sizeof(hub));
	for (int i = 0; i < STREAMS; i++)
		pthread_mutex_init(&hub.lines[i].lock, NULL);
}

static void line_gone(void *arg)
{
	struct line *l = arg;
	atomic_fetch_add(&l->gone, 1);
}

static void serve(void *arg, struct http_req *r)
{
	int i = atomic_fetch_add(&hub.used, 1);
	ASSERT(i < STREAMS);
	struct line *l = &hub.lines[i];
	struct http_stream *out = http_reply_stream(r, 200, "text/event-stream", line_gone, l);
	http_stream_write(out, STR_LIT("hello\n"));
	atomic_store(&l->out, out);
}

static bool line_write(struct line *l, struct str text)
{
	bool fits = true;
	pthread_mutex_lock(&l->lock);
	struct http_stream *out = atomic_load(&l->out);
	if (out)
		fits = http_stream_write(out, text);
	pthread_mutex_unlock(&l->lock);
	return fits;
}

/* Not under the lock: close waits for gone(). Here gone() takes no lock, so both would do. */
static void line_close(struct line *l)
{
	pthread_mutex_lock(&l->lock);
	struct http_stream *out = atomic_exchange(&l->out, NULL);
	pthread_mutex_unlock(&l->lock);
	http_stream_close(out);
}

static void wait_used(int n)
{
	for (int i = 0; i < 500; i++) {
		int ready = 0;
		for (int k = 0; k < n; k++)
			ready += atomic_load(&hub.lines[k].out) != NULL;
		if (ready == n)
			return;
		usleep(20000);
	}
	fail_msg("only %d of %d streams came up", hub.used, n);
}

static struct raw client(struct http_server *s, bool tls)
{
	struct raw r;
	if (tls)
		ASSERT(raw_tls(&r, http_server_port(s), NULL, NULL, NULL, NULL) == 0);
	else
		r = (struct raw) { .fd = raw_connect(http_server_port(s)) };
	ASSERT(raw_send(&r, STR_LIT("GET /push HTTP/1.1\r\nHost: h\r\n\r\n")));
	return r;
}

static bool read_until(struct raw *r, struct buf *b, const char *text)
{
	char tmp[4096];
	while (!b->p || !strstr(b->p, text)) {
		ssize_t n = raw_recv(r, tmp, sizeof(tmp));
		if (n <= 0)
			return false;
		buf_add(b, tmp, (size_t)n);
	}
	return true;
}

static void words_arrive_at_once(void **state)
{
	for (int tls = 0; tls < 2; tls++) {
		struct http_server_conf conf = served_conf(serve, NULL, tls);
		hub_reset();
		struct http_server *s = served_start(&conf);
		struct raw r = client(s, tls);
		AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
		assert_true(read_until(&r, &b, "hello\n"));
		assert_non_null(strstr(b.p, "Content-Type: text/event-stream\r\n"));
		assert_non_null(strstr(b.p, "Cache-Control: no-store\r\n"));
		wait_used(1);
		for (int i = 0; i < 50; i++) {
			char word[32];
			snprintf(word, sizeof(word), "word %d\n", i);
			int64_t start = clock_mono_ms();
			assert_true(line_write(&hub.lines[0], str_of(word)));
			assert_true(read_until(&r, &b, word));
			assert_true(clock_mono_ms() - start < 1000);
		}
		/* What was queued before the close still comes, then the end of the reply; the
		 * connection is fit for another request. */
		assert_true(line_write(&hub.lines[0], STR_LIT("last\n")));
		line_close(&hub.lines[0]);
		assert_true(read_until(&r, &b, "last\n\r\n0\r\n\r\n"));
		assert_int_equal(hub.lines[0].gone, 0);
		assert_true(raw_send(&r, STR_LIT("GET /push HTTP/1.1\r\nHost: h\r\n\r\n")));
		buf_reset(&b);
		assert_true(read_until(&r, &b, "hello\n"));
		raw_close(&r);
		http_server_stop(s);
		assert_int_equal(hub.lines[1].gone, 1);
		line_close(&hub.lines[1]);
	}
}

/* Nobody writes: the going of the peer is noticed all the same. */
static void silent_stream_gone(void **state)
{
	for (int tls = 0; tls < 2; tls++) {
		struct http_server_conf conf = served_conf(serve, NULL, tls);
		hub_reset();
		struct http_server *s = served_start(&conf);
		struct raw r = client(s, tls);
		AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
		assert_true(read_until(&r, &b, "hello\n"));
		wait_used(1);
		usleep(200000);
		assert_int_equal(hub.lines[0].gone, 0);
		int64_t start = clock_mono_ms();
		raw_close(&r);
		while (!hub.lines[0].gone && clock_mono_ms() - start < 5000)
			usleep(10000);
		assert_int_equal(hub.lines[0].gone, 1);
		assert_true(clock_mono_ms() - start < 2000);
		assert_true(line_write(&hub.lines[0], STR_LIT("into the void\n"))); /* dropped */
		line_close(&hub.lines[0]);
		http_server_stop(s);
		assert_int_equal(hub.lines[0].gone, 1);
	}
}

static void queue_bounded(void **state)
{
	struct http_server_conf conf = served_conf(serve, NULL, false);
	hub_reset();
	struct http_server *s = served_start(&conf);
	struct raw r = client(s, false);
	char block[8192];
	int taken = 0;
	memset(block, 'x', sizeof(block));
	wait_used(1);
	while (taken < 10000 && line_write(&hub.lines[0], (struct str) { block, sizeof(block) }))
		taken++; /* the client does not read: sockets fill, then the queue */
	print_message("%d blocks of 8 KiB taken\n", taken);
	assert_true(taken >= 30 && taken < 10000);
	raw_close(&r);
	line_close(&hub.lines[0]);
	http_server_stop(s);
}

static atomic_bool writing;

static void *writer(void *arg)
{
	long written = 0;
	while (atomic_load(&writing)) {
		line_write(&hub.lines[random_below(STREAMS)], STR_LIT("event: x\ndata: y\n\n"));
		if (++written % 64 == 0)
			usleep(200);
	}
	return NULL;
}

static void *reader(void *arg)
{
	struct raw *r = arg;
	char tmp[4096];
	while (raw_recv(r, tmp, sizeof(tmp)) > 0)
		;
	return NULL;
}

/* 50 streams, 3 writers; a third of the clients vanishes, a third of the streams is closed by its
 * owner meanwhile, the rest is cut by the server's stop, with writers still writing. */
static void many_streams(bool tls)
{
	struct http_server_conf conf = served_conf(serve, NULL, tls);
	pthread_t w[3], reading[STREAMS];
	struct raw r[STREAMS];
	hub_reset();
	struct http_server *s = served_start(&conf);
	for (int i = 0; i < STREAMS; i++)
		r[i] = client(s, tls);
	wait_used(STREAMS);
	atomic_store(&writing, true);
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		pthread_create(&w[i], NULL, writer, NULL);
	for (int i = 0; i < STREAMS; i++)
		pthread_create(&reading[i], NULL, reader, &r[i]);
	for (int i = 0; i < STREAMS; i++) {
		if (i % 3 == 0)
			shutdown(r[i].fd, SHUT_RDWR);
		else if (i % 3 == 1)
			line_close(&hub.lines[i]);
		usleep(5000);
	}
	usleep(300000);
	http_server_stop(s);
	atomic_store(&writing, false);
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		pthread_join(w[i], NULL);
	for (int i = 0; i < STREAMS; i++) {
		pthread_join(reading[i], NULL);
		raw_close(&r[i]);
		/* Still open ones have been told exactly once; closed ones at most once (before).
		 */
		if (atomic_load(&hub.lines[i].out))
			assert_int_equal(hub.lines[i].gone, 1);
		else
			assert_true(hub.lines[i].gone <= 1);
		line_close(&hub.lines[i]);
	}
}

static void streams_plain(void **state)
{
	many_streams(false);
}

static void streams_tls(void **state)
{
	many_streams(true);
}

/* gone() may close the handle itself. */
static void gone_closes(void *arg)
{
	struct line *l = arg;
	http_stream_close(atomic_exchange(&l->out, NULL));
	atomic_fetch_add(&l->gone, 1);
}

static void serve_gone_closes(void *arg, struct http_req *r)
{
	int i = atomic_fetch_add(&hub.used, 1);
	atomic_store(&hub.lines[i].out,
		     http_reply_stream(r, 200, "text/plain", gone_closes, &hub.lines[i]));
}

static void closed_in_gone(void **state)
{
	struct http_server_conf conf = served_conf(serve_gone_closes, NULL, false);
	hub_reset();
	struct http_server *s = served_start(&conf);
	for (int i = 0; i < 20; i++) {
		struct raw r = client(s, false);
		wait_used(0);
		while (hub.used <= i)
			usleep(1000);
		usleep((useconds_t)random_below(3000));
		raw_close(&r);
	}
	http_server_stop(s);
	for (int i = 0; i < 20; i++)
		assert_int_equal(hub.lines[i].gone, 1);
}

static void serve_and_close(void *arg, struct http_req *r)
{
	struct http_stream *out = http_reply_stream(r, 200, "text/plain", NULL, NULL);
	http_stream_write(out, STR_LIT("all"));
	http_stream_close(out);
}

static void closed_in_handler(void **state)
{
	struct http_server_conf conf = served_conf(serve_and_close, NULL, true);
	struct http_server *s = served_start(&conf);
	struct http_tls tls = { .ca_file = served_ca_file };
	AUTO(http_client_free) struct http_client *c = http_client_new("t", &tls, NULL);
	AUTO(xfree) char *url = xasprintf("https://127.0.0.1:%u/", http_server_port(s));
	for (int i = 0; i < 10; i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(100);
		struct http_response resp;
		struct http_request r = { .url = url, .max_response = 100, .timeout_s = 10 };
		if (!http_fetch(c, &r, &resp, &b, &e))
			fail_msg("%s", e.msg);
		assert_string_equal(b.p, "all");
	}
	http_server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_arrive_at_once), cmocka_unit_test(silent_stream_gone),
		cmocka_unit_test(queue_bounded),	cmocka_unit_test(streams_plain),
		cmocka_unit_test(streams_tls),		cmocka_unit_test(closed_in_gone),
		cmocka_unit_test(closed_in_handler),
	};
	return cmocka_run_group_tests(tests, served_setup, served_teardown);
}
