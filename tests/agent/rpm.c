/* SPDX-License-Identifier: Apache-2.0
 * dnf and zypper against transcripts recorded from real endpoints (tests/agent/rpm_endpoint.py with
 * KEEP=DIR) and against cases that none of them gives; the readers of rpm's and the managers'
 * files.
 */
#include "agent/backends/rpm.h"
#include "agent/root/mirror.h"
#include "agent/rpmconf.h"
#include "agent/rpmdb.h"
#include "replay.h"

#include <unistd.h>

static void test_dnf_transcripts(void **state)
{
	assert_true(replay_all(PLATFORM_DNF, "dnf") >= 15);
}

static void test_zypper_transcripts(void **state)
{
	assert_true(replay_all(PLATFORM_ZYPPER, "zypper") >= 15);
}

/* --- judgement ----------------------------------------------------------------------------------
 */

static struct order_package wanted[] = {
	{ STR_LIT("a"), STR_LIT("x86_64"), STR_LIT("1:2-1.el9") },
	{ STR_LIT("kernel-core"), STR_LIT("x86_64"), STR_LIT("5.14.0-503.el9") },
};
static struct order order = { .packages = wanted, .n_packages = 2, .kind = ORDER_RPM };

static const char database_text[] =
	"10\ta\t1\t1\t1.el9\tx86_64\ta-1-1.el9.src.rpm\tV\t(none)\n"
	"11\tkernel-core\t(none)\t5.14.0\t427.el9\tx86_64\tkernel-5.14.0-427.el9.src.rpm\tV\t(none)\n"
	"12\tgpg-pubkey\t(none)\t8483c65d\t5ccc5b19\t(none)\t(none)\t(none)\t(none)\n";

#define HEAD "---> Package "
#define A                                                                                          \
	HEAD "a.x86_64 1:1-1.el9 will be upgraded\n" HEAD "a.x86_64 1:2-1.el9 will be an upgrade\n"
#define K HEAD "kernel-core.x86_64 5.14.0-503.el9 will be installed\n"
#define SUM(x) "Transaction Summary\n=====\n" x "\nTotal size: 1 k\nOperation aborted.\n"

/* Drives a plan whose simulation prints `output`; the reason comes back, "planned" or why not. */
static const char *plan_of(enum platform_manager manager, const char *output, int exit_status)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_PLAN, &order, DIR_WORD };
	AUTO(backend_free) struct backend *m = backend_new(manager, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	assert_true(rpmdb_parse(STR_LIT(database_text), &a, &db, &e));
	assert_int_equal(db.n, 2);
	assert_int_equal(backend_next(m, NULL).kind, BACKEND_READ);
	struct backend_input in = { .db = &db };
	assert_int_equal(backend_next(m, &in).kind, BACKEND_RUN);
	if (manager == PLATFORM_ZYPPER) { /* refresh */
		in = (struct backend_input) { .output = STR_LIT("") };
		assert_int_equal(backend_next(m, &in).kind, BACKEND_RUN);
	}
	in = (struct backend_input) { .output = str_of(output), .exit_status = exit_status };
	struct backend_action act = backend_next(m, &in);
	if (act.kind == BACKEND_RUN) { /* the rehearsal */
		assert_false(act.changes);
		in = (struct backend_input) { .output = STR_LIT("\nComplete!\n") };
		act = backend_next(m, &in);
	}
	assert_int_equal(act.kind, BACKEND_DONE);
	return act.reason;
}

