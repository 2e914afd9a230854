/* SPDX-License-Identifier: Apache-2.0
 * Values survive a restart, changes are all or nothing, versions and listeners work (F48). */
#include "settings/settings.h"

#include "support/engines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static char *url; /* of the test that runs */
static struct sql *db;
static struct settings *s;

static struct secret_key key = { "a key of thirty-two bytes, or so" };

static void open_all(void)
{
	struct err e = { 0 };
	if (!sql_open(url, &db, &e) || !sql_migrate(db, &e) || !settings_open(db, &key, &s, &e))
		fail_msg("%s", e.msg);
}

static void close_all(void)
{
	settings_close(s);
	sql_close(db);
}

static int set_up(void **state)
{
	(void)state;
	url = engines_fresh();
	open_all();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_all();
	xfree(url);
	return 0;
}

static void test_defaults(void **state)
{
	(void)state;
	struct arena a = { 0 };
	struct setting_value v[SETTINGS_];
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 5400);
	assert_int_equal(settings_int(s, SETTING_SYNC_INTERVAL_S), 3600);
	assert_int_equal(settings_int(s, SETTING_STALE_SCAN_S), 604800);
	assert_string_equal(settings_text(s, SETTING_SERVER_URL, &a), "");
	int64_t version = settings_list(s, &a, v);
	assert_true(version > 0);
	for (int i = 0; i < SETTINGS_; i++) {
		assert_false(v[i].is_set);
		if (v[i].info->secret)
			assert_null(v[i].value);
		else
			assert_string_equal(v[i].value, v[i].info->def);
	}
	arena_done(&a);
}

static int told[8], n_told;

static void listen(void *arg, enum setting id)
{
	assert_ptr_equal(arg, told);
	told[n_told++] = (int)id;
}

static void test_a_change_lasts_and_is_told(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct arena a = { 0 };
	struct setting_value v[SETTINGS_];
	int64_t version = settings_list(s, &a, v), after;
	n_told = 0;
	settings_listen(s, listen, told);
	const struct setting_change both[] = {
		{ SETTING_REFRESH_CYCLE_S, false, STR_LIT("120") },
		{ SETTING_FEED_DEBIAN_SUITES, false,
		  STR_LIT("deb http://a b main\ndeb http://c d main") },
	};
	assert_true(settings_change(s, both, 2, version, &after, &e));
	assert_true(after > version);
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 120);
	assert_int_equal(n_told, 2);
	assert_int_equal(told[0], SETTING_REFRESH_CYCLE_S);
	close_all();
	open_all();
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 120);
	assert_string_equal(settings_text(s, SETTING_FEED_DEBIAN_SUITES, &a),
			    "deb http://a b main\ndeb http://c d main");
	settings_list(s, &a, v);
	assert_true(v[SETTING_REFRESH_CYCLE_S].is_set);
	assert_true(settings_change(
		s, &(struct setting_change) { SETTING_REFRESH_CYCLE_S, true, { 0 } }, 1, -1, NULL,
		&e));
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 5400);
	settings_list(s, &a, v);
	assert_false(v[SETTING_REFRESH_CYCLE_S].is_set);
	arena_done(&a);
}

static void test_all_or_nothing(void **state)
{
	(void)state;
	struct err e = { 0 };
	const struct setting_change second_bad[] = {
		{ SETTING_REFRESH_CYCLE_S, false, STR_LIT("120") },
		{ SETTING_SYNC_INTERVAL_S, false, STR_LIT("1") },
	};
	assert_false(settings_change(s, second_bad, 2, -1, NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "feed.sync_interval_s"));
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 5400);
	close_all();
	open_all();
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 5400);
}

static void test_F48_the_second_editor_is_told(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct arena a = { 0 };
	struct setting_value v[SETTINGS_];
	int64_t version = settings_list(s, &a, v);
	const struct setting_change ch = { SETTING_REFRESH_CYCLE_S, false, STR_LIT("120") };
	const struct setting_change other = { SETTING_REFRESH_CYCLE_S, false, STR_LIT("240") };
	assert_true(settings_change(s, &ch, 1, version, NULL, &e));
	assert_false(settings_change(s, &other, 1, version, NULL, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 120);
	arena_done(&a);
}

static bool store_raw(struct sql_conn *c, void *arg, struct err *e)
{
	static const struct sql_stmt raw = { "raw",
					     "insert into setting (key, value, changed_ms) values "
					     "('agent.refresh_s', '1', 0), ('long.gone', 'x', 0)",
					     0 };
	(void)arg;
	return sql_run(c, &raw, SQL_NO_ARGS, e);
}

static void test_what_no_longer_passes_counts_as_not_set(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(sql_write(db, store_raw, NULL, &e));
	close_all();
	open_all();
	assert_int_equal(settings_int(s, SETTING_REFRESH_CYCLE_S), 5400);
}

/* --- secrets (A38) --- */

static char *stored(const char *name)
{
	static const struct sql_stmt raw = { "raw", "select value from setting where key = $1", 1 };
	struct err e = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, &e);
	struct sql_rows *r;
	char *found = NULL;
	assert_true(c && sql_query(c, &raw, SQL_ARGS(sql_text(name)), &r, &e));
	if (sql_next(r))
		found = str_dup(sql_col_str(r, 0));
	assert_true(sql_rows_end(r, &e));
	return found;
}

