/* SPDX-License-Identifier: Apache-2.0
 * Users and installations on a machine: who is logged in, what the root half remembers of them, and
 * what the local socket takes (M-169..M-171, AC-36). The rules themselves: tests/window/notice.c.
 */
#include "agent/net/users.h"
#include "agent/root/notices.h"
#include "agent/root/rootd.h"
#include "agent/root/tell.h"
#include "agent/sessions.h"
#include "root_bench.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utmpx.h>

#define MINUTE INT64_C(60000)
#define DEPLOYMENT "dddddddddddddddddddddddddddddddd"

static void who_is_logged_in_as_logind_has_it(void **state)
{
	static const char text[] = "User=1000\nName=hanako\nTTY=pts/3\nType=tty\nClass=user\n"
				   "State=active\n\n"
				   "User=1000\nName=hanako\nTTY=tty2\nType=wayland\nClass=user\n"
				   "State=online\n\n"
				   "User=114\nName=gdm\nTTY=tty1\nType=wayland\nClass=greeter\n"
				   "State=active\n\n"
				   "User=1001\nName=taro\nTTY=../sda\nType=tty\nClass=user\n"
				   "State=active\n\n"
				   "User=1002\nName=gone\nTTY=\nType=tty\nClass=user\n"
				   "State=closing\n\n"
				   "User=1000\nName=hanako\nClass=manager\nState=active\n";
	struct session s[SESSIONS_MAX];
	(void)state;
	size_t n = sessions_parse(STR_LIT(text), s, 0);
	assert_int_equal(n, 3);
	assert_int_equal(s[0].uid, 1000);
	assert_string_equal(s[0].tty, "pts/3");
	assert_false(s[0].graphical);
	assert_true(s[1].graphical);
	assert_string_equal(s[2].user, "taro");
	assert_string_equal(s[2].tty, ""); /* no way out of /dev */
}

static void who_sits_at_a_display_as_utmp_has_it(void **state)
{
	static const char *const lines[] = { ":0", "pts/7", ":" };
	struct utmpx u[ARRAY_LEN(lines)] = { 0 };
	struct session s[SESSIONS_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		u[i].ut_type = USER_PROCESS;
		u[i].ut_pid = getpid();
		memcpy(u[i].ut_user, "root", 5);
		memcpy(u[i].ut_line, lines[i], strlen(lines[i]));
	}
	size_t n = sessions_parse_utmp((struct str) { (const char *)u, sizeof(u[0]) * 2 }, s, 0);
	assert_int_equal(n, 2);
	assert_true(s[0].graphical && !s[0].tty[0]);
	assert_true(!s[1].graphical && s[1].tty[0]);
	assert_int_equal(
		sessions_parse_utmp((struct str) { (const char *)&u[2], sizeof(u[2]) }, s, 0), 1);
	assert_false(s[0].graphical);
}

/* Root at a terminal of its own, as utmp(5) has it; `pid` as its shell. */
static void log_in(struct bench *b, pid_t pid)
{
	struct utmpx u = { .ut_type = USER_PROCESS, .ut_pid = pid };
	memcpy(u.ut_user, "root", 5);
	memcpy(u.ut_line, "pts/99", 7);
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/run", b->paths.sysroot), 0755, NULL));
	assert_true(file_write_atomic(arena_printf(&b->a, "%s/run/utmp", b->paths.sysroot),
				      (struct str) { (const char *)&u, sizeof(u) }, 0644, NULL));
}

static void who_is_logged_in_as_utmp_has_it(void **state)
{
	struct bench *b = *state;
	assert_false(sessions_any(&b->paths));
	log_in(b, getpid());
	assert_true(sessions_any(&b->paths));
	assert_true(sessions_has(&b->paths, 0));
	assert_false(sessions_has(&b->paths, 12345));
	pid_t gone = fork();
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	log_in(b, gone); /* the machine crashed: nobody is at the end of this line */
	assert_false(sessions_any(&b->paths));
}

