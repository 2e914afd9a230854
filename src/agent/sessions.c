/* SPDX-License-Identifier: Apache-2.0
 * Sessions. Invariant: a terminal's name has no way out of /dev, and nothing here waits longer than
 * a few seconds. */
#include "agent/sessions.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utmpx.h>

#define ASK_S 5
#define TEXT_MAX 65536
#define UTMP_MAX (1u << 20)

/* "pts/0", "tty1": one level down at most. */
static bool is_tty(struct str s)
{
	size_t slashes = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool plain = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			     (s.p[i] >= '0' && s.p[i] <= '9');
		slashes += s.p[i] == '/';
		if (!plain && s.p[i] != '/')
			return false;
	}
	return s.n && s.n <= 32 && slashes <= 1 && s.p[0] != '/' && s.p[s.n - 1] != '/';
}

static size_t add(struct session out[static SESSIONS_MAX], size_t n, const struct session *s)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].uid == s->uid && strcmp(out[i].tty, s->tty) == 0) {
			out[i].graphical |= s->graphical;
			return n;
		}
	if (n < SESSIONS_MAX)
		out[n++] = *s;
	return n;
}

/* --- logind --- */

struct asked {
	struct session s;
	bool has_uid, is_user, is_there;
};

static void take_line(struct asked *a, struct str line)
{
	struct str key;
	uint64_t uid;
	if (!str_split(&line, '=', &key))
		return;
	if (str_is(key, "User") && str_to_u64(line, &uid) && uid < UINT32_MAX) {
		a->s.uid = (uid_t)uid;
		a->has_uid = true;
	} else if (str_is(key, "Name") && line.n < sizeof(a->s.user)) {
		snprintf(a->s.user, sizeof(a->s.user), "%.*s", STR_ARG(line));
	} else if (str_is(key, "TTY") && is_tty(line)) {
		snprintf(a->s.tty, sizeof(a->s.tty), "%.*s", STR_ARG(line));
	} else if (str_is(key, "Type")) {
		a->s.graphical = str_is(line, "x11") || str_is(line, "wayland");
	} else if (str_is(key, "Class")) {
		a->is_user = str_is(line, "user") || str_is(line, "user-early");
	} else if (str_is(key, "State")) {
		a->is_there = str_is(line, "active") || str_is(line, "online");
	}
}

static size_t take_asked(struct asked *a, struct session out[static SESSIONS_MAX], size_t n)
{
	if (a->has_uid && a->is_user && a->is_there)
		n = add(out, n, &a->s);
	*a = (struct asked) { 0 };
	return n;
}

size_t sessions_parse(struct str text, struct session out[static SESSIONS_MAX], size_t n)
{
	struct asked a = { 0 };
	struct str line;
	while (str_line(&text, &line)) {
		if (line.n)
			take_line(&a, line);
		else
			n = take_asked(&a, out, n);
	}
	return take_asked(&a, out, n);
}

static bool ask(const char *const *argv, struct buf *out)
{
	struct proc_spec spec = { .argv = argv, .timeout_s = ASK_S };
	struct proc_result res;
	struct err e = { 0 };
	if (proc_run(&spec, out, NULL, &res, &e) && res.exit_status == 0)
		return true;
	log_debug("loginctl: %s", e.msg[0] ? e.msg : "failed");
	return false;
}

/* A session's id is the first word of its line: "c2", "31". */
static const char *id_of(struct str line, struct arena *a)
{
	struct str id = str_trim(line), word;
	if (!str_split(&id, ' ', &word) || !word.n || word.n > 32)
		return NULL;
	for (size_t i = 0; i < word.n; i++)
		if (!((word.p[i] >= 'a' && word.p[i] <= 'z') ||
		      (word.p[i] >= 'A' && word.p[i] <= 'Z') ||
		      (word.p[i] >= '0' && word.p[i] <= '9')))
			return NULL;
	return arena_str(a, word).p;
}

static size_t of_logind(struct session out[static SESSIONS_MAX], size_t n)
{
	static const char *const list[] = { "loginctl", "list-sessions", "--no-legend",
					    "--no-pager", NULL };
	static const char *const show[] = { "loginctl", "show-session", "--no-pager", "-p",
					    "User",	"-p",		"Name",	      "-p",
					    "TTY",	"-p",		"Type",	      "-p",
					    "Class",	"-p",		"State",      "--" };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf ids = BUF_INIT(TEXT_MAX), text = BUF_INIT(TEXT_MAX);
	const char *argv[ARRAY_LEN(show) + SESSIONS_MAX + 1];
	size_t k = ARRAY_LEN(show);
	if (!ask(list, &ids))
		return n;
	memcpy(argv, show, sizeof(show));
	struct str rest = buf_str(&ids), line;
	while (k < ARRAY_LEN(show) + SESSIONS_MAX && str_line(&rest, &line))
		if ((argv[k] = id_of(line, &a)))
			k++;
	argv[k] = NULL;
	if (k == ARRAY_LEN(show) || !ask(argv, &text))
		return n;
	return sessions_parse(buf_str(&text), out, n);
}

/* --- utmp --- */

size_t sessions_parse_utmp(struct str file, struct session out[static SESSIONS_MAX], size_t n)
{
	struct utmpx u;
	for (size_t at = 0; at + sizeof(u) <= file.n; at += sizeof(u)) {
		struct session s = { 0 };
		memcpy(&u, file.p + at, sizeof(u));
		/* a crash leaves records behind; 0 would be this process's own group */
		if (u.ut_type != USER_PROCESS || u.ut_pid <= 0 ||
		    (kill(u.ut_pid, 0) != 0 && errno == ESRCH))
			continue;
		snprintf(s.user, sizeof(s.user), "%.*s", (int)sizeof(u.ut_user), u.ut_user);
		struct str tty = { u.ut_line, strnlen(u.ut_line, sizeof(u.ut_line)) };
		const struct passwd *pw = s.user[0] ? getpwnam(s.user) : NULL;
		if (!pw)
			continue;
		s.uid = pw->pw_uid;
		if (is_tty(tty))
			snprintf(s.tty, sizeof(s.tty), "%.*s", STR_ARG(tty));
		s.graphical = tty.n > 1 &&
			      tty.p[0] == ':'; /* a display, as its manager writes it */
		n = add(out, n, &s);
	}
	return n;
}

size_t sessions_list(const struct agent_paths *p, struct session out[static SESSIONS_MAX])
{
	AUTO(xfree) char *utmp = xasprintf("%s/run/utmp", p->sysroot);
	AUTO(buf_done) struct buf b = BUF_INIT(UTMP_MAX);
	struct stat st;
	size_t n = 0;
	if (!p->sysroot[0] && stat("/run/systemd/system", &st) == 0)
		n = of_logind(out, n);
	if (file_read(utmp, &b, NULL))
		n = sessions_parse_utmp(buf_str(&b), out, n);
	return n;
}

bool sessions_any(const struct agent_paths *p)
{
	struct session s[SESSIONS_MAX];
	return sessions_list(p, s) > 0;
}

bool sessions_has(const struct agent_paths *p, uid_t uid)
{
	struct session s[SESSIONS_MAX];
	size_t n = sessions_list(p, s);
	for (size_t i = 0; i < n; i++)
		if (s[i].uid == uid)
			return true;
	return false;
}
