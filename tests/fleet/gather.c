/* SPDX-License-Identifier: Apache-2.0
 * Many hosts entered into the index at once are entered as one by one: whatever they have, also
 * when others are in it already, and only the active ones. */
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LINES 200u
#define HOSTS 20000u /* more than are gathered together */

static uint32_t random_of(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Fact i is had by one host in i + 1. */
static void enrol(struct fleet *f, uint32_t no, uint32_t *seed)
{
	uint32_t facts[LINES], n = 0;
	uint8_t bytes[FACTS_MAX_BYTES(LINES)];
	char id[16];
	for (uint32_t i = 0; i < LINES; i++)
		if (random_of(seed) % (i + 1) == 0)
			facts[n++] = i;
	snprintf(id, sizeof(id), "%08x", no);
	struct host h = { .id = id,
			  .office = (char *)"local",
			  .state = no % 7 == 3 ? HOST_RETIRED : HOST_ACTIVE,
			  .facts = bytes,
			  .n_facts = n,
			  .facts_len = (uint32_t)facts_encode(facts, n, bytes) };
	fleet_adopt(f, &h);
}

static struct fleet *fleet_of(const struct clock *clock)
{
	struct fleet *f = fleet_new_memory(clock);
	uint32_t seed = 7;
	for (uint32_t i = 0; i < LINES; i++) {
		char line[32];
		int n = snprintf(line, sizeof(line), "deb\tp%u\tamd64\t1\t\t", i);
		index_intern(f->index, (struct str) { line, (size_t)n });
	}
	for (uint32_t i = 0; i < HOSTS; i++)
		enrol(f, i, &seed);
	return f;
}

static void as_one_by_one(void **arg)
{
	AUTO(fleet_free) struct fleet *one = fleet_of(&clock_system);
	AUTO(fleet_free) struct fleet *many = fleet_of(&clock_system);
	AUTO(xfree) uint32_t *odd = xmalloc(HOSTS * sizeof(*odd));
	AUTO(xfree) uint32_t *even = xmalloc(HOSTS * sizeof(*even));
	size_t n_odd = 0, n_even = 0;
	for (uint32_t i = 0; i < HOSTS; i++) {
		fleet_index_host(one, one->hosts.p[i]);
		if (i % 2)
			odd[n_odd++] = i;
		else
			even[n_even++] = i;
	}
	fleet_index_hosts(many, odd, n_odd);
	fleet_index_hosts(many, even, 3); /* few */
	fleet_index_hosts(many, even + 3, n_even - 3);
	for (uint32_t i = 0; i < LINES; i++) {
		assert_non_null(index_hosts(one->index, i));
		assert_true(roaring_bitmap_equals(index_hosts(one->index, i),
						  index_hosts(many->index, i)));
		assert_false(roaring_bitmap_contains(index_hosts(many->index, i), 3));
	}
	assert_int_equal(roaring_bitmap_get_cardinality(index_hosts(many->index, 0)),
			 HOSTS - (HOSTS + 3) / 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
