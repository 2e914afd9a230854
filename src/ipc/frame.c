/* SPDX-License-Identifier: Apache-2.0
 * Descriptors travel with the first byte of a message's head. SIGPIPE never comes from here. */
#include "ipc/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define HEAD 5u
#define FDS_BYTES CMSG_SPACE(FRAME_FDS * sizeof(int))

union control {
	char bytes[FDS_BYTES];
	struct cmsghdr align;
};

void frame_done(struct frame *f)
{
	buf_done(&f->body);
	for (size_t i = 0; i < f->n_fds; i++)
		fd_close(f->fds[i]);
	f->n_fds = 0;
}

int frame_take_fd(struct frame *f, size_t i)
{
	int fd = i < f->n_fds ? f->fds[i] : -1;
	if (i < f->n_fds)
		f->fds[i] = -1;
	return fd;
}

static bool gone(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the other process has ended");
}

static bool send_bytes(int sock, const char *p, size_t n, const int *fds, size_t n_fds,
		       struct err *e)
{
	union control c = { .bytes = "" };
	while (n) {
		struct iovec v = { (void *)(uintptr_t)p, n };
		struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
		if (n_fds) {
			m.msg_control = c.bytes;
			m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
			struct cmsghdr *h = CMSG_FIRSTHDR(&m);
			h->cmsg_level = SOL_SOCKET;
			h->cmsg_type = SCM_RIGHTS;
			h->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
			memcpy(CMSG_DATA(h), fds, n_fds * sizeof(int));
		}
		ssize_t r = sendmsg(sock, &m, MSG_NOSIGNAL);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && (errno == EPIPE || errno == ECONNRESET))
			return gone(e);
		if (r < 0)
			return err_sys(e, errno, "cannot talk to the other process");
		p += r;
		n -= (size_t)r;
		n_fds = 0;
	}
	return true;
}

bool frame_send(int sock, uint8_t kind, struct str body, const int *fds, size_t n_fds,
		struct err *e)
{
	char head[HEAD];
	uint32_t n = (uint32_t)body.n;
	ASSERT(n_fds <= FRAME_FDS && body.n <= UINT32_MAX);
	memcpy(head, &n, sizeof(n));
	head[4] = (char)kind;
	return send_bytes(sock, head, HEAD, fds, n_fds, e) &&
	       send_bytes(sock, body.p, body.n, NULL, 0, e);
}

/* Keeps the descriptors of one piece; what does not fit is closed. */
static void keep_fds(struct msghdr *m, struct frame *f)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
			if (f->n_fds < FRAME_FDS)
				f->fds[f->n_fds++] = fd;
			else
				fd_close(fd);
		}
	}
}

static bool receive_bytes(int sock, int timeout_ms, char *p, size_t n, struct frame *f,
			  struct err *e)
{
	while (n) {
		struct pollfd w = { sock, POLLIN, 0 };
		int ready = poll(&w, 1, timeout_ms);
		if (ready == 0)
			return err_set(e, ERR_TIMEOUT, "the other process does not answer");
		if (ready < 0 && errno == EINTR)
			continue;
		union control c;
		struct iovec v = { p, n };
		struct msghdr m = { .msg_iov = &v,
				    .msg_iovlen = 1,
				    .msg_control = c.bytes,
				    .msg_controllen = sizeof(c.bytes) };
		ssize_t r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return gone(e);
		keep_fds(&m, f);
		p += r;
		n -= (size_t)r;
	}
	return true;
}

bool frame_receive(int sock, int timeout_ms, struct frame *out, struct err *e)
{
	char head[HEAD];
	uint32_t n;
	size_t max = out->body.max;
	frame_done(out);
	out->body = BUF_INIT(max);
	if (!receive_bytes(sock, timeout_ms, head, HEAD, out, e))
		return false;
	memcpy(&n, head, sizeof(n));
	out->kind = (uint8_t)head[4];
	char *p = n <= max ? buf_reserve(&out->body, n) : NULL;
	if (!p)
		return err_set(e, ERR_LIMIT, "a message of %u bytes is larger than allowed", n);
	if (!receive_bytes(sock, timeout_ms, p, n, out, e))
		return false;
	out->body.n += n;
	p[n] = '\0';
	return true;
}
