/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts in the root half (M-168, M-173): whose run here, the gate on the exit code, bounds
 * of time and output, and that none is run twice whatever was killed. What is to be installed is
 * here already, so that nothing of this machine is changed. */
#include "agent/root/scripts.h"
#include "agent/platform.h"
#include "agent/root/rootd.h"
#include "agent/root/runner.h"
#include "base/enc.h"
#include "root_bench.h"

#include <signal.h>
#include <sys/wait.h>

static struct sign_key *content; /* the organisation's, whose public half policy.conf names */
static struct order_package here[1];

static void trust(struct bench *b, const struct sign_key *key, const char *more)
{
	uint8_t pub[SIGN_PUBLIC_LEN];
	char hex[2 * SIGN_PUBLIC_LEN + 1];
	sign_key_public(key, pub);
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config),
	    arena_printf(&b->a, "content_keys = %s\n%s", enc_hex(pub, sizeof(pub), hex), more));
}

static int set_up_scripts(void **state)
{
	struct err e = { 0 };
	struct pkgdb db;
	assert_int_equal(set_up(state), 0);
	struct bench *b = *state;
	assert_true(sign_key_new(&content, &e));
	trust(b, content, "");
	const struct pkgdb_package *p = NULL;
	if (platform_packages("", &b->a, &db, &e))
		for (size_t i = 0; i < db.n && !p; i++)
			if (str_is(db.packages[i].name, "base-files"))
				p = &db.packages[i];
	here[0] = (struct order_package) { 0 };
	if (p)
		here[0] = (struct order_package) { p->name, p->arch, p->version, { "", 0 } };
	return 0;
}

static int tear_down_scripts(void **state)
{
	sign_key_free(content);
	return tear_down(state);
}

static struct order script_order(void)
{
	struct order o = plain_order();
	if (!here[0].name.n) {
		print_message("skipped: dpkg's database is not here\n");
		skip();
	}
	o.packages = here;
	return o;
}

struct made {
	const struct sign_key *key;
	const char *name, *platform;
	int64_t version, expires_ms;
};

static const struct made usual = { NULL, "test", SCRIPT_LINUX, 1, 0 };

/* The signed file of a script, into the spool; what an order says of it. */
static struct actions_script put_script(struct bench *b, const struct made *m, const char *text)
{
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	char hex[SHA256_HEX];
	struct err e = { 0 };
	struct script s = { .name = str_of(m->name),
			    .platform = str_of(m->platform),
			    .version = m->version,
			    .expires_ms = m->expires_ms ? m->expires_ms : clock_wall_ms() + 3600000,
			    .text = str_of(text) };
	if (!script_seal(&s, m->key ? m->key : content, &sealed, &e))
		fail_msg("%s", e.msg);
	struct actions_script a = { .there = true,
				    .sha256 = digest_of(buf_str(&sealed)),
				    .size = (int64_t)sealed.n,
				    .timeout_s = 600,
				    .n_codes = 1 };
	put(arena_printf(&b->a, "%s/%s", b->spool, digest_hex(&a.sha256, hex)), sealed.p);
	return a;
}

static const char *in_dir(struct bench *b, const char *format)
{
	AUTO(buf_done) struct buf t = BUF_INIT(4000);
	for (const char *p = format; *p; p++)
		if (*p == '@')
			buf_adds(&t, b->dir);
		else
			buf_addc(&t, *p);
	return arena_strdup(&b->a, t.p);
}

/* A job that is at `phase`, its scripts taken as preparing does. */
static void begin(struct bench *b, const struct order *o, enum journal_phase phase)
{
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	AUTO(journal_job_done)
	struct journal_job j = {
		.id = ORDER_ID, .epoch = 1, .seq = 5, .phase = phase, .started_ms = clock_wall_ms()
	};
	const struct actions_script *all[] = { &o->actions.script_before,
					       &o->actions.script_after };
	struct err e = { 0 };
	seal(b, o, &env);
	assert_true(journal_create(b->root, &j, buf_str(&env), &e));
	for (size_t i = 0; i < 2 && phase != JOURNAL_PREPARING; i++) {
		AUTO(buf_done) struct buf t = BUF_INIT(SCRIPT_SEALED_MAX);
		AUTO(xfree)
		char *to = journal_path(b->root, ORDER_ID, i ? "script.after" : "script.before");
		char hex[SHA256_HEX];
		if (!all[i]->there)
			continue;
		assert_true(file_read(
			arena_printf(&b->a, "%s/%s", b->spool, digest_hex(&all[i]->sha256, hex)),
			&t, &e));
		put(to, t.p);
	}
}

