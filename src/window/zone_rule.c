/* SPDX-License-Identifier: Apache-2.0
 * The TZ string at the end of a TZif file (POSIX.1-2017, 8.3, with the extended hours of RFC 9636,
 * 3.3.1): names of the zone are skipped, offsets and dates read. Every number is bounded. */
#include "window/civil.h"
#include "window/zone_int.h"

#define HOUR_S 3600

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool lit(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = (struct str) { s->p + 1, s->n - 1 };
	return true;
}

static bool number(struct str *s, int max, int *out)
{
	int n = 0;
	size_t i = 0;
	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && n <= max; i++)
		n = n * 10 + (s->p[i] - '0');
	if (i == 0 || n > max)
		return false;
	*s = (struct str) { s->p + i, s->n - i };
	*out = n;
	return true;
}

/* "CET" or "<+0330>". */
static bool name(struct str *s)
{
	bool quoted = lit(s, '<');
	size_t i = 0;
	while (i < s->n && (letter(s->p[i]) || (quoted && s->p[i] != '>')))
		i++;
	*s = (struct str) { s->p + i, s->n - i };
	return i > 0 && (!quoted || lit(s, '>'));
}

/* "[+-]hh[:mm[:ss]]" */
static bool clock_time(struct str *s, int max_hours, int32_t *out)
{
	int h, m = 0, sec = 0;
	bool minus = lit(s, '-');
	if (!minus)
		(void)lit(s, '+');
	if (!number(s, max_hours, &h) ||
	    (lit(s, ':') && (!number(s, 59, &m) || (lit(s, ':') && !number(s, 59, &sec)))))
		return false;
	int32_t all = h * HOUR_S + m * 60 + sec;
	*out = minus ? -all : all;
	return true;
}

static bool date(struct str *s, struct zone_date *d)
{
	d->time_s = 2 * HOUR_S;
	if (!lit(s, ','))
		return false;
	if (lit(s, 'M')) {
		d->form = ZONE_DATE_WEEKDAY;
		if (!number(s, 12, &d->month) || !lit(s, '.') || !number(s, 5, &d->week) ||
		    !lit(s, '.') || !number(s, 6, &d->day) || !d->month || !d->week)
			return false;
	} else {
		d->form = lit(s, 'J') ? ZONE_DATE_JULIAN : ZONE_DATE_ORDINAL;
		if (!number(s, 365, &d->day) || (d->form == ZONE_DATE_JULIAN && !d->day))
			return false;
	}
	return !lit(s, '/') || clock_time(s, 167, &d->time_s);
}

static bool read_rule(struct str s, struct zone_rule *r)
{
	int32_t west;
	if (!name(&s) || !clock_time(&s, 24, &west))
		return false;
	r->standard = -west;
	if (!s.n)
		return true;
	r->has_daylight = true;
	r->daylight = r->standard + HOUR_S;
	if (!name(&s))
		return false;
	if (s.n && s.p[0] != ',') {
		if (!clock_time(&s, 24, &west))
			return false;
		r->daylight = -west;
	}
	return date(&s, &r->begins) && date(&s, &r->ends) && !s.n;
}

bool zone_rule_parse(struct str text, struct zone_rule *out, struct err *e)
{
	struct zone_rule r = { 0 };
	if (!read_rule(text, &r))
		return err_set(e, ERR_CORRUPT, "'%.*s' is not a rule of a time zone",
			       (int)MIN(text.n, 80), text.p);
	*out = r;
	return true;
}

static int64_t day_of(const struct zone_date *d, int64_t year)
{
	if (d->form == ZONE_DATE_ORDINAL)
		return civil_day(year, 1, 1) + d->day;
	if (d->form == ZONE_DATE_JULIAN) {
		bool leap = civil_month_days(year, 2) == 29;
		return civil_day(year, 1, 1) + d->day - 1 + (leap && d->day >= 60);
	}
	int64_t first = civil_day(year, d->month, 1);
	int monday_based = (d->day + 6) % 7;
	int64_t day = first + (monday_based - civil_weekday(first) + 7) % 7 + 7 * (d->week - 1);
	return day - first >= civil_month_days(year, d->month) ? day - 7 : day;
}

void zone_rule_year(const struct zone_rule *r, int64_t year, int64_t *begins_out, int64_t *ends_out)
{
	*begins_out = day_of(&r->begins, year) * CIVIL_DAY_S + r->begins.time_s - r->standard;
	*ends_out = day_of(&r->ends, year) * CIVIL_DAY_S + r->ends.time_s - r->daylight;
}

/* Of the changes of three years (their hours may reach into the next), the last one counts. */
int32_t zone_rule_offset(const struct zone_rule *r, int64_t utc_s)
{
	if (!r->has_daylight)
		return r->standard;
	int64_t year, latest = INT64_MIN;
	int month, day;
	int32_t offset = r->standard;
	civil_date(civil_floor_day(utc_s), &year, &month, &day);
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t begins, ends;
		zone_rule_year(r, y, &begins, &ends);
		/* at one instant (daylight time all year): the beginning wins */
		if (ends <= utc_s && ends > latest)
			latest = ends, offset = r->standard;
		if (begins <= utc_s && begins >= latest)
			latest = begins, offset = r->daylight;
	}
	return offset;
}
