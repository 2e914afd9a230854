/* SPDX-License-Identifier: Apache-2.0
 * When a deployment policy lets installations start (M-152..M-164): weeks, weekdays and times of
 * the day to windows, as real instants. The server's preview and the agent's scheduler ask this one
 * module, so that they cannot disagree.
 *
 * Rules. Week and weekday are those of a window's start; a window whose end is not after its start
 * ends on the next day. Calendar week k is days 7k-6 to 7k of the month (week 5: day 29 on), the
 * last week its last seven days. Patch-Tuesday week k is days 7k to 7k+6 from the latest second
 * Tuesday of a month, the last week the seven days before the next one. A start that the clock
 * skips is the first instant after the jump; when the end is skipped too, the window keeps its
 * length. Of times shown twice the first counts: every window opens once. A day that a zone leaves
 * out has no windows. In a freeze no window opens, and one that is open ends. */
#ifndef WINDOW_SCHEDULE_H
#define WINDOW_SCHEDULE_H
#include "format/json.h"
#include "window/zone.h"

#define SCHEDULE_WINDOWS_MAX 32
#define SCHEDULE_FREEZES_MAX 64
#define SCHEDULE_DAY_MIN 1440
/** Shortest windows by download mode, minutes (M-162, M-163). */
#define SCHEDULE_MIN_ANY_CONTACT 60
#define SCHEDULE_MIN_WINDOW_ONLY 180
/** Weeks of a window: bit k is week k, this one the last week; 0 = every week. */
#define SCHEDULE_LAST_WEEK (1u << 7)

enum schedule_basis { SCHEDULE_CALENDAR, SCHEDULE_PATCH_TUESDAY };
enum schedule_download { SCHEDULE_ANY_CONTACT, SCHEDULE_WINDOW_ONLY };
enum schedule_trigger { SCHEDULE_REFRESH_CYCLE = 1, SCHEDULE_START_UP = 2 };

struct schedule_window {
	unsigned weeks;		/**< 0 = every week */
	unsigned weekdays;	/**< bit 0 = Monday .. bit 6 = Sunday; 0 = every day */
	int start_min, end_min; /**< of the day; 0..1439 and 1..1440; end <= start: next day */
};
/** Days of the calendar, both included. */
struct schedule_freeze {
	int64_t from_day, to_day;
	char reason[101];
};
struct window_schedule {
	enum schedule_basis basis;
	enum schedule_download download;
	unsigned triggers;    /**< of enum schedule_trigger, never 0 */
	int force_after_days; /**< outside windows, too, so long after creation; 0 = never */
	char zone[ZONE_NAME_MAX + 1]; /**< "" = each agent's own */
	struct schedule_window windows[SCHEDULE_WINDOWS_MAX];
	size_t n_windows; /**< 0 = at any time (M-153) */
	struct schedule_freeze freezes[SCHEDULE_FREEZES_MAX];
	size_t n_freezes;
};

/** Reads a policy's "schedule" object. ERR_INVALID names the member and what it may be. */
bool window_read(const json_t *j, struct window_schedule *out, struct err *e) MUST_CHECK;
/** The object again; the caller frees it. Reading it gives an equal schedule. */
json_t *window_write(const struct window_schedule *s);

/** Start included, end not. */
struct window {
	int64_t start_ms, end_ms;
};
#define WINDOW_NO_END INT64_MAX
/** The windows that start at or after `from_ms`, oldest first, one for each start and end; returns
 *  how many (at most `max`). The search ends ten years behind the last one. At any time: stretches
 * between freezes, the first from `from_ms` on, the last without end. */
size_t window_next(const struct window_schedule *s, const struct zone *z, int64_t from_ms,
		   struct window *out, size_t max);
/** Whether a window is open at `now_ms`; *open_out (may be NULL) is then from the earliest start to
 *  the latest end of those that are. At any time: from `now_ms` on. */
bool window_open(const struct window_schedule *s, const struct zone *z, int64_t now_ms,
		 struct window *open_out);

enum schedule_rarity {
	SCHEDULE_USUAL,
	SCHEDULE_RARE_WEEK_4, /**< Patch-Tuesday week 4 alone: in 34.8 % of cycles */
	SCHEDULE_RARE_WEEK_5  /**< calendar week 5 alone: a weekday has one in 34.8 % of months */
};
/** Whether some window names only a week that most months lack. */
enum schedule_rarity window_rarity(const struct window_schedule *s);
#endif
