/* SPDX-License-Identifier: Apache-2.0
 * Deciding when to sync. Pure: clocks and chance come in as numbers. */
#include "jobs/schedule.h"

#include <time.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define HOUR_MS (3600 * INT64_C(1000))

void schedule_read(struct settings *s, struct schedule *out)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *mode = settings_text(s, SETTING_SYNC_SCHEDULE, &a);
	const char *at = settings_text(s, SETTING_SYNC_AT, &a);
	*out = (struct schedule) { .every_s = settings_int(s, SETTING_SYNC_INTERVAL_S),
				   .jitter_s = settings_int(s, SETTING_SYNC_JITTER_S) };
	out->mode = strcmp(mode, "daily") == 0 ? SCHEDULE_DAILY
		    : strcmp(mode, "off") == 0 ? SCHEDULE_OFF
					       : SCHEDULE_INTERVAL;
	/* the row's type lets only "hh:mm" through */
	out->minute = ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
}

bool schedule_same(const struct schedule *a, const struct schedule *b)
{
	return a->mode == b->mode && a->every_s == b->every_s && a->minute == b->minute &&
	       a->jitter_s == b->jitter_s;
}

int64_t schedule_next_day(int minute, int64_t wall_ms)
{
	time_t now = (time_t)(wall_ms / 1000);
	struct tm t;
	int64_t next = 0;
	for (int day = 0; day < 3 && next <= wall_ms; day++) {
		localtime_r(&now, &t);
		t.tm_mday += day;
		t.tm_hour = minute / 60;
		t.tm_min = minute % 60;
		t.tm_sec = 0;
		t.tm_isdst = -1;
		next = (int64_t)mktime(&t) * 1000;
	}
	return next;
}

static void plan(struct schedule_state *s, int64_t mono_ms, int64_t wall_ms, uint32_t random)
{
	const struct schedule *p = &s->plan;
	/* of a short interval the jitter is at most a tenth */
	int64_t jitter = p->mode == SCHEDULE_INTERVAL ? MIN(p->jitter_s, p->every_s / 10)
						      : p->jitter_s;
	int64_t late = jitter > 0 ? random % (jitter * 1000 + 1) : 0;
	s->planned = true;
	s->due_mono_ms = mono_ms + p->every_s * 1000 + late;
	s->due_wall_ms = schedule_next_day(p->minute, wall_ms) + late;
}

bool schedule_due(struct schedule_state *s, const struct schedule *now, int64_t mono_ms,
		  int64_t wall_ms, uint32_t random)
{
	if (!s->planned || !schedule_same(&s->plan, now)) {
		s->plan = *now;
		plan(s, mono_ms, wall_ms, random);
		return false;
	}
	if (now->mode == SCHEDULE_OFF)
		return false;
	bool due = now->mode == SCHEDULE_INTERVAL ? mono_ms >= s->due_mono_ms
						  : wall_ms >= s->due_wall_ms;
	/* the wall clock was set back: today's time is still to come */
	bool lost = now->mode == SCHEDULE_DAILY &&
		    s->due_wall_ms - wall_ms > DAY_MS + HOUR_MS + now->jitter_s * 1000;
	if (due || lost)
		plan(s, mono_ms, wall_ms, random);
	return due;
}
