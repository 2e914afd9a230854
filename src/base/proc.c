/* SPDX-License-Identifier: Apache-2.0
 * fork, exec, poll. The child gets its own process group so that a time-out ends all of it. */
#include "base/proc.h"
#include "base/clock.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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

NORETURN static void child(const struct proc_spec *spec, struct pipes *p, char *const *env)
{
	setpgid(0, 0);
	int in = spec->input.n ? p->in[0] : open("/dev/null", O_RDONLY);
	dup2(in, 0);
	dup2(p->out[1], 1);
	dup2(p->err[1], 2);
	signal(SIGPIPE, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir(spec->cwd ? spec->cwd : "/") == 0)
		execvpe(spec->argv[0], (char *const *)(uintptr_t)spec->argv, env);
	int sys = errno;
	ssize_t ignored UNUSED = write(p->fail[1], &sys, sizeof(sys));
	_exit(127);
}

/* Reads what is there into `b` (NULL drops it). Sets *open to false at end of file. */
static bool drain(int fd, struct buf *b, bool *open)
{
	char tmp[65536];
	ssize_t r = read(fd, tmp, sizeof(tmp));
	if (r == 0 || (r < 0 && errno != EINTR && errno != EAGAIN))
		*open = false;
	if (r > 0 && b)
		buf_add(b, tmp, (size_t)r);
	return !(b && b->overflowed);
}

static bool pump(const struct proc_spec *spec, struct pipes *p, struct buf *out, struct buf *errout,
		 int64_t deadline, bool *timed_out)
{
	struct str in = spec->input;
	bool o = true, x = true;
	if (!in.n) {
		fd_close(p->in[1]);
		p->in[1] = -1;
	}
	while (o || x) {
		struct pollfd f[3] = { { o ? p->out[0] : -1, POLLIN, 0 },
				       { x ? p->err[0] : -1, POLLIN, 0 },
				       { p->in[1], POLLOUT, 0 } };
		int64_t left = deadline - clock_mono_ms();
		if (left <= 0) {
			*timed_out = true;
			return true;
		}
		if (poll(f, 3, (int)MIN(left, 60000)) < 0 && errno != EINTR)
			return true;
		if (f[0].revents && !drain(p->out[0], out, &o))
			return false;
		if (f[1].revents && !drain(p->err[0], errout, &x))
			return false;
		if (f[2].revents) {
			ssize_t r = write(p->in[1], in.p, in.n);
			if (r > 0) {
				in.p += r;
				in.n -= (size_t)r;
			}
			if (in.n == 0 || (r < 0 && errno != EAGAIN && errno != EINTR)) {
				fd_close(p->in[1]);
				p->in[1] = -1;
			}
		}
	}
	return true;
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
	pid_t pid = fork();
	if (pid == 0)
		child(spec, &p, env.p);
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
	if (read(p.fail[0], &sys, sizeof(sys)) == sizeof(sys)) {
		waitpid(pid, NULL, 0);
		return err_sys(e, sys, "cannot run '%s'", name);
	}
	fcntl(p.in[1], F_SETFL, O_NONBLOCK);
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	bool timed_out = false;
	bool fits = pump(spec, &p, out, errout, start + spec->timeout_s * 1000, &timed_out);
	signal(SIGPIPE, old);
	if (!fits || timed_out)
		kill(-pid, SIGKILL);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!fits)
		return err_set(e, ERR_LIMIT, "'%s' printed more than allowed", name);
	*result_out = (struct proc_result) {
		.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		.timed_out = timed_out,
		.elapsed_ms = clock_mono_ms() - start,
	};
	return true;
}
