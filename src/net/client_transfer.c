/* SPDX-License-Identifier: Apache-2.0
 * One transfer's options and callbacks: what libcurl is told before it, and what it gives back.
 * Invariants: nothing is read from the environment; every transfer has a size, a time and a rate
 * limit; with a pin, no application byte leaves before the chain was verified in full against the
 * pinned CA. */
#include "base/clock.h"
#include "base/file.h"
#include "net/client_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RATE_WINDOW_S 30
#define MIN_RATE 100
#define CA_PEM_MAX ((size_t)64 << 10)
/* An error's page is dropped as it comes, whatever the caller's limit for the real thing is. */
#define DROPPED_MAX ((int64_t)1 << 20)

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

int64_t client_status(const struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool redirects(const struct transfer *t)
{
	int64_t s = client_status(t);
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
	bool dropped = t->sink && client_status(t) / 100 != 2; /* an error's page is nobody's */
	if (t->resp.length >
	    (dropped ? MAX(t->r->max_response, DROPPED_MAX) : t->r->max_response)) {
		t->failed = true;
		err_set(t->e, ERR_LIMIT, "answer of '%s' is larger than %lld bytes",
			t->target.url->host, (long long)t->r->max_response);
		return 0;
	}
	if (t->follow || dropped)
		return n;
	if (t->sink) {
		t->failed = !t->sink(t->sink_arg, bytes, t->e);
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

bool client_prepare(struct transfer *t, struct curl_slist **headers, struct err *e)
{
	CURL *h = t->c->easy;
	AUTO(buf_done) struct buf url = BUF_INIT(URL_MAX);
	client_connect_options(h, t->c->proxy, t->target.connect_timeout_s);
	if (t->c->unix_path)
		curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, t->c->unix_path);
	if (!open_upload(t, e) || !set_method(t, e) || !add_headers(t->r, headers, e) ||
	    !set_tls(t, e))
		return false;
	set_limits(t);
	url_write(t->target.url, &url);
	curl_easy_setopt(h, CURLOPT_URL, url.p);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, *headers);
	return true;
}
