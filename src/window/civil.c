/* SPDX-License-Identifier: Apache-2.0
 * Dates to day numbers and back. Years begin in March here, so that a leap day ends its year; 400
 * years repeat exactly. */
#include "window/civil.h"

#define ERA_YEARS 400
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t civil_day(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = floor_div(y, ERA_YEARS), of_era = y - era * ERA_YEARS;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS;
}

void civil_date(int64_t day, int64_t *year_out, int *month_out, int *day_out)
{
	int64_t z = day + EPOCH_DAYS, era = floor_div(z, ERA_DAYS), left = z - era * ERA_DAYS;
	int64_t of_era = (left - left / 1460 + left / 36524 - left / (ERA_DAYS - 1)) / 365;
	int64_t of_year = left - (365 * of_era + of_era / 4 - of_era / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day_out = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month_out = (int)(m < 10 ? m + 3 : m - 9);
	*year_out = era * ERA_YEARS + of_era + (*month_out <= 2);
}

int civil_weekday(int64_t day)
{
	return (int)((day % 7 + 7 + 3) % 7); /* day 0 was a Thursday */
}

int civil_month_days(int64_t year, int month)
{
	int64_t next = month == 12 ? civil_day(year + 1, 1, 1) : civil_day(year, month + 1, 1);
	return (int)(next - civil_day(year, month, 1));
}

int64_t civil_patch_tuesday(int64_t year, int month)
{
	int64_t first = civil_day(year, month, 1);
	return first + (8 - civil_weekday(first)) % 7 + 7; /* Tuesday is weekday 1 */
}

int64_t civil_floor_day(int64_t s)
{
	return floor_div(s, CIVIL_DAY_S);
}
