/* SPDX-License-Identifier: Apache-2.0
 * Declines for groups (S-09): hosts, scans, group members, filters, declines and catalogs change in
 * random order; after every few steps every number that is read must be what a naive model, which
 * asks pair by pair, says - and the forward pass must find no difference. */
#include "match/filter.h"
#include "world.h"

#define HOSTS 40
#define NAMES 10
#define STATIC 3
#define GROUPS 6
#define DECLINES 8

static uint64_t seed = 7;

static uint32_t next(uint32_t bound)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % bound);
}

/* What the test declines: patch numbers, everywhere or for groups. */
struct model {
	struct fleet *f;
	struct match *m;
	char groups[GROUPS][33];
	struct {
		uint32_t patch, groups; /* bits; 0 = on all */
		bool holds;
	} declines[DECLINES];
};

static uint32_t number_of(const struct patch *p)
{
	int64_t n;
	struct str digits = { p->id.p + 3, p->id.n - 3 }; /* "pat12" */
	assert_true(str_to_i64(digits, &n));
	return (uint32_t)n;
}

static bool declined(void *arg, const struct patch *p, struct buf *groups)
{
	const struct model *k = arg;
	bool all = false;
	for (int i = 0; i < DECLINES; i++) {
		if (!k->declines[i].holds || k->declines[i].patch != number_of(p))
			continue;
		all |= k->declines[i].groups == 0;
		for (int g = GROUPS - 1; g >= 0; g--)
			if (k->declines[i].groups >> g & 1)
				buf_add(groups, k->groups[g], 32);
	}
	return all;
}

/* The same, of one host, by asking each group for its members. */
static bool is_declined(const struct model *k, struct filter_run *run, const struct patch *p,
			uint32_t host)
{
	for (int i = 0; i < DECLINES; i++) {
		if (!k->declines[i].holds || k->declines[i].patch != number_of(p))
			continue;
		if (k->declines[i].groups == 0)
			return true;
		for (int g = 0; g < GROUPS; g++) {
			const roaring_bitmap_t *hosts;
			struct err e = { 0 };
			if (!(k->declines[i].groups >> g & 1))
				continue;
			assert_true(filter_group_named(run, str_of(k->groups[g]), &hosts, &e));
			if (roaring_bitmap_contains(hosts, host))
				return true;
		}
	}
	return false;
}

static struct catalog *random_catalog(uint32_t salt)
{
	static const char *const severities[] = { "unrated", "low", "moderate", "important",
						  "critical" };
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	uint32_t patches = 18 + salt % 6;
	for (uint32_t i = 0; i < patches; i++)
		buf_printf(&text, "patch pat%u debian:12 %s %s %s\ndeb n%u amd64 %u\n", i,
			   (i + salt) % 3 ? "security" : "bugfix", severities[(i * 7 + salt) % 5],
			   i % 9 ? "-" : "esm", i % NAMES, 3 + (i * 5 + salt / 3) % 4);
	return world_catalog(buf_str(&text));
}

static void random_scan(struct fleet *f, uint32_t host)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
	buf_adds(&text, "os debian 12 bookworm\narch amd64\n");
	for (uint32_t i = 0; i < NAMES; i++)
		if (next(4))
			buf_printf(&text, "deb n%u amd64 %u\n", i, 2 + next(7));
	if (next(4) == 0)
		buf_printf(&text, "hold deb n%u amd64\n", next(NAMES));
	if (next(5) == 0)
		buf_printf(&text, "kept deb n%u - phased\n", next(NAMES));
	world_scan(f, host, buf_str(&text));
}

static void make_group(struct model *k, int g, enum group_kind kind, const char *filter)
{
	struct err e = { 0 };
	char name[20];
	snprintf(name, sizeof(name), "g%d", g);
	struct group_edit edit = {
		.kind = kind, .name = name, .description = "", .filter = filter, .by = "t"
	};
	if (!fleet_group_create(k->f, &edit, k->groups[g], &e))
		fail_msg("%s", e.msg);
}

static void change_members(struct model *k)
{
	struct err e = { 0 };
	uint32_t hosts[4];
	size_t changed;
	for (int i = 0; i < 4; i++)
		hosts[i] = next(HOSTS);
	if (!fleet_group_members(k->f, k->groups[next(STATIC)], hosts, 1 + next(4), next(2), "t",
				 &changed, &e))
		fail_msg("%s", e.msg);
}

