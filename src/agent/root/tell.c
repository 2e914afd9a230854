/* SPDX-License-Identifier: Apache-2.0
 * A process of its own that tells the people who are logged in what will happen: on their
 * terminals, and where they have a desktop through its own notifications, as them, with
 * busctl or, where that is not, notify-send. It lives outside the root half's unit, which has
 * neither their terminals nor their session buses. Invariant: it ends within half a minute,
 * whatever a terminal or a desktop does, says no byte that the order did not, and what runs as a
 * user has no right of ours and nothing of the user's in its environment. */
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

#define DESKTOP_S 5	  /* each */
#define DESKTOPS_MS 25000 /* all of them */

/* The value of `name` in a file of "name=value" lines. */
static bool language_in(const char *path, const char *name, enum notice_language *out)
{
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	struct str rest, line, key;
	if (!file_read(path, &b, NULL))
		return false;
	rest = buf_str(&b);
	while (str_line(&rest, &line))
		if (str_split(&line, '=', &key) && str_is(str_trim(key), name)) {
			AUTO(xfree) char *value = str_dup(str_trim(line));
			*out = notice_language_of(value + (value[0] == '"'));
			return value[0] != '\0';
		}
	return false;
}

/* Language of AccountsService's record; LANG of locale.conf(5), or of Debian's file. */
enum notice_language tell_language(const struct agent_paths *p, const char *user)
{
	AUTO(xfree)
	char *own = xasprintf("%s/var/lib/AccountsService/users/%s", p->sysroot, user);
	AUTO(xfree) char *conf = xasprintf("%s/etc/locale.conf", p->sysroot);
	AUTO(xfree) char *debian = xasprintf("%s/etc/default/locale", p->sysroot);
	enum notice_language lang = NOTICE_EN;
	if ((user[0] && user[0] != '.' && !strchr(user, '/') &&
	     language_in(own, "Language", &lang)) ||
	    language_in(conf, "LANG", &lang) || language_in(debian, "LANG", &lang))
		return lang;
	return NOTICE_EN;
}

const char *tell_time(int64_t ms, char out[static TELL_TIME])
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm;
	out[0] = '\0';
	if (localtime_r(&at, &tm))
		strftime(out, TELL_TIME, "%Y-%m-%d %H:%M", &tm);
	return out;
}

void tell_postpone(struct buf *b, enum notice_language lang, int64_t left,
		   const struct notice_budget *budget)
{
	if (left <= 0)
		return;
	buf_printf(
		b,
		lang == NOTICE_JA
			? "延期 (あと %lld 回、1 回最大 %d 分): tsukuroi-agent postpone\n"
			: "To postpone (%lld left, %d minutes each at most): tsukuroi-agent postpone\n",
		(long long)left, budget->minutes);
}

