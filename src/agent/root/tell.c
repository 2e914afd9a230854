/* SPDX-License-Identifier: Apache-2.0
 * A process of its own that tells the people who are logged in what will happen: on their
 * terminals, and through notify-send, as them, where they have a desktop. It lives outside the root
 * half's unit, which has neither their terminals nor their session buses. Invariant: it ends within
 * seconds, whatever a terminal or a desktop does, and says no byte that the order did not. */
#include "agent/root/tell.h"
#include "agent/root/gate.h"
#include "agent/root/journal.h"
#include "agent/root/notices.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DESKTOP_S 5

/* LANG of locale.conf(5), or of Debian's file. */
enum notice_language tell_language(const struct agent_paths *p)
{
	static const char *const files[] = { "/etc/locale.conf", "/etc/default/locale" };
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(xfree) char *path = xasprintf("%s%s", p->sysroot, files[i]);
		AUTO(buf_done) struct buf b = BUF_INIT(65536);
		struct str rest, line, key;
		if (!file_read(path, &b, NULL))
			continue;
		rest = buf_str(&b);
		while (str_line(&rest, &line))
			if (str_split(&line, '=', &key) && str_is(str_trim(key), "LANG")) {
				AUTO(xfree) char *value = str_dup(str_trim(line));
				return notice_language_of(value + (value[0] == '"'));
			}
	}
	return NOTICE_EN;
}

/* What stands below the administrator's message: when, and what can be done. */
static void add_rest(struct buf *b, enum notice_language lang, const struct notification *n,
		     const json_t *waits, int64_t start_ms)
{
	const json_t *notice = json_object_get(waits, "notice");
	json_int_t left = json_integer_value(json_object_get(notice, "allowed")) -
			  json_integer_value(json_object_get(notice, "postponed"));
	time_t at = (time_t)(start_ms / 1000);
	struct tm tm;
	char when[40] = "";
	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	buf_printf(b, lang == NOTICE_JA ? "開始: %s\n" : "Starts at %s.\n", when);
	if (left > 0)
		buf_printf(
			b,
			lang == NOTICE_JA
				? "延期 (あと %lld 回、1 回最大 %d 分): tsukuroi-agent postpone\n"
				: "To postpone (%lld left, %d minutes each at most): tsukuroi-agent postpone\n",
			(long long)left, n->postpone_min);
	buf_adds(b, lang == NOTICE_JA ? "今すぐ開始: tsukuroi-agent install-now\n"
				      : "To start now: tsukuroi-agent install-now\n");
}

/* Only a terminal that is the user's own; what it does not take at once is not waited for. */
static bool tell_terminal(const struct session *s, struct str text)
{
	AUTO(xfree) char *path = xasprintf("/dev/%s", s->tty);
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	struct stat st;
	AUTO(fd_close)
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode) || st.st_uid != s->uid)
		return false;
	buf_adds(&b, "\r\n\a");
	struct str line;
	while (str_line(&text, &line))
		buf_printf(&b, "%.*s\r\n", STR_ARG(line));
	return write(fd, b.p, b.n) == (ssize_t)b.n;
}

/* A notification's body is markup for some desktops. */
static char *escaped(struct str s)
{
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<')
			buf_adds(&b, "&lt;");
		else if (s.p[i] == '>')
			buf_adds(&b, "&gt;");
		else if (s.p[i] == '&')
			buf_adds(&b, "&amp;");
		else
			buf_add(&b, &s.p[i], 1);
	}
	return buf_take(&b);
}

static bool tell_desktop(const struct session *s, const char *title, struct str text)
{
	AUTO(xfree) char *bus = xasprintf("/run/user/%u/bus", (unsigned)s->uid);
	AUTO(xfree) char *address = xasprintf("DBUS_SESSION_BUS_ADDRESS=unix:path=%s", bus);
	AUTO(xfree) char *runtime = xasprintf("XDG_RUNTIME_DIR=/run/user/%u", (unsigned)s->uid);
	AUTO(xfree) char *uid = xasprintf("--reuid=%u", (unsigned)s->uid);
	AUTO(xfree) char *body = escaped(text);
	const struct passwd *pw = getpwuid(s->uid);
	if (!pw || !file_exists(bus))
		return false;
	AUTO(xfree) char *gid = xasprintf("--regid=%u", (unsigned)pw->pw_gid);
	const char *argv[] = { "setpriv",
			       uid,
			       gid,
			       "--init-groups",
			       "--",
			       "notify-send",
			       "--app-name=Tsukuroi",
			       "--urgency=critical",
			       "--",
			       title,
			       body,
			       NULL };
	const char *env[] = { address, runtime, NULL };
	struct proc_spec spec = { .argv = argv, .env = env, .timeout_s = DESKTOP_S };
	struct proc_result res;
	struct err e = { 0 };
	if (proc_run(&spec, NULL, NULL, &res, &e) && res.exit_status == 0)
		return true;
	log_warn("the desktop of '%s' was not told: %s", s->user,
		 e.msg[0] ? e.msg : "notify-send failed");
	return false;
}

/* Each user's desktop once, whatever number of sessions. */
static bool first_desktop(const struct session *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].graphical && s[k].uid == s[i].uid)
			return false;
	return s[i].graphical;
}

void tell_sessions(const struct session *list, size_t n, const char *title, struct str text,
		   struct buf *said)
{
	AUTO(buf_done) struct buf all = BUF_INIT(40000);
	buf_printf(&all, "== %s ==\n%.*s", title, STR_ARG(text));
	for (size_t i = 0; i < n; i++) {
		bool terminal = list[i].tty[0] && tell_terminal(&list[i], buf_str(&all));
		bool desktop = first_desktop(list, i) && tell_desktop(&list[i], title, text);
		buf_printf(said, "notice: %s %s%s\n", list[i].user,
			   terminal  ? list[i].tty
			   : desktop ? "desktop"
				     : "not reached",
			   terminal && desktop ? ", desktop" : "");
	}
}

bool notices_show(const struct agent_paths *p, const char *id, int64_t start_ms, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf envelope = BUF_INIT(2 * ORDER_MAX), text = BUF_INIT(32768);
	AUTO(buf_done) struct buf said = BUF_INIT(8192);
	AUTO(xfree) char *root = file_join(p->state, "root");
	AUTO(xfree) char *path = journal_path(root, id, "order");
	AUTO(json_free) json_t *waits = NULL;
	struct session list[SESSIONS_MAX];
	const char *reason;
	struct order o;
	if (!file_read(path, &envelope, e) ||
	    !gate_open(p, buf_str(&envelope), &a, &o, &reason, e) ||
	    !notices_answer(p, root, &o, &(struct opening) { .open = true }, "look", 0, &waits, e))
		return false;
	enum notice_language lang = tell_language(p);
	const char *title = o.notification->title[lang];
	buf_printf(&text, "%s\n", o.notification->message[lang]);
	add_rest(&text, lang, o.notification, waits, start_ms);
	size_t n = sessions_list(p, list);
	tell_sessions(list, n, title, buf_str(&text), &said);
	log_info("order %s: %zu sessions told", id, n);
	return journal_log(root, id, buf_str(&said), e);
}
