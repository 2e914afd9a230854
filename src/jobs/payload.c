/* SPDX-License-Identifier: Apache-2.0
 * Fetching payload files from vendors, each once, by digest (M-195, M-196). A file whose bytes do
 * not have the digest and size that the signed index gave never enters the store. */
#include "base/log.h"
#include "jobs/jobs_int.h"

#include <stdio.h>

static bool queued(const struct jobs *j, const struct sha256 *id)
{
	for (size_t i = 0; i < j->payloads.n; i++)
		if (digest_eq(&j->payloads.p[i].id, id))
			return true;
	return false;
}

void jobs_want_payload(struct jobs *j, const struct catalog *c, const uint32_t *components,
		       uint32_t n)
{
	pthread_mutex_lock(&j->lock);
	for (uint32_t i = 0; i < n && j->payloads.n < PAYLOAD_QUEUE_MAX; i++) {
		const struct component *comp = &c->components[components[i]];
		if (comp->archive == CATALOG_NONE || queued(j, &comp->sha256) ||
		    store_has(j->conf.store, &comp->sha256, NULL))
			continue;
		const struct archive *ar = &c->archives[comp->archive];
		struct payload p = { .id = comp->sha256,
				     .size = comp->size,
				     .url = xasprintf("%.*s/%.*s", STR_ARG(ar->url),
						      STR_ARG(comp->file)) };
		VEC_PUSH(&j->payloads, p);
	}
	pthread_cond_broadcast(&j->wake);
	pthread_mutex_unlock(&j->lock);
}

size_t jobs_payloads_waiting(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	size_t n = j->payloads.n;
	pthread_mutex_unlock(&j->lock);
	return n;
}

static bool to_store(void *arg, struct str bytes, struct err *e)
{
	return store_add(arg, bytes, e);
}

static bool fetch(struct jobs *j, struct http_client *client, const struct payload *p,
		  struct err *e)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	if (!store_begin(j->conf.store, p->size, &w, e))
		return false;
	struct http_request r = {
		.url = p->url, .max_response = p->size, .timeout_s = 6 * 3600, .min_rate = 200
	};
	struct http_response resp;
	if (!http_fetch_stream(client, &r, &resp, to_store, w, e))
		return false;
	if (resp.status != 200)
		return err_set(e, ERR_UNAVAILABLE, "the vendor's server answered %d", resp.status);
	return store_commit(TAKE(w), &p->id, NULL, NULL, e);
}

/* The next payload that is due, marked busy; false when there is none. */
static bool take(struct jobs *j, struct payload *out)
{
	int64_t now = clock_mono_ms();
	for (size_t i = 0; i < j->payloads.n; i++) {
		struct payload *p = &j->payloads.p[i];
		if (p->busy || p->not_before_ms > now)
			continue;
		p->busy = true;
		*out = *p;
		return true;
	}
	return false;
}

static void finish(struct jobs *j, const struct sha256 *id, bool ok)
{
	for (size_t i = 0; i < j->payloads.n; i++) {
		struct payload *p = &j->payloads.p[i];
		if (!digest_eq(&p->id, id))
			continue;
		if (ok) {
			xfree(p->url);
			*p = j->payloads.p[--j->payloads.n];
			j->payload_done = true;
			pthread_cond_broadcast(&j->wake);
		} else {
			p->busy = false;
			p->not_before_ms = clock_mono_ms() + PAYLOAD_RETRY_MS;
		}
		return;
	}
}

void *jobs_payload_thread(void *arg)
{
	struct jobs *j = arg;
	AUTO(http_client_free)
	struct http_client *client = http_client_new("tsukuroi/" TSUKUROI_VERSION, NULL,
						     j->conf.proxy);
	pthread_mutex_lock(&j->lock);
	size_t slot = 1;
	while (slot < ARRAY_LEN(j->clients) - 1 && j->clients[slot])
		slot++;
	j->clients[slot] = client;
	while (!j->stopping) {
		struct payload p;
		if (!take(j, &p)) {
			jobs_wait(j, 5000);
			continue;
		}
		pthread_mutex_unlock(&j->lock);
		struct err e = { 0 };
		bool ok = fetch(j, client, &p, &e);
		if (!ok)
			log_warn("payload '%s' not fetched: %s", p.url, e.msg);
		pthread_mutex_lock(&j->lock);
		finish(j, &p.id, ok);
	}
	j->clients[slot] = NULL;
	pthread_mutex_unlock(&j->lock);
	return NULL;
}
