/* SPDX-License-Identifier: Apache-2.0
 * The network half's pure parts: tokens, push words, timers, maps and cgroups, and a scan of this
 * system against dpkg-query. */
#include "agent/net/agent.h"
#include "agent/net/enroll.h"
#include "agent/net/push.h"
#include "agent/net/scan.h"
#include "agent/net/server.h"
#include "agent/restart.h"
#include "base/file.h"
#include "base/proc.h"
#include "proto/inventory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define PIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void test_token(void **state)
{
	static const char *const bad[] = { "",
					   "tsk1",
					   "tsk1.1.2.3",
					   "tsk2.0011223344556677." SECRET "." PIN,
					   "tsk1.0011223344556677." SECRET,
					   "tsk1.0011223344556677." SECRET "A." PIN,
					   "tsk1.0011223344556677." SECRET "." PIN "0",
					   "tsk1.001122334455667x." SECRET "." PIN };
	struct enroll_token t;
	struct err e = { 0 };
	assert_true(
		enroll_parse_token(STR_LIT(" tsk1.0011223344556677." SECRET "." PIN "\n"), &t, &e));
	assert_string_equal(t.id_secret, "0011223344556677." SECRET);
	assert_string_equal(t.pin, PIN);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(enroll_parse_token(str_of(bad[i]), &t, &e));
}

static void test_push_words(void **state)
{
	struct push_words w = { 0 };
	struct str in = STR_LIT("hello\nche");
	assert_int_equal(push_next(&w, &in), PUSH_HELLO);
	assert_int_equal(push_next(&w, &in), PUSH_NONE);
	in = STR_LIT("ckin\r\nunknown\nping\n");
	assert_int_equal(push_next(&w, &in), PUSH_CHECKIN);
	assert_int_equal(push_next(&w, &in), PUSH_PING);
	char flood[5000];
	memset(flood, 'x', sizeof(flood));
	in = (struct str) { flood, sizeof(flood) };
	assert_int_equal(push_next(&w, &in), PUSH_NONE);
	in = STR_LIT("checkin\ncheckin\n"); /* the end of the flood's line is no word */
	assert_int_equal(push_next(&w, &in), PUSH_CHECKIN);
	assert_int_equal(push_next(&w, &in), PUSH_NONE);
}

static void test_timers(void **state)
{
	for (uint64_t r = 0; r < 100000; r += 997) {
		int64_t ms = agent_next_ms(5400, 0, 0, r * 7919);
		assert_true(ms >= 4860000 && ms <= 5940000);
		assert_true(agent_next_ms(5400, 1, 0, r) <= 31000);
		assert_true(agent_next_ms(5400, 60, 0, r * 7919) <= 5401000);
		/* F33: what the server asks for is kept, and not by all to the second */
		ms = agent_next_ms(5400, 1, 200, r * 7919);
		assert_true(ms >= 200000 && ms <= 250000);
		assert_true(agent_next_ms(5400, 3, 1000000, r * 7919) <= 4500000);
		assert_true(agent_next_ms(5400, 0, 200, r * 7919) >= 4860000);
		ms = push_next_ms(120, 60, r * 7919);
		assert_true(ms >= 60100 && ms <= 60100 + 120000 + 15000);
		assert_true(push_next_ms(1, 0, r * 7919) <= 1100);
	}
	/* full jitter, also at the cap: no tenth of the span is without agents */
	unsigned tenth[10] = { 0 };
	for (uint64_t i = 0; i < 20000; i++)
		tenth[agent_next_ms(5400, 20, 0, i * 0x9E3779B97F4A7C15u) * 10 / 5402000]++;
	for (int i = 0; i < 10; i++) {
		assert_true(tenth[i] > 1600 && tenth[i] < 2400);
	}
	AUTO(xfree)
	char *a = server_base(STR_LIT("https://h")), *b = server_base(STR_LIT("https://h:9"));
	AUTO(xfree)
	char *c = server_base(STR_LIT("https://[::1]")),
	     *d = server_base(STR_LIT("https://[::1]:9"));
	assert_string_equal(a, "https://h:8027");
	assert_string_equal(b, "https://h:9");
	assert_string_equal(c, "https://[::1]:8027");
	assert_string_equal(d, "https://[::1]:9");
}

