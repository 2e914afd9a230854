/* SPDX-License-Identifier: Apache-2.0
 * The server's end of a fetch. It reads the body from a pipe and the answer from the socket, both
 * watched together with the event that cancels. A process that died or hung is named and replaced;
 * what it says is data from outside. */
#include "base/clock.h"
#include "ipc/role.h"
#include "jobs/fetcher_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)
/** What the process gets on top of its own time-out before it counts as hung. */
#define GRACE_MS 60000
#define LOST_MS 500

struct fetcher {
	char *proxy;
	char **paths; /* NULL-terminated, or NULL */
	int cancel;   /* an eventfd */
	struct role_child role;
	struct buf body;
};

struct fetcher *fetcher_new(const char *proxy)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));
	f->proxy = proxy ? xstrdup(proxy) : NULL;
	f->role = ROLE_NONE;
	f->body = BUF_INIT(PIPE_BYTES);
	f->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(f->cancel >= 0);
	return f;
}

static void free_paths(struct fetcher *f)
{
	for (size_t i = 0; f->paths && f->paths[i]; i++)
		xfree(f->paths[i]);
	xfree(f->paths);
	f->paths = NULL;
}

void fetcher_free(struct fetcher *f)
{
	if (!f)
		return;
	fetcher_rest(f);
	free_paths(f);
	buf_done(&f->body);
	fd_close(f->cancel);
	xfree(f->proxy);
	xfree(f);
}

void fetcher_rest(struct fetcher *f)
{
	role_end(&f->role, 1000, NULL);
}

static bool same_paths(char *const *a, const char *const *b)
{
	size_t i = 0;
	while (a && a[i] && b && b[i] && strcmp(a[i], b[i]) == 0)
		i++;
	return !(a && a[i]) && !(b && b[i]);
}

void fetcher_allow(struct fetcher *f, const char *const *paths)
{
	size_t n = 0;
	if (same_paths(f->paths, paths))
		return;
	fetcher_rest(f); /* what it may read is settled at its start */
	free_paths(f);
	while (paths && paths[n])
		n++;
	f->paths = xcalloc(n + 1, sizeof(*f->paths));
	for (size_t i = 0; i < n; i++)
		f->paths[i] = xstrdup(paths[i]);
}

void fetcher_cancel(struct fetcher *f)
{
	uint64_t one = 1;
	ssize_t told UNUSED = write(f->cancel, &one, sizeof(one));
}

static bool wake(struct fetcher *f, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(FETCH_FRAME_MAX);
	if (f->role.fd >= 0)
		return true;
	pack_text(&b, f->proxy);
	pack_list(&b, (const char *const *)f->paths);
	return buf_ok(&b, "list of directories", e) && role_start(JOBS_FETCH_ROLE, &f->role, e) &&
	       frame_send(f->role.fd, FETCH_SETUP, buf_str(&b), NULL, 0, e);
}

/* Gone or hung: named, and replaced at the next call. */
static bool lost(struct fetcher *f, struct err *e)
{
	struct role_ending how;
	char said[120];
	role_end(&f->role, LOST_MS, &how); /* one that died is just being cleared away */
	role_say_ending(&how, said, sizeof(said));
	return err_set(e, ERR_UNAVAILABLE,
		       "the fetch process %s; another one is started at the next try", said);
}

struct transfer {
	struct fetcher *f;
	int pipe;
	int64_t deadline_ms;
	feed_body body;
	void *arg;
	bool refused; /* the body function did not want more */
};

enum ready { READY_BYTES, READY_ANSWER, READY_CANCEL, READY_NEVER };

static enum ready wait_ready(const struct transfer *t)
{
	for (;;) {
		int64_t left = t->deadline_ms - clock_mono_ms();
		/* the answer counts when the pipe has run dry */
		struct pollfd w[] = { { t->f->cancel, POLLIN, 0 },
				      { t->pipe, POLLIN, 0 },
				      { t->pipe < 0 ? t->f->role.fd : -1, POLLIN, 0 } };
		if (left <= 0)
			return READY_NEVER;
		if (poll(w, ARRAY_LEN(w), (int)MIN(left, (int64_t)60000)) < 0 && errno != EINTR)
			return READY_NEVER;
		if (w[0].revents)
			return READY_CANCEL;
		if (w[1].revents)
			return READY_BYTES;
		if (w[2].revents)
			return READY_ANSWER;
	}
}

/* One piece of the body; the pipe is closed at its end, or when it is not wanted. */
static bool take_piece(struct transfer *t, struct err *e)
{
	struct buf *b = &t->f->body;
	buf_reset(b);
	char *at = buf_reserve(b, PIPE_BYTES - 1);
	ASSERT(at);
	ssize_t n = read(t->pipe, at, PIPE_BYTES - 1);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	t->refused = n > 0 && !t->body(t->arg, (struct str) { at, (size_t)n }, e);
	if (n > 0 && !t->refused)
		return true;
	fd_close(t->pipe);
	t->pipe = -1;
	return !t->refused;
}

