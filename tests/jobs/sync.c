/* SPDX-License-Identifier: Apache-2.0
 * The sync job for real: its threads, its fetch and parse processes, a vendor on 127.0.0.1 that
 * serves feeds in every broken way (F37, F38, F39, G11). A system's verdicts are counted before and
 * after each: nothing may change, and the feed must say why. */
#include "catalog/records.h"
#include "rig.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum mode {
	GOOD,
	EMPTY,
	HALF,
	OTHER,
	PORTAL,
	REFUSED,
	GONE,
	CUT,
	GARBAGE,
	HUGE_LINE,
	SLOW,
	WAITED_FOR, /* one notice is gone: a system lacks what it fixes */
	NOT_WAITED_FOR,
	MODES_
};
struct world {
	struct rig rig;
	enum mode mode;
	bool slow_seen;
	_Atomic int told;	  /* connections that came to tell how a sync ended */
	_Atomic pid_t told_by[8]; /* the fetch process at that time, 0 = none */
	_Atomic int listener;
	bool ask_again; /* as soon as a sync is told to have ended */
	char ended[33], next[33];
	_Atomic bool asked; /* both are written */
};

static void dsa_list(struct buf *b, int from, int n, const char *name)
{
	for (int i = from; i < from + n; i++)
		buf_printf(b,
			   "[%02d Feb 2024] DSA-%d-1 %s%d - security update\n"
			   "\t{CVE-2024-%d}\n\t[bookworm] - %s%d 1.%d\n",
			   1 + i % 28, 6000 - i, name, i, 1000 + i, name, i, i);
}

static void serve(void *arg, struct http_req *r)
{
	struct world *w = arg;
	AUTO(buf_done) struct buf b = BUF_INIT(4u << 20);
	const char *type = "text/plain";
	int status = 200;
	if (strstr(http_req_path(r), "/json")) {
		http_reply(r, 200, "application/json",
			   STR_LIT("{\"bash\":{\"CVE-2024-1\":{\"releases\":{\"bookworm\":{"
				   "\"status\":\"resolved\",\"fixed_version\":\"1\","
				   "\"urgency\":\"low\"}}}}}"));
		return;
	}
	switch (w->mode) {
	case GOOD: dsa_list(&b, 0, 200, "p"); break;
	case EMPTY: break;
	case HALF: dsa_list(&b, 0, 100, "p"); break;
	case OTHER: dsa_list(&b, 0, 200, "other"); break;
	case PORTAL:
		buf_adds(&b, "<!DOCTYPE html><html>Please log in</html>");
		type = "text/html";
		break;
	case REFUSED: status = 403; break;
	case GONE: status = 404; break;
	case CUT: {
		static const char cut[] = "\xfd"
					  "7zXZ\0\0\4\xe6\xd6\xb4\x46";
		buf_add(&b, cut, sizeof(cut) - 1);
		break;
	}
	case GARBAGE: {
		static const char bad[] = "[01 Feb 2024] DSA-1 \xff\xfe\n\t[book\0worm] - x 1\n";
		buf_add(&b, bad, sizeof(bad) - 1);
		break;
	}
	case HUGE_LINE:
		for (int i = 0; i < 200000; i++)
			buf_adds(&b, "[[[[[[[[");
		break;
	case SLOW:
		w->slow_seen = true;
		dsa_list(&b, 0, 200, "p");
		usleep(1500000);
		break;
	case WAITED_FOR:
	case NOT_WAITED_FOR: {
		int gone = w->mode == WAITED_FOR ? 5 : 150;
		dsa_list(&b, 0, gone, "p");
		dsa_list(&b, gone + 1, 199 - gone, "p");
		break;
	}
	case MODES_: break;
	}
	http_reply(r, status, type, buf_str(&b));
}

static void set(struct world *w, enum setting id, const char *value)
{
	struct err e = { 0 };
	struct setting_change c = { .id = id, .value = str_of(value) };
	ok(settings_change(w->rig.settings, &c, 1, -1, NULL, &e), &e);
}

/* Runs one sync; the state of the feed in *state (free with feed_state_list_free, *n rows). */
static void sync_now(struct world *w, struct feed_state **state, size_t *n)
{
	char id[33];
	struct job job;
	struct err e = { 0 };
	ok(jobs_start_sync(w->rig.jobs, "test", id, &e), &e);
	do {
		usleep(20000);
		ok(jobs_get(w->rig.jobs, id, &job, &e), &e);
	} while (job.state == JOB_QUEUED || job.state == JOB_RUNNING);
	ok(feed_state_list(w->rig.db, state, n, &e), &e);
}