/* What stands below the administrator's message: when, and what can be done. */
static void add_rest(struct buf *b, enum notice_language lang, const struct notification *n,
		     const json_t *waits, int64_t start_ms)
{
	const json_t *notice = json_object_get(waits, "notice");
	char when[TELL_TIME];
	buf_printf(b, lang == NOTICE_JA ? "開始: %s\n" : "Starts at %s.\n",
		   tell_time(start_ms, when));
	tell_postpone(b, lang,
		      json_integer_value(json_object_get(notice, "allowed")) -
			      json_integer_value(json_object_get(notice, "postponed")),
		      &n->budget);
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

/* setpriv: the user's ids and groups, none of our rights, none to gain; env -i: nothing else. */
#define AS_USER                                                                                    \
	"setpriv", u.uid, u.gid, "--init-groups", "--inh-caps=-all", "--no-new-privs", "--",       \
		"env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/", u.runtime,          \
		u.address
#define NOTIFY "org.freedesktop.Notifications"
#define NOTIFY_PATH "/org/freedesktop/Notifications"

struct desktop {
	char *bus, *address, *runtime, *uid, *gid;
};
static void desktop_done(struct desktop *u)
{
	xfree(u->bus);
	xfree(u->address);
	xfree(u->runtime);
	xfree(u->uid);
	xfree(u->gid);
}
AUTO_DEFINE_VALUE(struct desktop, desktop_done)

/* The bus has to be this user's own, where the system puts it. */
static bool desktop_of(const struct session *s, struct desktop *out)
{
	const struct passwd *pw = getpwuid(s->uid);
	struct stat st;
	if (!pw || s->uid == 0)
		return false;
	*out = (struct desktop) {
		.bus = xasprintf("/run/user/%u/bus", (unsigned)s->uid),
		.address = xasprintf("DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/%u/bus",
				     (unsigned)s->uid),
		.runtime = xasprintf("XDG_RUNTIME_DIR=/run/user/%u", (unsigned)s->uid),
		.uid = xasprintf("--reuid=%u", (unsigned)s->uid),
		.gid = xasprintf("--regid=%u", (unsigned)pw->pw_gid),
	};
	return lstat(out->bus, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == s->uid;
}

static bool has(const char *program)
{
	AUTO(xfree) char *path = xasprintf("/usr/bin/%s", program);
	return file_exists(path);
}

static bool tell_desktop(const struct session *s, const char *title, struct str text)
{
	AUTO(xfree) char *body = escaped(text);
	AUTO(desktop_done) struct desktop u = { 0 };
	if (!desktop_of(s, &u))
		return false;
	const char *bus = strchr(u.address, '=') + 1;
	const char *const busctl[] = {
		AS_USER, "busctl", "--address",	    bus,	"--", "call", NOTIFY, NOTIFY_PATH,
		NOTIFY,	 "Notify", "susssasa{sv}i", "Tsukuroi", "0",  "",     title,  body,
		"0",	 "1",	   "urgency",	    "y",	"2",  "-1",   NULL
	};
	const char *const notify_send[] = {
		AS_USER, "notify-send", "--app-name=Tsukuroi", "--urgency=critical", "--", title,
		body,	 NULL
	};
	const char *const *argv = has("busctl") ? busctl : has("notify-send") ? notify_send : NULL;
	struct proc_result res;
	struct err e = { 0 };
	if (argv &&
	    proc_run(&(struct proc_spec) { .argv = argv, .timeout_s = DESKTOP_S }, NULL, NULL, &res,
		     &e) &&
	    res.exit_status == 0)
		return true;
	log_warn("the desktop of '%s' was not told: %s", s->user,
		 e.msg[0] ? e.msg
		 : argv	  ? "it does not take notifications"
			  : "there is no program that speaks to it");
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

void tell_sessions(const struct agent_paths *p, const struct session *list, size_t n,
		   const struct tell_words *words, struct buf *said)
{
	int64_t until = clock_mono_ms() + DESKTOPS_MS;
	bool terminal[SESSIONS_MAX] = { 0 };
	/* those who make us wait come last */
	for (size_t i = 0; i < n; i++) {
		AUTO(buf_done) struct buf all = BUF_INIT(40000);
		enum notice_language lang = tell_language(p, list[i].user);
		buf_printf(&all, "== %s ==\n%.*s", words->title[lang], STR_ARG(words->text[lang]));
		terminal[i] = list[i].tty[0] && tell_terminal(&list[i], buf_str(&all));
	}
	for (size_t i = 0; i < n; i++) {
		enum notice_language lang = tell_language(p, list[i].user);
		bool desktop = first_desktop(list, i) && clock_mono_ms() < until &&
			       tell_desktop(&list[i], words->title[lang], words->text[lang]);
		buf_printf(said, "notice: %s %s%s\n", list[i].user,
			   terminal[i] ? list[i].tty
			   : desktop   ? "desktop"
				       : "not reached",
			   terminal[i] && desktop ? ", desktop" : "");
	}
}

bool notices_show(const struct agent_paths *p, const char *id, int64_t start_ms, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf envelope = BUF_INIT(2 * ORDER_MAX), said = BUF_INIT(8192);
	AUTO(buf_done) struct buf en = BUF_INIT(32768), ja = BUF_INIT(32768);
	struct buf *const text[] = { [NOTICE_EN] = &en, [NOTICE_JA] = &ja };
	struct tell_words words = { 0 };
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
	for (enum notice_language lang = 0; lang < NOTICE_LANGUAGES_; lang++) {
		buf_printf(text[lang], "%s\n", o.notification->message[lang]);
		add_rest(text[lang], lang, o.notification, waits, start_ms);
		words.title[lang] = o.notification->title[lang];
		words.text[lang] = buf_str(text[lang]);
	}
	size_t n = sessions_list(p, list);
	tell_sessions(p, list, n, &words, &said);
	log_info("order %s: %zu sessions told", id, n);
	return journal_log(root, id, buf_str(&said), e);
}
