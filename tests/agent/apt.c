/* SPDX-License-Identifier: Apache-2.0
 * The apt backend against transcripts recorded from real Debian roots (tests/agent/endpoint.sh with
 * KEEP=DIR) and against cases no healthy archive gives. A transcript is the log of a job: the
 * machine must ask for exactly the recorded actions, in order, and end with the line "= outcome
 * reason". */
#include "agent/backends/apt.h"
#include "base/file.h"
#include "base/vec.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CONFIG "@DIR@/apt.conf"

struct replay {
	struct arena a;
	struct order order;
	struct str rest; /* of the transcript */
	const char *name;
};

static struct order_package package_of(struct str line)
{
	struct order_package p = { 0 };
	assert_true(str_split(&line, ' ', &p.name) && str_split(&line, ' ', &p.arch));
	p.version = line;
	return p;
}

static void read_header(struct replay *r)
{
	VEC(struct order_package) packages = { 0 }, extra = { 0 };
	struct str before = r->rest, line;
	while (str_line(&r->rest, &line) && line.p[0] != '>') {
		if (str_starts(line, "package "))
			VEC_PUSH(&packages, package_of((struct str) { line.p + 8, line.n - 8 }));
		if (str_starts(line, "extra "))
			VEC_PUSH(&extra, package_of((struct str) { line.p + 6, line.n - 6 }));
		before = r->rest;
	}
	r->rest = before;
	r->order.packages = arena_array(&r->a, struct order_package, packages.n + 1);
	r->order.extra = arena_array(&r->a, struct order_package, extra.n + 1);
	memcpy(r->order.packages, packages.p, packages.n * sizeof(*packages.p));
	if (extra.n)
		memcpy(r->order.extra, extra.p, extra.n * sizeof(*extra.p));
	r->order.n_packages = (uint32_t)packages.n;
	r->order.n_extra = (uint32_t)extra.n;
	VEC_DONE(&packages);
	VEC_DONE(&extra);
}

/* The next block: what was asked, what came ("| " taken off), how it ended. */
static void block(struct replay *r, struct str *asked, struct buf *output, struct str *end)
{
	struct str line;
	assert_true(str_line(&r->rest, asked));
	if (asked->p[0] != '>')
		fail_msg("%s: the machine goes on where the record ends: %.*s", r->name,
			 STR_ARG(*asked));
	while (str_line(&r->rest, &line) && line.p[0] == '|')
		buf_printf(output, "%.*s\n", (int)line.n - 2 < 0 ? 0 : (int)line.n - 2, line.p + 2);
	assert_true(line.p[0] == '<');
	*end = line;
}

static void database(struct replay *r, struct str output, bool interrupted, struct dpkgdb *db)
{
	static const char *const words[] = { "", "install ok installed", "install ok unpacked",
					     "install ok triggers-pending",
					     "install reinstreq half-installed" };
	static const char *const states[] = { "absent", "installed", "unpacked", "triggers",
					      "half-installed" };
	AUTO(buf_done) struct buf status = BUF_INIT(1u << 20);
	struct str line, f[6];
	struct err e = { 0 };
	while (str_line(&output, &line)) {
		size_t n = 0, s = 0;
		while (n < 6 && str_split(&line, ' ', &f[n]))
			n++;
		assert_true(n >= 4);
		while (!str_is(f[3], states[s]))
			s++;
		bool hold = n > 4 && str_is(f[4], "hold");
		buf_printf(&status,
			   "Package: %.*s\nStatus: %s%s\nArchitecture: %.*s\nVersion: %.*s\n\n",
			   STR_ARG(f[0]), hold ? "hold" : "", words[s] + (hold ? 7 : 0),
			   STR_ARG(f[1]), STR_ARG(f[2]));
	}
	assert_true(dpkgdb_parse(buf_str(&status), &r->a, db, &e));
	db->interrupted = interrupted;
}

static void describe(const struct apt_action *act, struct buf *out)
{
	if (act->kind == APT_READ)
		buf_adds(out, "> read");
	if (act->kind == APT_WAIT)
		buf_printf(out, "> wait %lld %s", (long long)act->wait_s, act->reason);
	if (act->kind == APT_RUN) {
		buf_adds(out, "> run");
		for (size_t i = 0; act->argv[i]; i++)
			buf_printf(out, " %s", act->argv[i]);
	}
}

