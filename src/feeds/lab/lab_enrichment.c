/* SPDX-License-Identifier: Apache-2.0
 * Enrichment as JSON, one row a line, for people and for other people's checks. */
#include "base/clock.h"
#include "base/file.h"
#include "feeds/enrichment/enrichment_int.h"
#include "feeds/lab/lab_int.h"
#include "format/json.h"

bool lab_enrichment_kind(const char *kind)
{
	enum enrich_kind k;
	return enrich_kind_parse(str_of(kind), &k);
}

static void set_cve(json_t *j, uint64_t cve)
{
	char text[CVE_TEXT];
	json_object_set_new(j, "cve", json_string(cve_text(cve, text)));
}

static json_t *kev_row(const struct enrich_rows *r, size_t i)
{
	const struct kev *k = &r->kevs.p[i];
	json_t *j = json_object();
	set_cve(j, k->cve);
	json_object_set_new(j, "added", json_time(k->added_ms));
	json_object_set_new(j, "due", json_time(k->due_ms));
	json_object_set_new(j, "ransomware",
			    json_string(k->ransomware == RANSOMWARE_KNOWN ? "known" : "unknown"));
	json_object_set_new(j, "name", json_text(k->name));
	return j;
}

static json_t *epss_row(const struct enrich_rows *r, size_t i)
{
	const struct epss *s = &r->scores.p[i];
	json_t *j = json_object();
	set_cve(j, s->cve);
	json_object_set_new(j, "score", json_real((double)s->score / ENRICH_MILLION));
	json_object_set_new(j, "percentile",
			    s->percentile == UINT32_MAX
				    ? json_null()
				    : json_real((double)s->percentile / ENRICH_MILLION));
	return j;
}

static json_t *end_json(int64_t end)
{
	if (end == LIFECYCLE_NOT_TOLD)
		return json_null();
	return end == LIFECYCLE_NEVER	    ? json_false()
	       : end == LIFECYCLE_HAS_ENDED ? json_true()
					    : json_time(end);
}

static json_t *lifecycle_row(const struct enrich_rows *r, size_t i)
{
	const struct lifecycle *l = &r->releases.p[i];
	json_t *j = json_object();
	json_object_set_new(j, "product", json_text(l->product));
	json_object_set_new(j, "release", json_text(l->release));
	json_object_set_new(j, "security_end", end_json(l->security_end));
	json_object_set_new(j, "extended_end", end_json(l->extended_end));
	json_object_set_new(j, "lts", json_boolean(l->lts));
	return j;
}

static json_t *head(const struct enrich_rows *r)
{
	json_t *j = json_object();
	json_object_set_new(j, "kind", json_string(enrich_kind_name(r->kind)));
	json_object_set_new(j, "date", json_time(r->date_ms));
	json_object_set_new(j, "model", json_text(r->model));
	return j;
}

static bool print(json_t *j, struct buf *text, lab_line line, void *arg, struct err *e)
{
	buf_reset(text);
	json_write(j, text);
	json_free(j);
	return buf_ok(text, "row", e) && line(arg, buf_str(text), e);
}

static bool parse(enum enrich_kind kind, struct unpack *u, struct enrich_rows *rows, struct err *e)
{
	return kind == ENRICH_KEV    ? kev_parse(u, rows, e)
	       : kind == ENRICH_EPSS ? epss_parse(u, rows, e)
				     : endoflife_parse(u, rows, e);
}

bool lab_enrichment_parse(const char *kind, const char *file, lab_line line, void *arg,
			  struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(ENRICHMENT_MAX_BODY);
	AUTO(buf_done) struct buf text = BUF_INIT(1u << 20);
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(enrich_rows_done) struct enrich_rows rows = { 0 };
	enum enrich_kind k;
	if (!enrich_kind_parse(str_of(kind), &k))
		return err_set(e, ERR_INVALID, "'%.40s' is no kind of enrichment", kind);
	if (!file_read(file, &raw, e) ||
	    !unpack_open_mem(buf_str(&raw), file, ENRICHMENT_MAX_PLAIN, 0, &u, e) ||
	    !parse(k, u, &rows, e))
		return err_prefix(e, "'%s'", file);
	if (!print(head(&rows), &text, line, arg, e))
		return false;
	for (size_t i = 0; i < rows.kevs.n; i++)
		if (!print(kev_row(&rows, i), &text, line, arg, e))
			return false;
	for (size_t i = 0; i < rows.scores.n; i++)
		if (!print(epss_row(&rows, i), &text, line, arg, e))
			return false;
	for (size_t i = 0; i < rows.releases.n; i++)
		if (!print(lifecycle_row(&rows, i), &text, line, arg, e))
			return false;
	return true;
}
