/* SPDX-License-Identifier: Apache-2.0
 * GET /patch-systems: the detail view (M-109), one row per patch and system; and the same as CSV. A
 * file is written in slices between which the view is let go, so that a long one holds up nobody.
 */
#include "api/api_int.h"
#include "api/failures.h"
#include "api/pair_list.h"
#include "api/patch_json.h"
#include "api/system_json.h"
#include "base/file.h"
#include "format/csv.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define CSV_SLICE 2000
#define CSV_MAX_ROWS 200000
#define CSV_MAX_SLICE (16u << 20)

/* Rows of one patch stand together: it is told once. */
static json_t *pair_json(const struct pair_list *l, const struct pair *p, json_t *patch)
{
	struct call *c = l->c;
	const struct host *h = fleet_host(l->v->fleet, p->host);
	json_t *j = json_object();
	json_object_set(j, "patch", patch);
	json_object_set_new(j, "system", system_json(c, l->v, p->host));
	json_object_set_new(j, "state", json_string(word_pair_state(pair_list_state(l, p))));
	json_object_set_new(j, "failed",
			    json_boolean(p->verdict == PAIR_MISSING &&
					 failures_has(c->api->failures, h->id,
						      l->v->catalog->patches[p->patch].id)));
	if (p->verdict == PAIR_MISSING || p->verdict == PAIR_HELD)
		json_object_set_new(j, "outdated", patch_outdated_json(l->v, p->host, p->patch));
	return j;
}

static bool list_pairs(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	AUTO(pair_list_done) struct pair_list l = { 0 };
	struct pair_rows rows;
	json_t *page;
	if (!pair_list_init(&l, c, &v, e) || !pair_list_page(&l, &rows, &page, e))
		return false;
	json_t *items = json_array(), *j = json_object();
	AUTO(json_free) json_t *patch = NULL;
	for (size_t i = 0; i < rows.n; i++) {
		if (i == 0 || rows.p[i].patch != rows.p[i - 1].patch) {
			json_free(patch);
			patch = patch_json(c, &v, rows.p[i].patch, PATCH_LIST_CVES);
		}
		json_array_append_new(items, pair_json(&l, &rows.p[i], patch));
	}
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "page", page);
	if (rows.facets)
		json_object_set_new(j, "facets", rows.facets);
	return call_json(c, 200, j);
}

/* --- CSV --- */

enum { LANG_EN, LANG_JA, LANGS_ };
static const char *word_lang(unsigned i)
{
	return i == LANG_JA ? "ja" : "en";
}

/* Words that name things to programs (ids, versions, types) stay as the API has them. */
static const char *const headings[][LANGS_] = {
	{ "Computer", "PC名" },
	{ "Computer ID", "PC ID" },
	{ "OS", "OS" },
	{ "Remote office", "リモートオフィス" },
	{ "IP address", "IPアドレス" },
	{ "Last scan", "最終スキャン" },
	{ "Patch ID", "パッチID" },
	{ "Bulletin ID", "Bulletin ID" },
	{ "Description", "パッチの説明" },
	{ "Severity", "重要度" },
	{ "Type", "種類" },
	{ "Patch state", "パッチの状態" },
	{ "Failed", "適用に失敗" },
	{ "Released", "リリース日" },
	{ "Reboot", "再起動" },
	{ "Installed version", "現在のバージョン" },
	{ "Fixed version", "修正版" },
	{ "Download", "ダウンロード状態" },
};
static const char *const severity_words[SEVERITIES_][LANGS_] = {
	[SEVERITY_UNRATED] = { "Unrated", "未評価" },
	[SEVERITY_LOW] = { "Low", "低" },
	[SEVERITY_MODERATE] = { "Moderate", "中" },
	[SEVERITY_IMPORTANT] = { "Important", "重要" },
	[SEVERITY_CRITICAL] = { "Critical", "重大" },
};
static const char *const state_words[PAIR_STATES_][LANGS_] = {
	[PAIR_MISSING] = { "Missing", "欠落" },
	[PAIR_HELD] = { "Held", "保留" },
	[PAIR_KEPT_BACK] = { "Kept back", "見送り" },
	[PAIR_PHASED] = { "Phased", "段階配信待ち" },
	[PAIR_NEEDS_SUBSCRIPTION] = { "Needs subscription", "要サブスクリプション" },
	[PAIR_INSTALLED] = { "Installed", "インストール済み" },
	[PAIR_DECLINED] = { "Declined", "拒否済み" },
	[PAIR_UNKNOWN] = { "Unknown", "不明" },
};

static void csv_time(struct buf *out, int64_t t_ms)
{
	AUTO(json_free) json_t *j = json_time(t_ms);
	const char *s = json_string_value(j);
	csv_cell(out, false, str_of(s ? s : ""));
}

/* The first of what is outdated: "name version", and the version it is fixed in. */
static void csv_versions(const struct pair_list *l, const struct pair *p, struct buf *out)
{
	struct outdated *list = NULL;
	uint32_t n = p->verdict == PAIR_MISSING || p->verdict == PAIR_HELD
			     ? match_outdated(l->v, p->host, p->patch, &list)
			     : 0;
	AUTO(xfree) struct outdated *owned = list;
	struct fact_package fact = { 0 };
	struct str fixed = { 0 };
	if (n > 0 && fleet_fact_package(l->v->fleet, list[0].fact, &fact))
		fixed = l->v->catalog->components[list[0].component].version;
	AUTO(buf_done) struct buf installed = BUF_INIT(4096);
	buf_printf(&installed, "%.*s%s%.*s", STR_ARG(fact.name), fact.name.n ? " " : "",
		   STR_ARG(fact.version));
	csv_cell(out, false, buf_str(&installed));
	csv_cell(out, false, fixed);
}