static void test_judge_dnf(void **state)
{
	static const struct {
		const char *output, *reason;
	} cases[] = {
		{ A K SUM("Install  1 Package\nUpgrade  1 Package\n"), "planned" },
		/* the machine's own limit of kernels takes the oldest away */
		{ A K HEAD "kernel-core.x86_64 5.14.0-70.el9 will be erased\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\nRemove  1 Package\n"),
		  "planned" },
		{ A K HEAD "kernel-core.x86_64 6.0-1.el9 will be erased\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\nRemove  1 Package\n"),
		  "unlisted_dependency" },
		{ A K HEAD "b.noarch 1-1 will be erased\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\nRemove  1 Package\n"),
		  "unlisted_dependency" },
		{ A K HEAD "b.noarch 1-1 will be obsoleted\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\n"),
		  "unlisted_dependency" },
		{ A K HEAD "b.noarch 1-1 will be installed\n" SUM(
			  "Install  2 Packages\nUpgrade  1 Package\n"),
		  "unlisted_dependency" },
		{ A K HEAD "b.noarch 1-1 will be a downgrade\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\nDowngrade  1 Package\n"),
		  "policy" },
		/* the counts and the lines must agree, and every line be understood */
		{ A K SUM("Install  1 Package\nUpgrade  2 Packages\n"), "internal" },
		{ A K SUM("Install  1 Package\nUpgrade  1 Package\nRemove  1 Package\n"),
		  "internal" },
		{ A K HEAD
		  "b.noarch 1-1 will be eaten\n" SUM("Install  1 Package\nUpgrade  1 Package\n"),
		  "internal" },
		{ A K HEAD "b\n" SUM("Install  1 Package\nUpgrade  1 Package\n"), "internal" },
		/* dnf enables the default stream of what it installs; any other change is refused
		 */
		{ A K "Enabling module streams:\n ma      1       \n mb      5     \n\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\n"),
		  "planned" },
		{ A K
		  "Enabling module streams:\n ma\n" SUM("Install  1 Package\nUpgrade  1 Package\n"),
		  "internal" },
		{ A K "Enabling module streams:\n ma  1 -> 2\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\n"),
		  "internal" },
		{ A K "Switching module streams:\n postgresql    15 -> 16    \n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\n"),
		  "internal" },
		{ A K "Disabling modules:\n postgresql\n" SUM(
			  "Install  1 Package\nUpgrade  1 Package\n"),
		  "internal" },
		/* something was left out silently */
		{ A SUM("Upgrade  1 Package\n"), "dependency" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(plan_of(PLATFORM_DNF, cases[i].output, 1), cases[i].reason);
	assert_string_equal(plan_of(PLATFORM_DNF, "Nothing to do.\n", 0), "internal");
}

#define XML(n, x)                                                                                  \
	"noise\n<?xml version='1.0'?>\n<stream>\n<install-summary packages-to-change=\"" n         \
	"\">\n" x "</install-summary>\n</stream>\n"
#define ZA                                                                                         \
	"<to-upgrade><solvable type=\"package\" name=\"a\" edition=\"1:2-1.el9\" arch=\"x86_64\" " \
	"edition-old=\"1:1-1.el9\"/></to-upgrade>"
#define ZK                                                                                         \
	"<to-install><solvable type=\"package\" name=\"kernel-core\" edition=\"5.14.0-503.el9\" "  \
	"arch=\"x86_64\"/></to-install>"

static void test_judge_zypper(void **state)
{
	static const struct {
		const char *output, *reason;
	} cases[] = {
		{ XML("2", ZA ZK), "planned" },
		{ XML("2", ZA ZK "<to-install><solvable type=\"patch\" name=\"p\" edition=\"1\" "
				 "arch=\"noarch\"/></to-install>"),
		  "planned" },
		{ XML("3", ZA ZK "<to-remove><solvable type=\"package\" name=\"b\" edition=\"1-1\" "
				 "arch=\"noarch\"/></to-remove>"),
		  "unlisted_dependency" },
		{ XML("3", ZA ZK "<to-install><solvable type=\"package\" name=\"b\" "
				 "edition=\"1-1\" arch=\"noarch\"/></to-install>"),
		  "unlisted_dependency" },
		{ XML("3",
		      ZA ZK "<to-downgrade><solvable type=\"package\" name=\"b\" "
			    "edition=\"1-1\" arch=\"noarch\" edition-old=\"2-1\"/></to-downgrade>"),
		  "policy" },
		{ XML("3", ZA ZK), "internal" },
		{ XML("2", ZA ZK "<to-eat/>"), "internal" },
		{ XML("2", ZA "<to-install><solvable type=\"package\" name=\"kernel-core\"/>"
			      "</to-install>"),
		  "internal" },
		{ "not xml at all", "internal" },
		{ "<?xml version='1.0'?>\n<stream><install-summary", "internal" },
		{ XML("1", ZA), "dependency" },
		{ "<?xml version='1.0'?>\n<stream></stream>", "dependency" }, /* nothing to do */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(plan_of(PLATFORM_ZYPPER, cases[i].output, 0), cases[i].reason);
		assert_string_equal(plan_of(PLATFORM_ZYPPER, cases[i].output, 102),
				    cases[i].reason);
	}
}