static void set_filter(struct model *k, int g, const char *filter)
{
	struct err e = { 0 };
	char name[20];
	fleet_read_lock(k->f);
	int64_t version = fleet_group_find(k->f, str_of(k->groups[g]))->version;
	fleet_read_unlock(k->f);
	snprintf(name, sizeof(name), "g%d", g);
	struct group_edit edit = {
		.kind = GROUP_DYNAMIC, .name = name, .description = "", .filter = filter, .by = "t"
	};
	if (!fleet_group_change(k->f, k->groups[g], version, &edit, &e))
		fail_msg("%s", e.msg);
}

static void change_filter(struct model *k)
{
	static const char *const filters[] = { "hostname = h1*", "package n3 < 5",
					       "office = o1",	 "group = g0 or group = g1",
					       "not group = g2", "installed_patch = pat4" };
	set_filter(k, STATIC + (int)next(GROUPS - STATIC), filters[next(ARRAY_LEN(filters))]);
}

static void step(struct model *k)
{
	struct err e = { 0 };
	uint32_t host = next(HOSTS);
	switch (next(9)) {
	case 0: {
		AUTO(catalog_unref) struct catalog *c = random_catalog(next(40));
		match_set_catalog(k->m, c);
		break;
	}
	case 1:
		assert_true(fleet_set_state(k->f, host, next(3) ? HOST_ACTIVE : HOST_RETIRED, &e));
		break;
	case 2: change_filter(k); break;
	case 3:
	case 4: change_members(k); break;
	case 5: {
		uint32_t i = next(DECLINES);
		k->declines[i].holds = next(3);
		k->declines[i].patch = next(22);
		k->declines[i].groups = next(4) ? next(1u << GROUPS) : 0;
		match_declined_changed(k->m, world_now(NULL));
		break;
	}
	default: random_scan(k->f, host);
	}
}

/* Reads everything about a patch through the room's door. */
static void check_patch(const struct model *k, const struct match_view *v, struct filter_run *run,
			uint32_t patch, struct host_counts *counts, uint64_t *pairs)
{
	static const enum verdict lacks[] = { VERDICT_MISSING, VERDICT_HELD, VERDICT_KEPT_BACK,
					      VERDICT_PHASED, VERDICT_NEEDS_SUBSCRIPTION };
	const struct patch *p = &v->catalog->patches[patch];
	uint32_t due[VERDICTS_] = { 0 }, off = 0;
	for (uint32_t h = 0; h < HOSTS; h++) {
		enum verdict verdict = match_verdict(v, h, patch);
		bool no = is_declined(k, run, p, h) && verdict != VERDICT_INSTALLED;
		if (fleet_host(k->f, h)->state != HOST_ACTIVE ||
		    verdict == VERDICT_NOT_APPLICABLE || verdict == VERDICT_UNKNOWN ||
		    verdict == VERDICT_SUPERSEDED)
			continue;
		if (verdict != VERDICT_INSTALLED)
			assert_int_equal(match_is_declined_on(v, patch, h), no);
		due[verdict] += !no;
		off += no;
		counts[h].declined += no;
		counts[h].installed += verdict == VERDICT_INSTALLED;
		counts[h].held += verdict == VERDICT_HELD && !no;
		counts[h].phased += verdict == VERDICT_PHASED && !no;
		counts[h].needs_subscription += verdict == VERDICT_NEEDS_SUBSCRIPTION && !no;
		counts[h].missing_total += verdict == VERDICT_MISSING && !no;
		counts[h].missing[p->severity] += verdict == VERDICT_MISSING && !no;
	}
	for (size_t i = 0; i < ARRAY_LEN(lacks); i++) {
		roaring_bitmap_t *a, *b;
		const roaring_bitmap_t *hosts = match_due_hosts(v, patch, lacks[i], &a),
				       *others = match_declined_hosts(v, patch, lacks[i], &b);
		assert_int_equal(match_due_count(v, patch, lacks[i]), due[lacks[i]]);
		assert_int_equal(hosts ? roaring_bitmap_get_cardinality(hosts) : 0, due[lacks[i]]);
		assert_int_equal((hosts ? roaring_bitmap_get_cardinality(hosts) : 0) +
					 (others ? roaring_bitmap_get_cardinality(others) : 0),
				 match_count(v, patch, lacks[i]));
		if (a)
			roaring_bitmap_free(a);
		if (b)
			roaring_bitmap_free(b);
	}
	assert_int_equal(match_declined_count(v, patch), off);
	*pairs += due[VERDICT_MISSING];
}