static void csv_pair(const struct pair_list *l, const struct pair *p, int lang, struct buf *out)
{
	struct call *c = l->c;
	const struct catalog *cat = l->v->catalog;
	const struct patch *patch = &cat->patches[p->patch];
	const struct host *h = fleet_host(l->v->fleet, p->host);
	bool failed = p->verdict == PAIR_MISSING &&
		      failures_has(c->api->failures, h->id, patch->id);
	csv_cell(out, true, str_of(h->attrs.hostname ? h->attrs.hostname : ""));
	csv_cell(out, false, str_of(h->id));
	csv_cell(out, false, str_of(h->attrs.os_name ? h->attrs.os_name : ""));
	csv_cell(out, false, str_of(h->office));
	csv_cell(out, false, str_of(h->attrs.address ? h->attrs.address : ""));
	csv_time(out, h->last_scan_ms);
	csv_cell(out, false, patch->id);
	csv_cell(out, false,
		 patch->advisories ? cat->advisories[cat->advisory_refs[patch->first_advisory]].id
				   : STR_LIT(""));
	csv_cell(out, false, patch->title);
	csv_cell(out, false, str_of(severity_words[patch->severity][lang]));
	csv_cell(out, false, str_of(patch_type_name(patch->type)));
	csv_cell(out, false, str_of(state_words[pair_list_state(l, p)][lang]));
	csv_cell(out, false, failed ? STR_LIT("true") : STR_LIT("false"));
	csv_time(out, patch->released_ms);
	csv_cell(out, false, str_of(reboot_need_name(patch->reboot)));
	csv_versions(l, p, out);
	csv_cell(out, false, str_of(patch_download_state(c->conf->store, cat, patch)));
	csv_row_end(out);
}

static bool write_all(int fd, struct str s, struct err *e)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n <= 0)
			return err_sys(e, errno, "the file could not be written");
		s = (struct str) { s.p + n, s.n - (size_t)n };
	}
	return true;
}

/* Rows after `place`; *place moves on, *more_out says whether to come again. */
static bool csv_slice(struct call *c, int fd, struct pair_place *place, bool *more_out,
		      struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	AUTO(pair_list_done) struct pair_list l = { 0 };
	AUTO(buf_done) struct buf out = BUF_INIT(CSV_MAX_SLICE);
	struct pair_rows rows;
	int lang = MAX(query_word(&c->query, "lang"), LANG_EN);
	match_read(c->conf->match, &v);
	if (!pair_list_init(&l, c, &v, e))
		return false;
	pair_list_run(&l, place, CSV_SLICE, false, &rows);
	if (!place->present && rows.total > CSV_MAX_ROWS) {
		c->problem_params = json_object();
		json_object_set_new(c->problem_params, "rows", json_integer(rows.total));
		json_object_set_new(c->problem_params, "max", json_integer(CSV_MAX_ROWS));
		return call_fail(c, e, 400, "too_many_rows",
				 "the list has %lld rows, a file at most %d; filter it",
				 (long long)rows.total, CSV_MAX_ROWS);
	}
	for (size_t i = 0; i < rows.n; i++)
		csv_pair(&l, &rows.p[i], lang, &out);
	*more_out = rows.more;
	if (rows.n > 0)
		*place = pair_list_place(&l, &rows.p[rows.n - 1]);
	return buf_ok(&out, "rows of the file", e) && write_all(fd, buf_str(&out), e);
}

static bool export_pairs(struct call *c, struct err *e)
{
	AUTO(fd_close) int fd = memfd_create("patch-systems", MFD_CLOEXEC);
	AUTO(buf_done) struct buf head = BUF_INIT(4096);
	struct pair_place place = { 0 };
	bool more = true;
	int lang = MAX(query_word(&c->query, "lang"), LANG_EN);
	if (fd < 0)
		return err_sys(e, errno, "no room for a file");
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	csv_begin(&head);
	for (size_t i = 0; i < ARRAY_LEN(headings); i++)
		csv_cell(&head, i == 0, str_of(headings[i][lang]));
	csv_row_end(&head);
	if (!write_all(fd, buf_str(&head), e))
		return false;
	while (more)
		if (!csv_slice(c, fd, &place, &more, e))
			return false;
	int64_t size = lseek(fd, 0, SEEK_END);
	int reply_fd = fd;
	fd = -1; /* the reply's now */
	http_reply_header(c->req, "Cache-Control", "no-store");
	http_reply_header(c->req, "Content-Disposition",
			  "attachment; filename=\"patch-systems.csv\"");
	http_reply_fd(c->req, 200, "text/csv; charset=utf-8; header=present", reply_fd, size);
	return true;
}

static const struct param pairs_params[] = { PARAMS_SORTED, PARAMS_PAIR, PARAM_LAST };
static const struct param export_params[] = {
	{ .name = "lang", .type = PARAM_WORD, .word = word_lang, .words = LANGS_ },
	{ .name = "sort", .type = PARAM_TEXT, .min = 1, .max = 200 },
	PARAMS_PAIR,
	PARAM_LAST,
};

const struct route pairs_routes[] = {
	ROUTE(GET, API "/patch-systems", PERM_VIEW, list_pairs, .query = pairs_params),
	ROUTE(GET, API "/patch-systems:export", PERM_VIEW, export_pairs, .query = export_params),
	ROUTE_TABLE_END,
};
