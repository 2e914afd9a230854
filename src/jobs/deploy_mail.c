/* SPDX-License-Identifier: Apache-2.0
 * Words of the mails about deployments in both languages, and their way into the outbox. */
#include "jobs/deploy_mail.h"

#include "base/clock.h"
#include "deploy/failure.h"
#include "jobs/jobs_int.h"

#define BODY_MAX (1u << 20)
#define PATCHES_NAMED 100

enum { EN, JA };
static const char *const what_words[][2] = {
	[NOTIFY_FIRST] = { "Deployment to be executed", "配布の実行準備ができました" },
	[NOTIFY_CHANGED] = { "Deployment has gone on", "配布の状況が変わりました" },
	[NOTIFY_HALTED] = { "Deployment HALTED by its gates", "配布が停止しました" },
	[NOTIFY_ENDED] = { "Deployment has ended", "配布が終わりました" },
};
static const char *const state_words[DEPLOYMENT_STATES_][2] = {
	[DEPLOYMENT_READY] = { "ready", "実行準備完了" },
	[DEPLOYMENT_IN_PROGRESS] = { "in progress", "進行中" },
	[DEPLOYMENT_COMPLETED] = { "completed", "完了" },
	[DEPLOYMENT_COMPLETED_WITH_FAILURES] = { "completed with failures", "一部失敗" },
	[DEPLOYMENT_FAILED] = { "failed", "失敗" },
	[DEPLOYMENT_CANCELLED] = { "cancelled", "取り消し" },
	[DEPLOYMENT_DRAFT] = { "draft", "下書き" },
	[DEPLOYMENT_SUSPENDED] = { "suspended", "一時停止" },
	[DEPLOYMENT_EXPIRED] = { "expired", "期限切れ" },
};
static const char *const target_words[TARGET_STATES_][2] = {
	[TARGET_PENDING] = { "pending", "待機中" },
	[TARGET_DOWNLOADING] = { "downloading", "ダウンロード中" },
	[TARGET_INSTALLING] = { "installing", "適用中" },
	[TARGET_SUCCEEDED] = { "succeeded", "成功" },
	[TARGET_FAILED] = { "failed", "失敗" },
	[TARGET_NOT_APPLICABLE] = { "not applicable", "対象外" },
	[TARGET_CANCELLED] = { "cancelled", "取り消し" },
	[TARGET_EXPIRED] = { "expired", "期限切れ" },
	[TARGET_AWAITING_APPROVAL] = { "awaiting approval", "承認待ち" },
};
static const char *const halt_words[ROLLOUT_WHYS_][2] = {
	[ROLLOUT_WHY_FAILURES] = { "more systems failed than its gate permits",
				   "失敗が多すぎます" },
	[ROLLOUT_WHY_RATE] = { "the success rate of its gate is missed", "成功率が足りません" },
	[ROLLOUT_WHY_SILENT] = { "more systems fell silent than its gate permits",
				 "指示の後に応答しなくなったシステムがあります" },
	[ROLLOUT_WHY_NO_EVIDENCE] = { "no system has reported in time",
				      "この段階のどのシステムからも報告がありません" },
	[ROLLOUT_WHY_THRESHOLD] = { "more systems failed than the whole deployment permits",
				    "配布全体の失敗が多すぎます" },
	[ROLLOUT_WHY_MANUAL] = { "halted by an administrator", "管理者が停止しました" },
};

static void rollout_lines(const struct deploy_news *n, int lang, struct buf *body)
{
	const struct rollout_view *r = &n->rollout;
	if (!n->has_rollout)
		return;
	buf_printf(body, lang ? "段階: %u / %u\n" : "Wave: %u of %u\n", r->open, r->plan.n_waves);
	if (r->halted && halt_words[r->halted][lang])
		buf_printf(
			body,
			lang ? "停止の理由: %s\n未開始のシステムは、再開されるまで開始しません。\n"
			     : "Halted: %s.\nNothing else starts until it is resumed.\n",
			halt_words[r->halted][lang]);
}

static void failure_lines(const struct deploy_news *n, int lang, struct buf *body)
{
	int text = lang ? REASON_JA : REASON_EN;
	if (n->n_failures)
		buf_adds(body, lang ? "\n失敗の原因:\n" : "\nCauses of failures:\n");
	for (size_t i = 0; i < n->n_failures; i++) {
		const struct failure_group *g = &n->failures[i];
		const struct reason *r = reason_find(g->reason);
		buf_printf(body, lang ? "- %s: %u 台（" : "- %s: %u (",
			   r ? r->title[text] : g->reason, g->n);
		for (size_t k = 0; k < g->n_hosts; k++)
			buf_printf(body, "%s%s", k ? ", " : "", g->hostnames[k]);
		buf_printf(body, "%s%s\n", g->n > g->n_hosts ? ", ..." : "", lang ? "）" : ")");
		if (r && r->remedy[text][0])
			buf_printf(body, "  %s\n", r->remedy[text]);
	}
}

