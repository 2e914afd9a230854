/* SPDX-License-Identifier: Apache-2.0
 * The time people have before their machine is restarted (M-172, AC-36): when they are told, what
 * they may put off, and that it comes, under a clock of our own. */
#include "window/countdown.h"
#include "window/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define T0 INT64_C(1795305600000)

/* Runs it as the agent does, looked at every five seconds at least; `away_from` .. `away_to`:
 * nobody looks, as while the machine sleeps. Minutes left at each word, then "end" and the minutes
 * it took. */
static const char *run(struct countdown c, int64_t away_from, int64_t away_to)
{
	static char said[200];
	size_t n = 0;
	int64_t now = c.since_ms;
	for (;;) {
		if (now > away_from && now < away_to)
			now = away_to;
		struct countdown_next next = countdown_decide(&c, now);
		if (next.over)
			break;
		if (next.tell) {
			n += (size_t)snprintf(said + n, sizeof(said) - n, "%lld ",
					      (long long)((next.end_ms - now) / MINUTE));
			c.told_ms = now;
		}
		assert_true(next.look_ms >= now || next.tell);
		now += MAX(1, MIN(5000, next.look_ms - now));
	}
	snprintf(said + n, sizeof(said) - n, "end %lld", (long long)((now - T0) / MINUTE));
	return said;
}

static struct countdown of_minutes(int64_t minutes)
{
	return (struct countdown) { .since_ms = T0,
				    .length_ms = minutes * MINUTE,
				    .last_ms = WINDOW_NO_END };
}

static void AC_36_people_are_told_as_it_counts_down(void **state)
{
	(void)state;
	assert_string_equal(run(of_minutes(60), 0, 0), "60 30 5 1 end 60");
	assert_string_equal(run(of_minutes(15), 0, 0), "15 7 5 1 end 15");
	assert_string_equal(run(of_minutes(14), 0, 0), "14 5 1 end 14");
	assert_string_equal(run(of_minutes(5), 0, 0), "5 1 end 5");
	assert_string_equal(run(of_minutes(1), 0, 0), "1 end 1");
	/* never past the window's end */
	struct countdown c = of_minutes(60);
	c.last_ms = T0 + 20 * MINUTE;
	assert_string_equal(run(c, 0, 0), "20 10 5 1 end 20");
	/* but nobody has less than a minute: whether it still may be then is not decided here */
	c.last_ms = T0 - 10 * MINUTE;
	assert_string_equal(run(c, 0, 0), "1 end 1");
}

static void AC_36_not_without_a_word_after_sleep(void **state)
{
	(void)state;
	assert_string_equal(run(of_minutes(60), T0 + 10 * MINUTE, T0 + 300 * MINUTE),
			    "60 1 end 301");
	assert_string_equal(run(of_minutes(60), T0 + 10 * MINUTE, T0 + 57 * MINUTE),
			    "60 3 1 end 60");
}

static void AC_36_who_is_started_anew_goes_on(void **state)
{
	struct countdown c = of_minutes(60);
	(void)state;
	c.told_ms = T0;
	struct countdown_next a = countdown_decide(&c, T0 + 20 * MINUTE);
	struct countdown_next b = countdown_decide(&c, T0 + 20 * MINUTE);
	assert_false(a.tell || a.over);
	assert_int_equal(a.end_ms, T0 + 60 * MINUTE);
	assert_int_equal(a.look_ms, T0 + 30 * MINUTE);
	assert_true(b.end_ms == a.end_ms && b.look_ms == a.look_ms && b.tell == a.tell);
	/* what was missed meanwhile is said once */
	assert_true(countdown_decide(&c, T0 + 58 * MINUTE).tell);
}