static void test_classify(void **state)
{
	static const struct {
		bool zypper;
		const char *output;
		int exit;
		const char *reason;
	} cases[] = {
		{ false, "RPMDB already locked by 51\n", 200, "lock_held" },
		{ false,
		  "RPM: error: can't create transaction lock on /var/lib/rpm/.rpm.lock\nError: Could not run transaction.\n",
		  1, "lock_held" },
		{ false,
		  "Error: Transaction test error:\n  At least 5MB more space needed on the / filesystem.\n",
		  1, "disk_full" },
		{ false, "Package x.rpm is not signed\nError: GPG check FAILED\n", 1, "signature" },
		{ false, "Error: \n Problem: nothing provides b\n", 1, "dependency" },
		{ false, "All matches were filtered out by exclude filtering for argument: x\n", 1,
		  "held" },
		{ false, "something\n", 137, "rpm_interrupted" },
		{ false, "Error: new\n", 1, "internal" },
		{ true,
		  "<?xml version='1.0'?><stream><message type=\"error\">System management is locked by the application with pid 7 (zypper).</message></stream>",
		  7, "lock_held" },
		{ true,
		  "<?xml version='1.0'?><stream><message type=\"error\">No provider of 'x' found.</message></stream>",
		  104, "dependency" },
		{ true,
		  "<?xml version='1.0'?><stream><message type=\"error\">Subprocess failed. Error: RPM failed: installing package x needs 5MB more space: No space left on device</message></stream>",
		  8, "disk_full" },
		{ true, "<?xml version='1.0'?><stream>", 143, "rpm_interrupted" },
		/* zypper goes on when its rpm is killed */
		{ true,
		  "<?xml version='1.0'?><stream><progress name=\"Checking for file conflicts:\"/>"
		  "<message type=\"error\">Installation of x failed:\nError: Subprocess failed. Error: RPM failed: rpm: "
		  "However assuming you know what you are doing...\n</message></stream>",
		  8, "rpm_interrupted" },
		{ true,
		  "<?xml version='1.0'?><stream><progress name=\"Checking for file conflicts:\"/>"
		  "<message type=\"error\">Error: Subprocess failed. Error: RPM failed: error: unpacking of archive failed\n"
		  "</message></stream>",
		  8, "internal" },
		{ true,
		  "<?xml version='1.0'?><stream><fileconflict-summary><fileconflicts size=\"1\"><fileconflict><lhs><checksum type=\"md5\">20</checksum></lhs>"
		  "</fileconflict></fileconflicts></fileconflict-summary></stream>",
		  8, "dependency" },
		{ true, "", 8, "internal" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct str line;
		struct backend_input in = { .output = str_of(cases[i].output),
					    .exit_status = cases[i].exit };
		assert_string_equal(cases[i].zypper ? zypper_classify(&in, &a, &line)
						    : dnf_classify(&in, &a, &line),
				    cases[i].reason);
		in.timed_out = true;
		assert_string_equal(cases[i].zypper ? zypper_classify(&in, &a, &line)
						    : dnf_classify(&in, &a, &line),
				    "timeout");
	}
}

/* A lock that never goes: waited for, told, and in the end a failure; never an attempt used up. */
static void test_lock_limit(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_INSTALL, &order, DIR_WORD };
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_DNF, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	int64_t waited = 0;
	assert_true(rpmdb_parse(STR_LIT(database_text), &a, &db, &e));
	struct backend_action act = backend_next(m, NULL);
	while (act.kind != BACKEND_DONE) {
		struct backend_input in = { .db = &db };
		if (act.kind == BACKEND_WAIT)
			waited += act.wait_s;
		if (act.kind == BACKEND_RUN) {
			in.exit_status = act.changes ? 200 : 1;
			in.output = act.changes ? STR_LIT("RPMDB already locked by 1\n")
						: STR_LIT(A K SUM("Install  1 Package\n"
								  "Upgrade  1 Package\n"));
		}
		act = backend_next(m, &in);
	}
	assert_string_equal(act.reason, "lock_held");
	assert_true(waited >= BACKEND_LOCK_LIMIT_S - BACKEND_LOCK_WAIT_S);
}

/* A resumed machine whose zypper is dead, but whose rpm goes on: rpm's own lock is waited for
 * before anything is read. A command that only looks, and is killed, is given again. */
static void test_rpm_goes_on_alone(void **state)
{
	static const char whole[] =
		"10\ta\t1\t2\t1.el9\tx86_64\ta-2-1.el9.src.rpm\tV\t(none)\n"
		"11\tkernel-core\t(none)\t5.14.0\t503.el9\tx86_64\tk-1-1.src.rpm\tV\t(none)\n";
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_INSTALL,  &order, DIR_WORD, true,
					   STR_LIT("<?xml"), 100 };
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_ZYPPER, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	assert_true(rpmdb_parse(STR_LIT(whole), &a, &db, &e));
	for (int i = 0; i < 3; i++) {
		struct backend_input waited = { 0 };
		struct backend_action act = backend_next(m, i ? &waited : NULL);
		assert_int_equal(act.kind, BACKEND_RUN);
		assert_string_equal(act.argv[1], "--verifydb");
		struct backend_input in = { .exit_status = 255,
					    .output = STR_LIT(
						    "error: can't create transaction lock on "
						    "/var/lib/rpm/.rpm.lock (Resource ...)\n") };
		act = backend_next(m, &in);
		assert_int_equal(act.kind, BACKEND_WAIT);
	}
	struct backend_input in = { 0 };
	assert_string_equal(backend_next(m, &in).argv[1], "--verifydb");
	assert_int_equal(backend_next(m, &in).kind, BACKEND_READ);
	in.db = &db;
	assert_string_equal(backend_next(m, &in).reason, "installed");
}

