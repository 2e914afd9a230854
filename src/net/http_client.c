/* SPDX-License-Identifier: Apache-2.0
 * Transfers on libcurl's multi interface (one at a time), so that another thread can cancel.
 * Invariants: nothing is read from the environment; every transfer has a size, a time and a rate
 * limit; with a pin, no application byte leaves before the chain was verified in full against the
 * pinned CA. */
#include "net/http_client.h"
#include "base/clock.h"
#include "base/file.h"
#include "net/client_int.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REDIRECTS_MAX 5
#define CONNECT_TIMEOUT_S 10
#define RATE_WINDOW_S 30
#define MIN_RATE 100
#define CA_PEM_MAX ((size_t)64 << 10)

struct http_client {
	CURLM *multi;
	CURL *easy;
	char *user_agent, *ca_file, *cert_file, *key_file, *pin_hex, *proxy, *proxy_shown,
		*unix_path;
	int pinned_fd; /* memory file with the pinned CA, -1 until it was found */
	atomic_bool cancelled;
};

struct transfer {
	struct http_client *c;
	const struct http_request *r;
	struct client_target target;
	struct http_response resp;
	struct buf *body;
	bool (*sink)(void *arg, struct str bytes, struct err *e);
	void *sink_arg;
	struct err *e;
	bool failed; /* *e was filled in by a callback of ours */
	bool follow; /* this answer is a redirect that will be followed: its body is nobody's */
	struct str upload;
	int upload_fd;
	int64_t upload_size;
	int64_t last_byte_ms;
	char detail[CURL_ERROR_SIZE];
};

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

void client_connect_options(CURL *easy, const char *proxy, int64_t connect_timeout_s)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* "" and not NULL: NULL means the environment's. */
	curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)connect_timeout_s);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

/* --- callbacks -------------------------------------------------------------------------------- */

