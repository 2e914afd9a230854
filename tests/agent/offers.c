/* SPDX-License-Identifier: Apache-2.0
 * What is published, on a machine without a server: its users ask, the root half remembers and
 * judges by the signed order alone, and the deadline comes (M-143, M-144). */
#include "agent/root/offers.h"
#include "agent/net/portal.h"
#include "agent/net/users.h"
#include "agent/root/rootd.h"
#include "root_bench.h"

#include <utmpx.h>

#define DEPLOYMENT "dddddddddddddddddddddddddddddddd"
#define HOUR INT64_C(3600000)

static const struct window_schedule never = {
	.triggers = SCHEDULE_REFRESH_CYCLE,
	.windows = { { .start_min = 0, .end_min = 1440 } },
	.n_windows = 1,
	.freezes = { { 10957, 47481, "closed" } },
	.n_freezes = 1,
};

static struct offer offer_until(int64_t deadline_ms)
{
	return (struct offer) { STR_LIT("Utilities"), STR_LIT("いつでもどうぞ"), deadline_ms };
}

/* The root half's answer about an order. */
static json_t *ask(struct bench *b, struct rootd *d, const struct order *o, const char *answer)
{
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	seal(b, o, &env);
	AUTO(json_free)
	json_t *request = json_pack("{s:s,s:s,s:s,s:i}", "verb", "offer", "envelope", env.p,
				    "answer", answer, "user", 1500);
	return rootd_answer(d, request);
}

static const char *text(struct bench *b, const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? arena_strdup(&b->a, s) : "";
}

static const char *waits(struct bench *b, struct rootd *d, const struct order *o)
{
	AUTO(json_free) json_t *r = ask(b, d, o, "look");
	return text(b, r, json_object_get(r, "code") ? "code" : "waits");
}

static void M_144_a_wish_outlives_processes_and_orders(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	struct offer offer = offer_until(0);
	struct err e = { 0 };
	struct opening now;
	o.offer = &offer;
	o.window = &never;
	{
		AUTO(rootd_free) struct rootd *d = NULL;
		assert_true(rootd_new(&b->paths, NULL, &d, &e));
		assert_string_equal(waits(b, d, &o), "published");
		assert_true(offers_opening(&b->paths, b->root, &o, &now, &e) && !now.open);
		AUTO(json_free) json_t *r = ask(b, d, &o, "want");
		assert_true(json_is_true(json_object_get(r, "asked")));
	}
	/* another process, another order for the same deployment */
	AUTO(rootd_free) struct rootd *d = NULL;
	o.id = STR_LIT("99999999999999999999999999999999");
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	assert_string_equal(waits(b, d, &o), "");
	/* whatever its windows */
	assert_true(offers_opening(&b->paths, b->root, &o, &now, &e) && now.open);
	/* a failed attempt does not forget it, the success does */
	offers_ended(b->root, DEPLOYMENT, false);
	assert_true(offers_asked(b->root, &o));
	offers_ended(b->root, DEPLOYMENT, true);
	assert_false(offers_asked(b->root, &o));
	assert_string_equal(waits(b, d, &o), "published");
}