static void test_killed_look(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_PLAN, &order, DIR_WORD };
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_DNF, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	int looks = 0;
	assert_true(rpmdb_parse(STR_LIT(database_text), &a, &db, &e));
	struct backend_action act = backend_next(m, NULL);
	while (act.kind != BACKEND_DONE) {
		struct backend_input in = { .db = &db, .exit_status = 137 };
		looks += act.kind == BACKEND_RUN;
		act = backend_next(m, &in);
	}
	assert_string_equal(act.reason, "rpm_interrupted");
	assert_int_equal(looks, 9);
}

/* F15: every installation is cut short and leaves an old version beside the new one: each time it
 * is taken away, also behind the last attempt, since the next order may not name the package. */
static void test_cut_short_each_time(void **state)
{
	static const char whole[] = "10\ta\t1\t2\t1.el9\tx86_64\ta-2-1.el9.src.rpm\tV\t(none)\n";
	static const char old[] = "10\ta\t1\t1\t1.el9\tx86_64\ta-1-1.el9.src.rpm\tV\t(none)\n";
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_INSTALL, &order, DIR_WORD };
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_DNF, &spec);
	struct pkgdb clean, stale;
	struct err e = { 0 };
	int installs = 0;
	bool is_stale = false;
	assert_true(rpmdb_parse(STR_LIT(whole), &a, &clean, &e));
	AUTO(xfree) char *both = xasprintf("%s%s", old, whole);
	assert_true(rpmdb_parse(str_of(both), &a, &stale, &e));
	rpmdb_mark_stale(&stale, STR_LIT(""));
	struct backend_action act = backend_next(m, NULL);
	while (act.kind != BACKEND_DONE) {
		struct backend_input in = { .db = is_stale ? &stale : &clean };
		if (act.kind == BACKEND_RUN && strcmp(act.argv[0], "rpm") == 0) {
			assert_string_equal(act.argv[1], "-e");
			is_stale = false;
		} else if (act.kind == BACKEND_RUN && strcmp(act.argv[0], "dnf") == 0) {
			in.exit_status = act.changes ? 137 : 1;
			in.output = act.changes ? STR_LIT("")
						: STR_LIT(K SUM("Install  1 Package\n"));
			is_stale |= act.changes;
			installs += act.changes;
		}
		act = backend_next(m, &in);
	}
	/* "a" is there, newer than the order's start; whether its scriptlets ran nobody can say */
	assert_string_equal(act.reason, "maintainer_script");
	assert_non_null(strstr(act.detail, "finish with 'dnf reinstall a'"));
	assert_true(installs > 4);
	assert_false(is_stale);
}

/* What stands twice and is not cured by being done again is told, not tried for ever. */
static void test_twin_that_stays(void **state)
{
	static const char twice[] =
		"10\ta\t1\t2\t1.el9\tx86_64\ta-2-1.el9.src.rpm\tV\t(none)\n"
		"11\ta\t1\t2\t1.el9\tx86_64\ta-2-1.el9.src.rpm\tV\t(none)\n"
		"11\tkernel-core\t(none)\t5.14.0\t503.el9\tx86_64\tk-1-1.src.rpm\tV\t(none)\n";
	AUTO(arena_done) struct arena a = { 0 };
	const struct backend_spec spec = { BACKEND_INSTALL, &order, DIR_WORD };
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_DNF, &spec);
	struct pkgdb db;
	struct err e = { 0 };
	int installs = 0;
	assert_true(rpmdb_parse(STR_LIT(twice), &a, &db, &e));
	rpmdb_mark_stale(&db, STR_LIT(""));
	struct backend_action act = backend_next(m, NULL);
	while (act.kind != BACKEND_DONE) {
		struct backend_input in = { .db = &db, .exit_status = act.changes ? 0 : 1 };
		in.output = act.changes ? STR_LIT("\nComplete!\n")
					: STR_LIT(HEAD "a.x86_64 1:2-1.el9 will be reinstalled\n"
						       "Operation aborted.\n");
		installs += act.changes;
		act = backend_next(m, &in);
	}
	assert_int_equal(installs, 1);
	assert_int_equal(act.outcome, BACKEND_FAILED);
	assert_string_equal(act.reason, "rpm_interrupted");
	assert_non_null(strstr(act.detail, "'a' 1:2-1.el9"));
}

