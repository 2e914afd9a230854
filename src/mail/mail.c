/* SPDX-License-Identifier: Apache-2.0
 * The room's threads: one sends what waits, one tries the settings. After a failure that is the
 * mail server's (not the one mail's) nothing is tried for a while: a thousand waiting mails make no
 * thousand attempts at a server that does not answer. */
#include "mail/mail.h"

#include "base/log.h"
#include "mail/mail_int.h"
#include "sql/notify.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 5000
#define SWEEP_MS 60000
#define RETRY_MS 60000
#define RETRY_MAX_MS ((int64_t)3600 * 1000)
#define TIMEOUT_S 60

/* With the lock held. */
static void wait_ms(struct mail *m, int64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + ns / 1000000000;
	t.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&m->wake, &m->lock, &t);
}

static int64_t pause_after(const struct mail *m, int64_t attempts)
{
	int64_t ms = m->conf.retry_ms;
	for (int64_t i = 0; i < attempts && ms < RETRY_MAX_MS; i++)
		ms *= 2;
	return MIN(ms, RETRY_MAX_MS);
}

/* One mail; *pause_ms > 0: the server is to be left alone for so long. False: nothing was due. */
static bool send_next(struct mail *m, int64_t *pause_ms)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct waiting w;
	struct err e = { 0 }, why = { 0 };
	bool found = false, refused = false;
	*pause_ms = 0;
	if (!outbox_due(m, &a, &w, &found, &e)) {
		log_error("waiting mails cannot be read: %s", e.msg);
		return false;
	}
	if (!found)
		return false;
	int64_t now = clock_now_ms(m->conf.clock);
	bool sent = send_one(m, &w.o, NULL, NULL, &refused, &why);
	bool old = now - w.since_ms > MAIL_KEEP_TRYING_MS;
	if (!sent && m->stopping)
		return false;
	enum mail_state state = sent ? MAIL_SENT : refused || old ? MAIL_GIVEN_UP : MAIL_WAITING;
	int64_t pause = pause_after(m, w.attempts);
	if (!sent)
		log_warn("mail to '%s' %s: %s", w.o.to,
			 state == MAIL_WAITING ? "not sent, it is tried again" : "given up",
			 why.msg);
	if (!outbox_tried(m, &w, state, now + pause, sent ? "" : why.msg, &e))
		log_error("mail '%s': %s", w.id, e.msg);
	if ((!sent && !refused) || e.code)
		*pause_ms = MIN(pause, (int64_t)60000);
	return true;
}

static void sweep(struct mail *m, bool anew, int64_t *last_ms)
{
	struct err e = { 0 };
	if (anew && !outbox_all_due(m, &e))
		log_warn("waiting mails are not tried at once: %s", e.msg);
	if (*last_ms && clock_mono_ms() - *last_ms < SWEEP_MS)
		return;
	*last_ms = clock_mono_ms();
	if (!outbox_sweep(m, &e))
		log_warn("the outbox is not cleared: %s", e.msg);
}

static void *send_thread(void *arg)
{
	struct mail *m = arg;
	int64_t quiet_until = 0, swept = 0;
	pthread_mutex_lock(&m->lock);
	while (!m->stopping) {
		if (m->woken)
			quiet_until = 0;
		bool anew = m->other_settings;
		m->woken = m->other_settings = false;
		pthread_mutex_unlock(&m->lock);
		int64_t term = m->term, pause = 0;
		bool more = false;
		sql_fence(term > 0 ? term : 0);
		if (term >= 0) {
			sweep(m, anew, &swept);
			more = clock_mono_ms() >= quiet_until && mail_configured(m) &&
			       send_next(m, &pause);
		}
		sql_fence(0);
		if (pause)
			quiet_until = clock_mono_ms() + pause;
		pthread_mutex_lock(&m->lock);
		if (!m->stopping && !m->woken && (!more || pause))
			wait_ms(m, pause ? MIN(pause, (int64_t)LOOK_MS) : LOOK_MS);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

void mail_wake(struct mail *m)
{
	pthread_mutex_lock(&m->lock);
	m->woken = true;
	pthread_cond_broadcast(&m->wake);
	pthread_mutex_unlock(&m->lock);
}

void mail_settings_changed(struct mail *m)
{
	pthread_mutex_lock(&m->lock);
	m->other_settings = true;
	pthread_mutex_unlock(&m->lock);
	mail_wake(m);
}

void mail_lead(struct mail *m, int64_t term)
{
	m->term = term;
	mail_wake(m);
}

static bool start(struct mail *m, void *(*fn)(void *), struct err *e)
{
	int r = pthread_create(&m->threads[m->n_threads], NULL, fn, m);
	if (r)
		return err_sys(e, r, "cannot start a thread");
	m->n_threads++;
	return true;
}

/* What may stand after the '@' of a Message-ID (a dot-atom). */
static char *message_host(const char *host)
{
	for (const char *p = host; p && *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *p))
			return xstrdup("tsukuroi");
	return xstrdup(host && host[0] ? host : "tsukuroi");
}

bool mail_open(const struct mail_conf *conf, struct mail **out, struct err *e)
{
	AUTO(mail_close) struct mail *m = xcalloc(1, sizeof(*m));
	pthread_condattr_t attr;
	m->conf = *conf;
	m->conf.retry_ms = conf->retry_ms ? conf->retry_ms : RETRY_MS;
	m->conf.timeout_s = conf->timeout_s ? conf->timeout_s : TIMEOUT_S;
	m->host = message_host(conf->host);
	m->term = sql_shared(conf->db) ? -1 : 0;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attr);
	pthread_condattr_destroy(&attr);
	m->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->cancel < 0)
		return err_sys(e, errno, "cannot prepare for sending mails");
	if (!start(m, send_thread, e) || !start(m, mail_try_thread, e))
		return false;
	*out = TAKE(m);
	return true;
}

void mail_close(struct mail *m)
{
	uint64_t one = 1;
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	pthread_cond_broadcast(&m->wake);
	pthread_mutex_unlock(&m->lock);
	if (m->cancel >= 0) {
		ssize_t told UNUSED = write(m->cancel, &one, sizeof(one));
	}
	for (size_t i = 0; i < m->n_threads; i++)
		pthread_join(m->threads[i], NULL);
	mail_trial_done(&m->trial);
	fd_close(m->cancel);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	xfree(m->host);
	xfree(m);
}
