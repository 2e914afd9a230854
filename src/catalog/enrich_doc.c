/* SPDX-License-Identifier: Apache-2.0
 * Rows of enrichment and their canonical document. The adders are the one gate: parsers of vendors'
 * files and the reader of stored documents both go through them, so a row that is in memory passed
 * the same checks wherever it came from. */
#include "catalog/enrich_doc.h"
#include "catalog/records_int.h"

#include <stdio.h>
#include <stdlib.h>

#define HEADER "tsukuroi-enrichment 1"
/** Times a row may carry: 1970 to 2261. */
#define MAX_TIME_MS 9183110400000
#define MAX_NAME 500u
#define MAX_WORD 100u
#define CVE_YEAR_SHIFT 44
#define CVE_DIGITS 12u

static const char *const kind_names[ENRICH_KINDS_] = { "kev", "epss", "endoflife" };

const char *enrich_kind_name(enum enrich_kind k)
{
	return kind_names[k < ENRICH_KINDS_ ? k : ENRICH_KEV];
}

bool enrich_kind_parse(struct str word, enum enrich_kind *out)
{
	for (int k = 0; k < ENRICH_KINDS_; k++)
		if (str_is(word, kind_names[k])) {
			*out = (enum enrich_kind)k;
			return true;
		}
	return false;
}

static bool digits(struct str s, uint64_t *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && str_to_u64(s, out);
}

bool cve_parse(struct str id, uint64_t *out)
{
	uint64_t year, number;
	if (id.n < 10 || id.n > 9 + CVE_DIGITS || !str_starts(id, "CVE-") || id.p[8] != '-' ||
	    !digits((struct str) { id.p + 4, 4 }, &year) || year < 1990 || year > 2189 ||
	    !digits((struct str) { id.p + 9, id.n - 9 }, &number))
		return false;
	*out = year << CVE_YEAR_SHIFT | number;
	return true;
}

const char *cve_text(uint64_t cve, char out[static CVE_TEXT])
{
	snprintf(out, CVE_TEXT, "CVE-%04llu-%04llu", (unsigned long long)(cve >> CVE_YEAR_SHIFT),
		 (unsigned long long)(cve & ((UINT64_C(1) << CVE_YEAR_SHIFT) - 1)));
	return out;
}

void enrich_rows_done(struct enrich_rows *r)
{
	VEC_DONE(&r->kevs);
	VEC_DONE(&r->scores);
	VEC_DONE(&r->releases);
	arena_done(&r->arena);
}

/* --- the gate ------------------------------------------------------------------------------------
 */

static bool bad(const char *what, struct str subject, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s: '%.*s'", what, (int)MIN(subject.n, (size_t)60),
		       subject.p);
}

static bool room(size_t n, struct err *e)
{
	return n < ENRICH_MAX_ROWS ||
	       err_set(e, ERR_LIMIT, "more than %u rows", (unsigned)ENRICH_MAX_ROWS);
}

static bool time_ok(int64_t t_ms)
{
	return t_ms >= 0 && t_ms <= MAX_TIME_MS;
}

bool enrich_add_kev(struct enrich_rows *r, struct str cve, const struct kev *k, struct err *e)
{
	struct kev row = *k;
	if (!room(r->kevs.n, e))
		return false;
	if (!cve_parse(cve, &row.cve))
		return bad("no CVE", cve, e);
	if (!time_ok(k->added_ms) || k->added_ms == 0 || !time_ok(k->due_ms) ||
	    (k->ransomware != RANSOMWARE_KNOWN && k->ransomware != RANSOMWARE_UNKNOWN))
		return bad("date or word out of range", cve, e);
	if (k->name.n > MAX_NAME || !records_text_ok(k->name))
		return bad("name is no line of text", cve, e);
	row.name = arena_str(&r->arena, k->name);
	VEC_PUSH(&r->kevs, row);
	return true;
}

bool enrich_add_epss(struct enrich_rows *r, struct str cve, const struct epss *s, struct err *e)
{
	struct epss row = *s;
	if (!room(r->scores.n, e))
		return false;
	if (!cve_parse(cve, &row.cve))
		return bad("no CVE", cve, e);
	if (s->score > ENRICH_MILLION ||
	    (s->percentile > ENRICH_MILLION && s->percentile != UINT32_MAX))
		return bad("score out of range", cve, e);
	VEC_PUSH(&r->scores, row);
	return true;
}

static bool end_ok(int64_t end)
{
	return end == LIFECYCLE_NEVER || time_ok(end);
}

static bool word_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ')
			return false;
	return s.n > 0 && s.n <= MAX_WORD && records_text_ok(s);
}

