/* SPDX-License-Identifier: Apache-2.0
 * The exact plans of many systems: counted as they are now, whoever wrote them and whatever was
 * read before; in pages. TSUKUROI_PLANS=N: with so many systems, and the times are said. */
#include "world.h"

#define DEPLOYMENT "dddddddddddddddddddddddddddddddd"
#define PLANS "/api/v1/deployments/" DEPLOYMENT "/plans"

static void run_sql(struct world *w, struct buf *text)
{
	engines_exec(w->db, text->p);
	buf_reset(text);
}

/* Systems from..to-1 tell plan i % kinds; system i downloads i bytes and holds unit i % 3. */
static void tell(struct world *w, struct buf *b, int from, int to, int kinds, int64_t at)
{
	enum { AT_ONCE = 2000 };
	for (int i = from; i < to; i++) {
		buf_adds(b, (i - from) % AT_ONCE
				    ? ", "
				    : "insert into target_plan (deployment, host, hash, told_ms, "
				      "details, was, drift_allowed) values ");
		buf_printf(b,
			   "('" DEPLOYMENT "', '%032x', '%064x', %lld, "
			   "'{\"download\":%d,\"disk\":%d,\"free\":1000,\"services\":[{\"unit\":"
			   "\"u%d.service\"}],\"config_files\":[{\"package\":\"p\",\"path\":"
			   "\"/etc/%d\",\"fate\":\"kept\"}],\"reboot\":{\"why\":\"%s\",\"packages\""
			   ":[\"linux\"]}}', null, false)",
			   i, i % kinds, (long long)at, i, i % 2 ? 5000 : -1, i % 3, i % 5,
			   i % 2 ? "kernel" : "none");
		if ((i - from) % AT_ONCE == AT_ONCE - 1 || i + 1 == to)
			run_sql(w, b);
	}
}

static void plans(struct world *w, struct buf *b, int kinds)
{
	for (int i = 0; i < kinds; i++)
		buf_printf(b,
			   "%s('%064x', '[{\"action\":\"upgrade\",\"name\":\"openssl\",\"arch\":"
			   "\"amd64\",\"from\":\"1\",\"to\":\"2\"},{\"action\":\"install\","
			   "\"name\":\"x%d\",\"arch\":\"amd64\",\"from\":\"\",\"to\":\"%d\"}]')",
			   i ? ", " : "insert into plan (hash, steps) values ", i, i, i);
	run_sql(w, b);
}

static void deployment(struct world *w)
{
	engines_exec(w->db,
		     "insert into deployment (id, name, description, policy, wake, state, "
		     "created_by, created_ms, started_ms, finished_ms, n_patches, operation) "
		     "values ('" DEPLOYMENT "', 'd', '', 'anytime', false, 1, 't', 1, 1, 0, 1, 0)");
}

static json_t *summary(struct world *w)
{
	struct who guest = as(w, ROLE_GUEST);
	AUTO(reply_done) struct reply r;
	request(w, &guest, "GET", PLANS, NULL, NULL, &r);
	expect(&r, 200, NULL);
	return json_incref(json_object_get(r.json, "summary"));
}

/* The row of a list whose member has that value. */
static json_int_t systems_of(const json_t *summary, const char *list, const char *member,
			     const char *value)
{
	const json_t *row;
	size_t i;
	json_array_foreach(json_object_get(summary, list), i, row)
	{
		if (strcmp(text_at(row, member), value) == 0)
			return int_at(row, "systems");
	}
	return 0;
}