static void M_172_put_off_within_its_budget(void **state)
{
	struct countdown c = of_minutes(30), before;
	struct err e = { 0 };
	(void)state;
	assert_int_equal(countdown_deadline_ms(&c), 0);
	assert_false(countdown_postpone(&c, 0, T0, &e));
	assert_int_equal(e.code, ERR_DENIED);
	c.budget = (struct notice_budget) { 2, 60, 8 };
	assert_int_equal(countdown_deadline_ms(&c), T0 + 8 * HOUR);
	assert_false(countdown_postpone(&c, 61, T0, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(countdown_postpone(&c, 4, T0, &e));
	assert_true(countdown_postpone(&c, 20, T0 + 10 * MINUTE, &e));
	assert_int_equal(countdown_end_ms(&c), T0 + 50 * MINUTE);
	/* everybody hears of it, and it counts down anew */
	c.told_ms = T0;
	assert_true(countdown_decide(&c, T0 + 10 * MINUTE).tell);
	assert_true(countdown_postpone(&c, 0, T0 + 49 * MINUTE, &e));
	assert_int_equal(countdown_end_ms(&c), T0 + 110 * MINUTE);
	before = c;
	assert_false(countdown_postpone(&c, 0, T0 + 50 * MINUTE, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_memory_equal(&c, &before, sizeof(c));
	/* a machine that slept through its end has a last minute, in which it can be put off */
	c = of_minutes(30);
	c.budget = (struct notice_budget) { 2, 60, 8 };
	assert_true(countdown_postpone(&c, 30, T0 + 90 * MINUTE, &e));
	assert_int_equal(countdown_end_ms(&c), T0 + 120 * MINUTE);
	/* not past the window's end, nor past the deadline */
	c.last_ms = T0 + 130 * MINUTE;
	assert_true(countdown_postpone(&c, 0, T0 + 100 * MINUTE, &e));
	assert_int_equal(countdown_end_ms(&c), T0 + 130 * MINUTE);
	c.budget.times = 9;
	assert_false(countdown_postpone(&c, 0, T0 + 100 * MINUTE, &e));
	assert_int_equal(e.code, ERR_DENIED);
	c = of_minutes(30);
	c.budget = (struct notice_budget) { 9, 60, 1 };
	assert_true(countdown_postpone(&c, 0, T0, &e));
	assert_int_equal(countdown_end_ms(&c), T0 + HOUR);
	assert_false(countdown_postpone(&c, 0, T0, &e));
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

static struct countdown any(uint64_t *seed)
{
	struct countdown c = of_minutes(1 + next_random(seed) % 120);
	c.budget.times = (int)(next_random(seed) % 4);
	c.budget.minutes = 5 + (int)(next_random(seed) % 120);
	c.budget.deadline_h = 3 + (int)(next_random(seed) % 6);
	if (next_random(seed) % 3 == 0)
		c.last_ms = T0 + (5 + next_random(seed) % 300) * MINUTE;
	return c;
}

/* One that is put off, and looked at, at random: when it was over. What holds at each look is
 * asserted. */
static int64_t live(struct countdown *c, uint64_t *seed, int64_t *gap_out)
{
	int64_t now = T0, granted = 0;
	for (int looks = 0;; looks++) {
		struct countdown copy = *c;
		struct countdown_next n = countdown_decide(c, now), same;
		same = countdown_decide(&copy, now); /* whoever is started anew */
		assert_true(n.over == same.over && n.tell == same.tell && n.end_ms == same.end_ms);
		assert_true(looks < 100000);
		if (n.over)
			return now;
		if (n.tell)
			c->told_ms = now;
		assert_true(n.end_ms >= granted); /* what was granted is kept */
		if (next_random(seed) % 50 == 0) {
			struct err e = { 0 };
			int64_t was = countdown_end_ms(c);
			if (countdown_postpone(c, 0, now, &e))
				granted = countdown_end_ms(c);
			else
				assert_int_equal(countdown_end_ms(c), was);
			assert_true(c->postponed <= c->budget.times);
		}
		int64_t gap = 1 + next_random(seed) % (next_random(seed) % 20 ? 60000 : 600000);
		*gap_out = MAX(*gap_out, gap);
		now += gap;
	}
}

/* Whatever is put off and whenever it is looked at: people have a minute after the last word, it
 * comes, and never later than the budget, the deadline and the window let it, but for that minute.
 */
static void AC_36_it_comes_in_any_history(void **state)
{
	(void)state;
	uint64_t seed = 36;
	for (int i = 0; i < 20000; i++) {
		struct countdown c = any(&seed);
		int64_t gap = 0, over = live(&c, &seed, &gap);
		int64_t latest = T0 + c.length_ms;
		if (c.postponed)
			latest = MAX(latest, countdown_deadline_ms(&c));
		latest = MIN(latest, c.last_ms);
		assert_true(c.told_ms && over - c.told_ms >= MINUTE);
		assert_true(over >= countdown_end_ms(&c));
		assert_true(countdown_end_ms(&c) <= latest);
		assert_true(over <= latest + MINUTE + 2 * gap); /* looks are late */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(AC_36_people_are_told_as_it_counts_down),
		cmocka_unit_test(AC_36_not_without_a_word_after_sleep),
		cmocka_unit_test(AC_36_who_is_started_anew_goes_on),
		cmocka_unit_test(M_172_put_off_within_its_budget),
		cmocka_unit_test(AC_36_it_comes_in_any_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
