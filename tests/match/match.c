/* SPDX-License-Identifier: Apache-2.0
 * Snapshots, listeners, counters and health through the room's door. */
#include "world.h"

#include <pthread.h>

#define DAY_MS 86400000ll

static const char first[] = "patch debian:12:a:2 debian:12 security important\ndeb a amd64 2\n"
			    "patch debian:12:b:2 debian:12 security unrated\ndeb b amd64 2\n"
			    "patch debian:12:c:2 debian:12 bugfix unrated\ndeb c amd64 2\n"
			    "patch debian:12:d:2 debian:12 bugfix low\ndeb d amd64 2\n";
#define BASE "os debian 12 bookworm\narch amd64\n"

static void count_up(void *arg, uint64_t version)
{
	uint64_t *last = arg;
	assert_true(version > *last);
	*last = version;
}

/* S-07, first policy. */
static void health_s07(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *c = world_catalog(str_of(first));
	uint64_t version = 0;
	match_set_listener(m, count_up, &version);
	match_set_catalog(m, c);
	assert_int_equal(version, match_version(m));
	static const struct {
		const char *inventory;
		enum health health;
	} cases[] = {
		{ BASE "deb a amd64 2", HEALTH_HEALTHY },
		{ BASE "deb a amd64 1", HEALTH_HIGHLY_VULNERABLE },
		{ BASE "deb b amd64 1", HEALTH_VULNERABLE }, /* unrated security */
		{ BASE "deb c amd64 1", HEALTH_HEALTHY },    /* unrated bugfix */
		{ BASE "deb d amd64 1", HEALTH_VULNERABLE },
		{ BASE "deb a amd64 1\nhold deb a amd64", HEALTH_HIGHLY_VULNERABLE },
		{ NULL, HEALTH_UNKNOWN },
	};
	int64_t now = world_now(NULL);
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		char id[8];
		snprintf(id, sizeof(id), "h%u", i);
		uint32_t h = world_host(f, id);
		if (cases[i].inventory)
			world_scan(f, h, str_of(cases[i].inventory));
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		assert_int_equal(match_health(&v, h, now), cases[i].health);
		assert_int_equal(match_health(&v, h, now + 8 * DAY_MS), HEALTH_UNKNOWN);
	}
	AUTO(match_read_end) struct match_view v;
	match_read(m, &v);
	struct fleet_counts k;
	match_fleet_counts(&v, now, &k);
	assert_int_equal(k.hosts, 7);
	assert_int_equal(k.health[HEALTH_HIGHLY_VULNERABLE], 2);
	assert_int_equal(k.health[HEALTH_VULNERABLE], 2);
	assert_int_equal(k.health[HEALTH_HEALTHY], 2);
	assert_int_equal(k.health[HEALTH_UNKNOWN], 1);
	assert_int_equal(k.missing_patches, 4);
	assert_int_equal(k.installed_patches, 1);
	assert_int_equal(k.missing_pairs, 4);
	assert_int_equal(k.security_missing, 2);
	assert_int_equal(k.missing_by_severity[SEVERITY_IMPORTANT], 1);
	struct host_counts hc;
	match_host_counts(&v, 5, &hc);
	assert_int_equal(hc.held, 1);
	assert_int_equal(hc.missing_total, 0);
}

/* Patches with the same rule keep their sets; changed, new and gone ones do not. */
static void new_snapshot(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *one = world_catalog(str_of(first));
	AUTO(catalog_unref)
	struct catalog *two = world_catalog(
		STR_LIT("patch debian:12:a:3 debian:12 security critical\ndeb a amd64 3\n"
			"patch debian:12:a:2 debian:12 security important\ndeb a amd64 2\n"
			"patch debian:12:b:2 debian:12 security critical\ndeb b amd64 2\n"
			"patch debian:12:d:2 debian:12 bugfix low\ndeb d amd64 2\n"));
	uint32_t h = world_host(f, "h");
	world_scan(f, h,
		   STR_LIT(BASE "deb a amd64 1\ndeb b amd64 1\ndeb c amd64 1\ndeb d amd64 1\n"));
	match_set_catalog(m, one);
	for (int round = 0; round < 2; round++) {
		{
			AUTO(match_read_end) struct match_view v;
			match_read(m, &v);
			assert_ptr_equal(v.catalog, one);
			struct host_counts k;
			match_host_counts(&v, h, &k);
			assert_int_equal(k.missing_total, 4);
			assert_int_equal(k.missing[SEVERITY_IMPORTANT], 1);
		}
		match_set_catalog(m, two);
		assert_int_equal(match_verify(m), 0);
		{
			AUTO(match_read_end) struct match_view v;
			match_read(m, &v);
			struct host_counts k;
			match_host_counts(&v, h, &k);
			assert_int_equal(k.missing_total, 3);
			assert_int_equal(k.missing[SEVERITY_CRITICAL], 2);
			assert_int_equal(
				match_verdict(&v, h, catalog_find(two, STR_LIT("debian:12:a:2"))),
				VERDICT_SUPERSEDED);
			assert_int_equal(match_count(&v,
						     catalog_find(two, STR_LIT("debian:12:a:3")),
						     VERDICT_MISSING),
					 1);
		}
		match_set_catalog(m, one);
		assert_int_equal(match_verify(m), 0);
	}
}

