/* SPDX-License-Identifier: Apache-2.0
 * Enrichment: documents, lookups, the join with a catalog, the guard, how a release stands. */
#include "catalog/enrich.h"
#include "base/clock.h"
#include "make.h"
#include "support/engines.h"

static struct err e;

static struct generation doc(const char *kind, const char *rows, struct buf *b)
{
	buf_reset(b);
	buf_printf(b, "tsukuroi-enrichment 1\nD\t%s\t1000\tv1\n%s", kind, rows);
	return (struct generation) { .feed = { .id = str_of(kind),
					       .kind = str_of(kind),
					       .url = S("http://h"),
					       .signer = S(""),
					       .released_ms = 1000 },
				     .records = buf_str(b) };
}

#define KEVS                                                                                       \
	"K\tCVE-2024-0001\t1700000000000\t1701000000000\tknown\tFirst\n"                           \
	"K\tCVE-2024-0003\t1600000000000\t0\tunknown\tSecond\n"
#define SCORES "E\tCVE-2024-0001\t120000\t900000\nE\tCVE-2024-0002\t970000\t\n"

static void cves_are_numbers(void **state)
{
	static const char *const good[] = { "CVE-1999-0001", "CVE-2024-1234", "CVE-2024-1234567" };
	static const char *const bad[] = { "",
					   "CVE-2024-",
					   "CVE-2024-12x4",
					   "cve-2024-1234",
					   "CVE-24-1234",
					   "CVE-0000-1234",
					   "DSA-5764-1",
					   "CVE-2024-1234567890123" };
	char text[CVE_TEXT];
	uint64_t n, last = 0;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(cve_parse(str_of(good[i]), &n));
		assert_string_equal(cve_text(n, text), good[i]);
		assert_true(n > last);
		last = n;
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(cve_parse(str_of(bad[i]), &n));
}

static void documents_are_refused_whole(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"K\tCVE-2024-0001\t1\t0\tknown\n",
		"K\tCVE-2024-0001\t0\t0\tknown\tn\n",
		"K\tCVE-2024-0001\t-1\t0\tknown\tn\n",
		"K\tCVE-2024-0001\t1\t0\tmaybe\tn\n",
		"K\tnone\t1\t0\tknown\tn\n",
		"K\tCVE-2024-0001\t1\t0\tknown\ta\001\n",
		"E\tCVE-2024-0001\t1\t\n",
		"K\tCVE-2024-0001\t1\t0\tknown\ta\nK\tCVE-2024-0001\t1\t0\tknown\tb\n",
	};
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	for (size_t i = 2; i < ARRAY_LEN(bad); i++) {
		struct enrich *x;
		struct generation g = doc("kev", bad[i], &b);
		assert_false(enrich_build(&g, 1, &x, &e));
	}
	struct enrich_rows r;
	assert_false(enrich_read(S(""), &r, &e));
	assert_false(enrich_read(S("tsukuroi-enrichment 1\n"), &r, &e));
	assert_false(enrich_read(S("tsukuroi-enrichment 1\nD\tnews\t1\t\n"), &r, &e));
}

static struct catalog *catalog(struct make *m)
{
	struct catalog *c;
	make_begin(m, "debian/x", "debian");
	assert_true(make_archive(m, "x") && make_patch(m, "a", "1", PATCH_TYPE_SECURITY, "x") &&
		    make_deb(m, "a", "amd64", "1", "", "a") &&
		    make_patch(m, "b", "1", PATCH_TYPE_SECURITY, "x") &&
		    make_deb(m, "b", "amd64", "1", "", "b") &&
		    make_advisory(m, "DSA-1-1", "debian:12", "a", "1",
				  "CVE-2024-0001 CVE-2024-0002", SEVERITY_UNRATED, 1) &&
		    make_advisory(m, "DSA-2-1", "debian:12", "a", "1",
				  "CVE-2024-0001 CVE-2024-0003", SEVERITY_UNRATED, 1) &&
		    make_end(m));
	assert_true(catalog_build(&m->g, 1, &c, &e));
	return c;
}