static void test_several_servers(void **state)
{
	static const char three[] = "https://a, https://b:1 ,https://[::1]:8027";
	static const char *const bad[] = {
		"",	    "https://a,",	  "https://a,,https://b",
		"http://a", "https://a,http://b", "https://a/b, https://c"
	};
	struct err e = { 0 };
	assert_true(agent_conf_check_server(three, &e));
	assert_int_equal(agent_conf_servers(three), 3);
	assert_true(str_is(agent_conf_server(three, 0), "https://a"));
	assert_true(str_is(agent_conf_server(three, 1), "https://b:1"));
	assert_true(str_is(agent_conf_server(three, 5), "https://[::1]:8027"));
	assert_true(str_is(agent_conf_server("https://a", 7), "https://a"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(agent_conf_check_server(bad[i], &e));
	AUTO(buf_done) struct buf nine = BUF_INIT(1000);
	for (int i = 0; i < AGENT_SERVERS_MAX + 1; i++)
		buf_printf(&nine, "%shttps://a", i ? "," : "");
	assert_false(agent_conf_check_server(nine.p, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	/* the next one's turn, once, however many say so */
	AUTO(xfree) char *first = server_chosen(three);
	server_move_on(&(struct server) { .turn = (unsigned)-1, .base = first });
	AUTO(xfree) char *same = server_chosen(three);
	assert_string_equal(first, same);
}

static void test_restart(void **state)
{
	static const char maps[] =
		"7f1 r--p 0 fe:00 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
		"7f2 r-xp 0 fe:00 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
		"7f3 r-xp 0 fe:00 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
		"7f4 r-xp 0 fe:00 2 /usr/lib/x86_64-linux-gnu/libc.so.6\n"
		"7f5 rwxs 0 00:01 3 /dev/zero (deleted)\n"
		"7f6 r-xp 0 00:01 4 /memfd:x (deleted)\n"
		"7f7 r--p 0 fe:00 5 /usr/share/fonts/a.ttf (deleted)\n";
	AUTO(arena_done) struct arena a = { 0 };
	struct str out[5];
	assert_int_equal(restart_parse_maps(STR_LIT(maps), &a, out, 5), 1);
	assert_true(str_is(out[0], "/usr/lib/x86_64-linux-gnu/libssl.so.3"));
	assert_true(str_is(restart_parse_cgroup(STR_LIT("0::/system.slice/nginx.service\n")),
			   "nginx.service"));
	assert_true(str_is(restart_parse_cgroup(STR_LIT(
				   "12:cpu:/x.service\n1:name=systemd:/system.slice/a.service\n")),
			   "a.service"));
	assert_true(str_is(
		restart_parse_cgroup(STR_LIT(
			"0::/user.slice/user-1.slice/user@1.service/app.slice/dbus.service\n")),
		"user@1.service"));
	assert_int_equal(restart_parse_cgroup(STR_LIT("0::/\n")).n, 0);
}

static void test_scan(void **state) /* P12: the same packages as dpkg-query, within 20 ms of CPU */
{
	static const char *const argv[] = {
		"dpkg-query", "-W", "-f",
		"${db:Status-Status}\t${Package}\t${Architecture}\t${Version}\n", NULL
	};
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX), list = BUF_INIT(8u << 20);
	struct proc_result res;
	struct sha256 hash;
	struct err e = { 0 };
	const struct proc_spec spec = { .argv = argv, .timeout_s = 30 };
	if (!file_exists("/var/lib/dpkg/status"))
		skip();
	clock_t t0 = clock();
	assert_true(scan_system(&agent_paths_default, &text, &hash, &e));
	double cpu_ms = (double)(clock() - t0) * 1000 / CLOCKS_PER_SEC;
	print_message("scan: %.1f ms CPU\n", cpu_ms);
	assert_true(inventory_check(buf_str(&text), &e));
	assert_true(proc_run(&spec, &list, NULL, &res, &e));
	struct str rest = buf_str(&list), line, f[5];
	size_t n = 0, found = 0;
	while (str_line(&rest, &line)) {
		if (!str_starts(line, "installed\t"))
			continue;
		n++;
		AUTO(xfree) char *want = xasprintf("\ndeb%.*s\t", (int)line.n - 9, line.p + 9);
		found += memmem(text.p, text.n, want, strlen(want)) != NULL;
	}
	assert_int_equal(found, n);
	size_t told = 0;
	rest = buf_str(&text);
	while (str_line(&rest, &line))
		told += inventory_fields(line, f, 5) > 2 && str_is(f[0], "deb");
	assert_int_equal(told, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token),	cmocka_unit_test(test_push_words),
		cmocka_unit_test(test_timers),	cmocka_unit_test(test_several_servers),
		cmocka_unit_test(test_restart), cmocka_unit_test(test_scan), /* P12 */
	};
	return cmocka_run_group_tests_name("agent/net", tests, NULL, NULL);
}
