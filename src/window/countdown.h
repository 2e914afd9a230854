/* SPDX-License-Identifier: Apache-2.0
 * The time that people have left before their machine is restarted or switched off (M-172, AC-36).
 * Pure: it depends on its arguments alone, so who is started anew with the same state goes on where
 * the one before was.
 *
 * Rules. It runs for its length, or until the moment to which it was put off, never past `last_ms`.
 * People are told when it begins and with each postponement, when half of what is left then is over
 * (where that is more than COUNTDOWN_HALF_MS), when five minutes are left, and one. The machine
 * does not go sooner than a minute after the last of these, even when it slept through the end. */
#ifndef WINDOW_COUNTDOWN_H
#define WINDOW_COUNTDOWN_H
#include "window/notice.h"

#define COUNTDOWN_HALF_MS (7 * INT64_C(60000))

struct countdown {
	int64_t since_ms;	     /**< when it began */
	int64_t length_ms;	     /**< as the order has it */
	int64_t last_ms;	     /**< the last moment; WINDOW_NO_END = none */
	struct notice_budget budget; /**< what people may put off; the deadline is from since_ms */
	int64_t until_ms;	     /**< put off until then; 0 = not */
	int64_t put_ms;		     /**< when, the last time */
	int64_t postponed;	     /**< how often */
	int64_t told_ms;	     /**< when people were told last; 0 = not yet */
};
struct countdown_next {
	bool over;	 /**< it is time */
	bool tell;	 /**< people are to be told now, and told_ms is to be this moment */
	int64_t end_ms;	 /**< when it is over if nobody does anything more */
	int64_t look_ms; /**< when to ask again at the latest */
};
struct countdown_next countdown_decide(const struct countdown *c, int64_t now_ms);
/** When it is to be over. */
int64_t countdown_end_ms(const struct countdown *c);
/** The moment beyond which it cannot be put off; 0 = it cannot be put off at all. */
int64_t countdown_deadline_ms(const struct countdown *c);
/** Puts its end off by `minutes` (0 = as long as each may be), or as far as the deadline and the
 * last moment let it. ERR_DENIED when it cannot be put off (again, or any further), ERR_INVALID for
 * a length that is not offered; it is then as before. */
bool countdown_postpone(struct countdown *c, int64_t minutes, int64_t now_ms, struct err *e)
	MUST_CHECK;
#endif
