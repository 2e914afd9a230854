/* SPDX-License-Identifier: Apache-2.0
 * Who is let in and who is not (F33, F34, F35): limits before TLS, the lane of slow requests, the
 * memory of bodies, and what those that are refused are told. */
#include "served.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

static void plain(void *arg, struct http_req *r)
{
	http_reply(r, 200, "text/plain", STR_LIT("fine\n"));
}

/* --- connections --- */

static int connect_from(uint32_t source, uint16_t port)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(source) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* The server ended it without a word. */
static bool ended(int fd, int wait_ms)
{
	char c;
	struct pollfd f = { fd, POLLIN, 0 };
	return poll(&f, 1, wait_ms) == 1 && recv(fd, &c, 1, 0) <= 0;
}

static void wait_load(struct http_server *s, uint32_t connections, uint32_t handshakes)
{
	struct http_server_load l;
	for (int i = 0; i < 1000; i++) {
		http_server_load(s, &l);
		if (l.connections == connections && l.handshakes == handshakes)
			return;
		usleep(10000);
	}
	fail_msg("%u connections, %u handshakes instead of %u, %u", l.connections, l.handshakes,
		 connections, handshakes);
}

static void F33_over_the_limit_closed_before_TLS(void **state)
{
	struct http_server_conf conf = served_conf(plain, NULL, true);
	struct http_server_load l;
	struct raw good;
	int fds[6];
	conf.max_connections = 5;
	struct http_server *s = served_start(&conf);
	for (int i = 0; i < 5; i++)
		fds[i] = connect_from(INADDR_LOOPBACK, http_server_port(s));
	wait_load(s, 5, 5);
	fds[5] = connect_from(INADDR_LOOPBACK, http_server_port(s));
	assert_true(ended(fds[5], 10000));
	for (int i = 0; i < 5; i++)
		assert_false(ended(fds[i], 0));
	http_server_load(s, &l);
	assert_int_equal(l.refused, 1);
	assert_int_equal(l.connections, 5);
	close(fds[0]);
	wait_load(s, 4, 4);
	assert_int_equal(raw_tls(&good, http_server_port(s), NULL, NULL, NULL, NULL), 0);
	wait_load(s, 5, 4);
	raw_close(&good);
	for (int i = 1; i < 6; i++)
		close(fds[i]);
	wait_load(s, 0, 0);
	http_server_stop(s);
}

static void F34_one_address_does_not_take_all(void **state)
{
	static const struct linger reset = { 1, 0 };
	struct http_server_conf conf = served_conf(plain, NULL, true);
	int fds[4];
	conf.max_per_address = 3;
	struct http_server *s = served_start(&conf);
	for (int i = 0; i < 4; i++) {
		fds[i] = connect_from(0x7f000001, http_server_port(s));
		if (i < 3)
			wait_load(s, (uint32_t)i + 1, (uint32_t)i + 1);
	}
	assert_true(ended(fds[3], 10000));
	/* two thousand other addresses come and go, and each is let in */
	for (uint32_t i = 0; i < 2000; i++) {
		int fd = connect_from(0x7f010000 + i, http_server_port(s));
		assert_false(ended(fd, 0));
		/* reset: no port is left in TIME_WAIT for others to stumble over */
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
		close(fd);
	}
	wait_load(s, 3, 3);
	close(fds[0]);
	wait_load(s, 2, 2);
	int again = connect_from(0x7f000001, http_server_port(s));
	wait_load(s, 3, 3);
	assert_false(ended(again, 0));
	close(again);
	for (int i = 1; i < 4; i++)
		close(fds[i]);
	http_server_stop(s);
}

static void F34_handshakes_that_do_not_go_on_are_few(void **state)
{
	struct http_server_conf conf = served_conf(plain, NULL, true);
	struct raw good[3];
	conf.max_handshakes = 2;
	struct http_server *s = served_start(&conf);
	/* those that are through do not count */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(raw_tls(&good[i], http_server_port(s), NULL, NULL, NULL, NULL), 0);
		wait_load(s, (uint32_t)i + 1, 0);
	}
	int a = connect_from(0x7f000001, http_server_port(s));
	int b = connect_from(0x7f000001, http_server_port(s));
	wait_load(s, 5, 2);
	int c = connect_from(0x7f000001, http_server_port(s));
	assert_true(ended(c, 10000));
	close(a);
	wait_load(s, 4, 1);
	int d = connect_from(0x7f000001, http_server_port(s));
	wait_load(s, 5, 2);
	assert_false(ended(d, 0));
	close(b);
	close(c);
	close(d);
	for (int i = 0; i < 3; i++)
		raw_close(&good[i]);
	http_server_stop(s);
}