static void joined_to_patches_M106(void **state)
{
	struct make m;
	AUTO(catalog_unref) struct catalog *c = catalog(&m);
	AUTO(buf_done) struct buf k = BUF_INIT(1u << 20), s = BUF_INIT(1u << 20);
	struct generation docs[] = { doc("kev", KEVS, &k), doc("epss", SCORES, &s) };
	AUTO(enrich_unref) struct enrich *x = NULL;
	assert_true(enrich_build(docs, 2, &x, &e));
	assert_true(enrich_source(x, ENRICH_KEV)->present);
	assert_int_equal(enrich_source(x, ENRICH_KEV)->date_ms, 1000);
	assert_false(enrich_source(x, ENRICH_ENDOFLIFE)->present);
	AUTO(enrich_join_unref) struct enrich_join *j = enrich_join_new(c, x);
	uint32_t a = catalog_find(c, S("debian:12:a:1")), b = catalog_find(c, S("debian:12:b:1")),
		 n;
	assert_string_equal(enrich_join_kev(j, a, &n)->name.p, "Second"); /* added first */
	assert_int_equal(n, 2); /* CVE-2024-0001 is in both advisories */
	assert_int_equal(enrich_join_epss(j, a)->score, 970000);
	assert_int_equal(enrich_join_epss(j, a)->percentile, UINT32_MAX);
	assert_null(enrich_join_kev(j, b, &n));
	assert_int_equal(n, 0);
	assert_null(enrich_join_epss(j, b));
	sink_free(m.sink);
}

static int64_t day(const char *text)
{
	int64_t t;
	assert_true(clock_parse_rfc3339(str_of(text), &t));
	return t;
}

static enum lifecycle_state stands(const struct enrich *x, const char *id, const char *version,
				   const char *name, const char *edition, bool subscribed,
				   const char *now)
{
	struct lifecycle_of l;
	enrich_lifecycle(x, str_of(id), str_of(version), str_of(name), str_of(edition), &l);
	return lifecycle_state(&l, subscribed, day(now));
}

static void releases_end_S07(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20), rows = BUF_INIT(1u << 20);
	long long eol = day("2026-07-11T00:00:00Z"), lts = day("2028-06-30T00:00:00Z");
	buf_printf(&rows,
		   "L\tdebian\t12\t%lld\t%lld\t\n"
		   "L\tubuntu\t20.04\t%lld\t%lld\tlts\n"
		   "L\talmalinux\t9\tnever\t\t\nL\talmalinux\t8\tended\t\t\n"
		   "L\tcentos\t8\tended\t\t\nL\tcentos-stream\t9\tnever\t\t\n"
		   "L\twindows\t11-24h2-e\t%lld\t\t\nL\twindows\t11-24h2-w\t%lld\t\t\n"
		   "L\twindows\t10-1507\tended\t\t\n"
		   "L\trhel\t9\t\t\t\n",
		   eol, lts, eol, lts, lts, eol);
	struct generation g = doc("endoflife", buf_str(&rows).p, &b);
	AUTO(enrich_unref) struct enrich *x = NULL;
	if (!enrich_build(&g, 1, &x, &e))
		fail_msg("%s", e.msg);
	static const struct {
		const char *id, *version, *name, *edition;
		bool subscribed;
		const char *now;
		enum lifecycle_state is;
	} t[] = {
		{ "debian", "12", "", "", false, "2026-07-11T23:59:59Z", LIFECYCLE_SUPPORTED },
		{ "debian", "12", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_EXTENDED },
		{ "debian", "12", "", "", false, "2028-07-01T00:00:00Z", LIFECYCLE_ENDED },
		{ "debian", "13", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_UNKNOWN },
		{ "ubuntu", "20.04", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_ENDED },
		{ "ubuntu", "20.04", "", "", true, "2026-07-12T00:00:00Z", LIFECYCLE_EXTENDED },
		{ "almalinux", "9.4", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_SUPPORTED },
		{ "almalinux", "8.10", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_ENDED },
		{ "centos", "8", "CentOS Linux 8", "", false, "2026-07-12T00:00:00Z",
		  LIFECYCLE_ENDED },
		{ "centos", "8", "CentOS Stream 8", "", false, "2026-07-12T00:00:00Z",
		  LIFECYCLE_UNKNOWN },
		{ "centos", "9", "CentOS Stream 9", "", false, "2026-07-12T00:00:00Z",
		  LIFECYCLE_SUPPORTED },
		{ "windows", "11-24h2", "", "e", false, "2026-07-12T00:00:00Z",
		  LIFECYCLE_SUPPORTED },
		{ "windows", "11-24h2", "", "w", false, "2026-07-12T00:00:00Z", LIFECYCLE_ENDED },
		{ "windows", "11-24h2", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_UNKNOWN },
		{ "windows", "10-1507", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_ENDED },
		{ "rhel", "9.4", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_UNKNOWN },
		{ "arch", "", "", "", false, "2026-07-12T00:00:00Z", LIFECYCLE_UNKNOWN },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(stands(x, t[i].id, t[i].version, t[i].name, t[i].edition,
					t[i].subscribed, t[i].now),
				 t[i].is);
}