static void M_169_each_is_told_in_her_language(void **state)
{
	struct bench *b = *state;
	const char *users = arena_printf(&b->a, "%s/var/lib/AccountsService/users",
					 b->paths.sysroot);
	assert_int_equal(tell_language(&b->paths, "hanako"), NOTICE_EN); /* nothing says more */
	put(arena_printf(&b->a, "%s/etc/locale.conf", b->paths.sysroot),
	    "LC_TIME=en_GB.UTF-8\nLANG=\"ja_JP.UTF-8\"\n");
	assert_true(file_mkdirs(users, 0755, NULL));
	put(arena_printf(&b->a, "%s/john", users), "[User]\nSession=\nLanguage=en_US.UTF-8\n");
	put(arena_printf(&b->a, "%s/taro", users), "[User]\nLanguage=\nSystemAccount=false\n");
	put(arena_printf(&b->a, "%s/var/lib/AccountsService/john", b->paths.sysroot),
	    "Language=en_US.UTF-8\n");
	assert_int_equal(tell_language(&b->paths, "hanako"), NOTICE_JA); /* the machine's */
	assert_int_equal(tell_language(&b->paths, "taro"), NOTICE_JA);
	assert_int_equal(tell_language(&b->paths, "john"), NOTICE_EN);	  /* his own */
	assert_int_equal(tell_language(&b->paths, "../john"), NOTICE_JA); /* no way out of it */
	assert_int_equal(tell_language(&b->paths, ""), NOTICE_JA);
}

/* --- what the root half remembers --- */

static struct notification asks = { .title = { "Updates", "更新" },
				    .message = { "Soon", "まもなく" },
				    .countdown_min = 15,
				    .budget.times = 2,
				    .budget.minutes = 60,
				    .budget.deadline_h = 48 };

struct shows {
	int n;
	bool broken;
};
static bool show(void *arg, const struct order *o, int64_t start_ms, struct err *e)
{
	struct shows *s = arg;
	assert_true(start_ms > clock_wall_ms());
	s->n++;
	return !s->broken || err_set(e, ERR_UNAVAILABLE, "no process could be started");
}

static const char *ask(struct bench *b, const struct order *o, struct shows *s, bool open)
{
	const struct notices_shower shower = { show, s };
	const struct opening opening = { .open = open,
					 .next_ms = clock_wall_ms() + 5 * 60 * MINUTE };
	struct err e = { 0 };
	AUTO(json_free)
	json_t *r = notices_ask(&b->paths, b->root, o, &opening, &shower, &e);
	if (!r)
		return e.code ? "error" : "starts";
	return arena_strdup(&b->a, json_string_value(json_object_get(r, "waits")));
}

static bool answer(struct bench *b, const struct order *o, const char *what, int64_t minutes)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *r = NULL;
	const struct opening open = { .open = true };
	return notices_answer(&b->paths, b->root, o, &open, what, minutes, &r, &e);
}

static void M_170_what_was_put_off_outlives_orders_and_processes(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct shows s = { 0 };
	struct err e = { 0 };
	o.notification = &asks;
	assert_true(notices_init(b->root, &e));
	/* M-171's other half: nobody is there */
	assert_string_equal(ask(b, &o, &s, true), "starts");
	assert_string_equal(ask(b, &o, &s, false), "outside_window");
	log_in(b, getpid());
	assert_false(answer(b, &o, "postpone", 0)); /* before they were told */
	s.broken = true;
	assert_string_equal(ask(b, &o, &s, true), "error");
	s.broken = false;
	assert_string_equal(ask(b, &o, &s, true), "user_notice");
	assert_int_equal(s.n, 2);
	assert_string_equal(ask(b, &o, &s, true), "user_notice");
	assert_int_equal(s.n, 2); /* told once */
	assert_true(answer(b, &o, "postpone", 30));
	assert_string_equal(ask(b, &o, &s, true), "postponed");
	/* another order for the same deployment, another process: nothing is forgotten */
	o.id = STR_LIT("99999999999999999999999999999999");
	assert_true(notices_init(b->root, &e));
	assert_string_equal(ask(b, &o, &s, true), "postponed");
	assert_true(answer(b, &o, "postpone", 60));
	assert_false(answer(b, &o, "postpone", 60));
	assert_true(answer(b, &o, "look", 0));
	assert_false(answer(b, &o, "reboot", 0));
	assert_true(answer(b, &o, "install", 0));
	assert_string_equal(ask(b, &o, &s, false), "outside_window");
	assert_string_equal(ask(b, &o, &s, true), "starts");
	/* it failed: the next attempt is announced anew, and has no new postponements */
	notices_ended(b->root, DEPLOYMENT);
	assert_string_equal(ask(b, &o, &s, true), "postponed");
	assert_false(answer(b, &o, "postpone", 60));
}

