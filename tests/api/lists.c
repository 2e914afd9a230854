/* SPDX-License-Identifier: Apache-2.0
 * Lists over HTTP: views, filters, facets, sort, cursors in both directions, and everything about
 * them that must be refused. */
#include "world.h"

static json_t *items(const struct reply *r)
{
	json_t *j = json_object_get(r->json, "items");
	assert_true(json_is_array(j));
	return j;
}

static const char *cursor(const struct reply *r, const char *which)
{
	return json_string_value(json_object_get(json_object_get(r->json, "page"), which));
}

static void get(struct world *w, const char *path, struct reply *out)
{
	struct who guest = as(w, ROLE_GUEST);
	request(w, &guest, "GET", path, NULL, NULL, out);
}

static void M_103_missing_patches_with_counts(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r;
	get(w, "/api/v1/patches?view=missing&limit=200&facets=severity,type,suite", &r);
	expect(&r, 200, NULL);
	assert_int_equal(json_array_size(items(&r)), 32);
	const json_t *first = json_array_get(items(&r), 0);
	assert_string_equal(text_at(first, "id"),
			    "debian:12:openssl:3.0.2-1"); /* critical comes first */
	assert_string_equal(text_at(first, "severity"), "critical");
	assert_int_equal(int_at(first, "missing_systems"), 2);
	assert_int_equal(int_at(first, "installed_systems"), 1);
	assert_int_equal(int_at(first, "cve_count"), 2);
	assert_string_equal(text_at(first, "download_state"), "not_stored");
	assert_int_equal(int_at(json_object_get(r.json, "page"), "total"), 32);
	const json_t *types = json_object_get(json_object_get(r.json, "facets"), "type");
	assert_string_equal(text_at(json_array_get(types, 0), "value"), "bugfix");
	assert_int_equal(int_at(json_array_get(types, 0), "count"), 20);
}

static void M_104_to_108_views_are_filters(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *view;
		int total;
	} views[] = { { "missing", 32 },   { "installed", 32 }, { "applicable", 32 },
		      { "supported", 32 }, { "latest", 32 },	{ "critical", 1 } };
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree) char *path = xasprintf("/api/v1/patches?view=%s", views[i].view);
		get(w, path, &r);
		expect(&r, 200, NULL);
		assert_int_equal(int_at(json_object_get(r.json, "page"), "total"), views[i].total);
	}
}

static void filters_and_their_facets(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, q, none;
	/* The facet of a filter counts what would be there without that filter. */
	get(w, "/api/v1/patches?type=security&facets=type,severity", &r);
	expect(&r, 200, NULL);
	assert_int_equal(int_at(json_object_get(r.json, "page"), "total"), 12);
	const json_t *facets = json_object_get(r.json, "facets");
	assert_int_equal(json_array_size(json_object_get(facets, "type")), 2);
	json_int_t n = 0;
	for (size_t i = 0; i < json_array_size(json_object_get(facets, "severity")); i++)
		n += int_at(json_array_get(json_object_get(facets, "severity"), i), "count");
	assert_int_equal(n, 12);
	get(w, "/api/v1/patches?q=cve-2026-2222", &q);
	expect(&q, 200, NULL);
	assert_int_equal(json_array_size(items(&q)), 1);
	get(w, "/api/v1/patches?severity=low,moderate", &none);
	expect(&none, 200, NULL);
	assert_int_equal(json_array_size(items(&none)), 0);
}

