/* SPDX-License-Identifier: Apache-2.0
 * Mails about deployments in both languages, and their one way into the outbox (M-146, M-187). */
#include "jobs/deploy_mail.h"

#include "../deploy/rig.h"
#include "deploy/auto/approval.h"
#include "deploy/auto/auto.h"
#include "deploy/failure.h"
#include "jobs/jobs_int.h"

static const struct secret_key key;
static struct settings *settings;
static struct mail *mail;
static struct jobs *jobs;

static void nobody(void *arg UNUSED, const char *id UNUSED)
{
}

static int open_all(void **state)
{
	struct err e = { 0 };
	if (setup(state) != 0)
		return -1;
	struct world *w = *state;
	ok(settings_open(w->db, &key, &settings, &e), &e);
	struct mail_conf conf = {
		.db = w->db, .settings = settings, .clock = &kit_clock, .host = "server.example"
	};
	ok(mail_open(&conf, &mail, &e), &e);
	struct jobs_conf j = { .db = w->db,
			       .store = w->store,
			       .settings = settings,
			       .match = w->match,
			       .fleet = w->fleet,
			       .clock = &kit_clock,
			       .mail = mail,
			       .console_url = "https://c.example",
			       .job_changed = nobody,
			       .feed_changed = nobody };
	ok(jobs_open(&j, &jobs, &e), &e);
	return 0;
}

static int close_all(void **state)
{
	jobs_close(jobs);
	mail_close(mail);
	settings_close(settings);
	return teardown(state);
}

/* All mails there are, newest first, after one tick of the clock. */
static size_t mails(struct world *w, struct arena *a, struct mail_row **out)
{
	struct err e = { 0 };
	int64_t counts[MAIL_STATES_];
	size_t n;
	struct sql_page page = sql_page_newest(200);
	ok(deploy_mail_tick(jobs, w->deploy, &e) && mail_list(mail, &page, a, out, &n, counts, &e),
	   &e);
	return n;
}

static void M_146_one_mail_for_each_address_a_last_one_and_no_other(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct mail_row *rows;
	char id[33];
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .name = "七月の更新",
				    .policy = POLICY_ANYTIME,
				    .created_by = "ann",
				    .notify = { "a@x.example\nb@x.example", 60 } };
	create(w, &r, id);
	assert_int_equal(mails(w, &a, &rows), 2);
	assert_string_not_equal(rows[0].to, rows[1].to);
	assert_string_equal(rows[0].about, "deployment");
	assert_string_equal(rows[0].subject_id, id);
	assert_non_null(strstr(rows[0].subject, "七月の更新"));
	assert_int_equal(mails(w, &a, &rows), 2);
	kit_now_ms += 3600000;
	assert_int_equal(mails(w, &a, &rows), 2); /* nothing has changed */
	kit_now_ms += 1000;
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(mails(w, &a, &rows), 4);
	assert_non_null(strstr(rows[0].subject, "終わりました"));
	kit_now_ms += 7200000;
	assert_int_equal(mails(w, &a, &rows), 4);
}

static void M_187_failed_tests_are_told_once_to_those_of_the_settings(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct mail_row *rows;
	size_t n;
	const char *patch = SSL_PATCH;
	struct approval_settings s;
	approval_settings_get(w->deploy, &a, &s);
	s.mode = APPROVAL_TEST;
	s.notify = (struct deploy_notify) { "a@x.example", 60 };
	ok(approval_configure(w->deploy, &s, APPROVAL_UNAPPROVE_ALL, "ann", &e), &e);
	assert_int_equal(mails(w, &a, &rows), 0);
	ok(approval_set(w->deploy, &patch, 1, false, APPROVAL_TEST_FAILED, AUTO_TEST,
			"web1: maintainer_script", &n, &e),
	   &e);
	assert_int_equal(mails(w, &a, &rows), 1);
	assert_string_equal(rows[0].about, "approval");
	assert_string_equal(rows[0].to, "a@x.example");
	assert_int_equal(mails(w, &a, &rows), 1);
	/* Nobody is to be told: it is not told later either. */
	s.notify.to = "";
	ok(approval_configure(w->deploy, &s, APPROVAL_UNAPPROVE_ALL, "ann", &e), &e);
	ok(approval_set(w->deploy, &patch, 1, false, APPROVAL_TEST_FAILED, AUTO_TEST, "again", &n,
			&e),
	   &e);
	assert_int_equal(mails(w, &a, &rows), 1);
	s.notify.to = "a@x.example";
	ok(approval_configure(w->deploy, &s, APPROVAL_KEEP, "ann", &e), &e);
	assert_int_equal(mails(w, &a, &rows), 1);
}

