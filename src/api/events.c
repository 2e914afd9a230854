/* SPDX-License-Identifier: Apache-2.0
 * The hub. One thread turns what was published into events: per topic at most one each 500 ms, the
 * first at once. Everything is under one lock; writing to a stream only queues bytes, so no slow
 * reader holds anybody up: a reader whose queue is full is dropped and resumes by Last-Event-ID.
 * Handles are closed without the lock, and a stream's record is reused but never freed while the
 * hub lives: a late gone() finds a record, and at worst makes one reader come back. */
#include "api/events.h"

#include "base/clock.h"
#include "base/vec.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define RING 1024
#define MAX_STREAMS 2000
#define GAP_MS 500
#define HEARTBEAT_MS 15000
#define STREAM_LIFE_MS                                                                             \
	(10 * 60 * 1000) /* then the browser comes back, and its session is looked at again */
#define ID_MAX 64
#define EVENT_MAX (16u << 10)

struct stream {
	struct events *hub;
	struct http_stream *out; /* NULL = this record is free */
	unsigned mask;
	int64_t born_ms;
	bool gone, dropped;
};
struct pending {
	bool any, more;
	char ids[EVENT_MAX_IDS][ID_MAX + 1];
	size_t n_ids;
	struct event_counter counters[EVENT_MAX_COUNTERS];
	size_t n_counters;
	int64_t last_ms;
};
struct past {
	int64_t id;
	enum event_topic topic;
	char *text;
};
struct events {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	struct pending topics[EVENT_TOPICS_];
	struct past ring[RING]; /* event `id` is at id % RING */
	int64_t next_id, first_id;
	int64_t beat_ms;
	VEC(struct stream *) streams;	   /* records, used and free */
	VEC(struct http_stream *) closing; /* hub thread only */
	size_t open;
};

static const char *const topic_names[EVENT_TOPICS_] = {
	[EVENT_FLEET] = "fleet",
	[EVENT_PATCHES] = "patches",
	[EVENT_SYSTEMS] = "systems",
	[EVENT_DEPLOYMENTS] = "deployments",
	[EVENT_JOBS] = "jobs",
	[EVENT_FEEDS] = "feeds",
	[EVENT_ADMINISTRATION] = "administration",
};

const char *event_topic_name(enum event_topic t)
{
	ASSERT(t < EVENT_TOPICS_);
	return topic_names[t];
}

/* --- under the lock --- */

static void send_text(struct stream *s, const char *text)
{
	if (s->out && !s->gone && !s->dropped && !http_stream_write(s->out, str_of(text)))
		s->dropped = true;
}

/* Streams that have gone, lag or are old leave the list: their handles are to be closed. */
static void sweep(struct events *ev, int64_t now_ms)
{
	for (size_t i = 0; i < ev->streams.n; i++) {
		struct stream *s = ev->streams.p[i];
		if (!s->out || (!s->gone && !s->dropped && now_ms - s->born_ms < STREAM_LIFE_MS))
			continue;
		VEC_PUSH(&ev->closing, s->out);
		s->out = NULL;
		ev->open--;
	}
}