struct counts {
	uint32_t patches, missing;
};

static struct counts count(struct world *w)
{
	struct match_view v;
	match_read(w->rig.match, &v);
	struct counts c = { .patches = v.catalog->n_patches };
	for (uint32_t p = 0; p < c.patches; p++)
		c.missing += match_count(&v, p, VERDICT_MISSING);
	match_read_end(&v);
	return c;
}

/* The counts after a sync whose feed's state nobody looks at. */
static struct counts synced(struct world *w, enum mode mode)
{
	struct feed_state *l;
	size_t n;
	w->mode = mode;
	sync_now(w, &l, &n);
	feed_state_list_free(l, n);
	return count(w);
}

/* Called by the thread of the sync, right after the job has ended. */
static void job_changed(void *arg, const char *id)
{
	struct world *w = arg;
	struct job job;
	struct err e = { 0 };
	if (!w->ask_again || !jobs_get(w->rig.jobs, id, &job, &e) || job.state < JOB_SUCCEEDED)
		return;
	w->ask_again = false;
	snprintf(w->ended, sizeof(w->ended), "%s", id);
	ok(jobs_start_sync(w->rig.jobs, "again", w->next, &e), &e);
	w->asked = true;
}

/* p0..p9 in versions older than what the notices fix. */
static void inventory(struct buf *b)
{
	buf_adds(b, "arch\tamd64\n");
	for (int i = 0; i < 10; i++)
		buf_printf(b, "deb\tp%d\tamd64\t0.1\t\t\n", i);
	buf_adds(b, "os\tdebian\t12\tbookworm\n");
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	rig_open(&w->rig, serve, w);
	struct catalog *none;
	ok(catalog_load(w->rig.db, STR_LIT(""), &none, &e), &e);
	match_set_catalog(w->rig.match, none);
	catalog_unref(none);
	AUTO(xfree)
	char *list = xasprintf("http://127.0.0.1:%u/DSA/list", http_server_port(w->rig.vendor));
	/* one feed only: the others are switched off */
	for (int i = 0; i < SETTINGS_; i++) {
		struct str key = str_of(setting_info((enum setting)i)->key);
		if (str_starts(key, "feed.") &&
		    setting_info((enum setting)i)->type == SETTING_T_TEXT)
			set(w, (enum setting)i, "off");
	}
	set(w, SETTING_FEED_DEBIAN_DSA_URL, list);
	AUTO(xfree) char *suite = xasprintf("# %s", "none");
	set(w, SETTING_FEED_DEBIAN_SUITES, suite);
	/* a system that lacks some of it */
	uint32_t no = kit_enrol(w->rig.fleet, 0, "h");
	AUTO(buf_done) struct buf inv = BUF_INIT(1u << 20);
	inventory(&inv);
	ok(fleet_put_inventory(w->rig.fleet, no, buf_str(&inv), kit_now_ms, &e), &e);
	struct jobs_conf conf = rig_conf(&w->rig, &clock_system);
	conf.job_changed = job_changed;
	conf.arg = w;
	ok(jobs_open(&conf, &w->rig.jobs, &e), &e);
	jobs_lead(w->rig.jobs, 0); /* as the only server */
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	rig_close(&w->rig);
	xfree(w);
	return 0;
}

static void G11_no_broken_feed_changes_a_count(void **state)
{
	static const struct {
		enum mode mode;
		const char *says;
	} rows[] = {
		{ EMPTY, "list is empty" },
		{ HALF, "shrank from 200 to 100" },
		{ OTHER, "200 of 200 notices are gone" },
		{ PORTAL, "captive portal" },
		{ REFUSED, "HTTP 403" },
		{ GONE, "is not there" },
		{ CUT, "" },
		{ GARBAGE, "" },
		{ HUGE_LINE, "" },
	};
	struct world *w = *state;
	struct feed_state *l;
	size_t n;
	w->mode = GOOD;
	sync_now(w, &l, &n);
	if (l[0].error)
		fail_msg("%s", l[0].error);
	assert_int_equal(l[0].rows, 200);
	feed_state_list_free(l, n);
	struct counts before = count(w);
	assert_true(before.patches > 0);
	assert_int_equal(before.missing, 10);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		w->mode = rows[i].mode;
		sync_now(w, &l, &n);
		if (!l[0].error || !strstr(l[0].error, rows[i].says))
			fail_msg("mode %d: '%s'", rows[i].mode, l[0].error ? l[0].error : "fine");
		print_message("%s\n", l[0].error);
		assert_int_equal(l[0].rows, 200);
		/* one that was held stays so until a good one comes */
		assert_int_equal(l[0].is_held, i >= 1);
		struct counts after = count(w);
		assert_int_equal(after.patches, before.patches);
		assert_int_equal(after.missing, before.missing);
		feed_state_list_free(l, n);
	}
	w->mode = GOOD; /* and whole again */
	sync_now(w, &l, &n);
	assert_null(l[0].error);
	assert_false(l[0].is_held);
	feed_state_list_free(l, n);
}

