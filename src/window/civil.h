/* SPDX-License-Identifier: Apache-2.0
 * The calendar: proleptic Gregorian dates as day numbers (0 = 1970-01-01), and what deployment
 * policies call weeks. Pure arithmetic; no zone, no clock. */
#ifndef WINDOW_CIVIL_H
#define WINDOW_CIVIL_H
#include "base/base.h"

#define CIVIL_DAY_S 86400

/** Day number of a date; month 1..12, day 1..31 (days past a month's end run on into the next). */
int64_t civil_day(int64_t year, int month, int day);
void civil_date(int64_t day, int64_t *year_out, int *month_out, int *day_out);
/** 0 = Monday .. 6 = Sunday (ISO 8601). */
int civil_weekday(int64_t day);
int civil_month_days(int64_t year, int month);
/** Day number of the second Tuesday of a month. */
int64_t civil_patch_tuesday(int64_t year, int month);
/** Second of the day number's day, rounded down: also before 1970. */
int64_t civil_floor_day(int64_t s);
#endif
