/* SPDX-License-Identifier: Apache-2.0
 * Schedules as people write them: their windows (M-154..M-163, S-19, D-2..D-5, F26), and what is
 * refused. tests/window/peer.py tries the rest. */
#include "window/schedule.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t at(const char *rfc3339)
{
	int64_t ms;
	if (!clock_parse_rfc3339(str_of(rfc3339), &ms))
		fail_msg("'%s'", rfc3339);
	return ms;
}

static bool read(const char *json, struct window_schedule *s, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	return json_parse(str_of(json), 65536, &j, e) && window_read(j, s, e);
}

static struct window_schedule schedule_of(const char *json)
{
	struct window_schedule s;
	struct err e = { 0 };
	if (!read(json, &s, &e))
		fail_msg("%s: %s", json, e.msg);
	return s;
}

#define SUNDAY                                                                                     \
	"{\"windows\": [{\"weekdays\": [\"sun\"], \"start\": \"13:00\", \"end\": \"17:00\"}]}"
#define NIGHT(start, end) "{\"windows\": [{\"start\": \"" start "\", \"end\": \"" end "\"}]}"
#define WEEKS(basis, weeks, day)                                                                   \
	"{\"basis\": \"" basis "\", \"windows\": [{\"weeks\": [" weeks "], \"weekdays\": [\"" day  \
	"\"], \"start\": \"22:00\", \"end\": \"04:00\"}]}"

static const struct {
	const char *json, *zone, *from, *start, *end; /* its first two windows: start and end */
	const char *start2, *end2;
} rows[] = {
	{ SUNDAY, "Asia/Tokyo", "2026-11-23T00:00:00Z", "2026-11-29T04:00:00Z",
	  "2026-11-29T08:00:00Z", "2026-12-06T04:00:00Z", "2026-12-06T08:00:00Z" },
	/* a window's own start is listed, one second later it is not */
	{ SUNDAY, "UTC", "2026-11-29T13:00:00Z", "2026-11-29T13:00:00Z", "2026-11-29T17:00:00Z",
	  "2026-12-06T13:00:00Z", "2026-12-06T17:00:00Z" },
	{ SUNDAY, "UTC", "2026-11-29T13:00:01Z", "2026-12-06T13:00:00Z", "2026-12-06T17:00:00Z",
	  "2026-12-13T13:00:00Z", "2026-12-13T17:00:00Z" },
	/* over midnight and over the year's end */
	{ NIGHT("18:00", "07:00"), "UTC", "2026-12-31T00:00:00Z", "2026-12-31T18:00:00Z",
	  "2027-01-01T07:00:00Z", "2027-01-01T18:00:00Z", "2027-01-02T07:00:00Z" },
	/* whole days, on 29 February */
	{ NIGHT("00:00", "24:00"), "UTC", "2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z",
	  "2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z", "2028-03-02T00:00:00Z" },
	/* the weekday is the start's: Saturday of week 1, ending on a Sunday of week 2 */
	{ WEEKS("calendar", "1", "sat"), "UTC", "2026-11-01T00:00:00Z", "2026-11-07T22:00:00Z",
	  "2026-11-08T04:00:00Z", "2026-12-05T22:00:00Z", "2026-12-06T04:00:00Z" },
	{ WEEKS("calendar", "5", "mon"), "UTC", "2026-11-01T00:00:00Z", "2026-11-30T22:00:00Z",
	  "2026-12-01T04:00:00Z", "2027-03-29T22:00:00Z", "2027-03-30T04:00:00Z" },
	{ WEEKS("calendar", "\"last\"", "fri"), "UTC", "2026-11-01T00:00:00Z",
	  "2026-11-27T22:00:00Z", "2026-11-28T04:00:00Z", "2026-12-25T22:00:00Z",
	  "2026-12-26T04:00:00Z" },
	/* D-2: days before Patch Tuesday belong to the cycle before: 2026-11-09 to that of 10-13 */
	{ WEEKS("patch_tuesday", "0", "tue"), "UTC", "2026-11-01T00:00:00Z", "2026-11-10T22:00:00Z",
	  "2026-11-11T04:00:00Z", "2026-12-08T22:00:00Z", "2026-12-09T04:00:00Z" },
	{ WEEKS("patch_tuesday", "3", "mon"), "UTC", "2026-11-01T00:00:00Z", "2026-11-09T22:00:00Z",
	  "2026-11-10T04:00:00Z", "2026-12-07T22:00:00Z", "2026-12-08T04:00:00Z" },
	{ WEEKS("patch_tuesday", "4", "mon"), "UTC", "2026-11-01T00:00:00Z", "2027-01-11T22:00:00Z",
	  "2027-01-12T04:00:00Z", "2027-04-12T22:00:00Z", "2027-04-13T04:00:00Z" },
	{ WEEKS("patch_tuesday", "\"last\"", "mon"), "UTC", "2026-12-01T00:00:00Z",
	  "2026-12-07T22:00:00Z", "2026-12-08T04:00:00Z", "2027-01-11T22:00:00Z",
	  "2027-01-12T04:00:00Z" },
	/* F26: begins in the skipped hour; both ends in it; ends in it */
	{ NIGHT("02:30", "05:00"), "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z",
	  "2026-03-29T03:00:00Z", "2026-03-30T00:30:00Z", "2026-03-30T03:00:00Z" },
	{ NIGHT("02:00", "03:00"), "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z",
	  "2026-03-29T01:00:00Z", NULL, NULL },
	{ NIGHT("01:15", "02:15"), "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T00:15:00Z",
	  "2026-03-29T01:00:00Z", "2026-03-29T23:15:00Z", "2026-03-30T00:15:00Z" },
	/* ... in the doubled hour: the first counts, once */
	{ NIGHT("02:30", "03:30"), "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z",
	  "2026-10-25T02:30:00Z", "2026-10-26T01:30:00Z", "2026-10-26T02:30:00Z" },
	{ NIGHT("01:00", "02:30"), "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z",
	  "2026-10-25T00:30:00Z", "2026-10-26T00:00:00Z", "2026-10-26T01:30:00Z" },
	/* F27: a zone's left-out day has no window, its neighbours have theirs */
	{ NIGHT("10:00", "12:00"), "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-29T20:00:00Z",
	  "2011-12-29T22:00:00Z", "2011-12-30T20:00:00Z", "2011-12-30T22:00:00Z" },
	/* frozen days have none; a window that runs into a freeze ends there */
	{ "{\"windows\": [{\"start\": \"22:00\", \"end\": \"04:00\"}], \"freezes\": [{\"from\": "
	  "\"2026-12-24\", \"to\": \"2027-01-04\"}]}",
	  "UTC", "2026-12-23T00:00:00Z", "2026-12-23T22:00:00Z", "2026-12-24T00:00:00Z",
	  "2027-01-05T22:00:00Z", "2027-01-06T04:00:00Z" },
	/* twice the same window is one */
	{ "{\"windows\": [{\"start\": \"22:00\", \"end\": \"04:00\"}, {\"weekdays\": [\"mon\"], "
	  "\"start\": \"22:00\", \"end\": \"04:00\"}]}",
	  "UTC", "2026-11-23T00:00:00Z", "2026-11-23T22:00:00Z", "2026-11-24T04:00:00Z",
	  "2026-11-24T22:00:00Z", "2026-11-25T04:00:00Z" },
};