/* The first command that takes away, from a machine where everything ordered is there. */
static void cleaning_is(const char *older, const char *expected)
{
	static const char there[] =
		"10\ta\t1\t2\t1.el9\tx86_64\ta-2-1.el9.src.rpm\tV\t(none)\n"
		"11\tkernel-core\t(none)\t5.14.0\t503.el9\tx86_64\tk-1-1.src.rpm\tV\t(none)\n";
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf got = BUF_INIT(1000);
	AUTO(xfree) char *text = xasprintf("%s%s", there, older);
	const struct backend_spec plan = { BACKEND_PLAN, &order, DIR_WORD };
	const struct backend_spec install = { BACKEND_INSTALL, &order, DIR_WORD };
	struct pkgdb db;
	struct err e = { 0 };
	assert_true(rpmdb_parse(str_of(text), &a, &db, &e));
	rpmdb_mark_stale(&db, STR_LIT("kernel-core\n"));
	struct backend_input in = { .db = &db };
	AUTO(backend_free) struct backend *first = backend_new(PLATFORM_DNF, &plan);
	backend_next(first, NULL);
	assert_int_equal(backend_next(first, &in).outcome, BACKEND_PLANNED);
	AUTO(backend_free) struct backend *m = backend_new(PLATFORM_DNF, &install);
	backend_next(m, NULL);
	struct backend_action act = backend_next(m, &in);
	assert_int_equal(act.kind, BACKEND_RUN);
	for (size_t i = 0; act.argv[i]; i++)
		buf_printf(&got, "%s%s", i ? " " : "", act.argv[i]);
	assert_string_equal(got.p, expected);
}

#define OLDER(epoch, version) "9\ta\t" epoch "\t" version "\t1.el9\tx86_64\ta\tV\t(none)\n"

/* Older ones at one version go together; rpm's names have no epoch, so the ordered one must not be
 * meant by them. */
static void test_cleaning(void **state)
{
	cleaning_is(OLDER("1", "1"), "rpm -e -- a-1-1.el9.x86_64");
	cleaning_is(OLDER("1", "1") OLDER("1", "1"), "rpm -e --allmatches -- a-1-1.el9.x86_64");
	cleaning_is(OLDER("1", "1") OLDER("1", "1.5") OLDER("1", "1.5"),
		    "rpm -e --allmatches -- a-1-1.el9.x86_64 a-1.5-1.el9.x86_64");
	cleaning_is(OLDER("(none)", "2") OLDER("(none)", "2"), "rpm -e -- a-2-1.el9.x86_64");
}

/* --- databases and configuration ----------------------------------------------------------------
 */

static void read_database(const char *text, struct arena *a, struct pkgdb *db)
{
	struct err e = { 0 };
	assert_true(rpmdb_parse(str_of(text), a, db, &e));
}

static const char several[] = "10\tkernel-core\t0\t5.14.0\t427.el9\tx86_64\tk\tV\n"
			      "20\tkernel-core\t(none)\t5.14.0\t503.el9\tx86_64\tk\tV\n"
			      "(none)\tb\t2\t1.0~rc1\t1\tnoarch\tb\tV\n"
			      "30\tb\t2\t1.0\t1\tnoarch\tb\tV\n"
			      "30\tglibc\t(none)\t2.34\t1\ti686\tg\tV\n"
			      "30\tglibc\t(none)\t2.34\t1\tx86_64\tg\tV\n";

static const char twins[] = "9\tkernel-core\t0\t5.14.0\t427.el9\tx86_64\tk\tV\n"
			    "9\tkernel-core\t(none)\t5.14.0\t503.el9\tx86_64\tk\tV\n"
			    "9\tc\t(none)\t1\t1\tnoarch\tc\tV\n"
			    "9\tc\t(none)\t1\t1\tnoarch\tc\tV\n"
			    "9\tc\t(none)\t2\t1\tnoarch\tc\tV\n"
			    "9\tc\t(none)\t2\t1\tnoarch\tc\tV\n"
			    "9\tc\t(none)\t2\t1\tnoarch\tc\tV\n";

