/* SPDX-License-Identifier: Apache-2.0
 * The client and its fetches, on libcurl's multi interface (one transfer at a time), so that
 * another thread can cancel. Redirects are followed here, one checked hop at a time. */
#include "net/http_client.h"
#include "base/clock.h"
#include "base/file.h"
#include "net/client_int.h"

#include <pthread.h>

#define REDIRECTS_MAX 5
#define CONNECT_TIMEOUT_S 10

static void global_init(void)
{
	ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* The proxy's URL without its user information, for messages. */
static char *without_credentials(const char *proxy)
{
	const char *scheme = strstr(proxy, "://"), *host = scheme ? scheme + 3 : proxy;
	const char *at = strrchr(host, '@');
	return xasprintf("%.*s%s", (int)(host - proxy), proxy, at ? at + 1 : host);
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

struct http_client *http_client_new(const char *user_agent, const struct http_tls *tls,
				    const char *proxy)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, global_init);
	struct http_client *c = xcalloc(1, sizeof(*c));
	c->multi = curl_multi_init();
	c->easy = curl_easy_init();
	ASSERT(c->multi && c->easy);
	c->pinned_fd = -1;
	c->user_agent = copy(user_agent);
	if (tls) {
		c->ca_file = copy(tls->ca_file);
		c->cert_file = copy(tls->cert_file);
		c->key_file = copy(tls->key_file);
		c->pin_hex = copy(tls->pin_sha256_hex);
	}
	if (proxy && proxy[0]) {
		c->proxy = xstrdup(proxy);
		c->proxy_shown = without_credentials(proxy);
	}
	return c;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->easy);
	curl_multi_cleanup(c->multi);
	char *all[] = { c->user_agent, c->ca_file, c->cert_file,   c->key_file,
			c->pin_hex,    c->proxy,   c->proxy_shown, c->unix_path };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		xfree(all[i]);
	fd_close(c->pinned_fd);
	xfree(c);
}

void http_client_unix(struct http_client *c, const char *path)
{
	xfree(c->unix_path);
	c->unix_path = xstrdup(path);
}

void http_client_cancel(struct http_client *c)
{
	atomic_store(&c->cancelled, true);
	curl_multi_wakeup(c->multi);
}

/* --- one transfer ---------------------------------------------------------------------------- */

static void slist_free(struct curl_slist *l)
{
	curl_slist_free_all(l);
}
AUTO_DEFINE(struct curl_slist, slist_free)

/* How long the transfer may sleep: libcurl wakes for its own timers and bytes, http_client_cancel()
 * wakes it too, so only silence is left to be watched. A stream that nobody writes to costs
 * nothing. */
static int until_silent_ms(const struct transfer *t)
{
	if (!t->r->max_silence_s)
		return 60000;
	int64_t left = t->last_byte_ms + t->r->max_silence_s * 1000 + 1 - clock_mono_ms();
	return (int)MAX(1, MIN(left, 60000));
}

/* Runs until the end, a cancel, or too long a silence. */
static bool run(struct transfer *t, CURLcode *rc_out, struct err *e)
{
	struct http_client *c = t->c;
	int running = 1, left = 0;
	t->last_byte_ms = clock_mono_ms();
	while (curl_multi_perform(c->multi, &running) == CURLM_OK && running) {
		if (atomic_exchange(&c->cancelled, false))
			return err_set(e, ERR_UNAVAILABLE, "cancelled");
		if (t->r->max_silence_s &&
		    clock_mono_ms() - t->last_byte_ms > t->r->max_silence_s * 1000)
			return err_set(e, ERR_TIMEOUT, "'%s' was silent for %lld s",
				       t->target.url->host, (long long)t->r->max_silence_s);
		curl_multi_poll(c->multi, NULL, 0, until_silent_ms(t), NULL);
	}
	for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));)
		if (m->msg == CURLMSG_DONE && m->easy_handle == c->easy) {
			*rc_out = m->data.result;
			return true;
		}
	return err_set(e, ERR_INTERNAL, "transfer with '%s' ended without a result",
		       t->target.url->host);
}

static bool transfer_once(struct transfer *t, struct err *e)
{
	CURL *h = t->c->easy;
	AUTO(slist_free) struct curl_slist *headers = NULL;
	curl_easy_reset(h);
	t->detail[0] = '\0';
	t->follow = false;
	memset(&t->resp, 0, sizeof(t->resp));
	if (atomic_exchange(&t->c->cancelled, false))
		return err_set(e, ERR_UNAVAILABLE, "cancelled");
	if (!client_prepare(t, &headers, e))
		return false;
	CURLcode rc = CURLE_OK;
	ASSERT(curl_multi_add_handle(t->c->multi, h) == CURLM_OK);
	bool ended = run(t, &rc, e);
	curl_multi_remove_handle(t->c->multi, h);
	if (!ended || t->failed)
		return false;
	if (rc != CURLE_OK)
		return client_error(h, rc, t->detail, &t->target, e);
	t->resp.status = (int)client_status(t);
	return true;
}

static bool fetch(struct transfer *t, struct http_response *resp_out, struct err *e)
{
	struct url url, to;
	const struct http_request *r = t->r;
	ASSERT(r->max_response > 0 && r->timeout_s > 0);
	if (!url_parse(str_of(r->url), &url, e))
		return false;
	t->target = (struct client_target) {
		.url = &url,
		.has_cert = t->c->cert_file != NULL,
		.proxy = t->c->proxy_shown,
		.timeout_s = r->timeout_s,
		.connect_timeout_s = r->connect_timeout_s ? r->connect_timeout_s
							  : CONNECT_TIMEOUT_S,
	};
	for (int hops = 0;; hops++) {
		if (!transfer_once(t, e))
			return false;
		if (!t->follow)
			break;
		if (hops == REDIRECTS_MAX)
			return err_set(e, ERR_UNAVAILABLE, "'%s' redirects in a circle", url.host);
		if (!url_join(&url, str_of(t->resp.location), &to, e))
			return false;
		url = to;
	}
	*resp_out = t->resp;
	return true;
}

bool http_fetch(struct http_client *c, const struct http_request *r, struct http_response *resp_out,
		struct buf *body_out, struct err *e)
{
	struct err mine = { 0 };
	struct transfer t = {
		.c = c, .r = r, .body = body_out, .e = e ? e : &mine, .upload_fd = -1
	};
	bool ok = fetch(&t, resp_out, t.e);
	fd_close(t.upload_fd);
	return ok;
}

bool http_fetch_stream(struct http_client *c, const struct http_request *r,
		       struct http_response *resp_out,
		       bool (*sink)(void *arg, struct str bytes, struct err *e), void *arg,
		       struct err *e)
{
	struct err mine = { 0 };
	struct transfer t = {
		.c = c, .r = r, .sink = sink, .sink_arg = arg, .e = e ? e : &mine, .upload_fd = -1
	};
	bool ok = fetch(&t, resp_out, t.e);
	fd_close(t.upload_fd);
	return ok;
}