static pid_t start_runner(struct bench *b)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = { 0 };
		_exit(runner_run(&b->paths, ORDER_ID, &e) ? 0 : 1);
	}
	return pid;
}

/* One life of a runner, to its own end. */
static void run_once(struct bench *b)
{
	int status, lock = -1;
	while (!journal_lock(b->root, ORDER_ID, &lock))
		usleep(5000);
	fd_close(lock);
	pid_t pid = start_runner(b);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void load(struct bench *b, struct journal_job *j)
{
	struct err e = { 0 };
	if (!journal_load(b->root, ORDER_ID, j, &e))
		fail_msg("%s", e.msg);
}

/* "done succeeded already_installed" */
static const char *stands(struct bench *b)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	load(b, &j);
	return arena_printf(&b->a, "%s %s %s", journal_phase_name(j.phase), j.outcome, j.reason);
}

static const char *content_of(struct bench *b, const char *path)
{
	AUTO(buf_done) struct buf t = BUF_INIT(4u << 20);
	return file_exists(path) && file_read(path, &t, NULL) && t.p ? arena_strdup(&b->a, t.p)
								     : "";
}

static const char *log_of(struct bench *b)
{
	AUTO(xfree) char *path = journal_path(b->root, ORDER_ID, "output");
	return content_of(b, path);
}

static int lines(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int ran(struct bench *b)
{
	return lines(content_of(b, in_dir(b, "@/ran")));
}

static void M_168_the_gate_passes(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	uint64_t epoch, seq;
	struct err e = { 0 };
	o.actions.script_before = put_script(
		b, &usual,
		in_dir(b, "#!/bin/sh\necho before >>@/ran\nread line && echo fed\n"
			  "echo \"$TSUKUROI_STAGE $TSUKUROI_SCRIPT $HOME $LC_ALL [$SECRET] $PWD\"\n"
			  "ls /proc/self/fd | wc -l\nexit 7\n"));
	o.actions.script_before.codes[0] = 7;
	o.actions.script_after = put_script(
		b, &(struct made) { NULL, "later", SCRIPT_LINUX, 4, 0 },
		in_dir(b, "#!/bin/sh\necho \"after $TSUKUROI_OUTCOME\" >>@/ran\nexit 9\n"));
	assert_int_equal(setenv("SECRET", "of the agent's own environment", 1), 0);
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_string_equal(stands(b), "done succeeded already_installed");
	assert_string_equal(content_of(b, in_dir(b, "@/ran")), "before\nafter succeeded\n");
	const char *log = log_of(b);
	assert_non_null(strstr(log, "> script before test version 1\n"));
	assert_non_null(strstr(log, "| before test /root C.UTF-8 [] /\n"));
	assert_null(strstr(log, "fed"));
	assert_non_null(strstr(log, "| 4\n")); /* 0, 1, 2 and that of ls itself */
	assert_non_null(strstr(log, "< exit 7\n"));
	assert_true(journal_last(b->root, &epoch, &seq, &e));
	assert_int_equal(seq, 5);
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(json_free) json_t *result = NULL;
	load(b, &j);
	assert_non_null(strstr(j.detail, "'later' version 4, ended with exit code 9"));
	assert_true(journal_result(b->root, &j, &result, &e));
	const json_t *list = json_object_get(result, "scripts");
	assert_int_equal(json_array_size(list), 2);
	assert_true(json_is_true(json_object_get(json_array_get(list, 0), "good")));
	assert_true(json_is_false(json_object_get(json_array_get(list, 1), "good")));
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(list, 1), "exit_status")), 9);
	run_once(b); /* a finished job runs nothing again */
	assert_int_equal(ran(b), 2);
}

