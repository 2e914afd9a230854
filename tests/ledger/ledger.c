/* SPDX-License-Identifier: Apache-2.0
 * The ledger on a real database, fleet and catalog: what scans and new catalogs change is written
 * down once, in the scan's own transaction, and read back page by page. */
#include "ledger/ledger.h"
#include "base/file.h"
#include "support/engines.h"
#include "support/kit.h"

#include <unistd.h>

struct world {
	char dir[64];
	struct sql *db;
	struct fleet *fleet;
	struct match *match;
	struct ledger *ledger;
	uint32_t host[3];
};

static void set_catalog(struct world *w, const char *ssl, bool with_zlib)
{
	struct sink *s = kit_begin();
	kit_patch(s, "openssl", ssl, PATCH_TYPE_SECURITY);
	kit_component(s, "openssl", ssl);
	if (with_zlib) {
		kit_patch(s, "zlib", "1.3-2", PATCH_TYPE_SECURITY);
		kit_component(s, "zlib1g", "1.3-2");
	}
	struct catalog *c = kit_end(s);
	match_set_catalog(w->match, c);
	catalog_unref(c);
}

static void scan(struct world *w, int i, const char *ssl, const char *zlib)
{
	struct err e = { 0 };
	AUTO(xfree)
	char *text = xasprintf("arch\tamd64\ndeb\topenssl\tamd64\t%s\t\t\n"
			       "deb\tzlib1g\tamd64\t%s\tzlib\t\nos\tdebian\t12\tbookworm\n",
			       ssl, zlib);
	kit_now_ms += 1000;
	ok(fleet_put_inventory(w->fleet, w->host[i], str_of(text), kit_now_ms, &e), &e);
}

static void open_ledger(struct world *w)
{
	struct err e = { 0 };
	w->ledger = ledger_open(w->db, &kit_clock);
	ok(ledger_attach(w->ledger, w->fleet, w->match, &e), &e);
}

static void close_ledger(struct world *w)
{
	ledger_detach(w->ledger);
	ledger_close(w->ledger);
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/ledger.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	AUTO(xfree) char *url = engines_fresh();
	ok(sql_open(url, &w->db, &e) && sql_migrate(w->db, &e) &&
		   fleet_load(w->db, &kit_clock, &w->fleet, &e),
	   &e);
	w->match = match_new(w->fleet);
	open_ledger(w);
	static const char *const names[] = { "web1", "web2", "db1" };
	for (int i = 0; i < 3; i++)
		w->host[i] = kit_enrol(w->fleet, i, names[i]);
	set_catalog(w, "3.0.2-1", true);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	close_ledger(w);
	match_free(w->match);
	fleet_free(w->fleet);
	sql_close(w->db);
	assert_true(file_remove_tree(w->dir, NULL));
	xfree(w);
	return 0;
}

/* A history as "event patch-or-hosts; ", newest first, by pages of `limit`. */
static char *told(struct world *w, bool of_host, const char *id, size_t limit)
{
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	struct ledger_place at = { 0 };
	struct ledger_item *items;
	size_t n;
	bool more = true;
	for (int pages = 0; more; pages++) {
		assert_in_range(pages, 0, 100);
		ok(of_host ? ledger_of_host(w->ledger, str_of(id), &at, limit, &a, &items, &n,
					    &more, &e)
			   : ledger_of_patch(w->ledger, str_of(id), &at, limit, &a, &items, &n,
					     &more, &e),
		   &e);
		assert_true(n <= limit);
		for (size_t i = 0; i < n; i++)
			if (of_host)
				buf_printf(&b, "%s %s; ", ledger_event_name(items[i].event),
					   items[i].patch + 10);
			else
				buf_printf(&b, "%s %u%s; ", ledger_event_name(items[i].event),
					   items[i].hosts,
					   items[i].host + MIN(31, strlen(items[i].host)));
	}
	return buf_take(&b);
}

static void expect_host(struct world *w, int i, const char *want)
{
	for (size_t limit = 1; limit < 30; limit += 7) {
		AUTO(xfree) char *got = told(w, true, kit_id(i), limit);
		assert_string_equal(got, want);
	}
}

static void expect_patch(struct world *w, const char *id, const char *want)
{
	for (size_t limit = 1; limit < 30; limit += 7) {
		AUTO(xfree) char *got = told(w, false, id, limit);
		assert_string_equal(got, want);
	}
}

#define SSL "debian:12:openssl:3.0.2-1"

