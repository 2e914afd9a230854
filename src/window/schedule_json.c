/* SPDX-License-Identifier: Apache-2.0
 * A schedule as the API takes it:
 *
 *   { "basis": "calendar", "zone": "Asia/Tokyo", "download": "any_contact",
 *     "triggers": ["refresh_cycle", "start_up"], "force_after_days": 14,
 *     "windows": [ { "weeks": [2, "last"], "weekdays": ["sun"], "start": "13:00", "end": "17:00" }
 * ], "freezes": [ { "from": "2026-12-24", "to": "2027-01-04", "reason": "Year's end" } ] }
 *
 * Every member may be left out: at any time, in each agent's own zone. */
#include "window/civil.h"
#include "window/schedule.h"

#include <stdio.h>

static const char *const basis_names[] = { "calendar", "patch_tuesday" };
static const char *const download_names[] = { "any_contact", "window_only" };
static const char *const trigger_names[] = { "refresh_cycle", "start_up" };
static const char *const weekday_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static bool word(const char *s, const char *const *names, size_t n, unsigned *out)
{
	for (size_t i = 0; s && i < n; i++)
		if (strcmp(s, names[i]) == 0) {
			*out = (unsigned)i;
			return true;
		}
	return false;
}

static bool choice(const json_t *j, const char *key, const char *const *names, unsigned *out,
		   struct err *e)
{
	const char *s = NULL;
	if (!json_opt_str(j, key, 20, &s, e))
		return false;
	return !s || word(s, names, 2, out) ||
	       err_set(e, ERR_INVALID, "'%s' must be '%s' or '%s', not '%s'", key, names[0],
		       names[1], s);
}

static bool two_digits(const char *s, int max, int *out)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*out = (s[0] - '0') * 10 + s[1] - '0';
	return *out <= max;
}

/* "HH:MM"; 24:00 is the end of a day. */
static bool read_time(const json_t *j, const char *key, int max, int *out, struct err *e)
{
	const char *s;
	int h = 0, m = 0;
	if (!json_need_str(j, key, 5, 5, &s, e))
		return false;
	if (!two_digits(s, 24, &h) || s[2] != ':' || !two_digits(s + 3, 59, &m) || h * 60 + m > max)
		return err_set(e, ERR_INVALID, "'%s' must be a time from 00:00 to %s, not '%s'",
			       key, max == SCHEDULE_DAY_MIN ? "24:00" : "23:59", s);
	*out = h * 60 + m;
	return true;
}

static bool read_weeks(const json_t *list, enum schedule_basis basis, unsigned *out, struct err *e)
{
	int low = basis == SCHEDULE_CALENDAR ? 1 : 0, high = low + 4;
	unsigned weeks = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);
		json_int_t k = json_is_integer(x) ? json_integer_value(x) : -1;
		if (json_is_string(x) && strcmp(json_string_value(x), "last") == 0)
			weeks |= SCHEDULE_LAST_WEEK;
		else if (k >= low && k <= high)
			weeks |= 1u << k;
		else
			return err_set(e, ERR_INVALID,
				       "'weeks' must be numbers from %d to %d or 'last'", low,
				       high);
	}
	*out = weeks;
	return true;
}

static bool read_words(const json_t *list, const char *key, const char *const *names, size_t n,
		       unsigned *out, struct err *e)
{
	unsigned bits = 0, k;
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!word(json_string_value(json_array_get(list, i)), names, n, &k))
			return err_set(e, ERR_INVALID, "'%s' must be words from '%s' to '%s'", key,
				       names[0], names[n - 1]);
		bits |= 1u << k;
	}
	*out = bits;
	return true;
}

static bool long_enough(const struct window_schedule *s, const struct schedule_window *w,
			struct err *e)
{
	int length = w->end_min - w->start_min +
		     (w->end_min <= w->start_min ? SCHEDULE_DAY_MIN : 0);
	int least = s->download == SCHEDULE_WINDOW_ONLY ? SCHEDULE_MIN_WINDOW_ONLY
							: SCHEDULE_MIN_ANY_CONTACT;
	if (w->start_min == w->end_min)
		return err_set(
			e, ERR_INVALID,
			"a window starts and ends at the same time; write 00:00 to 24:00 for a whole day");
	return length >= least ||
	       err_set(e, ERR_INVALID,
		       "a window is %d minutes long, and must be %d or more with the download mode '%s'",
		       length, least, download_names[s->download]);
}

static bool read_window(const json_t *j, struct window_schedule *s, struct err *e)
{
	static const char *const known[] = { "weeks", "weekdays", "start", "end", NULL };
	struct schedule_window w = { 0 };
	json_t *weeks, *weekdays;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "a window must be an object");
	if (!json_only(j, known, e) || !json_opt_array(j, "weeks", 8, &weeks, e) ||
	    !json_opt_array(j, "weekdays", 7, &weekdays, e) ||
	    !read_weeks(weeks, s->basis, &w.weeks, e) ||
	    !read_words(weekdays, "weekdays", weekday_names, ARRAY_LEN(weekday_names), &w.weekdays,
			e) ||
	    !read_time(j, "start", SCHEDULE_DAY_MIN - 1, &w.start_min, e) ||
	    !read_time(j, "end", SCHEDULE_DAY_MIN, &w.end_min, e) || !long_enough(s, &w, e))
		return false;
	s->windows[s->n_windows++] = w;
	return true;
}

