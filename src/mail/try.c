/* SPDX-License-Identifier: Apache-2.0
 * Trying the settings: one test mail at a time, on a thread of its own so that it need not wait for
 * the outbox, with the whole conversation for people to read while it goes on. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/random.h"
#include "mail/mail_int.h"

#include <stdio.h>

const char *mail_try_state_name(enum mail_try_state s)
{
	static const char *const names[MAIL_TRY_STATES_] = { "running", "sent", "failed" };
	return s < MAIL_TRY_STATES_ ? names[s] : "failed";
}

void mail_trial_done(struct mail_trial *t)
{
	for (size_t i = 0; i < t->lines.n; i++)
		xfree(t->lines.p[i]);
	VEC_DONE(&t->lines);
	xfree(t->to);
	*t = (struct mail_trial) { 0 };
}

static void keep_line(void *arg, struct str text)
{
	struct mail *m = arg;
	pthread_mutex_lock(&m->lock);
	if (m->trial.lines.n < MAIL_TRY_LINES)
		VEC_PUSH(&m->trial.lines, str_dup(text));
	pthread_mutex_unlock(&m->lock);
}

static const char *test_subject(const char *language)
{
	return strcmp(language, "en") == 0 ? "Tsukuroi: test mail" : "Tsukuroi: テストメール";
}

static const char *test_body(const char *language)
{
	return strcmp(language, "en") == 0
		       ? "This is the test mail of Tsukuroi. The settings of the mail server work.\n"
		       : "Tsukuroi のテストメールです。メールサーバーの設定は正しく動作しています。\n";
}

/* Without the lock: only this thread changes what it reads of the trial. */
static void try_now(struct mail *m, const char *id, const char *to)
{
	struct err e = { 0 };
	bool refused;
	char message_id[128];
	const char *language = mail_language(m);
	snprintf(message_id, sizeof(message_id), "%s@%.80s", id, m->host);
	struct outgoing o = { .to = to,
			      .message_id = message_id,
			      .language = language,
			      .subject = test_subject(language),
			      .body = str_of(test_body(language)),
			      .at_ms = clock_now_ms(m->conf.clock) };
	bool sent = send_one(m, &o, keep_line, m, &refused, &e);
	pthread_mutex_lock(&m->lock);
	m->trial.state = sent ? MAIL_TRY_SENT : MAIL_TRY_FAILED;
	snprintf(m->trial.error, sizeof(m->trial.error), "%s", sent ? "" : e.msg);
	m->trial.ended_ms = clock_now_ms(m->conf.clock);
	pthread_mutex_unlock(&m->lock);
}

void *mail_try_thread(void *arg)
{
	struct mail *m = arg;
	pthread_mutex_lock(&m->lock);
	while (!m->stopping) {
		if (!m->try_wanted) {
			pthread_cond_wait(&m->wake, &m->lock);
			continue;
		}
		m->try_wanted = false;
		AUTO(xfree) char *to = xstrdup(m->trial.to);
		char id[33];
		snprintf(id, sizeof(id), "%s", m->trial.id);
		pthread_mutex_unlock(&m->lock);
		try_now(m, id, to);
		pthread_mutex_lock(&m->lock);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

bool mail_try_start(struct mail *m, const char *to, char id_out[static 33], struct err *e)
{
	uint8_t raw[16];
	if (!send_possible(m, e))
		return false;
	pthread_mutex_lock(&m->lock);
	bool busy = m->trial.id[0] && m->trial.state == MAIL_TRY_RUNNING;
	if (!busy) {
		mail_trial_done(&m->trial);
		random_bytes(raw, sizeof(raw));
		enc_hex(raw, sizeof(raw), m->trial.id);
		m->trial.to = xstrdup(to);
		m->trial.started_ms = clock_now_ms(m->conf.clock);
		m->try_wanted = true;
		snprintf(id_out, 33, "%s", m->trial.id);
		pthread_cond_broadcast(&m->wake);
	}
	pthread_mutex_unlock(&m->lock);
	return !busy ||
	       err_set(e, ERR_CONFLICT, "a test mail is on its way; wait a minute for its end");
}

bool mail_try_get(struct mail *m, const char *id, struct arena *a, struct mail_try *out,
		  struct err *e)
{
	pthread_mutex_lock(&m->lock);
	const struct mail_trial *t = &m->trial;
	bool found = t->id[0] && strcmp(t->id, id) == 0;
	if (found) {
		snprintf(out->id, sizeof(out->id), "%s", t->id);
		out->state = t->state;
		out->to = arena_strdup(a, t->to);
		out->error = arena_strdup(a, t->error);
		out->started_ms = t->started_ms;
		out->ended_ms = t->ended_ms;
		out->lines = arena_array(a, const char *, t->lines.n + 1);
		for (size_t i = 0; i < t->lines.n; i++)
			out->lines[i] = arena_strdup(a, t->lines.p[i]);
		out->n_lines = t->lines.n;
	}
	pthread_mutex_unlock(&m->lock);
	return found ||
	       err_set(e, ERR_NOT_FOUND,
		       "there is no test mail '%.40s'; only the last one of this server is kept",
		       id);
}