static void AC_36_the_root_half_starts_nothing_before_users_were_told(void **state)
{
	struct bench *b = *state;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	AUTO(rootd_free) struct rootd *d = NULL;
	struct order o = plain_order();
	struct err e = { 0 };
	o.notification = &asks;
	seal(b, &o, &env);
	AUTO(json_free)
	json_t *look = json_pack("{s:s,s:s,s:s}", "verb", "users", "envelope", env.p, "answer",
				 "look");
	AUTO(json_free)
	json_t *put_off = json_pack("{s:s,s:s,s:s,s:i}", "verb", "users", "envelope", env.p,
				    "answer", "postpone", "minutes", 30);
	AUTO(json_free)
	json_t *more = json_pack("{s:s,s:s,s:s,s:i}", "verb", "users", "envelope", env.p, "answer",
				 "install", "force", 1);
	log_in(b, getpid());
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	AUTO(json_free) json_t *seen = rootd_answer(d, look);
	assert_string_equal(json_string_value(json_object_get(seen, "waits")), "user_notice");
	assert_true(json_is_null(json_object_get(json_object_get(seen, "notice"),
						 "shown"))); /* looking shows none */
	AUTO(json_free) json_t *early = rootd_answer(d, put_off);
	assert_string_equal(json_string_value(json_object_get(early, "code")), "conflict");
	AUTO(json_free) json_t *refused = rootd_answer(d, more);
	assert_string_equal(json_string_value(json_object_get(refused, "code")), "invalid");
	/* an envelope that was not signed for this machine is asked about in vain */
	env.p[env.n / 2] = env.p[env.n / 2] == 'A' ? 'B' : 'A';
	AUTO(json_free)
	json_t *forged = json_pack("{s:s,s:s,s:s}", "verb", "users", "envelope", env.p, "answer",
				   "look");
	AUTO(json_free) json_t *untrusted = rootd_answer(d, forged);
	assert_string_equal(json_string_value(json_object_get(untrusted, "code")), "untrusted");
}

/* --- the users' socket --- */

static void a_request_holds_what_it_may_and_nothing_else(void **state)
{
	static const struct {
		const char *json;
		bool good;
	} rows[] = {
		{ "{\"verb\":\"notices\"}", true },
		{ "{\"verb\":\"postpone\"}", true },
		{ "{\"verb\":\"postpone\",\"minutes\":60,\"order\":\"" ORDER_ID "\"}", true },
		{ "{\"verb\":\"install\",\"order\":\"" ORDER_ID "\"}", true },
		{ "{\"verb\":\"notices\",\"order\":\"" ORDER_ID "\"}", false },
		{ "{\"verb\":\"install\",\"minutes\":60}", false },
		{ "{\"verb\":\"postpone\",\"minutes\":-1}", false },
		{ "{\"verb\":\"postpone\",\"minutes\":10081}", false },
		{ "{\"verb\":\"postpone\",\"order\":\"../../etc/passwd\"}", false },
		{ "{\"verb\":\"offers\"}", true },
		{ "{\"verb\":\"offers\",\"order\":\"" ORDER_ID "\"}", false },
		{ "{\"verb\":\"want\",\"order\":\"" ORDER_ID "\"}", true },
		{ "{\"verb\":\"want\"}", false },
		{ "{\"verb\":\"want\",\"order\":\"" ORDER_ID "\",\"minutes\":1}", false },
		{ "{\"verb\":\"prepare\",\"envelope\":\"\"}", false },
		{ "{\"order\":\"" ORDER_ID "\"}", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(json_free) json_t *j = NULL;
		struct users_request r;
		struct err e = { 0 };
		assert_true(json_parse(str_of(rows[i].json), 4096, &j, &e));
		if (users_request_read(j, &r, &e) != rows[i].good)
			fail_msg("%s", rows[i].json);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_logged_in_as_logind_has_it),
		cmocka_unit_test(who_sits_at_a_display_as_utmp_has_it),
		T(M_169_each_is_told_in_her_language),
		T(who_is_logged_in_as_utmp_has_it),
		T(M_170_what_was_put_off_outlives_orders_and_processes),
		T(AC_36_the_root_half_starts_nothing_before_users_were_told),
		cmocka_unit_test(a_request_holds_what_it_may_and_nothing_else),
	};
	return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