/* Plays one phase; the machine's last action comes back. */
static struct apt_action play(struct replay *r, struct apt *m)
{
	struct apt_action act = apt_next(m, NULL);
	while (act.kind != APT_DONE) {
		AUTO(buf_done) struct buf want = BUF_INIT(1u << 20), output = BUF_INIT(8u << 20);
		struct apt_input in = { 0 };
		struct dpkgdb db = { 0 };
		struct str asked, end;
		int64_t code = 0;
		describe(&act, &want);
		block(r, &asked, &output, &end);
		if (!str_eq(asked, buf_str(&want)))
			fail_msg("%s: the machine asks\n%s\nthe record has\n%.*s", r->name, want.p,
				 STR_ARG(asked));
		if (act.kind == APT_READ) {
			database(r, buf_str(&output), str_is(end, "< interrupted"), &db);
			in.db = &db;
		} else if (act.kind == APT_RUN) {
			assert_true(str_to_i64((struct str) { end.p + 7, end.n - 7 }, &code));
			in.exit_status = (int)code;
			in.output = buf_str(&output);
		}
		act = apt_next(m, &in);
	}
	return act;
}

static void replay(const char *dir, const char *name)
{
	static const char *const outcomes[] = { "planned", "succeeded", "failed", "refused" };
	AUTO(xfree) char *path = file_join(dir, name);
	AUTO(buf_done) struct buf text = BUF_INIT(4u << 20), got = BUF_INIT(200);
	struct err e = { 0 };
	struct str line = { 0 };
	assert_true(file_read(path, &text, &e));
	struct replay r = { .rest = buf_str(&text), .name = name };
	read_header(&r);
	assert_true(r.order.n_packages > 0);
	const struct apt_spec plan = { APT_PLAN, &r.order, CONFIG, false };
	const struct apt_spec install = { APT_INSTALL, &r.order, CONFIG, false };
	AUTO(apt_free) struct apt *first = apt_new(&plan), *second = apt_new(&install);
	struct apt_action end = play(&r, first);
	if (end.outcome == APT_PLANNED)
		end = play(&r, second);
	buf_printf(&got, "= %s %s", outcomes[end.outcome], end.reason);
	assert_true(str_line(&r.rest, &line));
	if (!str_eq(line, buf_str(&got)))
		fail_msg("%s: ends with '%s' (%s), the record with '%.*s'", name, got.p, end.detail,
			 STR_ARG(line));
	arena_done(&r.a);
}

static void test_transcripts(void **state)
{
	AUTO(xfree) char *dir = xasprintf("%s/tests/agent/apt", getenv("TSUKUROI_SOURCE"));
	DIR *d = opendir(dir);
	assert_non_null(d);
	struct dirent *ent;
	int n = 0;
	while ((ent = readdir(d))) {
		if (str_ends(str_of(ent->d_name), ".transcript")) {
			replay(dir, ent->d_name);
			n++;
		}
	}
	closedir(d);
	assert_true(n >= 8);
}

/* --- judgement
 * ------------------------------------------------------------------------------------- */

static struct order_package wanted[] = {
	{ STR_LIT("a"), STR_LIT("amd64"), STR_LIT("2") },
};
static struct order order = { .packages = wanted, .n_packages = 1 };

static const char status_old[] =
	"Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";

/* Drives a plan whose simulation prints `lines`; the reason comes back. */
static const char *plan_of(const char *lines, struct apt **m_out)
{
	static struct arena a;
	const struct apt_spec spec = { APT_PLAN, &order, CONFIG, false };
	struct apt *m = apt_new(&spec);
	struct dpkgdb db;
	struct err e = { 0 };
	assert_true(dpkgdb_parse(STR_LIT(status_old), &a, &db, &e));
	assert_int_equal(apt_next(m, NULL).kind, APT_READ);
	struct apt_input in = { .db = &db };
	assert_int_equal(apt_next(m, &in).kind, APT_RUN); /* update */
	in = (struct apt_input) { .output = STR_LIT("") };
	assert_int_equal(apt_next(m, &in).kind, APT_RUN); /* simulate */
	in.output = str_of(lines);
	struct apt_action end = apt_next(m, &in);
	assert_int_equal(end.kind, APT_DONE);
	*m_out = m;
	arena_done(&a);
	return end.reason;
}

