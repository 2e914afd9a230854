/* SPDX-License-Identifier: Apache-2.0
 * What leaves by the fetch process: whole, with its type, only to addresses of the net; a process
 * that dies on the way is named and replaced, and a call can be cancelled. */
#include "jobs/fetcher.h"
#include "rig.h"

#include <pthread.h>
#include <unistd.h>

struct world {
	struct http_server *server;
	struct fetcher *fetcher;
	char url[80];
	int status;
	_Atomic int calls;
	_Atomic bool slow;
	size_t got;
	char method[8], type[40], head[100];
};

static void serve(void *arg, struct http_req *r)
{
	struct world *w = arg;
	const char *type = http_req_header(r, "Content-Type");
	w->got = http_req_body(r).n;
	snprintf(w->method, sizeof(w->method), "%s", http_req_method(r));
	snprintf(w->type, sizeof(w->type), "%s", type ? type : "");
	snprintf(w->head, sizeof(w->head), "%.*s", (int)MIN(w->got, (size_t)90),
		 http_req_body(r).p);
	w->calls++;
	for (int i = 0; w->slow && i < 3000; i++)
		usleep(10000);
	http_reply(r, w->status, "text/plain", STR_LIT("thank you"));
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	struct http_server_conf conf = { .address = "127.0.0.1",
					 .threads = 1,
					 .max_connections = 20,
					 .idle_timeout_s = 20,
					 .max_body = 1 << 20,
					 .handler = serve,
					 .arg = w };
	ok(http_server_start(&conf, &w->server, &e), &e);
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u/x", http_server_port(w->server));
	w->status = 200;
	w->fetcher = fetcher_new(NULL);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fetcher_free(w->fetcher);
	w->slow = false;
	http_server_stop(w->server);
	xfree(w);
	return 0;
}

static bool count(void *arg, struct str bytes, struct err *e UNUSED)
{
	*(size_t *)arg += bytes.n;
	return true;
}

static bool post(struct world *w, const char *url, struct str body, int *status_out, struct err *e)
{
	struct fetcher_request r = { .r = { .url = url, .max = 1000 },
				     .timeout_s = 60,
				     .content_type = "application/json",
				     .body = body };
	struct feed_response resp = { 0 };
	size_t answered = 0;
	bool good = fetcher_run(w->fetcher, &r, &resp, count, &answered, e);
	*status_out = resp.status;
	return good;
}

static void what_is_sent_arrives(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int status;
	ok(post(w, w->url, STR_LIT("{\"a\":1}"), &status, &e), &e);
	assert_int_equal(status, 200);
	assert_string_equal(w->method, "POST");
	assert_string_equal(w->type, "application/json");
	assert_string_equal(w->head, "{\"a\":1}");
	w->status = 503; /* an answer like any other: who sends decides */
	ok(post(w, w->url, STR_LIT("{}"), &status, &e), &e);
	assert_int_equal(status, 503);
	struct fetcher_request get = { .r = { .url = w->url, .max = 1000 }, .timeout_s = 60 };
	struct feed_response resp;
	size_t n = 0;
	w->status = 200;
	ok(fetcher_run(w->fetcher, &get, &resp, count, &n, &e), &e);
	assert_string_equal(w->method, "GET");
	assert_int_equal(n, 9);
}

static void what_is_sent_is_bounded(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int status;
	AUTO(xfree) char *big = xcalloc(1, FETCHER_BODY_MAX + 1);
	ok(post(w, w->url, (struct str) { big, FETCHER_BODY_MAX }, &status, &e), &e);
	assert_int_equal(w->got, FETCHER_BODY_MAX);
	assert_false(post(w, w->url, (struct str) { big, FETCHER_BODY_MAX + 1 }, &status, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(w->calls, 1);
}

static void nothing_is_sent_to_a_file(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int status;
	assert_false(post(w, "file:///tmp/x", STR_LIT("{}"), &status, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(post(w, "/tmp/x", STR_LIT("{}"), &status, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static void *cancel_when_called(void *arg)
{
	struct world *w = arg;
	while (!w->calls)
		usleep(10000);
	fetcher_cancel(w->fetcher);
	return NULL;
}

static void a_stop_does_not_wait_for_the_other_side(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	pthread_t t;
	int status;
	w->slow = true;
	assert_int_equal(pthread_create(&t, NULL, cancel_when_called, w), 0);
	assert_false(post(w, w->url, STR_LIT("{}"), &status, &e));
	pthread_join(t, NULL);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.msg, "cancelled");
	w->slow = false;
	ok(post(w, w->url, STR_LIT("{}"), &status, &e), &e);
}

int main(int argc, char **argv)
{
	role_main(argc, argv, jobs_roles);
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_is_sent_arrives),
		T(what_is_sent_is_bounded),
		T(nothing_is_sent_to_a_file),
		T(a_stop_does_not_wait_for_the_other_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
