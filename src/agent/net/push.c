/* SPDX-License-Identifier: Apache-2.0
 * The push connection. Invariant: whatever comes in on it can at most cause a check-in. */
#include "agent/net/push.h"
#include "agent/net/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define DAY_S 86400
#define STEADY_MS 60000 /* a connection that stood so long was a good one */

struct push {
	struct agent_paths paths;
	void (*wake)(void *arg);
	void *arg;
	struct push_words words;
	bool lost;	       /* a connection was lost before this one */
	int64_t retry_after_s; /* what the server said when it refused the last one */
};
static atomic_bool connected;

bool push_connected(void)
{
	return atomic_load(&connected);
}

enum push_word push_next(struct push_words *w, struct str *rest)
{
	static const struct {
		const char *text;
		enum push_word word;
	} known[] = { { "hello", PUSH_HELLO }, { "checkin", PUSH_CHECKIN }, { "ping", PUSH_PING } };
	while (rest->n) {
		char c = *rest->p++;
		rest->n--;
		if (c != '\n') {
			if (w->n < sizeof(w->line))
				w->line[w->n++] = c;
			else
				w->too_long = true;
			continue;
		}
		struct str line = str_trim((struct str) { w->line, w->n });
		bool whole = !w->too_long;
		w->n = 0;
		w->too_long = false;
		for (size_t i = 0; whole && i < ARRAY_LEN(known); i++) {
			if (str_is(line, known[i].text))
				return known[i].word;
		}
	}
	return PUSH_NONE;
}

static bool sink(void *arg, struct str bytes, struct err *e)
{
	struct push *p = arg;
	enum push_word word;
	bool come = false;
	while ((word = push_next(&p->words, &bytes)) != PUSH_NONE) {
		if (word == PUSH_HELLO) {
			atomic_store(&connected, true);
			pages_give_back(); /* what the handshake needed; now it is quiet */
			come |= p->lost;
		}
		come |= word == PUSH_CHECKIN;
	}
	if (come)
		p->wake(p->arg);
	return true;
}

static bool hold(struct push *p, struct err *e)
{
	AUTO(server_done) struct server s = { 0 };
	struct http_response resp = { 0 };
	p->retry_after_s = 0;
	if (!server_open(&p->paths, &s, e))
		return false;
	AUTO(xfree) char *url = xasprintf("%s/agent/v1/push", s.base);
	const struct http_request r = { .url = url,
					.max_response = INT64_MAX / 2,
					.timeout_s = DAY_S,
					.connect_timeout_s = 20,
					.min_rate = -1,
					.max_silence_s = PUSH_SILENCE_S };
	p->words = (struct push_words) { 0 };
	if (!http_fetch_stream(s.http, &r, &resp, sink, p, e)) {
		/* One that stood is tried again first: its server may only have been restarted. */
		if (!push_connected())
			server_move_on(&s);
		return false;
	}
	p->retry_after_s = resp.retry_after_s;
	if (resp.status / 100 != 2)
		return server_problem(&s, &resp, (struct str) { "", 0 }, e);
	return err_set(e, ERR_UNAVAILABLE, "the server ended it");
}

int64_t push_next_ms(int64_t limit_s, int64_t retry_after_s, uint64_t random)
{
	int64_t told = MIN(MAX(retry_after_s, 0), 3600) * 1000;
	return told + 100 + (int64_t)(random % (uint64_t)(limit_s * 1000 + told / 4));
}

static void *push_thread(void *arg)
{
	struct push *p = arg;
	int64_t limit_s = 1;
	for (;;) {
		struct err e = { 0 };
		int64_t since = clock_mono_ms();
		(void)hold(p, &e);
		bool was = atomic_exchange(&connected, false);
		p->lost |= was;
		if (was && clock_mono_ms() - since > STEADY_MS)
			limit_s = 1;
		int64_t ms = push_next_ms(limit_s, p->retry_after_s, random_u64());
		log_debug("push connection: %s; again in %lld ms", e.msg, (long long)ms);
		struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
		nanosleep(&t, NULL);
		limit_s = MIN(limit_s * 2, PUSH_BACK_OFF_S);
	}
	return NULL;
}

bool push_start(const struct agent_paths *p, void (*wake)(void *arg), void *arg, struct err *e)
{
	struct push *push = xcalloc(1, sizeof(*push));
	pthread_t thread;
	*push = (struct push) { .paths = *p, .wake = wake, .arg = arg };
	int rc = pthread_create(&thread, NULL, push_thread, push);
	if (rc != 0) {
		xfree(push);
		return err_sys(e, rc, "cannot start a thread");
	}
	pthread_detach(thread);
	return true;
}
