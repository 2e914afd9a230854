/* SPDX-License-Identifier: Apache-2.0
 * When an order may start on a machine, and orders that wait there (M-157..M-164, S-19, AC-26). */
#include "agent/net/parked.h"
#include "agent/opening.h"
#include "base/clock.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define ID_1 "11111111111111111111111111111111"
#define ID_2 "22222222222222222222222222222222"

struct bench {
	char dir[64];
	char *state, *sysroot;
	struct agent_paths paths;
};

static int setup(void **state)
{
	struct err e = { 0 };
	struct bench *b = xcalloc(1, sizeof(*b));
	snprintf(b->dir, sizeof(b->dir), "/tmp/windows.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->state = file_join(b->dir, "s");
	b->sysroot = file_join(b->dir, "r");
	AUTO(xfree) char *etc = file_join(b->sysroot, "etc"), *link = file_join(etc, "localtime");
	AUTO(xfree) char *net = file_join(b->state, "net");
	assert_true(file_mkdirs(etc, 0755, &e) && file_mkdirs(net, 0755, &e));
	assert_int_equal(symlink("/usr/share/zoneinfo/Asia/Tokyo", link), 0);
	b->paths = (struct agent_paths) { b->dir, b->state, b->dir, b->sysroot };
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	bool gone = file_remove_tree(b->dir, NULL);
	xfree(b->state);
	xfree(b->sysroot);
	xfree(b);
	return gone ? 0 : 1;
}

static int64_t at(const char *rfc3339)
{
	int64_t ms = 0;
	assert_true(clock_parse_rfc3339(str_of(rfc3339), &ms));
	return ms;
}

static struct opening opening(struct bench *b, const struct order *o, const char *now,
			      const char *boot)
{
	struct opening out;
	struct err e = { 0 };
	if (!opening_of(&b->paths, o, at(now), at(boot), &out, &e))
		fail_msg("%s", e.msg);
	return out;
}

static void AC_26_windows_in_the_machines_own_zone(void **state)
{
	struct bench *b = *state;
	struct window_schedule s = {
		.triggers = SCHEDULE_REFRESH_CYCLE | SCHEDULE_START_UP,
		.windows = { { .weekdays = 1u << 6, .start_min = 13 * 60, .end_min = 17 * 60 } },
		.n_windows = 1
	};
	struct order o = { 0 };
	const char *boot = "2026-11-01T00:00:00Z";
	assert_true(opening(b, &o, "2026-11-28T00:00:00Z", boot).open); /* no windows at all */
	o.window = &s;
	/* Sunday 13:00 in Tokyo */
	struct opening next = opening(b, &o, "2026-11-28T00:00:00Z", boot);
	assert_true(!next.open && next.next_ms == at("2026-11-29T04:00:00Z"));
	assert_false(opening(b, &o, "2026-11-29T03:59:59Z", boot).open);
	assert_true(opening(b, &o, "2026-11-29T04:00:00Z", boot).open);
	assert_true(opening(b, &o, "2026-11-29T07:59:59Z", boot).open);
	/* M-164: what has not started by then waits for the next one */
	next = opening(b, &o, "2026-11-29T08:00:00Z", boot);
	assert_true(!next.open && next.next_ms == at("2026-12-06T04:00:00Z"));
	/* a zone of the policy's own */
	snprintf(s.zone, sizeof(s.zone), "Europe/Berlin");
	next = opening(b, &o, "2026-11-28T00:00:00Z", boot);
	assert_true(next.next_ms == at("2026-11-29T12:00:00Z"));
	/* M-159: only at a start of the system inside the window */
	s.triggers = SCHEDULE_START_UP;
	next = opening(b, &o, "2026-11-29T13:00:00Z", "2026-11-29T11:59:59Z");
	assert_true(!next.open && next.needs_start_up && next.next_ms == WINDOW_NO_END);
	assert_true(opening(b, &o, "2026-11-29T13:00:00Z", "2026-11-29T12:00:00Z").open);
	/* forced after N days, whatever the windows */
	o.forced_ms = at("2026-11-30T00:00:00Z");
	next = opening(b, &o, "2026-11-29T23:59:59Z", boot);
	assert_true(!next.open && next.next_ms == o.forced_ms);
	assert_true(opening(b, &o, "2026-11-30T00:00:00Z", boot).open);
}

static void a_machine_without_a_zone_has_utc(void **state)
{
	struct bench *b = *state;
	struct window_schedule s = { .triggers = SCHEDULE_REFRESH_CYCLE,
				     .windows = { { .start_min = 13 * 60, .end_min = 17 * 60 } },
				     .n_windows = 1 };
	struct order o = { .window = &s };
	AUTO(xfree) char *link = xasprintf("%s/etc/localtime", b->sysroot);
	assert_int_equal(unlink(link), 0);
	assert_true(opening(b, &o, "2026-11-29T13:00:00Z", "2026-11-01T00:00:00Z").open);
}

static void waiting_orders_outlive_the_process_and_end_when_withdrawn(void **state)
{
	struct bench *b = *state;
	struct parked p;
	struct err e = { 0 };
	assert_true(parked_load(&p, &b->paths, &e));
	assert_int_equal(parked_next_ms(&p), INT64_MAX);
	assert_true(parked_put(&p, ID_1, "one", 5000, &e) && parked_put(&p, ID_2, "two", 9000, &e));
	assert_int_equal(parked_next_ms(&p), 5000);
	assert_null(parked_due(&p, 4999, 1000));
	AUTO(xfree) char *due = parked_due(&p, 5000, 1000);
	assert_string_equal(due, "one");
	assert_int_equal(parked_next_ms(&p), 6000); /* put off, should it not come to an end */
	assert_true(parked_put(&p, ID_1, "one", 7000, &e));
	assert_int_equal(parked_next_ms(&p), 7000);
	parked_done(&p);
	/* started anew: both are looked at at once */
	assert_true(parked_load(&p, &b->paths, &e));
	assert_int_equal(parked_next_ms(&p), 0);
	/* a first contact without orders (the server may not know us yet) ends none */
	parked_settle(&p);
	assert_int_equal(p.list.n, 2);
	/* offered again: kept; no longer offered: withdrawn */
	assert_true(parked_offer(&p, STR_LIT("two")));
	assert_false(parked_offer(&p, STR_LIT("three")));
	parked_settle(&p);
	assert_int_equal(p.list.n, 1);
	assert_string_equal(p.list.p[0].id, ID_2);
	parked_done(&p);
	assert_true(parked_load(&p, &b->paths, &e));
	assert_int_equal(p.list.n, 1);
	parked_drop(&p, ID_2);
	parked_drop(&p, ID_2);
	parked_done(&p);
	assert_true(parked_load(&p, &b->paths, &e));
	assert_int_equal(p.list.n, 0);
	parked_done(&p);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(AC_26_windows_in_the_machines_own_zone),
		T(a_machine_without_a_zone_has_utc),
		T(waiting_orders_outlive_the_process_and_end_when_withdrawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
