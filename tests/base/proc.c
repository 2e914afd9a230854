/* SPDX-License-Identifier: Apache-2.0
 * base/proc.h: what is run, with which environment, and how it ends: by itself, by time, by size.
 * sh(1) here is the program under test's partner, given as an argument vector like any other. */
#include "base/proc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct outcome {
	bool ok;
	struct proc_result r;
	struct err e;
	struct buf out, err;
};

static void outcome_done(struct outcome *o)
{
	buf_done(&o->out);
	buf_done(&o->err);
}
AUTO_DEFINE_VALUE(struct outcome, outcome_done)

static struct outcome sh(const char *script, struct str input, int64_t timeout_s)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	const char *env[] = { "EXTRA=1", NULL };
	struct proc_spec spec = {
		.argv = argv, .env = env, .input = input, .timeout_s = timeout_s
	};
	struct outcome o = { .out = BUF_INIT(1u << 20), .err = BUF_INIT(1000) };
	o.ok = proc_run(&spec, &o.out, &o.err, &o.r, &o.e);
	return o;
}
#define NO_INPUT ((struct str) { 0 })

static void ends(void **state)
{
	AUTO(outcome_done) struct outcome a = sh("echo out; echo err >&2; exit 3", NO_INPUT, 20);
	assert_true(a.ok && !a.r.timed_out);
	assert_int_equal(a.r.exit_status, 3);
	assert_string_equal(a.out.p, "out\n");
	assert_string_equal(a.err.p, "err\n");
	AUTO(outcome_done) struct outcome b = sh("kill -TERM $$", NO_INPUT, 20);
	assert_int_equal(b.r.exit_status, 128 + SIGTERM);
}

static void clean_environment(void **state)
{
	setenv("SECRET", "x", 1);
	setenv("PATH", "/nonexistent", 1); /* the caller's PATH finds nothing; the fixed one does */
	AUTO(outcome_done) struct outcome o = sh("env | sort; pwd; cat", NO_INPUT, 20);
	assert_true(o.ok);
	assert_null(strstr(o.out.p, "SECRET"));
	assert_non_null(strstr(o.out.p, "EXTRA=1\n"));
	assert_non_null(strstr(o.out.p, "LC_ALL=C.UTF-8\n"));
	assert_non_null(strstr(
		o.out.p, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"));
	assert_true(str_ends(buf_str(&o.out), "\n/\n"));
}

static void not_there(void **state)
{
	const char *argv[] = { "no-such-program-here", NULL };
	struct proc_spec spec = { .argv = argv, .timeout_s = 5 };
	struct proc_result r = { .exit_status = 77 };
	struct err e = { 0 };
	assert_false(proc_run(&spec, NULL, NULL, &r, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(r.exit_status, 77);
}

static void big_input(void **state)
{
	size_t n = 900000;
	AUTO(xfree) char *p = xmalloc(n);
	memset(p, 'x', n);
	AUTO(outcome_done) struct outcome o = sh("cat", (struct str) { p, n }, 20);
	assert_true(o.ok);
	assert_int_equal(o.out.n, n);
	/* A program that does not read it: no SIGPIPE here, no hanging. */
	AUTO(outcome_done) struct outcome b = sh("exec <&-; exit 4", (struct str) { p, n }, 20);
	assert_true(b.ok);
	assert_int_equal(b.r.exit_status, 4);
}

static void too_much_output(void **state)
{
	AUTO(outcome_done) struct outcome o = sh("yes", NO_INPUT, 20);
	assert_false(o.ok);
	assert_int_equal(o.e.code, ERR_LIMIT);
	/* Output that nobody wants does not stop the clock. */
	const char *argv[] = { "yes", NULL };
	struct proc_spec spec = { .argv = argv, .timeout_s = 1 };
	struct proc_result r = { 0 };
	assert_true(proc_run(&spec, NULL, NULL, &r, &o.e));
	assert_true(r.timed_out);
}

static void time_out(void **state)
{
	int64_t start = clock_mono_ms();
	AUTO(outcome_done) struct outcome o = sh("echo x; sleep 60 & sleep 60", NO_INPUT, 1);
	assert_true(o.ok && o.r.timed_out);
	assert_int_equal(o.r.exit_status, 128 + SIGKILL);
	assert_string_equal(o.out.p, "x\n");
	/* Closing its output does not let it escape the clock. */
	AUTO(outcome_done) struct outcome b = sh("exec >&- 2>&-; sleep 60", NO_INPUT, 1);
	assert_true(b.ok && b.r.timed_out);
	assert_true(clock_mono_ms() - start < 20000);
}

/* What it leaves running (a daemon that a maintainer script started) does not hold the caller. */
static void left_behind(void **state)
{
	int64_t start = clock_mono_ms();
	AUTO(outcome_done) struct outcome o = sh("sleep 30 & echo $!; exit 0", NO_INPUT, 25);
	assert_true(o.ok && !o.r.timed_out);
	assert_int_equal(o.r.exit_status, 0);
	assert_true(clock_mono_ms() - start < 15000);
	int64_t pid = 0;
	assert_true(str_to_i64(str_trim(buf_str(&o.out)), &pid));
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0); /* it was still alive */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(clean_environment),
		cmocka_unit_test(not_there),
		cmocka_unit_test(big_input),
		cmocka_unit_test(too_much_output),
		cmocka_unit_test(time_out),
		cmocka_unit_test(left_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
