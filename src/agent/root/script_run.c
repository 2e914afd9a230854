/* SPDX-License-Identifier: Apache-2.0
 * Runner, keeper and script are three processes: the keeper is the script's parent and the
 * subreaper of all that comes of it, so it can tell when all of it is gone. The script waits at a
 * pipe until its number is written down. */
#include "agent/root/script_run.h"
#include "agent/reboot.h"
#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HALF (SCRIPT_OUTPUT_MAX / 2)
#define GRACE_MS 10000 /* between being asked to end and being ended */
#define REAP_MS 10000  /* for what was killed to be gone */
#define DRAIN_MS 200   /* for what is still in the pipe when it has ended */
#define MOST_ENV 8

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
	"HOME=/root",
	"SHELL=/bin/sh",
	"TERM=dumb",
};

static void nap(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* Field 22 of proc(5) stat: with the pid, and the boot, it names one process for ever. */
static bool started_at(int pid, char out[static 32])
{
	AUTO(xfree) char *path = xasprintf("/proc/%d/stat", pid);
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	struct str rest, word = { 0 };
	if (!file_read(path, &b, NULL) || !b.p)
		return false;
	const char *end = strrchr(b.p, ')');
	if (!end)
		return false;
	rest = str_trim(str_of(end + 1));
	for (int field = 3; field <= 22; field++)
		if (!str_split(&rest, ' ', &word))
			return false;
	snprintf(out, 32, "%.*s", (int)MIN(word.n, 31), word.p);
	return true;
}

/* --- the script's own process ------------------------------------------------------------------
 */

NORETURN static void be_script(const struct script_run *s, int go, int out)
{
	const char *env[ARRAY_LEN(environment) + MOST_ENV + 1];
	const struct rlimit none = { 0, 0 };
	sigset_t empty;
	size_t n = 0;
	char c;
	setsid();
	int in = open("/dev/null", O_RDONLY);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	for (size_t i = 0; i < ARRAY_LEN(environment); i++)
		env[n++] = environment[i];
	for (size_t i = 0; s->env[i] && i < MOST_ENV; i++)
		env[n++] = s->env[i];
	env[n] = NULL;
	umask(022);
	(void)setrlimit(RLIMIT_CORE, &none);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	const char *const argv[] = { s->program, NULL };
	if (read(go, &c, 1) != 1)
		_exit(127);
	if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0)
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
	if (chdir("/") == 0)
		execve(s->program, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	dprintf(2, "the script cannot be run: errno %d\n", errno);
	_exit(127);
}

/* --- its keeper --------------------------------------------------------------------------------
 */

struct output {
	char head[HALF], tail[HALF];
	size_t n_head;
	uint64_t n_tail; /* bytes that came for the tail; it keeps the last ones */
};

static void keep(struct output *o, const char *p, size_t n)
{
	size_t first = MIN(n, HALF - o->n_head);
	memcpy(o->head + o->n_head, p, first);
	o->n_head += first;
	for (size_t i = first; i < n; i++)
		o->tail[o->n_tail++ % HALF] = p[i];
}

static void output_text(const struct output *o, struct buf *b)
{
	uint64_t from = o->n_tail > HALF ? o->n_tail - HALF : 0;
	buf_add(b, o->head, o->n_head);
	if (from)
		buf_printf(b, "\n[... %llu bytes were left out ...]\n", (unsigned long long)from);
	for (uint64_t i = from; i < o->n_tail; i++)
		buf_addc(b, o->tail[i % HALF]);
}

/* What there is, for at most `ms`; false at its end. */
static bool take_output(int fd, int64_t ms, struct output *o)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char block[8192];
	if (poll(&p, 1, (int)ms) <= 0)
		return true;
	ssize_t n = read(fd, block, sizeof(block));
	if (n > 0)
		keep(o, block, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Our children: the script, and what lost its own parent. */
static void kill_children(int sig)
{
	AUTO(xfree) char *path = xasprintf("/proc/self/task/%d/children", (int)getpid());
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	struct str rest, word;
	int64_t pid;
	if (!file_read(path, &b, NULL))
		return;
	for (rest = str_trim(buf_str(&b)); str_split(&rest, ' ', &word);)
		if (str_to_i64(word, &pid) && pid > 1)
			kill((pid_t)pid, sig);
}

/* Nothing of it is left afterwards: what is killed leaves its children to us. */
static void end_all(pid_t script)
{
	int64_t until = clock_mono_ms() + REAP_MS;
	pid_t r;
	do {
		kill(-script, SIGKILL);
		kill_children(SIGKILL);
		while ((r = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (r == 0)
			nap(10);
	} while (r == 0 && clock_mono_ms() < until);
}

struct keeping {
	const struct script_run *s;
	pid_t script;
	int out;
	struct output output;
	int status;
	bool timed_out;
};

static bool has_ended(struct keeping *k)
{
	pid_t r = waitpid(k->script, &k->status, WNOHANG);
	return r == k->script || (r < 0 && errno == ECHILD);
}

static void wait_for_end(struct keeping *k)
{
	int64_t deadline = clock_mono_ms() + k->s->timeout_s * 1000;
	bool open = true, asked = false;
	while (!has_ended(k)) {
		if (open)
			open = take_output(k->out, 50, &k->output);
		else
			nap(20);
		if (clock_mono_ms() < deadline)
			continue;
		if (asked) {
			end_all(k->script);
			k->status = SIGKILL;
			return;
		}
		k->timed_out = asked = true;
		kill(-k->script, SIGTERM);
		deadline = clock_mono_ms() + GRACE_MS;
	}
	if (k->timed_out)
		end_all(k->script);
}

static bool write_result(struct keeping *k, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(SCRIPT_OUTPUT_MAX + 200);
	AUTO(buf_done) struct buf b = BUF_INIT(16 * SCRIPT_OUTPUT_MAX);
	AUTO(json_free) json_t *j = json_object();
	int code = WIFEXITED(k->status) ? WEXITSTATUS(k->status) : 128 + WTERMSIG(k->status);
	output_text(&k->output, &text);
	json_object_set_new(j, "exit_status", json_integer(code));
	json_object_set_new(j, "timed_out", json_boolean(k->timed_out));
	json_object_set_new(j, "output", json_text(buf_str(&text)));
	json_object_set_new(j, "finished_ms", json_integer(clock_wall_ms()));
	json_write(j, &b);
	return buf_ok(&b, "the script's result", e) &&
	       file_write_atomic(k->s->result, buf_str(&b), 0600, e);
}

static bool write_pid(const struct script_run *s, pid_t script, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(500);
	char boot[REBOOT_BOOT_ID], at[32];
	if (!reboot_boot_id(boot, e))
		return false;
	if (!started_at(script, at))
		return err_set(e, ERR_IO, "cannot read '/proc/%d/stat'", (int)script);
	buf_printf(&b, "%d %s %s\n", (int)script, at, boot);
	return buf_ok(&b, "pid", e) && file_write_atomic(s->pid, buf_str(&b), 0600, e);
}

NORETURN static void be_keeper(const struct script_run *s)
{
	struct keeping *k = xcalloc(1, sizeof(*k));
	struct err e = { 0 };
	int go[2], out[2];
	k->s = s;
	setsid();
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 || pipe2(go, O_CLOEXEC) != 0 ||
	    pipe2(out, O_CLOEXEC) != 0)
		_exit(1);
	k->script = fork();
	if (k->script < 0)
		_exit(1);
	if (k->script == 0) {
		close(go[1]);
		be_script(s, go[0], out[1]);
	}
	close(go[0]);
	close(out[1]);
	k->out = out[0];
	if (!write_pid(s, k->script, &e)) {
		end_all(k->script);
		_exit(1);
	}
	if (write(go[1], "g", 1) != 1)
		end_all(k->script);
	close(go[1]);
	wait_for_end(k);
	int64_t until = clock_mono_ms() + DRAIN_MS;
	while (clock_mono_ms() < until &&
	       take_output(k->out, until - clock_mono_ms() + 1, &k->output))
		;
	_exit(write_result(k, &e) ? 0 : 1);
}

bool script_run_start(const struct script_run *s, int *pid_out, struct err *e)
{
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "cannot start a script");
	if (pid == 0)
		be_keeper(s);
	*pid_out = pid;
	return true;
}

bool script_run_result(const char *result, json_t **out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(16 * SCRIPT_OUTPUT_MAX);
	if (!file_exists(result))
		return err_set(e, ERR_NOT_FOUND, "the script's end is not known");
	return file_read(result, &b, e) && json_parse(buf_str(&b), 16 * SCRIPT_OUTPUT_MAX, out, e);
}

/* --- when the keeper is gone -------------------------------------------------------------------
 */

static bool read_pid(const char *path, int64_t *pid_out, struct buf *at_out)
{
	AUTO(buf_done) struct buf b = BUF_INIT(500);
	char boot[REBOOT_BOOT_ID];
	struct str rest, pid, at;
	if (!file_read(path, &b, NULL) || !reboot_boot_id(boot, NULL))
		return false;
	rest = str_trim(buf_str(&b));
	if (!str_split(&rest, ' ', &pid) || !str_split(&rest, ' ', &at) || !str_is(rest, boot) ||
	    !str_to_i64(pid, pid_out) || *pid_out < 2)
		return false;
	buf_addstr(at_out, at);
	return true;
}

void script_run_abandon(const char *pid_path, int64_t until_ms)
{
	AUTO(buf_done) struct buf at = BUF_INIT(100);
	int64_t pid, left = until_ms - clock_wall_ms(), until;
	char now[32];
	if (!read_pid(pid_path, &pid, &at))
		return;
	until = clock_mono_ms() + MAX(MIN(left, 86400000), 0);
	while (started_at((int)pid, now) && str_is(buf_str(&at), now)) {
		if (clock_mono_ms() >= until)
			kill(-(pid_t)pid, SIGKILL);
		nap(50);
	}
}