/* Stored beside patches, never among them; guarded as they are. */
static void stored_and_guarded_F38(void **state)
{
	AUTO(xfree) char *url = engines_fresh();
	AUTO(sql_close) struct sql *db = engines_open(url);
	AUTO(enrichment_close) struct enrichment *h = NULL;
	AUTO(catalog_unref) struct catalog *c = NULL;
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20), s = BUF_INIT(1u << 20);
	if (!sql_migrate(db, &e))
		fail_msg("%s", e.msg);
	assert_true(enrichment_open(db, &h, &e));
	struct make m;
	AUTO(catalog_unref) struct catalog *with = catalog(&m);
	AUTO(enrich_join_unref) struct enrich_join *none = enrichment_join(h, with);
	assert_null(enrich_join_kev(none, 0, NULL));
	struct generation g = doc("kev", KEVS, &b);
	g.feed.rows = 2;
	g.feed.digest = digest_of(g.records);
	assert_true(generation_save(db, &g, 5, false, &e));
	assert_true(enrichment_reload(h, &e));
	AUTO(enrich_join_unref) struct enrich_join *some = enrichment_join(h, with);
	AUTO(enrich_join_unref) struct enrich_join *same = enrichment_join(h, with);
	assert_ptr_equal(some, same);
	assert_non_null(enrich_join_kev(some, catalog_find(with, S("debian:12:a:1")), NULL));
	assert_null(enrich_join_kev(none, 0, NULL)); /* what somebody holds does not change */
	assert_true(catalog_load(db, STR_LIT(""), &c, &e));
	assert_int_equal(c->n_patches + c->n_feeds, 0);
	struct generation less = doc("kev", "K\tCVE-2024-0001\t5\t0\tknown\tFirst\n", &s);
	less.feed.rows = 1;
	less.feed.digest = digest_of(less.records);
	assert_false(generation_save(db, &less, 6, false, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_true(enrichment_reload(h, &e));
	AUTO(enrich_unref) struct enrich *x = enrichment_get(h);
	assert_int_equal(enrich_source(x, ENRICH_KEV)->rows, 2);
	sink_free(m.sink);
}

static int group(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cves_are_numbers),
		cmocka_unit_test(documents_are_refused_whole),
		cmocka_unit_test(joined_to_patches_M106),
		cmocka_unit_test(releases_end_S07),
		cmocka_unit_test(stored_and_guarded_F38),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