static void set(enum setting id, const char *value)
{
	struct err e = { 0 };
	const struct setting_change ch = { id, false, str_of(value) };
	if (!settings_change(s, &ch, 1, -1, NULL, &e))
		fail_msg("%s", e.msg);
}

static void expect(enum setting id, const char *value)
{
	AUTO(arena_done) struct arena a = { 0 };
	assert_string_equal(settings_text(s, id, &a), value);
}

static void test_secrets_are_sealed(void **state)
{
	(void)state;
	set(SETTING_MAIL_SECRET, "planted-canary");
	AUTO(xfree) char *raw = stored("mail.secret");
	assert_non_null(raw);
	assert_null(strstr(raw, "canary"));
	expect(SETTING_MAIL_SECRET, "planted-canary");
	close_all();
	open_all();
	expect(SETTING_MAIL_SECRET, "planted-canary");
	close_all();
	key.b[0] ^= 1;
	open_all();
	expect(SETTING_MAIL_SECRET, ""); /* not set, rather than garbage */
	key.b[0] ^= 1;
}

static bool store_plain(struct sql_conn *c, void *arg, struct err *e)
{
	static const struct sql_stmt raw = { "raw",
					     "insert into setting (key, value, changed_ms) values "
					     "('notify.url', 'https://a.example/canary', 0)",
					     0 };
	(void)arg;
	return sql_run(c, &raw, SQL_NO_ARGS, e);
}

static void test_what_was_plain_is_sealed(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_true(sql_write(db, store_plain, NULL, &e));
	close_all();
	open_all();
	AUTO(xfree) char *raw = stored("notify.url");
	assert_non_null(raw);
	assert_null(strstr(raw, "canary"));
	expect(SETTING_NOTIFY_URL, "https://a.example/canary");
}

/* A34: a secret does not follow the settings to another server. */
static void test_a_secret_is_for_one_place(void **state)
{
	(void)state;
	struct err e = { 0 };
	set(SETTING_MAIL_SERVER, "mail.example.org");
	set(SETTING_MAIL_SECRET, "secret");
	set(SETTING_MAIL_SERVER, "mail.example.org"); /* the same */
	set(SETTING_MAIL_USER, "me");
	expect(SETTING_MAIL_SECRET, "secret");
	static const struct {
		enum setting id;
		const char *value;
	} guards[] = { { SETTING_MAIL_SERVER, "evil.example.org" },
		       { SETTING_MAIL_PORT, "2525" },
		       { SETTING_MAIL_SECURITY, "none" },
		       { SETTING_MAIL_CA_FILE, "/tmp/ca.pem" } };
	for (size_t i = 0; i < ARRAY_LEN(guards); i++) {
		set(SETTING_MAIL_SECRET, "secret");
		set(guards[i].id, guards[i].value);
		expect(SETTING_MAIL_SECRET, "");
	}
	assert_null(stored("mail.secret"));
	const struct setting_change both[] = {
		{ SETTING_MAIL_SERVER, false, STR_LIT("other.example.org") },
		{ SETTING_MAIL_SECRET, false, STR_LIT("given anew") },
	};
	assert_true(settings_change(s, both, 2, -1, NULL, &e));
	expect(SETTING_MAIL_SECRET, "given anew");
	const struct setting_change reset = { SETTING_MAIL_SERVER, true, { 0 } };
	assert_true(settings_change(s, &reset, 1, -1, NULL, &e));
	expect(SETTING_MAIL_SECRET, "");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_defaults),
		CASE(test_a_change_lasts_and_is_told),
		CASE(test_all_or_nothing),
		CASE(test_F48_the_second_editor_is_told),
		CASE(test_secrets_are_sealed),
		CASE(test_what_was_plain_is_sealed),
		CASE(test_a_secret_is_for_one_place),
		CASE(test_what_no_longer_passes_counts_as_not_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
