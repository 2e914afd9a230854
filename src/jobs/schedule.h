/* SPDX-License-Identifier: Apache-2.0
 * When the patch DB is synced by itself: every so often, once a day at a time, or never (M-075). */
#ifndef JOBS_SCHEDULE_H
#define JOBS_SCHEDULE_H
#include "settings/settings.h"

enum schedule_mode { SCHEDULE_INTERVAL, SCHEDULE_DAILY, SCHEDULE_OFF };
struct schedule {
	enum schedule_mode mode;
	int64_t every_s;  /**< interval */
	int minute;	  /**< daily: minute of the day, local time of this machine, 0..1439 */
	int64_t jitter_s; /**< up to so much later, so that many servers do not ask at once */
};
void schedule_read(struct settings *s, struct schedule *out);
bool schedule_same(const struct schedule *a, const struct schedule *b);

/** One running schedule. */
struct schedule_state {
	struct schedule plan;
	bool planned;
	int64_t due_mono_ms; /**< interval */
	int64_t due_wall_ms; /**< daily */
};
/** True when it is time to sync; plans the next one then, and whenever the settings changed. Called
 * every second or so. An interval runs on the monotonic clock: a jump of the wall clock triggers
 * nothing (F24). `random` is any number. */
bool schedule_due(struct schedule_state *s, const struct schedule *now, int64_t mono_ms,
		  int64_t wall_ms, uint32_t random);
/** The next local time hh:mm after `wall_ms`. */
int64_t schedule_next_day(int minute, int64_t wall_ms);
#endif