/* Walks forward to the end and back to the start, and sees the same rows. */
static void M_106_known_exploited_and_scores_with_their_dates(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *query;
		int total;
	} t[] = { { "kev=true", 1 },	      { "kev=false", 31 },   { "epss_gte=0.1", 1 },
		  { "epss_gte=0.123456", 1 }, { "epss_gte=0.2", 0 }, { "epss_gte=0", 1 } };
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree) char *path = xasprintf("/api/v1/patches?%s", t[i].query);
		get(w, path, &r);
		expect(&r, 200, NULL);
		assert_int_equal(int_at(json_object_get(r.json, "page"), "total"), t[i].total);
	}
	AUTO(reply_done) struct reply r, d, sys, bad;
	get(w, "/api/v1/patches?sort=-epss&limit=1&facets=kev,epss", &r);
	expect(&r, 200, NULL);
	const json_t *first = json_array_get(items(&r), 0), *kev = json_object_get(first, "kev"),
		     *epss = json_object_get(first, "epss");
	assert_string_equal(text_at(kev, "cve"), "CVE-2026-1111");
	assert_string_equal(text_at(kev, "date"), "2025-06-15T15:06:40Z");
	assert_true(json_is_true(json_object_get(kev, "ransomware")));
	assert_int_equal(int_at(kev, "count"), 1);
	assert_true(json_real_value(json_object_get(epss, "score")) == 0.123456);
	const json_t *shares = json_object_get(json_object_get(r.json, "facets"), "epss");
	assert_int_equal(json_array_size(shares), 2); /* 0.1 and 0.01 are reached */
	get(w, "/api/v1/patches/debian:12:openssl:3.0.2-1", &d);
	const json_t *x = json_object_get(d.json, "enrichment");
	assert_int_equal(json_array_size(json_object_get(x, "cves")), 2);
	assert_string_equal(text_at(json_object_get(x, "kev"), "url"),
			    "https://publisher.example/");
	get(w, "/api/v1/systems?lifecycle=extended&facets=lifecycle", &sys);
	expect(&sys, 200, NULL);
	assert_int_equal(json_array_size(items(&sys)), 3);
	const json_t *l = json_object_get(json_array_get(items(&sys), 0), "lifecycle");
	assert_string_equal(text_at(l, "release"), "12");
	assert_string_equal(text_at(l, "security_end"), "2001-09-09T01:46:40Z");
	get(w, "/api/v1/patches?epss_gte=1.5", &bad);
	expect(&bad, 400, "invalid_parameter");
}

static void the_changelog_is_in_a_package_that_must_be_fetched(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, f, no;
	int before = w->wanted;
	AUTO(xfree)
	char *path = xasprintf("/api/v1/patches/debian:12:openssl:3.0.2-1/changelog?system=%s",
			       w->id[0]);
	get(w, path, &r);
	expect(&r, 200, NULL);
	assert_string_equal(text_at(r.json, "state"), "not_stored");
	assert_string_equal(text_at(r.json, "installed"), "3.0.1-1");
	assert_int_equal(w->wanted, before); /* reading fetches nothing */
	struct who guest = as(w, ROLE_GUEST), technician = as(w, ROLE_TECHNICIAN);
	request(w, &guest, "POST", "/api/v1/patches/debian:12:openssl:3.0.2-1/changelog:fetch",
		NULL, NULL, &no);
	expect(&no, 403, NULL);
	request(w, &technician, "POST", "/api/v1/patches/debian:12:openssl:3.0.2-1/changelog:fetch",
		NULL, NULL, &f);
	expect(&f, 202, NULL);
	assert_int_equal(w->wanted, before + 1);
}

static void cursors_go_both_ways(void **state)
{
	struct world *w = *state;
	static const char *const sorts[] = { "title",	    "-title",
					     "type,-title", "-severity,missing_systems",
					     "size",	    "id" };
	for (size_t s = 0; s < ARRAY_LEN(sorts); s++) {
		char *seen[40], *at = NULL, *before = NULL;
		int n = 0, pages = 0;
		AUTO(reply_done) struct reply whole;
		AUTO(xfree) char *all = xasprintf("/api/v1/patches?limit=200&sort=%s", sorts[s]);
		get(w, all, &whole);
		expect(&whole, 200, NULL);
		for (;;) {
			AUTO(reply_done) struct reply r;
			AUTO(xfree)
			char *path = xasprintf("/api/v1/patches?limit=7&sort=%s%s%s", sorts[s],
					       at ? "&cursor=" : "", at ? at : "");
			get(w, path, &r);
			expect(&r, 200, NULL);
			for (size_t i = 0; i < json_array_size(items(&r)); i++)
				seen[n++] = xstrdup(text_at(json_array_get(items(&r), i), "id"));
			assert_int_equal(!cursor(&r, "prev_cursor"), pages == 0);
			pages++;
			xfree(at);
			at = cursor(&r, "next_cursor") ? xstrdup(cursor(&r, "next_cursor")) : NULL;
			if (!at) {
				before = xstrdup(cursor(&r, "prev_cursor"));
				break;
			}
		}
		assert_int_equal(n, 32);
		assert_int_equal(pages, 5);
		for (int i = 0; i < n; i++)
			assert_string_equal(
				seen[i], text_at(json_array_get(items(&whole), (size_t)i), "id"));
		for (int end = 28; before; end -= 7) {
			AUTO(reply_done) struct reply r;
			AUTO(xfree)
			char *path = xasprintf("/api/v1/patches?limit=7&sort=%s&cursor=%s",
					       sorts[s], before);
			get(w, path, &r);
			expect(&r, 200, NULL);
			assert_int_equal(json_array_size(items(&r)), 7);
			for (int i = 0; i < 7; i++)
				assert_string_equal(
					seen[end - 7 + i],
					text_at(json_array_get(items(&r), (size_t)i), "id"));
			assert_non_null(cursor(&r, "next_cursor"));
			xfree(before);
			before = cursor(&r, "prev_cursor") ? xstrdup(cursor(&r, "prev_cursor"))
							   : NULL;
		}
		for (int i = 0; i < n; i++)
			xfree(seen[i]);
	}
}

