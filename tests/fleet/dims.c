/* SPDX-License-Identifier: Apache-2.0
 * Bitmaps of what hosts say of themselves against a walk over all hosts, through the fleet's own
 * door, while everything keeps changing; and values that go make room. */
#include "fleet/dims.h"
#include "fleet/host.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOSTS 40

static uint64_t seed = 7;
static int64_t now = 1000000;

static uint32_t next(uint32_t bound)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % bound);
}

static int64_t fake_now(void *arg)
{
	return now;
}

static const struct clock fake = { fake_now, NULL };

static const char *text_in(const struct host *h, enum fleet_dim dim, char os[static 200])
{
	const struct host_attrs *a = &h->attrs;
	snprintf(os, 200, "%s:%s", a->os_id ? a->os_id : "", a->os_version ? a->os_version : "");
	const char *const all[FLEET_DIMS_] = { h->office,  os,	    a->os_id,  a->os_version,
					       a->os_name, a->arch, a->kernel, a->agent_version };
	return all[dim] ? all[dim] : "";
}

static void check(struct fleet *f)
{
	fleet_read_lock(f);
	for (enum fleet_dim d = 0; d < FLEET_DIMS_; d++) {
		uint64_t sum = 0;
		for (uint32_t v = 0; v < fleet_dim_count(f, d); v++) {
			const roaring_bitmap_t *b = fleet_dim_hosts(f, d, v);
			sum += b ? roaring_bitmap_get_cardinality(b) : 0;
			assert_ptr_equal(b, fleet_hosts_by(f, d, fleet_dim_value(f, d, v)));
		}
		assert_int_equal(sum, fleet_host_count(f));
	}
	int64_t limit = now - next(30000000);
	roaring_bitmap_t *older = fleet_scanned_before(f, limit);
	for (uint32_t no = 0; no < fleet_host_count(f); no++) {
		const struct host *h = fleet_host(f, no);
		char os[200];
		for (enum fleet_dim d = 0; d < FLEET_DIMS_; d++) {
			const roaring_bitmap_t *b = fleet_hosts_by(f, d, str_of(text_in(h, d, os)));
			assert_true(b && roaring_bitmap_contains(b, no));
		}
		for (int s = 0; s < HOST_STATES_; s++)
			assert_int_equal(roaring_bitmap_contains(fleet_state_hosts(f, s), no),
					 (int)h->state == s);
		for (int s = 0; s < SCANS_; s++)
			assert_int_equal(roaring_bitmap_contains(fleet_scan_hosts(f, s), no),
					 (int)h->scan == s);
		assert_int_equal(roaring_bitmap_contains(fleet_online_hosts(f), no), h->online);
		assert_int_equal(roaring_bitmap_contains(fleet_reboot_hosts(f), no),
				 h->attrs.reboot_needed);
		assert_int_equal(roaring_bitmap_contains(older, no),
				 h->last_scan_ms != 0 && h->last_scan_ms < limit);
		assert_true(fleet_host_by_id(f, str_of(h->id)) == h);
	}
	roaring_bitmap_free(older);
	fleet_read_unlock(f);
}

static void random_attrs(struct host_attrs *a)
{
	static const char *const words[] = { NULL, "", "a", "b", "c" };
	*a = (struct host_attrs) { .os_id = (char *)words[next(5)],
				   .os_version = (char *)words[next(5)],
				   .os_name = (char *)words[next(5)],
				   .arch = (char *)words[next(5)],
				   .kernel = (char *)words[next(5)],
				   .agent_version = (char *)words[next(5)],
				   .hostname = (char *)words[next(5)],
				   .address = (char *)words[next(5)],
				   .logged_in_user = (char *)words[next(5)],
				   .boot_id = (char *)words[next(5)],
				   .health_json = (char *)words[next(5)],
				   .reboot_needed = next(2) };
}

static void change(struct fleet *f, uint32_t no)
{
	static const char *const scans[] = { "os\tx\t1\t\n", "arch\ta\n", "" };
	struct host_attrs a;
	struct err e = { 0 };
	now += next(3000000);
	switch (next(7)) {
	case 0:
	case 1:
		random_attrs(&a);
		assert_true(fleet_contact(f, no, &a, &e));
		fleet_read_lock(f);
		assert_true(host_attrs_equal(&fleet_host(f, no)->attrs, &a));
		fleet_read_unlock(f);
		break;
	case 2: assert_true(fleet_put_inventory(f, no, str_of(scans[next(3)]), now, &e)); break;
	case 3: assert_true(fleet_set_state(f, no, next(HOST_STATES_), &e)); break;
	case 4: assert_true(fleet_set_scan(f, no, SCAN_FAILED, next(2) ? "why" : NULL, &e)); break;
	case 5: fleet_set_online(f, no, next(2)); break;
	default: assert_true(fleet_request_scans(f, &no, 1, &e)); break;
	}
}

static void everything_changes(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&fake);
	static const char *const offices[] = { "local", "osaka", "kyoto" };
	for (uint32_t i = 0; i < HOSTS; i++) {
		struct host_attrs a;
		struct err e = { 0 };
		uint32_t no;
		char id[8];
		snprintf(id, sizeof(id), "h%u", i);
		random_attrs(&a);
		assert_true(
			fleet_enrol(f, id, offices[next(3)], &a, next(2) ? "f" : NULL, &no, &e));
	}
	for (int round = 0; round < 3000; round++) {
		change(f, next(HOSTS));
		if (round % 10 == 0)
			check(f);
	}
}

/* A host that says something new at every contact leaves no trail of old texts. */
static void texts_that_go(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&fake);
	struct err e = { 0 };
	uint32_t a, b;
	struct host_attrs attrs = { .kernel = (char *)"stays" };
	assert_true(fleet_enrol(f, "a", "local", &attrs, NULL, &a, &e));
	assert_true(fleet_enrol(f, "b", "local", &attrs, NULL, &b, &e));
	for (int i = 0; i < 20000; i++) {
		char text[16];
		snprintf(text, sizeof(text), "k%d", i);
		attrs.kernel = text;
		assert_true(fleet_contact(f, a, &attrs, &e));
	}
	assert_string_equal(fleet_host(f, a)->attrs.kernel, "k19999");
	assert_string_equal(fleet_host(f, b)->attrs.kernel, "stays");
	assert_true(fleet_dim_count(f, FLEET_BY_KERNEL) < 3000);
	check(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_changes),
		cmocka_unit_test(texts_that_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