static void test_database(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct pkgdb db;
	struct err e = { 0 };
	static const char *const bad[] = { "x\n", "10\ta\t0\t1\n", "10\t\t0\t1\t1\tnoarch\n",
					   "10\ta\t0\t\t1\tnoarch\ts\tv\n", "\n" };
	AUTO(xfree) char *more = xasprintf("%s%s", several, twins);
	read_database(more, &a, &db);
	rpmdb_mark_stale(&db, STR_LIT("kernel-core\n"));
	AUTO(buf_done) struct buf marks = BUF_INIT(100);
	for (size_t i = 0; i < db.n; i++)
		buf_adds(&marks, db.packages[i].state == PKGDB_TWIN    ? "t"
				 : db.packages[i].state == PKGDB_STALE ? "s"
								       : ".");
	/* b, c, glibc twice, kernel-core */
	assert_string_equal(marks.p, "s."
				     "sstt."
				     ".."
				     "t.t.");
	read_database(several, &a, &db);
	assert_int_equal(db.n, 6);
	rpmdb_mark_stale(&db, STR_LIT("kernel\nkernel-core\n"));
	const struct pkgdb_package *p = pkgdb_find(&db, STR_LIT("kernel-core"), STR_LIT("x86_64"));
	assert_true(p && str_is(p->version, "5.14.0-503.el9") && p->installed_s == 20);
	p = pkgdb_find(&db, STR_LIT("b"), STR_LIT("noarch"));
	assert_true(p && str_is(p->version, "2:1.0-1") && p->state == PKGDB_INSTALLED);
	assert_true(p[-1].state == PKGDB_STALE && str_is(p[-1].version, "2:1.0~rc1-1"));
	int stale = 0;
	for (size_t i = 0; i < db.n; i++)
		stale += db.packages[i].state == PKGDB_STALE;
	assert_int_equal(stale, 1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(rpmdb_parse(str_of(bad[i]), &a, &db, &e));
}

static void holds_of(void (*fn)(struct str, struct pkgdb *), const char *text, const char *expected)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf got = BUF_INIT(1000);
	struct pkgdb db;
	read_database(several, &a, &db);
	fn(str_of(text), &db);
	for (size_t i = 0; i < db.n; i++)
		if (db.packages[i].hold)
			buf_printf(&got, "%.*s.%.*s ", STR_ARG(db.packages[i].name),
				   STR_ARG(db.packages[i].arch));
	if (!str_is(buf_str(&got), expected))
		fail_msg("'%s': '%.*s' instead of '%s'", text, STR_ARG(buf_str(&got)), expected);
}

static void test_holds(void **state)
{
	holds_of(rpmconf_versionlock, "# comment\nb-2:1.0-1.*\n", "b.noarch ");
	holds_of(rpmconf_versionlock, "2:b-1.0-1.*\n", "b.noarch "); /* yum's form */
	holds_of(rpmconf_versionlock, "!b-2:1.0-1.*\n", "");
	holds_of(rpmconf_versionlock, "b-2:1.1-1.*\n", "");
	holds_of(rpmconf_versionlock, "kernel-core-0:5.14.0-427.el9.*", "kernel-core.x86_64 ");
	holds_of(rpmconf_excludes, "[main]\nexclude=glib* b\n",
		 "b.noarch b.noarch glibc.i686 glibc.x86_64 ");
	holds_of(rpmconf_excludes, "[main]\nexcludepkgs = *.i686,\n  kernel*\n",
		 "glibc.i686 kernel-core.x86_64 kernel-core.x86_64 ");
	holds_of(rpmconf_excludes, "[repo]\nexclude=b\n", "");
	holds_of(rpmconf_zypp_locks,
		 "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: glib*\n\n",
		 "glibc.i686 glibc.x86_64 ");
	holds_of(rpmconf_zypp_locks,
		 "type: patch\nsolvable_name: b\n\nsolvable_name: glibc\nmatch_type: exact",
		 "glibc.i686 glibc.x86_64 ");
	holds_of(rpmconf_zypp_locks, "type: package\nrepo: r\nsolvable_name: b\n", "");
	holds_of(rpmconf_zypp_locks, "type: package\nmatch_type: substring\nsolvable_name: lib\n",
		 "glibc.i686 glibc.x86_64 ");
}