static void scans_become_entries(void **state)
{
	struct world *w = *state;
	scan(w, 0, "3.0.1-1", "1.3-1"); /* lacks both */
	scan(w, 1, "3.0.2-1", "1.3-2"); /* has both: no event */
	scan(w, 0, "3.0.1-1", "1.3-1"); /* the same again: none */
	scan(w, 0, "3.0.2-1", "1.3-1");
	expect_host(w, 0,
		    "installed openssl:3.0.2-1; missing openssl:3.0.2-1; missing zlib:1.3-2; ");
	expect_host(w, 1, "");
	expect_patch(w, SSL, "installed 11; missing 11; known 0; ");
	int64_t size[3];
	struct err e = { 0 };
	ok(ledger_size(w->ledger, size, &e), &e);
	assert_int_equal(size[0], 2);
	assert_int_equal(size[1], 3);
	assert_int_equal(size[2], 2);
}

static void a_catalog_becomes_one_row_per_patch_and_event(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 3; i++)
		scan(w, i, i == 2 ? "3.0.2-1" : "3.0.1-1", "1.3-2");
	set_catalog(w, "3.0.3-1", false);
	expect_patch(w, "debian:12:openssl:3.0.3-1", "missing 3; known 0; ");
	expect_patch(w, SSL, "gone 2; missing 12; missing 11; known 0; ");
	expect_host(w, 2, "missing openssl:3.0.3-1; ");
	expect_host(w, 0,
		    "gone openssl:3.0.2-1; missing openssl:3.0.3-1; missing openssl:3.0.2-1; ");
	/* Adopted again: nothing is new. */
	set_catalog(w, "3.0.3-1", false);
	expect_patch(w, "debian:12:openssl:3.0.3-1", "missing 3; known 0; ");
}

static void a_start_adds_only_what_no_row_speaks_of(void **state)
{
	struct world *w = *state;
	scan(w, 0, "3.0.1-1", "1.3-1");
	close_ledger(w);
	open_ledger(w);
	expect_patch(w, SSL, "missing 11; known 0; ");
	close_ledger(w);
	w->ledger = NULL;
	set_catalog(w, "3.0.3-1", true); /* nobody wrote it down */
	open_ledger(w);
	expect_patch(w, "debian:12:openssl:3.0.3-1", "missing 11; known 0; ");
	expect_patch(w, "debian:12:zlib:1.3-2", "missing 11; known 0; ");
}

static bool fail_after(struct sql_conn *c, void *gathered, struct err *e)
{
	return ledger_batch_write(c, gathered, e) && err_set(e, ERR_IO, "power is gone");
}
static void *gather_one(void *arg, const struct host *h, const uint32_t *old UNUSED,
			uint32_t n_old UNUSED, const uint32_t *new UNUSED, uint32_t n_new UNUSED)
{
	struct ledger_batch *b = ledger_batch_new(arg);
	ledger_batch_host(b, str_of(h->id));
	ledger_batch_change(b, STR_LIT(SSL), LEDGER_MISSING);
	return b;
}
static void done_one(void *gathered, bool committed)
{
	assert_false(committed);
	ledger_batch_done(gathered, committed);
}

static void F03_an_entry_stands_or_falls_with_its_scan(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct fleet_journal j = { gather_one, fail_after, done_one, w->ledger };
	fleet_set_journal(w->fleet, &j);
	assert_false(fleet_put_inventory(w->fleet, w->host[0], STR_LIT("arch\tamd64\n"), kit_now_ms,
					 &e));
	expect_host(w, 0, "");
	fleet_read_lock(w->fleet);
	assert_int_equal(fleet_host(w->fleet, w->host[0])->last_scan_ms, 0);
	fleet_read_unlock(w->fleet);
}

/* A sync stores its generation; whether the server lives long enough to adopt it is another matter.
 */
static void store_generation(struct world *w, const char *ssl, int64_t released_ms)
{
	struct err e = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/x"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("http://x"),
				  .signer = STR_LIT(""),
				  .released_ms = released_ms };
	struct generation g = { 0 };
	AUTO(sink_free) struct sink *s = sink_new(&feed);
	kit_patch(s, "openssl", ssl, PATCH_TYPE_SECURITY);
	struct component c = { .kind = COMPONENT_DEB,
			       .name = STR_LIT("openssl"),
			       .arch = STR_LIT("amd64"),
			       .version = str_of(ssl),
			       .archive = CATALOG_NONE };
	ok(sink_component(s, &c, &e) && sink_finish(s, &g.records, &g.feed, &e), &e);
	ok(generation_save(w->db, &g, kit_now_ms, true, &e), &e);
}

