/* SPDX-License-Identifier: Apache-2.0
 * The stages of a reboot, each told to the journal first. Judges the time by opening.h, the need by
 * what is on this machine; never by what a peer says. */
#include "agent/root/power.h"
#include "agent/kernels.h"
#include "agent/opening.h"
#include "agent/reboot.h"
#include "agent/restart.h"
#include "agent/root/launch.h"
#include "agent/root/leave.h"
#include "agent/root/offers.h"
#include "agent/root/runner_int.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "proto/units.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TRIES 3			   /* of asking the system, in one boot */
#define ASK_TIMEOUT_S 60	   /* for the answer; the reboot itself goes on */
#define GOING_DOWN_MS (10 * 60000) /* services stop; then the reboot has failed */
#define REFUSED_MS 2000		   /* until it is asked again */
#define TOLD_MS 20000		   /* for the network half to say where we go */
#define BACK_MS (10 * 60000)	   /* for the machine to come back, and to begin */
#define LEAST_MS (2 * 60000)	   /* that people have at least: a minute, told in time */
#define OFF_AFTER_MS 60000	   /* a shutdown, when nobody fetches the result */

static void nap(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* --- is one needed?
 * ---------------------------------------------------------------------------------- */

static bool proc_text(const struct agent_paths *p, struct arena *a, const char *name,
		      struct str *out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	AUTO(xfree) char *path = xasprintf("%s/proc/sys/kernel/%s", p->sysroot, name);
	if (!file_read(path, &b, e))
		return false;
	*out = arena_str(a, str_trim(buf_str(&b)));
	return true;
}

static bool kernel_waits(const struct agent_paths *p, struct arena *a, bool *yes_out, struct err *e)
{
	struct kernels_verdict v = { 0 };
	struct str release, version;
	struct pkgdb db;
	*yes_out = false;
	if (!p->sysroot[0] && reboot_in_container())
		return true;
	if (!proc_text(p, a, "osrelease", &release, e) ||
	    !proc_text(p, a, "version", &version, e) || !platform_packages(p->sysroot, a, &db, e))
		return false;
	kernels_judge(&db, release, version, a, &v);
	*yes_out = v.needed;
	return true;
}

bool power_need(const struct agent_paths *p, struct power_need *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(xfree) char *proc = xasprintf("%s/proc", p->sysroot);
	struct restart_list list;
	struct power_need need = { 0 };
	if (!kernel_waits(p, &a, &need.kernel, e) || !restart_scan(proc, &a, &list, e))
		return false;
	for (size_t i = 0; i < list.n; i++)
		need.core |= unit_remedy_of(list.entries[i].pid, list.entries[i].unit,
					    list.entries[i].exe) == UNIT_REBOOT;
	*out = need;
	return true;
}

/* --- may it be now?
 * ---------------------------------------------------------------------------------- */

static bool window_now(struct run *r, struct opening *out, struct err *e)
{
	return opening_of(r->paths, &r->order, clock_wall_ms(), reboot_boot_time_ms(), out, e);
}

/* --- a stage
 * ----------------------------------------------------------------------------------------- */

enum stage_end {
	STAGE_BACK,   /* another boot than the one it began in */
	STAGE_FAILED, /* the system would not */
};

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static json_t *stage_of(struct run *r, const char *name)
{
	return json_object_get(r->job.power, name);
}

/* On disk before the first question. Where people were waited for, the boot is that in which they
 * were: whoever restarted the machine meanwhile has done what the stage is for. */
static bool stage_begin(struct run *r, const char *name, struct err *e)
{
	AUTO(xfree) char *told = journal_path(r->root, r->job.id, POWER_TOLD);
	const char *waited = leave_boot(r);
	char boot[REBOOT_BOOT_ID];
	if (waited)
		snprintf(boot, sizeof(boot), "%s", waited);
	else if (!reboot_boot_id(boot, e))
		return false;
	if (unlink(told) != 0 && errno != ENOENT) /* of the stage before */
		return err_sys(e, errno, "cannot remove '%s'", told);
	if (!r->job.power)
		r->job.power = json_object();
	json_object_set_new(r->job.power, name,
			    json_pack("{s:s,s:I,s:i}", "boot", boot, "since_ms",
				      (json_int_t)clock_wall_ms(), "tries", 0));
	leave_forget(r);
	return journal_save(r->root, &r->job, e);
}

static bool is_back(const json_t *stage, bool *yes_out, struct err *e)
{
	char boot[REBOOT_BOOT_ID];
	if (!reboot_boot_id(boot, e))
		return false;
	*yes_out = strcmp(boot, text_of(stage, "boot")) != 0;
	return true;
}

/* Until the server knows, or it is plain that it will not. */
static void tell(struct run *r)
{
	AUTO(xfree) char *told = journal_path(r->root, r->job.id, POWER_TOLD);
	int64_t until = clock_mono_ms() + TOLD_MS;
	run_progress(r, "installing", "rebooting", 0, 0);
	while (!file_exists(told) && clock_mono_ms() < until)
		nap(100);
}

/* Asks once more. Comes back only when the system would not, or did not; what is counted is that,
 * so a run that was killed here asks again in the same boot, and no other. */
static bool ask(struct run *r, json_t *stage, struct err *e)
{
	static const char *const by_systemd[] = { "systemctl", "--no-block", "reboot", NULL };
	static const char *const by_init[] = { "shutdown", "-r", "now", NULL };
	struct exec_result res;
	if (!run_command(r, launch_systemd_runs() ? by_systemd : by_init, ASK_TIMEOUT_S, &res, e))
		return false;
	nap(res.exit_status == 0 ? GOING_DOWN_MS : REFUSED_MS);
	json_object_set_new(stage, "tries",
			    json_integer(json_integer_value(json_object_get(stage, "tries")) + 1));
	return journal_save(r->root, &r->job, e);
}

static bool stage_run(struct run *r, const char *name, enum stage_end *end_out, struct err *e)
{
	json_t *stage = stage_of(r, name);
	for (;;) {
		bool back;
		if (!is_back(stage, &back, e))
			return false;
		*end_out = back ? STAGE_BACK : STAGE_FAILED;
		if (back || json_integer_value(json_object_get(stage, "tries")) >= TRIES)
			return true;
		tell(r);
		if (!ask(r, stage, e))
			return false;
	}
}

static void set_reboot(struct run *r, const char *word)
{
	snprintf(r->job.reboot, sizeof(r->job.reboot), "%s", word);
}

/* --- before
 * ------------------------------------------------------------------------------------------ */

/* The next window counts down anew. */
static bool back_to_waiting(struct run *r, struct err *e)
{
	leave_forget(r);
	r->job.phase = JOURNAL_PREPARED;
	return journal_save(r->root, &r->job, e);
}

/* The window may have ended while the machine was away: then the job waits for the next one, and
 * its reboot is not repeated there. What a user asked for does not wait. */
static bool window_or_wait(struct run *r, bool *go_on_out, struct err *e)
{
	struct opening now;
	if (!offers_opening(r->paths, r->root, &r->order, &now, e))
		return false;
	*go_on_out = now.open;
	return now.open || back_to_waiting(r, e);
}

/* So that the machine is back in the window, and while the server still counts on this order; but
 * people have their minute. */
static int64_t people_until_ms(const struct run *r, const struct opening *now)
{
	int64_t good = MAX(r->order.not_after_ms - BACK_MS, clock_wall_ms() + LEAST_MS);
	return now->end_ms == WINDOW_NO_END ? good : MIN(now->end_ms - BACK_MS, good);
}

/* *begun_out: the machine goes, or has gone; else the job waits for its window again. */
static bool begin_before(struct run *r, bool *begun_out, struct err *e)
{
	struct opening now;
	bool gone, closed = false;
	if (!leave_gone(r, &gone, e) ||
	    (!gone && !offers_opening(r->paths, r->root, &r->order, &now, e)))
		return false;
	if (!gone && now.open && !leave_wait(r, people_until_ms(r, &now), &closed, e))
		return false;
	*begun_out = gone || (now.open && !closed);
	return *begun_out ? stage_begin(r, "before", e) : back_to_waiting(r, e);
}

bool power_before(struct run *r, bool *go_on_out, struct err *e)
{
	enum stage_end end;
	bool begun = stage_of(r, "before") != NULL;
	*go_on_out = false;
	if (!begun && !begin_before(r, &begun, e))
		return false;
	if (!begun)
		return true;
	if (!stage_run(r, "before", &end, e))
		return false;
	set_reboot(r, end == STAGE_BACK ? "came_back" : "failed");
	if (end != STAGE_BACK)
		return run_finish(r, "failed", "reboot_failed",
				  "the system did not restart before the installation", e);
	return window_or_wait(r, go_on_out, e);
}

/* --- after
 * ------------------------------------------------------------------------------------------- */

/* What keeps this order's reboot from being, or NULL. */
static bool hindered(struct run *r, const char **word_out, int64_t *end_ms_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_policy policy;
	struct opening now;
	struct power_need need = { .core = true };
	*word_out = NULL;
	if ((r->order.actions.after == ACTIONS_REBOOT_IF_NEEDED &&
	     !power_need(r->paths, &need, e)) ||
	    !agent_policy_load(r->paths, &a, &policy, e) || !window_now(r, &now, e))
		return false;
	*end_ms_out = now.end_ms;
	if (!need.kernel && !need.core)
		*word_out = "not_needed";
	else if (!policy.reboot)
		*word_out = "forbidden";
	else if (!now.open)
		*word_out = "outside_window";
	return true;
}

/* What the record says of the job's end, once it is clear what became of the reboot. */
static bool end_with(struct run *r, const char *word, struct err *e)
{
	bool own = order_reboots(&r->order), good = strcmp(word, "came_back") == 0 ||
						    strcmp(word, "off") == 0 ||
						    strcmp(word, "old_kernel") == 0;
	set_reboot(r, word);
	if (own)
		return run_finish(r, good ? "succeeded" : "failed",
				  good ? "rebooted" : "reboot_failed", "", e);
	return run_end(r, e);
}

static bool came_back(struct run *r, struct err *e)
{
	struct power_need need = { 0 };
	struct err why = { 0 };
	if (!power_need(r->paths, &need, &why))
		log_warn("order %s: %s", r->job.id, why.msg);
	return end_with(r, need.kernel ? "old_kernel" : "came_back", e);
}

/* The result goes first: nobody is there to tell it afterwards. power_supervise() does the rest. */
static bool switch_off(struct run *r, struct err *e)
{
	AUTO(xfree) char *path = file_join(r->root, "poweroff");
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	const json_t *stage = stage_of(r, "after");
	bool back;
	if (!is_back(stage, &back, e))
		return false;
	if (back) /* somebody was faster; and a machine that was started since stays on */
		return end_with(r, "came_back", e);
	buf_printf(&b, "%s %s %lld\n", r->job.id, text_of(stage, "boot"),
		   (long long)clock_wall_ms());
	return file_write_atomic(path, buf_str(&b), 0600, e) && end_with(r, "off", e);
}

/* The word the job ends with instead of a reboot, or NULL: now. Waits for people before that. */
static bool decide(struct run *r, const char **word_out, struct err *e)
{
	int64_t end_ms = WINDOW_NO_END;
	bool closed;
	if (!hindered(r, word_out, &end_ms, e))
		return false;
	if (*word_out)
		return true;
	if (!leave_wait(r, end_ms, &closed, e))
		return false;
	*word_out = closed ? "outside_window" : NULL;
	return true;
}

bool power_after(struct run *r, struct err *e)
{
	enum stage_end end;
	if (!stage_of(r, "after")) {
		const char *word = NULL;
		bool gone;
		if (!leave_gone(r, &gone, e) || (!gone && !decide(r, &word, e)))
			return false;
		if (word)
			return end_with(r, word, e);
		if (!stage_begin(r, "after", e))
			return false;
	}
	if (r->order.actions.after == ACTIONS_SHUTDOWN)
		return switch_off(r, e);
	if (!stage_run(r, "after", &end, e))
		return false;
	return end == STAGE_BACK ? came_back(r, e) : end_with(r, "failed", e);
}

/* --- switching off
 * ----------------------------------------------------------------------------------- */

struct off {
	char id[JOURNAL_ID], boot[REBOOT_BOOT_ID];
	int64_t since_ms;
};

static bool read_off(const char *path, struct off *out)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	struct str rest, id, boot;
	uint64_t since;
	if (!file_read(path, &b, NULL))
		return false;
	rest = str_trim(buf_str(&b));
	if (!str_split(&rest, ' ', &id) || !str_split(&rest, ' ', &boot) ||
	    !str_to_u64(rest, &since) || id.n >= sizeof(out->id) || boot.n >= sizeof(out->boot))
		return false;
	*out = (struct off) { .since_ms = (int64_t)since };
	memcpy(out->id, id.p, id.n);
	memcpy(out->boot, boot.p, boot.n);
	return true;
}

