/* SPDX-License-Identifier: Apache-2.0
 * Reboots and shutdowns in the root half (M-167, M-172, F17), with a system of our own that notes
 * what it is asked and takes the runner down as a real shutdown does: one reboot a stage whatever
 * was cut short, none where this machine or the window forbids it, and a proof of each. */
#include "agent/root/power.h"
#include "agent/reboot.h"
#include "agent/root/leave.h"
#include "agent/root/rootd.h"
#include "agent/root/runner.h"
#include "root_bench.h"

#include <signal.h>
#include <sys/wait.h>
#include <utmpx.h>

#define HOUR_MS INT64_C(3600000)

/* Both ways to ask, so that this never reaches the machine's own. `mode`: "die" ends the runner,
 * "refuse" says no. */
static const char fake[] = "#!/bin/sh\n"
			   "echo \"${0##*/} $*\" >>%s/asked\n"
			   "[ \"$(cat %s/mode)\" = refuse ] && exit 1\n"
			   "kill -9 $PPID\n";

/* Instead of the process that tells people: a line in a file of the state directory. */
static bool note(const struct agent_paths *p, const char *verb, const char *id, int64_t ms,
		 int netns, struct err *e)
{
	AUTO(xfree) char *path = file_join(p->state, "told");
	AUTO(buf_done) struct buf text = BUF_INIT(10000);
	(void)ms, (void)netns;
	assert_string_equal(verb, "tell-leaving");
	assert_string_equal(id, ORDER_ID);
	if (file_exists(path) && !file_read(path, &text, e))
		return false;
	buf_adds(&text, "told\n");
	return file_write_atomic(path, buf_str(&text), 0600, e);
}

static int set_up_power(void **state)
{
	static const char *const names[] = { "systemctl", "shutdown" };
	assert_int_equal(set_up(state), 0);
	struct bench *b = *state;
	struct err e = { 0 };
	leave_tell = note;
	char *bin = arena_printf(&b->a, "%s/bin", b->dir);
	assert_true(file_mkdirs(bin, 0755, &e));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(file_write_atomic(arena_printf(&b->a, "%s/%s", bin, names[i]),
					      str_of(arena_printf(&b->a, fake, b->dir, b->dir)),
					      0755, &e));
	assert_int_equal(setenv("PATH", arena_printf(&b->a, "%s:/usr/bin:/bin", bin), 1), 0);
	put(arena_printf(&b->a, "%s/mode", b->dir), "die");
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/run", b->paths.sysroot), 0755, &e));
	assert_true(
		file_mkdirs(arena_printf(&b->a, "%s/proc/sys/kernel", b->paths.sysroot), 0755, &e));
	put(arena_printf(&b->a, "%s/proc/sys/kernel/osrelease", b->paths.sysroot),
	    "6.1.0-29-amd64\n");
	put(arena_printf(&b->a, "%s/proc/sys/kernel/version", b->paths.sysroot),
	    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1 (2025-01-02)\n");
	return 0;
}

static int asked(struct bench *b)
{
	AUTO(buf_done) struct buf t = BUF_INIT(10000);
	const char *path = arena_printf(&b->a, "%s/asked", b->dir);
	int n = 0;
	if (!file_exists(path))
		return 0;
	assert_true(file_read(path, &t, NULL));
	for (size_t i = 0; i < t.n; i++)
		n += t.p[i] == '\n';
	return n;
}

static struct order reboot_order(enum actions_power power)
{
	struct order o = plain_order();
	o.action = STR_LIT(ORDER_REBOOT);
	o.packages = NULL;
	o.n_packages = 0;
	o.actions.after = power;
	return o;
}

static const char *prepare(struct bench *b, const struct order *o)
{
	AUTO(rootd_free) struct rootd *d = NULL;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct err e = { 0 };
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	seal(b, o, &env);
	AUTO(json_free) json_t *q = json_pack("{s:s,s:s}", "verb", "prepare", "envelope", env.p);
	AUTO(json_free) json_t *r = rootd_answer(d, q);
	const char *word = json_string_value(json_object_get(r, "refused"));
	if (!word)
		word = json_string_value(json_object_get(r, "state"));
	return word ? arena_strdup(&b->a, word) : "";
}

static void begin(struct bench *b, const struct order *o, enum journal_phase phase)
{
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	AUTO(journal_job_done)
	struct journal_job j = {
		.id = ORDER_ID, .epoch = 1, .seq = 5, .phase = phase, .started_ms = clock_wall_ms()
	};
	struct err e = { 0 };
	if (phase == JOURNAL_AFTER && order_installs(o)) {
		snprintf(j.outcome, sizeof(j.outcome), "succeeded");
		snprintf(j.reason, sizeof(j.reason), "installed");
	}
	seal(b, o, &env);
	assert_true(journal_create(b->root, &j, buf_str(&env), &e));
}

static void load(struct bench *b, struct journal_job *j)
{
	struct err e = { 0 };
	if (!journal_load(b->root, ORDER_ID, j, &e))
		fail_msg("%s", e.msg);
}

static pid_t started(struct bench *b)
{
	struct err e = { 0 };
	int lock = -1;
	/* what the runner before was asking the system for may still be on its way out */
	while (!journal_lock(b->root, ORDER_ID, &lock))
		usleep(5000);
	fd_close(lock);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(runner_run(&b->paths, ORDER_ID, &e) ? 0 : 1);
	return pid;
}

/* One life of a runner, with a network half that says where the machine goes. True when it came to
 * its own end, false when the machine took it down. */
static bool run_once(struct bench *b)
{
	AUTO(xfree) char *told = journal_path(b->root, ORDER_ID, POWER_TOLD);
	AUTO(xfree) char *progress = journal_path(b->root, ORDER_ID, "progress");
	int status;
	pid_t pid = started(b);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		AUTO(buf_done) struct buf t = BUF_INIT(10000);
		if (file_exists(progress) && file_read(progress, &t, NULL) && t.p &&
		    strstr(t.p, "\"rebooting\""))
			put(told, "");
		usleep(5000);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The machine is up again: what the record calls this boot is another one. */
static void boot(struct bench *b, const char *stage)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	char now[REBOOT_BOOT_ID];
	load(b, &j);
	json_t *s = json_object_get(j.power, stage);
	assert_true(reboot_boot_id(now, &e));
	/* on disk before the system was asked */
	assert_string_equal(json_string_value(json_object_get(s, "boot")), now);
	json_object_set_new(s, "boot", json_string("the boot before"));
	assert_true(journal_save(b->root, &j, &e));
}

/* How the job stands: "after", or "done succeeded installed came_back". */
static const char *stands(struct bench *b)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	load(b, &j);
	if (j.phase != JOURNAL_DONE)
		return journal_phase_name(j.phase);
	return arena_printf(&b->a, "done %s %s %s", j.outcome, j.reason, j.reboot);
}

