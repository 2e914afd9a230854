/* SPDX-License-Identifier: Apache-2.0
 * Orders to restart services, in the root half: what is refused whoever signed it, and the job with
 * a systemctl of our own that notes what it is asked: one restart a service, whatever was cut short
 * before; success only when nothing runs replaced files and everything is up. */
#include "agent/root/rootd.h"
#include "agent/root/runner.h"
#include "root_bench.h"

#define LIBSSL "/usr/lib/x86_64-linux-gnu/libssl.so.3"

/* `systemctl show` prints units/NAME; `restart` notes it and does what do-NAME says. */
static const char systemctl[] = "#!/bin/sh\n"
				"D=%s\n"
				"for unit; do :; done\n"
				"case $1 in\n"
				"show) cat $D/units/$unit ;;\n"
				"restart) echo $unit >>$D/restarts; . $D/do-$unit ;;\n"
				"status) echo \"status of $unit\" ;;\n"
				"esac\n";

static void process(struct bench *b, int pid, const char *unit, const char *exe, bool old)
{
	struct err e = { 0 };
	char *dir = arena_printf(&b->a, "%s/proc/%d", b->paths.sysroot, pid);
	assert_true(file_mkdirs(dir, 0755, &e));
	put(arena_printf(&b->a, "%s/maps", dir),
	    arena_printf(&b->a, "7f00-7f01 r-xp 00000000 fe:00 12   %s%s\n", LIBSSL,
			 old ? " (deleted)" : ""));
	put(arena_printf(&b->a, "%s/cgroup", dir),
	    arena_printf(&b->a, "0::/system.slice/%s\n", unit));
	assert_int_equal(symlink(exe, arena_printf(&b->a, "%s/exe", dir)), 0);
}

/* What systemd says of the unit, and what its restart does. */
static void service(struct bench *b, const char *unit, const char *state, const char *action)
{
	put(arena_printf(&b->a, "%s/units/%s", b->dir, unit), state);
	put(arena_printf(&b->a, "%s/do-%s", b->dir, unit), action);
}

#define UP(run)                                                                                    \
	"Type=simple\nActiveState=active\nSubState=running\nResult=success\nInvocationID=" run     \
	"\nMainPID=7\n"

/* A restart that works: another run, and the process on new files. */
static const char *good_restart(struct bench *b, const char *unit, int pid)
{
	return arena_printf(&b->a, "rm -r %s/proc/%d; sed -i s/=one/=two/ %s/units/%s\n",
			    b->paths.sysroot, pid, b->dir, unit);
}

static int set_up_services(void **state)
{
	assert_int_equal(set_up(state), 0);
	struct bench *b = *state;
	struct err e = { 0 };
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/units", b->dir), 0755, &e) &&
		    file_mkdirs(arena_printf(&b->a, "%s/bin", b->dir), 0755, &e) &&
		    file_mkdirs(arena_printf(&b->a, "%s/proc", b->paths.sysroot), 0755, &e));
	AUTO(buf_done) struct buf script = BUF_INIT(2000);
	buf_printf(&script, systemctl, b->dir);
	assert_true(file_write_atomic(arena_printf(&b->a, "%s/bin/systemctl", b->dir),
				      buf_str(&script), 0755, &e));
	assert_int_equal(setenv("PATH", arena_printf(&b->a, "%s/bin:/usr/bin:/bin", b->dir), 1), 0);
	process(b, 100, "tls.service", "/usr/sbin/tls", true);
	process(b, 101, "other.service", "/usr/sbin/other", false);
	service(b, "tls.service", UP("one"), good_restart(b, "tls.service", 100));
	return 0;
}

static struct str tls[] = { STR_LIT("tls.service") };

static struct order restart_order(struct str *units, uint32_t n)
{
	struct order o = plain_order();
	o.action = STR_LIT(ORDER_RESTART_SERVICES);
	o.packages = NULL;
	o.n_packages = 0;
	o.units = units;
	o.n_units = n;
	return o;
}

static const char *restarts(struct bench *b)
{
	AUTO(buf_done) struct buf t = BUF_INIT(10000);
	const char *path = arena_printf(&b->a, "%s/restarts", b->dir);
	return file_exists(path) && file_read(path, &t, NULL) ? arena_strdup(&b->a, t.p) : "";
}

