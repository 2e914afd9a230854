/* SPDX-License-Identifier: Apache-2.0
 * Enrichment from real documents: KEV as JSON and CSV, EPSS in its four historical layouts,
 * endoflife.date as API v1 and as front matter; what is damaged is refused whole. */
#include "feeds/enrichment/enrichment.h"
#include "base/file.h"
#include "feeds/enrichment/enrichment_int.h"
#include "feeds/local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE_END ".md"

static struct err e;

static char *sample(const char *name)
{
	const char *root = getenv("TSUKUROI_SHARED");
	char *p = xasprintf("%s/feeds/enrichment/%s", root ? root : "../shared", name);
	if (access(p, R_OK) != 0) {
		print_message("sample '%s' is not there\n", p);
		xfree(p);
		skip();
	}
	return p;
}

typedef bool (*parser)(struct unpack *u, struct enrich_rows *out, struct err *e);

static void read_sample(const char *name, parser fn, struct enrich_rows *rows)
{
	AUTO(xfree) char *path = sample(name);
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	AUTO(unpack_free) struct unpack *u = NULL;
	*rows = (struct enrich_rows) { 0 };
	if (!file_read(path, &b, &e) || !unpack_open_mem(buf_str(&b), name, 64u << 20, 0, &u, &e) ||
	    !fn(u, rows, &e))
		fail_msg("%s", e.msg);
}

static bool parse_text(const char *text, parser fn, struct enrich_rows *rows)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	*rows = (struct enrich_rows) { 0 };
	e = (struct err) { 0 };
	return unpack_open_mem(str_of(text), "text", 1u << 20, 0, &u, &e) && fn(u, rows, &e);
}

static void kev_json_and_csv_say_the_same(void **state)
{
	struct enrich_rows json, csv;
	AUTO(buf_done) struct buf a = BUF_INIT(4u << 20), b = BUF_INIT(4u << 20);
	read_sample("known_exploited_vulnerabilities.json.xz", kev_parse, &json);
	read_sample("known_exploited_vulnerabilities.csv.xz", kev_parse, &csv);
	assert_int_equal(json.kevs.n, 1404);
	assert_int_equal(json.date_ms, 1756141459979);
	assert_string_equal(json.model.p, "2025.08.25");
	assert_int_equal(csv.date_ms, 0); /* the CSV does not say */
	csv.date_ms = json.date_ms;
	csv.model = json.model;
	assert_true(enrich_write(&json, &a, &e) && enrich_write(&csv, &b, &e));
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	enrich_rows_done(&json);
	enrich_rows_done(&csv);
}

static void kev_is_taken_whole_or_not_at_all(void **state)
{
#define ENTRY "{\"cveID\":\"CVE-2024-1\",\"dateAdded\":\"2024-01-02\"}"
	static const char *const bad[] = {
		"{\"vulnerabilities\":[]}",
		"{\"count\":2,\"vulnerabilities\":[" ENTRY "]}",
		"{\"count\":1,\"vulnerabilities\":[" ENTRY "]",
		"[" ENTRY "]",
		"{\"vulnerabilities\":[{\"cveID\":\"CVE-2024-0001\"}]}",
		"{\"vulnerabilities\":[{\"cveID\":\"GHSA-1\",\"dateAdded\":\"2024-01-02\"}]}",
		"<!DOCTYPE html>",
		"cveID,dateAdded\n",
		"cveID,product\nCVE-2024-0001,x\n",
		"cveID,dateAdded\nCVE-2024-0001,\"2024-01-02\n",
		"cveID,dateAdded\nCVE-2024-0001,tomorrow\n",
		"",
	};
	struct enrich_rows r;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(parse_text(bad[i], kev_parse, &r));
		assert_true(strstr(e.msg, "KEV") || e.code == ERR_CORRUPT);
		enrich_rows_done(&r);
	}
	assert_true(parse_text("cveID,dateAdded,knownRansomwareCampaignUse,vulnerabilityName\r\n"
			       "CVE-2024-0001,2024-01-02,Known,\"a \"\"b\"\"\nc\"",
			       kev_parse, &r));
	assert_int_equal(r.kevs.n, 1);
	assert_int_equal(r.kevs.p[0].ransomware, RANSOMWARE_KNOWN);
	assert_string_equal(r.kevs.p[0].name.p, "a \"b\" c");
	enrich_rows_done(&r);
}

