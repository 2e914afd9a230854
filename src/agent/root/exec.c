/* SPDX-License-Identifier: Apache-2.0
 * fork, setsid, exec, wait. Invariant: what a package manager runs sees a fixed environment, never
 * ours. */
#include "agent/root/exec.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CUT "[... the middle was left out ...]"
#define KEEP_HEAD (512 << 10)
#define TERM_GRACE_MS 30000
#define ORPHANS_MS 60000 /* for what a command that failed leaves running */

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
	"HOME=/root",
	"USER=root",
	"LOGNAME=root",
	"SHELL=/bin/sh",
	"TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive",
	"APT_LISTCHANGES_FRONTEND=none",
	"APT_LISTBUGS_FRONTEND=none",
	NULL,
};

NORETURN static void child(const struct exec_spec *spec, int out)
{
	setsid();
	int in = open("/dev/null", O_RDONLY);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (spec->lock >= 0)
		fcntl(spec->lock, F_SETFD, 0);
	umask(022);
	signal(SIGPIPE, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/") == 0)
		execvpe(spec->argv[0], (char *const *)(uintptr_t)spec->argv,
			(char *const *)(uintptr_t)environment);
	dprintf(2, "E: cannot run %s: errno %d\n", spec->argv[0], errno);
	_exit(127);
}

/* The file is written in append mode, so it may be cut while it grows: the head stays, and what
 * comes next is the new tail. */
static void keep_small(int out)
{
	struct stat st;
	if (fstat(out, &st) == 0 && st.st_size > (off_t)EXEC_OUTPUT_MAX &&
	    ftruncate(out, KEEP_HEAD) == 0)
		dprintf(out, "\n" CUT "\n");
}

bool exec_was_cut(struct str output)
{
	return memmem(output.p, output.n, CUT, sizeof(CUT) - 1) != NULL;
}

static bool collect(pid_t pid, int *status)
{
	pid_t r;
	while ((r = waitpid(pid, status, WNOHANG)) < 0 && errno == EINTR)
		;
	return r != 0;
}

/* A package manager that was killed leaves its children at work - dpkg, a maintainer script - and
 * they hold locks and change files: the next step must not race them. What is there for ever is a
 * service somebody started, so the patience has an end. */
static void wait_for_orphans(pid_t group)
{
	int64_t until = clock_mono_ms() + ORPHANS_MS;
	while (kill(-group, 0) == 0 && clock_mono_ms() < until) {
		struct timespec nap = { 0, 100000000 };
		nanosleep(&nap, NULL);
	}
}

bool exec_run(const struct exec_spec *spec, struct exec_result *out, struct err *e)
{
	AUTO(fd_close)
	int fd = open(spec->output,
		      O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", spec->output);
	pid_t pid = fork();
	if (pid == 0)
		child(spec, fd);
	if (pid < 0)
		return err_sys(e, errno, "cannot run '%s'", spec->argv[0]);
	int64_t deadline = clock_mono_ms() + spec->timeout_s * 1000, step = 5;
	int status = 0, killed = 0;
	while (!collect(pid, &status)) {
		struct timespec nap = { 0, step * 1000000 };
		nanosleep(&nap, NULL);
		step = MIN(step * 2, 250);
		keep_small(fd);
		if (clock_mono_ms() < deadline)
			continue;
		kill(-pid, killed++ ? SIGKILL : SIGTERM);
		deadline = clock_mono_ms() + TERM_GRACE_MS;
	}
	if (status != 0)
		wait_for_orphans(pid);
	*out = (struct exec_result) {
		.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		.timed_out = killed > 0,
	};
	return true;
}
