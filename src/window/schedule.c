/* SPDX-License-Identifier: Apache-2.0
 * Windows as instants. Days are walked one by one: whether a day has a window depends on its date
 * alone, and only then are its times put on the zone's clock. */
#include "window/schedule.h"
#include "window/civil.h"

#include <stdlib.h>

#define HORIZON_DAYS 3653
#define WEEKDAYS_ALL 0x7fu

/* The week of a day as a bit, and the last-week bit when it is in that, too. */
static unsigned week_of(enum schedule_basis basis, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_date(day, &year, &month, &of_month);
	if (basis == SCHEDULE_CALENDAR) {
		bool last = of_month > civil_month_days(year, month) - 7;
		return 1u << ((of_month + 6) / 7) | (last ? SCHEDULE_LAST_WEEK : 0);
	}
	int64_t tuesday = civil_patch_tuesday(year, month);
	int64_t next = civil_patch_tuesday(month == 12 ? year + 1 : year, month % 12 + 1);
	if (day < tuesday) {
		next = tuesday;
		tuesday = civil_patch_tuesday(month == 1 ? year - 1 : year, (month + 10) % 12 + 1);
	}
	return 1u << ((day - tuesday) / 7) | (day >= next - 7 ? SCHEDULE_LAST_WEEK : 0);
}

static bool on_day(const struct window_schedule *s, const struct schedule_window *w, int64_t day)
{
	unsigned weekdays = w->weekdays ? w->weekdays : WEEKDAYS_ALL;
	return weekdays >> civil_weekday(day) & 1 &&
	       (!w->weeks || w->weeks & week_of(s->basis, day));
}

static const struct schedule_freeze *freeze_of(const struct window_schedule *s, int64_t day)
{
	for (size_t i = 0; i < s->n_freezes; i++)
		if (day >= s->freezes[i].from_day && day <= s->freezes[i].to_day)
			return &s->freezes[i];
	return NULL;
}

static int64_t midnight(const struct zone *z, int64_t day)
{
	return zone_instant(z, day * CIVIL_DAY_S, NULL) * 1000;
}

/* A freeze that begins while the window is open ends it. */
static int64_t cut_by_freezes(const struct window_schedule *s, const struct zone *z,
			      int64_t start_ms, int64_t end_ms)
{
	for (size_t i = 0; i < s->n_freezes; i++) {
		int64_t begins = midnight(z, s->freezes[i].from_day);
		if (begins > start_ms && begins < end_ms)
			end_ms = begins;
	}
	return end_ms;
}

/* False for a day without this window. */
static bool window_of(const struct window_schedule *s, const struct zone *z,
		      const struct schedule_window *w, int64_t day, struct window *out)
{
	if (!on_day(s, w, day) || freeze_of(s, day) || midnight(z, day) == midnight(z, day + 1))
		return false;
	int length = w->end_min - w->start_min +
		     (w->end_min <= w->start_min ? SCHEDULE_DAY_MIN : 0);
	int64_t start = day * CIVIL_DAY_S + w->start_min * 60;
	enum zone_fit start_fit, end_fit;
	out->start_ms = zone_instant(z, start, &start_fit) * 1000;
	out->end_ms = zone_instant(z, start + length * 60, &end_fit) * 1000;
	if (start_fit == ZONE_SKIPPED && end_fit == ZONE_SKIPPED)
		out->end_ms = out->start_ms + length * INT64_C(60000);
	out->end_ms = cut_by_freezes(s, z, out->start_ms, out->end_ms);
	return out->end_ms > out->start_ms;
}

static int by_start(const void *a, const void *b)
{
	const struct window *x = a, *y = b;
	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return (x->end_ms > y->end_ms) - (x->end_ms < y->end_ms);
}

