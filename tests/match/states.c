/* SPDX-License-Identifier: Apache-2.0
 * Counters of the states that are neither missing nor in order, flags of hosts, what waits after an
 * installation, notices without a fix, and scans that have grown old. */
#include "world.h"

#define DAY_MS 86400000ll

static const char offers[] = "patch p-held ubuntu:24.04 security critical\ndeb a amd64 2\n"
			     "patch p-kept ubuntu:24.04 security critical\ndeb b amd64 2\n"
			     "patch p-phased ubuntu:24.04 security critical\ndeb c amd64 2\n"
			     "patch p-esm ubuntu:24.04 security critical esm-apps\ndeb d amd64 2\n"
			     "patch p-src ubuntu:24.04 security critical\nsrc openssl 2\n"
			     "notice CVE-1 ubuntu:24.04 openssl deb-src no-dsa\n"
			     "notice CVE-2 ubuntu:24.04 zlib deb-src postponed\n"
			     "notice CVE-3 almalinux:9 kernel rpm affected\n"
			     "notice CVE-4 ubuntu:22.04 openssl deb-src affected\n";
#define BASE "os ubuntu 24.04 noble\narch amd64\n"

struct scene {
	struct fleet *f;
	struct match *m;
	struct catalog *c;
	struct match_view v;
};

static void begin(struct scene *s, const char *const *inventories, size_t n)
{
	*s = (struct scene) { .f = fleet_new_memory(&world_clock),
			      .c = world_catalog(str_of(offers)) };
	s->m = match_new(s->f);
	match_set_catalog(s->m, s->c);
	for (size_t i = 0; i < n; i++) {
		char id[8];
		snprintf(id, sizeof(id), "h%zu", i);
		uint32_t h = world_host(s->f, id);
		if (inventories[i])
			world_scan(s->f, h, str_of(inventories[i]));
	}
	assert_int_equal(match_verify(s->m), 0);
	match_read(s->m, &s->v);
}

static void end(struct scene *s)
{
	match_read_end(&s->v);
	match_free(s->m);
	fleet_free(s->f);
	catalog_unref(s->c);
}

static uint32_t patch(const struct scene *s, const char *id)
{
	uint32_t p = catalog_find(s->v.catalog, str_of(id));
	assert_int_not_equal(p, CATALOG_NONE);
	return p;
}

static uint64_t size_of(roaring_bitmap_t *b)
{
	uint64_t n = roaring_bitmap_get_cardinality(b);
	roaring_bitmap_free(b);
	return n;
}

/* S-07: what holds a patch back does not make the hole smaller; a wave that has not come does. */
static void states_and_health_S07(void **arg)
{
	static const struct {
		const char *inventory, *patch;
		enum verdict verdict;
		enum health health;
	} cases[] = {
		{ BASE "deb a amd64 1\nhold deb a amd64", "p-held", VERDICT_HELD,
		  HEALTH_HIGHLY_VULNERABLE },
		{ BASE "deb b amd64 1\nkept deb b amd64 kept-back", "p-kept", VERDICT_KEPT_BACK,
		  HEALTH_HIGHLY_VULNERABLE },
		{ BASE "deb c amd64 1\nkept deb c amd64 phased", "p-phased", VERDICT_PHASED,
		  HEALTH_HEALTHY },
		{ BASE "deb d amd64 1", "p-esm", VERDICT_NEEDS_SUBSCRIPTION, HEALTH_VULNERABLE },
		{ BASE "deb d amd64 1\nsubscription ubuntu-pro esm-apps", "p-esm", VERDICT_MISSING,
		  HEALTH_HIGHLY_VULNERABLE },
	};
	const char *inventories[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		inventories[i] = cases[i].inventory;
	struct scene s;
	begin(&s, inventories, ARRAY_LEN(cases));
	int64_t now = world_now(NULL);
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t p = patch(&s, cases[i].patch);
		assert_int_equal(match_verdict(&s.v, i, p), cases[i].verdict);
		assert_true(roaring_bitmap_contains(match_hosts(&s.v, p, cases[i].verdict), i));
		assert_int_equal(match_health(&s.v, i, now), cases[i].health);
		struct host_counts k;
		match_host_counts(&s.v, i, &k);
		assert_int_equal(k.missing_total, cases[i].verdict == VERDICT_MISSING);
		assert_int_equal(k.held, cases[i].verdict == VERDICT_HELD);
		assert_int_equal(k.kept_back, cases[i].verdict == VERDICT_KEPT_BACK);
		assert_int_equal(k.phased, cases[i].verdict == VERDICT_PHASED);
		assert_int_equal(k.needs_subscription,
				 cases[i].verdict == VERDICT_NEEDS_SUBSCRIPTION);
		assert_int_equal(k.installed, 0);
	}
	struct fleet_counts all;
	match_fleet_counts(&s.v, now, &all);
	assert_int_equal(all.missing_patches, 1);
	assert_int_equal(all.missing_pairs, 1);
	assert_int_equal(all.held_patches, 1);
	assert_int_equal(all.kept_back_patches, 1);
	assert_int_equal(all.phased_patches, 1);
	assert_int_equal(all.subscription_patches, 1);
	assert_int_equal(all.installed_patches, 0);
	end(&s);
}

