/* SPDX-License-Identifier: Apache-2.0
 * Replies: a handler makes exactly one, which is kept in the request and handed to libmicrohttpd
 * when the handler has returned. Invariant: no header value has a line break; every reply carries
 * the request's id, and every 503 says when to come again. */
#include "net/server_int.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BLOCK (64 * 1024)

void http_reply_header(struct http_req *r, const char *name, const char *value)
{
	ASSERT(name[0] && !strpbrk(name, "\r\n: ") && !strpbrk(value, "\r\n"));
	struct header h = { arena_strdup(&r->arena, name), arena_strdup(&r->arena, value) };
	VEC_PUSH(&r->headers, h);
}

static bool has_header(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->headers.n; i++)
		if (strcasecmp(r->headers.p[i].name, name) == 0)
			return true;
	return false;
}

static void reply(struct http_req *r, int status, const char *content_type,
		  struct MHD_Response *response, int64_t size)
{
	ASSERT(!r->replied && response);
	r->replied = true;
	r->status = status;
	r->response = response;
	r->reply_size = size;
	if (content_type)
		http_reply_header(r, "Content-Type", content_type);
	if (status == 503 && !has_header(r, "Retry-After"))
		http_reply_header(
			r, "Retry-After",
			arena_printf(&r->arena, "%d", http_server_retry_after_s(r->server)));
}

static struct MHD_Response *from_buffer(struct str body, enum MHD_ResponseMemoryMode mode)
{
	void *p = body.n ? (void *)(uintptr_t)body.p : (void *)(uintptr_t) "";
	return MHD_create_response_from_buffer(body.n, p, mode);
}

void http_reply(struct http_req *r, int status, const char *content_type, struct str body)
{
	reply(r, status, content_type, from_buffer(body, MHD_RESPMEM_MUST_COPY), (int64_t)body.n);
}

void http_reply_static(struct http_req *r, int status, const char *content_type, struct str body)
{
	reply(r, status, content_type, from_buffer(body, MHD_RESPMEM_PERSISTENT), (int64_t)body.n);
}

/* What this layer refuses by itself, in the form of everything else (RFC 9457, with the stable code
 * and the request id that openapi.yaml promises). */
void server_reply_error(struct http_req *r, int status, const char *detail)
{
	static const struct {
		int status;
		const char *title, *code;
	} known[] = {
		{ 400, "Bad Request", "bad_request" },
		{ 413, "Content Too Large", "limit" },
		{ 431, "Request Header Fields Too Large", "header_limit" },
		{ 503, "Service Unavailable", "unavailable" },
	};
	const char *title = "Error", *code = "internal";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].status == status) {
			title = known[i].title;
			code = known[i].code;
		}
	r->close = true;
	char *body = arena_printf(&r->arena,
				  "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
				  "\"detail\":\"%s\",\"code\":\"%s\",\"request_id\":\"%s\"}\n",
				  title, status, detail, code, http_req_id(r));
	http_reply(r, status, "application/problem+json", str_of(body));
}

void http_reply_busy(struct http_req *r)
{
	server_reply_error(r, 503, "the server has too much to do at the moment; come again later");
}

/* --- files -------------------------------------------------------------------------------------
 */

struct file_reader {
	int fd;
	int64_t offset;
};

