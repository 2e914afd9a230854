/* SPDX-License-Identifier: Apache-2.0
 * Waiting for people before the machine goes. Invariant: it goes in the end, whatever they, their
 * terminals and the clock do, unless its window ends; and what was granted to them is kept: once
 * the runner has settled that it goes, nothing is put off any more. */
#include "agent/root/leave.h"
#include "agent/reboot.h"
#include "agent/root/gate.h"
#include "agent/root/runner.h"
#include "agent/root/runner_int.h"
#include "agent/root/tell.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "window/countdown.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#define MINUTE_MS INT64_C(60000)
#define LOOK_MS 5000	 /* is somebody still logged in? */
#define PUT_OFF_MAX 1000 /* bytes of the file */

bool (*leave_tell)(const struct agent_paths *p, const char *verb, const char *id, int64_t ms,
		   int netns, struct err *e) = runner_tell;

static int64_t number_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* --- its memory --- */

/* Held while the runner settles that the machine goes, and while somebody puts it off. */
static bool lock(const char *root, const char *id, int *fd_out, struct err *e)
{
	AUTO(xfree) char *path = journal_path(root, id, "put-off.lock");
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int failed;
	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	while ((failed = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		;
	if (failed)
		return err_sys(e, errno, "cannot lock '%s'", path);
	*fd_out = fd;
	fd = -1;
	return true;
}

/* What cannot be read was not put off, nor by what was said to the countdown before this one. */
static void add_put_off(const char *root, const char *id, struct countdown *c)
{
	AUTO(xfree) char *path = journal_path(root, id, "put-off");
	AUTO(buf_done) struct buf b = BUF_INIT(PUT_OFF_MAX);
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	if (!file_exists(path))
		return;
	if (!file_read(path, &b, &e) || !json_parse(buf_str(&b), PUT_OFF_MAX, &j, &e)) {
		log_error("'%s': %s", path, e.msg);
		return;
	}
	if (number_of(j, "since") != c->since_ms)
		return;
	c->until_ms = number_of(j, "until");
	c->put_ms = number_of(j, "put");
	c->postponed = number_of(j, "postponed");
}

static bool save_put_off(const char *root, const char *id, const struct countdown *c, struct err *e)
{
	AUTO(xfree) char *path = journal_path(root, id, "put-off");
	AUTO(buf_done) struct buf b = BUF_INIT(PUT_OFF_MAX);
	AUTO(json_free)
	json_t *j = json_pack("{s:I,s:I,s:I,s:I}", "since", (json_int_t)c->since_ms, "until",
			      (json_int_t)c->until_ms, "put", (json_int_t)c->put_ms, "postponed",
			      (json_int_t)c->postponed);
	json_write(j, &b);
	return file_write_atomic(path, buf_str(&b), 0600, e);
}

static json_t *record_of(const struct journal_job *j)
{
	return json_object_get(j->power, "wait");
}

static struct countdown countdown_of(const char *root, const struct journal_job *j,
				     const struct order *o)
{
	const json_t *record = record_of(j);
	struct countdown c = { .since_ms = number_of(record, "since"),
			       .last_ms = number_of(record, "last"),
			       .told_ms = number_of(record, "told"),
			       .length_ms = o->actions.wait_minutes * MINUTE_MS,
			       .budget = o->actions.postpone };
	add_put_off(root, j->id, &c);
	return c;
}

static bool other_boot(const json_t *record, bool *yes_out, struct err *e)
{
	char boot[REBOOT_BOOT_ID];
	const char *began = json_string_value(json_object_get(record, "boot"));
	if (!reboot_boot_id(boot, e))
		return false;
	*yes_out = !began || strcmp(boot, began) != 0;
	return true;
}

/* --- the runner's part --- */

bool leave_gone(struct run *r, bool *yes_out, struct err *e)
{
	*yes_out = false;
	return !record_of(&r->job) || other_boot(record_of(&r->job), yes_out, e);
}

const char *leave_boot(const struct run *r)
{
	return json_string_value(json_object_get(record_of(&r->job), "boot"));
}

void leave_forget(struct run *r)
{
	(void)json_object_del(r->job.power, "wait");
}

/* On disk before anybody is told. Who is told at the last moment has a minute left in the window.
 */
static bool begin(struct run *r, int64_t end_ms, struct err *e)
{
	char boot[REBOOT_BOOT_ID];
	if (!record_of(&r->job)) {
		if (!reboot_boot_id(boot, e))
			return false;
		if (!r->job.power)
			r->job.power = json_object();
		json_object_set_new(r->job.power, "wait",
				    json_pack("{s:s,s:I,s:i}", "boot", boot, "since",
					      (json_int_t)clock_wall_ms(), "told", 0));
	}
	json_object_set_new(record_of(&r->job), "last",
			    json_integer(end_ms == WINDOW_NO_END ? end_ms : end_ms - MINUTE_MS));
	return journal_save(r->root, &r->job, e);
}

/* Once more is better than not at all: told first, then noted. Nor does it wait for ever for one
 * that cannot be told. */
static bool say(struct run *r, int64_t now_ms, struct err *e)
{
	struct err why = { 0 };
	if (!leave_tell(r->paths, "tell-leaving", r->job.id, now_ms, -1, &why))
		log_warn("order %s: nobody is told: %s", r->job.id, why.msg);
	json_object_set_new(record_of(&r->job), "told", json_integer(now_ms));
	return journal_save(r->root, &r->job, e);
}

static void show(struct run *r, const struct countdown *c, int64_t end_ms)
{
	int64_t told = number_of(record_of(&r->job), "told");
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:i,s:i,s:I,s:{s:I,s:I,s:i,s:I}}", "state", "installing",
			      "reason", c->postponed ? "reboot_postponed" : "waiting_users", "done",
			      0, "total", 0, "until", (json_int_t)end_ms, "notice", "shown",
			      (json_int_t)told, "postponed", (json_int_t)c->postponed, "allowed",
			      c->budget.times, "deadline", (json_int_t)countdown_deadline_ms(c));
	run_show(r, j);
}

