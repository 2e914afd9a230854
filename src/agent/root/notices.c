/* SPDX-License-Identifier: Apache-2.0
 * The notices' memory and verbs. Nothing here talks to users: see tell.c. */
#include "agent/root/notices.h"
#include "agent/sessions.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MAX 4096
#define KEEP_MS (INT64_C(90) * 86400000)

static char *path_of(const char *root, const char *deployment)
{
	return xasprintf("%s/notices/%s", root, deployment);
}

bool notices_dir(const char *dir, struct err *e)
{
	if (!file_mkdirs(dir, 0700, e))
		return false;
	DIR *d = opendir(dir);
	if (!d)
		return err_sys(e, errno, "cannot read '%s'", dir);
	for (const struct dirent *f; (f = readdir(d));) {
		AUTO(xfree) char *path = file_join(dir, f->d_name);
		struct stat st;
		if (f->d_name[0] != '.' && lstat(path, &st) == 0 &&
		    clock_wall_ms() - st.st_mtime * INT64_C(1000) > KEEP_MS)
			(void)unlink(path);
	}
	closedir(d);
	return true;
}

bool notices_init(const char *root, struct err *e)
{
	AUTO(xfree) char *dir = file_join(root, "notices");
	return notices_dir(dir, e);
}

/* What cannot be read counts as nothing: users are told again rather than not. */
static struct notice_state load(const char *root, const char *deployment)
{
	AUTO(xfree) char *path = path_of(root, deployment);
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	AUTO(json_free) json_t *j = NULL;
	struct notice_state s = { 0 };
	struct err e = { 0 };
	if (!file_exists(path))
		return s;
	if (!file_read(path, &b, &e) || !json_parse(buf_str(&b), STATE_MAX, &j, &e) ||
	    !notice_state_read(j, &s, &e))
		log_error("'%s': %s", path, e.msg);
	return s;
}

static bool save(const char *root, const char *deployment, const struct notice_state *s,
		 struct err *e)
{
	AUTO(xfree) char *path = path_of(root, deployment);
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	AUTO(json_free) json_t *j = notice_state_write(s);
	json_write(j, &b);
	return file_write_atomic(path, buf_str(&b), 0600, e);
}

static json_t *ms_or_null(int64_t ms)
{
	return ms && ms != WINDOW_NO_END ? json_integer(ms) : json_null();
}

static json_t *waits_json(const struct order *o, const struct notice_state *s,
			  const struct notice_next *n, const struct opening *opening)
{
	const char *reason = n->why == NOTICE_POSTPONED	  ? "postponed"
			     : n->why == NOTICE_COUNTDOWN ? "user_notice"
			     : opening->needs_start_up	  ? "waiting_start_up"
							  : "outside_window";
	json_t *notice = json_pack("{s:o, s:I, s:i, s:o}", "shown", ms_or_null(s->shown_ms),
				   "postponed", (json_int_t)s->postponed, "allowed",
				   o->notification->budget.times, "deadline",
				   ms_or_null(notice_deadline_ms(o->notification, s)));
	return json_pack("{s:s, s:o, s:o, s:o}", "waits", reason, "until", ms_or_null(n->start_ms),
			 "look", ms_or_null(n->look_ms), "notice", notice);
}

static struct notice_next decide(const struct agent_paths *p, const struct order *o,
				 const struct opening *opening, const struct notice_state *s,
				 int64_t now_ms)
{
	int64_t earliest = opening->open ? now_ms : opening->next_ms;
	return notice_decide(o->notification, s, sessions_any(p), earliest, now_ms);
}

json_t *notices_ask(const struct agent_paths *p, const char *root, const struct order *o,
		    const struct opening *opening, const struct notices_shower *shower,
		    struct err *e)
{
	int64_t now = clock_wall_ms();
	struct notice_state s = load(root, o->deployment.p);
	struct notice_next n = decide(p, o, opening, &s, now);
	if (n.step == NOTICE_START)
		return NULL;
	if (n.step == NOTICE_SHOW) {
		if (!shower->show(shower->arg, o, n.start_ms, e))
			return NULL;
		notice_shown(&s, now);
		if (!save(root, o->deployment.p, &s, e))
			return NULL;
	}
	return waits_json(o, &s, &n, opening);
}

bool notices_answer(const struct agent_paths *p, const char *root, const struct order *o,
		    const struct opening *opening, const char *answer, int64_t minutes,
		    json_t **out, struct err *e)
{
	int64_t now = clock_wall_ms();
	struct notice_state s = load(root, o->deployment.p);
	bool look = strcmp(answer, "look") == 0;
	if (!o->notification)
		return err_set(e, ERR_DENIED, "users are not asked about this order");
	if (strcmp(answer, "postpone") == 0) {
		if (!notice_postpone(o->notification, &s, minutes, now, e))
			return false;
	} else if (strcmp(answer, "install") == 0) {
		s.agreed = true;
	} else if (!look) {
		return err_set(e, ERR_INVALID, "unknown answer '%.20s'", answer);
	}
	if (!look && !save(root, o->deployment.p, &s, e))
		return false;
	struct notice_next n = decide(p, o, opening, &s, now);
	*out = waits_json(o, &s, &n, opening);
	json_object_set_new(*out, "first", ms_or_null(s.first_ms));
	return true;
}

void notices_ended(const char *root, const char *deployment)
{
	AUTO(xfree) char *path = path_of(root, deployment);
	struct err e = { 0 };
	if (!file_exists(path))
		return;
	struct notice_state s = load(root, deployment);
	s.shown_ms = 0;
	s.agreed = false;
	if (!save(root, deployment, &s, &e))
		log_warn("%s", e.msg);
}
