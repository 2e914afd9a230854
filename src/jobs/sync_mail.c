/* SPDX-License-Identifier: Apache-2.0
 * Words of the mail about a sync, in both languages, and its way into the outbox. */
#include "jobs/sync_mail.h"

#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_int.h"

static void feeds(const struct notify_news *n, bool ja, struct buf *body)
{
	char at[CLOCK_RFC3339_LEN];
	for (size_t i = 0; i < n->n_feeds && i < NOTIFY_FEEDS_MAX; i++) {
		const struct feed_state *f = &n->feeds[i];
		bool stale = n->finished_ms - f->last_success_ms > n->stale_s * 1000;
		if (!f->error && !stale)
			continue;
		buf_printf(body, "- %s: %s", f->id,
			   f->error ? ja ? "失敗" : "failed"
			   : ja	    ? "最新ではありません"
				    : "stale");
		if (f->last_success_ms)
			buf_printf(body, ja ? "（最終成功 %s）" : " (last success %s)",
				   clock_rfc3339(f->last_success_ms, at));
		buf_addc(body, '\n');
		if (f->error)
			buf_printf(body, "  %s\n", f->error);
	}
}

void sync_mail_write(const struct notify_news *n, const char *language, const char *console_url,
		     struct buf *subject, struct buf *body)
{
	bool ja = strcmp(language, "en") != 0;
	AUTO(buf_done) struct buf problems = BUF_INIT(1u << 20);
	char at[CLOCK_RFC3339_LEN];
	notify_problems(n, &problems);
	bool bad = problems.n > 0;
	buf_adds(subject,
		 ja ? bad ? "パッチDBの同期: 問題があります" : "パッチDBの同期が完了しました"
		 : bad ? "Sync of the patch DB: there are problems"
		       : "The patch DB has been synced");
	buf_printf(body, ja ? "終了: %s\n" : "Ended: %s\n", clock_rfc3339(n->finished_ms, at));
	if (n->error[0])
		buf_printf(body, ja ? "同期は失敗しました: %s\n" : "The sync failed: %s\n",
			   n->error);
	if (!n->first)
		buf_printf(body, ja ? "新しいパッチ: %lld 件\n" : "New patches: %lld\n",
			   (long long)n->new_patches);
	buf_printf(body, ja ? "パッチの総数: %lld 件\n" : "Patches in all: %lld\n",
		   (long long)n->patches);
	feeds(n, ja, body);
	if (console_url)
		buf_printf(body, "\n%s/admin/patch-db\n", console_url);
}

struct put {
	struct jobs *j;
	struct mail_letter letter;
};

static bool put(struct sql_conn *c, void *arg, struct err *e)
{
	struct put *p = arg;
	return mail_put(p->j->conf.mail, c, &p->letter, e);
}

bool sync_mail_put(struct jobs *j, struct str addresses, const struct notify_news *n)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf subject = BUF_INIT(1000), body = BUF_INIT(1u << 20);
	const char *to[MAIL_RECIPIENTS_MAX];
	struct err e = { 0 };
	struct str one;
	size_t n_to = 0;
	while (n_to < ARRAY_LEN(to) && str_split(&addresses, '\n', &one))
		to[n_to++] = arena_str(&a, one).p;
	sync_mail_write(n, mail_language(j->conf.mail), j->conf.console_url, &subject, &body);
	struct put p = { j,
			 { .about = "sync",
			   .subject_id = n->job,
			   .to = to,
			   .n_to = n_to,
			   .subject = subject.p,
			   .body = buf_str(&body),
			   .at_ms = clock_now_ms(j->conf.clock) } };
	if (!sql_write(j->conf.db, put, &p, &e)) {
		log_warn("nobody is mailed how the sync ended: %s", e.msg);
		return false;
	}
	mail_wake(j->conf.mail);
	return true;
}
