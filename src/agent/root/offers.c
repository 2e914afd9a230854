/* SPDX-License-Identifier: Apache-2.0
 * The memory of offers. Invariant: a wish is on the disk before it is answered. A state that cannot
 * be read is none: users are told again, and what was asked for waits to be asked for again. */
#include "agent/root/offers.h"
#include "agent/reboot.h"
#include "agent/root/gate.h"
#include "agent/root/tell.h"
#include "agent/sessions.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define STATE_MAX 8192
#define ID_SHOWN 8 /* digits of a deployment's id that `install` takes */

/* {"asked_ms": n, "user": uid, "told": {"uid": ms}}; asked_ms 0 = nobody has. */
static char *path_of(const char *root, struct str deployment, const char *end)
{
	return xasprintf("%s/offers/%.*s%s", root, STR_ARG(deployment), end);
}

bool offers_init(const char *root, struct err *e)
{
	AUTO(xfree) char *dir = file_join(root, "offers");
	return notices_dir(dir, e);
}

static json_t *load(const char *root, struct str deployment)
{
	AUTO(xfree) char *path = path_of(root, deployment, "");
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	struct err e = { 0 };
	json_t *j = NULL;
	if (file_exists(path) &&
	    (!file_read(path, &b, &e) || !json_parse(buf_str(&b), STATE_MAX, &j, &e)))
		log_error("'%s': %s", path, e.msg);
	if (json_is_object(j))
		return j;
	json_free(j);
	return json_object();
}

static bool save(const char *root, struct str deployment, const json_t *j, struct err *e)
{
	AUTO(xfree) char *path = path_of(root, deployment, "");
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	json_write(j, &b);
	return buf_ok(&b, "the state of an offer", e) &&
	       file_write_atomic(path, buf_str(&b), 0600, e);
}

bool offers_asked(const char *root, const struct order *o)
{
	if (!o->offer)
		return false;
	AUTO(json_free) json_t *j = load(root, o->deployment);
	return json_integer_value(json_object_get(j, "asked_ms")) > 0;
}

bool offers_opening(const struct agent_paths *p, const char *root, const struct order *o,
		    struct opening *out, struct err *e)
{
	if (!offers_asked(root, o))
		return opening_of(p, o, clock_wall_ms(), reboot_boot_time_ms(), out, e);
	*out = (struct opening) { .open = true, .end_ms = WINDOW_NO_END };
	return true;
}

json_t *offers_state(const char *root, const struct order *o, int64_t now_ms)
{
	bool asked = offers_asked(root, o);
	json_t *j = json_pack("{s:b}", "asked", asked);
	if (!o->offer || asked || !offer_waits(o->offer, now_ms))
		return j;
	json_object_set_new(j, "waits", json_string("published"));
	json_object_set_new(j, "until",
			    o->offer->deadline_ms ? json_integer(o->offer->deadline_ms)
						  : json_null());
	return j;
}

bool offers_want(const char *root, const struct order *o, int64_t uid, int64_t now_ms,
		 struct err *e)
{
	if (!o->offer)
		return err_set(e, ERR_DENIED, "this is not published to users");
	AUTO(json_free) json_t *j = load(root, o->deployment);
	if (json_integer_value(json_object_get(j, "asked_ms")) > 0)
		return true;
	json_object_set_new(j, "asked_ms", json_integer(now_ms));
	json_object_set_new(j, "user", json_integer(uid));
	return save(root, o->deployment, j, e);
}

