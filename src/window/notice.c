/* SPDX-License-Identifier: Apache-2.0
 * The decision. Invariant: it depends on its arguments alone, so an agent that is started anew with
 * the same state decides the same. */
#include "window/notice.h"
#include "window/schedule.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
/* A notice that is older than its countdown by more than this has been forgotten by its readers. */
#define STALE_MS HOUR_MS

int64_t notice_deadline_ms(const struct notification *n, const struct notice_state *s)
{
	return s->first_ms && n->budget.times ? s->first_ms + n->budget.deadline_h * HOUR_MS : 0;
}

/* When it may start as far as users are concerned. */
static int64_t put_off_until(const struct notification *n, const struct notice_state *s)
{
	int64_t deadline = notice_deadline_ms(n, s);
	return deadline ? MIN(s->until_ms, deadline) : 0;
}

struct notice_next notice_decide(const struct notification *n, const struct notice_state *s,
				 bool present, int64_t earliest_ms, int64_t now_ms)
{
	if (!present || s->agreed)
		return (struct notice_next) { earliest_ms <= now_ms ? NOTICE_START : NOTICE_WAIT,
					      earliest_ms, earliest_ms, NOTICE_WINDOW };
	int64_t countdown = n->countdown_min * MINUTE_MS, until = put_off_until(n, s);
	int64_t ready = s->shown_ms + countdown, start = MAX(ready, earliest_ms);
	bool good = s->shown_ms && s->shown_ms <= now_ms && start <= ready + STALE_MS;
	if (good && start <= now_ms && now_ms <= ready + STALE_MS)
		return (struct notice_next) { NOTICE_START, now_ms, now_ms, NOTICE_COUNTDOWN };
	if (good && start > now_ms)
		return (struct notice_next) { NOTICE_WAIT, start, start, NOTICE_COUNTDOWN };
	start = MAX(earliest_ms, until);
	enum notice_why why = until > now_ms && until >= earliest_ms ? NOTICE_POSTPONED
								     : NOTICE_WINDOW;
	if (start == WINDOW_NO_END)
		return (struct notice_next) { NOTICE_WAIT, start, start, why };
	if (now_ms < start - countdown)
		return (struct notice_next) { NOTICE_WAIT, start, start - countdown, why };
	start = MAX(start, now_ms + countdown);
	return (struct notice_next) { NOTICE_SHOW, start, start, NOTICE_COUNTDOWN };
}

void notice_shown(struct notice_state *s, int64_t now_ms)
{
	s->shown_ms = now_ms;
	if (!s->first_ms)
		s->first_ms = now_ms;
}

bool notice_postpone(const struct notification *n, struct notice_state *s, int64_t minutes,
		     int64_t now_ms, struct err *e)
{
	if (!n->budget.times)
		return err_set(e, ERR_DENIED, "this installation cannot be postponed");
	if (!s->first_ms)
		return err_set(e, ERR_CONFLICT, "there is nothing to postpone yet");
	if (s->agreed)
		return err_set(e, ERR_CONFLICT, "the installation was asked for already");
	if (minutes && (minutes <= n->countdown_min || minutes > n->budget.minutes))
		return err_set(e, ERR_INVALID, "it can be postponed by %d to %d minutes",
			       n->countdown_min + 1, n->budget.minutes);
	if (s->postponed >= n->budget.times)
		return err_set(e, ERR_DENIED, "it was postponed %d times, which is all there are",
			       n->budget.times);
	int64_t until = MIN(now_ms + (minutes ? minutes : n->budget.minutes) * MINUTE_MS,
			    notice_deadline_ms(n, s));
	if (until <= s->until_ms || until < now_ms + n->countdown_min * MINUTE_MS)
		return err_set(e, ERR_DENIED, "it cannot be postponed any further");
	s->until_ms = until;
	s->shown_ms = 0;
	s->postponed++;
	return true;
}

enum notice_language notice_language_of(const char *locale)
{
	bool ja = strncmp(locale, "ja", 2) == 0 && (!locale[2] || strchr("_.@-", locale[2]));
	return ja ? NOTICE_JA : NOTICE_EN;
}