static void cursors_of_other_lists_and_made_up_ones_are_refused(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply first;
	get(w, "/api/v1/patches?limit=5", &first);
	expect(&first, 200, NULL);
	const char *good = cursor(&first, "next_cursor");
	assert_non_null(good);
	static const char *const paths[] = { "/api/v1/patches?view=installed&cursor=%s",
					     "/api/v1/patches?type=security&cursor=%s",
					     "/api/v1/patches?sort=title&cursor=%s",
					     "/api/v1/systems?cursor=%s",
					     "/api/v1/deployments?cursor=%s" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO(buf_done) struct buf path = BUF_INIT(8192);
		AUTO(reply_done) struct reply r;
		const char *mark = strstr(paths[i], "%s");
		buf_add(&path, paths[i], (size_t)(mark - paths[i]));
		buf_adds(&path, good);
		get(w, path.p, &r);
		expect(&r, 400, "invalid_cursor");
	}
	size_t len = strlen(good);
	for (size_t i = 0; i < len; i += 3) { /* every third character changed */
		AUTO(reply_done) struct reply r;
		AUTO(xfree) char *bad = xstrdup(good);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		AUTO(xfree) char *path = xasprintf("/api/v1/patches?limit=5&cursor=%s", bad);
		get(w, path, &r);
		expect(&r, 400, "invalid_cursor");
	}
	AUTO(reply_done) struct reply again;
	AUTO(xfree)
	char *path = xasprintf("/api/v1/patches?limit=200&cursor=%s",
			       good); /* another limit is fine */
	get(w, path, &again);
	expect(&again, 200, NULL);
	assert_int_equal(json_array_size(items(&again)), 27);
}

static void wrong_parameters_are_refused_and_named(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *path, *code;
	} bad[] = {
		{ "/api/v1/patches?colour=red", "unknown_parameter" },
		{ "/api/v1/patches?severity=catastrophic", "invalid_parameter" },
		{ "/api/v1/patches?severity=critical,", "invalid_parameter" },
		{ "/api/v1/patches?limit=0", "invalid_parameter" },
		{ "/api/v1/patches?limit=201", "invalid_parameter" },
		{ "/api/v1/patches?limit=5x", "invalid_parameter" },
		{ "/api/v1/patches?sort=colour", "invalid_parameter" },
		{ "/api/v1/patches?sort=title,size,type,severity", "invalid_parameter" },
		{ "/api/v1/patches?facets=colour", "invalid_parameter" },
		{ "/api/v1/patches?q=", "invalid_parameter" },
		{ "/api/v1/systems?online=1", "invalid_parameter" },
		{ "/api/v1/systems?health=ill", "invalid_parameter" },
		{ "/api/v1/dashboard?x=1", "unknown_parameter" },
		{ "/api/v1/search", "invalid_parameter" },
		{ "/api/v1/search?q=a", "invalid_parameter" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(reply_done) struct reply r;
		get(w, bad[i].path, &r);
		expect(&r, 400, bad[i].code);
		assert_int_equal(
			text_at(json_array_get(json_object_get(r.json, "errors"), 0), "pointer")[0],
			'?');
	}
}