static void power_off(const char *root)
{
	static const char *const by_systemd[] = { "systemctl", "--no-block", "poweroff", NULL };
	static const char *const by_init[] = { "shutdown", "-h", "now", NULL };
	AUTO(xfree) char *output = file_join(root, "poweroff.out");
	struct exec_spec spec = { .argv = launch_systemd_runs() ? by_systemd : by_init,
				  .output = output,
				  .lock = -1,
				  .timeout_s = ASK_TIMEOUT_S };
	struct exec_result res;
	struct err e = { 0 };
	if (!exec_run(&spec, &res, &e))
		log_error("%s", e.msg);
	else if (res.exit_status != 0)
		log_error("the system cannot be switched off: exit %d", res.exit_status);
}

int power_supervise(const char *root)
{
	AUTO(xfree) char *path = file_join(root, "poweroff");
	AUTO(journal_job_done) struct journal_job j = { 0 };
	char boot[REBOOT_BOOT_ID];
	struct off off = { 0 };
	if (!file_exists(path) || !reboot_boot_id(boot, NULL))
		return -1;
	bool ours = read_off(path, &off) && strcmp(off.boot, boot) == 0;
	bool taken = ours && !journal_load(root, off.id, &j, NULL);
	int64_t waited = clock_wall_ms() - off.since_ms;
	if (ours && !taken && waited >= 0 && waited < OFF_AFTER_MS)
		return 500;
	if (ours && waited >= 0 && waited < OFF_AFTER_MS * TRIES) {
		power_off(root);
		return OFF_AFTER_MS / 2;
	}
	if (unlink(path) != 0)
		log_warn("cannot remove '%s'", path);
	return -1;
}
