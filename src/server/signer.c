/* SPDX-License-Identifier: Apache-2.0
 * Messages both ways: u32 length, u8 kind, bytes. The child knows three kinds: bind, seal, and the
 * end of the stream, at which it exits. After start it can open no file and no socket (seccomp). */
#include "server/signer.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/log.h"
#include "proto/order.h"

#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX (2 * ORDER_MAX)
enum kind { KIND_BIND = 1, KIND_SEAL, KIND_OK, KIND_ERROR };

struct signer {
	int fd;
	pid_t pid;
	pthread_mutex_t lock;
	char public_hex[2 * SIGN_PUBLIC_LEN + 1];
};

static bool send_message(int fd, enum kind kind, struct str body, struct err *e)
{
	uint8_t head[5];
	uint32_t n = (uint32_t)body.n;
	memcpy(head, &n, 4);
	head[4] = (uint8_t)kind;
	return file_write_fd(fd, (struct str) { (char *)head, 5 }, "sign process", e) &&
	       file_write_fd(fd, body, "sign process", e);
}

static bool read_all(int fd, void *p, size_t n, struct err *e)
{
	char *q = p;
	while (n) {
		ssize_t r = read(fd, q, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the sign process has ended");
		q += r;
		n -= (size_t)r;
	}
	return true;
}

static bool receive_message(int fd, enum kind *kind_out, struct buf *body, struct err *e)
{
	uint8_t head[5];
	uint32_t n;
	if (!read_all(fd, head, sizeof(head), e))
		return false;
	memcpy(&n, head, 4);
	char *p = buf_reserve(body, n);
	if (!p)
		return err_set(e, ERR_LIMIT,
			       "a message of the sign process is larger than %zu bytes", body->max);
	if (!read_all(fd, p, n, e))
		return false;
	body->n += n;
	p[n] = '\0';
	*kind_out = (enum kind)head[4];
	return true;
}

/* --- the child ----------------------------------------------------------------------------------
 */

static bool load_key(const char *path, struct sign_key **out, struct err *e)
{
	AUTO(buf_done) struct buf pem = BUF_INIT(16384);
	if (file_exists(path))
		return file_read(path, &pem, e) && sign_key_load(buf_str(&pem), out, e);
	AUTO(sign_key_free) struct sign_key *k = NULL;
	if (!sign_key_new(&k, e) || !sign_key_save(k, &pem, e) ||
	    !file_write_atomic(path, buf_str(&pem), 0600, e))
		return false;
	*out = TAKE(k);
	return true;
}

/* From here on: compute, use memory, talk on the pair. */
static bool confine(struct err *e)
{
	static const int allowed[] = {
		SCMP_SYS(read),		  SCMP_SYS(write),	   SCMP_SYS(close),
		SCMP_SYS(exit),		  SCMP_SYS(exit_group),	   SCMP_SYS(brk),
		SCMP_SYS(mmap),		  SCMP_SYS(munmap),	   SCMP_SYS(mremap),
		SCMP_SYS(mprotect),	  SCMP_SYS(madvise),	   SCMP_SYS(futex),
		SCMP_SYS(getrandom),	  SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid),	   SCMP_SYS(gettid),
		SCMP_SYS(tgkill),	  SCMP_SYS(getrusage),	   SCMP_SYS(restart_syscall),
		SCMP_SYS(fstat),	  SCMP_SYS(newfstatat),	   SCMP_SYS(sigaltstack),
		SCMP_SYS(rt_sigaction)
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool ok = ctx != NULL;
	for (size_t i = 0; ok && i < ARRAY_LEN(allowed); i++)
		ok = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	ok = ok && seccomp_load(ctx) == 0;
	if (ctx)
		seccomp_release(ctx);
	return ok || err_set(e, ERR_IO, "cannot confine the sign process");
}

static bool seal(const struct sign_key *key, const char *org, struct str json, struct buf *envelope,
		 struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct order o;
	if (!org[0])
		return err_set(e, ERR_DENIED,
			       "the sign process has not been told its organisation");
	if (!order_parse(json, &a, &o, e))
		return false;
	if (!str_is(o.org, org)) /* order_parse() knows the actions and what each may hold */
		return err_set(e, ERR_DENIED,
			       "the sign process signs only orders of its own organisation");
	return order_seal(json, key, envelope, e) && buf_ok(envelope, "the envelope", e);
}

NORETURN static void child(int fd, const char *key_path)
{
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *key = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "tsukuroid: sign");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (!load_key(key_path, &key, &e) || !confine(&e)) {
		bool told UNUSED = send_message(fd, KIND_ERROR, str_of(e.msg), NULL);
		_exit(1);
	}
	uint8_t pub[SIGN_PUBLIC_LEN];
	sign_key_public(key, pub);
	bool up = send_message(fd, KIND_OK, (struct str) { (char *)pub, sizeof(pub) }, &e);
	char org[33] = "";
	while (up) {
		AUTO(buf_done) struct buf in = BUF_INIT(MESSAGE_MAX);
		AUTO(buf_done) struct buf out = BUF_INIT(MESSAGE_MAX);
		enum kind kind;
		if (!receive_message(fd, &kind, &in, &e))
			break;
		bool good = false;
		if (kind == KIND_BIND && !org[0] && in.n == 32) {
			memcpy(org, in.p, 33);
			good = true;
		} else if (kind == KIND_SEAL) {
			good = seal(key, org, buf_str(&in), &out, &e);
		} else {
			err_set(&e, ERR_DENIED, "the sign process refuses this message");
		}
		up = good ? send_message(fd, KIND_OK, buf_str(&out), &e)
			  : send_message(fd, KIND_ERROR, str_of(e.msg), &e);
	}
	_exit(0);
}