static void M_168_the_gate_refuses(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	uint64_t epoch, seq;
	struct err e = { 0 };
	const char *text = in_dir(b, "#!/bin/sh\necho x >>@/ran\necho no room >&2\nexit 3\n");
	o.actions.script_before = put_script(b, &usual, text);
	o.actions.script_after = o.actions.script_before;
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_string_equal(stands(b), "done failed script_failed");
	assert_int_equal(ran(b),
			 1); /* and the one after belongs to an installation that never was */
	assert_non_null(strstr(log_of(b), "| no room\n< exit 3\n"));
	AUTO(journal_job_done) struct journal_job j = { 0 };
	load(b, &j);
	assert_non_null(strstr(j.detail, "exit code 3"));
	/* the order cannot be sent again to run it a second time */
	assert_true(journal_last(b->root, &epoch, &seq, &e));
	assert_int_equal(seq, 5);
}

static void M_168_a_time_limit_ends_all_of_it(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	o.actions.script_before = put_script(
		b, &usual,
		in_dir(b,
		       "#!/bin/sh\nsetsid sh -c 'trap \"\" TERM; sleep 1000' &\n"
		       "while :; do sleep 1000; done & echo $! >@/pids\n"
		       "pidof_sid=$(ps -o pid= --ppid $$ 2>/dev/null)\necho $pidof_sid >>@/pids\n"
		       "echo x >>@/ran\nsleep 1000\n"));
	o.actions.script_before.timeout_s = 1;
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_string_equal(stands(b), "done failed script_timeout");
	assert_int_equal(ran(b), 1);
	const char *pids = content_of(b, in_dir(b, "@/pids"));
	struct str rest = str_of(pids), line, word;
	int n = 0;
	while (str_line(&rest, &line))
		while (str_split(&line, ' ', &word)) {
			int64_t pid;
			if (!word.n || !str_to_i64(word, &pid))
				continue;
			n++;
			assert_int_equal(kill((pid_t)pid, 0), -1);
		}
	assert_true(n >= 1);
}

static void M_168_what_it_prints_is_bounded(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	o.actions.script_before = put_script(
		b, &usual,
		"#!/bin/sh\necho first\nhead -c 3000000 /dev/zero | tr '\\0' x\necho\necho last\n");
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_string_equal(stands(b), "done succeeded already_installed");
	const char *log = log_of(b);
	assert_non_null(strstr(log, "| first\n"));
	assert_non_null(strstr(log, "bytes were left out"));
	assert_non_null(strstr(log, "| last\n"));
	assert_true(strlen(log) < 80000);
}

/* --- whose
 * --------------------------------------------------------------------------------------- */

static const char *refused_before(struct bench *b, const struct order *o)
{
	begin(b, o, JOURNAL_BEFORE);
	run_once(b);
	assert_int_equal(ran(b), 0);
	return stands(b);
}

static const char *prepared(struct bench *b, const struct order *o)
{
	begin(b, o, JOURNAL_PREPARING);
	run_once(b);
	return stands(b);
}

/* A10, G18: the order is the server's own and good; the script is not the organisation's. */
static void A10_the_server_is_not_a_master_key(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	const char *text = in_dir(b, "#!/bin/sh\necho owned >>@/ran\n");
	/* signed with the key that signs orders: all a server has */
	o.actions.script_before = put_script(
		b, &(struct made) { b->key, "test", SCRIPT_LINUX, 9, 0 }, text);
	assert_string_equal(refused_before(b, &o), "done refused script_untrusted");
	assert_string_equal(prepared(b, &o), "done refused script_untrusted");
	/* two keys wanted, one has signed */
	o.actions.script_before = put_script(b, &usual, text);
	trust(b, content, "content_threshold = 2\n");
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_int_equal(ran(b),
			 0); /* a policy.conf that asks for more keys than it names is wrong */
	assert_string_equal(stands(b), "done refused script_denied");
	/* no key at all: the default */
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "");
	assert_string_equal(refused_before(b, &o), "done refused script_denied");
	AUTO(rootd_free) struct rootd *d = NULL;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct err e = { 0 };
	o.id = STR_LIT("1123456789abcdef0123456789abcdef");
	o.seq = 6;
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	seal(b, &o, &env);
	AUTO(json_free) json_t *q = json_pack("{s:s,s:s}", "verb", "prepare", "envelope", env.p);
	AUTO(json_free) json_t *r = rootd_answer(d, q);
	assert_string_equal(json_string_value(json_object_get(r, "refused")), "script_denied");
	assert_non_null(strstr(json_string_value(json_object_get(r, "detail")), "content_keys"));
}