static void M_090_systems_with_counts(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, health, one, gone;
	get(w, "/api/v1/systems?sort=-missing&facets=health,os,online", &r);
	expect(&r, 200, NULL);
	assert_int_equal(json_array_size(items(&r)), 3);
	const json_t *first = json_array_get(items(&r), 0);
	assert_string_equal(text_at(first, "hostname"), "db1");
	assert_int_equal(int_at(json_object_get(first, "missing"), "total"), 32);
	assert_int_equal(int_at(json_object_get(first, "missing"), "critical"), 1);
	assert_string_equal(text_at(first, "health"), "highly_vulnerable");
	assert_string_equal(text_at(first, "os"), "debian:12");
	get(w, "/api/v1/systems?health=vulnerable&os=debian:12&online=false", &health);
	expect(&health, 200, NULL);
	assert_int_equal(json_array_size(items(&health)), 1);
	assert_string_equal(text_at(json_array_get(items(&health), 0), "hostname"), "web2");
	get(w, "/api/v1/systems/00000000000000000000000000000001", &one);
	expect(&one, 200, NULL);
	assert_true(json_is_null(json_object_get(one.json, "evidence")));
	get(w, "/api/v1/systems/0000000000000000000000000000000f", &gone);
	expect(&gone, 404, "not_found");
}

static void M_089_drill_down_from_a_number(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply patch, systems, installed, of_system, held;
	get(w, "/api/v1/patches/debian:12:openssl:3.0.2-1", &patch);
	expect(&patch, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(patch.json, "components")), 2);
	assert_string_equal(text_at(json_object_get(patch.json, "provenance"), "signer"),
			    "AAAA test");
	get(w, "/api/v1/patches/debian:12:openssl:3.0.2-1/systems", &systems);
	expect(&systems, 200, NULL);
	assert_int_equal(json_array_size(items(&systems)), 2);
	get(w, "/api/v1/patches/debian:12:openssl:3.0.2-1/systems?state=installed", &installed);
	expect(&installed, 200, NULL);
	assert_int_equal(json_array_size(items(&installed)), 1);
	get(w, "/api/v1/systems/00000000000000000000000000000001/patches", &of_system);
	expect(&of_system, 200, NULL);
	assert_int_equal(json_array_size(items(&of_system)), 1);
	const json_t *outdated = json_object_get(json_array_get(items(&of_system), 0), "outdated");
	assert_int_equal(json_array_size(outdated), 2);
	assert_string_equal(text_at(json_array_get(outdated, 0), "installed"), "3.0.1-1");
	assert_string_equal(text_at(json_array_get(outdated, 0), "fixed"), "3.0.2-1");
	get(w,
	    "/api/v1/systems/00000000000000000000000000000001/patches?state=held,superseded&facets=state",
	    &held);
	expect(&held, 200, NULL);
	assert_int_equal(json_array_size(items(&held)), 0);
}

static void the_explanation_names_fact_versions_and_source(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, fine, none;
	get(w,
	    "/api/v1/systems/00000000000000000000000000000001/patches/debian:12:openssl:3.0.2-1/explanation",
	    &r);
	expect(&r, 200, NULL);
	assert_string_equal(text_at(r.json, "verdict"), "missing");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(r.json, "next_steps"), 0)),
		"deploy");
	assert_non_null(strstr(r.body.p, "3.0.1-1"));
	assert_non_null(strstr(r.body.p, "debian/bookworm-security"));
	get(w,
	    "/api/v1/systems/00000000000000000000000000000002/patches/debian:12:openssl:3.0.2-1/explanation",
	    &fine);
	expect(&fine, 200, NULL);
	assert_string_equal(text_at(fine.json, "verdict"), "installed");
	get(w,
	    "/api/v1/systems/00000000000000000000000000000002/patches/debian:12:nothing:1/explanation",
	    &none);
	expect(&none, 404, "not_found");
}

