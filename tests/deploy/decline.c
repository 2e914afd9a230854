/* SPDX-License-Identifier: Apache-2.0
 * Declines for groups in the room (M-111, S-09): what deployments of everything, automated ones and
 * orders leave out, what the group's members change, and what a group must not do meanwhile. */
#include "deploy/auto/auto.h"
#include "rig.h"

#define ZLIB_OLD "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"
#define DAY 86400000

static void make_group(struct world *w, const char *name, const char *filter, char id[static 33])
{
	struct err e = { 0 };
	struct group_edit edit = { .kind = filter[0] ? GROUP_DYNAMIC : GROUP_STATIC,
				   .name = name,
				   .description = "",
				   .filter = filter,
				   .by = "t" };
	ok(fleet_group_create(w->fleet, &edit, id, &e), &e);
}

static void move(struct world *w, const char *group, int host, bool in)
{
	struct err e = { 0 };
	size_t n;
	ok(fleet_group_members(w->fleet, group, &w->host[host], 1, in, "t", &n, &e) &&
		   deploy_declines_follow(w->deploy, true, true, &e),
	   &e);
}

static struct decline of_ssl(const struct decline_group *g, size_t n)
{
	return (struct decline) { .os = "",
				  .subject = SSL_PATCH,
				  .reason = "breaks the branch",
				  .created_by = "admin",
				  .ended_by = "",
				  .expires_ms = kit_now_ms + DAY,
				  .groups = g,
				  .n_groups = n };
}

/* Both systems lack both patches. */
static void lack_all(struct world *w)
{
	inventory(w, 0, INVENTORY("3.0.1-1", ZLIB_OLD));
	inventory(w, 1, INVENTORY("3.0.1-1", ZLIB_OLD));
}

static void store_all(struct world *w)
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	store_payload(w, "zlib1g", "1.3-2");
}

/* How many packages of the only order of a system are of openssl, and how many there are. */
static void order_of(struct world *w, int host, uint32_t *ssl, uint32_t *all)
{
	AUTO(arena_done) struct arena a = { 0 };
	char **list;
	assert_int_equal(orders(w, host, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	*all = o.n_packages;
	*ssl = 0;
	for (uint32_t i = 0; i < o.n_packages; i++)
		*ssl += str_is(o.packages[i].name, "openssl") ||
			str_is(o.packages[i].name, "libssl3");
}

static uint32_t pairs(struct world *w, const struct deploy_request *r)
{
	struct err e = { 0 };
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, r, &p, &e), &e);
	return p.pairs;
}

/* Pairs that the preview says are declined there. */
static uint32_t left_out(struct world *w, const struct deploy_request *r)
{
	struct err e = { 0 };
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, r, &p, &e), &e);
	return p.declined;
}

static void S_09_declined_for_a_group_it_is_left_out_there_only(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char group[33], id[33], deployment[33];
	struct deploy_request all = { .systems = w->id,
				      .n_systems = 2,
				      .policy = POLICY_ANYTIME,
				      .created_by = "t",
				      .now = true };
	struct deploy_request named = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	lack_all(w);
	store_all(w);
	make_group(w, "branch", "", group);
	move(w, group, 0, true);
	const struct decline_group g = { group, "branch" };
	struct decline x = of_ssl(&g, 1);
	assert_int_equal(pairs(w, &all), 4);
	assert_int_equal(left_out(w, &all), 0);
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	assert_int_equal(pairs(w, &all), 3);
	assert_int_equal(left_out(w, &all), 1);
	assert_int_equal(pairs(w, &named), 2); /* by name it is installed on both */
	assert_int_equal(left_out(w, &named), 0);
	move(w, group, 1, true);
	assert_int_equal(pairs(w, &all), 2);
	assert_int_equal(left_out(w, &all), 2);
	move(w, group, 1, false);
	deploy_close(w->deploy);
	open_deploy(w); /* remembered */
	assert_int_equal(pairs(w, &all), 3);
	create(w, &all, deployment);
	uint32_t ssl, packages;
	order_of(w, 0, &ssl, &packages);
	assert_int_equal(ssl, 0);
	assert_int_equal(packages, 1);
	order_of(w, 1, &ssl, &packages);
	assert_int_equal(ssl, 2);
	assert_int_equal(packages, 3);
	assert_int_equal(match_verify(w->match), 0);
}