/* A01, A19: what lies in the spool is the network half's to write. */
static void A19_a_tampered_script_never_runs(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	char hex[SHA256_HEX];
	const char *text = in_dir(b, "#!/bin/sh\necho x >>@/ran\n");
	o.actions.script_before = put_script(b, &usual, text);
	const char *path = arena_printf(&b->a, "%s/%s", b->spool,
					digest_hex(&o.actions.script_before.sha256, hex));
	char *bytes = arena_strdup(&b->a, content_of(b, path));
	bytes[20] ^= 1;
	put(path, bytes);
	assert_string_equal(prepared(b, &o), "done failed digest");
	assert_int_equal(unlink(path), 0);
	assert_string_equal(prepared(b, &o), "done failed digest");
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_string_equal(prepared(b, &o), "done failed digest");
	/* the server's order names the tampered file: then the signature does not fit */
	o.actions.script_before.sha256 = digest_of(str_of(bytes));
	put(arena_printf(&b->a, "%s/%s", b->spool,
			 digest_hex(&o.actions.script_before.sha256, hex)),
	    bytes);
	assert_string_equal(prepared(b, &o), "done refused script_untrusted");
	assert_string_equal(refused_before(b, &o), "done refused script_untrusted");
}

/* A02, A03, A07. */
static void A02_expired_superseded_and_foreign_ones(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	const char *text = in_dir(b, "#!/bin/sh\necho x >>@/ran\n");
	o.actions.script_before = put_script(
		b, &(struct made) { NULL, "test", SCRIPT_LINUX, 1, clock_wall_ms() - 1000 }, text);
	assert_string_equal(refused_before(b, &o), "done refused script_expired");
	o.actions.script_before = put_script(b, &(struct made) { NULL, "test", "windows", 1, 0 },
					     text);
	assert_string_equal(refused_before(b, &o), "done refused script_untrusted");
	/* version 2 was seen here, by another order; version 1 of it is not run any more */
	o.actions.script_before = put_script(b, &(struct made) { NULL, "test", SCRIPT_LINUX, 2, 0 },
					     text);
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_string_equal(stands(b), "done succeeded already_installed");
	assert_int_equal(ran(b), 1);
	o.actions.script_before = put_script(b, &usual, text);
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_string_equal(stands(b), "done refused script_superseded");
	assert_int_equal(ran(b), 1);
	/* another name counts for itself, the same version again is good */
	o.actions.script_before = put_script(
		b, &(struct made) { NULL, "test2", SCRIPT_LINUX, 1, 0 }, text);
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	o.actions.script_before = put_script(b, &(struct made) { NULL, "test", SCRIPT_LINUX, 2, 0 },
					     text);
	begin(b, &o, JOURNAL_BEFORE);
	run_once(b);
	assert_int_equal(ran(b), 3);
}

/* --- nothing twice
 * ------------------------------------------------------------------------------- */

static void wait_until_it_runs(struct bench *b)
{
	while (!ran(b))
		usleep(5000);
}

static void let_it_end(struct bench *b)
{
	put(in_dir(b, "@/go"), "");
}

static struct order waiting_order(struct bench *b)
{
	struct order o = script_order();
	o.actions.script_before = put_script(
		b, &usual,
		in_dir(b, "#!/bin/sh\necho x >>@/ran\nwhile ! [ -e @/go ]; do sleep 0.05; done\n"
			  "echo it ended\n"));
	return o;
}

static int64_t first_number(const char *text, int field)
{
	struct str rest = str_of(text), word = { 0 };
	int64_t n = 0;
	for (int i = 0; i < field; i++)
		assert_true(str_split(&rest, ' ', &word));
	assert_true(str_to_i64(word, &n));
	return n;
}

/* The process that waits for the script. */
static pid_t keeper_of(struct bench *b)
{
	AUTO(xfree) char *path = journal_path(b->root, ORDER_ID, "script.before.pid");
	int64_t script = first_number(content_of(b, path), 1);
	const char *stat = content_of(b, arena_printf(&b->a, "/proc/%lld/stat", (long long)script));
	return (pid_t)first_number(strrchr(stat, ')') + 2, 2);
}