/* A damaged set is found by verification and repaired. */
static void verify_repairs(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *c = world_catalog(str_of(first));
	match_set_catalog(m, c);
	uint32_t h = world_host(f, "h");
	world_scan(f, h, STR_LIT(BASE "deb a amd64 1\n"));
	{
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		uint32_t p = catalog_find(c, STR_LIT("debian:12:a:2"));
		roaring_bitmap_add((roaring_bitmap_t *)match_hosts(&v, p, VERDICT_MISSING), 77);
	}
	assert_true(match_verify(m) > 0);
	assert_int_equal(match_verify(m), 0);
}

struct writers {
	struct fleet *f;
	struct match *m;
	struct catalog *c[2];
	int failed;
};

static void *change_catalogs(void *arg)
{
	struct writers *w = arg;
	for (int i = 0; i < 200; i++)
		match_set_catalog(w->m, w->c[i % 2]);
	return NULL;
}

static void *change_hosts(void *arg)
{
	struct writers *w = arg;
	for (int i = 0; i < 600; i++) {
		char line[128];
		snprintf(line, sizeof(line), BASE "deb a amd64 %d\ndeb c amd64 %d\n", i % 4,
			 (i / 3) % 4);
		world_scan(w->f, (uint32_t)i % 8, str_of(line));
	}
	return NULL;
}

static void *read_all(void *arg)
{
	struct writers *w = arg;
	for (int i = 0; i < 2000; i++) {
		AUTO(match_read_end) struct match_view v;
		match_read(w->m, &v);
		uint32_t h = (uint32_t)i % 8, missing = 0, n;
		struct host_patch *list;
		struct host_counts k;
		n = match_host_patches(&v, h, &list);
		for (uint32_t p = 0; p < n; p++)
			missing += list[p].verdict == VERDICT_MISSING;
		xfree(list);
		match_host_counts(&v, h, &k);
		w->failed += missing != k.missing_total;
	}
	return NULL;
}

/* Readers see one snapshot and counters that belong to it, while scans and catalogs come in. */
static void concurrent(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	struct writers w = { .f = f, .m = m };
	w.c[0] = world_catalog(str_of(first));
	w.c[1] = world_catalog(
		STR_LIT("patch debian:12:a:3 debian:12 security critical\ndeb a amd64 3\n"
			"patch debian:12:c:2 debian:12 bugfix low\ndeb c amd64 2\n"));
	for (int i = 0; i < 8; i++) {
		char id[8];
		snprintf(id, sizeof(id), "h%d", i);
		world_host(f, id);
	}
	pthread_t t[3];
	pthread_create(&t[0], NULL, change_catalogs, &w);
	pthread_create(&t[1], NULL, change_hosts, &w);
	pthread_create(&t[2], NULL, read_all, &w);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(w.failed, 0);
	assert_int_equal(match_verify(m), 0);
	catalog_unref(w.c[0]);
	catalog_unref(w.c[1]);
}

static bool declines_one(void *arg, const struct patch *p, struct buf *groups)
{
	return arg && str_is(p->id, arg);
}

#define LACKS_BOTH BASE "deb a amd64 1\ndeb d amd64 1\n"