static int64_t status_of(const struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool redirects(const struct transfer *t)
{
	int64_t s = status_of(t);
	bool plain = !t->r->method || strcmp(t->r->method, "GET") == 0 ||
		     strcmp(t->r->method, "HEAD") == 0;
	struct url to;
	return plain && (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
	       t->resp.location[0] &&
	       url_join(t->target.url, str_of(t->resp.location), &to, NULL) &&
	       url_same_origin(&to, t->target.url);
}

/* A value that does not fit is left out: half a value would be a wrong one. */
static void keep(char *field, size_t cap, struct str value)
{
	field[0] = '\0';
	if (value.n >= cap || memchr(value.p, '\0', value.n))
		return;
	memcpy(field, value.p, value.n);
	field[value.n] = '\0';
}

static int64_t retry_after(struct str v)
{
	int64_t n = 0, at_ms = 0;
	if (str_to_i64(v, &n))
		return MAX(n, 0);
	if (clock_parse_rfc2822(v, &at_ms))
		return MAX((at_ms - clock_wall_ms() + 999) / 1000, 0);
	return 0;
}

static bool is_name(struct str name, const char *want)
{
	return name.n == strlen(want) && strncasecmp(name.p, want, name.n) == 0;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct str line = { p, size * n }, name;
	t->last_byte_ms = clock_mono_ms();
	if (str_starts(line, "HTTP/"))
		memset(&t->resp, 0, sizeof(t->resp)); /* an interim answer came before */
	if (str_trim(line).n == 0)
		t->follow = redirects(t);
	struct str rest = line;
	if (!str_split(&rest, ':', &name) || name.n == line.n)
		return n;
	struct str value = str_trim(rest);
	if (is_name(name, "etag"))
		keep(t->resp.etag, sizeof(t->resp.etag), value);
	else if (is_name(name, "last-modified"))
		keep(t->resp.last_modified, sizeof(t->resp.last_modified), value);
	else if (is_name(name, "content-type"))
		keep(t->resp.content_type, sizeof(t->resp.content_type), value);
	else if (is_name(name, "location"))
		keep(t->resp.location, sizeof(t->resp.location), value);
	else if (is_name(name, "retry-after"))
		t->resp.retry_after_s = retry_after(value);
	return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct str bytes = { p, size * n };
	t->last_byte_ms = clock_mono_ms();
	t->resp.length += (int64_t)bytes.n;
	if (t->resp.length > t->r->max_response) {
		t->failed = true;
		err_set(t->e, ERR_LIMIT, "answer of '%s' is larger than %lld bytes",
			t->target.url->host, (long long)t->r->max_response);
		return 0;
	}
	if (t->follow)
		return n;
	if (t->sink) {
		t->failed = status_of(t) / 100 == 2 && !t->sink(t->sink_arg, bytes, t->e);
		return t->failed ? 0 : n;
	}
	buf_addstr(t->body, bytes);
	t->failed = !buf_ok(t->body, "answer", t->e);
	return t->failed ? 0 : n;
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t room = size * n;
	t->last_byte_ms = clock_mono_ms();
	if (t->upload_fd >= 0) {
		ssize_t r = read(t->upload_fd, p, room);
		if (r >= 0)
			return (size_t)r;
		t->failed = true;
		err_sys(t->e, errno, "cannot read '%s'", t->r->body_file);
		return CURL_READFUNC_ABORT;
	}
	size_t take = MIN(room, t->upload.n);
	if (take)
		memcpy(p, t->upload.p, take);
	t->upload.p += take;
	t->upload.n -= take;
	return take;
}

/* libcurl begins again when a kept-alive connection turned out to be dead. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;
	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_FAIL;
	if (t->upload_fd >= 0)
		return lseek(t->upload_fd, offset, SEEK_SET) < 0 ? CURL_SEEKFUNC_FAIL
								 : CURL_SEEKFUNC_OK;
	if ((size_t)offset > t->r->body.n)
		return CURL_SEEKFUNC_FAIL;
	t->upload = (struct str) { t->r->body.p + offset, t->r->body.n - (size_t)offset };
	return CURL_SEEKFUNC_OK;
}

/* --- one transfer ------------------------------------------------------------------------------
 */

static void slist_free(struct curl_slist *l)
{
	curl_slist_free_all(l);
}
AUTO_DEFINE(struct curl_slist, slist_free)

static bool add_headers(const struct http_request *r, struct curl_slist **list, struct err *e)
{
	bool type = false;
	for (size_t i = 0; r->headers && r->headers[i]; i++) {
		const char *h = r->headers[i];
		if (strpbrk(h, "\r\n") || !strchr(h, ':') || h[0] == ':')
			return err_set(e, ERR_INVALID, "request header %zu is not 'Name: value'",
				       i);
		type = type || strncasecmp(h, "content-type:", 13) == 0;
		*list = curl_slist_append(*list, h);
	}
	/* What libcurl would add by itself: a form's content type, a wait for "100 Continue". */
	if (!type)
		*list = curl_slist_append(*list, "Content-Type:");
	*list = curl_slist_append(*list, "Expect:");
	return true;
}

static bool token_ok(const char *method)
{
	size_t n = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
	return n > 0 && n < 20 && method[n] == '\0';
}

static bool set_method(struct transfer *t, struct err *e)
{
	CURL *h = t->c->easy;
	const char *method = t->r->method ? t->r->method : "GET";
	if (!token_ok(method))
		return err_set(e, ERR_INVALID, "'%.30s' is not an HTTP method", method);
	bool body = t->upload_fd >= 0 || t->r->body.n || strcmp(method, "POST") == 0 ||
		    strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
	if (body) {
		curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(h, CURLOPT_READDATA, t);
		curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(h, CURLOPT_SEEKDATA, t);
		curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->upload_size);
		curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	} else if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET") != 0) {
		curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	}
	return true;
}

static bool open_upload(struct transfer *t, struct err *e)
{
	struct stat st;
	t->upload = t->r->body;
	t->upload_size = (int64_t)t->r->body.n;
	if (!t->r->body_file)
		return true;
	if (t->upload_fd < 0)
		t->upload_fd = open(t->r->body_file, O_RDONLY | O_CLOEXEC);
	if (t->upload_fd < 0 || fstat(t->upload_fd, &st) != 0 ||
	    lseek(t->upload_fd, 0, SEEK_SET) != 0)
		return err_sys(e, errno, "cannot open '%s'", t->r->body_file);
	t->upload_size = st.st_size;
	return true;
}

