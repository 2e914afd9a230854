/* SPDX-License-Identifier: Apache-2.0
 * The lane of those requests that may take long (a durable write, an evaluation): a bounded queue
 * and the threads that work it, so that the pool's threads never wait for a disk and many writers
 * share one commit. A request goes there by http_req_defer(); its connection sleeps meanwhile.
 * Invariants: a place is taken before a request is promised one; after server_lane_stop() no
 * connection sleeps here and none is sent here any more. */
#include "net/server_int.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void server_be_nice(const struct http_server *s)
{
	static _Thread_local bool done;
	if (done || !s->conf.niceness)
		return;
	done = true;
	/* this thread only; not being allowed to is no trouble */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), s->conf.niceness);
}

enum http_defer http_req_defer(struct http_req *r)
{
	struct lane *l = &r->server->lane;
	ASSERT(!r->replied);
	if (r->deferred || !r->server->conf.workers)
		return HTTP_DEFER_HERE;
	int before = atomic_fetch_add(&l->waiting, 1);
	if (before >= (int)r->server->conf.max_deferred || atomic_load(&r->server->stopping)) {
		atomic_fetch_sub(&l->waiting, 1);
		atomic_fetch_add(&l->refused, 1);
		return HTTP_DEFER_BUSY;
	}
	r->deferred = true;
	return HTTP_DEFER_LATER;
}

bool http_req_deferred(const struct http_req *r)
{
	return r->deferred;
}

void server_lane_put(struct http_req *r)
{
	struct lane *l = &r->server->lane;
	MHD_suspend_connection(r->mhd);
	pthread_mutex_lock(&l->lock);
	*l->last = r;
	l->last = &r->next;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->lock);
}

static struct http_req *take(struct lane *l)
{
	pthread_mutex_lock(&l->lock);
	while (!l->first && !l->stop)
		pthread_cond_wait(&l->work, &l->lock);
	struct http_req *r = l->first;
	if (r) {
		l->first = r->next;
		if (!l->first)
			l->last = &l->first;
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

static void *work(void *arg)
{
	struct http_server *s = arg;
	struct http_req *r;
	server_be_nice(s);
	while ((r = take(&s->lane))) {
		s->conf.handler(s->conf.arg, r);
		ASSERT(r->replied);
		atomic_fetch_sub(&s->lane.waiting, 1);
		MHD_resume_connection(r->mhd); /* from here on `r` is the pool's */
	}
	return NULL;
}

bool server_lane_start(struct http_server *s, struct err *e)
{
	struct lane *l = &s->lane;
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	l->threads = xcalloc(s->conf.workers + 1, sizeof(*l->threads));
	for (unsigned i = 0; i < s->conf.workers; i++) {
		int rc = pthread_create(&l->threads[i], NULL, work, s);
		if (rc != 0)
			return err_sys(e, rc, "cannot start a thread");
		l->n_threads++;
	}
	return true;
}

void server_lane_stop(struct http_server *s)
{
	struct lane *l = &s->lane;
	if (!l->threads)
		return;
	/* `stopping` is set: nobody is promised a place any more; those who were come soon */
	while (atomic_load(&l->waiting) > 0)
		usleep(1000);
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->n_threads; i++)
		pthread_join(l->threads[i], NULL);
	xfree(l->threads);
	l->threads = NULL;
	l->n_threads = 0;
	pthread_cond_destroy(&l->work);
	pthread_mutex_destroy(&l->lock);
}