void deploy_mail_write(const struct deploy_news *n, const char *language, const char *console_url,
		       struct buf *subject, struct buf *body)
{
	int lang = strcmp(language, "en") != 0;
	const struct deployment_row *d = &n->row;
	char at[CLOCK_RFC3339_LEN];
	buf_printf(subject, "%s: %s", what_words[n->what][lang], d->name);
	buf_printf(body, lang ? "配布: %s\n状態: %s\n" : "Deployment: %s\nState: %s\n", d->name,
		   state_words[d->state][lang]);
	buf_printf(body, lang ? "作成: %s（%s）\n" : "Created: %s by %s\n",
		   clock_rfc3339(d->created_ms, at), d->created_by);
	if (d->finished_ms)
		buf_printf(body, lang ? "終了: %s\n" : "Ended: %s\n",
			   clock_rfc3339(d->finished_ms, at));
	rollout_lines(n, lang, body);
	buf_printf(body, lang ? "\nシステム: %u 台\n" : "\nSystems: %u\n", d->n_targets);
	for (int s = 0; s < TARGET_STATES_; s++)
		if (d->targets[s])
			buf_printf(body, "- %s: %u\n", target_words[s][lang], d->targets[s]);
	failure_lines(n, lang, body);
	if (console_url)
		buf_printf(body, "\n%s/deploy/tasks/%s\n", console_url, d->id);
}

void deploy_mail_write_tests(const struct test_failure *list, size_t n, const char *language,
			     const char *console_url, struct buf *subject, struct buf *body)
{
	int lang = strcmp(language, "en") != 0;
	buf_printf(subject,
		   lang ? "テストに失敗したパッチ: %zu 件" : "Patches whose test failed: %zu", n);
	buf_adds(body,
		 lang ? "次のパッチはテスト用システムで失敗したため、承認されませんでした。"
			"管理者が承認するまで自動では配布されません。\n\n"
		      : "These patches failed on the test systems and were not approved. "
			"They are not deployed automatically until a person approves them.\n\n");
	for (size_t i = 0; i < n && i < PATCHES_NAMED; i++)
		buf_printf(body, "- %s\n  %s\n", list[i].patch, list[i].why);
	if (n > PATCHES_NAMED)
		buf_printf(body, lang ? "ほか %zu 件\n" : "and %zu more\n", n - PATCHES_NAMED);
	if (console_url)
		buf_printf(body, "\n%s/deploy/approval\n", console_url);
}

/* --- into the outbox --- */

struct put {
	struct jobs *j;
	const struct deploy_news *news; /* or failed tests */
	const struct test_failure *failures;
	size_t n_failures;
	struct mail_letter letter;
};

static bool put(struct sql_conn *c, void *arg, struct err *e)
{
	struct put *p = arg;
	bool still = p->letter.n_to > 0;
	if (p->news ? !deploy_news_note(c, p->news, &still, e)
		    : !deploy_test_failures_told(c, p->failures, p->n_failures, e))
		return false;
	return !p->letter.n_to || !still || mail_put(p->j->conf.mail, c, &p->letter, e);
}

static void set_recipients(const char *addresses, struct arena *a, struct mail_letter *l)
{
	const char **to = arena_array(a, const char *, MAIL_RECIPIENTS_MAX);
	struct str rest = str_of(addresses), one;
	while (addresses[0] && l->n_to < MAIL_RECIPIENTS_MAX && str_split(&rest, '\n', &one))
		to[l->n_to++] = arena_str(a, one).p;
	l->to = to;
}

static bool tell_deployment(struct jobs *j, const struct deploy_news *n, struct arena *a,
			    struct err *e)
{
	AUTO(buf_done) struct buf subject = BUF_INIT(1000), body = BUF_INIT(BODY_MAX);
	struct put p = {
		.j = j,
		.news = n,
		.letter = { .about = "deployment", .subject_id = n->row.id, .at_ms = n->now.now_ms }
	};
	if (n->what != NOTIFY_SAME) {
		deploy_mail_write(n, mail_language(j->conf.mail), j->conf.console_url, &subject,
				  &body);
		set_recipients(n->notify.to, a, &p.letter);
		p.letter.subject = subject.p;
		p.letter.body = buf_str(&body);
	}
	return sql_write(j->conf.db, put, &p, e) ||
	       err_prefix(e, "nobody is mailed how '%s' stands", n->row.name);
}

static bool tell_tests(struct jobs *j, struct deploy *d, struct arena *a, struct err *e)
{
	AUTO(buf_done) struct buf subject = BUF_INIT(1000), body = BUF_INIT(BODY_MAX);
	struct deploy_notify to;
	struct put p = { .j = j,
			 .letter = { .about = "approval",
				     .subject_id = "",
				     .at_ms = clock_now_ms(j->conf.clock) } };
	struct test_failure *list;
	if (!deploy_test_failures(d, a, &list, &p.n_failures, &to, e))
		return false;
	if (!p.n_failures)
		return true;
	p.failures = list;
	deploy_mail_write_tests(list, p.n_failures, mail_language(j->conf.mail),
				j->conf.console_url, &subject, &body);
	set_recipients(to.to, a, &p.letter);
	p.letter.subject = subject.p;
	p.letter.body = buf_str(&body);
	if (!sql_write(j->conf.db, put, &p, e))
		return err_prefix(e, "nobody is mailed which tests failed");
	mail_wake(j->conf.mail);
	return true;
}

bool deploy_mail_tick(struct jobs *j, struct deploy *d, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct deploy_news *list;
	size_t n;
	if (!j->conf.mail)
		return true;
	if (!deploy_news(d, &a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!tell_deployment(j, &list[i], &a, e))
			return false;
		if (list[i].what != NOTIFY_SAME)
			mail_wake(j->conf.mail);
	}
	return tell_tests(j, d, &a, e);
}