/* Finds the pinned CA once per client and keeps it in a memory file libcurl can name. */
static bool find_pinned(struct transfer *t, struct err *e)
{
	struct http_client *c = t->c;
	struct sha256 pin;
	AUTO(buf_done) struct buf pem = BUF_INIT(CA_PEM_MAX);
	if (c->pinned_fd >= 0)
		return true;
	if (!digest_parse(str_of(c->pin_hex), &pin))
		return err_set(e, ERR_INVALID, "pinned key is not 64 hex digits");
	if (!tls_probe_pin(&t->target, c->proxy, &pin, &pem, e))
		return false;
	AUTO(fd_close) int fd = memfd_create("pinned-ca", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a memory file");
	if (!file_write_fd(fd, buf_str(&pem), "pinned CA", e))
		return false;
	c->pinned_fd = fd;
	fd = -1;
	return true;
}

static bool set_tls(struct transfer *t, struct err *e)
{
	struct http_client *c = t->c;
	CURL *h = c->easy;
	char path[40];
	if (!t->target.url->tls)
		return c->pin_hex ? err_set(e, ERR_INVALID, "'%s' must be reached by https",
					    t->target.url->host)
				  : true;
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	if (c->pin_hex) {
		if (!find_pinned(t, e))
			return false;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", c->pinned_fd);
		curl_easy_setopt(h, CURLOPT_CAINFO, path);
	} else if (c->ca_file) {
		if (access(c->ca_file, R_OK) != 0)
			return err_sys(e, errno, "cannot read CA certificate '%s'", c->ca_file);
		curl_easy_setopt(h, CURLOPT_CAINFO, c->ca_file);
	}
	if (c->pin_hex || c->ca_file)
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL); /* and no other authority */
	if (c->cert_file) {
		const char *key = c->key_file ? c->key_file : c->cert_file;
		if (access(c->cert_file, R_OK) != 0 || access(key, R_OK) != 0)
			return err_sys(e, errno,
				       "cannot read client certificate '%s' and its key '%s'",
				       c->cert_file, key);
		curl_easy_setopt(h, CURLOPT_SSLCERT, c->cert_file);
		curl_easy_setopt(h, CURLOPT_SSLKEY, key);
	}
	return true;
}

static void set_limits(struct transfer *t)
{
	CURL *h = t->c->easy;
	int64_t rate = t->r->min_rate ? t->r->min_rate : MIN_RATE;
	curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)t->r->timeout_s);
	if (rate > 0) {
		curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, (long)rate);
		curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, (long)RATE_WINDOW_S);
	}
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_USERAGENT, t->c->user_agent);
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, t->detail);
}

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
	AUTO(buf_done) struct buf url = BUF_INIT(URL_MAX);
	curl_easy_reset(h);
	t->detail[0] = '\0';
	t->follow = false;
	memset(&t->resp, 0, sizeof(t->resp));
	client_connect_options(h, t->c->proxy, t->target.connect_timeout_s);
	if (t->c->unix_path)
		curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, t->c->unix_path);
	if (atomic_exchange(&t->c->cancelled, false))
		return err_set(e, ERR_UNAVAILABLE, "cancelled");
	if (!open_upload(t, e) || !set_method(t, e) || !add_headers(t->r, &headers, e) ||
	    !set_tls(t, e))
		return false;
	set_limits(t);
	url_write(t->target.url, &url);
	curl_easy_setopt(h, CURLOPT_URL, url.p);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	CURLcode rc = CURLE_OK;
	ASSERT(curl_multi_add_handle(t->c->multi, h) == CURLM_OK);
	bool ended = run(t, &rc, e);
	curl_multi_remove_handle(t->c->multi, h);
	if (!ended || t->failed)
		return false;
	if (rc != CURLE_OK)
		return client_error(h, rc, t->detail, &t->target, e);
	t->resp.status = (int)status_of(t);
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