bool enrich_add_lifecycle(struct enrich_rows *r, const struct lifecycle *l, struct err *e)
{
	struct lifecycle row = *l;
	if (!room(r->releases.n, e))
		return false;
	if (!word_ok(l->product))
		return bad("no name of a product", l->product, e);
	if (!word_ok(l->release))
		return bad("no name of a release", l->release, e);
	if (!end_ok(l->security_end) || !end_ok(l->extended_end))
		return bad("date out of range", l->release, e);
	row.product = arena_str(&r->arena, l->product);
	row.release = arena_str(&r->arena, l->release);
	VEC_PUSH(&r->releases, row);
	return true;
}

/* --- order ---------------------------------------------------------------------------------------
 */

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int kev_order(const void *a, const void *b)
{
	return by_number(((const struct kev *)a)->cve, ((const struct kev *)b)->cve);
}

static int epss_order(const void *a, const void *b)
{
	return by_number(((const struct epss *)a)->cve, ((const struct epss *)b)->cve);
}

static int lifecycle_order(const void *a, const void *b)
{
	const struct lifecycle *x = a, *y = b;
	int d = str_cmp(x->product, y->product);
	return d ? d : str_cmp(x->release, y->release);
}

static bool kev_same(const void *a, const void *b)
{
	const struct kev *x = a, *y = b;
	return x->added_ms == y->added_ms && x->due_ms == y->due_ms &&
	       x->ransomware == y->ransomware && str_eq(x->name, y->name);
}

static bool epss_same(const void *a, const void *b)
{
	const struct epss *x = a, *y = b;
	return x->score == y->score && x->percentile == y->percentile;
}

static bool lifecycle_same(const void *a, const void *b)
{
	const struct lifecycle *x = a, *y = b;
	return x->security_end == y->security_end && x->extended_end == y->extended_end &&
	       x->lts == y->lts;
}

/* Sorts and keeps one of equal rows; false when two rows of one key differ. */
static bool settle(void *rows, size_t *n, size_t size, int (*order)(const void *, const void *),
		   bool (*same)(const void *, const void *))
{
	char *p = rows;
	size_t kept = 0;
	if (*n)
		qsort(rows, *n, size, order);
	for (size_t i = 0; i < *n; i++) {
		if (kept && order(p + (kept - 1) * size, p + i * size) == 0) {
			if (!same(p + (kept - 1) * size, p + i * size))
				return false;
			continue;
		}
		if (kept != i)
			memcpy(p + kept * size, p + i * size, size);
		kept++;
	}
	*n = kept;
	return true;
}

static bool settle_all(struct enrich_rows *r, struct err *e)
{
	return (settle(r->kevs.p, &r->kevs.n, sizeof(*r->kevs.p), kev_order, kev_same) &&
		settle(r->scores.p, &r->scores.n, sizeof(*r->scores.p), epss_order, epss_same) &&
		settle(r->releases.p, &r->releases.n, sizeof(*r->releases.p), lifecycle_order,
		       lifecycle_same)) ||
	       err_set(e, ERR_CORRUPT, "two rows say different things of the same subject");
}

/* --- the document --------------------------------------------------------------------------------
 */

static void write_end(struct buf *b, int64_t end)
{
	if (end == LIFECYCLE_NEVER)
		buf_adds(b, "never");
	else if (end == LIFECYCLE_HAS_ENDED)
		buf_adds(b, "ended");
	else if (end != LIFECYCLE_NOT_TOLD)
		buf_printf(b, "%lld", (long long)end);
}

static void write_rows(const struct enrich_rows *r, struct buf *b)
{
	char id[CVE_TEXT];
	for (size_t i = 0; i < r->kevs.n; i++) {
		const struct kev *k = &r->kevs.p[i];
		buf_printf(b, "K\t%s\t%lld\t%lld\t%s\t%.*s\n", cve_text(k->cve, id),
			   (long long)k->added_ms, (long long)k->due_ms,
			   k->ransomware == RANSOMWARE_KNOWN ? "known" : "unknown",
			   STR_ARG(k->name));
	}
	for (size_t i = 0; i < r->scores.n; i++) {
		const struct epss *s = &r->scores.p[i];
		buf_printf(b, "E\t%s\t%u\t", cve_text(s->cve, id), s->score);
		if (s->percentile != UINT32_MAX)
			buf_printf(b, "%u", s->percentile);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < r->releases.n; i++) {
		const struct lifecycle *l = &r->releases.p[i];
		buf_printf(b, "L\t%.*s\t%.*s\t", STR_ARG(l->product), STR_ARG(l->release));
		write_end(b, l->security_end);
		buf_addc(b, '\t');
		write_end(b, l->extended_end);
		buf_adds(b, l->lts ? "\tlts\n" : "\t\n");
	}
}