/* What the root half answers to the order: "prepared", or the reason of its refusal. */
static const char *prepare(struct bench *b, const struct order *o)
{
	AUTO(rootd_free) struct rootd *d = NULL;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct err e = { 0 };
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	seal(b, o, &env);
	AUTO(json_free) json_t *q = json_pack("{s:s,s:s}", "verb", "prepare", "envelope", env.p);
	AUTO(json_free) json_t *r = rootd_answer(d, q);
	const char *word = json_string_value(json_object_get(r, "refused"));
	if (!word)
		word = json_string_value(json_object_get(r, "state"));
	return word ? arena_strdup(&b->a, word) : "";
}

static void test_refusals(void **state)
{
	struct bench *b = *state;
	struct str units[] = { STR_LIT("tls.service"), STR_LIT("other.service") };
	struct order o = restart_order(units, 2);
	struct err e = { 0 };
	process(b, 102, "dbus.service", "/usr/bin/dbus-daemon", true);
	process(b, 103, "agent-root.service", "/opt/x/tsukuroi-agent-root", true);
	process(b, 104, "gdm3.service", "/usr/sbin/gdm3", true);

	assert_string_equal(prepare(b, &o), "not_in_evidence"); /* it runs, on nothing replaced */
	units[1] = STR_LIT("nginx.service");
	assert_string_equal(prepare(b, &o), "not_in_evidence"); /* it does not even run */
	units[1] = STR_LIT("dbus.service");
	assert_string_equal(prepare(b, &o), "protected_unit");
	units[1] = STR_LIT("gdm3.service");
	assert_string_equal(prepare(b, &o), "protected_unit");
	units[1] = STR_LIT("agent-root.service"); /* ourselves, whatever the service is called */
	assert_string_equal(prepare(b, &o), "protected_unit");

	o = restart_order(tls, 1);
	assert_true(journal_set_last(b->root, 1, 5, &e)); /* A42: a sequence is good once */
	assert_string_equal(prepare(b, &o), "replayed");
	o.seq = 4;
	assert_string_equal(prepare(b, &o), "replayed");
	assert_true(journal_set_last(b->root, 2, 1, &e)); /* F29: an epoch that is over */
	o.seq = 6;
	assert_string_equal(prepare(b, &o), "replayed");
	assert_true(journal_set_last(b->root, 1, 0, &e));
	o.agent = STR_LIT(ORG_ID);
	assert_string_equal(prepare(b, &o), "policy");
	o = restart_order(tls, 1);
	o.not_before_ms -= 7200000;
	o.not_after_ms -= 7200000;
	assert_string_equal(prepare(b, &o), "expired");

	o = restart_order(tls, 1);
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "restart = no\n");
	assert_string_equal(prepare(b, &o), "policy");
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config),
	    "never_restart = db.service tls.service\n");
	assert_string_equal(prepare(b, &o), "policy");
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config),
	    "install = no\nnever_restart = db.service\n");
	assert_string_equal(prepare(b, &o), "prepared");
	assert_string_equal(restarts(b), "");
}

/* A job that is to be carried out now, with what an earlier run of it wrote down. */
static void begin(struct bench *b, const struct order *o, json_t *units, int64_t attempts)
{
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	AUTO(journal_job_done)
	struct journal_job j = { .id = ORDER_ID,
				 .epoch = 1,
				 .seq = 5,
				 .phase = JOURNAL_INSTALLING,
				 .attempts = attempts,
				 .started_ms = clock_wall_ms(),
				 .units = units };
	struct err e = { 0 };
	seal(b, o, &env);
	assert_true(journal_create(b->root, &j, buf_str(&env), &e));
}

/* One run of the job; its outcome and reason, "succeeded restarted". */
static const char *carry_out(struct bench *b, const char **log_out)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(json_free) json_t *result = NULL;
	struct err e = { 0 };
	if (!runner_run(&b->paths, ORDER_ID, &e))
		fail_msg("%s", e.msg);
	assert_true(journal_load(b->root, ORDER_ID, &j, &e));
	assert_int_equal(j.phase, JOURNAL_DONE);
	assert_true(journal_result(b->root, &j, &result, &e));
	*log_out = arena_strdup(&b->a, json_string_value(json_object_get(result, "log")));
	return arena_printf(&b->a, "%s %s %s", j.outcome, j.reason, j.detail);
}

