/* SPDX-License-Identifier: Apache-2.0
 * Zones of the system's database: offsets, skipped and doubled times (F26, F27), and bad files. */
#include "window/zone.h"
#include "base/clock.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t at(const char *rfc3339)
{
	int64_t ms;
	if (!clock_parse_rfc3339(str_of(rfc3339), &ms))
		fail_msg("'%s'", rfc3339);
	return ms / 1000;
}

/* The local time is written as if it were UTC. */
static const struct {
	const char *zone, *local, *instant;
	enum zone_fit fit;
} rows[] = {
	{ "UTC", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z", ZONE_ONCE },
	{ "Asia/Tokyo", "2026-11-29T13:00:00Z", "2026-11-29T04:00:00Z", ZONE_ONCE },
	{ "Asia/Kathmandu", "2026-11-29T13:00:00Z", "2026-11-29T07:15:00Z", ZONE_ONCE },
	{ "Asia/Kolkata", "2026-11-29T13:00:00Z", "2026-11-29T07:30:00Z", ZONE_ONCE },
	{ "Pacific/Tongatapu", "2026-11-29T13:00:00Z", "2026-11-29T00:00:00Z", ZONE_ONCE },
	{ "Pacific/Kiritimati", "2026-11-29T13:00:00Z", "2026-11-28T23:00:00Z", ZONE_ONCE },
	{ "Pacific/Pago_Pago", "2026-11-29T13:00:00Z", "2026-11-30T00:00:00Z", ZONE_ONCE },
	{ "Pacific/Chatham", "2026-11-29T13:00:00Z", "2026-11-28T23:15:00Z", ZONE_ONCE },
	{ "America/St_Johns", "2026-07-01T12:00:00Z", "2026-07-01T14:30:00Z", ZONE_ONCE },
	/* Berlin: 02:00 becomes 03:00; 03:00 becomes 02:00 */
	{ "Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z", ZONE_ONCE },
	{ "Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", ZONE_SKIPPED },
	{ "Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z", ZONE_SKIPPED },
	{ "Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", ZONE_ONCE },
	{ "Europe/Berlin", "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z", ZONE_ONCE },
	{ "Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25T00:00:00Z", ZONE_TWICE },
	{ "Europe/Berlin", "2026-10-25T02:59:59Z", "2026-10-25T00:59:59Z", ZONE_TWICE },
	{ "Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z", ZONE_ONCE },
	{ "America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:00:00Z", ZONE_SKIPPED },
	{ "America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z", ZONE_TWICE },
	/* half an hour only */
	{ "Australia/Lord_Howe", "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z", ZONE_SKIPPED },
	{ "Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z", ZONE_TWICE },
	/* at midnight */
	{ "America/Santiago", "2026-09-06T00:30:00Z", "2026-09-06T04:00:00Z", ZONE_SKIPPED },
	{ "America/Santiago", "2026-04-04T23:30:00Z", "2026-04-05T02:30:00Z", ZONE_TWICE },
	/* two hours */
	{ "Antarctica/Troll", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", ZONE_SKIPPED },
	{ "Antarctica/Troll", "2026-10-25T01:30:00Z", "2026-10-24T23:30:00Z", ZONE_TWICE },
	/* a day that Samoa left out */
	{ "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z", ZONE_SKIPPED },
	/* far behind the listed changes: by the rule */
	{ "Europe/Berlin", "2090-03-26T02:30:00Z", "2090-03-26T01:00:00Z", ZONE_SKIPPED },
	{ "Australia/Sydney", "2075-10-06T02:30:00Z", "2075-10-05T16:00:00Z", ZONE_SKIPPED },
	{ "Asia/Tokyo", "2038-01-19T12:14:08Z", "2038-01-19T03:14:08Z", ZONE_ONCE },
	{ "Asia/Tokyo", "1900-01-01T00:00:00Z", "1899-12-31T15:00:00Z", ZONE_ONCE },
};

static void F27_local_times(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(zone_free) struct zone *z = NULL;
		struct err e = { 0 };
		enum zone_fit fit;
		if (!zone_open(rows[i].zone, &z, &e))
			fail_msg("%s", e.msg);
		int64_t got = zone_instant(z, at(rows[i].local), &fit);
		if (got != at(rows[i].instant) || fit != rows[i].fit)
			fail_msg("%s %s: off by %lld s, fit %d", rows[i].zone, rows[i].local,
				 (long long)(got - at(rows[i].instant)), (int)fit);
	}
}

static void names_and_their_errors(void **state UNUSED)
{
	static const char *const bad[] = { "",
					   "../etc/passwd",
					   "/etc/localtime",
					   "Europe//Berlin",
					   "Europe/Ber lin",
					   "Europe/",
					   "-x" };
	struct zone *z = NULL;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		assert_false(zone_open(bad[i], &z, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	struct err e = { 0 };
	assert_false(zone_open("Europe/Atlantis", &z, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(z);
}

static void files_that_are_none(void **state UNUSED)
{
	AUTO(buf_done) struct buf b = BUF_INIT(ZONE_FILE_MAX);
	struct err e = { 0 };
	struct zone *z = NULL;
	assert_true(file_read("/usr/share/zoneinfo/Europe/Berlin", &b, &e));
	for (size_t n = 0; n + 30 < b.n; n += 7) {
		assert_false(zone_parse((struct str) { b.p, n }, &z, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	assert_false(zone_parse(STR_LIT("TZif1"), &z, &e));
	assert_null(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F27_local_times),
		cmocka_unit_test(names_and_their_errors),
		cmocka_unit_test(files_that_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