static void M_172_forbidden_by_the_machine(void **state)
{
	struct bench *b = *state;
	struct order o = reboot_order(ACTIONS_REBOOT), plain = plain_order();
	assert_string_equal(prepare(b, &o), "prepared");
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "reboot = never\n");
	o.id = STR_LIT("1123456789abcdef0123456789abcdef");
	assert_string_equal(prepare(b, &o), "policy");
	/* AC-20: what was asked for before the installation cannot be had, so nothing is installed
	 */
	plain.actions.reboot_before = true;
	plain.id = o.id;
	assert_string_equal(prepare(b, &plain), "policy");
	plain.id = STR_LIT(ORDER_ID);
	/* after it: installed, and the reboot is left to wait */
	plain.actions = (struct actions) { .after = ACTIONS_REBOOT };
	begin(b, &plain, JOURNAL_AFTER);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed forbidden");
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "reboot = perhaps\n");
	o.seq = 6;
	assert_string_equal(prepare(b, &o), "policy");
	assert_int_equal(asked(b), 0);
}

static void F17_one_reboot_whatever_is_cut_short(void **state)
{
	struct bench *b = *state;
	struct order o = reboot_order(ACTIONS_REBOOT);
	uint64_t epoch, seq;
	struct err e = { 0 };
	begin(b, &o, JOURNAL_AFTER);
	assert_false(run_once(b));
	assert_string_equal(stands(b), "after");
	assert_int_equal(asked(b), 1);
	assert_true(journal_last(b->root, &epoch, &seq, &e));
	assert_int_equal(seq, 5); /* a replay is refused from before the reboot on */
	/* killed in the same boot: asked once more, and in that boot only */
	assert_false(run_once(b));
	assert_int_equal(asked(b), 2);
	boot(b, "after");
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded rebooted came_back");
	assert_true(run_once(b)); /* a finished job never runs again */
	assert_int_equal(asked(b), 2);
}