static void the_inventory_of_a_system(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, q;
	get(w, "/api/v1/systems/00000000000000000000000000000001/inventory?limit=2", &r);
	expect(&r, 200, NULL);
	assert_int_equal(json_array_size(items(&r)), 2);
	assert_string_equal(text_at(json_array_get(items(&r), 0), "name"), "libssl3");
	assert_int_equal(int_at(json_object_get(r.json, "page"), "total"), 33);
	get(w, "/api/v1/systems/00000000000000000000000000000001/inventory?q=ZLIB", &q);
	expect(&q, 200, NULL);
	assert_int_equal(json_array_size(items(&q)), 1);
	assert_string_equal(text_at(json_array_get(items(&q), 0), "source"), "zlib");
}

/* What nothing fixes yet is listed, gravest first, and is nobody's missing patch. */
static void what_has_no_fix_yet(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, q, s;
	get(w, "/api/v1/systems/00000000000000000000000000000001/unfixed", &r);
	expect(&r, 200, NULL);
	assert_int_equal(json_array_size(items(&r)), 2);
	json_t *first = json_array_get(items(&r), 0);
	assert_string_equal(text_at(first, "id"), "CVE-2026-4444");
	assert_string_equal(text_at(first, "severity"), "critical");
	assert_string_equal(text_at(first, "status"), "no-dsa");
	assert_string_equal(text_at(first, "product"), "openssl");
	get(w, "/api/v1/systems/00000000000000000000000000000001/unfixed?q=3333", &q);
	expect(&q, 200, NULL);
	assert_int_equal(json_array_size(items(&q)), 1);
	get(w, "/api/v1/systems/00000000000000000000000000000001", &s);
	expect(&s, 200, NULL);
	assert_int_equal(int_at(s.json, "needs_subscription"), 0);
	assert_int_equal(json_array_size(json_object_get(s.json, "flags")), 0);
}

static void M_035_the_dashboard(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r;
	get(w, "/api/v1/dashboard", &r);
	expect(&r, 200, NULL);
	const json_t *systems = json_object_get(r.json, "systems"),
		     *patches = json_object_get(r.json, "patches");
	assert_int_equal(int_at(systems, "total"), 3);
	assert_int_equal(int_at(json_object_get(systems, "health"), "highly_vulnerable"), 2);
	assert_int_equal(int_at(patches, "missing"), 32);
	assert_int_equal(int_at(patches, "missing_pairs"), 34);
	assert_int_equal(int_at(patches, "security_missing"), 12);
	const json_t *top = json_object_get(r.json, "top_missing_patches");
	assert_int_equal(json_array_size(top), 10);
	assert_string_equal(text_at(json_array_get(top, 0), "product"), "openssl");
	assert_string_equal(text_at(json_array_get(top, 1), "product"), "zlib");
	assert_string_equal(
		text_at(json_array_get(json_object_get(r.json, "top_vulnerable_systems"), 0),
			"hostname"),
		"db1");
	assert_string_equal(text_at(json_array_get(json_object_get(r.json, "by_os"), 0), "os"),
			    "debian:12");
}

static void search_finds_each_kind(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply cve, host;
	get(w, "/api/v1/search?q=2026-11", &cve);
	expect(&cve, 200, NULL);
	assert_int_equal(json_array_size(items(&cve)), 1);
	assert_string_equal(text_at(json_array_get(items(&cve), 0), "kind"), "cve");
	assert_string_equal(text_at(json_array_get(items(&cve), 0), "id"), "CVE-2026-1111");
	get(w, "/api/v1/search?q=WEB&limit=1", &host);
	expect(&host, 200, NULL);
	assert_int_equal(json_array_size(items(&host)), 1);
	assert_string_equal(text_at(json_array_get(items(&host), 0), "title"), "web1");
}

