/* SPDX-License-Identifier: Apache-2.0
 * A scan as a delta leads exactly where the whole text leads, and whatever does not fit changes
 * nothing. */
#include "fleet/facts.h"
#include "fleet/fleet.h"
#include "support/engines.h"

static int64_t fake_now(void *arg)
{
	return 1000000;
}
static const struct clock fake = { fake_now, NULL };
static const struct host_attrs attrs = { .hostname = (char *)"web1", .os_id = (char *)"debian" };

static void OK(bool ok, const struct err *e)
{
	if (!ok)
		fail_msg("%s", e->msg);
}

static unsigned next_random(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

/* Some of 60 lines; each run of the test knows ever more of them. */
static void some_text(unsigned *seed, struct buf *out)
{
	out->n = 0;
	for (unsigned i = 0; i < 60; i++)
		if (next_random(seed, 3) > 0)
			buf_printf(out, "deb\tp%02u\tamd64\t%u\t\t\n", i, next_random(seed, 4));
	OK(buf_ok(out, "text", NULL), &(struct err) { .msg = "no memory" });
}

static struct fleet_delta delta_of(struct str from, struct str to, struct buf *out)
{
	struct err e = { 0 };
	out->n = 0;
	OK(inventory_delta(from, to, out, &e), &e);
	return (struct fleet_delta) { .delta = buf_str(out),
				      .base = digest_of(from),
				      .digest = digest_of(to),
				      .sum = inventory_sum_of_text(to),
				      .scanned_ms = 7 };
}

static void is(struct fleet *f, uint32_t no, struct str text)
{
	struct err e = { 0 };
	struct sha256 want = digest_of(text);
	AUTO(buf_done) struct buf got = BUF_INIT(1 << 20);
	OK(fleet_inventory_text(f, no, &got, &e), &e);
	assert_true(str_eq(buf_str(&got), text));
	assert_memory_equal(fleet_host(f, no)->inventory.b, want.b, SHA256_LEN);
}

static void leads_where_the_text_leads(void **state)
{
	AUTO(xfree) char *url = engines_fresh();
	AUTO(buf_done)
	struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20), d = BUF_INIT(1 << 20);
	struct buf *from = &a, *to = &b;
	struct err e = { 0 };
	unsigned seed = 5;
	uint32_t no;
	for (int start = 0; start < 2; start++) {
		AUTO(sql_close) struct sql *db = engines_open(url);
		OK(sql_migrate(db, &e), &e);
		AUTO(fleet_free) struct fleet *f = NULL;
		OK(fleet_load(db, &fake, &f, &e), &e);
		if (start == 1) { /* what was acknowledged is there */
			is(f, fleet_host_by_id(f, STR_LIT("one"))->no, buf_str(from));
			continue;
		}
		OK(fleet_enrol(f, "one", "local", &attrs, NULL, &no, &e), &e);
		some_text(&seed, from);
		OK(fleet_put_inventory(f, no, buf_str(from), 6, &e), &e);
		for (int i = 0; i < 100; i++) {
			some_text(&seed, to);
			struct fleet_delta x = delta_of(buf_str(from), buf_str(to), &d);
			OK(fleet_put_delta(f, no, &x, &e), &e);
			is(f, no, buf_str(to));
			struct buf *was = from;
			from = to;
			to = was;
		}
	}
}

static void what_does_not_fit_changes_nothing(void **state)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&fake);
	struct str has = STR_LIT("arch\tamd64\ndeb\ta\tamd64\t1\t\t\n");
	struct str next = STR_LIT("arch\tamd64\ndeb\ta\tamd64\t2\t\t\n");
	AUTO(buf_done) struct buf d = BUF_INIT(1 << 20);
	struct err e = { 0 };
	uint32_t no;
	OK(fleet_enrol(f, "one", "local", &attrs, NULL, &no, &e), &e);
	OK(fleet_put_inventory(f, no, has, 6, &e), &e);
	const struct fleet_delta good = delta_of(has, next, &d);
	static const struct {
		const char *delta;
		enum err_code code;
	} bad[] = {
		{ "-deb\ta\tamd64\t1\t\t\n", ERR_CONFLICT },		     /* another sum */
		{ "-deb\tb\tamd64\t1\t\t\n", ERR_CONFLICT },		     /* never there */
		{ "+arch\tamd64\n", ERR_CONFLICT },			     /* there already */
		{ "+deb\tb\tamd64\t1\t\t\n-deb\ta\t\t\t\t\n", ERR_CORRUPT }, /* not in order */
		{ "deb\tb\tamd64\t1\t\t\n", ERR_CORRUPT },		     /* no sign */
		{ "+deb\tb\tamd64\t1\t\t", ERR_CORRUPT },		     /* not ended */
		{ "", ERR_CONFLICT },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fleet_delta x = good;
		x.delta = str_of(bad[i].delta);
		assert_false(fleet_put_delta(f, no, &x, &e));
		assert_int_equal(e.code, bad[i].code);
		is(f, no, has);
	}
	struct fleet_delta x = good;
	x.base = digest_of(next);
	assert_false(fleet_put_delta(f, no, &x, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	x = good;
	x.scanned_ms = 0;
	assert_false(fleet_put_delta(f, no, &x, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(fleet_put_delta(f, no + 1, &good, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	is(f, no, has);
	OK(fleet_put_delta(f, no, &good, &e), &e);
	is(f, no, next);
}

/* A text has a limit of bytes, which is not counted here: so many lines always keep it. */
static void no_delta_makes_more_than_a_text_may_hold(void **state)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&fake);
	AUTO(buf_done)
	struct buf many = BUF_INIT(1 << 20), more = BUF_INIT(1 << 20), d = BUF_INIT(1 << 20);
	struct err e = { 0 };
	uint32_t no;
	OK(fleet_enrol(f, "one", "local", &attrs, NULL, &no, &e), &e);
	for (unsigned i = 0; i < FLEET_DELTA_FACTS; i++)
		buf_printf(&many, "x\t%05u\n", i);
	buf_addstr(&more, buf_str(&many));
	buf_addstr(&more, STR_LIT("y\n"));
	OK(fleet_put_inventory(f, no, buf_str(&many), 6, &e), &e);
	struct fleet_delta x = delta_of(buf_str(&many), buf_str(&more), &d);
	assert_false(fleet_put_delta(f, no, &x, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	is(f, no, buf_str(&many));
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leads_where_the_text_leads),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(no_delta_makes_more_than_a_text_may_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