/* A window of every day that opened two hours ago and ends so many minutes after this one. */
static struct window_schedule ends_in(int minutes)
{
	struct window_schedule s = { .zone = "UTC", .n_windows = 1 };
	int now = (int)(clock_wall_ms() / 60000 % 1440);
	s.windows[0].weekdays = 127;
	s.windows[0].start_min = (now + 1320) % 1440;
	s.windows[0].end_min = (now + 1440 + minutes) % 1440;
	s.triggers = SCHEDULE_REFRESH_CYCLE | SCHEDULE_START_UP;
	return s;
}

/* The same order with other terms, as if the clock had moved instead. */
static void seal_again(struct bench *b, const struct order *o)
{
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	AUTO(xfree) char *path = journal_path(b->root, ORDER_ID, "order");
	struct err e = { 0 };
	seal(b, o, &env);
	assert_true(file_write_atomic(path, buf_str(&env), 0600, &e));
}

static void F17_a_reboot_before_keeps_to_the_window(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct window_schedule s = ends_in(30);
	o.actions.reboot_before = true;
	o.window = &s;
	begin(b, &o, JOURNAL_BEFORE);
	assert_false(run_once(b));
	assert_string_equal(stands(b), "before");
	boot(b, "before");
	s = ends_in(-1); /* whoever restarted the machine needed too long */
	seal_again(b, &o);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "prepared"); /* nothing is installed; it waits */
	assert_int_equal(asked(b), 1);
	/* the next window does not restart the machine again */
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	load(b, &j);
	j.phase = JOURNAL_BEFORE;
	assert_true(journal_save(b->root, &j, &e));
	assert_true(run_once(b));
	assert_int_equal(asked(b), 1);

	/* after an installation that went on past the window's end */
	o.actions = (struct actions) { .after = ACTIONS_REBOOT };
	begin(b, &o, JOURNAL_AFTER);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed outside_window");
	assert_int_equal(asked(b), 1);
}

static void AC_01_if_needed(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct err e = { 0 };
	o.actions.after = ACTIONS_REBOOT_IF_NEEDED;
	begin(b, &o, JOURNAL_AFTER);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed not_needed");
	/* process 1 on replaced files */
	char *proc = arena_printf(&b->a, "%s/proc/1", b->paths.sysroot);
	assert_true(file_mkdirs(proc, 0755, &e));
	put(arena_printf(&b->a, "%s/maps", proc),
	    "7f00-7f01 r-xp 00000000 fe:00 12   /usr/lib/x/libc.so.6 (deleted)\n");
	put(arena_printf(&b->a, "%s/cgroup", proc), "0::/init.scope\n");
	assert_int_equal(symlink("/usr/lib/systemd/systemd", arena_printf(&b->a, "%s/exe", proc)),
			 0);
	begin(b, &o, JOURNAL_AFTER);
	assert_false(run_once(b));
	assert_int_equal(asked(b), 1);
	boot(b, "after");
	assert_true(file_remove_tree(proc, &e));
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed came_back");
}

