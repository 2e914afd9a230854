/* SPDX-License-Identifier: Apache-2.0
 * The outbox: a mail is made with what it tells of or not at all, waits while no server is set, is
 * given up after its time, and can be tried again (M-076, F44). */
#include "mail/mail_int.h"

#include "support/engines.h"

static int64_t now_ms;
static int64_t now(void *arg UNUSED)
{
	return now_ms;
}
static const struct clock test_clock = { now, NULL };
static const struct secret_key key;
static struct sql *db;
static struct settings *settings;
static struct mail *mail;

static int set_up(void **state UNUSED)
{
	struct err e = { 0 };
	AUTO(xfree) char *url = engines_fresh();
	now_ms = 1763859600000;
	if (!sql_open(url, &db, &e) || !sql_migrate(db, &e) ||
	    !settings_open(db, &key, &settings, &e))
		fail_msg("%s", e.msg);
	struct mail_conf conf = {
		.db = db, .settings = settings, .clock = &test_clock, .host = "server.example"
	};
	if (!mail_open(&conf, &mail, &e))
		fail_msg("%s", e.msg);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	mail_close(mail);
	settings_close(settings);
	sql_close(db);
	return 0;
}

static const char *const people[] = { "a@example.org", "b@example.org" };

static bool put(struct sql_conn *c, void *arg, struct err *e)
{
	struct mail_letter l = { .about = "sync",
				 .subject_id = "0123",
				 .to = people,
				 .n_to = 2,
				 .subject = "同期",
				 .body = STR_LIT("本文\n"),
				 .at_ms = now_ms };
	return mail_put(mail, c, &l, e) &&
	       (!arg || err_set(e, ERR_INTERNAL, "the rest of the change fails"));
}

static size_t list(struct arena *a, struct mail_row **rows, int64_t counts[static MAIL_STATES_])
{
	struct err e = { 0 };
	size_t n;
	struct sql_page page = sql_page_newest(200);
	if (!mail_list(mail, &page, a, rows, &n, counts, &e))
		fail_msg("%s", e.msg);
	return n;
}

static void test_with_its_change_or_not_at_all(void **state UNUSED)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct mail_row *rows;
	int64_t counts[MAIL_STATES_];
	assert_false(sql_write(db, put, &a, &e));
	assert_int_equal(list(&a, &rows, counts), 0);
	assert_true(sql_write(db, put, NULL, &e));
	assert_int_equal(list(&a, &rows, counts), 2);
	assert_int_equal(counts[MAIL_WAITING], 2);
	assert_string_not_equal(rows[0].to, rows[1].to); /* one each */
	assert_string_equal(rows[0].subject, "同期");
	struct waiting w;
	bool found;
	assert_true(outbox_due(mail, &a, &w, &found, &e));
	assert_true(found);
	assert_non_null(strstr(w.o.message_id, "@server.example"));
	assert_string_equal(w.o.language, "ja");
}

static void test_outcomes(void **state UNUSED)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct mail_row *rows, row;
	int64_t counts[MAIL_STATES_];
	struct waiting one, two;
	bool found;
	assert_true(sql_write(db, put, NULL, &e));
	assert_true(outbox_due(mail, &a, &one, &found, &e) && found);
	assert_true(outbox_tried(mail, &one, MAIL_WAITING, now_ms + 60000, "no answer", &e));
	assert_true(outbox_due(mail, &a, &two, &found, &e) && found);
	assert_string_not_equal(one.id, two.id);
	assert_true(outbox_tried(mail, &two, MAIL_SENT, 0, "", &e));
	assert_true(outbox_due(mail, &a, &two, &found, &e));
	assert_false(found);
	assert_true(outbox_all_due(mail, &e)); /* other settings */
	assert_true(outbox_due(mail, &a, &two, &found, &e) && found);
	assert_string_equal(one.id, two.id);
	assert_string_equal(one.o.message_id, two.o.message_id);
	assert_int_equal(two.attempts, 1);
	/* An outcome stands once. */
	assert_true(outbox_tried(mail, &two, MAIL_GIVEN_UP, 0, "550 no such user", &e));
	assert_true(outbox_tried(mail, &two, MAIL_SENT, 0, "", &e));
	list(&a, &rows, counts);
	assert_int_equal(counts[MAIL_WAITING], 0);
	assert_int_equal(counts[MAIL_SENT], 1);
	assert_int_equal(counts[MAIL_GIVEN_UP], 1);
	assert_true(mail_get(mail, two.id, &a, &row, &e));
	assert_string_equal(row.error, "550 no such user");
	assert_true(mail_again(mail, two.id, &e));
	assert_true(outbox_due(mail, &a, &one, &found, &e) && found);
	assert_string_equal(one.o.message_id, two.o.message_id);
	assert_int_equal(one.o.at_ms, two.o.at_ms);
}