/* A dynamic group follows its systems; what is over holds no more. */
static void S_09_a_dynamic_group_is_followed_until_the_end(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char group[33], id[33];
	struct decline *list;
	size_t n;
	struct deploy_request all = {
		.systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	lack_all(w);
	make_group(w, "with tmux", "package tmux", group);
	const struct decline_group g = { group, "with tmux" };
	struct decline x = of_ssl(&g, 1);
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	assert_int_equal(pairs(w, &all), 4);
	inventory(w, 1, INVENTORY("3.0.1-1", "deb\ttmux\tamd64\t1\ttmux\t\n" ZLIB_OLD));
	ok(deploy_declines_follow(w->deploy, true, true, &e), &e);
	assert_int_equal(pairs(w, &all), 3);
	kit_now_ms += DAY;
	ok(deploy_decline_expire(w->deploy, &a, &list, &n, &e), &e);
	kit_now_ms -= DAY;
	assert_int_equal(n, 1);
	assert_int_equal(pairs(w, &all), 4);
	int64_t total;
	struct sql_page page = sql_page_newest(10);
	ok(deploy_declines(w->deploy, true, &page, &a, &list, &n, &total, &e), &e);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].n_groups, 1);
	assert_string_equal(list[0].groups[0].id, group);
	assert_string_equal(list[0].groups[0].name, "with tmux");
	ok(deploy_remove_group(w->deploy, group, &e), &e); /* it is needed no more */
	assert_int_equal(match_verify(w->match), 0);
}

static void S_09_the_same_is_not_declined_twice(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char one[33], two[33], bad[33], id[33];
	make_group(w, "one", "", one);
	make_group(w, "two", "", two);
	make_group(w, "behind", "missing > 3", bad);
	const struct decline_group of_one = { one, "one" }, both[] = { { one, "" }, { two, "" } },
				   asks = { bad, "" },
				   none = { "00000000000000000000000000000000", "" };
	static const enum err_code codes[] = { ERR_NONE,     ERR_CONFLICT, ERR_NONE,
					       ERR_CONFLICT, ERR_INVALID,  ERR_INVALID,
					       ERR_NONE,     ERR_CONFLICT, ERR_CONFLICT };
	const struct decline tries[] = { of_ssl(&of_one, 1), of_ssl(&of_one, 1), of_ssl(both, 2),
					 of_ssl(both, 2),    of_ssl(&asks, 1),	 of_ssl(&none, 1),
					 of_ssl(NULL, 0),    of_ssl(NULL, 0),	 of_ssl(both, 2) };
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		e = (struct err) { 0 };
		assert_int_equal(deploy_decline(w->deploy, &tries[i], id, &e),
				 codes[i] == ERR_NONE);
		assert_int_equal(e.code, codes[i]);
	}
}

/* What a decline needs of its groups stays as it is. */
static void S_21_a_group_is_kept_while_something_is_declined_for_it(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char web[33], wide[33], id[33];
	static const struct {
		const char *group, *filter; /* group: "" = a new one */
		bool fits;
	} cases[] = { { "web", "hostname = web2", true },
		      { "web", "health = healthy", false }, /* wide refers to it */
		      { "wide", "group = web", true },
		      { "wide", "not missing_patch = " SSL_PATCH, false },
		      { "", "missing > 0", true } };
	make_group(w, "web", "hostname = web*", web);
	make_group(w, "wide", "group = web or reboot", wide);
	const struct decline_group g = { wide, "wide" };
	struct decline x = of_ssl(&g, 1);
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	assert_false(deploy_remove_group(w->deploy, wide, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, SSL_PATCH));
	assert_non_null(strstr(e.msg, "end that first"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(match_read_end) struct match_view v;
		struct filter *f;
		const char *of = cases[i].group;
		match_read(w->match, &v);
		e = (struct err) { 0 };
		ok(filter_parse(str_of(cases[i].filter), &a, &f, NULL, &e), &e);
		assert_int_equal(deploy_decline_fits_group(w->deploy, &v,
							   !*of			    ? ""
							   : strcmp(of, "web") == 0 ? web
										    : wide,
							   f, &e),
				 cases[i].fits);
		assert_int_equal(e.code, cases[i].fits ? ERR_NONE : ERR_CONFLICT);
	}
	ok(deploy_undecline(w->deploy, id, "admin", &e), &e);
	ok(deploy_remove_group(w->deploy, wide, &e), &e);
}

static void task(struct world *w, char id[static 33])
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	struct auto_task t = { .name = "OpenSSL", .created_by = "t" };
	ok(json_parse(STR_LIT("{\"include\": [\"openssl\"]}"), 4096, &j, &e) &&
		   auto_spec_read(j, &a, &t.spec, &e) && auto_save(w->deploy, &t, &e),
	   &e);
	memcpy(id, t.id, sizeof(t.id));
}