/* Hosts that say so, unless they pay for more. */
static bool noble_is_over(void *arg, const struct match_view *v, uint32_t host, int64_t now_ms)
{
	const char *os = fleet_host(v->fleet, host)->attrs.os_name;
	return os && strstr(os, "Noble") && now_ms > *(int64_t *)arg &&
	       !match_host_has_service(v, host, STR_LIT("esm-infra"));
}

static void flags(void **arg)
{
	static const char *const inventories[] = {
		BASE "deb a amd64 2",
		BASE "deb a amd64 2\nunsigned deb local-repo",
		"os debian 12 bookworm\nrestart libssl3 nginx.service",
		"os debian 12 bookworm\nreboot-pending kernel linux-image-6.8",
		NULL,
	};
	struct scene s;
	int64_t now = world_now(NULL), over = now - 1;
	begin(&s, inventories, ARRAY_LEN(inventories));
	assert_int_equal(match_host_flags(&s.v, 0, now), 0);
	assert_int_equal(match_health(&s.v, 0, now), HEALTH_HEALTHY);
	match_read_end(&s.v);
	struct host_attrs attrs = { .os_name = (char *)"Ubuntu 24.04 LTS (Noble Numbat)" };
	struct err e = { 0 };
	assert_true(fleet_contact(s.f, 0, &attrs, &e) && fleet_contact(s.f, 1, &attrs, &e));
	match_read(s.m, &s.v);
	match_set_eol(s.m, noble_is_over, &over);
	static const uint32_t want[] = { HOST_FLAG_END_OF_LIFE,
					 HOST_FLAG_END_OF_LIFE | HOST_FLAG_UNSIGNED_SOURCE,
					 HOST_FLAG_RESTART_PENDING, HOST_FLAG_REBOOT_PENDING,
					 HOST_FLAG_STALE };
	for (uint32_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(match_host_flags(&s.v, i, now), want[i]);
		for (int bit = 0; bit < HOST_FLAGS_; bit++) {
			roaring_bitmap_t *hosts = match_flag_hosts(&s.v, (enum host_flag)(1 << bit),
								   now);
			assert_int_equal(roaring_bitmap_contains(hosts, i), want[i] >> bit & 1);
			roaring_bitmap_free(hosts);
		}
	}
	assert_int_equal(match_health(&s.v, 0, now), HEALTH_VULNERABLE);
	struct fleet_counts all;
	match_fleet_counts(&s.v, now, &all);
	assert_int_equal(all.end_of_life, 2);
	assert_int_equal(all.unsigned_source, 1);
	assert_int_equal(all.restart_pending, 1);
	end(&s);
}