/* --- the lane --- */

static sem_t gate;
static atomic_int at_work;

static void slow_or_not(void *arg, struct http_req *r)
{
	if (strcmp(http_req_path(r), "/slow") != 0) {
		http_reply(r, 200, "text/plain", STR_LIT("quick\n"));
		return;
	}
	switch (http_req_defer(r)) {
	case HTTP_DEFER_LATER: return;
	case HTTP_DEFER_BUSY: http_reply_busy(r); return;
	case HTTP_DEFER_HERE: break;
	}
	ASSERT(http_req_deferred(r));
	atomic_fetch_add(&at_work, 1);
	while (sem_wait(&gate) != 0)
		;
	char *text = arena_printf(http_req_arena(r), "%s %zu %s\n", http_req_header(r, "X-Who"),
				  http_req_body(r).n, http_req_query(r, "q"));
	http_reply(r, 200, "text/plain", str_of(text));
}

struct asker {
	pthread_t thread;
	uint16_t port;
	int n, status;
	char text[4096];
};

static void *ask_slowly(void *arg)
{
	struct asker *k = arg;
	AUTO(buf_done) struct buf a = BUF_INIT(1 << 20);
	AUTO(xfree)
	char *t = xasprintf("POST /slow?q=%d HTTP/1.1\r\nHost: h\r\nX-Who: me%d\r\nConnection: "
			    "close\r\nContent-Length: 5\r\n\r\nhello",
			    k->n, k->n);
	k->status = raw_ask(k->port, str_of(t), &a, NULL);
	snprintf(k->text, sizeof(k->text), "%s", a.p ? a.p : "");
	return NULL;
}

static void wait_deferred(struct http_server *s, uint32_t n)
{
	struct http_server_load l = { 0 };
	for (int i = 0; i < 1000 && l.waiting != n; i++) {
		http_server_load(s, &l);
		usleep(10000);
	}
	assert_int_equal(l.waiting, n);
}

static void F33_slow_requests_wait_in_a_bounded_lane(void **state)
{
	struct http_server_conf conf = served_conf(slow_or_not, NULL, false);
	struct asker k[8];
	AUTO(buf_done) struct buf a = BUF_INIT(1 << 20);
	conf.workers = 2;
	conf.max_deferred = 5;
	sem_init(&gate, 0, 0);
	atomic_store(&at_work, 0);
	struct http_server *s = served_start(&conf);
	for (int i = 0; i < 5; i++) {
		k[i] = (struct asker) { .port = http_server_port(s), .n = i };
		pthread_create(&k[i].thread, NULL, ask_slowly, &k[i]);
	}
	wait_deferred(s, 5);
	/* Five wait, both workers are stuck, and the pool is as quick as ever. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(raw_ask(http_server_port(s),
					 STR_LIT("GET / HTTP/1.1\r\nHost: h\r\nConnection: "
						 "close\r\n\r\n"),
					 &a, NULL),
				 200);
	assert_true(atomic_load(&at_work) <= 2);
	for (int i = 5; i < 8; i++) { /* one too many each: told to come later, and when */
		k[i] = (struct asker) { .port = http_server_port(s), .n = i };
		ask_slowly(&k[i]);
		assert_int_equal(k[i].status, 503);
		const char *retry = strstr(k[i].text, "Retry-After: ");
		assert_non_null(retry);
		long after = strtol(retry + strlen("Retry-After: "), NULL, 10);
		assert_in_range(after, 1, 900);
		assert_non_null(strstr(k[i].text, "application/problem+json"));
	}
	for (int i = 0; i < 5; i++)
		sem_post(&gate);
	for (int i = 0; i < 5; i++) {
		char want[40];
		pthread_join(k[i].thread, NULL);
		assert_int_equal(k[i].status, 200);
		snprintf(want, sizeof(want), "me%d 5 %d\n", i, i);
		assert_non_null(strstr(k[i].text, want));
	}
	wait_deferred(s, 0);
	http_server_stop(s);
	sem_destroy(&gate);
}