/* The engine's own plan says where it is declined, and the deployment has the others; who comes
 * into the group while his order waits on the machine does not get it any more. */
static void S_09_automated_deployment_goes_by_group_too(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char group[33], id[33], decline[33], **list;
	size_t n;
	lack_all(w);
	store_all(w);
	make_group(w, "branch", "", group);
	move(w, group, 0, true);
	const struct decline_group g = { group, "branch" };
	struct decline x = of_ssl(&g, 1);
	ok(deploy_decline(w->deploy, &x, decline, &e), &e);
	task(w, id);
	{
		AUTO(auto_plan_done) struct auto_plan p = { 0 };
		AUTO(match_read_end) struct match_view v;
		struct auto_task t;
		ok(auto_get(w->deploy, id, &a, &t, &e), &e);
		match_read(w->match, &v);
		ok(auto_plan(w->deploy, &v, &t, &p, &e), &e);
		assert_int_equal(p.rows.n, 1);
		assert_int_equal(p.rows.p[0].lacking, 2);
		assert_int_equal(p.rows.p[0].declined, 1);
		assert_int_equal(p.pairs, 1);
		assert_int_equal(p.rows.p[0].decision.verdict, AUTO_DEPLOY);
	}
	ok(auto_run(w->deploy, &e), &e);
	ok(auto_runs(w->deploy, id, 10, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	char **envelopes;
	assert_int_equal(orders(w, 0, 0, &a, &envelopes), 0);
	assert_int_equal(orders(w, 1, 0, &a, &envelopes), 1);
	AUTO(xfree) char *order = str_dup(opened(w, envelopes[0], &a).id);
	ok(deploy_progress(w->deploy, w->host[1], order, "waiting", "outside_window", 0, 0,
			   kit_now_ms + DAY, &e),
	   &e);
	move(w, group, 1, true);
	assert_int_equal(orders(w, 1, 0, &a, &envelopes), 0);
	struct target_row t = target(w, list[0], &a);
	assert_int_equal(t.state, TARGET_NOT_APPLICABLE);
	assert_string_equal(t.reason, "not_approved");
	/* now it is declined on all of the task's systems */
	AUTO(auto_plan_done) struct auto_plan p = { 0 };
	AUTO(match_read_end) struct match_view v;
	struct auto_task whole;
	ok(auto_get(w->deploy, id, &a, &whole, &e), &e);
	match_read(w->match, &v);
	ok(auto_plan(w->deploy, &v, &whole, &p, &e), &e);
	assert_int_equal(p.verdicts[AUTO_DECLINED], 1);
	assert_int_equal(p.rows.p[0].declined, 2);
}

/* The history of openssl's update: declines and their ends, oldest first, with the host. */
static void history_is(struct world *w, const char *expected)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(4096);
	struct err e = { 0 };
	struct ledger_place at = { 0 };
	struct ledger_item *items;
	size_t n;
	bool more;
	ok(ledger_of_patch(w->ledger, STR_LIT(SSL_PATCH), &at, 50, &a, &items, &n, &more, &e), &e);
	for (size_t i = n; i-- > 0;) {
		if (items[i].event != LEDGER_DECLINED && items[i].event != LEDGER_UNDECLINED)
			continue;
		int host = strcmp(items[i].host, w->id[0]) == 0	  ? 0
			   : strcmp(items[i].host, w->id[1]) == 0 ? 1
								  : -1;
		buf_printf(&text, "%s %d of %u; ", ledger_event_name(items[i].event), host,
			   items[i].hosts);
	}
	assert_string_equal(buf_str(&text).n ? buf_str(&text).p : "", expected);
}

/* Whoever joins or leaves a group changes what is declined there: the history says so, once, and
 * only of who lacks it. */
static void S_09_the_history_tells_who_joins_and_leaves(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char group[33], other[33], id[33], also[33];
	lack_all(w);
	make_group(w, "branch", "", group);
	make_group(w, "second", "", other);
	move(w, group, 0, true);
	const struct decline_group g = { group, "branch" }, both = { other, "second" };
	struct decline x = of_ssl(&g, 1), y = of_ssl(&both, 1);
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	history_is(w, "declined 0 of 1; ");
	move(w, group, 1, true);
	history_is(w, "declined 0 of 1; declined 1 of 1; ");
	move(w, group, 1, true); /* nothing new */
	ok(deploy_declines_follow(w->deploy, true, true, &e), &e);
	history_is(w, "declined 0 of 1; declined 1 of 1; ");
	move(w, group, 0, false);
	history_is(w, "declined 0 of 1; declined 1 of 1; undeclined 0 of 1; ");
	/* not of who is in another such group, nor of who does not lack it */
	ok(deploy_decline(w->deploy, &y, also, &e), &e);
	history_is(w, "declined 0 of 1; declined 1 of 1; undeclined 0 of 1; declined -1 of 0; ");
	move(w, other, 1, true);
	inventory(w, 0, INVENTORY("3.0.2-1", ZLIB_OLD));
	move(w, group, 0, true);
	history_is(w, "declined 0 of 1; declined 1 of 1; undeclined 0 of 1; declined -1 of 0; ");
	/* another server leads: it writes */
	inventory(w, 0, INVENTORY("3.0.1-1", ZLIB_OLD));
	ledger_follow(w->ledger, true);
	move(w, group, 0, false);
	history_is(w, "declined 0 of 1; declined 1 of 1; undeclined 0 of 1; declined -1 of 0; ");
	ledger_follow(w->ledger, false);
	move(w, group, 0, true);
	history_is(w, "declined 0 of 1; declined 1 of 1; undeclined 0 of 1; declined -1 of 0; "
		      "declined 0 of 1; ");
}

static uint32_t declined_on(struct world *w)
{
	AUTO(match_read_end) struct match_view v;
	match_read(w->match, &v);
	return match_declined_count(&v, catalog_find(v.catalog, STR_LIT(SSL_PATCH)));
}

/* Another server on the same database reads what was announced, and counts the same. */
static void S_09_another_server_on_the_database_agrees(void **state)
{
	struct world *w = *state, other = *w;
	struct err e = { 0 };
	char group[33], id[33];
	lack_all(w);
	other.ledger = NULL;
	ok(fleet_load(w->db, &kit_clock, &other.fleet, &e), &e);
	other.match = match_new(other.fleet);
	set_catalog(&other, "3.0.2-1");
	open_deploy(&other);
	make_group(w, "branch", "", group);
	move(w, group, 0, true);
	const struct decline_group g = { group, "branch" };
	struct decline x = of_ssl(&g, 1);
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	/* the group comes later than what is declined for it */
	ok(deploy_declines_reload(other.deploy, &e), &e);
	assert_int_equal(declined_on(&other), 0);
	for (uint32_t n = 1; n <= 2; n++) {
		if (n == 2)
			move(w, group, 1, true);
		ok(fleet_groups_reload(other.fleet, &e) &&
			   deploy_declines_follow(other.deploy, true, false, &e),
		   &e);
		assert_int_equal(declined_on(w), n);
		assert_int_equal(declined_on(&other), n);
	}
	ok(deploy_undecline(other.deploy, id, "admin", &e), &e);
	ok(deploy_declines_reload(w->deploy, &e), &e);
	assert_int_equal(declined_on(w), 0);
	assert_int_equal(declined_on(&other), 0);
	deploy_close(other.deploy);
	match_free(other.match);
	fleet_free(other.fleet);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(S_09_declined_for_a_group_it_is_left_out_there_only),
		T(S_09_a_dynamic_group_is_followed_until_the_end),
		T(S_09_the_same_is_not_declined_twice),
		T(S_09_the_history_tells_who_joins_and_leaves),
		T(S_21_a_group_is_kept_while_something_is_declined_for_it),
		T(S_09_automated_deployment_goes_by_group_too),
		T(S_09_another_server_on_the_database_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
