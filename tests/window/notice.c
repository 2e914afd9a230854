/* SPDX-License-Identifier: Apache-2.0
 * What users are told before an installation and what they may put off (M-169..M-171, S-19, AC-36):
 * the rules one by one, then 20,000 histories of users, windows and restarts. */
#include "window/notice.h"
#include "window/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define T0 INT64_C(1795305600000)
#define TEXTS                                                                                      \
	"\"title\": {\"en\": \"Updates\", \"ja\": \"更新\"},"                                    \
	"\"message\": {\"en\": \"Save your work.\\nSoon.\", \"ja\": \"保存してください。\"},"
#define THREE                                                                                      \
	"{" TEXTS "\"countdown_minutes\": 15,"                                                     \
	"\"postpone\": {\"times\": 3, \"minutes\": 120, \"deadline_hours\": 5}}"

static bool read(const char *json, struct notification *n, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	return json_parse(str_of(json), 65536, &j, e) && notice_read(j, n, e);
}

static struct notification notification_of(const char *json)
{
	struct notification n;
	struct err e = { 0 };
	if (!read(json, &n, &e))
		fail_msg("%s: %s", json, e.msg);
	return n;
}

static void M_169_a_notification_reads_back_and_refuses_what_it_must(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{" TEXTS "\"countdown_minutes\": 0}",
		"{" TEXTS "\"countdown_minutes\": 241}",
		"{" TEXTS "\"countdown_minutes\": 5, \"silent\": true}",
		"{\"title\": \"Updates\", \"message\": {\"en\": \"a\", \"ja\": \"b\"}, \"countdown_minutes\": 5}",
		"{\"title\": {\"en\": \"a\"}, \"message\": {\"en\": \"a\", \"ja\": \"b\"}, \"countdown_minutes\": 5}",
		"{\"title\": {\"en\": \"a\\nb\", \"ja\": \"b\"}, \"message\": {\"en\": \"a\", \"ja\": \"b\"}, \"countdown_minutes\": 5}",
		"{\"title\": {\"en\": \"a\", \"ja\": \"b\"}, \"message\": {\"en\": \"\\u001b[2J\", \"ja\": \"b\"}, \"countdown_minutes\": 5}",
		"{\"title\": {\"en\": \"a\", \"ja\": \"b\"}, \"message\": {\"en\": \"\\u009b\", \"ja\": \"b\"}, \"countdown_minutes\": 5}",
		"{\"title\": {\"en\": \"\\u202e\", \"ja\": \"b\"}, \"message\": {\"en\": \"c\", \"ja\": \"b\"}, \"countdown_minutes\": 5}",
		"{" TEXTS
		"\"countdown_minutes\": 5, \"postpone\": {\"times\": 21, \"minutes\": 60, \"deadline_hours\": 1}}",
		"{" TEXTS
		"\"countdown_minutes\": 5, \"postpone\": {\"times\": 1, \"minutes\": 60, \"deadline_hours\": 721}}",
		"{" TEXTS
		"\"countdown_minutes\": 5, \"postpone\": {\"times\": 1, \"minutes\": 60, \"deadline_hours\": 0}}",
		"{" TEXTS
		"\"countdown_minutes\": 60, \"postpone\": {\"times\": 1, \"minutes\": 60, \"deadline_hours\": 9}}",
		"{" TEXTS
		"\"countdown_minutes\": 60, \"postpone\": {\"times\": 1, \"minutes\": 90, \"deadline_hours\": 1}}",
	};
	struct notification n = notification_of(THREE), again;
	struct err e = { 0 };
	AUTO(json_free) json_t *j = notice_write(&n);
	assert_true(notice_read(j, &again, &e));
	assert_memory_equal(&n, &again, sizeof(n));
	assert_string_equal(n.title[NOTICE_JA], "更新");
	assert_int_equal(n.budget.times, 3);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e = (struct err) { 0 };
		if (read(bad[i], &again, &e) || e.code != ERR_INVALID || !e.msg[0])
			fail_msg("%s", bad[i]);
	}
	assert_int_equal(notice_language_of("ja_JP.UTF-8"), NOTICE_JA);
	assert_int_equal(notice_language_of("ja"), NOTICE_JA);
	assert_int_equal(notice_language_of("jam_JM"), NOTICE_EN);
	assert_int_equal(notice_language_of(""), NOTICE_EN);
}

static struct notice_next at(const struct notification *n, const struct notice_state *s,
			     int64_t now_ms)
{
	return notice_decide(n, s, true, now_ms, now_ms);
}

