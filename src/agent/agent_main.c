/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi-agent: the network half and its command line. `run` gives up root before anything else.
 */
#include "agent/net/agent.h"
#include "agent/net/enroll.h"
#include "agent/net/portal.h"
#include "agent/net/scan.h"
#include "agent/net/users.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "proto/inventory.h"
#include "window/notice.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: tsukuroi-agent enroll --server https://HOST[:PORT] --token TOKEN [--proxy URL]\n"
	"       tsukuroi-agent run            the service\n"
	"       tsukuroi-agent scan [--json]  the inventory, or a summary of it\n"
	"       tsukuroi-agent status         what the running agent last did, and what waits for you\n"
	"       tsukuroi-agent postpone [MINUTES] [--order ORDER]\n"
	"                                     puts off an announced installation or restart\n"
	"       tsukuroi-agent install-now [--order ORDER]\n"
	"                                     starts it as soon as it may\n"
	"       tsukuroi-agent available [--json]\n"
	"                                     what you may install when you like\n"
	"       tsukuroi-agent install NAME   installs that now\n"
	"       tsukuroi-agent checkin        scan and contact the server now\n"
	"options: --config-dir DIR --state-dir DIR --run-dir DIR --sysroot DIR --agent-user NAME\n";

struct words {
	const char *server, *token, *proxy, *user, *order, *name;
	uint64_t minutes;
	bool json;
};

static int fail(const struct err *e)
{
	fprintf(stderr, "tsukuroi-agent: %s\n", e->msg);
	return err_exit_status(e->code);
}

static bool read_words(int argc, char **argv, struct words *w)
{
	const struct {
		const char *name;
		const char **out;
	} known[] = { { "--server", &w->server },
		      { "--token", &w->token },
		      { "--proxy", &w->proxy },
		      { "--order", &w->order },
		      { "--agent-user", &w->user } };
	for (int i = 2; i < argc; i++) {
		size_t k = 0;
		if (strcmp(argv[i], "--json") == 0) {
			w->json = true;
			continue;
		}
		if (strcmp(argv[1], "postpone") == 0 && i == 2 &&
		    str_to_u64(str_of(argv[i]), &w->minutes) && w->minutes <= NOTICE_POSTPONE_MAX)
			continue;
		if (strcmp(argv[1], "install") == 0 && i == 2 && argv[i][0] && argv[i][0] != '-') {
			w->name = argv[i];
			continue;
		}
		while (k < ARRAY_LEN(known) && strcmp(argv[i], known[k].name) != 0)
			k++;
		if (k == ARRAY_LEN(known) || i + 1 >= argc)
			return false;
		*known[k].out = argv[++i];
	}
	return true;
}

static int enroll(const struct agent_paths *p, const struct words *w)
{
	struct err e = { 0 };
	struct enroll_result r = { 0 };
	const char *user = geteuid() == 0 ? w->user : NULL;
	if (!w->server || !w->token)
		return fputs(usage, stderr) < 0 ? 1 : 2;
	if (!enroll_run(p, w->server, w->token, w->proxy, user, &r, &e))
		return fail(&e);
	printf("enrolled as %s\n", r.agent_id);
	if (r.skew_ms > ENROLL_SKEW_MS || r.skew_ms < -ENROLL_SKEW_MS)
		printf("warning: this machine's clock differs from the server's by %lld hours; set it, "
		       "or orders will be refused as expired\n",
		       (long long)(r.skew_ms / 3600000));
	return 0;
}

/* The run directory's part of the network half belongs to it; systemd makes it, others do not. */
static bool own_run_dir(const struct agent_paths *p, const struct passwd *pw, struct err *e)
{
	AUTO(xfree) char *dir = file_join(p->run, "net");
	if (!file_mkdirs(dir, 0755, e))
		return false;
	if (chown(dir, pw->pw_uid, pw->pw_gid) != 0)
		return err_sys(e, errno, "cannot give '%s' to '%s'", dir, pw->pw_name);
	return true;
}