static ssize_t read_file(void *arg, uint64_t pos, char *out, size_t max)
{
	struct file_reader *f = arg;
	ssize_t n = pread(f->fd, out, max, (off_t)(f->offset + (int64_t)pos));
	/* The file is shorter than was said: the peer must notice. */
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_reader(void *arg)
{
	struct file_reader *f = arg;
	fd_close(f->fd);
	xfree(f);
}

/* libmicrohttpd's own reader takes 4 KiB at a time; TLS records hold 16. */
static struct MHD_Response *from_file(struct http_req *r, int fd, int64_t offset, int64_t n)
{
	if (n == 0) {
		fd_close(fd);
		return from_buffer(STR_LIT(""), MHD_RESPMEM_PERSISTENT);
	}
	if (!r->server->tls)
		return MHD_create_response_from_fd_at_offset64((uint64_t)n, fd, (uint64_t)offset);
	struct file_reader *f = xcalloc(1, sizeof(*f));
	f->fd = fd;
	f->offset = offset;
	return MHD_create_response_from_callback((uint64_t)n, FILE_BLOCK, read_file, f,
						 free_reader);
}

static bool number(struct str s, int64_t *out)
{
	return s.n && isdigit((unsigned char)s.p[0]) && str_to_i64(s, out);
}

enum range { RANGE_NONE, RANGE_ONE, RANGE_OUTSIDE };

/* "bytes=a-b", "bytes=a-", "bytes=-n" (RFC 9110 section 14.1.2). Anything else is ignored. */
static enum range parse_range(struct str s, int64_t size, int64_t *first_out, int64_t *n_out)
{
	int64_t a = 0, b = size - 1;
	if (!str_starts(s, "bytes="))
		return RANGE_NONE;
	s.p += 6;
	s.n -= 6;
	ptrdiff_t dash = str_find(s, '-');
	if (dash < 0)
		return RANGE_NONE;
	struct str from = { s.p, (size_t)dash };
	struct str to = { s.p + dash + 1, s.n - (size_t)dash - 1 };
	if (from.n == 0) {
		if (!number(to, &a))
			return RANGE_NONE;
		if (a == 0 || size == 0)
			return RANGE_OUTSIDE;
		a = MAX(size - a, 0);
	} else if (!number(from, &a) || (to.n && (!number(to, &b) || b < a))) {
		return RANGE_NONE;
	}
	if (a >= size)
		return RANGE_OUTSIDE;
	*first_out = a;
	*n_out = MIN(b, size - 1) - a + 1;
	return RANGE_ONE;
}

static const char *own_header(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->headers.n; i++)
		if (strcasecmp(r->headers.p[i].name, name) == 0)
			return r->headers.p[i].value;
	return NULL;
}

static enum range wanted_range(struct http_req *r, int64_t size, int64_t *first, int64_t *n)
{
	const char *range = http_req_header(r, "Range");
	const char *condition = http_req_header(r, "If-Range");
	const char *etag = own_header(r, "ETag");
	if (!range || (condition && (!etag || strcmp(condition, etag) != 0)))
		return RANGE_NONE;
	return parse_range(str_of(range), size, first, n);
}

void http_reply_fd(struct http_req *r, int status, const char *content_type, int fd, int64_t size)
{
	int64_t first = 0, n = size;
	char text[80];
	struct stat st;
	if (fstat(fd, &st) != 0 ||
	    st.st_size < size) { /* sendfile would wait for the rest for ever */
		fd_close(fd);
		server_reply_error(r, 500, "file is not as long as it was");
		return;
	}
	enum range range = status == 200 ? wanted_range(r, size, &first, &n) : RANGE_NONE;
	if (status == 200)
		http_reply_header(r, "Accept-Ranges", "bytes");
	if (range == RANGE_OUTSIDE) {
		fd_close(fd);
		snprintf(text, sizeof(text), "bytes */%lld", (long long)size);
		http_reply_header(r, "Content-Range", text);
		http_reply(r, 416, "text/plain", STR_LIT(""));
		return;
	}
	if (range == RANGE_ONE) {
		snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)first,
			 (long long)(first + n - 1), (long long)size);
		http_reply_header(r, "Content-Range", text);
		status = 206;
	}
	reply(r, status, content_type, from_file(r, fd, first, n), n);
}

enum MHD_Result server_reply_queue(struct http_req *r)
{
	struct MHD_Response *response = r->response;
	r->response = NULL;
	for (size_t i = 0; i < r->headers.n; i++)
		MHD_add_response_header(response, r->headers.p[i].name, r->headers.p[i].value);
	MHD_add_response_header(response, "X-Request-Id", r->id);
	if (r->close)
		MHD_add_response_header(response, "Connection", "close");
	server_watch_deadline(r->conn, r->reply_size < 0 ? 0 : 2 * SERVER_GRACE_MS + r->reply_size);
	enum MHD_Result rc = MHD_queue_response(r->mhd, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return rc;
}