/* --- the parent ---------------------------------------------------------------------------------
 */

static bool call(struct signer *s, enum kind kind, struct str body, struct buf *reply,
		 struct err *e)
{
	enum kind got;
	pthread_mutex_lock(&s->lock);
	bool ok = send_message(s->fd, kind, body, e) && receive_message(s->fd, &got, reply, e);
	pthread_mutex_unlock(&s->lock);
	if (!ok)
		return false;
	if (got != KIND_OK)
		return err_set(e, ERR_DENIED, "%s", reply->p ? reply->p : "refused");
	return true;
}

bool signer_start(const char *key_path, struct signer **out, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_sys(e, errno, "cannot make the sign process");
	pid_t pid = fork();
	if (pid < 0) {
		fd_close(pair[0]);
		fd_close(pair[1]);
		return err_sys(e, errno, "cannot make the sign process");
	}
	if (pid == 0) {
		fd_close(pair[0]);
		child(pair[1], key_path);
	}
	fd_close(pair[1]);
	AUTO(signer_stop) struct signer *s = xcalloc(1, sizeof(*s));
	s->fd = pair[0];
	s->pid = pid;
	pthread_mutex_init(&s->lock, NULL);
	AUTO(buf_done) struct buf reply = BUF_INIT(4096);
	enum kind kind;
	if (!receive_message(s->fd, &kind, &reply, e))
		return false;
	if (kind != KIND_OK || reply.n != SIGN_PUBLIC_LEN)
		return err_set(e, ERR_IO, "the sign process did not start: %s",
			       reply.p ? reply.p : "");
	enc_hex(reply.p, reply.n, s->public_hex);
	*out = TAKE(s);
	return true;
}

bool signer_bind(struct signer *s, const char *org, struct err *e)
{
	AUTO(buf_done) struct buf reply = BUF_INIT(4096);
	return call(s, KIND_BIND, str_of(org), &reply, e);
}

const char *signer_public(const struct signer *s)
{
	return s->public_hex;
}

bool signer_seal(void *arg, struct str order_json, struct buf *envelope, struct err *e)
{
	AUTO(buf_done) struct buf reply = BUF_INIT(MESSAGE_MAX);
	if (!call(arg, KIND_SEAL, order_json, &reply, e))
		return err_prefix(e, "order not signed");
	buf_addstr(envelope, buf_str(&reply));
	return true;
}

void signer_stop(struct signer *s)
{
	if (!s)
		return;
	fd_close(s->fd);
	waitpid(s->pid, NULL, 0);
	pthread_mutex_destroy(&s->lock);
	xfree(s);
}