/* Ids come from this product (hex digits, patch ids): they are quoted as JSON all the same. */
static void add_json_text(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(b, '\\');
		if ((unsigned char)*s >= 0x20)
			buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

static char *event_text(int64_t id, enum event_topic t, const struct pending *p)
{
	AUTO(buf_done) struct buf b = BUF_INIT(EVENT_MAX);
	buf_printf(&b, "id: %lld\nevent: %s\ndata: {\"topic\":\"%s\"", (long long)id,
		   topic_names[t], topic_names[t]);
	if (!p->more && p->n_ids) {
		buf_adds(&b, ",\"ids\":[");
		for (size_t i = 0; i < p->n_ids; i++) {
			buf_adds(&b, i ? "," : "");
			add_json_text(&b, p->ids[i]);
		}
		buf_adds(&b, "]");
	}
	if (p->more)
		buf_adds(&b, ",\"more\":true");
	if (p->n_counters) {
		buf_adds(&b, ",\"counters\":{");
		for (size_t i = 0; i < p->n_counters; i++)
			buf_printf(&b, "%s\"%s\":%lld", i ? "," : "", p->counters[i].name,
				   (long long)p->counters[i].value);
		buf_adds(&b, "}");
	}
	buf_adds(&b, "}\n\n");
	ASSERT(!b.overflowed);
	return buf_take(&b);
}

static void emit(struct events *ev, enum event_topic t, int64_t now_ms)
{
	struct pending *p = &ev->topics[t];
	struct past *slot = &ev->ring[ev->next_id % RING];
	if (slot->text)
		ev->first_id = slot->id + 1;
	xfree(slot->text);
	*slot = (struct past) { ev->next_id, t, event_text(ev->next_id, t, p) };
	ev->next_id++;
	for (size_t i = 0; i < ev->streams.n; i++)
		if (ev->streams.p[i]->mask >> t & 1)
			send_text(ev->streams.p[i], slot->text);
	*p = (struct pending) { .last_ms = now_ms };
}

/* Sends what is due; returns when to look again (monotonic). */
static int64_t work(struct events *ev, int64_t now_ms)
{
	int64_t next_ms = ev->beat_ms + HEARTBEAT_MS;
	for (int t = 0; t < EVENT_TOPICS_; t++) {
		struct pending *p = &ev->topics[t];
		if (!p->any)
			continue;
		if (now_ms >= p->last_ms + GAP_MS)
			emit(ev, (enum event_topic)t, now_ms);
		else
			next_ms = MIN(next_ms, p->last_ms + GAP_MS);
	}
	if (now_ms >= ev->beat_ms + HEARTBEAT_MS) {
		ev->beat_ms = now_ms;
		next_ms = MIN(next_ms, now_ms + HEARTBEAT_MS);
		for (size_t i = 0; i < ev->streams.n; i++)
			send_text(ev->streams.p[i], ": beat\n\n");
	}
	sweep(ev, now_ms);
	return next_ms;
}

static void *hub_thread(void *arg)
{
	struct events *ev = arg;
	pthread_mutex_lock(&ev->lock);
	while (!ev->stop) {
		int64_t until_ms = work(ev, clock_mono_ms());
		if (ev->closing.n > 0) {
			pthread_mutex_unlock(&ev->lock);
			while (ev->closing.n > 0)
				http_stream_close(ev->closing.p[--ev->closing.n]);
			pthread_mutex_lock(&ev->lock);
			continue; /* what was published meanwhile */
		}
		struct timespec ts = { .tv_sec = until_ms / 1000,
				       .tv_nsec = until_ms % 1000 * 1000000 };
		pthread_cond_timedwait(&ev->wake, &ev->lock, &ts);
	}
	pthread_mutex_unlock(&ev->lock);
	return NULL;
}

/* --- the contract --- */

struct events *events_new(void)
{
	struct events *ev = xcalloc(1, sizeof(*ev));
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&ev->lock, NULL);
	pthread_cond_init(&ev->wake, &attr);
	pthread_condattr_destroy(&attr);
	/* Ids go on rising over a restart, so an old Last-Event-ID is seen to be old. */
	ev->next_id = ev->first_id = clock_wall_ms() * 1000;
	ev->beat_ms = clock_mono_ms();
	for (int t = 0; t < EVENT_TOPICS_; t++)
		ev->topics[t].last_ms = INT64_MIN / 2;
	int rc = pthread_create(&ev->thread, NULL, hub_thread, ev);
	ASSERT(rc == 0);
	return ev;
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	pthread_mutex_lock(&ev->lock);
	ev->stop = true;
	pthread_cond_signal(&ev->wake);
	pthread_mutex_unlock(&ev->lock);
	pthread_join(ev->thread, NULL);
	for (size_t i = 0; i < ev->streams.n; i++) {
		if (ev->streams.p[i]->out)
			http_stream_close(ev->streams.p[i]->out);
		xfree(ev->streams.p[i]);
	}
	VEC_DONE(&ev->streams);
	VEC_DONE(&ev->closing);
	for (size_t i = 0; i < RING; i++)
		xfree(ev->ring[i].text);
	pthread_cond_destroy(&ev->wake);
	pthread_mutex_destroy(&ev->lock);
	xfree(ev);
}

