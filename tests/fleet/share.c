/* SPDX-License-Identifier: Apache-2.0
 * Two fleets on one PostgreSQL, as two servers have them: facts have one number, a change made in
 * one is what the other shows after reading again, and nothing missed stays missed. */
#include "fleet/facts.h"
#include "fleet/fleet.h"
#include "support/engines.h"

#include <pthread.h>

static int64_t now = 1000000;

static int64_t fake_now(void *arg)
{
	return now;
}
static const struct clock fake = { fake_now, NULL };
static const struct host_attrs attrs = { .hostname = (char *)"web1", .os_id = (char *)"debian" };

struct server {
	struct sql *db;
	struct fleet *f;
};

static void server_open(struct server *s, const char *url)
{
	struct err e = { 0 };
	s->db = engines_open(url);
	assert_true(sql_migrate(s->db, &e));
	if (!fleet_load(s->db, &fake, &s->f, &e))
		fail_msg("%s", e.msg);
}

static void server_close(struct server *s)
{
	fleet_free(s->f);
	sql_close(s->db);
}

static void OK(bool ok, const struct err *e)
{
	if (!ok)
		fail_msg("%s", e->msg);
}

static void same(struct server *a, struct server *b, const char *id)
{
	struct err e = { 0 };
	const struct host *x = fleet_host_by_id(a->f, str_of(id)),
			  *y = fleet_host_by_id(b->f, str_of(id));
	assert_non_null(x);
	assert_non_null(y);
	assert_string_equal(x->attrs.hostname, y->attrs.hostname);
	assert_int_equal(x->state, y->state);
	assert_int_equal(x->scan, y->scan);
	assert_int_equal(x->last_scan_ms, y->last_scan_ms);
	assert_int_equal(x->version, y->version);
	assert_memory_equal(x->inventory.b, y->inventory.b, SHA256_LEN);
	assert_int_equal(x->facts_len, y->facts_len); /* the same numbers */
	assert_memory_equal(x->facts, y->facts, x->facts_len);
	AUTO(buf_done) struct buf p = BUF_INIT(1 << 20), q = BUF_INIT(1 << 20);
	OK(fleet_inventory_text(a->f, x->no, &p, &e) && fleet_inventory_text(b->f, y->no, &q, &e),
	   &e);
	assert_true(str_eq(buf_str(&p), buf_str(&q)));
}

static uint64_t holders(struct fleet *f, const char *line)
{
	uint32_t fact = fleet_fact_find(f, str_of(line));
	const roaring_bitmap_t *b = fact == UINT32_MAX ? NULL : fleet_fact_hosts(f, fact);
	return b ? roaring_bitmap_get_cardinality(b) : 0;
}

static void a_change_is_read_again(void **state)
{
	struct server a, b;
	struct err e = { 0 };
	uint32_t x, y;
	AUTO(xfree) char *url = engines_fresh();
	server_open(&a, url);
	server_open(&b, url);
	OK(fleet_enrol(a.f, "one", "local", &attrs, NULL, &x, &e), &e);
	OK(fleet_put_inventory(a.f, x, STR_LIT("arch\tamd64\n"), 5, &e), &e);
	OK(fleet_refresh(b.f, STR_LIT("one"), &e), &e); /* enrolled elsewhere */
	same(&a, &b, "one");
	assert_int_equal(holders(b.f, "arch\tamd64"), 1);
	y = fleet_host_by_id(b.f, STR_LIT("one"))->no;
	OK(fleet_put_inventory(b.f, y, STR_LIT("arch\tarm64\n"), 6, &e), &e);
	OK(fleet_set_scan(b.f, y, SCAN_FAILED, "no", &e), &e);
	OK(fleet_refresh(a.f, STR_LIT("one"), &e), &e);
	same(&a, &b, "one");
	assert_int_equal(holders(a.f, "arch\tamd64"), 0);
	assert_int_equal(holders(a.f, "arch\tarm64"), 1);
	OK(fleet_set_state(a.f, x, HOST_RETIRED, &e), &e);
	OK(fleet_refresh(b.f, STR_LIT("one"), &e), &e);
	assert_int_equal(holders(b.f, "arch\tarm64"), 0);
	assert_false(roaring_bitmap_contains(fleet_active(b.f), y));
	server_close(&a);
	server_close(&b);
}