static bool read_day(const json_t *j, const char *key, int64_t *out, struct err *e)
{
	const char *s;
	int century, year, month, day;
	if (!json_need_str(j, key, 10, 10, &s, e))
		return false;
	if (!two_digits(s, 99, &century) || !two_digits(s + 2, 99, &year) || s[4] != '-' ||
	    !two_digits(s + 5, 12, &month) || s[7] != '-' || !two_digits(s + 8, 31, &day) ||
	    !month || !day || day > civil_month_days(century * 100 + year, month))
		return err_set(e, ERR_INVALID, "'%s' must be a date as 2026-12-24, not '%s'", key,
			       s);
	*out = civil_day(century * 100 + year, month, day);
	return true;
}

static bool read_freeze(const json_t *j, struct window_schedule *s, struct err *e)
{
	static const char *const known[] = { "from", "to", "reason", NULL };
	struct schedule_freeze f = { 0 };
	const char *reason = "";
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "a freeze must be an object");
	if (!json_only(j, known, e) || !read_day(j, "from", &f.from_day, e) ||
	    !read_day(j, "to", &f.to_day, e) ||
	    !json_opt_str(j, "reason", sizeof(f.reason) - 1, &reason, e))
		return false;
	if (f.to_day < f.from_day)
		return err_set(e, ERR_INVALID, "a freeze ends before it begins");
	snprintf(f.reason, sizeof(f.reason), "%s", reason);
	s->freezes[s->n_freezes++] = f;
	return true;
}

static bool read_zone(const json_t *j, struct window_schedule *s, struct err *e)
{
	const char *zone = "";
	if (!json_opt_str(j, "zone", ZONE_NAME_MAX, &zone, e))
		return false;
	if (zone[0] && !zone_is_name(str_of(zone)))
		return err_set(
			e, ERR_INVALID,
			"'zone' must be a name as 'Asia/Tokyo', not '%s'; leave it out for each agent's own",
			zone);
	snprintf(s->zone, sizeof(s->zone), "%s", zone);
	return true;
}

static bool read_lists(const json_t *j, struct window_schedule *s, struct err *e)
{
	json_t *windows, *freezes, *triggers;
	if (!json_opt_array(j, "windows", SCHEDULE_WINDOWS_MAX, &windows, e) ||
	    !json_opt_array(j, "freezes", SCHEDULE_FREEZES_MAX, &freezes, e) ||
	    !json_opt_array(j, "triggers", 2, &triggers, e) ||
	    !read_words(triggers, "triggers", trigger_names, 2, &s->triggers, e))
		return false;
	if (!s->triggers)
		s->triggers = SCHEDULE_REFRESH_CYCLE | SCHEDULE_START_UP;
	for (size_t i = 0; i < json_array_size(windows); i++)
		if (!read_window(json_array_get(windows, i), s, e))
			return err_prefix(e, "window %zu", i + 1);
	for (size_t i = 0; i < json_array_size(freezes); i++)
		if (!read_freeze(json_array_get(freezes, i), s, e))
			return err_prefix(e, "freeze %zu", i + 1);
	return true;
}

bool window_read(const json_t *j, struct window_schedule *out, struct err *e)
{
	static const char *const known[] = { "basis",	 "zone",    "download",
					     "triggers", "windows", "force_after_days",
					     "freezes",	 NULL };
	struct window_schedule s = { 0 };
	unsigned basis = SCHEDULE_CALENDAR, download = SCHEDULE_ANY_CONTACT;
	int64_t force = 0;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'schedule' must be an object");
	if (!json_only(j, known, e) || !choice(j, "basis", basis_names, &basis, e) ||
	    !choice(j, "download", download_names, &download, e) ||
	    !json_opt_int(j, "force_after_days", 0, 365, &force, e) || !read_zone(j, &s, e))
		return false;
	s.basis = (enum schedule_basis)basis;
	s.download = (enum schedule_download)download;
	s.force_after_days = (int)force;
	if (!read_lists(j, &s, e))
		return false;
	*out = s;
	return true;
}

static json_t *words(unsigned bits, const char *const *names, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		if (bits >> i & 1)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *time_text(int min)
{
	return json_sprintf("%02d:%02d", min / 60, min % 60);
}

static json_t *day_text(int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_date(day, &year, &month, &of_month);
	return json_sprintf("%04d-%02d-%02d", (int)year, month, of_month);
}

static json_t *write_window(const struct schedule_window *w)
{
	json_t *weeks = json_array();
	for (int k = 0; k <= 5; k++)
		if (w->weeks >> k & 1)
			json_array_append_new(weeks, json_integer(k));
	if (w->weeks & SCHEDULE_LAST_WEEK)
		json_array_append_new(weeks, json_string("last"));
	return json_pack("{s:o, s:o, s:o, s:o}", "weeks", weeks, "weekdays",
			 words(w->weekdays, weekday_names, ARRAY_LEN(weekday_names)), "start",
			 time_text(w->start_min), "end", time_text(w->end_min));
}

json_t *window_write(const struct window_schedule *s)
{
	json_t *windows = json_array(), *freezes = json_array();
	for (size_t i = 0; i < s->n_windows; i++)
		json_array_append_new(windows, write_window(&s->windows[i]));
	for (size_t i = 0; i < s->n_freezes; i++)
		json_array_append_new(freezes, json_pack("{s:o, s:o, s:o}", "from",
							 day_text(s->freezes[i].from_day), "to",
							 day_text(s->freezes[i].to_day), "reason",
							 json_text(str_of(s->freezes[i].reason))));
	return json_pack("{s:s, s:o, s:s, s:o, s:i, s:o, s:o}", "basis", basis_names[s->basis],
			 "zone", s->zone[0] ? json_string(s->zone) : json_null(), "download",
			 download_names[s->download], "triggers",
			 words(s->triggers, trigger_names, 2), "force_after_days",
			 s->force_after_days, "windows", windows, "freezes", freezes);
}