/* A day's windows in order, each once. */
static size_t windows_of(const struct window_schedule *s, const struct zone *z, int64_t day,
			 struct window out[static SCHEDULE_WINDOWS_MAX])
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < s->n_windows; i++)
		n += window_of(s, z, &s->windows[i], day, &out[n]);
	qsort(out, n, sizeof(*out), by_start);
	for (size_t i = 0; i < n; i++)
		if (!kept || by_start(&out[kept - 1], &out[i]) != 0)
			out[kept++] = out[i];
	return kept;
}

static int64_t local_day(const struct zone *z, int64_t ms)
{
	int64_t utc_s = ms / 1000 - (ms % 1000 < 0);
	return civil_floor_day(utc_s + zone_offset(z, utc_s));
}

/* Without windows: from one freeze's end to the next one's begin. */
static size_t between_freezes(const struct window_schedule *s, const struct zone *z,
			      int64_t from_ms, struct window *out, size_t max)
{
	size_t n = 0;
	int64_t day = local_day(z, from_ms), start_ms = from_ms;
	while (n < max) {
		const struct schedule_freeze *in = freeze_of(s, day), *next = NULL;
		while (in) {
			day = in->to_day + 1;
			start_ms = midnight(z, day);
			in = freeze_of(s, day);
		}
		for (size_t i = 0; i < s->n_freezes; i++)
			if (s->freezes[i].from_day > day &&
			    (!next || s->freezes[i].from_day < next->from_day))
				next = &s->freezes[i];
		out[n++] = (struct window) { start_ms,
					     next ? midnight(z, next->from_day) : WINDOW_NO_END };
		if (!next)
			break;
		day = next->from_day;
	}
	return n;
}

size_t window_next(const struct window_schedule *s, const struct zone *z, int64_t from_ms,
		   struct window *out, size_t max)
{
	struct window of_day[SCHEDULE_WINDOWS_MAX];
	size_t n = 0;
	if (s->n_windows == 0)
		return between_freezes(s, z, from_ms, out, max);
	int64_t day = local_day(z, from_ms) - 1; /* a day left out moves windows by one */
	for (int64_t end = day + HORIZON_DAYS; day < end && n < max; day++) {
		size_t k = windows_of(s, z, day, of_day);
		for (size_t i = 0; i < k && n < max; i++)
			if (of_day[i].start_ms >= from_ms) {
				out[n++] = of_day[i];
				end = day + HORIZON_DAYS;
			}
	}
	return n;
}

bool window_open(const struct window_schedule *s, const struct zone *z, int64_t now_ms,
		 struct window *open_out)
{
	struct window of_day[SCHEDULE_WINDOWS_MAX], open = { INT64_MAX, INT64_MIN };
	int64_t today = local_day(z, now_ms);
	if (s->n_windows == 0 && between_freezes(s, z, now_ms, of_day, 1) &&
	    of_day[0].start_ms <= now_ms)
		open = of_day[0];
	for (int64_t day = today - 2; s->n_windows && day <= today + 1; day++) {
		size_t k = windows_of(s, z, day, of_day);
		for (size_t i = 0; i < k; i++) {
			if (of_day[i].start_ms > now_ms || of_day[i].end_ms <= now_ms)
				continue;
			open.start_ms = MIN(open.start_ms, of_day[i].start_ms);
			open.end_ms = MAX(open.end_ms, of_day[i].end_ms);
		}
	}
	if (open.end_ms == INT64_MIN)
		return false;
	if (open_out)
		*open_out = open;
	return true;
}

enum schedule_rarity window_rarity(const struct window_schedule *s)
{
	for (size_t i = 0; i < s->n_windows; i++) {
		unsigned weeks = s->windows[i].weeks;
		if (s->basis == SCHEDULE_PATCH_TUESDAY && weeks == 1u << 4)
			return SCHEDULE_RARE_WEEK_4;
		if (s->basis == SCHEDULE_CALENDAR && weeks == 1u << 5)
			return SCHEDULE_RARE_WEEK_5;
	}
	return SCHEDULE_USUAL;
}
