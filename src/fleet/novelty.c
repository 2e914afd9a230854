/* SPDX-License-Identifier: Apache-2.0
 * See novelty.h. Invariant: used <= NOVELTY_LINES for each host. */
#include "fleet/novelty.h"

#define HOUR_MS 3600000

void novelty_done(struct novelty *v)
{
	xfree(v->used);
	*v = (struct novelty) { 0 };
}

/* A clock that goes back begins a new hour. */
static void forget(struct novelty *v, int64_t now_ms)
{
	if (v->since_ms == 0 || now_ms < v->since_ms)
		v->since_ms = now_ms;
	int64_t hours = (now_ms - v->since_ms) / HOUR_MS;
	if (hours == 0)
		return;
	v->since_ms += hours * HOUR_MS;
	uint32_t less = (uint32_t)MIN(hours * NOVELTY_LINES_HOUR, (int64_t)NOVELTY_LINES);
	for (uint32_t i = 0; i < v->n; i++)
		v->used[i] -= MIN(v->used[i], less);
}

static void make_room(struct novelty *v, uint32_t no)
{
	if (no < v->n)
		return;
	uint32_t n = MAX(no + 1, v->n + v->n / 2);
	v->used = xrealloc(v->used, sizeof(*v->used) * n);
	memset(v->used + v->n, 0, sizeof(*v->used) * (n - v->n));
	v->n = n;
}

bool novelty_take(struct novelty *v, uint32_t no, size_t lines, int64_t now_ms, struct err *e)
{
	make_room(v, no);
	forget(v, now_ms);
	if (lines > NOVELTY_LINES - v->used[no])
		return err_set(e, ERR_UNAVAILABLE,
			       "%zu lines that no system had before, after %u not long ago; the "
			       "server takes %u an hour",
			       lines, v->used[no], NOVELTY_LINES_HOUR);
	v->used[no] += (uint32_t)lines;
	return true;
}

void novelty_give(struct novelty *v, uint32_t no, size_t lines)
{
	if (no < v->n)
		v->used[no] -= (uint32_t)MIN((size_t)v->used[no], lines);
}