static bool give_up_root(const struct agent_paths *p, const char *user, struct err *e)
{
	if (geteuid() != 0 || strcmp(user, "root") == 0)
		return true;
	struct passwd *pw = getpwnam(user);
	if (!pw)
		return err_set(e, ERR_NOT_FOUND, "no user '%s'; run 'tsukuroi-agent enroll' first",
			       user);
	if (!own_run_dir(p, pw, e))
		return false;
	if (setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
		return err_sys(e, errno, "cannot become '%s'", user);
	return true;
}

static int run(const struct agent_paths *p, const struct words *w)
{
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_conf conf;
	enum log_level level = LOG_INFO;
	if (!give_up_root(p, w->user, &e))
		return fail(&e);
	if (!agent_conf_load(p, &a, &conf, &e))
		return fail(&e);
	if (!log_level_parse(conf.log_level, &level))
		log_warn("log_level '%s' is not debug, info, warn or error", conf.log_level);
	log_init("tsukuroi-agent", level);
	if (!agent_run(p, &e))
		return fail(&e);
	_exit(0); /* threads may be in the middle of a transfer; nothing they hold must be saved */
}

static int scan(const struct agent_paths *p, bool json)
{
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX), out = BUF_INIT(1000);
	struct sha256 hash;
	struct err e = { 0 };
	char hex[SHA256_HEX];
	if (!scan_system(p, &text, &hash, &e))
		return fail(&e);
	if (!json)
		return file_write_fd(1, buf_str(&text), "standard output", &e) ? 0 : fail(&e);
	struct str rest = buf_str(&text), line;
	size_t packages = 0, holds = 0, facts = 0;
	while (str_line(&rest, &line)) {
		facts++;
		packages += str_starts(line, "deb\t") || str_starts(line, "rpm\t");
		holds += str_starts(line, "hold\t");
	}
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:I,s:I,s:I,s:I}", "inventory", digest_hex(&hash, hex), "facts",
			      (json_int_t)facts, "packages", (json_int_t)packages, "holds",
			      (json_int_t)holds, "bytes", (json_int_t)text.n);
	json_write(j, &out);
	printf("%s\n", out.p);
	return 0;
}

static enum notice_language own_language(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);
		if (v && v[0])
			return notice_language_of(v);
	}
	return NOTICE_EN;
}

/* "2026-11-23T04:00:00Z" on this machine's clock. */
static const char *local_time(const json_t *rfc3339, char out[static 40])
{
	const char *s = json_string_value(rfc3339);
	int64_t ms;
	struct tm tm;
	if (!s || !clock_parse_rfc3339(str_of(s), &ms))
		return "-";
	time_t t = (time_t)(ms / 1000);
	return localtime_r(&t, &tm) && strftime(out, 40, "%Y-%m-%d %H:%M", &tm) ? out : "-";
}

/* One that waits for users: the administrator's words, then what can be done. */
static void print_notice(const json_t *n)
{
	enum notice_language lang = own_language();
	const char *key = lang == NOTICE_JA ? "ja" : "en";
	const char *title = json_string_value(json_object_get(json_object_get(n, "title"), key));
	const char *text = json_string_value(json_object_get(json_object_get(n, "message"), key));
	const char *waits = json_string_value(json_object_get(n, "waits"));
	const char *order = json_string_value(json_object_get(n, "order"));
	long long postponed = json_integer_value(json_object_get(n, "postponed"));
	long long allowed = json_integer_value(json_object_get(n, "allowed"));
	bool put_off = waits && strcmp(waits, "postponed") == 0;
	char start[40], end[40];
	printf("\n%s\n%s\n", title ? title : "", text ? text : "");
	printf(lang == NOTICE_JA ? (put_off ? "延期済み。開始: %s\n" : "開始: %s\n")
				 : (put_off ? "postponed; starts at %s\n" : "starts at %s\n"),
	       local_time(json_object_get(n, "until"), start));
	if (allowed)
		printf(lang == NOTICE_JA ? "延期: %lld/%lld 回、期限 %s\n"
					 : "postponed %lld of %lld times, until %s at the latest\n",
		       postponed, allowed, local_time(json_object_get(n, "deadline"), end));
	printf(lang == NOTICE_JA ? "指示: %s\n" : "order %s\n", order ? order : "");
}