static void S_09_declined_patches_count_nowhere(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *c = world_catalog(str_of(first));
	uint32_t host = world_host(f, "00000000000000000000000000000001");
	match_set_catalog(m, c);
	world_scan(f, host, STR_LIT(LACKS_BOTH));
	struct host_counts counts;
	struct fleet_counts fleet;
	char one[] = "debian:12:a:2";
	for (int round = 0; round < 3; round++) {
		bool declined = round == 1;
		match_set_declined(m, declines_one, declined ? one : NULL, world_now(NULL));
		if (declined) { /* a catalog adopted meanwhile asks again; a scan moves rightly */
			AUTO(catalog_unref) struct catalog *again = world_catalog(str_of(first));
			match_set_catalog(m, again);
			world_scan(f, host, STR_LIT(BASE "deb a amd64 2\ndeb d amd64 1\n"));
			world_scan(f, host, STR_LIT(LACKS_BOTH));
		}
		assert_int_equal(match_verify(m), 0);
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		match_host_counts(&v, host, &counts);
		match_fleet_counts(&v, world_now(NULL), &fleet);
		assert_int_equal(counts.missing_total, declined ? 1 : 2);
		assert_int_equal(counts.missing[SEVERITY_IMPORTANT], declined ? 0 : 1);
		assert_int_equal(counts.declined, declined);
		assert_int_equal(fleet.missing_patches, declined ? 1 : 2);
		assert_int_equal(fleet.missing_pairs, declined ? 1 : 2);
		assert_int_equal(match_health(&v, host, world_now(NULL)),
				 declined ? HEALTH_VULNERABLE : HEALTH_HIGHLY_VULNERABLE);
		assert_int_equal(fleet.health[match_health(&v, host, world_now(NULL))], 1);
		uint32_t p = catalog_find(v.catalog, str_of(one));
		assert_int_equal(match_is_declined(&v, p), declined);
		/* Who lacks it is still known. */
		assert_int_equal(match_count(&v, p, VERDICT_MISSING), 1);
		assert_int_equal(match_due_count(&v, p, VERDICT_MISSING), !declined);
		assert_int_equal(match_declined_count(&v, p), declined);
	}
}

static void S_07_the_policy_decides_by_numbers_per_severity(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref)
	struct catalog *c = world_catalog(
		STR_LIT("patch debian:12:x:2 debian:12 security critical\ndeb x amd64 2\n"
			"patch debian:12:y:2 debian:12 security moderate\ndeb y amd64 2\n"
			"patch debian:12:z:2 debian:12 security moderate\ndeb z amd64 2\n"));
	uint32_t host = world_host(f, "00000000000000000000000000000001");
	match_set_catalog(m, c);
	world_scan(f, host, STR_LIT(BASE "deb x amd64 1\ndeb y amd64 1\ndeb z amd64 1\n"));
	static const struct {
		struct health_policy policy;
		enum health want;
	} cases[] = {
		{ { .highly = { [SEVERITY_CRITICAL] = 1 } }, HEALTH_HIGHLY_VULNERABLE },
		{ { .highly = { [SEVERITY_CRITICAL] = 2 } }, HEALTH_HEALTHY },
		{ { .highly = { [SEVERITY_CRITICAL] = 2, [SEVERITY_MODERATE] = 2 } },
		  HEALTH_HIGHLY_VULNERABLE }, /* one of them is enough */
		{ { .vulnerable = { [SEVERITY_MODERATE] = 2 } }, HEALTH_VULNERABLE },
		{ { .vulnerable = { [SEVERITY_MODERATE] = 3, [SEVERITY_LOW] = 1 } },
		  HEALTH_HEALTHY },
		{ { .highly = { 0 } }, HEALTH_HEALTHY },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		match_set_health_policy(m, &cases[i].policy);
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		assert_int_equal(match_health(&v, host, world_now(NULL)), cases[i].want);
		assert_int_equal(match_health(&v, host, world_now(NULL) + 8 * DAY_MS),
				 HEALTH_UNKNOWN);
	}
}

/* Where no notice is without a fix, there is none; and nothing is freed that never was. */
static void no_notice_without_a_fix(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *c = world_catalog(str_of(first));
	uint32_t host = world_host(f, "h");
	match_set_catalog(m, c);
	world_scan(f, host, STR_LIT(BASE "deb a amd64 1\n"));
	AUTO(match_read_end) struct match_view v;
	match_read(m, &v);
	struct host_unfixed *found;
	assert_int_equal(match_host_unfixed(&v, host, &found), 0);
	assert_null(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_s07),
		cmocka_unit_test(S_09_declined_patches_count_nowhere),
		cmocka_unit_test(S_07_the_policy_decides_by_numbers_per_severity),
		cmocka_unit_test(new_snapshot),
		cmocka_unit_test(no_notice_without_a_fix),
		cmocka_unit_test(verify_repairs),
		cmocka_unit_test(concurrent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
