/* SPDX-License-Identifier: Apache-2.0
 * Long-lived replies. A stream has two holders: its owner, until http_stream_close(), and its
 * connection, until that ends. Invariants: `mhd` is used only under the lock and is NULL once the
 * connection has ended; `suspended` is true exactly when libmicrohttpd sleeps on it and nobody has
 * woken it; after `cut` it is never suspended again. */
#include "net/server_int.h"

#define MAX_QUEUED ((size_t)256 << 10)

struct http_stream {
	pthread_mutex_t lock;
	pthread_cond_t gone_returned;
	struct http_server *server;
	struct MHD_Connection *mhd;
	bool suspended, closing, cut;
	struct buf queue;
	size_t sent; /* of the queue */
	void (*gone)(void *arg);
	void *arg;
	bool gone_running;
	pthread_t gone_thread;
	int holders;
};

/* With the lock held. */
static void wake(struct http_stream *s)
{
	if (!s->suspended || !s->mhd)
		return;
	s->suspended = false;
	MHD_resume_connection(s->mhd);
}

/* Drops one holder's part and the lock. */
static void release(struct http_stream *s)
{
	bool last = --s->holders == 0;
	pthread_mutex_unlock(&s->lock);
	if (!last)
		return;
	buf_done(&s->queue);
	pthread_cond_destroy(&s->gone_returned);
	pthread_mutex_destroy(&s->lock);
	xfree(s);
}

/* libmicrohttpd asks for bytes, on the connection's pool thread. */
static ssize_t read_stream(void *arg, uint64_t pos, char *out, size_t max)
{
	struct http_stream *s = arg;
	ssize_t n = 0;
	pthread_mutex_lock(&s->lock);
	size_t left = s->queue.n - s->sent;
	if (s->cut || atomic_load(&s->server->stopping)) {
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (left) {
		size_t take = MIN(max, left);
		memcpy(out, s->queue.p + s->sent, take);
		s->sent += take;
		n = (ssize_t)take;
		if (s->sent == s->queue.n) {
			buf_done(&s->queue); /* an idle stream keeps no memory */
			s->queue = BUF_INIT(2 * MAX_QUEUED);
			s->sent = 0;
		}
	} else if (s->closing) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		s->suspended = true;
		MHD_suspend_connection(s->mhd);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

struct http_stream *http_reply_stream(struct http_req *r, int status, const char *content_type,
				      void (*gone)(void *arg), void *arg)
{
	ASSERT(!r->replied);
	struct http_stream *s = xcalloc(1, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->gone_returned, NULL);
	s->server = r->server;
	s->mhd = r->mhd;
	s->queue = BUF_INIT(2 * MAX_QUEUED);
	s->gone = gone;
	s->arg = arg;
	s->holders = 2;
	r->replied = true;
	r->status = status;
	r->stream = s;
	r->reply_size = -1;
	http_reply_header(r, "Content-Type", content_type);
	http_reply_header(r, "Cache-Control", "no-store");
	r->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64, read_stream, s, NULL);
	ASSERT(r->response);
	pthread_mutex_lock(&r->server->lock);
	r->conn->stream = s;
	pthread_mutex_unlock(&r->server->lock);
	server_tls_forget_client(r->conn); /* it may be long until somebody asks again */
	server_watch_peer(r->conn);
	return s;
}

bool http_stream_write(struct http_stream *s, struct str bytes)
{
	bool fits = true;
	pthread_mutex_lock(&s->lock);
	if (s->mhd && !s->cut && !s->closing) {
		fits = bytes.n <= MAX_QUEUED && s->queue.n - s->sent <= MAX_QUEUED - bytes.n;
		if (fits && s->sent && s->queue.n + bytes.n > MAX_QUEUED) {
			memmove(s->queue.p, s->queue.p + s->sent, s->queue.n - s->sent);
			s->queue.n -= s->sent;
			s->sent = 0;
		}
		if (fits && bytes.n) {
			buf_addstr(&s->queue, bytes);
			wake(s);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return fits;
}

void server_stream_cut(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->cut = true;
	wake(s);
	pthread_mutex_unlock(&s->lock);
}

void server_stream_ended(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->mhd = NULL;
	s->suspended = false;
	buf_done(&s->queue);
	s->queue = BUF_INIT(1);
	s->sent = 0;
	if (!s->closing && s->gone) {
		s->gone_running = true;
		s->gone_thread = pthread_self();
		pthread_mutex_unlock(&s->lock);
		s->gone(s->arg);
		pthread_mutex_lock(&s->lock);
		s->gone_running = false;
		pthread_cond_broadcast(&s->gone_returned);
	}
	release(s);
}

void http_stream_close(struct http_stream *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	wake(s);
	while (s->gone_running && !pthread_equal(s->gone_thread, pthread_self()))
		pthread_cond_wait(&s->gone_returned, &s->lock);
	release(s);
}
