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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_s07),
		cmocka_unit_test(new_snapshot),
		cmocka_unit_test(verify_repairs),
		cmocka_unit_test(concurrent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