static void M_144_only_what_is_published_here_can_be_asked_for(void **state)
{
	struct bench *b = *state;
	AUTO(rootd_free) struct rootd *d = NULL;
	struct order o = plain_order();
	struct offer offer = offer_until(0);
	struct err e = { 0 };
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	/* an order like any other */
	AUTO(json_free) json_t *plain = ask(b, d, &o, "want");
	assert_string_equal(text(b, plain, "code"), "denied");
	assert_false(offers_asked(b->root, &o));
	o.offer = &offer;
	AUTO(json_free) json_t *word = ask(b, d, &o, "install");
	assert_string_equal(text(b, word, "code"), "invalid");
	/* one for another machine */
	o.agent = STR_LIT("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	AUTO(json_free) json_t *foreign = ask(b, d, &o, "want");
	assert_string_equal(text(b, foreign, "code"), "untrusted");
	/* one that nobody signed */
	struct sign_key *other, *own = b->key;
	assert_true(sign_key_new(&other, &e));
	o.agent = STR_LIT(AGENT_ID);
	b->key = other;
	AUTO(json_free) json_t *forged = ask(b, d, &o, "want");
	b->key = own;
	sign_key_free(other);
	assert_string_equal(text(b, forged, "code"), "untrusted");
	assert_false(offers_asked(b->root, &o));
}

static void AC_26_the_deadline_is_obeyed_by_the_order_alone(void **state)
{
	struct bench *b = *state;
	AUTO(rootd_free) struct rootd *d = NULL;
	struct order o = plain_order();
	int64_t now = clock_wall_ms() / 1000 * 1000;
	struct offer offer = offer_until(now + HOUR);
	struct err e = { 0 };
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	o.offer = &offer;
	AUTO(json_free) json_t *r = ask(b, d, &o, "look");
	assert_string_equal(text(b, r, "waits"), "published");
	assert_int_equal(json_integer_value(json_object_get(r, "until")), now + HOUR);
	AUTO(json_free) json_t *late = offers_state(b->root, &o, now + HOUR);
	assert_null(json_object_get(late, "waits"));
	offer.deadline_ms = now - HOUR;
	assert_string_equal(waits(b, d, &o), "");
}

/* Root at a terminal that is not there: told all the same, as far as the memory goes. */
static void log_in(struct bench *b)
{
	struct utmpx u = { .ut_type = USER_PROCESS, .ut_pid = getpid() };
	memcpy(u.ut_user, "root", 5);
	memcpy(u.ut_line, "pts/99", 7);
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/run", b->paths.sysroot), 0755, NULL));
	assert_true(file_write_atomic(arena_printf(&b->a, "%s/run/utmp", b->paths.sysroot),
				      (struct str) { (const char *)&u, sizeof(u) }, 0644, NULL));
}

static bool show(void *arg, const struct order *o, int64_t at_ms, struct err *e UNUSED)
{
	int *n = arg;
	assert_true(o->offer && at_ms > 0);
	++*n;
	return true;
}

static void M_144_each_user_is_told_once(void **state)
{
	struct bench *b = *state;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct order o = plain_order();
	struct offer offer = offer_until(0);
	struct err e = { 0 };
	int shown = 0;
	const struct notices_shower shower = { show, &shown };
	o.offer = &offer;
	seal(b, &o, &env);
	assert_true(offers_init(b->root, &e));
	for (int i = 0; i < 2; i++)
		assert_true(
			offers_tell(&b->paths, b->root, &o, buf_str(&env), 1000 + i, &shower, &e));
	assert_int_equal(shown, 0); /* nobody is there */
	log_in(b);
	for (int i = 0; i < 3; i++)
		assert_true(
			offers_tell(&b->paths, b->root, &o, buf_str(&env), 2000 + i, &shower, &e));
	assert_int_equal(shown, 1);
	/* the process that tells them verifies the order again */
	assert_true(offers_show(&b->paths, DEPLOYMENT, 2000, &e));
	assert_false(offers_show(&b->paths, "../../../../etc/shadow", 2000, &e));
	o.offer = NULL;
	buf_reset(&env);
	seal(b, &o, &env);
	put(arena_printf(&b->a, "%s/offers/" DEPLOYMENT ".order", b->root), env.p);
	assert_false(offers_show(&b->paths, DEPLOYMENT, 2000, &e));
}

static void M_144_users_name_what_they_want(void **state)
{
	AUTO(json_free)
	json_t *offers = json_pack("[{s:s,s:s},{s:s,s:s},{s:s,s:s}]", "deployment",
				   "0123456789abcdef0123456789abcdef", "name", "Tools",
				   "deployment", "11111111222222223333333344444444", "name",
				   "Tools, newer", "deployment", "ffffffff222222223333333344444444",
				   "name", "ブラウザー");
	static const struct {
		const char *name;
		int found; /* -1 = none */
	} rows[] = { { "Tools", 0 },	{ "Tools,", 1 },   { "Too", -1 },
		     { "01234567", 0 }, { "0123456", -1 }, { "1111111122222222333333334444444", 1 },
		     { "ブラウ", 2 },	{ "Nothing", -1 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		const json_t *one = portal_find(offers, rows[i].name, &e);
		if (one !=
		    (rows[i].found < 0 ? NULL : json_array_get(offers, (size_t)rows[i].found)))
			fail_msg("%s", rows[i].name);
		assert_int_equal(!one, e.code != 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(M_144_a_wish_outlives_processes_and_orders),
		T(M_144_only_what_is_published_here_can_be_asked_for),
		T(AC_26_the_deadline_is_obeyed_by_the_order_alone),
		T(M_144_each_user_is_told_once),
		cmocka_unit_test(M_144_users_name_what_they_want),
	};
	return cmocka_run_group_tests_name("offers", tests, NULL, NULL);
}