/* The machine is about to go down. */
static void print_restart(const json_t *r)
{
	bool ja = own_language() == NOTICE_JA;
	const char *power = json_string_value(json_object_get(r, "power"));
	bool off = power && strcmp(power, "shutdown") == 0;
	long long postponed = json_integer_value(json_object_get(r, "postponed"));
	long long allowed = json_integer_value(json_object_get(r, "allowed"));
	char at[40];
	printf(ja    ? (off ? "\nシャットダウン: %s\n" : "\n再起動: %s\n")
	       : off ? "\nswitched off at %s\n"
		     : "\nrestarts at %s\n",
	       local_time(json_object_get(r, "at"), at));
	if (allowed)
		printf(ja ? "延期: %lld/%lld 回\n" : "postponed %lld of %lld times\n", postponed,
		       allowed);
}

static int status(const struct agent_paths *p, bool json)
{
	AUTO(json_free) json_t *j = NULL;
	AUTO(json_free) json_t *waiting = NULL;
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	struct err e = { 0 }, denied = { 0 };
	if (!agent_status(p, &j, &e))
		return fail(&e);
	/* only root and users who are logged in are told */
	json_t *notices = users_ask(p, "notices", NULL, 0, &waiting, &denied)
				  ? json_object_get(waiting, "notices")
				  : NULL;
	json_t *restart = json_object_get(waiting, "restart");
	if (json) {
		if (notices)
			json_object_set(j, "notices", notices);
		if (restart)
			json_object_set(j, "restart", restart);
		json_write(j, &b);
		return printf("%s\n", b.p) < 0;
	}
	const char *key;
	json_t *v;
	json_object_foreach(j, key, v)
	{
		buf_reset(&b);
		if (json_is_string(v))
			buf_adds(&b, json_string_value(v));
		else if (json_is_integer(v))
			buf_printf(&b, "%lld", (long long)json_integer_value(v));
		else
			buf_adds(&b, json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "never");
		if (b.n)
			printf("%-14s %s\n", key, b.p);
	}
	if (restart)
		print_restart(restart);
	for (size_t i = 0; i < json_array_size(notices); i++)
		print_notice(json_array_get(notices, i));
	return 0;
}

static int answer(const struct agent_paths *p, const char *verb, const struct words *w)
{
	AUTO(json_free) json_t *reply = NULL;
	struct err e = { 0 };
	if (!users_ask(p, verb, w->order, (int64_t)w->minutes, &reply, &e))
		return fail(&e);
	if (json_object_get(reply, "restart"))
		print_restart(json_object_get(reply, "restart"));
	else
		print_notice(reply);
	return 0;
}

static int wake_agent(const struct agent_paths *p)
{
	struct err e = { 0 };
	return agent_wake(p, &e) ? 0 : fail(&e);
}

int main(int argc, char **argv)
{
	struct agent_paths p = agent_paths_default;
	struct words w = { .user = AGENT_USER };
	struct err e = { 0 };
	log_init("tsukuroi-agent", LOG_INFO);
	argc = agent_paths_take(&p, argc, argv, &e);
	if (argc < 0)
		return fail(&e);
	const char *verb = argc > 1 ? argv[1] : "";
	if (strcmp(verb, "--version") == 0)
		return printf("tsukuroi-agent %s\n", TSUKUROI_VERSION) < 0;
	if (read_words(argc, argv, &w)) {
		if (strcmp(verb, "enroll") == 0)
			return enroll(&p, &w);
		if (strcmp(verb, "run") == 0)
			return run(&p, &w);
		if (strcmp(verb, "scan") == 0)
			return scan(&p, w.json);
		if (strcmp(verb, "status") == 0)
			return status(&p, w.json);
		if (strcmp(verb, "checkin") == 0)
			return wake_agent(&p);
		if (strcmp(verb, "postpone") == 0)
			return answer(&p, "postpone", &w);
		if (strcmp(verb, "available") == 0)
			return portal_available(&p, own_language(), w.json, &e) ? 0 : fail(&e);
		if (strcmp(verb, "install") == 0 && w.name)
			return portal_install(&p, own_language(), w.name, &e) ? 0 : fail(&e);
		if (strcmp(verb, "install-now") == 0)
			return answer(&p, "install", &w);
	}
	fputs(usage, stderr);
	return 2;
}
