/* SPDX-License-Identifier: Apache-2.0
 * Waking before windows (M-165, S-13): when, by whom, how often, and what neighbours are told. */
#include "deploy/orders/policy.h"
#include "deploy/wol/wol_pick.h"
#include "rig.h"

#define NIC(name, mac, subnet)                                                                     \
	"{\"name\":\"" name "\",\"mac\":\"" mac "\",\"wake\":\"on\",\"subnets\":[\"" subnet "\"]}"
#define LAN(zone, nics) "{\"zone\":\"" zone "\",\"interfaces\":[" nics "]}"
#define ASLEEP LAN("Asia/Tokyo", NIC("eth0", "02:00:5e:10:00:01", "192.0.2.0/24"))
#define NEAR                                                                                       \
	LAN("UTC", NIC("lan", "02:00:5e:10:00:02",                                                 \
		       "192.0.2.0/24") "," NIC("dmz", "02:00:5e:10:00:03", "198.51.100.0/24"))
#define FAR LAN("UTC", NIC("lan", "02:00:5e:10:00:04", "203.0.113.0/24"))
#define MINUTE INT64_C(60000)
#define DAY (1440 * MINUTE)

static int64_t now_at_start;

static void says(struct world *w, int i, const char *lan)
{
	struct err e = { 0 };
	struct host_attrs attrs = { .hostname = i ? (char[]) { "web2" } : (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .lan_json = (char *)(uintptr_t)lan };
	ok(fleet_contact(w->fleet, w->host[i], &attrs, &e), &e);
}

/* web1 lacks a patch and sleeps, web2 is in contact; on a day at 12:00 UTC. */
static int rig(void **state)
{
	assert_int_equal(setup(state), 0);
	struct world *w = *state;
	now_at_start = kit_now_ms;
	kit_now_ms = kit_now_ms / DAY * DAY + 12 * 60 * MINUTE;
	says(w, 0, ASLEEP);
	says(w, 1, NEAR);
	fleet_set_online(w->fleet, w->host[1], true);
	return 0;
}

static int done(void **state)
{
	kit_now_ms = now_at_start;
	return teardown(state);
}

static void passes(struct world *w, int64_t ms)
{
	struct err e = { 0 };
	kit_now_ms += ms;
	ok(deploy_tick(w->deploy, &e), &e);
}

/* For the patch that web1 lacks, with a policy of this schedule. */
static void make_deployment(struct world *w, const char *schedule, bool wakes, char id[static 33])
{
	AUTO(json_free) json_t *j = NULL;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct policy p = { .name = wakes ? (char[]) { "Wakes" } : (char[]) { "Silent" },
			    .description = (char[]) { "" },
			    .created_by = (char[]) { "t" },
			    .actions = { .wake = wakes } },
		      read;
	ok(json_parse(str_of(schedule), 4096, &j, &e) && window_read(j, &p.schedule, &e) &&
		   policy_save(w->deploy, &p, &e) && policy_get(w->deploy, p.id, &a, &read, &e),
	   &e);
	assert_int_equal(read.actions.wake, wakes);
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = p.id, .created_by = "t"
	};
	create(w, &r, id);
}

static struct target_wol woken(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct target_wol t;
	ok(wol_of(w->deploy, id, w->id[0], a, &t, &e), &e);
	return t;
}

static size_t errands(struct world *w, struct arena *a, struct wol_errand **out)
{
	struct err e = { 0 };
	size_t n;
	ok(wol_errands(w->deploy, w->host[1], a, out, &n, &e), &e);
	return n;
}

/* 22:00 in Tokyo is 13:00 UTC. */
#define EVENINGS "{\"windows\":[{\"start\":\"22:00\",\"end\":\"23:30\"}]}"

static void M_165_by_a_neighbour_once(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct wol_errand *list;
	char id[33];
	make_deployment(w, EVENINGS, true, id);
	passes(w, 0);
	passes(w, 54 * MINUTE);
	assert_null(woken(w, id, &a).state); /* six minutes ahead */
	int64_t opens = kit_now_ms + 6 * MINUTE;
	w->woken = 0;
	passes(w, MINUTE);
	struct target_wol t = woken(w, id, &a);
	assert_string_equal(t.state, WOL_ASKED);
	assert_string_equal(t.hostname, "web2");
	assert_int_equal(t.window_ms, opens);
	assert_int_equal(w->woken, 1);
	assert_true(deploy_busy(w->deploy, w->host[1])); /* not answered the quick way */
	assert_int_equal(errands(w, &a, &list), 1);
	assert_string_equal(list[0].system, w->id[0]);
	assert_memory_equal(list[0].mac, "\x02\x00\x5e\x10\x00\x01", 6);
	assert_string_equal(list[0].subnet, "192.0.2.0/24");
	const char *const other[] = { w->id[1] };
	ok(wol_sent(w->deploy, w->host[1], other, 1, &e), &e); /* was not asked for it */
	assert_string_equal(woken(w, id, &a).state, WOL_ASKED);
	ok(wol_sent(w->deploy, w->host[1], w->id, 1, &e), &e);
	assert_string_equal(woken(w, id, &a).state, WOL_SENT);
	assert_int_equal(errands(w, &a, &list), 0);
	for (int i = 0; i < 90; i++) {
		passes(w, MINUTE);
		assert_string_equal(woken(w, id, &a).state, WOL_SENT);
		assert_int_equal(woken(w, id, &a).window_ms, opens);
	}
	passes(w, DAY - 90 * MINUTE); /* tomorrow's window */
	assert_string_equal(woken(w, id, &a).state, WOL_ASKED);
	assert_int_equal(woken(w, id, &a).window_ms, opens + DAY);
}