/* The machine goes, unless somebody has put it off since `c` was read. */
static bool settle(struct run *r, const struct countdown *c, bool *goes_out, struct err *e)
{
	AUTO(fd_close) int fd = -1;
	if (!lock(r->root, r->job.id, &fd, e))
		return false;
	struct countdown now = countdown_of(r->root, &r->job, &r->order);
	*goes_out = now.postponed == c->postponed;
	if (!*goes_out)
		return true;
	json_object_set_new(record_of(&r->job), "goes", json_true());
	return journal_save(r->root, &r->job, e);
}

/* One look. *end_out: there is nothing more to wait for. */
static bool step(struct run *r, int64_t end_ms, bool late, bool *end_out, bool *closed_out,
		 struct err *e)
{
	struct countdown c = countdown_of(r->root, &r->job, &r->order);
	int64_t now = clock_wall_ms();
	struct countdown_next n = countdown_decide(&c, now);
	bool over = n.over || late || !sessions_any(r->paths);
	*closed_out = now > end_ms || (!over && n.end_ms > end_ms);
	*end_out = *closed_out;
	if (over && !*closed_out)
		return settle(r, &c, end_out, e);
	if (*closed_out)
		return true;
	if (n.tell && !say(r, now, e))
		return false;
	show(r, &c, n.end_ms);
	int64_t ms = MAX(100, MIN((int64_t)LOOK_MS, n.look_ms - now + 1));
	nanosleep(&(struct timespec) { ms / 1000, ms % 1000 * 1000000 }, NULL);
	return true;
}

bool leave_wait(struct run *r, int64_t end_ms, bool *closed_out, struct err *e)
{
	const struct actions *a = &r->order.actions;
	int64_t most = MAX(a->wait_minutes, a->postpone.deadline_h * INT64_C(60)) + 2;
	int64_t give_up = clock_mono_ms() + most * MINUTE_MS; /* a clock that was put back */
	const json_t *record = record_of(&r->job);
	bool end = !a->wait_minutes || json_is_true(json_object_get(record, "goes")) ||
		   (!record && !sessions_any(r->paths));
	*closed_out = false;
	if (!end && !begin(r, end_ms, e))
		return false;
	while (!end)
		if (!step(r, end_ms, clock_mono_ms() > give_up, &end, closed_out, e))
			return false;
	return true;
}

/* --- the daemon's part --- */

/* Whether one counts down for this job; then `o` is its order. */
static bool counts_down(const struct agent_paths *p, const char *root, const char *id,
			struct journal_job *j, struct arena *a, struct order *o, bool *yes_out,
			struct err *e)
{
	AUTO(buf_done) struct buf envelope = BUF_INIT(2 * ORDER_MAX);
	AUTO(xfree) char *path = journal_path(root, id, "order");
	const char *reason;
	bool other = true;
	*yes_out = false;
	if (!journal_load(root, id, j, e))
		return false;
	if ((j->phase != JOURNAL_BEFORE && j->phase != JOURNAL_AFTER) || !record_of(j) ||
	    json_is_true(json_object_get(record_of(j), "goes")))
		return true;
	if (!file_read(path, &envelope, e) || !gate_open(p, buf_str(&envelope), a, o, &reason, e) ||
	    !other_boot(record_of(j), &other, e))
		return false;
	*yes_out = !other;
	return true;
}