static void what_is_counted_is_what_is_told_now(void **state)
{
	enum { SYSTEMS = 300, KINDS = 7 };
	struct world *w = *state;
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	deployment(w);
	plans(w, &b, KINDS);
	tell(w, &b, 0, SYSTEMS, KINDS, 1000);
	AUTO(json_free) json_t *all = summary(w);
	assert_int_equal(int_at(all, "systems"), SYSTEMS);
	assert_int_equal(int_at(all, "with_details"), SYSTEMS);
	assert_int_equal(int_at(all, "packages_total"), 1 + KINDS);
	assert_int_equal(systems_of(all, "packages", "name", "openssl"), SYSTEMS);
	assert_int_equal(systems_of(all, "packages", "name", "x1"), 43);
	assert_int_equal(systems_of(all, "services", "unit", "u0.service"), 100);
	assert_int_equal(systems_of(all, "config_files", "path", "/etc/4"), 60);
	assert_int_equal(int_at(all, "download"), SYSTEMS * (SYSTEMS - 1) / 2);
	assert_int_equal(int_at(all, "download_max"), SYSTEMS - 1);
	assert_int_equal(int_at(all, "no_room"), SYSTEMS / 2);
	assert_int_equal(int_at(all, "reboots"), SYSTEMS / 2);
	assert_int_equal(systems_of(all, "reboot_evidence", "package", "linux"), SYSTEMS / 2);
	AUTO(json_free) json_t *again = summary(w);
	assert_true(json_equal(all, again));

	/* Another server's changes: one system tells again, one goes, one comes, one tells no more
	 * than its plan. */
	engines_exec(w->db, "update target_plan set told_ms = 2000, details = "
			    "'{\"download\":1000000}' where host = "
			    "'00000000000000000000000000000000'");
	engines_exec(w->db, "delete from target_plan where host = "
			    "'00000000000000000000000000000002'");
	engines_exec(w->db, "update target_plan set told_ms = 2000, details = null where host = "
			    "'00000000000000000000000000000003'");
	tell(w, &b, SYSTEMS, SYSTEMS + 1, KINDS, 2000);
	AUTO(json_free) json_t *now = summary(w);
	assert_int_equal(int_at(now, "systems"), SYSTEMS);
	assert_int_equal(int_at(now, "with_details"), SYSTEMS - 1);
	assert_int_equal(int_at(now, "download_max"), 1000000);
	assert_int_equal(int_at(now, "download"),
			 SYSTEMS * (SYSTEMS - 1) / 2 + 1000000 - 2 - 3 + SYSTEMS);
	/* 0 and 3 hold it no longer, 300 does */
	assert_int_equal(systems_of(now, "services", "unit", "u0.service"), 99);
	assert_int_equal(systems_of(now, "services", "unit", "u2.service"), 99);

	/* A server that has looked at nothing yet says the same. */
	http_server_stop(w->people);
	http_server_stop(w->agents);
	api_free(TAKE(w->api));
	xfree(w->people_url);
	xfree(w->agents_url);
	world_api(w);
	world_servers(w);
	AUTO(json_free) json_t *fresh = summary(w);
	assert_true(json_equal(now, fresh));
}

/* More kinds than a page has; nobody's plan is left out of the sum. */
static void groups_have_pages(void **state)
{
	enum { SYSTEMS = 1100, KINDS = 600 };
	static char seen[KINDS + 1][65];
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	AUTO(xfree) char *cursor = NULL;
	size_t n = 0;
	json_int_t before = SYSTEMS;
	deployment(w);
	plans(w, &b, KINDS);
	tell(w, &b, 0, SYSTEMS, KINDS, 1000);
	engines_exec(w->db,
		     "insert into plan_mode (deployment, drift) values ('" DEPLOYMENT "', 0)");
	engines_exec(w->db, "insert into plan_approval (deployment, hash, approved_by, "
			    "approved_ms) select '" DEPLOYMENT "', hash, 'boss', 5 from plan "
			    "where hash like '%0'");
	do {
		AUTO(reply_done) struct reply r;
		AUTO(xfree)
		char *path = xasprintf(PLANS "?limit=200%s%s", cursor ? "&cursor=" : "",
				       cursor ? cursor : "");
		request(w, &guest, "GET", path, NULL, NULL, &r);
		expect(&r, 200, NULL);
		const json_t *items = json_object_get(r.json, "items"), *one;
		const json_t *page = json_object_get(r.json, "page"),
			     *all = json_object_get(r.json, "summary");
		assert_int_equal(int_at(page, "total"), KINDS);
		assert_int_equal(int_at(all, "systems"), SYSTEMS);
		assert_int_equal(int_at(all, "packages_total"), 1 + KINDS);
		assert_int_equal(int_at(r.json, "waiting"), KINDS - 38); /* 600 / 16, rounded up */
		size_t i;
		json_array_foreach(items, i, one)
		{
			assert_true(int_at(one, "systems") <= before);
			before = int_at(one, "systems");
			assert_int_equal(json_array_size(json_object_get(one, "steps")), 2);
			(void)snprintf(seen[n++], sizeof(seen[0]), "%s", text_at(one, "hash"));
			assert_true(n <= KINDS);
		}
		xfree(cursor);
		cursor = *text_at(page, "next_cursor") ? xstrdup(text_at(page, "next_cursor"))
						       : NULL;
	} while (cursor);
	assert_int_equal(n, KINDS);
	qsort(seen, n, sizeof(seen[0]), (int (*)(const void *, const void *))strcmp);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(seen[i - 1], seen[i]);
}

/* The times of many systems; only when it is asked for. */
static void as_many_as_are_asked_for(void **state)
{
	struct world *w = *state;
	uint64_t systems;
	const char *asked = getenv("TSUKUROI_PLANS");
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	if (!asked || !str_to_u64(str_of(asked), &systems)) {
		skip();
		return;
	}
	deployment(w);
	plans(w, &b, 50);
	tell(w, &b, 0, (int)systems, 50, 1000);
	for (int i = 0; i < 4; i++) {
		int64_t begin = clock_mono_ms();
		json_free(summary(w));
		printf("look %d at %d systems: %lld ms\n", i, (int)systems,
		       (long long)(clock_mono_ms() - begin));
		AUTO(xfree)
		char *host = xasprintf("update target_plan set told_ms = %d where host = '%032x'",
				       2000 + i, i);
		if (i)
			engines_exec(w->db, host);
	}
}

static int group(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(what_is_counted_is_what_is_told_now),
		T(groups_have_pages),
		T(as_many_as_are_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