static void expect(size_t i, const struct window *w, const char *start, const char *end)
{
	if (w->start_ms != at(start) || w->end_ms != at(end)) {
		char a[CLOCK_RFC3339_LEN], b[CLOCK_RFC3339_LEN];
		fail_msg("row %zu: %s to %s, not %s to %s", i, clock_rfc3339(w->start_ms, a),
			 clock_rfc3339(w->end_ms, b), start, end);
	}
}

static void S_19_windows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct window_schedule s = schedule_of(rows[i].json);
		AUTO(zone_free) struct zone *z = NULL;
		struct err e = { 0 };
		struct window w[2];
		if (!zone_open(rows[i].zone, &z, &e))
			fail_msg("%s", e.msg);
		assert_int_equal(window_next(&s, z, at(rows[i].from), w, 2), 2);
		if (!rows[i].start2)
			continue;
		expect(i, &w[0], rows[i].start, rows[i].end);
		expect(i, &w[1], rows[i].start2, rows[i].end2);
		assert_true(window_open(&s, z, w[0].start_ms, NULL));
		assert_true(window_open(&s, z, w[0].end_ms - 1, NULL));
		assert_false(window_open(&s, z, w[0].start_ms - 1, NULL) &&
			     w[0].start_ms > at(rows[i].from) && i > 4);
	}
}