/* repo_gpgcheck of the machine's own repository, else of the main section. */
static void test_signed_index(void **state)
{
	static const struct {
		const char *main, *repository; /* texts of the files */
		const char *source;
		bool dnf, zypper;
	} cases[] = {
		{ "", "", "rpm-almalinux-9-baseos", false, false },
		{ "[main]\nrepo_gpgcheck=1\n", "", "rpm-almalinux-9-baseos", true, true },
		{ "[x]\nrepo_gpgcheck=1\n", "", "rpm-almalinux-9-baseos", false, false },
		{ "", "[baseos]\nrepo_gpgcheck=1\n", "rpm-almalinux-9-baseos", true, true },
		{ "", "[baseos]\nrepo_gpgcheck = yes\n", "baseos", true, true },
		{ "", "[BaseOS]\nrepo_gpgcheck=True\n", "rpm-almalinux-9-baseos", true, true },
		{ "", "[tb 9]\nrepo_gpgcheck=on\n", "rpm-almalinux-9-tb-9", true, true },
		{ "", "[baseos]\nrepo_gpgcheck=1\nenabled=0\n", "rpm-almalinux-9-baseos", false,
		  false },
		{ "", "[eos]\nrepo_gpgcheck=1\n", "rpm-almalinux-9-baseos", false, false },
		{ "", "[extras]\nrepo_gpgcheck=1\n[baseos]\nenabled=1\n", "rpm-almalinux-9-baseos",
		  false, false },
		{ "[main]\nrepo_gpgcheck=1\n", "[baseos]\nrepo_gpgcheck=0\n",
		  "rpm-almalinux-9-baseos", false, false },
		{ "[main]\nrepo_gpgcheck=1\n", "[baseos]\nname=x\n", "rpm-almalinux-9-baseos", true,
		  true },
		/* two of one name: the stricter one */
		{ "", "[baseos]\nrepo_gpgcheck=1\n[BASEOS]\nrepo_gpgcheck=0\n",
		  "rpm-almalinux-9-baseos", true, true },
	};
	static const char *const dirs[] = { "etc/dnf", "etc/zypp", "etc/yum.repos.d",
					    "etc/zypp/repos.d" };
	static const char *const files[] = { "dnf.conf", "zypp.conf", "x.repo", "x.repo" };
	char root[] = "/tmp/tsukuroi-signed-XXXXXX";
	struct err e = { 0 };
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool dnf, zypper;
		struct str source = str_of(cases[i].source);
		for (size_t k = 0; k < ARRAY_LEN(dirs); k++) {
			AUTO(xfree) char *dir = file_join(root, dirs[k]);
			AUTO(xfree) char *file = file_join(dir, files[k]);
			const char *text = k < 2 ? cases[i].main : cases[i].repository;
			assert_true(file_mkdirs(dir, 0755, &e));
			assert_true(file_write_atomic(file, str_of(text), 0644, &e));
		}
		assert_true(rpmconf_wants_signed_index(root, PLATFORM_DNF, source, &dnf, &e));
		assert_true(rpmconf_wants_signed_index(root, PLATFORM_ZYPPER, source, &zypper, &e));
		if (dnf != cases[i].dnf || zypper != cases[i].zypper)
			fail_msg("case %zu: dnf %d, zypper %d", i, dnf, zypper);
	}
	assert_true(file_remove_tree(root, &e));
}

static void beside_is(const char *root, enum platform_manager manager, const char *expected)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf got = BUF_INIT(1000);
	const char *const *words;
	struct err e = { 0 };
	assert_true(rpmconf_beside(root, manager, &a, &words, &e));
	for (; *words; words++)
		buf_printf(&got, "%s,", *words);
	assert_string_equal(got.p ? got.p : "", expected);
}

/* What stands beside is what the machine's own configuration says. */
static void test_beside(void **state)
{
	char root[] = "/tmp/tsukuroi-beside-XXXXXX";
	struct err e = { 0 };
	assert_non_null(mkdtemp(root));
	beside_is(root, PLATFORM_ZYPPER, "");
	static const char *const dirs[] = { "etc/zypp/multiversion.d", "etc/dnf", "usr/etc/zypp" };
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		AUTO(xfree) char *dir = file_join(root, dirs[i]);
		assert_true(file_mkdirs(dir, 0755, &e));
	}
	static const char *const files[][2] = {
		{ "usr/etc/zypp/zypp.conf", "[main]\nmultiversion = vendor\n" },
		{ "etc/zypp/zypp.conf",
		  "[main]\n## multiversion = x\nmultiversion = provides:multiversion(kernel), foo\n" },
		{ "etc/zypp/multiversion.d/own", "# comment\nbar\nprovides:baz\n" },
		{ "etc/dnf/dnf.conf", "[main]\ninstallonlypkgs=foo, -x\n[r]\ninstallonlypkgs=y\n" }
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(xfree) char *path = file_join(root, files[i][0]);
		assert_true(file_write_atomic(path, str_of(files[i][1]), 0644, &e));
		if (i == 0)
			beside_is(root, PLATFORM_ZYPPER, "vendor,");
	}
	beside_is(root, PLATFORM_ZYPPER, "multiversion(kernel),foo,bar,baz,");
	beside_is(root, PLATFORM_DNF,
		  "kernel,kernel-PAE,installonlypkg(kernel),installonlypkg(kernel-module),"
		  "installonlypkg(vm),multiversion(kernel),foo,");
	assert_true(file_remove_tree(root, &e));
}

