/* SPDX-License-Identifier: Apache-2.0
 * The apt backend against transcripts recorded from real Debian roots (tests/agent/endpoint.sh with
 * KEEP=DIR) and against cases no healthy archive gives. */
#include "agent/backends/apt.h"
#include "agent/dpkgdb.h"
#include "replay.h"

static void test_transcripts(void **state)
{
	assert_true(replay_all(PLATFORM_APT, "apt") >= 8);
}

/* --- judgement
 * ------------------------------------------------------------------------------------- */

static struct order_package wanted[] = {
	{ STR_LIT("a"), STR_LIT("amd64"), STR_LIT("2") },
};
static struct order order = { .packages = wanted, .n_packages = 1 };

static const char status_old[] =
	"Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";

static const char *status = status_old;

/* Drives a plan whose simulation prints `lines`; the reason comes back. */
static const char *plan_of(const char *lines, struct backend **m_out)
{
	static struct arena a;
	const struct backend_spec spec = { BACKEND_PLAN, &order, DIR_WORD };
	struct backend *m = backend_new(PLATFORM_APT, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	assert_true(dpkgdb_parse(str_of(status), &a, &db, &e));
	assert_int_equal(backend_next(m, NULL).kind, BACKEND_READ);
	struct backend_input in = { .db = &db };
	assert_int_equal(backend_next(m, &in).kind, BACKEND_RUN); /* update */
	in = (struct backend_input) { .output = STR_LIT("") };
	assert_int_equal(backend_next(m, &in).kind, BACKEND_RUN); /* simulate */
	in.output = str_of(lines);
	struct backend_action end = backend_next(m, &in);
	assert_int_equal(end.kind, BACKEND_DONE);
	*m_out = m;
	arena_done(&a);
	return end.reason;
}

/* F15: apt-get killed while it only reads or simulates: the machine looks again and goes on; not
 * for ever. */
static void test_killed_while_looking(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_PLAN, &order, DIR_WORD };
	struct pkgdb db;
	struct err e = { 0 };
	assert_true(dpkgdb_parse(STR_LIT(status_old), &a, &db, &e));
	for (int with_simulation = 0; with_simulation < 2; with_simulation++) {
		AUTO(backend_free) struct backend *m = backend_new(PLATFORM_APT, &spec);
		struct backend_action act = backend_next(m, NULL);
		int runs = 0;
		while (act.kind != BACKEND_DONE) {
			struct backend_input in = { .db = &db, .output = STR_LIT("") };
			assert_false(act.changes);
			bool simulates = act.kind == BACKEND_RUN && !strcmp(act.argv[3], "-s");
			if (act.kind == BACKEND_RUN && simulates == with_simulation) {
				in.exit_status = 137;
				runs++;
			}
			act = backend_next(m, &in);
		}
		assert_int_equal(runs, 7);
		assert_int_equal(act.outcome, BACKEND_FAILED);
		assert_string_equal(act.reason, "dpkg_interrupted");
	}
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
		AUTO(backend_free) struct backend *m = NULL;
		assert_string_equal(plan_of(cases[i].lines, &m), cases[i].reason);
	}
}

/* A18: an order that goes back takes exactly what it lists, from where it lists it. */
static void test_judge_back(void **state)
{
	static const struct {
		const char *lines, *reason;
	} cases[] = {
		{ "Inst a [3] (2 D:1/s [amd64])\n", "planned" },
		{ "Inst a [4] (2 D:1/s [amd64])\n", "unlisted_dependency" },
		{ "Inst a [3] (1 D:1/s [amd64])\n", "unlisted_dependency" },
		{ "Inst a [1] (2 D:1/s [amd64])\n", "unlisted_dependency" },
		{ "Inst a [3] (2 D:1/s [amd64])\nInst b [3] (2 D:1/s [amd64])\n",
		  "unlisted_dependency" },
		{ "Inst a [3] (2 D:1/s [amd64])\nInst b (2 D:1/s [amd64])\n",
		  "unlisted_dependency" },
		{ "Inst a [3] (2 D:1/s [amd64])\nRemv b [3]\n", "unlisted_dependency" },
	};
	order.action = STR_LIT(ORDER_UNINSTALL);
	wanted[0].from = STR_LIT("3");
	status = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3\n";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(backend_free) struct backend *m = NULL;
		assert_string_equal(plan_of(cases[i].lines, &m), cases[i].reason);
	}
	order.action = STR_LIT(ORDER_INSTALL);
	wanted[0].from = (struct str) { 0 };
	status = status_old;
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
	const struct backend_spec spec = { BACKEND_INSTALL, &order, DIR_WORD };
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_APT, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	int64_t waited = 0;
	assert_true(dpkgdb_parse(STR_LIT(status_old), &a, &db, &e));
	struct backend_action act = backend_next(m, NULL);
	while (act.kind != BACKEND_DONE) {
		struct backend_input in = { .db = &db };
		if (act.kind == BACKEND_WAIT)
			waited += act.wait_s;
		if (act.kind == BACKEND_RUN && act.changes) {
			in.exit_status = 100;
			in.output = STR_LIT(
				"E: Could not get lock /var/lib/dpkg/lock. It is held by process 1 (x)\n");
		}
		act = backend_next(m, &in);
	}
	assert_string_equal(act.reason, "lock_held");
	assert_true(waited >= BACKEND_LOCK_LIMIT_S - BACKEND_LOCK_WAIT_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transcripts),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_judge_back),
		cmocka_unit_test(test_killed_while_looking), /* A06, A18 */
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_lock_limit), /* F18 */
	};
	return cmocka_run_group_tests_name("agent/apt", tests, NULL, NULL);
}