static void M_165_asked_again_so_many_times(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	make_deployment(w, "{\"windows\":[]}", true, id);
	passes(w, 0);
	passes(w, 2 * MINUTE);
	assert_string_equal(woken(w, id, &a).state, WOL_ASKED);
	w->woken = 0;
	for (int i = 0; i < 30; i++)
		passes(w, MINUTE);
	assert_int_equal(w->woken, WOL_TRIES - 1);
	assert_string_equal(woken(w, id, &a).state, WOL_ASKED);
}

static void M_165_not_who_is_in_contact_nor_unasked(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], silent[33];
	make_deployment(w, "{\"windows\":[]}", false, silent);
	passes(w, 0);
	passes(w, 5 * MINUTE);
	assert_null(woken(w, silent, &a).state);
	struct err e = { 0 };
	ok(deploy_cancel(w->deploy, silent, &e), &e);
	fleet_set_online(w->fleet, w->host[0], true);
	make_deployment(w, "{\"windows\":[]}", true, id);
	passes(w, 5 * MINUTE);
	assert_null(woken(w, id, &a).state);
	fleet_set_online(w->fleet, w->host[0], false);
	passes(w, MINUTE);
	assert_string_equal(woken(w, id, &a).state, WOL_ASKED);
}

static void M_165_nobody_there(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	says(w, 1, FAR);
	make_deployment(w, EVENINGS, true, id);
	passes(w, 0);
	passes(w, 56 * MINUTE);
	assert_string_equal(woken(w, id, &a).state, WOL_NO_NEIGHBOUR);
	int changes = w->changes;
	passes(w, MINUTE);
	assert_int_equal(w->changes, changes); /* not told again and again */
	says(w, 1, NEAR);
	passes(w, MINUTE);
	assert_string_equal(woken(w, id, &a).state, WOL_ASKED);
}

static void M_165_agents_of_before(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33];
	says(w, 0, NULL);
	make_deployment(w, EVENINGS, true, id);
	passes(w, 0);
	passes(w, 5 * MINUTE);
	assert_string_equal(woken(w, id, &a).state, WOL_ZONE_UNKNOWN);
}

static void M_165_of_an_order_no_word(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	make_deployment(w, "{\"windows\":[]}", true, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_false(o.actions.wake); /* older agents know none */
}

/* Which window: the same name as long as it is the same. */
static void M_165_due(void **state UNUSED)
{
	struct window_schedule s, always;
	struct err e = { 0 };
	AUTO(json_free) json_t *j = NULL;
	AUTO(json_free) json_t *none = json_object();
	AUTO(zone_free) struct zone *utc = NULL;
	const int64_t noon = 20000 * DAY + 12 * 60 * MINUTE;
	int64_t at;
	ok(json_parse(STR_LIT("{\"windows\":[{\"start\":\"12:00\",\"end\":\"14:00\"}]}"), 4096, &j,
		      &e) &&
		   window_read(j, &s, &e) && window_read(none, &always, &e) &&
		   zone_open("UTC", &utc, &e),
	   &e);
	assert_false(wol_due(&s, utc, 1, 0, noon - WOL_AHEAD_MS - 1, &at));
	assert_true(wol_due(&s, utc, 1, 0, noon - WOL_AHEAD_MS, &at) && at == noon);
	assert_true(wol_due(&s, utc, 1, 0, noon + 119 * MINUTE, &at) && at == noon);
	assert_false(wol_due(&s, utc, 1, 0, noon + 120 * MINUTE, &at));
	assert_true(wol_due(&s, utc, 1, noon + 300 * MINUTE, noon + 296 * MINUTE, &at) &&
		    at == noon + 300 * MINUTE);
	assert_true(wol_due(&always, utc, 77, 0, noon, &at) && at == 77);
}

/* One after the other, and none more than it can do at once. */
static void M_165_choice(void **state UNUSED)
{
	struct wol_subnets s = { .n = 1 };
	struct lan l;
	struct err e = { 0 };
	uint32_t first, second, third;
	bool busy;
	ok(lan_parse(ASLEEP, &l, &e), &e);
	s.n = 0;
	assert_true(wol_enter(&s, &l) && s.n == 1);
	assert_false(wol_choose(&s, &l, 0, &first, &busy) || busy);
	s.list[0].n = 2;
	s.list[0].neighbours[0] = 7;
	s.list[0].neighbours[1] = 8;
	assert_true(wol_choose(&s, &l, 0, &first, &busy) && wol_choose(&s, &l, 1, &second, &busy) &&
		    wol_choose(&s, &l, 2, &third, &busy));
	assert_int_equal(first, 7);
	assert_int_equal(second, 8);
	assert_int_equal(third, 7);
	for (int i = 3; i < 2 * WOL_ERRANDS; i++)
		assert_true(wol_choose(&s, &l, 0, &first, &busy));
	assert_false(wol_choose(&s, &l, 0, &first, &busy));
	assert_true(busy);
}

static int group(void)
{
#define WOL(fn) cmocka_unit_test_setup_teardown(fn, rig, done)
	const struct CMUnitTest tests[] = {
		WOL(M_165_by_a_neighbour_once),
		WOL(M_165_asked_again_so_many_times),
		WOL(M_165_not_who_is_in_contact_nor_unasked),
		WOL(M_165_nobody_there),
		WOL(M_165_agents_of_before),
		WOL(M_165_of_an_order_no_word),
		cmocka_unit_test(M_165_due),
		cmocka_unit_test(M_165_choice),
	};
	return cmocka_run_group_tests_name("deploy/wol", tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
