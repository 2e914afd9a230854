/* SPDX-License-Identifier: Apache-2.0
 * When syncs happen by themselves (M-075), and what is told about them (M-076). */
#include "jobs/schedule.h"
#include "base/clock.h"
#include "format/json.h"
#include "jobs/notify.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
	int64_t t;
	assert_true(clock_parse_rfc3339(str_of(text), &t));
	return t;
}

static void every_so_often_whatever_the_wall_clock_does_F24(void **state)
{
	struct schedule p = { .mode = SCHEDULE_INTERVAL, .every_s = 3600, .jitter_s = 300 };
	struct schedule_state s = { .planned = false };
	int64_t wall = at("2026-11-22T12:00:00Z");
	assert_false(schedule_due(&s, &p, 0, wall, 0));
	assert_false(schedule_due(&s, &p, 3599999, wall + INT64_C(1000000000), 0));
	assert_true(schedule_due(&s, &p, 3600000, wall - INT64_C(1000000000), 0));
	assert_false(schedule_due(&s, &p, 3600001, wall, UINT32_MAX));
	/* the next one is late by at most the jitter */
	assert_true(s.due_mono_ms >= 7200000 && s.due_mono_ms <= 7200000 + 300000);
	p.every_s = 600; /* a changed setting counts from now; jitter at most a tenth */
	assert_false(schedule_due(&s, &p, 7000000, wall, 77777));
	assert_true(s.due_mono_ms >= 7600000 && s.due_mono_ms <= 7660000);
	p.mode = SCHEDULE_OFF;
	assert_false(schedule_due(&s, &p, 9000000, wall, 0));
	assert_false(schedule_due(&s, &p, INT64_C(90000000000), wall, 0));
}

static void once_a_day_at_a_time(void **state)
{
	struct schedule p = { .mode = SCHEDULE_DAILY, .minute = 3 * 60 + 30 };
	struct schedule_state s = { .planned = false };
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	assert_int_equal(schedule_next_day(210, at("2026-11-22T18:29:59Z")),
			 at("2026-11-22T18:30:00Z"));
	assert_int_equal(schedule_next_day(210, at("2026-11-22T18:30:00Z")),
			 at("2026-11-23T18:30:00Z"));
	assert_false(schedule_due(&s, &p, 0, at("2026-11-22T12:00:00Z"), 0));
	assert_false(schedule_due(&s, &p, 1, at("2026-11-22T18:29:59Z"), 0));
	assert_true(schedule_due(&s, &p, 2, at("2026-11-22T18:30:01Z"), 0));
	assert_false(schedule_due(&s, &p, 3, at("2026-11-22T18:30:02Z"), 0));
	assert_true(schedule_due(&s, &p, 4, at("2026-11-24T00:00:00Z"), 0));  /* slept through */
	assert_false(schedule_due(&s, &p, 5, at("2026-11-20T00:00:00Z"), 0)); /* set back */
	assert_int_equal(s.due_wall_ms, at("2026-11-20T18:30:00Z"));
	setenv("TZ", "Europe/Berlin", 1); /* 02:30 does not exist on 2026-03-29 */
	tzset();
	int64_t next = schedule_next_day(150, at("2026-03-29T00:00:00Z"));
	assert_true(next > at("2026-03-29T00:00:00Z") && next < at("2026-03-29T03:00:00Z"));
	setenv("TZ", "UTC", 1);
	tzset();
}

static void what_is_told(void **state)
{
	char id[] = "debian/x", old[] = "kev", url[] = "http://h", error[] = "it is \"down\"";
	struct feed_state f[] = {
		{ .id = id, .kind = id, .url = url, .last_success_ms = 900000, .error = error },
		{ .id = old, .kind = old, .url = url, .last_success_ms = 1 },
	};
	struct notify_news n = { .job = "j",
				 .error = "",
				 .finished_ms = 1000000,
				 .feeds = f,
				 .n_feeds = 2,
				 .stale_s = 3600,
				 .new_patches = 3,
				 .patches = 10 };
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 16), p = BUF_INIT(1u << 16);
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	notify_problems(&n, &p);
	assert_string_equal(p.p, "failed debian/x\n");
	n.stale_s = 500;
	notify_message(&n, &b);
	assert_true(json_parse(buf_str(&b), b.n, &j, &e));
	assert_int_equal(json_integer_value(json_object_get(j, "new_patches")), 3);
	assert_int_equal(json_array_size(json_object_get(j, "failed_feeds")), 1);
	assert_int_equal(json_array_size(json_object_get(j, "stale_feeds")), 1);
	assert_true(notify_wanted(&n, "problems"));
	n.n_feeds = 0;
	assert_false(notify_wanted(&n, "problems"));
	assert_true(notify_wanted(&n, "news"));
	assert_true(notify_wanted(&n, "always"));
	n.first = true;
	assert_false(notify_wanted(&n, "news"));
	n.error = "no suite";
	assert_true(notify_wanted(&n, "problems"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_so_often_whatever_the_wall_clock_does_F24),
		cmocka_unit_test(once_a_day_at_a_time),
		cmocka_unit_test(what_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