/* dnf 5 and yum 3 are scanned; an order for them is refused with cause and remedy. */
static void test_managers(void **state)
{
	static const struct {
		const char *file, *link, *real;
		const char *says; /* NULL = can install */
	} cases[] = {
		{ "dnf", NULL, NULL, NULL },	    { "dnf", "dnf-3", "dnf-3", NULL },
		{ "dnf", "dnf5", "dnf5", "dnf 5" }, { "dnf5", NULL, NULL, "dnf 5" },
		{ "yum", NULL, NULL, "yum 3" },
	};
	struct err e = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char root[] = "/tmp/tsukuroi-manager-XXXXXX";
		enum platform_manager m = PLATFORM_APT;
		assert_non_null(mkdtemp(root));
		AUTO(xfree) char *bin = file_join(root, "usr/bin");
		AUTO(xfree) char *etc = file_join(root, "etc");
		AUTO(xfree) char *os = file_join(etc, "os-release");
		AUTO(xfree) char *file = file_join(bin, cases[i].file);
		AUTO(xfree)
		char *real = file_join(bin, cases[i].link ? cases[i].real : cases[i].file);
		assert_true(file_mkdirs(bin, 0755, &e) && file_mkdirs(etc, 0755, &e));
		assert_true(file_write_atomic(os, STR_LIT("ID=fedora\n"), 0644, &e));
		assert_true(file_write_atomic(real, STR_LIT(""), 0755, &e));
		if (cases[i].link)
			assert_int_equal(symlink(cases[i].link, file), 0);
		assert_true(platform_detect(root, &m, &e));
		assert_int_equal(m, PLATFORM_DNF);
		assert_int_equal(platform_can_install(root, m, &e), !cases[i].says);
		if (cases[i].says)
			assert_non_null(strstr(e.msg, cases[i].says));
		assert_true(file_remove_tree(root, &e));
	}
}

static bool have_primary(void *arg, struct str path)
{
	return str_is(path, "repodata/1-primary.xml.gz");
}

#define DATA(type, file)                                                                           \
	"<data type=\"" type "\"><checksum type=\"sha256\">abc</checksum>"                         \
	"<location href=\"" file "\"/><size>7</size></data>"

static void test_repomd(void **state)
{
	AUTO(buf_done) struct buf out = BUF_INIT(10000);
	struct err e = { 0 };
	bool pruned = false;
	assert_true(mirror_prune_repomd(
		STR_LIT("<repomd><revision>1</revision>" DATA("primary",
							      "repodata/1-primary.xml.gz")
				DATA("filelists", "repodata/2-filelists.xml.gz") "</repomd>"),
		have_primary, NULL, &out, &pruned, &e));
	assert_true(pruned && strstr(out.p, "type=\"primary\"") && !strstr(out.p, "filelists"));
	assert_true(mirror_prune_repomd(
		STR_LIT("<repomd>" DATA("primary", "repodata/1-primary.xml.gz") "</repomd>"),
		have_primary, NULL, &out, &pruned, &e));
	assert_false(pruned);
	static const char *const bad[] = {
		"",
		"<repomd/>",
		"<repomd>" DATA("other", "x") "</repomd>",
		"<repomd>",
		"<repomd><data type=\"primary\"/></repomd>",
		"<repomd>" DATA("a&quot;b", "repodata/1-primary.xml.gz") "</repomd>"
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(
			mirror_prune_repomd(str_of(bad[i]), have_primary, NULL, &out, &pruned, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dnf_transcripts),
		cmocka_unit_test(test_zypper_transcripts),
		cmocka_unit_test(test_judge_dnf),
		cmocka_unit_test(test_judge_zypper), /* A06, A18 */
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_lock_limit), /* F18 */
		cmocka_unit_test(test_rpm_goes_on_alone),
		cmocka_unit_test(test_killed_look),
		cmocka_unit_test(test_cut_short_each_time),
		cmocka_unit_test(test_twin_that_stays),
		cmocka_unit_test(test_cleaning), /* F15 */
		cmocka_unit_test(test_database),
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_signed_index),
		cmocka_unit_test(test_managers),
		cmocka_unit_test(test_repomd),
	};
	return cmocka_run_group_tests_name("agent/rpm", tests, NULL, NULL);
}