static void M_172_back_on_the_old_kernel(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	o.actions.after = ACTIONS_REBOOT_IF_NEEDED;
	put(arena_printf(&b->a, "%s/var/lib/dpkg/status", b->paths.sysroot),
	    "Package: linux-image-6.1.0-29-amd64\nStatus: install ok installed\n"
	    "Architecture: amd64\nSource: linux-signed-amd64\nVersion: 6.1.123-1\n\n"
	    "Package: linux-image-6.1.0-40-amd64\nStatus: install ok installed\n"
	    "Architecture: amd64\nSource: linux-signed-amd64\nVersion: 6.1.150-1\n\n");
	begin(b, &o, JOURNAL_AFTER);
	assert_false(run_once(b));
	boot(b, "after");
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed old_kernel");
	/* and on the new one */
	begin(b, &o, JOURNAL_AFTER);
	assert_false(run_once(b));
	boot(b, "after");
	put(arena_printf(&b->a, "%s/proc/sys/kernel/osrelease", b->paths.sysroot),
	    "6.1.0-40-amd64\n");
	put(arena_printf(&b->a, "%s/proc/sys/kernel/version", b->paths.sysroot),
	    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.150-1 (2025-09-01)\n");
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed came_back");
}

static void F17_a_system_that_refuses(void **state)
{
	struct bench *b = *state;
	struct order o = reboot_order(ACTIONS_REBOOT);
	put(arena_printf(&b->a, "%s/mode", b->dir), "refuse");
	begin(b, &o, JOURNAL_AFTER);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done failed reboot_failed failed");
	assert_int_equal(asked(b), 3);
	struct order install = plain_order();
	install.actions.reboot_before = true;
	begin(b, &install, JOURNAL_BEFORE);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done failed reboot_failed failed");
}

/* Root at a terminal of its own, as utmp(5) has it; `pid` as its shell. */
static void logged_in(struct bench *b, pid_t pid)
{
	struct utmpx u = { .ut_type = USER_PROCESS, .ut_pid = pid };
	struct err e = { 0 };
	snprintf(u.ut_user, sizeof(u.ut_user), "root");
	snprintf(u.ut_line, sizeof(u.ut_line), "pts/0");
	assert_true(file_write_atomic(arena_printf(&b->a, "%s/run/utmp", b->paths.sysroot),
				      (struct str) { (const char *)&u, sizeof(u) }, 0644, &e));
}

/* How often people were told. */
static int told(struct bench *b)
{
	AUTO(buf_done) struct buf t = BUF_INIT(10000);
	AUTO(xfree) char *path = file_join(b->paths.state, "told");
	return file_exists(path) && file_read(path, &t, NULL) ? (int)(t.n / 5) : 0;
}

/* What the daemon answers about the restart: "at" in minutes from when it began, or the error. */
static const char *leaving(struct bench *b, const char *answer, int64_t minutes)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(json_free) json_t *r = NULL;
	struct err e = { 0 };
	load(b, &j);
	int64_t since = json_integer_value(
		json_object_get(json_object_get(j.power, "wait"), "since"));
	if (!leave_answer(&b->paths, b->root, ORDER_ID, answer, minutes, &r, &e))
		return err_code_name(e.code);
	const json_t *l = json_object_get(r, "leaving");
	if (!l)
		return "none";
	int64_t at = json_integer_value(json_object_get(l, "at"));
	return arena_printf(&b->a, "%lld, %lld of %lld", (long long)((at - since) / 60000),
			    (long long)json_integer_value(json_object_get(l, "postponed")),
			    (long long)json_integer_value(json_object_get(l, "allowed")));
}

/* What "status" shows of it: the reason, then what the server is told of its users. */
static const char *shown(struct bench *b)
{
	AUTO(buf_done) struct buf t = BUF_INIT(10000);
	AUTO(json_free) json_t *j = NULL;
	AUTO(xfree) char *path = journal_path(b->root, ORDER_ID, "progress");
	struct err e = { 0 };
	assert_true(file_read(path, &t, &e) && json_parse(buf_str(&t), 10000, &j, &e));
	const json_t *n = json_object_get(j, "notice");
	int64_t until = json_integer_value(json_object_get(j, "until"));
	int64_t deadline = json_integer_value(json_object_get(n, "deadline"));
	assert_true(until > 0 && json_integer_value(json_object_get(n, "shown")) > 0);
	return arena_printf(&b->a, "%s %s, %lld of %lld, %lld hours",
			    json_string_value(json_object_get(j, "state")),
			    json_string_value(json_object_get(j, "reason")),
			    (long long)json_integer_value(json_object_get(n, "postponed")),
			    (long long)json_integer_value(json_object_get(n, "allowed")),
			    deadline ? (long long)((deadline - clock_wall_ms()) / HOUR_MS) : 0);
}

static void earlier(json_t *j, const char *key, int64_t minutes)
{
	json_t *was = json_object_get(j, key);
	assert_true(json_is_integer(was));
	json_integer_set(was, json_integer_value(was) - minutes * 60000);
}

