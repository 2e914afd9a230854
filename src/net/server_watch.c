/* SPDX-License-Identifier: Apache-2.0
 * One thread beside the pool. It wakes connections that sleep in their handshake (server_tls.c),
 * ends connections that are too slow (libmicrohttpd only knows silence, and a byte now and then is
 * not silence), and notices peers that go while their stream is suspended (libmicrohttpd does not
 * look at suspended connections). It never reads, writes or closes a socket: it shuts it down or
 * wakes its connection, and the pool thread does the rest.
 *
 * A conn that was ever in the epoll set is freed by this thread only, between two rounds: an event
 * that was already fetched may still point to it. */
#include "base/clock.h"
#include "net/server_int.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 1000
#define EVENTS 64

static void conn_free(struct conn *c)
{
	server_tls_forget_client(c);
	xfree(c);
}

void server_conn_new(struct http_server *s, struct conn *c)
{
	pthread_mutex_lock(&s->lock);
	c->server = s;
	c->next = s->conns;
	if (s->conns)
		s->conns->prev = c;
	s->conns = c;
	pthread_mutex_unlock(&s->lock);
}

void server_conn_closed(struct conn *c)
{
	struct http_server *s = c->server;
	pthread_mutex_lock(&s->lock);
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	c->closed = true;
	bool grave = c->watched;
	if (grave) {
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
		c->next = s->graves;
		s->graves = c;
	}
	pthread_mutex_unlock(&s->lock);
	if (!grave)
		conn_free(c);
}

void server_watch_deadline(struct conn *c, int64_t from_now_ms)
{
	atomic_store_explicit(&c->deadline_ms, from_now_ms ? clock_mono_ms() + from_now_ms : 0,
			      memory_order_relaxed);
}

/* With the lock held. One event, then silence until asked again. */
static void watch_fd(struct conn *c, uint32_t events)
{
	struct epoll_event ev = { .events = events | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c };
	epoll_ctl(c->server->epoll_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &ev);
	c->watched = true;
}

void server_watch_peer(struct conn *c)
{
	pthread_mutex_lock(&c->server->lock);
	watch_fd(c, 0);
	pthread_mutex_unlock(&c->server->lock);
}

void server_watch_wait(struct conn *c, uint32_t events)
{
	struct http_server *s = c->server;
	pthread_mutex_lock(&s->lock);
	if (!c->waiting && !atomic_load(&s->stopping)) {
		c->waiting = true;
		MHD_suspend_connection(c->mhd);
		watch_fd(c, events);
	}
	pthread_mutex_unlock(&s->lock);
}

/* With the lock held. */
static void wake(struct conn *c)
{
	if (!c->waiting)
		return;
	c->waiting = false;
	MHD_resume_connection(c->mhd);
}

void server_watch_wake_all(struct http_server *s)
{
	for (struct conn *c = s->conns; c; c = c->next)
		wake(c);
}

static void end_slow_ones(struct http_server *s)
{
	int64_t now = clock_mono_ms();
	for (struct conn *c = s->conns; c; c = c->next) {
		int64_t deadline = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);
		if (deadline && now > deadline)
			shutdown(c->fd, SHUT_RDWR);
	}
}

static void free_all(struct conn *graves)
{
	while (graves) {
		struct conn *next = graves->next;
		conn_free(graves);
		graves = next;
	}
}

static void *watch(void *arg)
{
	struct http_server *s = arg;
	int64_t next_tick = clock_mono_ms() + TICK_MS;
	while (!atomic_load(&s->stopping)) {
		struct epoll_event ev[EVENTS];
		int64_t wait = MAX(next_tick - clock_mono_ms(), 0);
		int n = epoll_wait(s->epoll_fd, ev, EVENTS, (int)wait);
		pthread_mutex_lock(&s->lock);
		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;
			if (c && !c->closed && c->stream)
				server_stream_cut(c->stream);
			else if (c && !c->closed)
				wake(c);
		}
		struct conn *graves = s->graves;
		s->graves = NULL;
		if (clock_mono_ms() >= next_tick) {
			end_slow_ones(s);
			next_tick = clock_mono_ms() + TICK_MS;
		}
		pthread_mutex_unlock(&s->lock);
		free_all(graves);
	}
	return NULL;
}

bool server_watch_start(struct http_server *s, struct err *e)
{
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event ev = { .events = EPOLLIN };
	if (s->epoll_fd < 0 || s->wake_fd < 0 ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->wake_fd, &ev) != 0)
		return err_sys(e, errno, "cannot watch connections");
	int rc = pthread_create(&s->watcher, NULL, watch, s);
	return rc == 0 ? true : err_sys(e, rc, "cannot start a thread");
}

/* `stopping` is set already. The descriptors stay: connections may still be closing. */
void server_watch_stop(struct http_server *s)
{
	uint64_t one = 1;
	ssize_t ignored UNUSED = write(s->wake_fd, &one, sizeof(one));
	pthread_join(s->watcher, NULL);
}

void server_watch_reap(struct http_server *s)
{
	free_all(s->graves);
	s->graves = NULL;
}
