/* SPDX-License-Identifier: Apache-2.0
 * Generations in both engines: all or nothing, the guard against empty and shrunken feeds (F38),
 * dates that go back, loading. PostgreSQL is left out, with the reason, where it is not installed.
 */
#include "base/file.h"
#include "make.h"
#include "support/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct err e;
static struct sql *db;
static char dir[64];
static struct pg_cluster *cluster;

static bool with_patches(struct make *m, int from, int n, int64_t released_ms, const char *prefix)
{
	struct feed_info f = { .id = S("debian/x"),
			       .kind = S("debian"),
			       .url = S("http://h"),
			       .signer = S("KEY n"),
			       .is_signed = true,
			       .released_ms = released_ms };
	*m = (struct make) { .sink = sink_new(&f) };
	bool good = make_archive(m, "x");
	for (int i = from; good && i < from + n; i++) {
		AUTO(xfree) char *name = xasprintf("%s%d", prefix, i);
		good = make_patch(m, name, "1", PATCH_TYPE_ROLLUP, "x") &&
		       make_deb(m, name, "amd64", "1", "", name);
	}
	return good && make_end(m);
}

static uint32_t loaded(void)
{
	struct catalog *c;
	if (!catalog_load(db, STR_LIT(""), &c, &e))
		fail_msg("%s", e.msg);
	uint32_t n = c->n_patches;
	catalog_unref(c);
	return n;
}