/* As a server starts. */
static void start_again(struct world *w)
{
	struct err e = { 0 };
	AUTO(catalog_unref) struct catalog *now = NULL;
	AUTO(catalog_unref) struct catalog *told = NULL;
	close_ledger(w);
	match_free(w->match);
	w->match = match_new(w->fleet);
	ok(catalog_load(w->db, STR_LIT(""), &now, &e) &&
		   catalog_load_told(w->db, STR_LIT(""), &told, &e),
	   &e);
	match_set_catalog(w->match, told ? told : now);
	open_ledger(w);
	if (told)
		match_set_catalog(w->match, now);
}

static void a_crash_between_storing_and_telling_loses_and_doubles_nothing(void **state)
{
	struct world *w = *state;
	store_generation(w, "4.0.1-1", 1000);
	start_again(w); /* of the very first generation, too */
	scan(w, 0, "4.0.0-1", "9");
	expect_host(w, 0, "missing openssl:4.0.1-1; ");
	start_again(w);
	store_generation(w, "4.0.2-1", 2000);
	static const char all[] =
		"gone openssl:4.0.1-1; missing openssl:4.0.2-1; missing openssl:4.0.1-1; ";
	for (int i = 0; i < 3; i++) {
		start_again(w);
		expect_host(w, 0, all);
	}
	scan(w, 0, "4.0.2-1", "9");
	AUTO(xfree) char *then = xasprintf("installed openssl:4.0.2-1; %s", all);
	start_again(w);
	expect_host(w, 0, then);
}

static void old_rows_are_dropped_when_a_patch_became_known_is_not(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	scan(w, 0, "3.0.1-1", "1.3-1");
	kit_now_ms += 100LL * 24 * 3600 * 1000;
	scan(w, 0, "3.0.2-1", "1.3-1");
	ok(ledger_prune(w->ledger, 400, &e), &e);
	expect_patch(w, SSL, "installed 11; missing 11; known 0; ");
	ok(ledger_prune(w->ledger, 50, &e), &e);
	expect_patch(w, SSL, "installed 11; known 0; ");
	expect_host(w, 0, "installed openssl:3.0.2-1; ");
	int64_t size[3];
	ok(ledger_size(w->ledger, size, &e), &e);
	assert_int_equal(size[0], 1);
	assert_int_equal(size[1], 1);
}

/* --- sweeps of many systems --- */

enum { MANY = 700, SWEEPS = 12 };

static const char *many_id(uint32_t i)
{
	static char id[40];
	snprintf(id, sizeof(id), "%032x", i * 2654435761u);
	return id;
}

/* In turn every one, every second, every third, ... and one alone: steps of one byte and of two. */
static bool is_swept(uint32_t sweep, uint32_t host)
{
	static const uint32_t every[] = { 1, 2, 3, 7, 150, 300 };
	return sweep % 7 == 6 ? host == sweep * 50 : host % every[sweep % 7] == sweep % 3;
}

static bool write_batch(struct sql_conn *c, void *batch, struct err *e)
{
	return ledger_batch_write(c, batch, e);
}

static void sweeps_of_many(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(buf_done) struct buf want = BUF_INIT(100000);
	for (uint32_t s = 0; s < SWEEPS; s++) {
		struct ledger_batch *b = ledger_batch_new(w->ledger);
		AUTO(xfree) char *patch = xasprintf("debian:12:%u", s);
		ledger_batch_sweep(b, str_of(patch), LEDGER_MISSING);
		for (uint32_t i = 0; i < MANY; i++)
			if (is_swept(s, i))
				ledger_batch_swept(b, str_of(many_id(i)));
		ok(sql_write(w->db, write_batch, b, &e), &e);
		ledger_batch_done(b, true);
	}
	close_ledger(w);
	open_ledger(w); /* names are read when they are asked for */
	for (uint32_t i = 0; i < MANY; i++) {
		buf_reset(&want);
		for (uint32_t s = SWEEPS; s-- > 0;)
			if (is_swept(s, i))
				buf_printf(&want, "missing %u; ", s);
		for (size_t limit = 1; limit < 30; limit += 7) {
			AUTO(xfree) char *got = told(w, true, many_id(i), limit);
			assert_string_equal(got, want.p ? want.p : "");
		}
	}
	AUTO(xfree) char *alone = xasprintf("missing 1%s; ", many_id(300) + 31);
	expect_patch(w, "debian:12:6", alone);
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(scans_become_entries),
		T(sweeps_of_many),
		T(a_catalog_becomes_one_row_per_patch_and_event),
		T(a_start_adds_only_what_no_row_speaks_of),
		T(a_crash_between_storing_and_telling_loses_and_doubles_nothing),
		T(F03_an_entry_stands_or_falls_with_its_scan),
		T(old_rows_are_dropped_when_a_patch_became_known_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