bool enrich_write(struct enrich_rows *r, struct buf *out, struct err *e)
{
	if (r->kind >= ENRICH_KINDS_ || !time_ok(r->date_ms) || r->model.n > MAX_WORD ||
	    !records_text_ok(r->model))
		return err_set(e, ERR_CORRUPT, "date or version of the data is out of range");
	if (!settle_all(r, e))
		return false;
	buf_printf(out, HEADER "\nD\t%s\t%lld\t%.*s\n", enrich_kind_name(r->kind),
		   (long long)r->date_ms, STR_ARG(r->model));
	write_rows(r, out);
	return buf_ok(out, "enrichment", e);
}

/* --- reading -------------------------------------------------------------------------------------
 */

#define FIELDS 6

static bool number(struct str s, int64_t *out)
{
	return s.n && s.p[0] != '-' && s.p[0] != '+' && str_to_i64(s, out);
}

static bool read_end(struct str s, int64_t *out)
{
	if (s.n == 0)
		*out = LIFECYCLE_NOT_TOLD;
	else if (str_is(s, "never"))
		*out = LIFECYCLE_NEVER;
	else if (str_is(s, "ended"))
		*out = LIFECYCLE_HAS_ENDED;
	else
		return number(s, out) && *out > LIFECYCLE_HAS_ENDED;
	return true;
}

static bool read_kev(struct enrich_rows *r, const struct str *f, struct err *e)
{
	struct kev k = { .name = f[5] };
	if (!number(f[2], &k.added_ms) || !number(f[3], &k.due_ms) ||
	    (!str_is(f[4], "known") && !str_is(f[4], "unknown")))
		return bad("unreadable row", f[1], e);
	k.ransomware = str_is(f[4], "known") ? RANSOMWARE_KNOWN : RANSOMWARE_UNKNOWN;
	return enrich_add_kev(r, f[1], &k, e);
}

static bool read_epss(struct enrich_rows *r, const struct str *f, struct err *e)
{
	int64_t score, percentile = UINT32_MAX;
	if (!number(f[2], &score) || score > ENRICH_MILLION ||
	    (f[3].n && (!number(f[3], &percentile) || percentile > ENRICH_MILLION)))
		return bad("unreadable row", f[1], e);
	return enrich_add_epss(r, f[1], &(struct epss) { 0, (uint32_t)score, (uint32_t)percentile },
			       e);
}

static bool read_lifecycle(struct enrich_rows *r, const struct str *f, struct err *e)
{
	struct lifecycle l = { .product = f[1], .release = f[2], .lts = f[5].n > 0 };
	if (!read_end(f[3], &l.security_end) || !read_end(f[4], &l.extended_end) ||
	    (f[5].n && !str_is(f[5], "lts")))
		return bad("unreadable row", f[1], e);
	return enrich_add_lifecycle(r, &l, e);
}

static size_t cut(struct str line, struct str f[static FIELDS + 1])
{
	size_t n = 0;
	while (n <= FIELDS && str_split(&line, '\t', &f[n]))
		n++;
	return n;
}

static bool read_first(struct enrich_rows *r, const struct str *f, size_t n, struct err *e)
{
	if (n != 4 || !str_is(f[0], "D") || !enrich_kind_parse(f[1], &r->kind) ||
	    !number(f[2], &r->date_ms) || !time_ok(r->date_ms) || f[3].n > MAX_WORD ||
	    !records_text_ok(f[3]))
		return err_set(e, ERR_CORRUPT, "enrichment document does not say what it is");
	r->model = arena_str(&r->arena, f[3]);
	return true;
}

bool enrich_read(struct str document, struct enrich_rows *out, struct err *e)
{
	static const struct {
		const char *letter;
		size_t fields;
		bool (*read)(struct enrich_rows *r, const struct str *f, struct err *e);
	} rows[ENRICH_KINDS_] = { [ENRICH_KEV] = { "K", 6, read_kev },
				  [ENRICH_EPSS] = { "E", 4, read_epss },
				  [ENRICH_ENDOFLIFE] = { "L", 6, read_lifecycle } };
	AUTO(enrich_rows_done) struct enrich_rows r = { 0 };
	struct str rest = document, line, f[FIELDS + 1];
	if (document.n > ENRICH_MAX_BYTES || !str_line(&rest, &line) || !str_is(line, HEADER))
		return err_set(e, ERR_CORRUPT, "not an enrichment document");
	if (!str_line(&rest, &line) || !read_first(&r, f, cut(line, f), e))
		return err_set(e, ERR_CORRUPT, "enrichment document does not say what it is");
	while (str_line(&rest, &line)) {
		size_t n = cut(line, f);
		if (n != rows[r.kind].fields || !str_is(f[0], rows[r.kind].letter))
			return bad("unreadable row", line, e);
		if (!rows[r.kind].read(&r, f, e))
			return false;
	}
	if (!settle_all(&r, e))
		return false;
	*out = r;
	r = (struct enrich_rows) { 0 };
	return true;
}
