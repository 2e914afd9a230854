/* SPDX-License-Identifier: Apache-2.0
 * Clocks and the two date forms the wire uses. UTC only; zones belong to deploy/window. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_wall_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_now(void *arg UNUSED)
{
	return clock_wall_ms();
}

const struct clock clock_system = { .now_ms = system_now };

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* RFC 3339 has four digits for the year. */
#define YEAR_0_MS (-62167219200000)
#define YEAR_9999_MS 253402300799999

const char *clock_rfc3339(int64_t t_ms, char out[static CLOCK_RFC3339_LEN])
{
	t_ms = MAX(MIN(t_ms, YEAR_9999_MS), YEAR_0_MS);
	int64_t s = t_ms / 1000;
	unsigned ms = (unsigned)((t_ms % 1000 + 1000) % 1000);
	time_t tt = (time_t)(t_ms % 1000 < 0 ? s - 1 : s);
	struct tm tm = { 0 };
	gmtime_r(&tt, &tm);
	size_t n = 0;
	const struct {
		int value;
		int width;
		char after;
	} parts[] = { { tm.tm_year + 1900, 4, '-' },
		      { tm.tm_mon + 1, 2, '-' },
		      { tm.tm_mday, 2, 'T' },
		      { tm.tm_hour, 2, ':' },
		      { tm.tm_min, 2, ':' },
		      { tm.tm_sec, 2, '.' },
		      { (int)ms, 3, 'Z' } };
	for (size_t i = 0; i < ARRAY_LEN(parts) - (ms == 0); i++) {
		for (int k = parts[i].width, v = parts[i].value; k--; v /= 10)
			out[n + (size_t)k] = (char)('0' + v % 10);
		n += (size_t)parts[i].width;
		out[n++] = parts[i].after;
	}
	out[n - 1] = 'Z';
	out[n] = '\0';
	return out;
}

/* Exactly `width` digits at *s, advanced past them; false otherwise. */
static bool digits(struct str *s, size_t width, int *out)
{
	if (s->n < width)
		return false;
	int v = 0;
	for (size_t i = 0; i < width; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += width;
	s->n -= width;
	*out = v;
	return true;
}

static bool lit(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool offset(struct str *s, bool colon, int *minutes_out)
{
	int sign = s->n && s->p[0] == '-' ? -1 : 1, h, m;
	if (!lit(s, '+') && !lit(s, '-'))
		return false;
	if (!digits(s, 2, &h) || (colon && !lit(s, ':')) || !digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*minutes_out = sign * (h * 60 + m);
	return true;
}

static bool valid(int y, int mo, int d, int h, int mi, int sec)
{
	static const int len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (mo < 1 || mo > 12 || d < 1 || h > 23 || mi > 59 || sec > 60)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return d <= len[mo - 1] + (mo == 2 && leap);
}

static int64_t to_ms(int y, int mo, int d, int h, int mi, int sec)
{
	return ((days_from_civil(y, mo, d) * 24 + h) * 60 + mi) * 60000 + (int64_t)sec * 1000;
}

bool clock_parse_rfc3339(struct str s, int64_t *t_ms_out)
{
	int y, mo, d, h, mi, sec, off = 0, ms = 0;
	if (!digits(&s, 4, &y) || !lit(&s, '-') || !digits(&s, 2, &mo) || !lit(&s, '-') ||
	    !digits(&s, 2, &d) || !(lit(&s, 'T') || lit(&s, ' ') || lit(&s, 't')) ||
	    !digits(&s, 2, &h) || !lit(&s, ':') || !digits(&s, 2, &mi) || !lit(&s, ':') ||
	    !digits(&s, 2, &sec) || !valid(y, mo, d, h, mi, sec))
		return false;
	if (lit(&s, '.')) {
		int scale = 100, v;
		if (s.n == 0 || s.p[0] < '0' || s.p[0] > '9')
			return false;
		while (digits(&s, 1, &v)) {
			ms += v * scale;
			scale /= 10;
		}
	}
	if (!lit(&s, 'Z') && !lit(&s, 'z') && !offset(&s, true, &off))
		return false;
	if (s.n)
		return false;
	*t_ms_out = to_ms(y, mo, d, h, mi, sec) + ms - (int64_t)off * 60000;
	return true;
}

bool clock_parse_rfc2822(struct str s, int64_t *t_ms_out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	s = str_trim(s);
	ptrdiff_t comma = str_find(s, ',');
	if (comma >= 0) {
		s.p += comma + 1;
		s.n -= (size_t)comma + 1;
		s = str_trim(s);
	}
	int y, mo = 0, d, h, mi, sec, off = 0;
	if (!digits(&s, 2, &d) && !digits(&s, 1, &d))
		return false;
	if (!lit(&s, ' ') || s.n < 4)
		return false;
	for (int i = 0; i < 12; i++)
		if (memcmp(s.p, months + i * 3, 3) == 0)
			mo = i + 1;
	s.p += 3;
	s.n -= 3;
	if (!lit(&s, ' ') || !digits(&s, 4, &y) || !lit(&s, ' ') || !digits(&s, 2, &h) ||
	    !lit(&s, ':') || !digits(&s, 2, &mi) || !lit(&s, ':') || !digits(&s, 2, &sec) ||
	    !lit(&s, ' ') || !valid(y, mo, d, h, mi, sec))
		return false;
	if (!str_is(s, "UTC") && !str_is(s, "GMT") && !str_is(s, "Z") &&
	    (!offset(&s, false, &off) || s.n))
		return false;
	*t_ms_out = to_ms(y, mo, d, h, mi, sec) - (int64_t)off * 60000;
	return true;
}
