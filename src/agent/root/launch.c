/* SPDX-License-Identifier: Apache-2.0
 * Starting a runner so that it outlives us: under systemd as a transient unit (whose main process
 * may die without its package manager being ended with it), elsewhere as a session of its own, put
 * back into the machine's network. */
#include "agent/root/launch.h"
#include "agent/root/runner.h"
#include "base/file.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our own program, whatever replaced its file meanwhile. */
static char *own_path(void)
{
	char p[4096];
	ssize_t n = readlink("/proc/self/exe", p, sizeof(p));
	struct str s = { p, n > 0 ? (size_t)n : 0 };
	if (str_ends(s, " (deleted)"))
		s.n -= strlen(" (deleted)");
	return str_dup(s);
}

bool launch_systemd_runs(void)
{
	struct stat st; /* sd_booted(3) */
	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

/* What is started: our own program with `verb`, the job's id or another word, and `number` unless
 * it is NULL. */
struct launch {
	const char *self, *unit, *verb, *id, *number;
};

static bool start_unit(const struct launch *l, const struct agent_paths *p, struct err *e)
{
	const char *argv[] = { "systemd-run",
			       "--quiet",
			       "--collect",
			       l->unit,
			       "--property=Type=exec",
			       "--property=KillMode=process",
			       "--property=SendSIGKILL=no",
			       "--",
			       l->self,
			       "--config-dir",
			       p->config,
			       "--state-dir",
			       p->state,
			       "--run-dir",
			       p->run,
			       l->verb,
			       l->id,
			       l->number,
			       NULL };
	AUTO(buf_done) struct buf out = BUF_INIT(65536);
	struct proc_spec spec = { .argv = argv, .timeout_s = 60 };
	struct proc_result res;
	if (!proc_run(&spec, &out, &out, &res, e))
		return false;
	struct str said = str_trim(buf_str(&out));
	if (res.exit_status != 0)
		return err_set(e, ERR_UNAVAILABLE, "systemd-run: exit %d: %.*s", res.exit_status,
			       (int)MIN(said.n, 120), said.p);
	return true;
}

/* The daemon is the grandchild's grandparent: it forks twice, so nobody has to reap the runner. */
static bool start_session(const struct launch *l, const struct agent_paths *p, int netns,
			  struct err *e)
{
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "cannot start a runner");
	if (pid == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		if (netns >= 0 && setns(netns, CLONE_NEWNET) != 0)
			_exit(126);
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execl(l->self, l->self, "--config-dir", p->config, "--state-dir", p->state,
		      "--run-dir", p->run, l->verb, l->id, l->number, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

bool runner_start(const struct agent_paths *p, const char *id, int64_t attempt, int netns,
		  struct err *e)
{
	AUTO(xfree) char *self = own_path();
	AUTO(xfree) char *unit = xasprintf("--unit=tsukuroi-job-%s-%lld", id, (long long)attempt);
	struct launch l = { self, unit, "run-job", id, NULL };
	return launch_systemd_runs() ? start_unit(&l, p, e) : start_session(&l, p, netns, e);
}

bool runner_cards(const struct agent_paths *p, bool on, int netns, struct err *e)
{
	AUTO(xfree) char *self = own_path();
	struct launch l = { self, "--unit=tsukuroi-cards", "set-cards", on ? "on" : "off", NULL };
	return launch_systemd_runs() ? start_unit(&l, p, e) : start_session(&l, p, netns, e);
}

bool runner_tell(const struct agent_paths *p, const char *verb, const char *id, int64_t ms,
		 int netns, struct err *e)
{
	AUTO(xfree) char *self = own_path();
	AUTO(xfree) char *number = xasprintf("%lld", (long long)ms);
	AUTO(xfree) char *unit = xasprintf("--unit=tsukuroi-tell-%s-%s", id, number);
	struct launch l = { self, unit, verb, id, number };
	return launch_systemd_runs() ? start_unit(&l, p, e) : start_session(&l, p, netns, e);
}
