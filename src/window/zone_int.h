/* SPDX-License-Identifier: Apache-2.0
 * Inside the room: the rule behind a zone's last listed change (the TZ string of POSIX). */
#ifndef WINDOW_ZONE_INT_H
#define WINDOW_ZONE_INT_H
#include "window/zone.h"

enum zone_date_form {
	ZONE_DATE_JULIAN,  /* Jn: 1..365, 29 February never counted */
	ZONE_DATE_ORDINAL, /* n: 0..365 */
	ZONE_DATE_WEEKDAY  /* Mm.w.d: week 5 = last; weekday 0 = Sunday */
};
struct zone_date {
	enum zone_date_form form;
	int day, week, month;
	int32_t time_s; /* on the clock that shows the time before the change; -167..167 hours */
};
struct zone_rule {
	int32_t standard, daylight; /* seconds east of UTC */
	bool has_daylight;
	struct zone_date begins, ends; /* of daylight saving time */
};
/* "CET-1CEST,M3.5.0,M10.5.0/3". ERR_CORRUPT. */
bool zone_rule_parse(struct str text, struct zone_rule *out, struct err *e) MUST_CHECK;
/* The instants of a year's two changes. */
void zone_rule_year(const struct zone_rule *r, int64_t year, int64_t *begins_out,
		    int64_t *ends_out);
int32_t zone_rule_offset(const struct zone_rule *r, int64_t utc_s);
#endif