void offers_ended(const char *root, const char *deployment, bool succeeded)
{
	static const char *const ends[] = { "", ".order" };
	for (size_t i = 0; succeeded && i < ARRAY_LEN(ends); i++) {
		AUTO(xfree) char *path = path_of(root, str_of(deployment), ends[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			log_warn("cannot remove '%s': errno %d", path, errno);
	}
}

/* --- telling --- */

static const char *key_of(uid_t uid, char out[static 16])
{
	snprintf(out, 16, "%u", (unsigned)uid);
	return out;
}

bool offers_tell(const struct agent_paths *p, const char *root, const struct order *o,
		 struct str envelope, int64_t now_ms, const struct notices_shower *shower,
		 struct err *e)
{
	AUTO(json_free) json_t *j = load(root, o->deployment);
	AUTO(xfree) char *copy = path_of(root, o->deployment, ".order");
	struct session list[SESSIONS_MAX];
	size_t n = sessions_list(p, list), fresh = 0;
	char key[16];
	json_t *told = json_object_get(j, "told");
	if (!json_is_object(told)) {
		told = json_object();
		json_object_set_new(j, "told", told);
	}
	for (size_t i = 0; i < n && json_object_size(told) < SESSIONS_MAX; i++) {
		if (json_object_get(told, key_of(list[i].uid, key)))
			continue;
		json_object_set_new(told, key, json_integer(now_ms));
		fresh++;
	}
	return !fresh ||
	       (file_write_atomic(copy, envelope, 0600, e) && save(root, o->deployment, j, e) &&
		shower->show(shower->arg, o, now_ms, e));
}

static void add_text(struct buf *b, enum notice_language lang, const struct order *o)
{
	bool ja = lang == NOTICE_JA;
	time_t at = (time_t)(o->offer->deadline_ms / 1000);
	struct tm tm;
	char when[40] = "";
	buf_addstr(b, o->offer->name);
	if (o->offer->description.n)
		buf_printf(b, "\n%.*s", STR_ARG(o->offer->description));
	if (o->offer->deadline_ms && localtime_r(&at, &tm) &&
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm))
		buf_printf(b,
			   ja ? "\n期限: %s (それ以降は自動でインストールされます)"
			      : "\nInstalled by itself from %s on.",
			   when);
	buf_printf(b, ja ? "\n内容の確認: tsukuroi-agent available"
			 : "\nTo look at it: tsukuroi-agent available");
	buf_printf(b,
		   ja ? "\nインストール: tsukuroi-agent install %.*s\n"
		      : "\nTo install it: tsukuroi-agent install %.*s\n",
		   ID_SHOWN, o->deployment.p);
}

/* Those who are to be told now, moved to the front; how many. */
static size_t keep_those(struct session *list, size_t n, const json_t *told, int64_t at_ms)
{
	size_t kept = 0;
	char key[16];
	for (size_t i = 0; i < n; i++)
		if (json_integer_value(json_object_get(told, key_of(list[i].uid, key))) == at_ms)
			list[kept++] = list[i];
	return kept;
}

bool offers_show(const struct agent_paths *p, const char *deployment, int64_t at_ms, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf envelope = BUF_INIT(2 * ORDER_MAX), said = BUF_INIT(8192);
	AUTO(buf_done) struct buf en = BUF_INIT(32768), ja = BUF_INIT(32768);
	AUTO(xfree) char *root = file_join(p->state, "root");
	AUTO(json_free) json_t *j = NULL;
	struct session list[SESSIONS_MAX];
	const char *reason;
	struct order o;
	if (strspn(deployment, "0123456789abcdef") != 32 || deployment[32])
		return err_set(e, ERR_INVALID, "'%.40s' is no deployment", deployment);
	AUTO(xfree) char *path = path_of(root, str_of(deployment), ".order");
	if (!file_read(path, &envelope, e) || !gate_open(p, buf_str(&envelope), &a, &o, &reason, e))
		return false;
	if (!o.offer)
		return err_set(e, ERR_DENIED, "'%s' is not published", deployment);
	j = load(root, o.deployment);
	add_text(&en, NOTICE_EN, &o);
	add_text(&ja, NOTICE_JA, &o);
	const struct tell_words words = {
		{ [NOTICE_EN] = "There is something to install",
		  [NOTICE_JA] = "インストールできる更新があります" },
		{ [NOTICE_EN] = buf_str(&en), [NOTICE_JA] = buf_str(&ja) },
	};
	size_t n = keep_those(list, sessions_list(p, list), json_object_get(j, "told"), at_ms);
	tell_sessions(p, list, n, &words, &said);
	log_info("deployment %s is published: %zu sessions told", deployment, n);
	return true;
}