static void epss_in_all_its_layouts(void **state)
{
	static const struct {
		const char *file, *model;
		int64_t date;
		uint32_t score, percentile;
	} t[] = {
		{ "epss_scores-2021-04-14.csv.gz", "", 0, 651170, UINT32_MAX },
		{ "epss_scores-2021-09-01.csv.gz", "", 0, 651170, 998106 },
		{ "epss_scores-2022-02-04.csv.gz", "v2022.01.01", 1643932800000, 968170, 999990 },
		{ "epss_scores-2023-03-07.csv.gz", "v2023.03.01", 1678147200000, 975670, 999950 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct enrich_rows r;
		read_sample(t[i].file, epss_parse, &r);
		assert_int_equal(r.scores.n, 2);
		assert_int_equal(r.date_ms, t[i].date);
		assert_string_equal(r.model.p ? r.model.p : "", t[i].model);
		assert_int_equal(r.scores.p[0].score, t[i].score);
		assert_int_equal(r.scores.p[0].percentile, t[i].percentile);
		enrich_rows_done(&r);
	}
}

static void epss_numbers_are_read_exactly_or_refused(void **state)
{
	static const struct {
		const char *text;
		int64_t millionths; /* -1 = refused */
	} t[] = { { "0", 0 },
		  { "1", 1000000 },
		  { "1.0", 1000000 },
		  { "0.5", 500000 },
		  { ".5", 500000 },
		  { "0.0000005", 1 },
		  { "4.3e-05", 43 },
		  { "9E-1", 900000 },
		  { "0.00000049", 0 },
		  { "1.0000004", 1000000 },
		  { "1.1", -1 },
		  { "-0.1", -1 },
		  { "", -1 },
		  { ".", -1 },
		  { "0.1.2", -1 },
		  { "nan", -1 },
		  { "1e3", -1 },
		  { "0,5", -1 },
		  { "1e999999999999", -1 },
		  { "10000000000000000000000", -1 },
		  { "0.99999999999999999999999", 1000000 } };
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct enrich_rows r;
		AUTO(xfree) char *text = xasprintf("cve,epss\nCVE-2024-0001,%s\n", t[i].text);
		bool good = parse_text(text, epss_parse, &r);
		if (t[i].millionths < 0 && strcmp(t[i].text, "0,5") != 0)
			assert_false(good);
		else if (t[i].millionths >= 0)
			assert_true(good && r.scores.p[0].score == t[i].millionths);
		enrich_rows_done(&r);
	}
}

static const struct lifecycle *find(const struct enrich_rows *r, const char *product,
				    const char *release)
{
	for (size_t i = 0; i < r->releases.n; i++)
		if (str_is(r->releases.p[i].product, product) &&
		    str_is(r->releases.p[i].release, release))
			return &r->releases.p[i];
	fail_msg("no %s %s", product, release);
	return NULL;
}

static void endoflife_pages(void **state)
{
	static const struct {
		const char *page;
		size_t n;
	} t[] = { { "almalinux", 3 },	{ "amazon-linux", 17 },
		  { "centos", 4 },	{ "chrome", 144 },
		  { "debian", 18 },	{ "firefox", 55 },
		  { "macos", 22 },	{ "office", 10 },
		  { "oracle-jdk", 27 }, { "python", 17 },
		  { "rhel", 7 },	{ "rocky-linux", 3 },
		  { "ubuntu", 44 },	{ "windows-server", 20 },
		  { "windows", 47 } };
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO(xfree) char *name = xasprintf("endoflife/%s" PAGE_END, t[i].page);
		struct enrich_rows r;
		read_sample(name, endoflife_parse, &r);
		assert_int_equal(r.releases.n, t[i].n);
		AUTO(buf_done) struct buf b = BUF_INIT(4u << 20);
		assert_true(enrich_write(&r, &b, &e));
		enrich_rows_done(&r);
	}
}

