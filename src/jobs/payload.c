/* SPDX-License-Identifier: Apache-2.0
 * Fetching payload files from vendors, each once, by digest (M-195, M-196). A file whose bytes do
 * not have the digest and size that the signed index gave never enters the store. */
#include "base/log.h"
#include "feeds/local.h"
#include "jobs/jobs_int.h"
#include "net/url.h"

#include <stdio.h>

static struct payload *find(struct jobs *j, const struct sha256 *id)
{
	for (size_t i = 0; i < j->payloads.n; i++)
		if (digest_eq(&j->payloads.p[i].id, id))
			return &j->payloads.p[i];
	return NULL;
}

static void drop(struct jobs *j, struct payload *p)
{
	xfree(p->url);
	*p = j->payloads.p[--j->payloads.n];
}

void jobs_want_payload(struct jobs *j, const struct catalog *c, const uint32_t *components,
		       uint32_t n)
{
	int64_t now = clock_mono_ms();
	pthread_mutex_lock(&j->lock);
	for (uint32_t i = 0; i < n && j->payloads.n < PAYLOAD_QUEUE_MAX; i++) {
		const struct component *comp = &c->components[components[i]];
		if (comp->archive == CATALOG_NONE)
			continue;
		struct payload *known = find(j, &comp->sha256);
		if (known) {
			known->asked_ms = now;
			continue;
		}
		if (store_has(j->conf.store, &comp->sha256, NULL))
			continue;
		const struct archive *ar = &c->archives[comp->archive];
		AUTO(buf_done) struct buf path = BUF_INIT(3 * URL_TARGET_MAX);
		url_add_path(comp->file, &path);
		struct payload p = { .id = comp->sha256,
				     .size = comp->size,
				     .asked_ms = now,
				     .root_n = ar->url.n,
				     .url = xasprintf("%.*s/%.*s", STR_ARG(ar->url),
						      STR_ARG(buf_str(&path))) };
		VEC_PUSH(&j->payloads, p);
	}
	pthread_cond_broadcast(&j->wake);
	pthread_mutex_unlock(&j->lock);
}

/* --- failures: what they are called, and when they are final ---------------------------------- */

static bool may_pass(const char *reason)
{
	return strcmp(reason, "vendor_gone") != 0 && strcmp(reason, "vendor_digest") != 0;
}

static const char *reason_of(int status, const struct err *e)
{
	if (status == 404 || status == 410)
		return "vendor_gone";
	if (status >= 300)
		return "vendor_error";
	switch (e->code) {
	case ERR_UNTRUSTED:
	case ERR_LIMIT: return "vendor_digest"; /* other bytes than the signed index promises */
	case ERR_FULL: return "server_disk_full";
	case ERR_IO:
	case ERR_INTERNAL: return "server_error";
	default: return "vendor_unreachable";
	}
}

bool jobs_payload_trouble(struct jobs *j, const struct sha256 *payload, struct payload_trouble *out)
{
	pthread_mutex_lock(&j->lock);
	const struct payload *p = find(j, payload);
	bool trouble = p && p->reason;
	if (trouble) {
		*out = (struct payload_trouble) {
			.reason = p->reason,
			.final = p->failures >=
				 (may_pass(p->reason) ? PAYLOAD_FINAL_TRANSIENT : PAYLOAD_FINAL)
		};
		snprintf(out->detail, sizeof(out->detail), "%s: %s", p->url, p->error);
	}
	pthread_mutex_unlock(&j->lock);
	return trouble;
}

static void failed(struct jobs *j, struct payload *p, int status, const struct err *e)
{
	int64_t first = j->conf.payload_retry_ms ? j->conf.payload_retry_ms : PAYLOAD_RETRY_MS;
	p->failures += p->failures < PAYLOAD_FINAL_TRANSIENT;
	p->reason = reason_of(status, e);
	snprintf(p->error, sizeof(p->error), "%s", e->msg);
	p->not_before_ms = clock_mono_ms() +
			   first * MIN(p->failures * p->failures, (unsigned)PAYLOAD_PAUSE_MAX);
	j->payload_done = true; /* deployments want to know */
	pthread_cond_broadcast(&j->wake);
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

static bool fetch(struct jobs *j, struct fetcher *fetcher, const struct payload *p, int *status_out,
		  struct err *e)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	*status_out = 0;
	if (!store_begin(j->conf.store, p->size, &w, e))
		return false;
	/* A mirror in a directory: its root came from the settings. */
	AUTO(xfree) char *archive = xstrndup(p->url, p->root_n);
	const char *const root[] = { feed_local_path(archive), NULL };
	fetcher_allow(fetcher, root);
	struct fetcher_request r = { .r = { .url = p->url, .max = p->size },
				     .timeout_s = 6 * 3600,
				     .min_rate = 200 };
	struct feed_response resp;
	if (!fetcher_run(fetcher, &r, &resp, to_store, w, e))
		return false;
	if (resp.status != 200) {
		*status_out = resp.status;
		return err_set(e, ERR_UNAVAILABLE, "the vendor's server answered %d", resp.status);
	}
	return store_commit(w, &p->id, NULL, NULL, e);
}

/* The next payload that is due, marked busy; false when there is none. */
static bool take(struct jobs *j, struct payload *out)
{
	int64_t now = clock_mono_ms();
	for (size_t i = 0; i < j->payloads.n; i++) {
		struct payload *p = &j->payloads.p[i];
		if (p->busy || p->not_before_ms > now)
			continue;
		if (p->failures && now - p->asked_ms > PAYLOAD_FORGET_MS) {
			drop(j, p);
			i--;
			continue;
		}
		p->busy = true;
		*out = *p;
		out->url = xstrdup(p->url);
		return true;
	}
	return false;
}

static void finish(struct jobs *j, const struct sha256 *id, bool good, int status,
		   const struct err *e)
{
	struct payload *p = find(j, id);
	if (!p)
		return;
	p->busy = false;
	if (!good) {
		failed(j, p, status, e);
		return;
	}
	drop(j, p);
	j->payload_done = true;
	pthread_cond_broadcast(&j->wake);
}

void *jobs_payload_thread(void *arg)
{
	struct jobs *j = arg;
	AUTO(fetcher_free) struct fetcher *fetcher = fetcher_new(j->conf.proxy);
	int64_t busy_ms = clock_mono_ms();
	pthread_mutex_lock(&j->lock);
	size_t slot = 1;
	while (slot < ARRAY_LEN(j->fetchers) - 1 && j->fetchers[slot])
		slot++;
	j->fetchers[slot] = fetcher;
	while (!j->stopping) {
		struct payload p;
		if (!take(j, &p)) {
			jobs_wait(j, 5000);
			if (clock_mono_ms() - busy_ms > PAYLOAD_IDLE_MS)
				fetcher_rest(fetcher);
			continue;
		}
		pthread_mutex_unlock(&j->lock);
		struct err e = { 0 };
		int status;
		bool good = fetch(j, fetcher, &p, &status, &e);
		if (!good)
			log_warn("payload '%s' not fetched: %s", p.url, e.msg);
		xfree(p.url);
		busy_ms = clock_mono_ms();
		pthread_mutex_lock(&j->lock);
		finish(j, &p.id, good, status, &e);
	}
	j->fetchers[slot] = NULL;
	pthread_mutex_unlock(&j->lock);
	return NULL;
}