static void test_restart(void **state)
{
	struct bench *b = *state;
	struct str units[] = { STR_LIT("tls.service"), STR_LIT("db.service") };
	struct order o = restart_order(units, 2);
	const char *log;
	process(b, 110, "db.service", "/usr/sbin/db", true);
	service(b, "db.service", UP("one"), good_restart(b, "db.service", 110));
	begin(b, &o, NULL, 0);
	assert_string_equal(carry_out(b, &log), "succeeded restarted ");
	assert_string_equal(restarts(b), "tls.service\ndb.service\n");
	assert_non_null(strstr(log, "> run systemctl restart -- tls.service\n< exit 0\n"));
	/* once more from the same journal, as a second runner would: nothing is done */
	struct err e = { 0 };
	assert_true(runner_run(&b->paths, ORDER_ID, &e));
	assert_string_equal(restarts(b), "tls.service\ndb.service\n");
}

/* F15, F16: killed at each of its steps. */
static void test_killed(void **state)
{
	struct bench *b = *state;
	struct order o = restart_order(tls, 1);
	const char *log;
	/* after the runs were written down, before the restart */
	begin(b, &o, json_pack("[{s:s,s:s}]", "unit", "tls.service", "run", "one"), 1);
	assert_string_equal(carry_out(b, &log), "succeeded restarted ");
	assert_string_equal(restarts(b), "tls.service\n");
	/* after the restart, before its end was written down: it is not restarted again */
	begin(b, &o, json_pack("[{s:s,s:s}]", "unit", "tls.service", "run", "one"), 1);
	assert_string_equal(carry_out(b, &log), "succeeded restarted ");
	assert_string_equal(restarts(b), "tls.service\n");
	/* the same, and it runs replaced files again or still */
	process(b, 120, "tls.service", "/usr/sbin/tls", true);
	begin(b, &o, json_pack("[{s:s,s:s}]", "unit", "tls.service", "run", "one"), 1);
	assert_true(str_starts(str_of(carry_out(b, &log)), "failed still_old tls.service: "));
	assert_string_equal(restarts(b), "tls.service\n");
	/* somebody restarted it between admission and the first step */
	struct err e = { 0 };
	assert_true(file_remove_tree(arena_printf(&b->a, "%s/proc/120", b->paths.sysroot), &e));
	begin(b, &o, NULL, 0);
	assert_string_equal(carry_out(b, &log), "succeeded already_restarted ");
	assert_string_equal(restarts(b), "tls.service\n");
}

static void test_failures(void **state)
{
	struct bench *b = *state;
	struct order o = restart_order(tls, 1);
	const char *log;
	service(b, "tls.service", UP("one"),
		arena_printf(
			&b->a,
			"sed -i 's/=one/=two/; s/=active/=failed/; s/running/failed/' %s/units/$unit; "
			"rm -r %s/proc/100; echo 'Job failed.' >&2; exit 1\n",
			b->dir, b->paths.sysroot));
	begin(b, &o, NULL, 0);
	assert_string_equal(
		carry_out(b, &log),
		"failed restart_failed tls.service: systemctl restart: exit 1; it is failed (failed, success)");
	assert_non_null(strstr(log, "| Job failed.\n< exit 1\n"));
	assert_non_null(strstr(log, "| status of tls.service\n"));

	/* systemd refuses: it goes on with the old files, and is not asked again */
	process(b, 130, "tls.service", "/usr/sbin/tls", true);
	service(b, "tls.service", UP("one"), "exit 4\n");
	begin(b, &o, NULL, 0);
	assert_true(str_starts(str_of(carry_out(b, &log)), "failed restart_failed tls.service: "));
	begin(b, &o, json_pack("[{s:s,s:s,s:i}]", "unit", "tls.service", "run", "one", "exit", 4),
	      1);
	assert_true(str_starts(str_of(carry_out(b, &log)), "failed restart_failed tls.service: "));
	assert_string_equal(restarts(b), "tls.service\ntls.service\n");

	/* a job that runs once is not run again */
	service(b, "tls.service",
		"Type=oneshot\nActiveState=activating\nSubState=auto-restart\nInvocationID=one\n",
		"");
	begin(b, &o, NULL, 0);
	assert_true(str_starts(str_of(carry_out(b, &log)), "failed protected_unit tls.service: "));
	assert_string_equal(restarts(b), "tls.service\ntls.service\n");
}

int main(int argc, char **argv)
{
	if (argc > 1) /* rootd starts its own program as a job's runner: here that is this test */
		return 0;
#define BENCH(fn) cmocka_unit_test_setup_teardown(fn, set_up_services, tear_down)
	const struct CMUnitTest tests[] = {
		BENCH(test_refusals), /* A42, A46, F29 */
		BENCH(test_restart),
		BENCH(test_killed), /* F15, F16 */
		BENCH(test_failures),
	};
	return cmocka_run_group_tests_name("agent/services AC-03", tests, NULL, NULL);
}
