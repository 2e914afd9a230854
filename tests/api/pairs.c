/* SPDX-License-Identifier: Apache-2.0
 * The detail view (M-109) over HTTP: rows, numbers, cursors in both directions, the file. */
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

/* A row's name: patch, state, system. */
static char *pair_name(const json_t *row)
{
	return xasprintf("%s %s %s", text_at(json_object_get(row, "patch"), "id"),
			 text_at(row, "state"), text_at(json_object_get(row, "system"), "id"));
}

static int pair_total(struct world *w, const char *query)
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree) char *path = xasprintf("/api/v1/patch-systems?limit=200&%s", query);
	get(w, path, &r);
	expect(&r, 200, NULL);
	json_int_t total = int_at(json_object_get(r.json, "page"), "total");
	assert_int_equal(total, json_array_size(items(&r)));
	return (int)total;
}

/* 32 patches on 3 systems: openssl is missing on 0 and 2, zlib on 1 and 2, the others on 2. */
static void M_109_one_row_per_patch_and_system(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, bad, facet;
	AUTO(xfree) char *by_system = xasprintf("system=%s", w->id[0]);
	AUTO(xfree) char *missing = xasprintf("state=missing&system=%s", w->id[0]);
	assert_int_equal(pair_total(w, "sort=id"), 96);
	assert_int_equal(pair_total(w, "state=missing"), 34);
	assert_int_equal(pair_total(w, "state=installed,missing"), 96);
	assert_int_equal(pair_total(w, "state=missing&type=security"), 14);
	assert_int_equal(pair_total(w, "state=held"), 0);
	/* By a scan that has grown old, what was installed is unknown and what is missing stays so.
	 */
	match_set_stale(w->match, -1);
	assert_int_equal(pair_total(w, "state=installed"), 0);
	assert_int_equal(pair_total(w, "state=unknown"), 62);
	assert_int_equal(pair_total(w, "state=unknown&q=openssl"), 1);
	assert_int_equal(pair_total(w, "state=missing,unknown"), 96);
	match_set_stale(w->match, (int64_t)7 * 86400);
	assert_int_equal(pair_total(w, "state=unknown"), 0);
	assert_int_equal(pair_total(w, by_system), 32);
	assert_int_equal(pair_total(w, missing), 1);
	assert_int_equal(pair_total(w, "q=openssl"), 3); /* a patch's text: all its systems */
	assert_int_equal(pair_total(w, "q=CVE-2026-2222&state=missing"), 2);
	assert_int_equal(pair_total(w, "health=healthy"), 0);
	get(w, "/api/v1/patch-systems?limit=1&facets=severity,state&type=security", &r);
	expect(&r, 200, NULL);
	const json_t *row = json_array_get(items(&r), 0),
		     *facets = json_object_get(r.json, "facets");
	assert_string_equal(text_at(json_object_get(row, "patch"), "id"),
			    "debian:12:openssl:3.0.2-1");
	assert_string_equal(text_at(row, "state"), "missing");
	assert_true(json_is_true(json_object_get(json_object_get(row, "patch"), "signed")));
	assert_int_equal(int_at(json_object_get(row, "patch"), "withheld"), 0);
	assert_true(json_is_false(json_object_get(row, "failed")));
	const json_t *old = json_array_get(json_object_get(row, "outdated"), 0);
	assert_string_equal(text_at(old, "installed"), "3.0.1-1");
	assert_string_equal(text_at(old, "fixed"), "3.0.2-1");
	json_int_t n = 0;
	for (size_t i = 0; i < json_array_size(json_object_get(facets, "state")); i++)
		n += int_at(json_array_get(json_object_get(facets, "state"), i), "count");
	assert_int_equal(n, int_at(json_object_get(r.json, "page"), "total"));
	get(w, "/api/v1/patch-systems?sort=missing_systems", &bad);
	expect(&bad, 400, "invalid_parameter");
	get(w, "/api/v1/patch-systems?facets=office", &facet);
	expect(&facet, 400, "invalid_parameter");
}

/* Walks it in small pages, forward and back, in every order, and sees each pair once. */
static void M_109_cursors_end_between_any_two_rows(void **state)
{
	struct world *w = *state;
	static const char *const sorts[] = { "id", "-id", "title", "-severity", "type", "-epss" };
	for (size_t s = 0; s < ARRAY_LEN(sorts); s++) {
		AUTO(reply_done) struct reply whole;
		AUTO(xfree)
		char *all = xasprintf("/api/v1/patch-systems?limit=200&sort=%s", sorts[s]);
		char *at = NULL, *last = NULL;
		get(w, all, &whole);
		expect(&whole, 200, NULL);
		for (int step = 0, n = 0; step < 200; step++) {
			bool back = last != NULL;
			AUTO(reply_done) struct reply r;
			AUTO(xfree)
			char *path = xasprintf("/api/v1/patch-systems?limit=5&sort=%s%s%s",
					       sorts[s], at ? "&cursor=" : "", at ? at : "");
			get(w, path, &r);
			expect(&r, 200, NULL);
			size_t k = json_array_size(items(&r));
			if (back)
				n -= (int)k;
			for (size_t i = 0; i < k; i++) {
				AUTO(xfree) char *got = pair_name(json_array_get(items(&r), i));
				AUTO(xfree)
				char *want = pair_name(
					json_array_get(items(&whole), (size_t)n + i));
				assert_string_equal(got, want);
			}
			if (!back)
				n += (int)k;
			const char *next = cursor(&r, back ? "prev_cursor" : "next_cursor");
			if (!next && !back) { /* the end: turn round */
				assert_int_equal(n, 96);
				n -= (int)k;
				next = last = xstrdup(cursor(&r, "prev_cursor"));
			} else if (!next) {
				assert_int_equal(n, 0);
				step = 200;
			}
			char *copy = next ? xstrdup(next) : NULL;
			xfree(at);
			at = copy;
		}
		assert_null(at);
		xfree(last);
	}
}

static void M_109_the_file_has_every_row(void **state)
{
	struct world *w = *state;
	AUTO(reply_done) struct reply r, ja;
	get(w, "/api/v1/patch-systems:export?state=missing&sort=id", &r);
	assert_int_equal(r.status, 200);
	int lines = 0;
	for (size_t i = 0; i < r.body.n; i++)
		lines += r.body.p[i] == '\n';
	assert_int_equal(lines, 35);
	assert_memory_equal(r.body.p,
			    "\xef\xbb\xbf"
			    "Computer,",
			    12);
	assert_non_null(strstr(r.body.p, ",debian:12:openssl:3.0.2-1,DSA-1-1,"));
	assert_non_null(strstr(r.body.p, ",libssl3 3.0.1-1,3.0.2-1,"));
	get(w, "/api/v1/patch-systems:export?lang=ja&q=openssl", &ja);
	assert_int_equal(ja.status, 200);
	assert_non_null(strstr(ja.body.p, "パッチの状態"));
	assert_non_null(strstr(ja.body.p, ",重大,security,欠落,"));
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_109_one_row_per_patch_and_system),
		cmocka_unit_test(M_109_cursors_end_between_any_two_rows),
		cmocka_unit_test(M_109_the_file_has_every_row),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