/* Before an installation it is always restarted. */
static bool switches_off(const struct journal_job *j, const struct order *o)
{
	return j->phase == JOURNAL_AFTER && o->actions.after == ACTIONS_SHUTDOWN;
}

static json_t *leaving_json(const struct journal_job *j, const struct order *o,
			    const struct countdown *c, int64_t now_ms)
{
	return json_pack("{s:{s:s,s:s,s:I,s:I,s:i,s:i}}", "leaving", "order", j->id, "power",
			 switches_off(j, o) ? "shutdown" : "restart", "at",
			 (json_int_t)countdown_decide(c, now_ms).end_ms, "postponed",
			 (json_int_t)c->postponed, "allowed", c->budget.times, "minutes",
			 c->budget.minutes);
}

bool leave_answer(const struct agent_paths *p, const char *root, const char *id, const char *answer,
		  int64_t minutes, json_t **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(fd_close) int fd = -1;
	bool postpone = strcmp(answer, "postpone") == 0, there = false;
	struct order o;
	if (!postpone && strcmp(answer, "look") != 0)
		return err_set(e, ERR_INVALID, "unknown answer '%.20s'", answer);
	if (id[0] && ((postpone && !lock(root, id, &fd, e)) ||
		      !counts_down(p, root, id, &j, &a, &o, &there, e)))
		return false;
	if (!there && postpone)
		return err_set(e, ERR_CONFLICT, "this machine is not about to be restarted");
	if (!there) {
		*out = json_object();
		return true;
	}
	struct countdown c = countdown_of(root, &j, &o);
	int64_t now = clock_wall_ms();
	if (postpone &&
	    (!countdown_postpone(&c, minutes, now, e) || !save_put_off(root, id, &c, e)))
		return false;
	*out = leaving_json(&j, &o, &c, now);
	return true;
}

/* --- telling --- */

static void add_text(struct buf *b, enum notice_language lang, bool off, const struct countdown *c,
		     int64_t now_ms)
{
	bool ja = lang == NOTICE_JA;
	int64_t end = countdown_decide(c, now_ms).end_ms;
	long long minutes = MAX(1, (end - now_ms + MINUTE_MS / 2) / MINUTE_MS);
	int64_t furthest = MIN(countdown_deadline_ms(c), c->last_ms);
	char when[TELL_TIME];
	tell_time(end, when);
	if (ja)
		buf_printf(b, "あと %lld 分で%sします (%s)。作業を保存してください。\n", minutes,
			   off ? "シャットダウン" : "再起動", when);
	else
		buf_printf(b, "This computer %s in %lld minute%s, at %s. Please save your work.\n",
			   off ? "is switched off" : "restarts", minutes, minutes == 1 ? "" : "s",
			   when);
	tell_postpone(b, lang, furthest >= end + MINUTE_MS ? c->budget.times - c->postponed : 0,
		      &c->budget);
}

bool leave_show(const struct agent_paths *p, const char *id, int64_t at_ms, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(buf_done) struct buf en = BUF_INIT(4096), ja = BUF_INIT(4096), said = BUF_INIT(8192);
	AUTO(xfree) char *root = file_join(p->state, "root");
	struct session list[SESSIONS_MAX];
	struct order o;
	bool there;
	if (!counts_down(p, root, id, &j, &a, &o, &there, e))
		return false;
	if (!there)
		return true;
	struct countdown c = countdown_of(root, &j, &o);
	c.told_ms = at_ms;
	bool off = switches_off(&j, &o);
	add_text(&en, NOTICE_EN, off, &c, at_ms);
	add_text(&ja, NOTICE_JA, off, &c, at_ms);
	const struct tell_words words = {
		{ [NOTICE_EN] = off ? "This computer is about to be switched off"
				    : "This computer is about to restart",
		  [NOTICE_JA] = off ? "まもなくシャットダウンします" : "まもなく再起動します" },
		{ [NOTICE_EN] = buf_str(&en), [NOTICE_JA] = buf_str(&ja) },
	};
	size_t n = sessions_list(p, list);
	tell_sessions(p, list, n, &words, &said);
	log_info("order %s: %zu sessions told that the machine goes", id, n);
	return journal_log(root, id, buf_str(&said), e);
}