static void endoflife_api(void **state)
{
	struct enrich_rows r;
	read_sample("endoflife/api-v1-products-full.trimmed.json", endoflife_parse, &r);
	assert_int_equal(r.releases.n, 42 + 43);
	assert_int_equal(r.date_ms, 1751417609000);
	assert_int_equal(find(&r, "ubuntu", "20.04")->security_end, 1748649600000);
	assert_int_equal(find(&r, "ubuntu", "20.04")->extended_end, 1901318400000);
	assert_int_equal(find(&r, "ubuntu", "25.04")->extended_end, LIFECYCLE_NOT_TOLD);
	assert_true(find(&r, "ubuntu", "24.04")->lts);
	enrich_rows_done(&r);
#define PRODUCT                                                                                    \
	"{\"releases\":[{\"name\":\"1\",\"isEol\":true,\"eolFrom\":null,\"latest\":{\"name\":"     \
	"\"1.2\"}},{\"name\":\"2\",\"isEol\":false}],\"name\":\"p\"}"
	assert_true(parse_text("{\"result\":" PRODUCT "}", endoflife_parse, &r));
	assert_int_equal(find(&r, "p", "1")->security_end, LIFECYCLE_HAS_ENDED);
	assert_int_equal(find(&r, "p", "2")->security_end, LIFECYCLE_NEVER);
	enrich_rows_done(&r);
	static const char *const bad[] = {
		"{}",
		"[]",
		"{\"total\":2,\"result\":[" PRODUCT "]}",
		"{\"result\":[" PRODUCT "]",
		"{\"result\":[{\"releases\":[{\"name\":\"1\"}]}]}",
		"{\"result\":[{\"name\":\"p\",\"releases\":[{\"name\":\"1\",\"eolFrom\":\"x\"}]}]}",
		"---\ntitle: x\n---\n",
		"---\npermalink: /x\nreleases:\n  - releaseCycle: \"1\"\n    eol: soon\n---\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(parse_text(bad[i], endoflife_parse, &r));
		enrich_rows_done(&r);
	}
}

static void synced_from_a_file_and_from_a_directory(void **state)
{
	struct feed_env env = { .fetch = feed_local, .now_ms = 7 };
	AUTO(xfree) char *old = sample("epss_scores-2021-09-01.csv.gz");
	AUTO(xfree) char *pages = sample("endoflife/");
	struct feed_spec s = { .id = "epss", .kind = "epss", .url = old };
	struct generation_result r;
	assert_true(enrichment_sync(&s, &env, &r, &e));
	assert_false(r.unchanged);
	assert_int_equal(r.generation.feed.rows, 2);
	assert_int_equal(r.generation.feed.released_ms, 1630454400000); /* from the name */
	assert_false(r.generation.feed.is_signed);
	assert_true(str_is(r.generation.feed.url, old));
	AUTO(xfree) char *etag = xstrdup(r.etag);
	generation_result_done(&r);
	s.last.etag = etag;
	assert_true(enrichment_sync(&s, &env, &r, &e));
	assert_true(r.unchanged);
	generation_result_done(&r);
	s = (struct feed_spec) { .id = "endoflife", .kind = "endoflife", .url = pages };
	assert_true(enrichment_sync(&s, &env, &r, &e));
	assert_int_equal(r.generation.feed.rows, 18 + 44 + 7 + 3 + 3 + 17 + 47 + 20 + 22 + 4);
	generation_result_done(&r);
	s.url = "/nowhere/";
	assert_false(enrichment_sync(&s, &env, &r, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	s.url = old; /* scores are no releases */
	assert_false(enrichment_sync(&s, &env, &r, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kev_json_and_csv_say_the_same),
		cmocka_unit_test(kev_is_taken_whole_or_not_at_all),
		cmocka_unit_test(epss_in_all_its_layouts),
		cmocka_unit_test(epss_numbers_are_read_exactly_or_refused),
		cmocka_unit_test(endoflife_pages),
		cmocka_unit_test(endoflife_api),
		cmocka_unit_test(synced_from_a_file_and_from_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