static void history_by_system_and_by_patch(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(reply_done) struct reply of_system, page, next, of_patch, nobody, back;
	get(w, "/api/v1/systems/00000000000000000000000000000001/history", &of_system);
	expect(&of_system, 200, NULL);
	assert_int_equal(json_array_size(items(&of_system)), 1); /* it lacks openssl alone */
	const json_t *first = json_array_get(items(&of_system), 0);
	assert_string_equal(text_at(first, "event"), "missing");
	assert_string_equal(text_at(json_object_get(first, "patch"), "id"),
			    "debian:12:openssl:3.0.2-1");
	assert_string_equal(text_at(json_object_get(first, "patch"), "severity"), "critical");
	assert_string_equal(text_at(json_object_get(first, "system"), "hostname"), "web1");
	get(w, "/api/v1/systems/00000000000000000000000000000003/history?limit=20", &page);
	expect(&page, 200, NULL);
	assert_int_equal(json_array_size(items(&page)), 20);
	AUTO(xfree)
	char *path = xasprintf(
		"/api/v1/systems/00000000000000000000000000000003/history?limit=20&cursor=%s",
		cursor(&page, "next_cursor"));
	get(w, path, &next);
	expect(&next, 200, NULL);
	assert_int_equal(json_array_size(items(&next)), 12);
	assert_null(cursor(&next, "next_cursor"));
	AUTO(xfree) char *inv = world_inventory(1);
	ok(fleet_put_inventory(w->fleet, w->host[0], str_of(inv), kit_now_ms, &e), &e);
	get(w, "/api/v1/patches/debian:12:openssl:3.0.2-1/history", &of_patch);
	expect(&of_patch, 200, NULL);
	assert_int_equal(json_array_size(items(&of_patch)),
			 4); /* installed, missing twice, known */
	assert_string_equal(text_at(json_array_get(items(&of_patch), 0), "event"), "installed");
	const json_t *last = json_array_get(items(&of_patch), 3);
	assert_string_equal(text_at(last, "event"), "known");
	assert_true(json_is_null(json_object_get(last, "system")));
	assert_int_equal(int_at(last, "systems"), 0);
	AUTO(xfree) char *again = world_inventory(0);
	ok(fleet_put_inventory(w->fleet, w->host[0], str_of(again), kit_now_ms, &e), &e);
	get(w, "/api/v1/systems/0000000000000000000000000000000f/history", &nobody);
	expect(&nobody, 404, "not_found");
	get(w, "/api/v1/patches/no:such:patch/history", &back);
	expect(&back, 200, NULL);
	assert_int_equal(json_array_size(items(&back)), 0);
}

static void M_111_declined_patches_are_in_their_own_view(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR), guest = as(w, ROLE_GUEST);
	AUTO(reply_done)
	struct reply made, twice, missing, declined, system, of_system, list, denied, gone, ended,
		again, bad;
	static const char body[] =
		"{\"patches\":{\"ids\":[\"debian:12:openssl:3.0.2-1\"]},\"reason\":\"breaks payroll\","
		"\"expires\":\"%s\"}";
	char when[CLOCK_RFC3339_LEN];
	clock_rfc3339(kit_now_ms + 86400000, when);
	AUTO(xfree) char *good = xasprintf(body, when);
	AUTO(xfree) char *past = xasprintf(body, "2020-01-01T00:00:00Z");
	request(w, &guest, "POST", "/api/v1/declines", good, NULL, &denied);
	expect(&denied, 403, NULL);
	request(w, &admin, "POST", "/api/v1/declines", past, NULL, &bad);
	expect(&bad, 400, NULL);
	request(w, &admin, "POST", "/api/v1/declines", good, NULL, &made);
	expect(&made, 201, NULL);
	const json_t *one = json_array_get(items(&made), 0);
	assert_string_equal(text_at(one, "reason"), "breaks payroll");
	request(w, &admin, "POST", "/api/v1/declines", good, NULL, &twice);
	expect(&twice, 409, "already_declined");
	get(w, "/api/v1/patches?view=missing&limit=200", &missing);
	assert_int_equal(json_array_size(items(&missing)), 31);
	get(w, "/api/v1/patches?view=declined", &declined);
	assert_int_equal(json_array_size(items(&declined)), 1);
	one = json_array_get(items(&declined), 0);
	assert_string_equal(text_at(one, "approval"), "declined");
	assert_int_equal(int_at(one, "missing_systems"), 0);
	assert_int_equal(int_at(one, "declined_systems"), 2); /* who lacks it is still shown */
	assert_string_equal(text_at(json_object_get(one, "decline"), "reason"), "breaks payroll");
	get(w, "/api/v1/systems/00000000000000000000000000000001", &system);
	assert_int_equal(int_at(json_object_get(system.json, "missing"), "total"), 0);
	assert_int_equal(int_at(system.json, "declined"), 1);
	assert_string_equal(text_at(system.json, "health"), "healthy");
	get(w,
	    "/api/v1/systems/00000000000000000000000000000001/patches?state=declined&facets=state",
	    &of_system);
	expect(&of_system, 200, NULL);
	assert_int_equal(json_array_size(items(&of_system)), 1);
	assert_string_equal(text_at(json_array_get(items(&of_system), 0), "state"), "declined");
	get(w, "/api/v1/declines", &list);
	assert_int_equal(json_array_size(items(&list)), 1);
	AUTO(xfree)
	char *path = xasprintf("/api/v1/declines/%s",
			       text_at(json_array_get(items(&list), 0), "id"));
	request(w, &admin, "DELETE", path, NULL, NULL, &gone);
	expect(&gone, 204, NULL);
	request(w, &admin, "DELETE", path, NULL, NULL, &again);
	expect(&again, 404, NULL);
	get(w, "/api/v1/declines?state=ended", &ended);
	assert_int_equal(json_array_size(items(&ended)), 1);
	assert_string_equal(text_at(json_array_get(items(&ended), 0), "ended_by"),
			    "user-administrator");

	/* And by itself, in the audit log. */
	AUTO(reply_done) struct reply anew, after;
	struct err e = { 0 };
	request(w, &admin, "POST", "/api/v1/declines", good, NULL, &anew);
	expect(&anew, 201, NULL);
	kit_now_ms += 86400000 + 1;
	ok(api_tick(w->api, &e), &e);
	kit_now_ms -= 86400000 + 1;
	get(w, "/api/v1/patches?view=missing&limit=200", &after);
	assert_int_equal(json_array_size(items(&after)), 32);
}