static void *open_gate(void *arg)
{
	usleep(200000);
	for (int i = 0; i < 4; i++)
		sem_post(&gate);
	return NULL;
}

/* Who was promised a worker gets one, also while the server stops. */
static void stopping_finishes_the_lane(void **state)
{
	struct http_server_conf conf = served_conf(slow_or_not, NULL, false);
	struct asker k[4];
	pthread_t opener;
	conf.workers = 1;
	conf.max_deferred = 10;
	sem_init(&gate, 0, 0);
	atomic_store(&at_work, 0);
	struct http_server *s = served_start(&conf);
	for (int i = 0; i < 4; i++) {
		k[i] = (struct asker) { .port = http_server_port(s), .n = i };
		pthread_create(&k[i].thread, NULL, ask_slowly, &k[i]);
	}
	wait_deferred(s, 4);
	pthread_create(&opener, NULL, open_gate, NULL);
	http_server_stop(s);
	assert_int_equal(atomic_load(&at_work), 4);
	pthread_join(opener, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(k[i].thread, NULL);
	sem_destroy(&gate);
}

/* The more are refused, the longer they stay away, and never all equally long. */
static void F33_retry_after_spreads(void **state)
{
	struct http_server_conf conf = served_conf(plain, NULL, false);
	struct http_server *s = served_start(&conf);
	int least = 10000, most = 0, late = 0;
	for (int i = 0; i < 1000; i++) {
		int t = http_server_retry_after_s(s);
		least = MIN(least, t);
		most = MAX(most, t);
	}
	assert_in_range(least, 1, 12);
	assert_in_range(most, 25, 40);
	for (int i = 0; i < 40000; i++) {
		int t = http_server_retry_after_s(s); /* MAX() evaluates its arguments twice */
		late = MAX(late, t);
	}
	assert_in_range(late, 600, 1200);
	http_server_stop(s);
}

/* --- bodies --- */

static void F35_all_bodies_together_have_a_limit(void **state)
{
	struct http_server_conf conf = served_conf(plain, NULL, false);
	AUTO(buf_done) struct buf a = BUF_INIT(1 << 20), big = BUF_INIT(1 << 20);
	static const char head[] = "POST / HTTP/1.1\r\nHost: h\r\nConnection: "
				   "close\r\nContent-Length: 8000\r\n\r\n";
	static char half[6000];
	conf.body_memory = 10000;
	struct http_server *s = served_start(&conf);
	buf_adds(&big, head);
	for (int i = 0; i < 8000; i++)
		buf_addc(&big, 'x');
	int held = raw_connect(http_server_port(s)); /* holds 6000 of the 10000 */
	assert_int_equal(send(held, head, strlen(head), 0), (ssize_t)strlen(head));
	memset(half, 'x', sizeof(half));
	assert_int_equal(send(held, half, sizeof(half), 0), (ssize_t)sizeof(half));
	int status = 200;
	for (int i = 0; i < 500 && status == 200; i++) {
		status = raw_ask(http_server_port(s), buf_str(&big), &a, NULL);
		usleep(10000);
	}
	assert_int_equal(status, 503);
	assert_non_null(strstr(a.p, "Retry-After: "));
	close(held);
	for (int i = 0; i < 500 && status != 200; i++) {
		status = raw_ask(http_server_port(s), buf_str(&big), &a, NULL);
		usleep(10000);
	}
	assert_int_equal(status, 200); /* what it held was given back */
	http_server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F33_over_the_limit_closed_before_TLS),
		cmocka_unit_test(F34_one_address_does_not_take_all),
		cmocka_unit_test(F34_handshakes_that_do_not_go_on_are_few),
		cmocka_unit_test(F33_slow_requests_wait_in_a_bounded_lane),
		cmocka_unit_test(stopping_finishes_the_lane),
		cmocka_unit_test(F33_retry_after_spreads),
		cmocka_unit_test(F35_all_bodies_together_have_a_limit),
	};
	return cmocka_run_group_tests(tests, served_setup, served_teardown);
}
