/* SPDX-License-Identifier: Apache-2.0
 * CISA's catalogue of known exploited vulnerabilities (CC0), as JSON or CSV. Of an entry we keep
 * the CVE, when it was added, the day US agencies must have it fixed, whether ransomware is known
 * to use it, and its name. An entry that cannot be read spoils the document. */
#include "feeds/enrichment/enrichment_int.h"
#include "feeds/read/csv_stream.h"
#include "feeds/read/json_stream.h"

#define MAX_NAME 500u

/* Depth of the parts of the JSON. */
enum { D_ROOT = 1, D_ENTRY = 2, D_FIELD = 3 };

enum column { CVE, ADDED, DUE, RANSOMWARE, NAME, COLUMNS_ };
static const char *const columns[COLUMNS_] = {
	[CVE] = "cveID",
	[ADDED] = "dateAdded",
	[DUE] = "dueDate",
	[RANSOMWARE] = "knownRansomwareCampaignUse",
	[NAME] = "vulnerabilityName",
};

struct kev_reader {
	struct enrich_rows *rows;
	struct json_stream *json;
	struct csv_stream *csv;
	/* JSON */
	char key[40];
	bool in_entries;
	struct buf values[COLUMNS_];
	int64_t count, entries;
	/* CSV */
	int at[COLUMNS_]; /* index of a column, -1 = not there */
	bool has_header;
};

static int column_of(struct str name)
{
	for (int c = 0; c < COLUMNS_; c++)
		if (str_is(name, columns[c]))
			return c;
	return -1;
}

static bool entry(struct kev_reader *r, const struct str *v, struct err *e)
{
	struct kev k = { .ransomware = RANSOMWARE_UNKNOWN };
	if (!enrichment_day(v[ADDED], &k.added_ms) ||
	    (v[DUE].n && !enrichment_day(v[DUE], &k.due_ms)))
		return err_set(e, ERR_CORRUPT, "'%.*s' has no valid dateAdded or dueDate",
			       (int)MIN(v[CVE].n, (size_t)40), v[CVE].p);
	if (str_is(v[RANSOMWARE], "Known"))
		k.ransomware = RANSOMWARE_KNOWN;
	k.name = enrichment_line(&r->rows->arena, v[NAME], MAX_NAME);
	r->entries++;
	return enrich_add_kev(r->rows, str_trim(v[CVE]), &k, e);
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

static bool end_entry(struct kev_reader *r, struct err *e)
{
	struct str v[COLUMNS_];
	for (int c = 0; c < COLUMNS_; c++)
		v[c] = buf_str(&r->values[c]);
	bool good = entry(r, v, e);
	for (int c = 0; c < COLUMNS_; c++)
		buf_reset(&r->values[c]);
	return good;
}

static bool root_value(struct kev_reader *r, struct str text, struct err *e)
{
	struct str key = str_of(r->key);
	if (str_is(key, "dateReleased") && !enrichment_time(text, &r->rows->date_ms))
		return err_set(e, ERR_CORRUPT, "dateReleased is no time");
	if (str_is(key, "catalogVersion"))
		r->rows->model = enrichment_line(&r->rows->arena, text, 100);
	if (str_is(key, "count") && (!str_to_i64(text, &r->count) || r->count < 0))
		return err_set(e, ERR_CORRUPT, "count is no number");
	return true;
}

static bool event(void *arg, enum json_event ev, unsigned depth, struct str text, struct err *e)
{
	struct kev_reader *r = arg;
	bool value = ev == JSON_STRING_VALUE || ev == JSON_OTHER_VALUE;
	if (depth == 0 && ev != JSON_OBJECT && ev != JSON_OBJECT_END)
		return err_set(e, ERR_CORRUPT, "catalogue is not an object");
	if (ev == JSON_KEY && (depth == D_ROOT || depth == D_FIELD))
		snprintf(r->key, sizeof(r->key), "%.*s", (int)MIN(text.n, sizeof(r->key) - 1),
			 text.p);
	if (ev == JSON_ARRAY && depth == D_ROOT)
		r->in_entries = str_is(str_of(r->key), "vulnerabilities");
	if (ev == JSON_ARRAY_END && depth == D_ROOT)
		r->in_entries = false;
	if (value && depth == D_ROOT)
		return root_value(r, text, e);
	int c = value && depth == D_FIELD && r->in_entries ? column_of(str_of(r->key)) : -1;
	if (c >= 0 && ev == JSON_STRING_VALUE) {
		buf_reset(&r->values[c]);
		buf_addstr(&r->values[c], text);
	}
	return ev != JSON_OBJECT_END || depth != D_ENTRY || !r->in_entries || end_entry(r, e);
}

/* --- CSV -----------------------------------------------------------------------------------------
 */

static bool header(struct kev_reader *r, const struct str *f, size_t n, struct err *e)
{
	for (int c = 0; c < COLUMNS_; c++)
		r->at[c] = -1;
	for (size_t i = 0; i < n; i++) {
		int c = column_of(f[i]);
		if (c >= 0)
			r->at[c] = (int)i;
	}
	r->has_header = true;
	return (r->at[CVE] >= 0 && r->at[ADDED] >= 0) ||
	       err_set(e, ERR_CORRUPT, "catalogue has no columns 'cveID' and 'dateAdded'");
}

static bool row(void *arg, const struct str *f, size_t n, uint64_t line, struct err *e)
{
	struct kev_reader *r = arg;
	struct str v[COLUMNS_];
	if (!r->has_header)
		return header(r, f, n, e);
	for (int c = 0; c < COLUMNS_; c++)
		v[c] = r->at[c] >= 0 && (size_t)r->at[c] < n ? f[r->at[c]] : STR_LIT("");
	return entry(r, v, e) || err_prefix(e, "line %llu", (unsigned long long)line);
}

/* --- either --------------------------------------------------------------------------------------
 */

static bool feed(void *arg, struct str bytes, struct err *e)
{
	struct kev_reader *r = arg;
	if (!r->json && !r->csv) {
		if (enrichment_sniff(bytes) == '{')
			r->json = json_stream_new(event, r);
		else
			r->csv = csv_stream_new(row, r);
	}
	return r->json ? json_stream_feed(r->json, bytes, e) : csv_stream_feed(r->csv, bytes, e);
}

static bool finish(struct kev_reader *r, struct err *e)
{
	if (r->json && !json_stream_end(r->json, e))
		return false;
	if (r->csv && !csv_stream_end(r->csv, e))
		return false;
	if (r->json && r->count >= 0 && r->count != r->entries)
		return err_set(e, ERR_CORRUPT, "it says it has %lld entries but has %lld",
			       (long long)r->count, (long long)r->entries);
	return r->entries || err_set(e, ERR_CORRUPT, "it has no entries");
}

bool kev_parse(struct unpack *u, struct enrich_rows *out, struct err *e)
{
	struct kev_reader r = { .rows = out, .count = -1 };
	out->kind = ENRICH_KEV;
	for (int c = 0; c < COLUMNS_; c++)
		r.values[c] = BUF_INIT(JSON_STREAM_STRING + 1);
	bool good = (enrichment_pump(u, feed, &r, e) && finish(&r, e)) ||
		    err_prefix(e, "KEV catalogue");
	json_stream_free(r.json);
	csv_stream_free(r.csv);
	for (int c = 0; c < COLUMNS_; c++)
		buf_done(&r.values[c]);
	return good;
}
