/* SPDX-License-Identifier: Apache-2.0
 * The process with the way out: takes its rights away, then fetches one address after another, or
 * sends what it is handed to one, and writes bodies to the pipes it is given. It holds nothing
 * worth having. */
#include "base/file.h"
#include "feeds/local.h"
#include "ipc/sandbox.h"
#include "jobs/fetcher_int.h"
#include "net/http_client.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FETCH_MEMORY ((int64_t)2 << 30)

struct fetching {
	int sock;
	struct http_client *client;
};

static bool to_pipe(void *arg, struct str bytes, struct err *e)
{
	return file_write_fd(*(int *)arg, bytes, "the server", e);
}

static bool over_http(struct fetching *x, const struct fetcher_request *q,
		      struct feed_response *resp_out, int pipe, struct err *e)
{
	const struct feed_request *r = &q->r;
	AUTO(xfree) char *etag = r->etag ? xasprintf("If-None-Match: %s", r->etag) : NULL;
	AUTO(xfree)
	char *since = r->last_modified ? xasprintf("If-Modified-Since: %s", r->last_modified)
				       : NULL;
	AUTO(xfree)
	char *type = q->content_type ? xasprintf("Content-Type: %s", q->content_type) : NULL;
	const char *headers[4] = { NULL };
	size_t n = 0;
	if (etag)
		headers[n++] = etag;
	if (since)
		headers[n++] = since;
	if (type)
		headers[n++] = type;
	struct http_request req = { .method = type ? "POST" : NULL,
				    .body = q->body,
				    .url = r->url,
				    .headers = headers,
				    .max_response = r->max,
				    .timeout_s = q->timeout_s,
				    .min_rate = q->min_rate };
	struct http_response resp;
	if (!http_fetch_stream(x->client, &req, &resp, to_pipe, &pipe, e))
		return false;
	*resp_out = (struct feed_response) { .status = resp.status };
	snprintf(resp_out->etag, sizeof(resp_out->etag), "%s", resp.etag);
	snprintf(resp_out->last_modified, sizeof(resp_out->last_modified), "%s",
		 resp.last_modified);
	snprintf(resp_out->content_type, sizeof(resp_out->content_type), "%s", resp.content_type);
	return true;
}

static bool fetch(struct fetching *x, const struct fetcher_request *q,
		  struct feed_response *resp_out, int pipe, struct err *e)
{
	if (feed_local_path(q->r.url) && q->content_type)
		return err_set(e, ERR_INVALID,
			       "nothing can be sent to '%s'; name an http or https address",
			       q->r.url);
	if (feed_local_path(q->r.url))
		return feed_local.get(feed_local.arg, &q->r, resp_out, to_pipe, &pipe, e);
	return over_http(x, q, resp_out, pipe, e);
}

static bool serve_one(struct fetching *x, struct frame *f, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(FETCH_FRAME_MAX);
	struct unpacker u = { .rest = buf_str(&f->body), .a = &a };
	struct fetcher_request q = { 0 };
	struct feed_response resp = { 0 };
	struct err mine = { 0 };
	q.r.url = unpack_text(&u);
	q.r.etag = unpack_text(&u);
	q.r.last_modified = unpack_text(&u);
	q.r.max = unpack_int_in(&u, 0, INT64_MAX);
	q.timeout_s = unpack_int_in(&u, 1, INT32_MAX);
	q.min_rate = unpack_int(&u);
	q.content_type = unpack_text(&u);
	q.body = unpack_str(&u);
	int pipe = frame_take_fd(f, 0);
	if (!unpack_end(&u, e) || f->kind != FETCH_GET || !q.r.url || pipe < 0) {
		fd_close(pipe);
		return err_set(e, ERR_CORRUPT, "not a request");
	}
	bool good = fetch(x, &q, &resp, pipe, &mine);
	fd_close(pipe);
	if (good) {
		pack_int(&b, resp.status);
		pack_text(&b, resp.etag);
		pack_text(&b, resp.last_modified);
		pack_text(&b, resp.content_type);
	} else {
		pack_int(&b, mine.code);
		pack_int(&b, mine.sys);
		pack_text(&b, mine.msg);
	}
	return frame_send(x->sock, good ? FETCH_ANSWER : FETCH_FAILED, buf_str(&b), NULL, 0, e);
}

int fetcher_serve(int fd)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(frame_done) struct frame f = FRAME_INIT(FETCH_FRAME_MAX);
	struct err e = { 0 };
	if (!frame_receive(fd, 60000, &f, &e) || f.kind != FETCH_SETUP)
		return 1;
	struct unpacker u = { .rest = buf_str(&f.body), .a = &a };
	const char *proxy = unpack_text(&u);
	const char *const *paths = unpack_list(&u);
	struct sandbox box = { .kind = SANDBOX_NETWORK, .read = paths, .memory = FETCH_MEMORY };
	if (!unpack_end(&u, &e) || !sandbox_enter(&box, &e)) {
		fprintf(stderr, "fetch process: %s\n", e.msg);
		return 1;
	}
	AUTO(http_client_free)
	struct http_client *client = http_client_new("tsukuroi/" TSUKUROI_VERSION, NULL, proxy);
	struct fetching x = { fd, client };
	while (frame_receive(fd, -1, &f, &e) && serve_one(&x, &f, &e))
		;
	return 0;
}