static void installed_and_not_yet_at_work(void **arg)
{
	static const char *const inventories[] = {
		BASE "deb a amd64 2\nreboot-pending core a",
		BASE "deb a amd64 1\nreboot-pending core a", /* missing: nothing to wait for */
		BASE "deb libssl3 amd64 2 openssl\nrestart libssl3 nginx.service",
		BASE "deb a amd64 2\nrestart libssl3 nginx.service",
	};
	struct scene s;
	begin(&s, inventories, ARRAY_LEN(inventories));
	uint32_t a = patch(&s, "p-held"), ssl = patch(&s, "p-src"), fact;
	assert_int_equal(match_after(&s.v, 0, a, &fact), MATCH_AFTER_REBOOT);
	assert_true(str_is(fleet_fact(s.f, fact), "reboot-pending\tcore\ta"));
	assert_int_equal(match_after(&s.v, 1, a, NULL), MATCH_AFTER_NOTHING);
	assert_int_equal(match_after(&s.v, 2, ssl, NULL), MATCH_AFTER_RESTART);
	assert_int_equal(match_after(&s.v, 3, a, NULL), MATCH_AFTER_NOTHING);
	assert_int_equal(size_of(match_after_hosts(&s.v, a, MATCH_AFTER_REBOOT)), 1);
	assert_int_equal(size_of(match_after_hosts(&s.v, ssl, MATCH_AFTER_RESTART)), 1);
	assert_int_equal(size_of(match_after_hosts(&s.v, ssl, MATCH_AFTER_REBOOT)), 0);
	AUTO(arena_done) struct arena arena = { 0 };
	struct explanation x;
	explain(&s.v, 2, ssl, &arena, &x);
	assert_int_equal(x.verdict, VERDICT_INSTALLED);
	assert_int_equal(x.after, MATCH_AFTER_RESTART);
	assert_true(str_is(x.after_fact, "restart\tlibssl3\tnginx.service"));
	assert_true(str_is(x.feed->id, "debian/test"));
	end(&s);
}

static void no_fix_yet(void **arg)
{
	static const char *const inventories[] = {
		BASE "deb libssl3 amd64 2 openssl\ndeb openssl amd64 2",
		"os almalinux 9 -\nrpm kernel-core x86_64 5-1 kernel",
		"os debian 12 bookworm\ndeb openssl amd64 1",
		NULL,
	};
	struct scene s;
	begin(&s, inventories, ARRAY_LEN(inventories));
	assert_int_equal(s.v.catalog->n_unfixed, 4);
	static const char *const want[] = { "CVE-1", "CVE-3", NULL, NULL };
	for (uint32_t h = 0; h < ARRAY_LEN(want); h++) {
		AUTO(xfree) struct host_unfixed *open = NULL;
		uint32_t n = match_host_unfixed(&s.v, h, &open);
		assert_int_equal(n, want[h] != NULL);
		for (uint32_t i = 0; i < n; i++)
			assert_true(str_is(s.v.catalog->unfixed[open[i].notice].id, want[h]));
	}
	for (uint32_t i = 0; i < s.v.catalog->n_unfixed; i++) {
		struct str id = s.v.catalog->unfixed[i].id;
		assert_int_equal(size_of(match_unfixed_hosts(&s.v, i)),
				 str_is(id, "CVE-1") || str_is(id, "CVE-3"));
	}
	struct host_counts k; /* it is nobody's missing patch */
	match_host_counts(&s.v, 1, &k);
	assert_int_equal(k.missing_total, 0);
	end(&s);
}

static void an_old_scan_is_not_in_order(void **arg)
{
	static const char *const inventories[] = { BASE "deb a amd64 2\ndeb b amd64 1" };
	struct scene s;
	begin(&s, inventories, 1);
	int64_t now = world_now(NULL), later = now + 8 * DAY_MS;
	uint32_t a = patch(&s, "p-held"), b = patch(&s, "p-kept"), c = patch(&s, "p-phased");
	assert_int_equal(match_verdict_now(&s.v, 0, a, now), VERDICT_INSTALLED);
	assert_int_equal(match_verdict_now(&s.v, 0, a, later), VERDICT_UNKNOWN);
	assert_int_equal(match_verdict_now(&s.v, 0, b, later), VERDICT_MISSING);
	assert_int_equal(match_verdict_now(&s.v, 0, c, later), VERDICT_UNKNOWN);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_and_health_S07),	 cmocka_unit_test(flags),
		cmocka_unit_test(installed_and_not_yet_at_work), cmocka_unit_test(no_fix_yet),
		cmocka_unit_test(an_old_scan_is_not_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