static void F38_a_held_one_is_taken_over_by_a_person(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct feed_state *l;
	size_t n;
	struct counts before = synced(w, GOOD);
	w->mode = HALF;
	sync_now(w, &l, &n);
	assert_true(l[0].is_held);
	assert_int_equal(l[0].held_rows, 100);
	feed_state_list_free(l, n);
	assert_int_equal(count(w).patches, before.patches);
	ok(jobs_accept_held(w->rig.jobs, "debian-dsa", &e), &e);
	assert_true(count(w).patches < before.patches);
	assert_false(jobs_accept_held(w->rig.jobs, "debian-dsa", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	sync_now(w, &l, &n);
	assert_null(l[0].error);
	assert_int_equal(l[0].rows, 100);
	feed_state_list_free(l, n);
}

/* One of 200 is far below the guard's share, but a system lacks it: somebody has to look. */
static void F38_what_a_system_lacks_does_not_vanish_silently(void **state)
{
	struct world *w = *state;
	struct feed_state *l;
	size_t n;
	struct counts before = synced(w, GOOD);
	w->mode = WAITED_FOR;
	sync_now(w, &l, &n);
	assert_true(l[0].is_held);
	assert_non_null(strstr(l[0].error,
			       "'DSA-5995-1' of 'debian:12' is gone while systems lack it (1)"));
	feed_state_list_free(l, n);
	assert_int_equal(count(w).patches, before.patches);
	assert_int_equal(count(w).missing, before.missing);
	w->mode = NOT_WAITED_FOR;
	sync_now(w, &l, &n);
	assert_null(l[0].error);
	assert_int_equal(l[0].rows, 199);
	feed_state_list_free(l, n);
	assert_int_equal(count(w).missing, before.missing);
}

/* A feed in a directory of the user's. */
static void M_073_a_feed_from_a_file(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct feed_state *l;
	size_t n;
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	AUTO(xfree) char *path = file_join(w->rig.dir, "list");
	AUTO(xfree) char *url = xasprintf("file://%s", path);
	dsa_list(&b, 0, 20, "p");
	ok(file_write_atomic(path, buf_str(&b), 0644, &e), &e);
	set(w, SETTING_FEED_DEBIAN_DSA_URL, url);
	sync_now(w, &l, &n);
	if (l[0].error)
		fail_msg("%s", l[0].error);
	assert_int_equal(l[0].rows, 20);
	feed_state_list_free(l, n);
}

static size_t steps_of_sync(struct world *w, const char *by)
{
	char id[33];
	struct job job;
	struct err e = { 0 };
	ok(jobs_start_sync(w->rig.jobs, by, id, &e), &e);
	do {
		usleep(20000);
		ok(jobs_get(w->rig.jobs, id, &job, &e), &e);
	} while (job.state == JOB_QUEUED || job.state == JOB_RUNNING);
	for (size_t i = 0; i < job.n_steps; i++)
		assert_string_equal(job.steps[i].error, "");
	return job.n_steps;
}

/* M-075: the clock asks a kind no more often than its row says; a person is always served. */
static void M_075_a_schedule_leaves_out_what_was_just_synced(void **state)
{
	struct world *w = *state;
	AUTO(xfree)
	char *url = xasprintf("http://127.0.0.1:%u/json", http_server_port(w->rig.vendor));
	w->mode = GOOD;
	set(w, SETTING_FEED_DEBIAN_TRACKER_URL, url);
	assert_int_equal(steps_of_sync(w, JOBS_SCHEDULE), 2);
	assert_int_equal(steps_of_sync(w, JOBS_SCHEDULE), 1);
	assert_int_equal(steps_of_sync(w, "admin"), 2);
	AUTO(xfree) char *moved = xasprintf("%s?x", url);
	set(w, SETTING_FEED_DEBIAN_TRACKER_URL, moved);
	assert_int_equal(steps_of_sync(w, JOBS_SCHEDULE), 2);
}

/* The process of a role, found among our children; 0 when there is none. */
static pid_t child_of_role(const char *role)
{
	DIR *d = opendir("/proc");
	pid_t found = 0;
	AUTO(xfree) char *want = xasprintf("--role=%s", role);
	for (struct dirent *x; d && !found && (x = readdir(d));) {
		AUTO(buf_done) struct buf b = BUF_INIT(4096);
		AUTO(buf_done) struct buf st = BUF_INIT(4096);
		AUTO(xfree) char *cmd = xasprintf("/proc/%s/cmdline", x->d_name);
		AUTO(xfree) char *stat = xasprintf("/proc/%s/stat", x->d_name);
		AUTO(xfree) char *parent = xasprintf(" %d ", (int)getpid());
		struct err ignored;
		if (x->d_name[0] >= '1' && x->d_name[0] <= '9' && file_read(cmd, &b, &ignored) &&
		    memmem(buf_str(&b).p, b.n, want, strlen(want)) &&
		    file_read(stat, &st, &ignored) && strstr(st.p, parent))
			found = (pid_t)strtol(x->d_name, NULL, 10);
	}
	if (d)
		closedir(d);
	return found;
}

/* kill -9 of the fetch process in the middle of a transfer. */
static void a_killed_fetch_process_is_named_and_replaced(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct feed_state *l;
	size_t n;
	char id[33];
	struct job job;
	w->mode = SLOW;
	ok(jobs_start_sync(w->rig.jobs, "test", id, &e), &e);
	while (!w->slow_seen)
		usleep(10000);
	pid_t pid = child_of_role("fetch");
	assert_true(pid > 0);
	kill(pid, SIGKILL);
	do {
		usleep(20000);
		ok(jobs_get(w->rig.jobs, id, &job, &e), &e);
	} while (job.state == JOB_QUEUED || job.state == JOB_RUNNING);
	ok(feed_state_list(w->rig.db, &l, &n, &e), &e);
	if (!l[0].error || !strstr(l[0].error, "the fetch process died of signal 9"))
		fail_msg("'%s'", l[0].error ? l[0].error : "fine");
	feed_state_list_free(l, n);
	w->mode = GOOD;
	sync_now(w, &l, &n);
	assert_null(l[0].error);
	feed_state_list_free(l, n);
	assert_int_equal(child_of_role("fetch"), 0); /* nothing to fetch: it rests */
	assert_int_equal(child_of_role("parse"), 0);
}

/* Who is told speaks TLS; the first one that comes to tell dies, all others are hung up on. */
static void *hang_up(void *arg)
{
	struct world *w = arg;
	for (int fd; (fd = accept(w->listener, NULL, NULL)) >= 0; close(fd)) {
		pid_t pid = child_of_role("fetch");
		int no = w->told;
		if (no < (int)ARRAY_LEN(w->told_by))
			w->told_by[no] = pid;
		if (no == 0 && pid > 0)
			kill(pid, SIGKILL);
		w->told = no + 1;
	}
	return NULL;
}

static unsigned listen_to_none(struct world *w, pthread_t *thread)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(w->listener >= 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(w->listener, 8), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(pthread_create(thread, NULL, hang_up, w), 0);
	return ntohs(at.sin_port);
}

static void wait_told(struct world *w, int n)
{
	for (int i = 0; i < 6000 && w->told < n; i++)
		usleep(20000);
	assert_true(w->told >= n);
}

/* M-076: the message about a sync leaves by the fetch process, and is tried again when that dies or
 * nobody listens. What could be told to nobody is told after the next sync. */
static void M_076_messages_leave_by_the_fetch_process(void **state)
{
	struct world *w = *state;
	struct feed_state *l;
	size_t n;
	pthread_t thread;
	AUTO(xfree) char *hook = xasprintf("https://127.0.0.1:%u/hook", listen_to_none(w, &thread));
	set(w, SETTING_NOTIFY_URL, hook);
	w->mode = GONE;
	sync_now(w, &l, &n);
	feed_state_list_free(l, n);
	wait_told(w, 3);
	sync_now(w, &l, &n); /* the same problem, which nobody has heard of */
	feed_state_list_free(l, n);
	wait_told(w, 4);
	shutdown(w->listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(w->listener);
	for (int i = 0; i < 4; i++)
		assert_true(w->told_by[i] > 0);
	assert_true(w->told_by[0] != w->told_by[1]);
}

/* M-074: what is switched off is gone from the list, and what it said with it. */
static void a_feed_switched_off_leaves_nothing_behind(void **state)
{
	struct world *w = *state;
	struct feed_state *l;
	size_t n;
	w->mode = GOOD;
	sync_now(w, &l, &n);
	assert_int_equal(n, 1);
	/* limited to the releases of the fleet */
	assert_non_null(strstr(l[0].url, "/DSA/list#debian:12"));
	feed_state_list_free(l, n);
	assert_true(count(w).patches > 0);
	set(w, SETTING_FEED_DEBIAN_DSA_URL, "off");
	sync_now(w, &l, &n);
	assert_int_equal(n, 0);
	feed_state_list_free(l, n);
	assert_int_equal(count(w).patches, 0);
}

/* G11: a release that joins the fleet widens what a feed is asked for; that excuses no loss. */
static void a_new_release_does_not_lower_the_guard(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct feed_state *l;
	size_t n;
	struct counts before = synced(w, GOOD);
	static const struct host_attrs older = { .hostname = (char *)"older",
						 .os_id = (char *)"debian",
						 .os_version = (char *)"11",
						 .arch = (char *)"amd64" };
	uint32_t no;
	ok(fleet_enrol(w->rig.fleet, kit_id(1), "local", &older, kit_id(1), &no, &e), &e);
	w->mode = HALF;
	sync_now(w, &l, &n);
	assert_non_null(strstr(l[0].url, "debian:11"));
	assert_non_null(strstr(l[0].url, "debian:12"));
	assert_true(l[0].is_held);
	assert_int_equal(l[0].rows, 200);
	feed_state_list_free(l, n);
	assert_int_equal(count(w).patches, before.patches);
}

/* M-077: a sync asked for when the last one has just ended is one of its own, not the one that is
 * over: otherwise nothing would be fetched and nobody told. */
static void M_077_a_sync_asked_for_at_the_end_of_another_runs(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct job job = { .state = JOB_QUEUED };
	w->ask_again = true;
	synced(w, GOOD);
	for (int i = 0; i < 1000 && job.state < JOB_SUCCEEDED; i++, usleep(20000))
		if (w->asked)
			ok(jobs_get(w->rig.jobs, w->next, &job, &e), &e);
	assert_int_equal(job.state, JOB_SUCCEEDED);
	assert_string_not_equal(w->next, w->ended);
	assert_string_equal(job.created_by, "again");
}

/* M-074: a class that is off leaves with the next sync, without anything fetched anew, and comes
 * back the same way. */
static void M_074_the_matrix_is_applied_by_the_sync(void **state)
{
	struct world *w = *state;
	struct counts before = synced(w, GOOD);
	assert_int_equal(before.missing, 10);
	set(w, SETTING_SCOPE_OFF, "debian/security");
	struct counts off = synced(w, GOOD);
	assert_int_equal(off.patches, 0);
	assert_int_equal(off.missing, 0);
	set(w, SETTING_SCOPE_OFF, "debian/bugfix");
	struct counts on = synced(w, GOOD);
	assert_int_equal(on.patches, before.patches);
	assert_int_equal(on.missing, 10);
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(G11_no_broken_feed_changes_a_count),
		T(F38_a_held_one_is_taken_over_by_a_person),
		T(F38_what_a_system_lacks_does_not_vanish_silently),
		T(M_073_a_feed_from_a_file),
		T(M_075_a_schedule_leaves_out_what_was_just_synced),
		T(a_feed_switched_off_leaves_nothing_behind),
		T(a_new_release_does_not_lower_the_guard),
		T(M_077_a_sync_asked_for_at_the_end_of_another_runs),
		T(M_074_the_matrix_is_applied_by_the_sync),
		T(M_076_messages_leave_by_the_fetch_process),
		T(a_killed_fetch_process_is_named_and_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	role_main(argc, argv, jobs_roles);
	return engines_run(group);
}