static void test_again_is_for_what_was_not_sent(void **state UNUSED)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct waiting w;
	bool found;
	assert_false(mail_again(mail, "0123", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(sql_write(db, put, NULL, &e));
	assert_true(outbox_due(mail, &a, &w, &found, &e) && found);
	assert_true(outbox_tried(mail, &w, MAIL_SENT, 0, "", &e));
	assert_false(mail_again(mail, w.id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void test_given_up_then_forgotten(void **state UNUSED)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct mail_row *rows;
	int64_t counts[MAIL_STATES_];
	assert_true(sql_write(db, put, NULL, &e));
	now_ms += MAIL_KEEP_TRYING_MS;
	assert_true(outbox_sweep(mail, &e));
	list(&a, &rows, counts);
	assert_int_equal(counts[MAIL_WAITING], 2);
	now_ms += 1000;
	assert_true(outbox_sweep(mail, &e));
	list(&a, &rows, counts);
	assert_int_equal(counts[MAIL_GIVEN_UP], 2);
	assert_non_null(strstr(rows[0].error, "no mail server"));
	now_ms += MAIL_KEEP_ENDED_MS + 1000;
	assert_true(outbox_sweep(mail, &e));
	assert_int_equal(list(&a, &rows, counts), 0);
}

static void test_bounded(void **state UNUSED)
{
	AUTO(buf_done) struct buf body = BUF_INIT(1u << 20);
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	while (body.n < 100000)
		buf_adds(&body, "あいうえお\n");
	struct waiting w;
	bool found;
	assert_true(sql_write(db, put, NULL, &e));
	assert_true(outbox_due(mail, &a, &w, &found, &e) && found);
	w.o.body = buf_str(&body);
	AUTO(buf_done) struct buf out = BUF_INIT(MAIL_MESSAGE_MAX);
	struct mail_message m = { .from = "a@b",
				  .from_name = "",
				  .to = "c@d",
				  .id = "x@y",
				  .language = "ja",
				  .subject = "s",
				  .body = { body.p, MAIL_BODY_MAX } };
	mail_message_write(&m, &out);
	assert_false(out.overflowed);
}

static void test_settings_that_cannot_work(void **state UNUSED)
{
	struct err e = { 0 };
	char id[33];
	assert_false(mail_configured(mail));
	assert_false(mail_try_start(mail, "a@example.org", id, &e));
	assert_int_equal(e.code, ERR_INVALID);
	const struct setting_change plain[] = {
		{ SETTING_MAIL_SERVER, false, STR_LIT("mail.example.org") },
		{ SETTING_MAIL_SENDER, false, STR_LIT("p@example.org") },
		{ SETTING_MAIL_SECURITY, false, STR_LIT("none") },
		{ SETTING_MAIL_AUTH, false, STR_LIT("password") },
		{ SETTING_MAIL_USER, false, STR_LIT("me") },
		{ SETTING_MAIL_SECRET, false, STR_LIT("secret") },
	};
	assert_true(settings_change(settings, plain, 6, -1, NULL, &e));
	assert_false(send_possible(mail, &e));
	assert_non_null(strstr(e.msg, "without TLS"));
	const struct setting_change tls = { SETTING_MAIL_SECURITY, false, STR_LIT("tls") };
	assert_true(settings_change(settings, &tls, 1, -1, NULL, &e));
	assert_false(send_possible(mail, &e));
	assert_non_null(strstr(e.msg, "secret")); /* it was dropped */
	static const char *const hosts[] = { "a b",	"user@host", "host/path",
					     "host:25", "[::1]",     "http://host" };
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		const struct setting_change host = { SETTING_MAIL_SERVER, false, str_of(hosts[i]) };
		assert_true(settings_change(settings, &host, 1, -1, NULL, &e));
		assert_false(send_possible(mail, &e));
		assert_non_null(strstr(e.msg, "no name or address"));
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_with_its_change_or_not_at_all),
		CASE(test_outcomes),
		CASE(test_again_is_for_what_was_not_sent),
		CASE(test_given_up_then_forgotten),
		CASE(test_bounded),
		CASE(test_settings_that_cannot_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
