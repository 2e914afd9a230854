/* SPDX-License-Identifier: Apache-2.0
 * Local messages. Invariant: nothing is read past the announced length, nothing is allocated for a
 * length above IPC_MAX, and every call ends by its deadline. */
#include "agent/ipc.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool address(const char *path, struct sockaddr_un *out, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof(a.sun_path))
		return err_set(e, ERR_INVALID, "socket path '%s' is too long", path);
	memcpy(a.sun_path, path, n + 1);
	*out = a;
	return true;
}

bool ipc_connect(const char *path, int *fd_out, struct err *e)
{
	struct sockaddr_un a;
	if (!address(path, &a, e))
		return false;
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		if (errno == EACCES || errno == EPERM)
			return err_set(e, ERR_DENIED, "not allowed to use '%s'", path);
		return err_set(e, ERR_UNAVAILABLE, "nobody answers at '%s'", path);
	}
	*fd_out = fd;
	fd = -1;
	return true;
}

bool ipc_listen(const char *path, mode_t mode, int *fd_out, struct err *e)
{
	struct sockaddr_un a;
	if (!address(path, &a, e))
		return false;
	int other = -1;
	if (ipc_connect(path, &other, NULL)) {
		fd_close(other);
		return err_set(e, ERR_CONFLICT, "another process listens at '%s'", path);
	}
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(e, errno, "cannot remove '%s'", path);
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a socket");
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || chmod(path, mode) != 0 ||
	    listen(fd, 16) != 0)
		return err_sys(e, errno, "cannot listen at '%s'", path);
	*fd_out = fd;
	fd = -1;
	return true;
}

bool ipc_accept(int listener, int *fd_out, uid_t *uid_out, struct err *e)
{
	AUTO(fd_close) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot accept");
	struct ucred who;
	socklen_t n = sizeof(who);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return err_sys(e, errno, "cannot tell the peer's user");
	*uid_out = who.uid;
	*fd_out = fd;
	fd = -1;
	return true;
}

static bool ready(int fd, short what, int64_t deadline, struct err *e)
{
	for (;;) {
		int64_t left = deadline - clock_mono_ms();
		if (left <= 0)
			return err_set(e, ERR_TIMEOUT, "local peer took too long");
		struct pollfd p = { fd, what, 0 };
		int r = poll(&p, 1, (int)MIN(left, 60000));
		if (r > 0)
			return true;
		if (r < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait for the local peer");
	}
}

static bool hung_up(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "local peer hung up");
}

static bool send_all(int fd, struct str s, int64_t deadline, struct err *e)
{
	while (s.n) {
		ssize_t r = send(fd, s.p, s.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (r < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!ready(fd, POLLOUT, deadline, e))
				return false;
			continue;
		}
		if (r < 0 && errno == EPIPE)
			return hung_up(e);
		if (r < 0)
			return err_sys(e, errno, "cannot send to the local peer");
		s.p += r;
		s.n -= (size_t)r;
	}
	return true;
}

static bool recv_all(int fd, char *p, size_t n, int64_t deadline, struct err *e)
{
	while (n) {
		ssize_t r = recv(fd, p, n, MSG_DONTWAIT);
		if (r < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!ready(fd, POLLIN, deadline, e))
				return false;
			continue;
		}
		if (r == 0 || (r < 0 && errno == ECONNRESET)) /* reset: killed before it read */
			return hung_up(e);
		if (r < 0)
			return err_sys(e, errno, "cannot receive from the local peer");
		p += r;
		n -= (size_t)r;
	}
	return true;
}

bool ipc_send(int fd, const json_t *message, int64_t timeout_ms, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(IPC_MAX + 4);
	buf_add(&b, "\0\0\0\0", 4);
	json_write(message, &b);
	if (!buf_ok(&b, "local message", e))
		return false;
	uint32_t n = (uint32_t)(b.n - 4);
	for (int i = 0; i < 4; i++)
		b.p[i] = (char)(n >> (24 - 8 * i));
	return send_all(fd, buf_str(&b), clock_mono_ms() + timeout_ms, e);
}

bool ipc_recv(int fd, int64_t timeout_ms, json_t **out, struct err *e)
{
	return ipc_recv_most(fd, IPC_MAX, timeout_ms, out, e);
}

bool ipc_recv_most(int fd, size_t max, int64_t timeout_ms, json_t **out, struct err *e)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;
	unsigned char head[4];
	if (!recv_all(fd, (char *)head, 4, deadline, e))
		return false;
	size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	if (n > max)
		return err_set(e, ERR_LIMIT, "local message of %zu bytes", n);
	AUTO(buf_done) struct buf b = BUF_INIT(max);
	while (b.n < n) { /* memory follows what really came, not what was announced */
		size_t step = MIN(n - b.n, (size_t)65536);
		char *at = buf_reserve(&b, step);
		if (!at)
			return err_set(e, ERR_LIMIT, "local message of %zu bytes", n);
		if (!recv_all(fd, at, step, deadline, e))
			return false;
		b.n += step;
	}
	AUTO(json_free) json_t *j = NULL;
	if (!json_parse(buf_str(&b), max, &j, e))
		return err_prefix(e, "local message");
	if (!json_is_object(j))
		return err_set(e, ERR_CORRUPT, "local message is not an object");
	*out = TAKE(j);
	return true;
}

static enum err_code code_of(const char *word)
{
	for (int c = ERR_INVALID; c < ERR_CODES_; c++)
		if (strcmp(err_code_name((enum err_code)c), word) == 0)
			return (enum err_code)c;
	return ERR_INTERNAL;
}

bool ipc_good(const json_t *reply, struct err *e)
{
	const char *text = json_string_value(json_object_get(reply, "error"));
	const char *code = json_string_value(json_object_get(reply, "code"));
	return !text || err_set(e, code_of(code ? code : ""), "%s", text);
}

bool ipc_call(const char *path, const json_t *request, int64_t timeout_ms, json_t **reply_out,
	      struct err *e)
{
	AUTO(fd_close) int fd = -1;
	return ipc_connect(path, &fd, e) && ipc_send(fd, request, timeout_ms, e) &&
	       ipc_recv(fd, timeout_ms, reply_out, e);
}
