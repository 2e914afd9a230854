/* SPDX-License-Identifier: Apache-2.0
 * posix_spawn, so that nothing of a threaded parent runs in the child before it is a program of its
 * own. The socket is descriptor 3; everything above is closed at the start. */
#include "ipc/role.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET 3

/* role_main() was called: started again, this program will know what it is. */
static bool ready;
#define PREFIX "--role="

static int spawn(char *const argv[], int sock, pid_t *pid_out)
{
	static char *const env[] = { (char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				     (char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&fa, 2, 1);
	posix_spawn_file_actions_adddup2(&fa, sock, SOCKET);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	int r = posix_spawn(pid_out, "/proc/self/exe", &fa, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return r;
}

bool role_start(const char *name, struct role_child *out, struct err *e)
{
	int pair[2];
	ASSERT(ready); /* else the child would be this whole program again */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_sys(e, errno, "cannot start the process '%s'", name);
	AUTO(fd_close) int ours = pair[0];
	AUTO(fd_close) int theirs = pair[1];
	if (theirs == SOCKET) { /* duplicating it onto itself would leave it closed on exec */
		theirs = fcntl(theirs, F_DUPFD_CLOEXEC, SOCKET + 1);
		fd_close(SOCKET);
		if (theirs < 0)
			return err_sys(e, errno, "cannot start the process '%s'", name);
	}
	AUTO(xfree) char *self = xstrdup("tsukuroi");
	AUTO(xfree) char *role = xasprintf(PREFIX "%s", name);
	char *argv[] = { self, role, NULL };
	pid_t pid;
	int r = spawn(argv, theirs, &pid);
	if (r)
		return err_sys(e, r, "cannot start the process '%s'", name);
	*out = (struct role_child) { pid, ours };
	ours = -1;
	return true;
}

/* Waits for the end; false when it has not come in time. */
static bool wait_end(pid_t pid, int grace_ms, int *status, struct rusage *u)
{
	int64_t until = clock_mono_ms() + grace_ms;
	AUTO(fd_close) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (;;) {
		pid_t got = wait4(pid, status, WNOHANG, u);
		if (got == pid || (got < 0 && errno != EINTR))
			return true;
		int64_t left = until - clock_mono_ms();
		if (left <= 0)
			return false;
		struct pollfd f = { pidfd, POLLIN, 0 };
		poll(&f, 1, (int)(pidfd >= 0 ? left : MIN(left, 10)));
	}
}

void role_end(struct role_child *r, int grace_ms, struct role_ending *how)
{
	struct role_ending end = { 0 };
	struct rusage u = { 0 };
	int status = 0;
	if (r->fd >= 0)
		fd_close(r->fd);
	if (r->pid > 0 && !wait_end(r->pid, grace_ms, &status, &u)) {
		end.we_killed = true;
		kill(r->pid, SIGKILL);
		while (wait4(r->pid, &status, 0, &u) < 0 && errno == EINTR)
			;
	}
	if (WIFSIGNALED(status))
		end.signal = WTERMSIG(status);
	else
		end.exit_status = WEXITSTATUS(status);
	end.cpu_s = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	end.memory_max = (int64_t)u.ru_maxrss * 1024;
	*r = ROLE_NONE;
	if (how)
		*how = end;
}

void role_say_ending(const struct role_ending *how, char *out, size_t size)
{
	if (how->we_killed)
		snprintf(out, size, "did not answer and was ended");
	else if (how->signal == SIGXCPU)
		snprintf(out, size, "was killed after %.0f s of CPU time", how->cpu_s);
	else if (how->signal)
		snprintf(out, size, "died of signal %d (%s)", how->signal, strsignal(how->signal));
	else
		snprintf(out, size, "ended by itself with status %d", how->exit_status);
}

void role_main(int argc, char **argv, const struct role_entry *entries)
{
	struct str arg = str_of(argc == 2 ? argv[1] : "");
	ready = true;
	if (!str_starts(arg, PREFIX))
		return;
	const char *name = arg.p + sizeof(PREFIX) - 1;
	/* In this order: whoever has died before the first line is noticed by the second. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct pollfd f = { SOCKET, 0, 0 };
	if (poll(&f, 1, 0) != 0)
		_exit(1);
	prctl(PR_SET_DUMPABLE, 0);
	AUTO(xfree) char *title = xasprintf("tsukuroi:%s", name);
	prctl(PR_SET_NAME, title);
	syscall(SYS_close_range, SOCKET + 1, ~0u, 0u);
	signal(SIGPIPE, SIG_IGN);
	for (; entries->name; entries++)
		if (strcmp(entries->name, name) == 0)
			_exit(entries->serve(SOCKET));
	_exit(2);
}