static void check(const struct model *k)
{
	struct host_counts want[HOSTS] = { 0 }, have;
	struct fleet_counts fleet;
	uint64_t pairs = 0;
	uint32_t missing = 0;
	AUTO(match_read_end) struct match_view v;
	AUTO(filter_run_end) struct filter_run run;
	match_read(k->m, &v);
	filter_run_begin(&run, &v, world_now(NULL));
	for (uint32_t i = 0; i < v.catalog->n_patches; i++) {
		uint64_t before = pairs;
		check_patch(k, &v, &run, i, want, &pairs);
		missing += pairs > before;
	}
	match_fleet_counts(&v, world_now(NULL), &fleet);
	assert_int_equal(fleet.missing_pairs, pairs);
	assert_int_equal(fleet.missing_patches, missing);
	for (uint32_t h = 0; h < HOSTS; h++) {
		match_host_counts(&v, h, &have);
		want[h].kept_back = have.kept_back; /* nobody here is kept back otherwise */
		assert_int_equal(have.kept_back, 0);
		assert_memory_equal(&have, &want[h], sizeof(have));
	}
}

static void begin(struct model *k)
{
	static const char *const filters[GROUPS - STATIC] = { "hostname = h2*", "group = g0",
							      "package n1 < 4" };
	*k = (struct model) { .f = fleet_new_memory(&world_clock) };
	k->m = match_new(k->f);
	for (int g = 0; g < GROUPS; g++)
		make_group(k, g, g < STATIC ? GROUP_STATIC : GROUP_DYNAMIC,
			   g < STATIC ? "" : filters[g - STATIC]);
	for (uint32_t h = 0; h < HOSTS; h++) {
		char id[8];
		snprintf(id, sizeof(id), "h%u", h);
		world_host(k->f, id);
		random_scan(k->f, h);
	}
	AUTO(catalog_unref) struct catalog *c = random_catalog(1);
	match_set_catalog(k->m, c);
	match_set_declined(k->m, declined, k, world_now(NULL));
}

static void end(struct model *k)
{
	match_set_declined(k->m, NULL, NULL, 0);
	assert_int_equal(match_verify(k->m), 0);
	match_free(k->m);
	fleet_free(k->f);
}

static void S_09_declines_for_groups_agree_with_a_naive_model(void **state)
{
	struct model k;
	begin(&k);
	for (int i = 0; i < 1500; i++) {
		step(&k);
		/* Between two looks the counters are by who was in the groups: still no difference.
		 */
		if (next(3) == 0)
			assert_int_equal(match_verify(k.m), 0);
		if (next(4))
			continue;
		(void)match_declined_follow(k.m, world_now(NULL), true, NULL, NULL);
		check(&k);
		assert_int_equal(match_verify(k.m), 0);
		assert_false(match_declined_follow(k.m, world_now(NULL), true, NULL, NULL));
	}
	end(&k);
}

/* What a look says of one host. */
struct told {
	uint32_t host;
	bool refuse;
	int came, went;
	char patch[32];
};

static bool note(void *arg, const struct match_view *v, const struct match_declined_move *list,
		 size_t n)
{
	struct told *t = arg;
	for (size_t i = 0; i < n; i++) {
		bool came = roaring_bitmap_contains(list[i].came, t->host),
		     went = roaring_bitmap_contains(list[i].went, t->host);
		assert_false(came && went);
		t->came += came;
		t->went += went;
		snprintf(t->patch, sizeof(t->patch), "%.*s",
			 STR_ARG(v->catalog->patches[list[i].patch].id));
	}
	return !t->refuse;
}