static int64_t total(struct world *w, const char *path)
{
	AUTO(reply_done) struct reply r;
	get(w, path, &r);
	expect(&r, 200, NULL);
	return int_at(json_object_get(r.json, "page"), "total");
}

#define OPENSSL "/api/v1/patches/debian:12:openssl:3.0.2-1"

/* What was missing at an old scan is missing; what was in order is not known to be so. */
static void S_07_an_old_scan_says_nothing_good(void **state)
{
	struct world *w = *state;
	for (int old = 0; old <= 1; old++) {
		AUTO(reply_done) struct reply patch, dashboard, systems;
		if (old) {
			kit_now_ms += 5000;
			match_set_stale(w->match, 1);
		}
		get(w, OPENSSL, &patch);
		expect(&patch, 200, NULL);
		assert_int_equal(int_at(patch.json, "missing_systems"), 2);
		assert_int_equal(int_at(patch.json, "installed_systems"), old ? 0 : 1);
		assert_int_equal(int_at(patch.json, "unknown_systems"), old ? 1 : 0);
		assert_int_equal(total(w, OPENSSL "/systems?state=missing"), 2);
		assert_int_equal(total(w, OPENSSL "/systems?state=installed"), old ? 0 : 1);
		assert_int_equal(total(w, OPENSSL "/systems?state=unknown"), old ? 1 : 0);
		assert_int_equal(total(w, "/api/v1/patches?view=installed"), old ? 0 : 32);
		assert_int_equal(total(w, "/api/v1/patches?view=missing"), 32);
		get(w, "/api/v1/dashboard", &dashboard);
		assert_int_equal(int_at(json_object_get(dashboard.json, "patches"), "installed"),
				 old ? 0 : 32);
		get(w, "/api/v1/systems?sort=hostname&facets=health", &systems);
		size_t i;
		json_t *s;
		json_array_foreach(items(&systems), i, s)
		{
			const char *id = text_at(s, "id");
			AUTO(xfree)
			char *in = xasprintf("/api/v1/systems/%s/patches?state=installed", id),
			     *un = xasprintf("/api/v1/systems/%s/patches?state=unknown", id);
			if (old)
				assert_string_equal(text_at(s, "health"), "unknown");
			assert_int_equal(total(w, in), int_at(s, "installed"));
			assert_int_equal(total(w, un), int_at(s, "unknown"));
			assert_true(!old || int_at(s, "installed") == 0);
		}
	}
	match_set_stale(w->match, (int64_t)7 * 86400);
}

