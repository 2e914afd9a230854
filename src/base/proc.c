/* SPDX-License-Identifier: Apache-2.0
 * fork, exec, poll. The child gets its own process group so that a time-out ends all of it. What
 * ends a run is the child's end, not its output's: a daemon it leaves behind may keep the pipes
 * open, and a child that closes them may run on. */
#include "base/proc.h"
#include "base/clock.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct pipes {
	int in[2], out[2], err[2], fail[2];
};

static void pipes_close(struct pipes *p)
{
	int *all = (int *)p;
	for (size_t i = 0; i < sizeof(*p) / sizeof(int); i++) {
		fd_close(all[i]);
		all[i] = -1;
	}
}
AUTO_DEFINE_VALUE(struct pipes, pipes_close)

NORETURN static void child(const struct proc_spec *spec, pid_t parent, struct pipes *p,
			   char *const *env)
{
	setpgid(0, 0);
	if (spec->bound && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
		_exit(127);
	int in = spec->input.n ? p->in[0] : open("/dev/null", O_RDONLY);
	dup2(in, 0);
	dup2(p->out[1], 1);
	dup2(p->err[1], 2);
	int fail = p->fail[1];
	if (spec->pass_fd > 0) {
		/* the way to say that it failed keeps clear of descriptor 3 */
		fail = fcntl(fail, F_DUPFD_CLOEXEC, 4);
		if (spec->pass_fd == 3)
			fcntl(3, F_SETFD, 0);
		else
			dup2(spec->pass_fd, 3);
	}
	signal(SIGPIPE, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	environ = (char **)(uintptr_t)env; /* execvp searches the PATH it finds here */
	if (chdir(spec->cwd ? spec->cwd : "/") == 0)
		execvp(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
	int sys = errno;
	ssize_t ignored UNUSED = write(fail, &sys, sizeof(sys));
	_exit(127);
}

/* A running child and what is left to do for it. */
struct run {
	pid_t pid;
	int pidfd; /* readable when the child has ended; -1 on kernels before 5.3 */
	bool ended;
	int status;
	struct str input;
	struct buf *out, *err;
	bool out_open, err_open;
};

/* Reads what is there, at least a pipe's capacity, into `b` (NULL drops it). Sets *open to false at
 * end of file; false when `b` is over its maximum. */
static bool drain(int fd, struct buf *b, bool *open)
{
	for (int turns = 0; *open && turns < 32; turns++) { /* the clock is looked at in between */
		char tmp[65536];
		ssize_t r = read(fd, tmp, sizeof(tmp));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno == EAGAIN)
			return true;
		if (r <= 0)
			*open = false;
		if (r > 0 && b)
			buf_add(b, tmp, (size_t)r);
		if (b && b->overflowed)
			return false;
		if (r > 0 && (size_t)r < sizeof(tmp))
			return true;
	}
	return true;
}

static void feed(struct pipes *p, struct str *in)
{
	ssize_t r = write(p->in[1], in->p, in->n);
	if (r > 0) {
		in->p += r;
		in->n -= (size_t)r;
	}
	if (in->n == 0 || (r < 0 && errno != EAGAIN && errno != EINTR)) {
		fd_close(p->in[1]);
		p->in[1] = -1;
	}
}

/* Feeds and reads until the child has ended. False when it printed more than allowed. */
static bool pump(struct run *r, struct pipes *p, int64_t deadline, bool *timed_out)
{
	while (!r->ended) {
		int64_t left = deadline - clock_mono_ms();
		if (left <= 0) {
			*timed_out = true;
			return true;
		}
		struct pollfd f[] = { { r->out_open ? p->out[0] : -1, POLLIN, 0 },
				      { r->err_open ? p->err[0] : -1, POLLIN, 0 },
				      { p->in[1], POLLOUT, 0 },
				      { r->pidfd, POLLIN, 0 } };
		int ready = poll(f, ARRAY_LEN(f), (int)MIN(left, r->pidfd >= 0 ? 60000 : 20));
		if (ready > 0 && f[2].revents)
			feed(p, &r->input);
		/* Asked before reading, so that all the child wrote is there to be read. */
		r->ended = waitpid(r->pid, &r->status, WNOHANG) == r->pid;
		if (!drain(p->out[0], r->out, &r->out_open) ||
		    !drain(p->err[0], r->err, &r->err_open))
			return false;
	}
	return true;
}

/* As pump, with SIGPIPE kept from this thread. */
static bool pump_quietly(struct run *r, struct pipes *p, int64_t deadline, bool *timed_out)
{
	sigset_t pipe_only, old, pending;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
	bool fits = pump(r, p, deadline, timed_out);
	struct timespec at_once = { 0 };
	if (!sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return fits;
}

static void end_child(struct run *r)
{
	if (r->ended)
		return;
	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
		;
}

static void nonblocking(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

bool proc_run(const struct proc_spec *spec, struct buf *out, struct buf *errout,
	      struct proc_result *result_out, struct err *e)
{
	const char *name = spec->argv[0];
	ASSERT(spec->timeout_s > 0);
	AUTO(pipes_close) struct pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (pipe2(p.in, O_CLOEXEC) || pipe2(p.out, O_CLOEXEC) || pipe2(p.err, O_CLOEXEC) ||
	    pipe2(p.fail, O_CLOEXEC))
		return err_sys(e, errno, "cannot run '%s'", name);

	VEC(char *) env = { 0 };
	VEC_PUSH(&env, (char *)(uintptr_t) "PATH=" PROC_PATH);
	VEC_PUSH(&env, (char *)(uintptr_t) "LC_ALL=C.UTF-8");
	VEC_PUSH(&env, (char *)(uintptr_t)(geteuid() == 0 ? "HOME=/root" : "HOME=/"));
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		VEC_PUSH(&env, (char *)(uintptr_t)spec->env[i]);
	VEC_PUSH(&env, NULL);

	int64_t start = clock_mono_ms();
	pid_t self = getpid(), pid = fork();
	if (pid == 0)
		child(spec, self, &p, env.p);
	int fork_errno = errno;
	VEC_DONE(&env);
	if (pid < 0)
		return err_sys(e, fork_errno, "cannot run '%s'", name);
	setpgid(pid, pid);
	int *ends[] = { &p.in[0], &p.out[1], &p.err[1], &p.fail[1] };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		fd_close(*ends[i]);
		*ends[i] = -1;
	}
	int sys = 0;
	ssize_t got;
	while ((got = read(p.fail[0], &sys, sizeof(sys))) < 0 && errno == EINTR)
		;
	if (got == sizeof(sys)) {
		waitpid(pid, NULL, 0);
		return err_sys(e, sys, "cannot run '%s'", name);
	}
	nonblocking(p.in[1]);
	nonblocking(p.out[0]);
	nonblocking(p.err[0]);
	if (!spec->input.n) {
		fd_close(p.in[1]);
		p.in[1] = -1;
	}
	AUTO(fd_close) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct run r = { .pid = pid,
			 .pidfd = pidfd,
			 .input = spec->input,
			 .out = out,
			 .err = errout,
			 .out_open = true,
			 .err_open = true };
	bool timed_out = false;
	bool fits = pump_quietly(&r, &p, start + spec->timeout_s * 1000, &timed_out);
	end_child(&r);
	if (!fits)
		return err_set(e, ERR_LIMIT, "'%s' printed more than allowed", name);
	*result_out = (struct proc_result) {
		.exit_status = WIFEXITED(r.status) ? WEXITSTATUS(r.status)
						   : 128 + WTERMSIG(r.status),
		.timed_out = timed_out,
		.elapsed_ms = clock_mono_ms() - start,
	};
	return true;
}