static void note_id(struct pending *p, const char *id)
{
	if (p->more)
		return;
	for (size_t i = 0; id && i < p->n_ids; i++)
		if (strcmp(p->ids[i], id) == 0)
			return;
	if (!id || strlen(id) > ID_MAX || p->n_ids == EVENT_MAX_IDS) {
		p->more = true;
		return;
	}
	memcpy(p->ids[p->n_ids++], id, strlen(id) + 1);
}

static void note_counter(struct pending *p, const struct event_counter *c)
{
	size_t i = 0;
	while (i < p->n_counters && strcmp(p->counters[i].name, c->name) != 0)
		i++;
	ASSERT(i < EVENT_MAX_COUNTERS);
	p->counters[i] = *c;
	if (i == p->n_counters)
		p->n_counters++;
}

void events_publish(struct events *ev, enum event_topic t, const char *id,
		    const struct event_counter *counters, size_t n)
{
	pthread_mutex_lock(&ev->lock);
	struct pending *p = &ev->topics[t];
	bool first = !p->any;
	p->any = true;
	note_id(p, id);
	for (size_t i = 0; i < n; i++)
		note_counter(p, &counters[i]);
	if (first)
		pthread_cond_signal(&ev->wake);
	pthread_mutex_unlock(&ev->lock);
}

static void stream_gone(void *arg)
{
	struct stream *s = arg;
	struct events *ev = s->hub;
	pthread_mutex_lock(&ev->lock);
	s->gone = true; /* the hub's thread closes it with its next sweep */
	pthread_cond_signal(&ev->wake);
	pthread_mutex_unlock(&ev->lock);
}

/* What a reader missed, or the word that it must read again. */
static void resume(struct events *ev, struct stream *s, const char *last_event_id)
{
	int64_t last;
	if (!last_event_id)
		return;
	if (!str_to_i64(str_of(last_event_id), &last) || last < ev->first_id - 1 ||
	    last >= ev->next_id) {
		AUTO(xfree)
		char *text = xasprintf("id: %lld\nevent: resync\ndata: {}\n\n",
				       (long long)ev->next_id - 1);
		send_text(s, text);
		return;
	}
	for (int64_t id = last + 1; id < ev->next_id; id++)
		if (s->mask >> ev->ring[id % RING].topic & 1)
			send_text(s, ev->ring[id % RING].text);
}

static struct stream *free_record(struct events *ev)
{
	for (size_t i = 0; i < ev->streams.n; i++)
		if (!ev->streams.p[i]->out)
			return ev->streams.p[i];
	struct stream *s = xcalloc(1, sizeof(*s));
	VEC_PUSH(&ev->streams, s);
	return s;
}

bool events_attach(struct events *ev, struct http_req *r, unsigned mask, const char *last_event_id)
{
	pthread_mutex_lock(&ev->lock);
	bool room = ev->open < MAX_STREAMS;
	if (room) {
		struct stream *s = free_record(ev);
		*s = (struct stream) { .hub = ev, .mask = mask, .born_ms = clock_mono_ms() };
		s->out = http_reply_stream(r, 200, "text/event-stream", stream_gone, s);
		ev->open++;
		send_text(s, "retry: 1000\n\n");
		resume(ev, s, last_event_id);
	}
	pthread_mutex_unlock(&ev->lock);
	return room;
}

size_t events_streams(struct events *ev)
{
	pthread_mutex_lock(&ev->lock);
	size_t n = ev->open;
	pthread_mutex_unlock(&ev->lock);
	return n;
}
