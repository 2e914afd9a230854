/* SPDX-License-Identifier: Apache-2.0
 * The registry. Handles are closed and the fleet is told by the registry's own thread, which holds
 * no lock then: neither a peer nor the fleet's lock can hold up whoever wakes a host. A
 * connection's record is reused but never freed while the registry lives, so a late gone() finds a
 * record; if that record serves another host by then, that host merely reconnects. */
#include "api/push.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/vec.h"

#include <pthread.h>
#include <time.h>

#define PING_MS 60000
#define LOOK_MS 1000
/* Many hosts are told to come at this pace, so that the server does not storm itself: a thousand a
 * second. So few as one slice are told at once. */
#define WAKE_SLICE 100
#define WAKE_EVERY_MS 100
#define NO_HOST UINT32_MAX

struct line {
	struct push *push;
	struct http_stream *out; /* NULL = this record is free */
	uint32_t host;
	int64_t next_ping_ms;
	bool gone, come; /* `come`: waits in the queue of those to be told */
};
struct push {
	struct fleet *fleet;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	int64_t next_look_ms;
	VEC(struct line *) lines;
	VEC(struct line *) free_lines;
	VEC(struct line *) by_host;	   /* NULL = not connected */
	VEC(struct http_stream *) closing; /* thread only */
	VEC(uint32_t) changed;		   /* hosts whose online state must be told */
	VEC(uint32_t) called;		   /* hosts to be told to come, from `called_at` on */
	size_t called_at;
	int64_t next_call_ms;
};

/* --- lock held --- */

static void send_word(struct line *l, const char *word)
{
	if (!l->gone && !http_stream_write(l->out, str_of(word)))
		l->gone = true;
}

/* The record leaves its host; the thread closes the handle. */
static void release(struct push *p, struct line *l)
{
	if (p->by_host.p[l->host] == l) {
		p->by_host.p[l->host] = NULL;
		VEC_PUSH(&p->changed, l->host);
	}
	VEC_PUSH(&p->closing, l->out);
	l->out = NULL;
	l->host = NO_HOST;
	VEC_PUSH(&p->free_lines, l);
}

/* Once a second: pings what is due, releases what has gone. */
static void look(struct push *p, int64_t now_ms)
{
	if (now_ms < p->next_look_ms)
		return;
	p->next_look_ms = now_ms + LOOK_MS;
	for (size_t i = 0; i < p->lines.n; i++) {
		struct line *l = p->lines.p[i];
		if (!l->out)
			continue;
		if (!l->gone && now_ms >= l->next_ping_ms) {
			send_word(l, "ping\n");
			l->next_ping_ms = now_ms + PING_MS;
		}
		if (l->gone)
			release(p, l);
	}
}

/* The next slice of those that were called; when to go on. */
static int64_t call(struct push *p, int64_t now_ms)
{
	if (p->called_at == p->called.n)
		return p->next_look_ms;
	if (now_ms < p->next_call_ms)
		return p->next_call_ms;
	size_t end = MIN(p->called_at + WAKE_SLICE, p->called.n);
	for (; p->called_at < end; p->called_at++) {
		struct line *l = p->by_host.p[p->called.p[p->called_at]];
		if (!l || !l->come)
			continue;
		l->come = false;
		send_word(l, "checkin\n");
	}
	if (p->called_at == p->called.n)
		p->called.n = p->called_at = 0;
	return p->next_call_ms = now_ms + WAKE_EVERY_MS;
}

static struct line *free_line(struct push *p)
{
	if (p->free_lines.n)
		return p->free_lines.p[--p->free_lines.n];
	struct line *l = xcalloc(1, sizeof(*l));
	VEC_PUSH(&p->lines, l);
	return l;
}

static struct line *line_of(struct push *p, uint32_t host)
{
	return host < p->by_host.n ? p->by_host.p[host] : NULL;
}

/* --- the thread --- */

/* Closes handles and tells the fleet, without the lock. Only this thread tells, so the last word
 * about a host is always the present one. */