static void saved_replaced_guarded_F38(void **state)
{
	struct make m, half, other, empty, more;
	assert_true(with_patches(&m, 0, 200, 1000, "p"));
	assert_int_equal(loaded(), 0);
	assert_true(generation_save(db, &m.g, 5, false, &e));
	assert_int_equal(loaded(), 200);
	assert_true(generation_save(db, &m.g, 6, false, &e)); /* the same again */
	assert_int_equal(loaded(), 200);

	assert_true(with_patches(&half, 0, 100, 2000, "p"));
	assert_false(generation_save(db, &half.g, 7, false, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "shrank from 200 to 100"));
	assert_int_equal(loaded(), 200);
	assert_true(with_patches(&other, 0, 200, 2000, "other"));
	assert_false(generation_save(db, &other.g, 7, false, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_true(with_patches(&empty, 0, 0, 2000, "p"));
	assert_false(generation_save(db, &empty.g, 7, false, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(loaded(), 200);

	assert_true(with_patches(&more, 5, 196, 2000, "p")); /* 2.5 % gone */
	assert_true(generation_save(db, &more.g, 8, false, &e));
	assert_int_equal(loaded(), 196);
	assert_false(generation_save(db, &m.g, 9, false, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "Date went back"));
	assert_false(
		generation_save(db, &m.g, 9, true, &e)); /* not even when shrinking is accepted */
	assert_int_equal(loaded(), 196);

	assert_false(generation_accept_held(db, S("debian/x"), 10, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND); /* a good one came after it */
	assert_false(generation_save(db, &half.g, 11, false, &e));
	assert_true(generation_accept_held(db, S("debian/x"), 12, &e));
	assert_int_equal(loaded(), 100);
	assert_true(generation_save(db, &empty.g, 13, true, &e));
	assert_int_equal(loaded(), 0);
	struct make *all[] = { &m, &half, &other, &empty, &more };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		sink_free(all[i]->sink);
}

/* One publication's dates never go back; what is not signed may be taken from elsewhere. */
static void dates_of_another_publication_A01(void **state)
{
	struct feed_info f = {
		.id = S("kev"), .kind = S("kev"), .url = S("http://h/kev.json"), .signer = S("")
	};
	struct generation g = { .feed = f, .records = S("") };
	g.feed.released_ms = 2000;
	assert_true(generation_save(db, &g, 1, false, &e));
	g.feed.released_ms = 1000;
	assert_false(generation_save(db, &g, 2, false, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	g.feed.url = S("http://h/kev.csv");
	if (!generation_save(db, &g, 3, false, &e))
		fail_msg("%s", e.msg);
	g.feed.is_signed = true;
	assert_true(generation_save(db, &g, 4, false, &e));
}

static struct make suite_of(const char *id, const char *const *names, const char *version,
			    int64_t released_ms)
{
	struct feed_info f = { .id = str_of(id),
			       .kind = S("debian"),
			       .url = S("http://h"),
			       .signer = S(""),
			       .released_ms = released_ms };
	struct make m = { .sink = sink_new(&f) };
	assert_true(make_archive(&m, "x"));
	for (; *names; names++)
		assert_true(make_patch(&m, *names, version, PATCH_TYPE_BUGFIX, "x") &&
			    make_deb(&m, *names, "amd64", version, "", *names));
	assert_true(make_end(&m));
	return m;
}

/* Says that 3 systems wait for one package, and notes what it was asked about. */
struct waiters {
	const char *package;
	size_t asked;
};

static uint32_t waiting(void *arg, const struct generation_lost *lost, size_t n, size_t *which_out)
{
	struct waiters *w = arg;
	w->asked += n;
	for (size_t i = 0; i < n; i++) {
		assert_false(lost[i].is_notice);
		assert_true(str_is(lost[i].os, "debian:12") && str_is(lost[i].arch, "amd64") &&
			    lost[i].kind == COMPONENT_DEB && lost[i].module.n == 0);
		*which_out = i;
		if (str_is(lost[i].name, w->package))
			return 3;
	}
	return 0;
}

/* One package of a source by version; the kernel's names change with it. */
static struct make kernels(const char *package, const char *version, int64_t released_ms)
{
	struct feed_info f = { .id = S("debian/w"),
			       .kind = S("debian"),
			       .url = S("http://h"),
			       .signer = S(""),
			       .released_ms = released_ms };
	struct make m = { .sink = sink_new(&f) };
	assert_true(make_archive(&m, "x"));
	for (int i = 0; i < 100; i++) {
		AUTO(xfree) char *name = xasprintf("w%d", i);
		assert_true(make_patch(&m, name, "1", PATCH_TYPE_BUGFIX, "x") &&
			    make_deb(&m, name, "amd64", "1", "", name));
	}
	assert_true(make_patch(&m, "linux", version, PATCH_TYPE_BUGFIX, "x") &&
		    make_deb(&m, package, "amd64", version, "", package));
	assert_true(make_end(&m));
	return m;
}

static void what_systems_wait_for_is_asked_about_F38(void **state)
{
	struct waiters w = { .package = "linux-6" };
	struct generation_watch watch = { waiting, &w };
	struct make first = kernels("linux-6", "6", 1000), next = kernels("linux-7", "7", 2000);
	struct make back = kernels("linux-6", "5", 3000);
	assert_true(generation_save_watched(db, &first.g, 1, false, &watch, &e));
	/* of a newer version of its source: replaced, not gone */
	assert_true(generation_save_watched(db, &next.g, 2, false, &watch, &e));
	assert_int_equal(w.asked, 0);
	w.package = "linux-8"; /* nobody waits for linux-7 */
	assert_true(generation_save_watched(db, &back.g, 3, false, &watch, &e));
	assert_int_equal(w.asked, 1);
	w.package = "linux-6";
	struct make none = kernels("other", "4", 4000);
	assert_false(generation_save_watched(db, &none.g, 4, false, &watch, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(
		strstr(e.msg, "'linux-6' of 'debian:12' is gone while systems lack it (3)"));
	assert_true(generation_accept_held(db, S("debian/w"), 5, &e));
	struct make *all[] = { &first, &next, &back, &none };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		sink_free(all[i]->sink);
}

/* At a point release the packages of -updates go into the release and the suite is empty: nobody
 * has to look at it. The same emptiness without the packages in the release is held. */
static void a_point_release_needs_nobody_F38(void **state)
{
	static const char *const some[] = { "clamav", "tzdata", NULL };
	static const char *const all[] = { "bash", "clamav", "tzdata", NULL };
	static const char *const none[] = { NULL };
	struct make release = suite_of("debian/r", all, "1", 1000);
	struct make updates = suite_of("debian/r-updates", some, "2", 1000);
	struct make empty = suite_of("debian/r-updates", none, "2", 2000);
	struct make older = suite_of("debian/r", all, "1", 2000);
	struct make point = suite_of("debian/r", all, "2", 3000);
	assert_true(generation_save(db, &release.g, 5, false, &e));
	assert_true(generation_save(db, &updates.g, 5, false, &e));
	uint32_t before = loaded();
	assert_true(generation_save(db, &older.g, 6, false, &e));
	assert_false(generation_save(db, &empty.g, 6, false, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "shrank from 2 to 0 records; 2 of 2 packages"));
	assert_int_equal(loaded(), before);
	struct feed_state *l;
	size_t n;
	assert_true(generation_save(db, &point.g, 7, false, &e));
	assert_true(generation_save(db, &empty.g, 7, false, &e)); /* they are in the release now */
	assert_true(feed_state_list(db, &l, &n, &e));
	for (size_t i = 0; i < n; i++)
		assert_false(l[i].is_held);
	feed_state_list_free(l, n);
	struct make *made[] = { &release, &updates, &empty, &older, &point };
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		sink_free(made[i]->sink);
	assert_true(feed_state_forget(db, "debian/r", &e) &&
		    feed_state_forget(db, "debian/r-updates", &e));
}

/* Names and numbers stay, but versions go back or the word "security" is gone: held all the same.
 */
static void other_losses_are_held_too_F38(void **state)
{
	static const char *const names[] = { "bash", "tzdata", NULL };
	struct make high = suite_of("debian/v", names, "2", 1000);
	struct make low = suite_of("debian/v", names, "1", 2000);
	assert_true(generation_save(db, &high.g, 5, false, &e));
	assert_false(generation_save(db, &low.g, 6, false, &e));
	assert_non_null(strstr(e.msg, "2 of 2 packages are not offered any more"));
	assert_true(feed_state_forget(db, "debian/v", &e));
	struct feed_info f = { .id = S("debian/v"),
			       .kind = S("debian"),
			       .url = S("http://h"),
			       .signer = S(""),
			       .released_ms = 500 };
	struct make security = { .sink = sink_new(&f) };
	assert_true(make_archive(&security, "x") &&
		    make_patch(&security, "bash", "2", PATCH_TYPE_SECURITY, "x") &&
		    make_deb(&security, "bash", "amd64", "2", "", "bash") && make_end(&security));
	assert_true(generation_save(db, &security.g, 5, false, &e));
	assert_false(generation_save(db, &high.g, 6, false, &e));
	assert_non_null(strstr(e.msg, "1 of 1 products with security updates have none any more"));
	sink_free(high.sink);
	sink_free(low.sink);
	sink_free(security.sink);
	assert_true(feed_state_forget(db, "debian/v", &e));
}

static void load_says_where_records_come_from(void **state)
{
	struct make m;
	struct catalog *c;
	assert_true(with_patches(&m, 0, 3, 1000, "p"));
	m.g.feed.id = S("debian/x");
	assert_true(generation_save(db, &m.g, 5, true, &e) || e.code == ERR_UNTRUSTED);
	assert_true(feed_state_forget(db, "debian/x", &e));
	assert_true(generation_save(db, &m.g, 5, false, &e));
	assert_true(catalog_load(db, STR_LIT(""), &c, &e));
	assert_int_equal(c->n_feeds, 1);
	assert_string_equal(c->feeds[0].signer.p, "KEY n");
	assert_true(c->feeds[0].is_signed);
	assert_int_equal(c->feeds[0].rows, 3);
	assert_int_equal(c->feeds[0].fetched_ms, 5);
	assert_int_equal(c->feeds[0].released_ms, 1000);
	assert_true(c->feeds[0].generation >= 1);
	assert_true(digest_eq(&c->feeds[0].digest, &m.g.feed.digest));
	struct catalog *again = catalog_ref(c);
	catalog_unref(c);
	assert_int_equal(again->n_patches, 3);
	catalog_unref(again);
	sink_free(m.sink);
}

static void states_are_kept(void **state)
{
	char x[] = "debian/x", y[] = "debian/y", kind[] = "debian", url[] = "http://h", key[] = "K";
	char down[] = "mirror is down", etag[] = "\"abc\"";
	struct feed_state f = { .id = x,
				.kind = kind,
				.url = url,
				.last_attempt_ms = 5,
				.signer = key,
				.is_signed = true,
				.error = down };
	struct feed_state *l;
	size_t n;
	assert_true(feed_state_save(db, &f, &e));
	f.error = NULL;
	f.etag = etag;
	f.last_success_ms = 6;
	assert_true(feed_state_save(db, &f, &e));
	f.id = y;
	f.error = down;
	assert_true(feed_state_save(db, &f, &e));
	assert_true(feed_state_list(db, &l, &n, &e));
	assert_int_equal(n, 2);
	assert_null(l[0].error);
	assert_string_equal(l[0].etag, "\"abc\"");
	assert_int_equal(l[0].last_success_ms, 6);
	assert_string_equal(l[1].error, down);
	feed_state_list_free(l, n);
	assert_true(feed_state_forget(db, "debian/y", &e));
	assert_true(feed_state_list(db, &l, &n, &e));
	assert_int_equal(n, 1);
	feed_state_list_free(l, n);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(saved_replaced_guarded_F38),
	cmocka_unit_test(a_point_release_needs_nobody_F38),
	cmocka_unit_test(other_losses_are_held_too_F38),
	cmocka_unit_test(load_says_where_records_come_from),
	cmocka_unit_test(states_are_kept),
	cmocka_unit_test(dates_of_another_publication_A01),
	cmocka_unit_test(what_systems_wait_for_is_asked_about_F38),
};

static int open_sqlite(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/test-generation-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	AUTO(xfree) char *url = xasprintf("sqlite:%s/db", dir);
	if (sql_open(url, &db, &e) && sql_migrate(db, &e))
		return 0;
	print_message("%s\n", e.msg);
	return 1;
}

static int close_sqlite(void **state)
{
	sql_close(db);
	return file_remove_tree(dir, &e) ? 0 : 1;
}

static int open_pg(void **state)
{
	AUTO(xfree) char *url = pg_cluster_database(cluster, "catalog");
	if (sql_open(url, &db, &e) && sql_migrate(db, &e))
		return 0;
	print_message("%s\n", e.msg);
	return 1;
}

static int close_pg(void **state)
{
	sql_close(db);
	return 0;
}

int main(void)
{
	int failed = cmocka_run_group_tests_name("sqlite", tests, open_sqlite, close_sqlite);
	if (!pg_cluster_start(false, &cluster, &e)) {
		print_message("PostgreSQL left out: %s\n", e.msg);
		return failed + (e.code != ERR_NOT_FOUND);
	}
	failed += cmocka_run_group_tests_name("postgresql", tests, open_pg, close_pg);
	pg_cluster_stop(cluster);
	return failed;
}