/* The countdown began so many minutes ago. */
static void later(struct bench *b, int64_t minutes)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(buf_done) struct buf t = BUF_INIT(1000), out = BUF_INIT(1000);
	AUTO(json_free) json_t *off = NULL;
	AUTO(xfree) char *path = journal_path(b->root, ORDER_ID, "put-off");
	struct err e = { 0 };
	load(b, &j);
	json_t *wait = json_object_get(j.power, "wait");
	earlier(wait, "since", minutes);
	earlier(wait, "told", minutes);
	assert_true(journal_save(b->root, &j, &e));
	if (!file_exists(path))
		return;
	assert_true(file_read(path, &t, &e) && json_parse(buf_str(&t), 1000, &off, &e));
	earlier(off, "since", minutes);
	earlier(off, "until", minutes);
	earlier(off, "put", minutes);
	json_write(off, &out);
	assert_true(file_write_atomic(path, buf_str(&out), 0600, &e));
}

static void killed(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A runner that waits until people were told `n` times in all and it has shown that, then is
 * killed. */
static void run_until_told(struct bench *b, int n)
{
	AUTO(xfree) char *progress = journal_path(b->root, ORDER_ID, "progress");
	(void)unlink(progress);
	pid_t pid = started(b);
	while (told(b) < n || !file_exists(progress)) {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		usleep(5000);
	}
	killed(pid);
}

static const struct notice_budget once = { .times = 1, .minutes = 30, .deadline_h = 10 };

static void AC_36_people_count_down(void **state)
{
	struct bench *b = *state;
	struct order o = reboot_order(ACTIONS_REBOOT);
	logged_in(b, getpid());
	o.actions.wait_minutes = 60;
	o.actions.postpone = once;
	begin(b, &o, JOURNAL_AFTER);
	assert_string_equal(leaving(b, "look", 0), "none");
	assert_string_equal(leaving(b, "postpone", 0), "conflict");
	run_until_told(b, 1);
	assert_string_equal(leaving(b, "look", 0), "60, 0 of 1");
	assert_string_equal(shown(b), "installing waiting_users, 0 of 1, 9 hours");
	/* killed and started again it goes on, and says what is due by then */
	later(b, 31);
	run_until_told(b, 2);
	assert_string_equal(leaving(b, "look", 0), "60, 0 of 1");
	assert_string_equal(leaving(b, "postpone", 31), "invalid");
	assert_string_equal(leaving(b, "postpone", 20), "80, 1 of 1");
	assert_string_equal(leaving(b, "postpone", 20), "denied");
	run_until_told(b, 3); /* everybody hears of that */
	assert_string_equal(leaving(b, "look", 0), "80, 1 of 1");
	assert_string_equal(shown(b), "installing reboot_postponed, 1 of 1, 9 hours");
	assert_int_equal(asked(b), 0);
	/* past its end, but not without a last word */
	later(b, 60);
	run_until_told(b, 4);
	assert_int_equal(asked(b), 0);
	later(b, 1);
	assert_false(run_once(b));
	assert_int_equal(asked(b), 1);
	assert_int_equal(told(b), 4);
	assert_string_equal(leaving(b, "look", 0), "none"); /* too late */
	assert_string_equal(leaving(b, "postpone", 10), "conflict");
	boot(b, "after");
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded rebooted came_back");
	assert_int_equal(asked(b), 1);
}

/* Killed when it had settled that the machine goes: it goes, and nobody is told or heard again. */
static void F17_killed_when_it_was_over(void **state)
{
	struct bench *b = *state;
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct order o = reboot_order(ACTIONS_REBOOT);
	struct err e = { 0 };
	logged_in(b, getpid());
	o.actions.wait_minutes = 60;
	o.actions.postpone = once;
	begin(b, &o, JOURNAL_AFTER);
	run_until_told(b, 1);
	load(b, &j);
	json_object_set_new(json_object_get(j.power, "wait"), "goes", json_true());
	assert_true(journal_save(b->root, &j, &e));
	assert_string_equal(leaving(b, "postpone", 10), "conflict");
	assert_false(run_once(b));
	assert_int_equal(asked(b), 1);
	assert_int_equal(told(b), 1);
	boot(b, "after");
	assert_true(run_once(b));
	assert_int_equal(asked(b), 1);
}

static void AC_36_who_restarts_it_herself_sees_no_second_restart(void **state)
{
	struct bench *b = *state;
	struct order o = reboot_order(ACTIONS_REBOOT);
	logged_in(b, getpid());
	o.actions.wait_minutes = 60;
	begin(b, &o, JOURNAL_AFTER);
	run_until_told(b, 1);
	boot(b, "wait");
	assert_string_equal(leaving(b, "look", 0), "none");
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded rebooted came_back");
	assert_int_equal(asked(b), 0);
	assert_int_equal(told(b), 1);
}

static void M_172_the_window_has_the_last_word(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct window_schedule s = ends_in(30);
	logged_in(b, getpid());
	o.window = &s;
	o.actions = (struct actions) { .after = ACTIONS_REBOOT,
				       .wait_minutes = 600,
				       .postpone = { 1, 600, 20 } };
	begin(b, &o, JOURNAL_AFTER);
	run_until_told(b, 1);
	/* a minute before its end at the latest, and it cannot be put off beyond */
	int end = (int)strtol(leaving(b, "look", 0), NULL, 10);
	assert_in_range(end, 20, 29);
	assert_string_equal(leaving(b, "postpone", 0), "denied");
	/* no time is left to tell anybody: it is not restarted, and nobody is told that it is */
	s = ends_in(1);
	begin(b, &o, JOURNAL_AFTER);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed outside_window");
	assert_int_equal(told(b), 1);
	assert_int_equal(asked(b), 0);
}

/* M-167: the same before an installation; then each stage has a countdown and a budget of its own.
 */
static void M_167_people_count_down_before(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct window_schedule s = ends_in(600);
	struct err e = { 0 };
	logged_in(b, getpid());
	o.window = &s;
	o.not_after_ms += 10 * HOUR_MS;
	o.actions = (struct actions) { .reboot_before = true,
				       .after = ACTIONS_SHUTDOWN,
				       .wait_minutes = 60,
				       .postpone = once };
	begin(b, &o, JOURNAL_BEFORE);
	run_until_told(b, 1);
	assert_string_equal(shown(b), "installing waiting_users, 0 of 1, 9 hours");
	later(b, 31);
	run_until_told(b, 2); /* killed, it goes on where it was */
	assert_string_equal(leaving(b, "postpone", 20), "80, 1 of 1");
	assert_string_equal(leaving(b, "postpone", 20), "denied");
	run_until_told(b, 3);
	later(b, 60);
	run_until_told(b, 4);
	assert_int_equal(asked(b), 0);
	later(b, 1);
	assert_false(run_once(b));
	assert_int_equal(asked(b), 1);
	assert_false(run_once(b)); /* killed in the same boot */
	assert_int_equal(told(b), 4);
	assert_string_equal(leaving(b, "look", 0), "none");
	boot(b, "before");
	/* back in its window: nothing keeps it from installing, which this bench cannot */
	AUTO(journal_job_done) struct journal_job j = { 0 };
	load(b, &j);
	assert_null(json_object_get(j.power, "wait"));
	j.phase = JOURNAL_AFTER;
	snprintf(j.outcome, sizeof(j.outcome), "succeeded");
	snprintf(j.reason, sizeof(j.reason), "installed");
	assert_true(journal_save(b->root, &j, &e));
	run_until_told(b, 5);
	assert_string_equal(leaving(b, "look", 0), "60, 0 of 1");
	assert_int_equal(asked(b), 2);
}

/* Who restarts it herself while it counts down has done it. */
static void M_167_restarted_by_hand(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct window_schedule s = ends_in(600);
	logged_in(b, getpid());
	o.window = &s;
	o.actions = (struct actions) { .reboot_before = true, .wait_minutes = 60 };
	begin(b, &o, JOURNAL_BEFORE);
	run_until_told(b, 1);
	boot(b, "wait");
	/* and her window has ended meanwhile */
	s = ends_in(-1);
	seal_again(b, &o);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "prepared");
	assert_int_equal(asked(b), 0);
	assert_int_equal(told(b), 1);
	/* the next one does not restart it again */
	AUTO(journal_job_done) struct journal_job j = { 0 };
	load(b, &j);
	assert_non_null(json_object_get(j.power, "before"));
	assert_null(json_object_get(j.power, "wait"));
}

