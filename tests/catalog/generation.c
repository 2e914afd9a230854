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
	if (!catalog_load(db, &c, &e))
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

static void load_says_where_records_come_from(void **state)
{
	struct make m;
	struct catalog *c;
	assert_true(with_patches(&m, 0, 3, 1000, "p"));
	m.g.feed.id = S("debian/x");
	assert_true(generation_save(db, &m.g, 5, true, &e) || e.code == ERR_UNTRUSTED);
	assert_true(feed_state_forget(db, "debian/x", &e));
	assert_true(generation_save(db, &m.g, 5, false, &e));
	assert_true(catalog_load(db, &c, &e));
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
	cmocka_unit_test(load_says_where_records_come_from),
	cmocka_unit_test(states_are_kept),
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
	if (!pg_cluster_start(&cluster, &e)) {
		print_message("PostgreSQL left out: %s\n", e.msg);
		return failed + (e.code != ERR_NOT_FOUND);
	}
	failed += cmocka_run_group_tests_name("postgresql", tests, open_pg, close_pg);
	pg_cluster_stop(cluster);
	return failed;
}