static void M_170_three_postponements_and_no_more(void **state)
{
	struct notification n = notification_of(THREE);
	struct notice_state s = { 0 };
	struct err e = { 0 };
	assert_false(notice_postpone(&n, &s, 0, T0, &e)); /* before any notice */
	assert_int_equal(e.code, ERR_CONFLICT);
	struct notice_next d = at(&n, &s, T0);
	assert_true(d.step == NOTICE_SHOW && d.start_ms == T0 + 15 * MINUTE);
	notice_shown(&s, T0);
	d = at(&n, &s, T0 + 1);
	assert_true(d.step == NOTICE_WAIT && d.look_ms == T0 + 15 * MINUTE);
	assert_int_equal(at(&n, &s, T0 + 15 * MINUTE).step, NOTICE_START);
	assert_false(notice_postpone(&n, &s, 121, T0 + MINUTE, &e));
	assert_false(notice_postpone(&n, &s, 15, T0 + MINUTE, &e));
	assert_true(notice_postpone(&n, &s, 60, T0 + MINUTE, &e));
	d = at(&n, &s, T0 + 2 * MINUTE);
	assert_true(d.step == NOTICE_WAIT && d.why == NOTICE_POSTPONED &&
		    d.start_ms == T0 + 61 * MINUTE);
	assert_int_equal(d.look_ms, T0 + 46 * MINUTE); /* the next notice: its countdown before */
	d = at(&n, &s, T0 + 46 * MINUTE);
	assert_true(d.step == NOTICE_SHOW && d.start_ms == T0 + 61 * MINUTE);
	notice_shown(&s, T0 + 46 * MINUTE);
	assert_true(notice_postpone(&n, &s, 0, T0 + 47 * MINUTE, &e)); /* 2:47 */
	notice_shown(&s, T0 + 152 * MINUTE);
	/* the third ends at the deadline, although it was asked for longer */
	assert_true(notice_postpone(&n, &s, 0, T0 + 4 * HOUR, &e));
	assert_int_equal(s.until_ms, T0 + 5 * HOUR);
	assert_int_equal(notice_deadline_ms(&n, &s), T0 + 5 * HOUR);
	notice_shown(&s, T0 + 285 * MINUTE);
	assert_false(notice_postpone(&n, &s, 0, T0 + 286 * MINUTE, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(at(&n, &s, T0 + 5 * HOUR - 1).step, NOTICE_WAIT);
	assert_int_equal(at(&n, &s, T0 + 5 * HOUR).step, NOTICE_START);
}

static void AC_36_the_deadline_wins_but_not_without_a_notice(void **state)
{
	struct notification n = notification_of(THREE);
	struct notice_state s = { 0 };
	struct err e = { 0 };
	notice_shown(&s, T0);
	assert_true(notice_postpone(&n, &s, 60, T0, &e));
	/* the machine was off until long after */
	struct notice_next d = at(&n, &s, T0 + 40 * HOUR);
	assert_true(d.step == NOTICE_SHOW && d.start_ms == T0 + 40 * HOUR + 15 * MINUTE);
	notice_shown(&s, T0 + 40 * HOUR);
	assert_false(notice_postpone(&n, &s, 60, T0 + 40 * HOUR, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(at(&n, &s, T0 + 40 * HOUR + 15 * MINUTE).step, NOTICE_START);
	/* a notice nobody remembers is shown again */
	assert_int_equal(at(&n, &s, T0 + 42 * HOUR).step, NOTICE_SHOW);
}

static void M_170_now_and_nobody_there(void **state)
{
	struct notification n = notification_of(THREE);
	struct notice_state s = { 0 };
	assert_int_equal(notice_decide(&n, &s, false, T0, T0).step, NOTICE_START);
	assert_int_equal(notice_decide(&n, &s, false, T0 + 1, T0).step, NOTICE_WAIT);
	s.agreed = true;
	assert_int_equal(at(&n, &s, T0).step, NOTICE_START);
	/* "now" does not open a window */
	assert_int_equal(notice_decide(&n, &s, true, T0 + 1, T0).step, NOTICE_WAIT);
}

static void S_19_the_notice_comes_before_the_window(void **state)
{
	struct notification n = notification_of(THREE);
	struct notice_state s = { 0 };
	int64_t opens = T0 + HOUR;
	struct notice_next d = notice_decide(&n, &s, true, opens, T0);
	assert_true(d.step == NOTICE_WAIT && d.look_ms == opens - 15 * MINUTE &&
		    d.why == NOTICE_WINDOW);
	d = notice_decide(&n, &s, true, opens, d.look_ms);
	assert_true(d.step == NOTICE_SHOW && d.start_ms == opens);
	notice_shown(&s, opens - 15 * MINUTE);
	assert_int_equal(notice_decide(&n, &s, true, opens, opens - 1).step, NOTICE_WAIT);
	assert_int_equal(at(&n, &s, opens).step, NOTICE_START);
	/* it was missed: the next window has a notice of its own */
	d = notice_decide(&n, &s, true, opens + 24 * HOUR, opens + 5 * HOUR);
	assert_true(d.step == NOTICE_WAIT && d.look_ms == opens + 24 * HOUR - 15 * MINUTE);
	d = notice_decide(&n, &s, true, WINDOW_NO_END, T0);
	assert_true(d.step == NOTICE_WAIT && d.look_ms == WINDOW_NO_END);
}

/* --- histories
 * ------------------------------------------------------------------------------------- */

static uint32_t seed = 20261123;
static int64_t dice(int64_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (int64_t)((uint64_t)seed * (uint64_t)n >> 32);
}

static struct notification any_notification(void)
{
	struct notification n = notification_of(THREE);
	n.countdown_min = 1 + (int)dice(60);
	n.budget.deadline_h = 2 + (int)dice(100);
	n.budget.times = (int)dice(5);
	n.budget.minutes = n.countdown_min + 1 + (int)dice(2000);
	if (!n.budget.times)
		n.budget.minutes = n.budget.deadline_h = 0;
	return n;
}

/* Open for `open` out of every `cycle` milliseconds. */
struct windows {
	int64_t cycle, open;
};
static int64_t earliest(const struct windows *w, int64_t now)
{
	int64_t in = (now - T0) % w->cycle;
	return in < w->open ? now : now - in + w->cycle;
}

/* The process dies: only what was written remains. */
static void started_anew(struct notice_state *s)
{
	AUTO(json_free) json_t *j = notice_state_write(s);
	struct err e = { 0 };
	memset(s, 0xff, sizeof(*s));
	assert_true(notice_state_read(j, s, &e));
}

struct history {
	struct notification n;
	struct windows w;
	struct notice_state s;
	int64_t now, last_shown, agreed, told_start;
	int64_t accepted;
};

static void user_does_something(struct history *h)
{
	struct notice_state before = h->s;
	if (dice(30) == 0) {
		h->s.agreed = true;
		return;
	}
	int64_t minutes = dice(2) ? 0 : dice(3000);
	if (!notice_postpone(&h->n, &h->s, minutes, h->now, NULL)) {
		assert_memory_equal(&before, &h->s, sizeof(before));
		return;
	}
	h->accepted++;
	assert_true(h->accepted <= h->n.budget.times && h->s.postponed == h->accepted);
	assert_true(h->s.until_ms <= notice_deadline_ms(&h->n, &h->s));
	assert_true(h->s.until_ms >= h->now + h->n.countdown_min * MINUTE);
}

/* One look of the agent; true when it starts. */
static bool looks(struct history *h, bool present, int64_t *again)
{
	int64_t opens = earliest(&h->w, h->now), countdown = h->n.countdown_min * MINUTE;
	struct notice_next d = notice_decide(&h->n, &h->s, present, opens, h->now);
	*again = d.look_ms;
	if (d.step == NOTICE_SHOW) {
		notice_shown(&h->s, h->now);
		h->last_shown = h->now;
		d = notice_decide(&h->n, &h->s, present, opens, h->now);
		assert_int_equal(d.step, NOTICE_WAIT);
		*again = d.look_ms;
	}
	if (d.step == NOTICE_WAIT) {
		assert_true(d.look_ms > h->now && d.start_ms >= d.look_ms);
		return false;
	}
	assert_true(opens <= h->now);
	if (present && !h->s.agreed)
		assert_true(h->last_shown && h->last_shown + countdown <= h->now);
	if (present && !h->s.agreed && h->s.until_ms)
		assert_true(h->s.until_ms <= h->now);
	return true;
}

static void one_history(void)
{
	struct history h = { .n = any_notification(), .now = T0 };
	h.w.cycle = (1 + dice(48)) * HOUR;
	int64_t open = dice(h.w.cycle);
	h.w.open = dice(3) ? h.w.cycle : MAX(HOUR, open);
	bool sometimes_away = dice(2);
	/* Somebody is there and does all to put it off; the agent looks when it said it would. */
	int64_t limit = T0 + (h.n.budget.deadline_h + 1) * HOUR + 3 * h.w.cycle;
	for (int turn = 0;; turn++) {
		int64_t again;
		if (dice(4) == 0)
			started_anew(&h.s);
		if (looks(&h, !sometimes_away || dice(3), &again))
			return;
		if (dice(3))
			user_does_something(&h);
		/* whatever a user did only now changes when to look */
		struct notice_next d = notice_decide(&h.n, &h.s, true, earliest(&h.w, h.now),
						     h.now);
		int64_t some_time = h.now + MINUTE + dice(6 * HOUR);
		if (d.step == NOTICE_WAIT)
			h.now = MIN(d.look_ms, some_time);
		/* the deadline wins, in the next window, with its countdown */
		if (h.now > limit || turn > 100000)
			fail_msg("not started after %lld hours", (long long)((h.now - T0) / HOUR));
	}
}

static void AC_36_histories(void **state)
{
	for (int i = 0; i < 20000; i++)
		one_history();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_169_a_notification_reads_back_and_refuses_what_it_must),
		cmocka_unit_test(M_170_three_postponements_and_no_more),
		cmocka_unit_test(AC_36_the_deadline_wins_but_not_without_a_notice),
		cmocka_unit_test(M_170_now_and_nobody_there),
		cmocka_unit_test(S_19_the_notice_comes_before_the_window),
		cmocka_unit_test(AC_36_histories),
	};
	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