/* All rows by pages of one, from the beginning or from a cursor that way; their numbers. */
static size_t walk(struct world *w, const char *sort, const char *way, char *from, char ids[40][64],
		   int64_t counts[40])
{
	size_t n = 0;
	for (char *at = from; n < 40; n++) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree)
		char *path = xasprintf("/api/v1/patches?view=supported&limit=1&sort=%s%s%s", sort,
				       at ? "&cursor=" : "", at ? at : "");
		get(w, path, &r);
		expect(&r, 200, NULL);
		const json_t *one = json_array_get(items(&r), 0);
		(void)snprintf(ids[n], sizeof(ids[n]), "%s", text_at(one, "id"));
		counts[n] = int_at(one, "installed_systems");
		const char *next = cursor(&r, way);
		if (at != from)
			xfree(at);
		at = next ? xasprintf("%s", next) : NULL;
		if (!at)
			return n + 1;
	}
	fail_msg("the list does not end");
	return 0;
}

/* Counts that are costly to know are bounded first: the order and the cursors stay exact. */
static void order_by_installed_with_an_old_scan(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	kit_now_ms += 5000;
	match_set_stale(w->match, 1);
	for (int i = 1; i < WORLD_HOSTS; i++) {
		AUTO(xfree) char *text = world_inventory(i % 2); /* both have pkgNN, one openssl */
		ok(fleet_put_inventory(w->fleet, w->host[i], str_of(text), kit_now_ms, &e), &e);
	}
	for (int down = 0; down <= 1; down++) {
		const char *sort = down ? "-installed_systems" : "installed_systems";
		char there[40][64], back[40][64];
		int64_t counts[40], counts_back[40];
		size_t n = walk(w, sort, "next_cursor", NULL, there, counts);
		assert_int_equal(n, 32);
		assert_int_equal(counts[down ? 31 : 0], 1); /* zlib: the old scan has it, too */
		assert_int_equal(counts[down ? 0 : 31], 2);
		for (size_t i = 1; i < n; i++)
			assert_true(down ? counts[i] <= counts[i - 1] : counts[i] >= counts[i - 1]);
		AUTO(reply_done) struct reply last;
		AUTO(xfree)
		char *path = xasprintf("/api/v1/patches?view=supported&limit=31&sort=%s", sort);
		get(w, path, &last);
		AUTO(xfree)
		char *next = xasprintf("%s&cursor=%s", path, cursor(&last, "next_cursor"));
		AUTO(reply_done) struct reply end;
		get(w, next, &end);
		AUTO(xfree) char *from = xasprintf("%s", cursor(&end, "prev_cursor"));
		assert_int_equal(walk(w, sort, "prev_cursor", from, back, counts_back), n - 1);
		for (size_t i = 0; i + 1 < n; i++)
			assert_string_equal(back[i], there[n - 2 - i]);
	}
	match_set_stale(w->match, (int64_t)7 * 86400);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_103_missing_patches_with_counts),
		cmocka_unit_test(M_104_to_108_views_are_filters),
		cmocka_unit_test(history_by_system_and_by_patch),
		cmocka_unit_test(M_111_declined_patches_are_in_their_own_view),
		cmocka_unit_test(filters_and_their_facets),
		cmocka_unit_test(M_106_known_exploited_and_scores_with_their_dates),
		cmocka_unit_test(the_changelog_is_in_a_package_that_must_be_fetched),
		cmocka_unit_test(cursors_go_both_ways),
		cmocka_unit_test(cursors_of_other_lists_and_made_up_ones_are_refused),
		cmocka_unit_test(wrong_parameters_are_refused_and_named),
		cmocka_unit_test(M_090_systems_with_counts),
		cmocka_unit_test(M_089_drill_down_from_a_number),
		cmocka_unit_test(the_explanation_names_fact_versions_and_source),
		cmocka_unit_test(the_inventory_of_a_system),
		cmocka_unit_test(what_has_no_fix_yet),
		cmocka_unit_test(M_035_the_dashboard),
		cmocka_unit_test(search_finds_each_kind),
		cmocka_unit_test(S_07_an_old_scan_says_nothing_good),
		cmocka_unit_test(order_by_installed_with_an_old_scan), /* leaves other scans */
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