static void M_167_no_countdown_past_the_window(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct window_schedule s = ends_in(50);
	logged_in(b, getpid());
	o.window = &s;
	o.actions = (struct actions) { .reboot_before = true,
				       .wait_minutes = 600,
				       .postpone = { 1, 600, 20 } };
	/* early enough to be back in it, and not put off beyond */
	begin(b, &o, JOURNAL_BEFORE);
	run_until_told(b, 1);
	assert_in_range(strtol(leaving(b, "look", 0), NULL, 10), 36, 39);
	assert_string_equal(leaving(b, "postpone", 0), "denied");
	/* the machine slept through its end: it is not restarted, and waits for the next one */
	s = ends_in(-1);
	seal_again(b, &o);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "prepared");
	assert_string_equal(leaving(b, "look", 0), "none");
	/* so little is left that it would not be back: nobody is told */
	s = ends_in(11);
	begin(b, &o, JOURNAL_BEFORE);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "prepared");
	assert_int_equal(told(b), 1);
	/* the same, with nobody to wait for: once, and at once */
	put(arena_printf(&b->a, "%s/run/utmp", b->paths.sysroot), "");
	begin(b, &o, JOURNAL_BEFORE);
	assert_false(run_once(b));
	assert_int_equal(asked(b), 1);
	/* an order that is about to expire leaves people their minute all the same */
	logged_in(b, getpid());
	o.window = NULL;
	o.not_after_ms = clock_wall_ms() / 1000 * 1000 + 60000;
	begin(b, &o, JOURNAL_BEFORE);
	run_until_told(b, 2);
	assert_in_range(strtol(leaving(b, "look", 0), NULL, 10), 0, 1);
}

