/* SPDX-License-Identifier: Apache-2.0
 * A ring of four buffers. The producer fills the one at `head`, the consumer empties the one at
 * `tail`; counts are guarded by one mutex, buffers belong to whoever the counts say. Memory is
 * fixed. */
#include "feeds/read/pipe.h"

#include <pthread.h>

#define SLOTS 4u
#define SLOT_BYTES (256u << 10)

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct unpack *from;
	char *bytes[SLOTS];
	size_t len[SLOTS];
	uint64_t head, tail; /* filled, emptied */
	bool ended;	     /* the producer is done (at the end, or failed) */
	bool failed;
	bool stop; /* the consumer gave up */
	struct err e;
};

/* Waits for a free slot; false when the consumer gave up. */
static bool wait_free(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->stop && r->head - r->tail == SLOTS)
		pthread_cond_wait(&r->moved, &r->lock);
	bool go = !r->stop;
	pthread_mutex_unlock(&r->lock);
	return go;
}

static void *produce(void *arg)
{
	struct ring *r = arg;
	struct err e = { 0 };
	bool good = true;
	size_t got = 1;
	while (good && got && wait_free(r)) {
		uint32_t slot = r->head % SLOTS;
		good = unpack_read(r->from, r->bytes[slot], SLOT_BYTES, &got, &e);
		if (!good || !got)
			break;
		pthread_mutex_lock(&r->lock);
		r->len[slot] = got;
		r->head++;
		pthread_cond_signal(&r->moved);
		pthread_mutex_unlock(&r->lock);
	}
	pthread_mutex_lock(&r->lock);
	r->ended = true;
	r->failed = !good;
	r->e = e;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* The next filled slot in *slot_out; false at the end. */
static bool wait_filled(struct ring *r, uint32_t *slot_out)
{
	pthread_mutex_lock(&r->lock);
	while (!r->ended && r->head == r->tail)
		pthread_cond_wait(&r->moved, &r->lock);
	bool more = r->head != r->tail;
	*slot_out = r->tail % SLOTS;
	pthread_mutex_unlock(&r->lock);
	return more;
}

static void give_back(struct ring *r, bool stop)
{
	pthread_mutex_lock(&r->lock);
	r->tail++;
	r->stop = stop;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

static bool consume_all(struct ring *r, pipe_consumer consume, void *arg, struct err *e)
{
	uint32_t slot;
	while (wait_filled(r, &slot)) {
		bool good = consume(arg, (struct str) { r->bytes[slot], r->len[slot] }, e);
		give_back(r, !good);
		if (!good)
			return false;
	}
	return true;
}

bool pipe_run(struct unpack *u, pipe_consumer consume, void *arg, struct err *e)
{
	struct ring r = { .from = u };
	pthread_t thread;
	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.moved, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		r.bytes[i] = xmalloc(SLOT_BYTES);
	int rc = pthread_create(&thread, NULL, produce, &r);
	bool good = rc == 0 ? consume_all(&r, consume, arg, e)
			    : err_sys(e, rc, "thread cannot be started");
	if (rc == 0)
		pthread_join(thread, NULL);
	if (good && r.failed) {
		good = false;
		if (e)
			*e = r.e;
	}
	for (size_t i = 0; i < SLOTS; i++)
		xfree(r.bytes[i]);
	pthread_cond_destroy(&r.moved);
	pthread_mutex_destroy(&r.lock);
	return good;
}