/* Announcements were lost, and each has changed hosts of its own meanwhile. */
static void what_was_missed_is_found_by_versions(void **state)
{
	struct server a, b;
	struct err e = { 0 };
	uint32_t x[3];
	static const char *const ids[] = { "one", "two", "three" };
	AUTO(xfree) char *url = engines_fresh();
	server_open(&a, url);
	for (int i = 0; i < 2; i++)
		OK(fleet_enrol(a.f, ids[i], "local", &attrs, NULL, &x[i], &e), &e);
	server_open(&b, url);
	OK(fleet_enrol(a.f, ids[2], "local", &attrs, NULL, &x[2], &e), &e);
	OK(fleet_put_inventory(a.f, x[0], STR_LIT("arch\tamd64\n"), 5, &e), &e);
	uint32_t y = fleet_host_by_id(b.f, STR_LIT("one"))->no;
	OK(fleet_set_scan(b.f, y, SCAN_FAILED, "no", &e), &e);
	now += 500;
	OK(fleet_contact(a.f, x[1], &attrs, &e) && fleet_flush(a.f, &e), &e);
	OK(fleet_catch_up(b.f, &e) && fleet_catch_up(a.f, &e), &e);
	for (int i = 0; i < 3; i++)
		same(&a, &b, ids[i]);
	assert_int_equal(fleet_host_by_id(b.f, STR_LIT("one"))->scan, SCAN_FAILED);
	assert_int_equal(fleet_host_by_id(b.f, STR_LIT("two"))->last_contact_ms, now);
	server_close(&a);
	server_close(&b);
}

#define SCANS 60
struct scanner {
	struct fleet *f;
	uint32_t host;
	int who;
	bool ok;
	struct err e;
};

/* Every scan has a line that all have at about the same time, and one of its own. */
static void *scan_all(void *arg)
{
	struct scanner *s = arg;
	s->ok = true;
	for (int i = 0; i < SCANS && s->ok; i++) {
		AUTO(xfree)
		char *text = xasprintf("arch\tall%d\narch\town%d-%d\n", i, s->who, i);
		s->ok = fleet_put_inventory(s->f, s->host, str_of(text), i + 1, &s->e);
	}
	return NULL;
}

static void two_servers_give_one_number_to_a_line(void **state)
{
	struct server srv[2];
	struct scanner s[4];
	pthread_t t[4];
	struct err e = { 0 };
	AUTO(xfree) char *url = engines_fresh();
	server_open(&srv[0], url);
	server_open(&srv[1], url);
	for (int i = 0; i < 4; i++) {
		AUTO(xfree) char *id = xasprintf("h%d", i);
		s[i] = (struct scanner) { .f = srv[i % 2].f, .who = i };
		OK(fleet_enrol(s[i].f, id, "local", &attrs, NULL, &s[i].host, &e), &e);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, scan_all, &s[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		OK(s[i].ok, &s[i].e);
	}
	OK(fleet_catch_up(srv[0].f, &e) && fleet_catch_up(srv[1].f, &e), &e);
	for (int i = 0; i < 4; i++) {
		AUTO(xfree) char *id = xasprintf("h%d", i);
		same(&srv[0], &srv[1], id);
	}
	assert_int_equal(fleet_fact_count(srv[0].f), SCANS + 4 * SCANS);
	assert_int_equal(fleet_fact_count(srv[1].f), SCANS + 4 * SCANS);
	struct server third; /* what the database holds */
	server_open(&third, url);
	for (uint32_t i = 0; i < fleet_fact_count(third.f); i++)
		assert_true(str_eq(fleet_fact(third.f, i), fleet_fact(srv[0].f, i)));
	server_close(&third);
	server_close(&srv[0]);
	server_close(&srv[1]);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_read_again),
		cmocka_unit_test(what_was_missed_is_found_by_versions),
		cmocka_unit_test(two_servers_give_one_number_to_a_line),
	};
	return engines_pg ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}

int main(void)
{
	return engines_run(group);
}
