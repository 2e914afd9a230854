/* SPDX-License-Identifier: Apache-2.0
 * The rules of countdown.h. */
#include "window/countdown.h"

#define MINUTE_MS INT64_C(60000)

int64_t countdown_end_ms(const struct countdown *c)
{
	return MIN(MAX(c->since_ms + c->length_ms, c->until_ms), c->last_ms);
}

int64_t countdown_deadline_ms(const struct countdown *c)
{
	return c->budget.times ? c->since_ms + c->budget.deadline_h * 60 * MINUTE_MS : 0;
}

/* The moments at which something is to be said, in order. */
static size_t marks(int64_t begin, int64_t end, int64_t out[static 4])
{
	const int64_t left[] = { (end - begin) / 2 > COUNTDOWN_HALF_MS ? (end - begin) / 2 : 0,
				 5 * MINUTE_MS, MINUTE_MS };
	size_t n = 0;
	out[n++] = begin;
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		if (left[i] && end - left[i] > begin)
			out[n++] = end - left[i];
	return n;
}

struct countdown_next countdown_decide(const struct countdown *c, int64_t now_ms)
{
	int64_t begin = MAX(c->since_ms, c->put_ms), end = countdown_end_ms(c), mark[4];
	size_t n = marks(begin, end, mark), due = n;
	while (due && mark[due - 1] > now_ms)
		due--;
	bool tell = due && c->told_ms < mark[due - 1];
	if (due == n || now_ms >= end) /* the last word; then what is left of a minute after it */
		end = MAX(end, (tell ? now_ms : c->told_ms) + MINUTE_MS);
	return (struct countdown_next) { !tell && now_ms >= end, tell, end,
					 due < n ? mark[due] : end };
}

bool countdown_postpone(struct countdown *c, int64_t minutes, int64_t now_ms, struct err *e)
{
	const struct notice_budget *b = &c->budget;
	if (!b->times)
		return err_set(e, ERR_DENIED, "this cannot be postponed");
	if (minutes && (minutes < NOTICE_POSTPONE_MIN || minutes > b->minutes))
		return err_set(e, ERR_INVALID, "it can be postponed by %d to %d minutes",
			       NOTICE_POSTPONE_MIN, b->minutes);
	if (c->postponed >= b->times)
		return err_set(e, ERR_DENIED, "it was postponed %d times, which is all there are",
			       b->times);
	int64_t end = MAX(countdown_end_ms(c), now_ms);
	int64_t until = MIN(end + (minutes ? minutes : b->minutes) * MINUTE_MS,
			    MIN(countdown_deadline_ms(c), c->last_ms));
	if (until < end + MINUTE_MS)
		return err_set(e, ERR_DENIED, "it cannot be postponed any further");
	c->until_ms = until;
	c->put_ms = now_ms;
	c->postponed++;
	return true;
}