static bool cancelled(struct fetcher *f, struct err *e)
{
	uint64_t count;
	ssize_t ignored UNUSED = read(f->cancel, &count, sizeof(count));
	role_end(&f->role, 0, NULL);
	return err_set(e, ERR_UNAVAILABLE, "cancelled");
}

/* The body to its function, then the answer's frame. */
static bool follow(struct transfer *t, struct frame *answer, struct err *e)
{
	struct err refusal = { 0 }, ignored;
	for (;;) {
		switch (wait_ready(t)) {
		case READY_CANCEL: return cancelled(t->f, e);
		case READY_NEVER: return lost(t->f, e);
		case READY_BYTES:
			if (!take_piece(t, &refusal))
				t->deadline_ms = clock_mono_ms() + GRACE_MS;
			break;
		case READY_ANSWER:
			if (!frame_receive(t->f->role.fd, GRACE_MS, answer, &ignored))
				return lost(t->f, e);
			if (!refusal.code)
				return true;
			if (e)
				*e = refusal;
			return false;
		}
	}
}

static void take_word(struct unpacker *u, char *out, size_t size)
{
	const char *s = unpack_text(u);
	size_t n = 0;
	for (; s && *s && n + 1 < size; s++)
		if (*s >= ' ' && *s <= '~')
			out[n++] = *s;
	out[n] = '\0';
}

static bool read_answer(struct fetcher *f, const struct frame *answer,
			struct feed_response *resp_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct unpacker u = { .rest = buf_str(&answer->body), .a = &a };
	struct feed_response resp = { 0 };
	struct err got = { 0 }, mine = { 0 };
	bool failed = answer->kind == FETCH_FAILED;
	if (failed) {
		got.code = (enum err_code)unpack_int_in(&u, ERR_NONE + 1, ERR_CODES_ - 1);
		got.sys = (int)unpack_int_in(&u, 0, 4096);
		take_word(&u, got.msg, sizeof(got.msg));
	} else {
		resp.status = (int)unpack_int_in(&u, 100, 599);
		take_word(&u, resp.etag, sizeof(resp.etag));
		take_word(&u, resp.last_modified, sizeof(resp.last_modified));
		take_word(&u, resp.content_type, sizeof(resp.content_type));
	}
	if ((!failed && answer->kind != FETCH_ANSWER) || !unpack_end(&u, &mine))
		return lost(f, e);
	if (failed) {
		if (e)
			*e = got;
		return false;
	}
	*resp_out = resp;
	return true;
}

bool fetcher_run(struct fetcher *f, const struct fetcher_request *r, struct feed_response *resp_out,
		 feed_body body, void *body_arg, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(FETCH_FRAME_MAX);
	AUTO(frame_done) struct frame answer = FRAME_INIT(FETCH_FRAME_MAX);
	int ends[2];
	struct err ignored;
	pack_text(&b, r->r.url);
	pack_text(&b, r->r.etag);
	pack_text(&b, r->r.last_modified);
	pack_int(&b, r->r.max);
	pack_int(&b, r->timeout_s);
	pack_int(&b, r->min_rate);
	pack_text(&b, r->content_type);
	pack_str(&b, r->body);
	if (r->body.n > FETCHER_BODY_MAX)
		return err_set(e, ERR_LIMIT,
			       "what is to be sent to '%s' has %zu bytes, more than %zu", r->r.url,
			       r->body.n, FETCHER_BODY_MAX);
	if (!buf_ok(&b, "address", e) || !wake(f, e))
		return false;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(e, errno, "cannot fetch '%s'", r->r.url);
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns; less is fine too */
	bool sent = frame_send(f->role.fd, FETCH_GET, buf_str(&b), &ends[1], 1, &ignored);
	fd_close(ends[1]);
	struct transfer t = { .f = f,
			      .pipe = ends[0],
			      .deadline_ms = clock_mono_ms() + r->timeout_s * 1000 + GRACE_MS,
			      .body = body,
			      .arg = body_arg };
	bool good = sent ? follow(&t, &answer, e) : lost(f, e);
	fd_close(t.pipe);
	return good && read_answer(f, &answer, resp_out, e);
}

bool fetcher_get(void *fetcher, const struct feed_request *r, struct feed_response *resp_out,
		 feed_body body, void *body_arg, struct err *e)
{
	struct fetcher_request q = { .r = *r, .timeout_s = 1800 };
	return fetcher_run(fetcher, &q, resp_out, body, body_arg, e);
}