static void F16_the_runner_killed_in_the_middle(void **state)
{
	struct bench *b = *state;
	struct order o = waiting_order(b);
	int lock = -1;
	begin(b, &o, JOURNAL_BEFORE);
	pid_t runner = start_runner(b);
	wait_until_it_runs(b);
	assert_int_equal(kill(runner, SIGKILL), 0);
	assert_int_equal(waitpid(runner, NULL, 0), runner);
	/* whoever waits for the script holds the job: no second runner begins */
	assert_false(journal_lock(b->root, ORDER_ID, &lock));
	let_it_end(b);
	run_once(b);
	assert_string_equal(stands(b), "done succeeded already_installed");
	assert_int_equal(ran(b), 1);
	assert_non_null(strstr(log_of(b), "| it ended\n< exit 0\n")); /* its end is known */
}

static void F16_everything_killed_but_the_script(void **state)
{
	struct bench *b = *state;
	struct order o = waiting_order(b);
	begin(b, &o, JOURNAL_BEFORE);
	pid_t runner = start_runner(b);
	wait_until_it_runs(b);
	pid_t keeper = keeper_of(b);
	assert_true(keeper > 1 && keeper != getpid());
	assert_int_equal(kill(runner, SIGKILL), 0);
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_int_equal(waitpid(runner, NULL, 0), runner);
	let_it_end(b);
	run_once(b);
	assert_string_equal(stands(b), "done failed script_interrupted");
	run_once(b);
	assert_int_equal(ran(b), 1);
}

/* The machine lost power while it ran: another boot, nothing left of it. */
static void F17_power_lost_in_the_middle(void **state)
{
	struct bench *b = *state;
	struct order o = waiting_order(b);
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	begin(b, &o, JOURNAL_BEFORE);
	load(b, &j);
	j.scripts = json_pack("{s:{s:s,s:i,s:s,s:I}}", "before", "name", "test", "version", 1,
			      "state", "started", "started", (json_int_t)clock_wall_ms());
	assert_true(journal_save(b->root, &j, &e));
	AUTO(xfree) char *pid = journal_path(b->root, ORDER_ID, "script.before.pid");
	put(pid, arena_printf(&b->a, "%d 1 another-boot\n", (int)getpid()));
	run_once(b);
	assert_string_equal(stands(b), "done failed script_interrupted");
	assert_int_equal(ran(b), 0);
}

/* The installation failed: what the script before has stopped is started again all the same. */
static void M_173_after_a_failure(void **state)
{
	struct bench *b = *state;
	struct order o = script_order();
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	o.actions.script_after = put_script(
		b, &usual, in_dir(b, "#!/bin/sh\necho \"after $TSUKUROI_OUTCOME\" >>@/ran\n"));
	o.actions.after = ACTIONS_REBOOT; /* which a failure does not bring */
	begin(b, &o, JOURNAL_AFTER);
	load(b, &j);
	snprintf(j.outcome, sizeof(j.outcome), "failed");
	snprintf(j.reason, sizeof(j.reason), "dependency");
	assert_true(journal_save(b->root, &j, &e));
	run_once(b);
	assert_string_equal(stands(b), "done failed dependency");
	assert_string_equal(content_of(b, in_dir(b, "@/ran")), "after failed\n");
	/* refused after the installation: it counts, and why the script did not run is told */
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "");
	o.actions.after = ACTIONS_NOTHING;
	begin(b, &o, JOURNAL_AFTER);
	journal_job_done(&j);
	load(b, &j);
	snprintf(j.outcome, sizeof(j.outcome), "succeeded");
	snprintf(j.reason, sizeof(j.reason), "installed");
	assert_true(journal_save(b->root, &j, &e));
	run_once(b);
	assert_string_equal(stands(b), "done succeeded installed");
	journal_job_done(&j);
	load(b, &j);
	assert_non_null(strstr(j.detail, "content_keys"));
	assert_int_equal(ran(b), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_scripts, tear_down_scripts)
	const struct CMUnitTest tests[] = {
		TEST(M_168_the_gate_passes),
		TEST(M_168_the_gate_refuses),
		TEST(M_168_a_time_limit_ends_all_of_it),
		TEST(M_168_what_it_prints_is_bounded),
		TEST(A10_the_server_is_not_a_master_key),
		TEST(A19_a_tampered_script_never_runs),
		TEST(A02_expired_superseded_and_foreign_ones),
		TEST(F16_the_runner_killed_in_the_middle),
		TEST(F16_everything_killed_but_the_script),
		TEST(F17_power_lost_in_the_middle),
		TEST(M_173_after_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