static void M_172_people_are_waited_for(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	logged_in(b, getpid());
	o.actions = (struct actions) { .after = ACTIONS_REBOOT, .wait_minutes = 600 };
	begin(b, &o, JOURNAL_AFTER);
	run_until_told(b, 1);
	assert_string_equal(shown(b), "installing waiting_users, 0 of 0, 0 hours");
	assert_int_equal(asked(b), 0);
	/* nobody is there any more; and then somebody is, but the time is over */
	put(arena_printf(&b->a, "%s/run/utmp", b->paths.sysroot), "");
	assert_false(run_once(b));
	assert_int_equal(asked(b), 1);
	logged_in(b, getpid());
	o.actions.wait_minutes = 0;
	begin(b, &o, JOURNAL_AFTER);
	assert_false(run_once(b));
	assert_int_equal(asked(b), 2);
}

static void M_172_switched_off_when_the_result_is_told(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct err e = { 0 };
	AUTO(rootd_free) struct rootd *d = NULL;
	o.actions.after = ACTIONS_SHUTDOWN;
	begin(b, &o, JOURNAL_AFTER);
	assert_true(run_once(b));
	assert_string_equal(stands(b), "done succeeded installed off");
	put(arena_printf(&b->a, "%s/mode", b->dir), "refuse"); /* which leaves this test alive */
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	assert_true(rootd_supervise(d) > 0);
	assert_int_equal(asked(b), 0); /* the server does not know yet */
	assert_true(journal_remove(b->root, ORDER_ID, &e));
	assert_true(rootd_supervise(d) > 0);
	assert_int_equal(asked(b), 1);
	/* switched on again: it stays on */
	put(arena_printf(&b->a, "%s/poweroff", b->root),
	    ORDER_ID " the-boot-before 1700000000000\n");
	assert_int_equal(rootd_supervise(d), -1);
	assert_int_equal(asked(b), 1);
	assert_false(file_exists(arena_printf(&b->a, "%s/poweroff", b->root)));
}

/* Whoever starts this program as the one it stands for gets nothing: it would start itself. */
int main(int argc, char **argv UNUSED)
{
	if (argc > 1)
		return 2;
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_power, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(M_172_forbidden_by_the_machine),
		TEST(F17_one_reboot_whatever_is_cut_short),
		TEST(F17_a_reboot_before_keeps_to_the_window),
		TEST(AC_01_if_needed),
		TEST(M_172_back_on_the_old_kernel),
		TEST(F17_a_system_that_refuses),
		TEST(M_172_people_are_waited_for),
		TEST(AC_36_people_count_down),
		TEST(F17_killed_when_it_was_over),
		TEST(M_172_the_window_has_the_last_word),
		TEST(M_167_people_count_down_before),
		TEST(M_167_restarted_by_hand),
		TEST(M_167_no_countdown_past_the_window),
		TEST(AC_36_who_restarts_it_herself_sees_no_second_restart),
		TEST(M_172_switched_off_when_the_result_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