static void settle(struct push *p)
{
	while (p->closing.n || p->changed.n) {
		struct http_stream *out = p->closing.n ? p->closing.p[--p->closing.n] : NULL;
		uint32_t host = p->changed.n ? p->changed.p[--p->changed.n] : NO_HOST;
		bool online = host != NO_HOST && line_of(p, host);
		pthread_mutex_unlock(&p->lock);
		if (out)
			http_stream_close(out);
		if (host != NO_HOST)
			fleet_set_online(p->fleet, host, online);
		pthread_mutex_lock(&p->lock);
	}
}

static void *push_thread(void *arg)
{
	struct push *p = arg;
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		look(p, clock_mono_ms());
		if (p->closing.n || p->changed.n) {
			settle(p);
			continue;
		}
		int64_t until = MIN(call(p, clock_mono_ms()), p->next_look_ms);
		struct timespec ts = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };
		pthread_cond_timedwait(&p->wake, &p->lock, &ts);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* --- the contract --- */

struct push *push_new(struct fleet *f)
{
	struct push *p = xcalloc(1, sizeof(*p));
	pthread_condattr_t attr;
	p->fleet = f;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	int rc = pthread_create(&p->thread, NULL, push_thread, p);
	ASSERT(rc == 0);
	return p;
}

void push_free(struct push *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	for (size_t i = 0; i < p->lines.n; i++) {
		if (p->lines.p[i]->out)
			http_stream_close(p->lines.p[i]->out);
		xfree(p->lines.p[i]);
	}
	while (p->closing.n)
		http_stream_close(p->closing.p[--p->closing.n]);
	VEC_DONE(&p->lines);
	VEC_DONE(&p->free_lines);
	VEC_DONE(&p->by_host);
	VEC_DONE(&p->closing);
	VEC_DONE(&p->changed);
	VEC_DONE(&p->called);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	xfree(p);
}

static void line_gone(void *arg)
{
	struct line *l = arg;
	struct push *p = l->push;
	pthread_mutex_lock(&p->lock);
	l->gone = true; /* the next look releases it */
	pthread_mutex_unlock(&p->lock);
}

void push_attach(struct push *p, struct http_req *r, uint32_t host)
{
	pthread_mutex_lock(&p->lock);
	while (p->by_host.n <= host)
		VEC_PUSH(&p->by_host, NULL);
	if (p->by_host.p[host])
		release(p, p->by_host.p[host]);
	struct line *l = free_line(p);
	/* The first ping at a random moment, so that pings of many connections spread. */
	*l = (struct line) { .push = p,
			     .host = host,
			     .next_ping_ms = clock_mono_ms() + 1 + (int64_t)random_below(PING_MS) };
	l->out = http_reply_stream(r, 200, "text/plain", line_gone, l);
	p->by_host.p[host] = l;
	VEC_PUSH(&p->changed, host);
	send_word(l, "hello\n");
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

bool push_wake(struct push *p, uint32_t host)
{
	pthread_mutex_lock(&p->lock);
	struct line *l = line_of(p, host);
	bool connected = l && !l->gone;
	if (connected)
		send_word(l, "checkin\n");
	pthread_mutex_unlock(&p->lock);
	return connected;
}

size_t push_wake_many(struct push *p, const uint32_t *hosts, size_t n)
{
	size_t connected = 0;
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < n; i++) {
		struct line *l = line_of(p, hosts[i]);
		if (!l || l->gone)
			continue;
		connected++;
		if (n <= WAKE_SLICE) {
			send_word(l, "checkin\n");
		} else if (!l->come) {
			l->come = true;
			VEC_PUSH(&p->called, hosts[i]);
		}
	}
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	return connected;
}

void push_drop(struct push *p, uint32_t host)
{
	pthread_mutex_lock(&p->lock);
	struct line *l = line_of(p, host);
	if (l) {
		release(p, l);
		pthread_cond_signal(&p->wake);
	}
	pthread_mutex_unlock(&p->lock);
}
