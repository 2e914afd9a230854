/* SPDX-License-Identifier: Apache-2.0
 * FIRST's Exploit Prediction Scoring System: the daily CSV. Its layouts so far: "cve,epss" (to
 * 2021-08), "cve,epss,percentile" (to 2022-02), and the same after a line
 * "#model_version:...,score_date:...". Scores are decimals from 0 to 1, kept as millionths. */
#include "feeds/enrichment/enrichment_int.h"
#include "feeds/read/csv_stream.h"

struct epss_reader {
	struct enrich_rows *rows;
	int cve, score, percentile; /* columns, -1 = not there */
	bool has_header;
};

/* "model_version:v2022.01.01" or "score_date:2022-02-04T00:00:00+0000". */
static bool remark(struct epss_reader *r, struct str s, struct err *e)
{
	while (s.n && (s.p[0] == '#' || s.p[0] == ' '))
		s = (struct str) { s.p + 1, s.n - 1 };
	if (str_starts(s, "model_version:"))
		r->rows->model = enrichment_line(&r->rows->arena,
						 (struct str) { s.p + 14, s.n - 14 }, 100);
	if (str_starts(s, "score_date:") &&
	    !enrichment_day((struct str) { s.p + 11, s.n - 11 }, &r->rows->date_ms))
		return err_set(e, ERR_CORRUPT, "score_date is no time");
	return true;
}

static bool header(struct epss_reader *r, const struct str *f, size_t n, struct err *e)
{
	r->cve = r->score = r->percentile = -1;
	for (size_t i = 0; i < n; i++) {
		if (str_is(f[i], "cve"))
			r->cve = (int)i;
		else if (str_is(f[i], "epss"))
			r->score = (int)i;
		else if (str_is(f[i], "percentile"))
			r->percentile = (int)i;
	}
	r->has_header = true;
	return (r->cve >= 0 && r->score >= 0) ||
	       err_set(e, ERR_CORRUPT, "scores have no columns 'cve' and 'epss'");
}

/* The exponent of "4.3e-05"; 0 without one. */
static bool exponent(struct str *s, int64_t *out)
{
	for (size_t i = 0; i < s->n; i++)
		if ((s->p[i] | 32) == 'e') {
			struct str digits = { s->p + i + 1, s->n - i - 1 };
			s->n = i;
			return str_to_i64(digits, out) && *out >= -30 && *out <= 30;
		}
	*out = 0;
	return true;
}

/* A decimal from 0 to 1 as millionths, rounded half up; at most 40 characters. */
static bool millionths(struct str s, uint32_t *out)
{
	int64_t power, left = 0;
	uint64_t value = 0;
	bool point = false, any = false;
	if (s.n > 40 || !exponent(&s, &power))
		return false;
	power += 7; /* one digit more than is kept, for rounding */
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		any = true;
		if (value < UINT64_C(100000000000000000)) {
			value = value * 10 + (uint64_t)(s.p[i] - '0');
			left += point;
		} else if (!point) {
			return false; /* far above 1 */
		}
	}
	for (power -= left; power < 0 && value; power++)
		value /= 10;
	for (; power > 0 && value; power--)
		if ((value *= 10) > UINT64_C(1000000000))
			return false;
	value = (value + 5) / 10;
	if (!any || value > ENRICH_MILLION)
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool row(void *arg, const struct str *f, size_t n, uint64_t line, struct err *e)
{
	struct epss_reader *r = arg;
	struct epss s = { .percentile = UINT32_MAX };
	bool good = true;
	if (!r->has_header && f[0].n && f[0].p[0] == '#') {
		for (size_t i = 0; i < n && good; i++)
			good = remark(r, f[i], e);
		return good;
	}
	if (!r->has_header)
		return header(r, f, n, e);
	if ((size_t)MAX(r->cve, r->score) >= n || !millionths(f[r->score], &s.score) ||
	    (r->percentile >= 0 &&
	     ((size_t)r->percentile >= n || !millionths(f[r->percentile], &s.percentile))))
		return err_set(e, ERR_CORRUPT, "line %llu is no score", (unsigned long long)line);
	return enrich_add_epss(r->rows, f[r->cve], &s, e) ||
	       err_prefix(e, "line %llu", (unsigned long long)line);
}

bool epss_parse(struct unpack *u, struct enrich_rows *out, struct err *e)
{
	struct epss_reader r = { .rows = out };
	AUTO(csv_stream_free) struct csv_stream *csv = csv_stream_new(row, &r);
	out->kind = ENRICH_EPSS;
	if (!enrichment_pump(u, csv_stream_feed, csv, e) || !csv_stream_end(csv, e))
		return err_prefix(e, "EPSS scores");
	return out->scores.n || err_set(e, ERR_CORRUPT, "EPSS scores: there are none");
}