/* F26: a window wholly inside the skipped hour runs once, as long as it is. */
static void F26_a_window_in_the_skipped_hour_keeps_its_length(void **state)
{
	(void)state;
	struct window_schedule s = schedule_of(NIGHT("02:00", "03:00"));
	AUTO(zone_free) struct zone *z = NULL;
	struct err e = { 0 };
	struct window w[2];
	assert_true(zone_open("Antarctica/Troll", &z, &e)); /* 01:00 becomes 03:00 */
	s.windows[0].start_min = 70;
	s.windows[0].end_min = 130;
	assert_int_equal(window_next(&s, z, at("2026-03-29T00:00:00Z"), w, 2), 2);
	expect(0, &w[0], "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	expect(1, &w[1], "2026-03-29T23:10:00Z", "2026-03-30T00:10:00Z");
}

static void M_153_at_any_time(void **state)
{
	(void)state;
	struct window_schedule s = schedule_of("{}");
	AUTO(zone_free) struct zone *z = NULL;
	struct err e = { 0 };
	struct window w[3];
	int64_t now = at("2026-11-23T10:00:00Z");
	struct window open;
	assert_true(zone_open("Asia/Tokyo", &z, &e));
	assert_int_equal(window_next(&s, z, now, w, 3), 1);
	assert_int_equal(w[0].start_ms, now);
	assert_true(w[0].end_ms == WINDOW_NO_END);
	assert_true(window_open(&s, z, now, &open) && open.start_ms == now &&
		    open.end_ms == WINDOW_NO_END);
	s = schedule_of("{\"freezes\": [{\"from\": \"2026-12-24\", \"to\": \"2026-12-31\"}, "
			"{\"from\": \"2027-01-01\", \"to\": \"2027-01-04\"}]}");
	assert_int_equal(window_next(&s, z, now, w, 3), 2);
	expect(0, &w[0], "2026-11-23T10:00:00Z", "2026-12-23T15:00:00Z");
	assert_int_equal(w[1].start_ms, at("2027-01-04T15:00:00Z"));
	assert_false(window_open(&s, z, at("2026-12-25T00:00:00Z"), NULL));
}

static void a_schedule_reads_back(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{}",
		"{\"basis\": \"patch_tuesday\", \"zone\": \"Asia/Tokyo\", \"download\": "
		"\"window_only\", \"triggers\": [\"start_up\"], \"force_after_days\": 14, "
		"\"windows\": [{\"weeks\": [0, 4, \"last\"], \"weekdays\": [\"mon\", \"sun\"], "
		"\"start\": \"00:00\", \"end\": \"24:00\"}], \"freezes\": [{\"from\": "
		"\"2028-02-29\", \"to\": \"2028-03-01\", \"reason\": \"\\u5e74\\u672b\"}]}",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct window_schedule s = schedule_of(texts[i]), again;
		AUTO(json_free) json_t *j = window_write(&s);
		struct err e = { 0 };
		assert_true(window_read(j, &again, &e));
		assert_memory_equal(&s, &again, sizeof(s));
	}
}

static void what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *json, *says;
	} bad[] = {
		{ "[]", "object" },
		{ "{\"basis\": \"lunar\"}", "'patch_tuesday'" },
		{ "{\"window\": []}", "window" },
		{ "{\"windows\": [1]}", "window 1: a window must be an object" },
		{ "{\"windows\": [{\"start\": \"1:00\", \"end\": \"04:00\"}]}", "'start'" },
		{ "{\"windows\": [{\"start\": \"24:00\", \"end\": \"04:00\"}]}", "23:59" },
		{ "{\"windows\": [{\"start\": \"12:60\", \"end\": \"04:00\"}]}", "23:59" },
		{ "{\"windows\": [{\"start\": \"12:00\", \"end\": \"24:01\"}]}", "24:00" },
		{ "{\"windows\": [{\"start\": \"12:00\", \"end\": \"12:00\"}]}", "whole day" },
		/* M-162, M-163 */
		{ "{\"windows\": [{\"start\": \"12:00\", \"end\": \"12:59\"}]}", "60 or more" },
		{ "{\"download\": \"window_only\", \"windows\": [{\"start\": \"12:00\", \"end\": "
		  "\"14:59\"}]}",
		  "180 or more" },
		{ WEEKS("calendar", "0", "mon"), "from 1 to 5" },
		{ WEEKS("patch_tuesday", "5", "mon"), "from 0 to 4" },
		{ WEEKS("calendar", "1", "someday"), "'weekdays'" },
		{ "{\"zone\": \"../UTC\"}", "'zone'" },
		{ "{\"force_after_days\": 366}", "'force_after_days'" },
		{ "{\"freezes\": [{\"from\": \"2026-02-29\", \"to\": \"2026-03-01\"}]}", "'from'" },
		{ "{\"freezes\": [{\"from\": \"2026-03-02\", \"to\": \"2026-03-01\"}]}", "before" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct window_schedule s;
		struct err e = { 0 };
		if (read(bad[i].json, &s, &e) || e.code != ERR_INVALID ||
		    !strstr(e.msg, bad[i].says))
			fail_msg("%s: '%s'", bad[i].json, e.msg);
	}
}

static void D_3_rare_weeks(void **state)
{
	(void)state;
	struct window_schedule s = schedule_of(WEEKS("calendar", "5", "mon"));
	assert_int_equal(window_rarity(&s), SCHEDULE_RARE_WEEK_5);
	s = schedule_of(WEEKS("calendar", "5, \"last\"", "mon"));
	assert_int_equal(window_rarity(&s), SCHEDULE_USUAL);
	s = schedule_of(WEEKS("patch_tuesday", "4", "mon"));
	assert_int_equal(window_rarity(&s), SCHEDULE_RARE_WEEK_4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_19_windows),
		cmocka_unit_test(F26_a_window_in_the_skipped_hour_keeps_its_length),
		cmocka_unit_test(M_153_at_any_time),
		cmocka_unit_test(a_schedule_reads_back),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(D_3_rare_weeks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
