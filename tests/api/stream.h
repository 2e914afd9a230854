/* SPDX-License-Identifier: Apache-2.0
 * A connection that stays open, read by a thread of its own: events of the API, push of the
 * gateway. */
#ifndef STREAM_H
#define STREAM_H
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>

struct listener {
	pthread_t thread;
	pthread_mutex_t lock;
	struct buf text;
	atomic_bool stop, ended;
	int status;
	char *url, *ca;
	struct curl_slist *headers;
	const struct who *who;
};

static size_t listener_take(char *p, size_t size, size_t n, void *arg)
{
	struct listener *l = arg;
	pthread_mutex_lock(&l->lock);
	buf_add(&l->text, p, size * n);
	pthread_mutex_unlock(&l->lock);
	return size * n;
}

static int listener_tick(void *arg, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED,
			 curl_off_t d UNUSED)
{
	return atomic_load(&((struct listener *)arg)->stop);
}

static void *listener_run(void *arg)
{
	struct listener *l = arg;
	CURL *h = curl_easy_init();
	long status = 0;
	curl_easy_setopt(h, CURLOPT_URL, l->url);
	curl_easy_setopt(h, CURLOPT_CAINFO, l->ca);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, l->headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, listener_take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, l);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, listener_tick);
	curl_easy_setopt(h, CURLOPT_XFERINFODATA, l);
	if (l->who && l->who->cert_file) {
		curl_easy_setopt(h, CURLOPT_SSLCERT, l->who->cert_file);
		curl_easy_setopt(h, CURLOPT_SSLKEY, l->who->key_file);
	}
	curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	l->status = (int)status;
	curl_easy_cleanup(h);
	atomic_store(&l->ended, true);
	return NULL;
}

static void listener_start(struct listener *l, struct world *w, const struct who *who,
			   const char *url, const char *extra)
{
	*l = (struct listener) {
		.text = BUF_INIT(16u << 20), .url = xstrdup(url), .ca = w->ca_file, .who = who
	};
	pthread_mutex_init(&l->lock, NULL);
	if (who && who->bearer) {
		AUTO(xfree) char *line = xasprintf("Authorization: Bearer %s", who->bearer);
		l->headers = curl_slist_append(l->headers, line);
	}
	if (extra)
		l->headers = curl_slist_append(l->headers, extra);
	assert_int_equal(pthread_create(&l->thread, NULL, listener_run, l), 0);
}

static void listener_stop(struct listener *l)
{
	atomic_store(&l->stop, true);
	pthread_join(l->thread, NULL);
	curl_slist_free_all(l->headers);
	buf_done(&l->text);
	xfree(l->url);
	pthread_mutex_destroy(&l->lock);
}

/* What came so far; the caller frees it. */
static char *listener_text(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	char *copy = str_dup(buf_str(&l->text));
	pthread_mutex_unlock(&l->lock);
	return copy;
}

static int listener_count(struct listener *l, const char *needle)
{
	AUTO(xfree) char *text = listener_text(l);
	int n = 0;
	for (const char *p = text; (p = strstr(p, needle)); p += strlen(needle))
		n++;
	return n;
}

/* Waits until `needle` has come `times` times, at most ten seconds. */
static void listener_wait(struct listener *l, const char *needle, int times)
{
	for (int i = 0; i < 1000; i++) {
		if (listener_count(l, needle) >= times)
			return;
		usleep(10000);
	}
	AUTO(xfree) char *text = listener_text(l);
	fail_msg("'%s' did not come %d times in: %s", needle, times, text);
}
#endif