/* A patch that the host comes to miss, declined for the groups; its id. */
static char *decline_what_lacks(struct model *k, uint32_t host, uint32_t groups)
{
	char *id = NULL;
	world_scan(k->f, host, STR_LIT("os debian 12 bookworm\narch amd64\ndeb n1 amd64 1\n"));
	{
		AUTO(match_read_end) struct match_view v;
		match_read(k->m, &v);
		for (uint32_t i = 0; !id && i < v.catalog->n_patches; i++)
			if (match_verdict(&v, host, i) == VERDICT_MISSING) {
				id = str_dup(v.catalog->patches[i].id);
				k->declines[0].patch = number_of(&v.catalog->patches[i]);
			}
	}
	assert_non_null(id);
	k->declines[0].groups = groups;
	k->declines[0].holds = true;
	match_declined_changed(k->m, world_now(NULL));
	return id;
}

/* Who comes into a group, and who goes, is told of with the patches he misses, before it counts. */
static void S_09_what_is_declined_on_other_hosts_is_told(void **state)
{
	struct model k;
	struct err e = { 0 };
	size_t changed;
	uint32_t host = 3;
	begin(&k);
	AUTO(xfree) char *patch = decline_what_lacks(&k, host, 1);
	for (int round = 0; round < 2; round++) {
		assert_true(fleet_group_members(k.f, k.groups[0], &host, 1, round == 0, "t",
						&changed, &e));
		assert_int_equal(changed, 1);
		/* who cannot write it down sees it again */
		uint64_t version = match_version(k.m);
		struct told told = { .host = host, .refuse = true };
		assert_false(match_declined_follow(k.m, world_now(NULL), true, note, &told));
		assert_int_equal(match_version(k.m), version);
		assert_int_equal(told.came + told.went, 1);
		told = (struct told) { .host = host };
		assert_true(match_declined_follow(k.m, world_now(NULL), true, note, &told));
		assert_true(match_version(k.m) > version); /* screens are told */
		assert_int_equal(told.came, round == 0);
		assert_int_equal(told.went, round == 1);
		assert_string_equal(told.patch, patch);
	}
	end(&k);
}

/* What is declined for a group must not depend on what is missing: such a group has nobody here,
 * whatever way it came about; and the filters that ask so are known. */
static void S_09_a_group_that_asks_for_what_is_missing_has_nobody(void **state)
{
	static const struct {
		const char *filter;
		bool asks;
	} cases[] = { { "package n1 < 4", false },
		      { "not installed_patch = pat1", false },
		      { "missing >= 0", true },
		      { "missing_critical > 1 or hostname = h*", true },
		      { "not missing_patch = pat1", true },
		      { "health = healthy", true },
		      { "group = g4", true } }; /* g4 asks for the health */
	struct model k;
	struct err e = { 0 };
	begin(&k);
	AUTO(xfree) char *patch = decline_what_lacks(&k, 3, 1u << 3);
	set_filter(&k, 4, "health = healthy");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_filter(&k, 3, cases[i].filter);
		(void)match_declined_follow(k.m, world_now(NULL), true, NULL, NULL);
		AUTO(match_read_end) struct match_view v;
		AUTO(arena_done) struct arena a = { 0 };
		struct filter *x;
		match_read(k.m, &v);
		assert_true(filter_parse(str_of(cases[i].filter), &a, &x, NULL, &e));
		assert_int_equal(filter_asks_status(&v, x), cases[i].asks);
		assert_int_equal(filter_group_asks_status(&v, STR_LIT("g3")), cases[i].asks);
		assert_true(filter_group_reaches(&v, STR_LIT("g3"), k.groups[3]));
		assert_int_equal(filter_group_reaches(&v, STR_LIT("g3"), k.groups[4]),
				 i + 1 == ARRAY_LEN(cases));
		uint32_t p = catalog_find(v.catalog, str_of(patch));
		if (cases[i].asks)
			assert_int_equal(match_declined_count(&v, p), 0);
		else
			assert_true(match_declined_count(&v, p) > 0);
	}
	assert_int_equal(match_verify(k.m), 0);
	end(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_09_declines_for_groups_agree_with_a_naive_model),
		cmocka_unit_test(S_09_what_is_declined_on_other_hosts_is_told),
		cmocka_unit_test(S_09_a_group_that_asks_for_what_is_missing_has_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