static void test_judge(void **state)
{
	static const struct {
		const char *lines, *reason;
	} cases[] = {
		{ "Inst a [1] (2 D:1/s [amd64])\nConf a (2 D:1/s [amd64])\n", "planned" },
		{ "Inst a [1] (2 D:1/s, E:2/t [amd64]) []\n", "planned" },
		{ "Inst a [1] (2 D:1/s [amd64]) [b:amd64 on a:amd64] [b:amd64 ]\n", "planned" },
		{ "Inst a [1] (3 D:1/s [amd64])\n", "unlisted_dependency" },
		{ "Inst a [1] (2 D:1/s [i386])\n", "unlisted_dependency" },
		{ "Inst a [1] (2 D:1/s [amd64])\nInst b (1 D:1/s [amd64])\n",
		  "unlisted_dependency" },
		{ "Inst a [1] (2 D:1/s [amd64])\nRemv c [1]\n", "unlisted_dependency" },
		{ "Inst a [1] (2 D:1/s [amd64])\nPurg c:i386 [1] [a ]\n", "unlisted_dependency" },
		{ "Inst a [3] (2 D:1/s [amd64])\n", "policy" },
		{ "Inst a\n", "internal" },
		{ "Inst a [1] (2)\n", "internal" },
		{ "Inst a [1] (2 D:1/s [amd64]) more\n", "internal" },
		{ "Remv \n", "internal" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(apt_free) struct apt *m = NULL;
		assert_string_equal(plan_of(cases[i].lines, &m), cases[i].reason);
	}
}

static void test_classify(void **state)
{
	static const struct {
		const char *output;
		int exit;
		const char *reason;
	} cases[] = {
		{ "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)\n",
		  100, "lock_held" },
		{ "dpkg: error: dpkg frontend lock was locked by another process with pid 1\n", 2,
		  "lock_held" },
		{ "debconf: DbDriver \"config\": /var/cache/debconf/config.dat is locked by another process: "
		  "Resource temporarily unavailable\n installed x package post-installation script "
		  "subprocess returned error exit status 1\n",
		  1, "lock_held" },
		{ "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. \n",
		  100, "dpkg_interrupted" },
		{ "E: Sub-process /usr/bin/dpkg exited unexpectedly\n", 100, "dpkg_interrupted" },
		{ "", 137, "dpkg_interrupted" },
		{ "E: You don't have enough free space in /var/cache/apt/archives/.\n", 100,
		  "disk_full" },
		{ "dpkg: error processing archive x.deb (--unpack):\n cannot copy: failed to write (No space left on device)\n",
		  100, "disk_full" },
		{ "E: Release file for file:/x/InRelease is expired (invalid since 2d)\n", 100,
		  "expired" },
		{ "E: The repository 'file:/x bookworm InRelease' is not signed.\n", 100,
		  "signature" },
		{ "E: Failed to fetch file:/x.deb  Hash Sum mismatch\n", 100, "digest" },
		{ "E: Held packages were changed and -y was used without --allow-change-held-packages.\n",
		  100, "held" },
		{ "The following packages have unmet dependencies:\n a : Depends: b\nE: Unable to correct problems, you have held broken packages.\n",
		  100, "dependency" },
		{ "E: Version '2' for 'a' was not found\n", 100, "dependency" },
		{ "E: something new\n", 100, "internal" },
	};
	struct str line;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
			apt_classify(str_of(cases[i].output), cases[i].exit, false, &line),
			cases[i].reason);
	assert_string_equal(apt_classify(STR_LIT(""), 0, true, &line), "timeout");
}

/* A lock that never goes: waited for, told, and in the end a failure; never an attempt used up. */
static void test_lock_limit(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct apt_spec spec = { APT_INSTALL, &order, CONFIG, false };
	AUTO(apt_free) struct apt *m = apt_new(&spec);
	struct dpkgdb db;
	struct err e = { 0 };
	int64_t waited = 0;
	assert_true(dpkgdb_parse(STR_LIT(status_old), &a, &db, &e));
	struct apt_action act = apt_next(m, NULL);
	while (act.kind != APT_DONE) {
		struct apt_input in = { .db = &db };
		if (act.kind == APT_WAIT)
			waited += act.wait_s;
		if (act.kind == APT_RUN && act.changes) {
			in.exit_status = 100;
			in.output = STR_LIT(
				"E: Could not get lock /var/lib/dpkg/lock. It is held by process 1 (x)\n");
		}
		act = apt_next(m, &in);
	}
	assert_string_equal(act.reason, "lock_held");
	assert_true(waited >= APT_LOCK_LIMIT_S - APT_LOCK_WAIT_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transcripts), cmocka_unit_test(test_judge),   /* A06, A18 */
		cmocka_unit_test(test_classify), cmocka_unit_test(test_lock_limit), /* F18 */
	};
	return cmocka_run_group_tests_name("agent/apt", tests, NULL, NULL);
}