static void M_188_a_task_tells_of_the_deployment_that_it_made(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL, *back = json_object();
	struct err e = { 0 };
	struct mail_row *rows;
	struct auto_task t = { .name = "Nightly", .created_by = "ann" };
	ok(json_parse(
		   STR_LIT("{\"include\":[\"*openssl*\"],\"notify\":{\"to\":[\"a@x.example\"],\"every_minutes\":30}}"),
		   4096, &j, &e) &&
		   auto_spec_read(j, &a, &t.spec, &e) && auto_save(w->deploy, &t, &e),
	   &e);
	auto_spec_write(&t.spec, back);
	assert_true(json_equal(json_object_get(j, "notify"), json_object_get(back, "notify")));
	assert_int_equal(mails(w, &a, &rows), 0);
	ok(auto_run(w->deploy, &e), &e);
	assert_int_equal(mails(w, &a, &rows), 1);
	assert_non_null(strstr(rows[0].subject, "Nightly"));
}

/* --- words --- */

static void M_146_the_mail_says_counts_causes_remedies_and_where_to_look(void **state UNUSED)
{
	struct failure_group g = { .reason = (char[]) { "disk_full" }, .n = 8, .n_hosts = 2 };
	g.hostnames[0] = (char[]) { "web1" };
	g.hostnames[1] = (char[]) { "web2" };
	struct deploy_news n = { .what = NOTIFY_HALTED,
				 .row = { .id = "0123456789abcdef0123456789abcdef",
					  .name = (char[]) { "July" },
					  .created_by = (char[]) { "auto:Nightly" },
					  .state = DEPLOYMENT_IN_PROGRESS,
					  .created_ms = 1700000000000,
					  .n_targets = 20 },
				 .failures = &g,
				 .n_failures = 1,
				 .has_rollout = true };
	n.row.targets[TARGET_FAILED] = 8;
	n.row.targets[TARGET_PENDING] = 12;
	n.rollout.halted = ROLLOUT_WHY_FAILURES;
	n.rollout.open = 1;
	n.rollout.plan.n_waves = 3;
	static const struct {
		const char *language, *console_url, *subject, *has[8];
	} table[] = {
		{ "en",
		  "https://c.example",
		  "Deployment HALTED by its gates: July",
		  { "State: in progress", "by auto:Nightly", "Wave: 1 of 3", "Nothing else starts",
		    "Systems: 20\n- pending: 12\n- failed: 8\n", "8 (web1, web2, ...)",
		    "https://c.example/deploy/tasks/0123456789abcdef0123456789abcdef\n", NULL } },
		{ "ja",
		  NULL,
		  "配布が停止しました: July",
		  { "状態: 進行中", "段階: 1 / 3", "再開されるまで", "- 待機中: 12\n- 失敗: 8\n",
		    "8 台（web1, web2, ...）", NULL } },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO(buf_done) struct buf subject = BUF_INIT(1000), body = BUF_INIT(10000);
		deploy_mail_write(&n, table[i].language, table[i].console_url, &subject, &body);
		assert_string_equal(subject.p, table[i].subject);
		for (size_t k = 0; table[i].has[k]; k++)
			if (!strstr(body.p, table[i].has[k]))
				fail_msg("no '%s' in: %s", table[i].has[k], body.p);
		const struct reason *r = reason_find("disk_full");
		assert_non_null(r);
		assert_non_null(strstr(body.p, r->remedy[i == 0 ? REASON_EN : REASON_JA]));
	}
}

static void M_187_failed_tests_in_words(void **state UNUSED)
{
	const struct test_failure list[] = { { "debian:12:openssl:1", "web1: disk_full", 1 } };
	AUTO(buf_done) struct buf subject = BUF_INIT(1000), body = BUF_INIT(10000);
	deploy_mail_write_tests(list, 1, "en", "https://c.example", &subject, &body);
	assert_string_equal(subject.p, "Patches whose test failed: 1");
	assert_non_null(strstr(body.p, "- debian:12:openssl:1\n  web1: disk_full\n"));
	assert_non_null(strstr(body.p, "https://c.example/deploy/approval\n"));
}

/* Every state, and every reason of a halt, has its words in both languages. */
static void M_146_no_state_is_without_a_word(void **state UNUSED)
{
	for (int lang = 0; lang < 2; lang++)
		for (int s = 0; s < DEPLOYMENT_STATES_; s++)
			for (int t = 0; t < TARGET_STATES_; t++) {
				AUTO(buf_done)
				struct buf subject = BUF_INIT(1000), body = BUF_INIT(10000);
				struct deploy_news n = {
					.what = NOTIFY_CHANGED,
					.row = { .name = (char[]) { "n" },
						 .created_by = (char[]) { "b" },
						 .state = (enum deployment_state)s }
				};
				n.row.targets[t] = 1;
				deploy_mail_write(&n, lang ? "ja" : "en", NULL, &subject, &body);
				assert_null(strstr(body.p, "(null)"));
			}
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(M_146_one_mail_for_each_address_a_last_one_and_no_other),
		T(M_187_failed_tests_are_told_once_to_those_of_the_settings),
		T(M_188_a_task_tells_of_the_deployment_that_it_made),
		cmocka_unit_test(M_146_the_mail_says_counts_causes_remedies_and_where_to_look),
		cmocka_unit_test(M_187_failed_tests_in_words),
		cmocka_unit_test(M_146_no_state_is_without_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
