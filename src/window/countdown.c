/* SPDX-License-Identifier: Apache-2.0
 * The rules of countdown.h. */
#include "window/countdown.h"
#include "base/def.h"

#define MINUTE_MS INT64_C(60000)

int64_t countdown_end_ms(const struct countdown *c)
{
	return MIN(c->since_ms + c->length_ms + c->added_ms, c->last_ms);
}

/* The last moments at which something is to be said, in order, those at or after `begin`. */
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
	size_t n = marks(begin, end, mark), due = n, coming = 0;
	while (due && mark[due - 1] > now_ms)
		due--;
	while (coming < n && mark[coming] <= now_ms)
		coming++;
	bool tell = due && c->told_ms < mark[due - 1];
	int64_t told = tell ? now_ms : c->told_ms;
	if (due == n || now_ms >= end) /* the last word; then what is left of a minute after it */
		end = MAX(end, told + MIN(MINUTE_MS, end - mark[n - 1]));
	return (struct countdown_next) { !tell && now_ms >= end, tell, end,
					 coming < n ? mark[coming] : end };
}

bool countdown_postpone(struct countdown *c, int times, int each, int64_t minutes, int64_t now_ms,
			struct err *e)
{
	int64_t end = countdown_end_ms(c);
	if (!times)
		return err_set(e, ERR_DENIED, "this restart cannot be postponed");
	if (minutes && (minutes < COUNTDOWN_POSTPONE_MIN || minutes > each))
		return err_set(e, ERR_INVALID, "it can be postponed by %d to %d minutes",
			       COUNTDOWN_POSTPONE_MIN, each);
	if (c->postponed >= times)
		return err_set(e, ERR_DENIED, "it was postponed %d times, which is all there are",
			       times);
	if (end >= c->last_ms || now_ms >= end)
		return err_set(e, ERR_DENIED, "it cannot be postponed any further");
	c->added_ms += (minutes ? minutes : each) * MINUTE_MS;
	c->put_ms = now_ms;
	c->postponed++;
	return true;
}
