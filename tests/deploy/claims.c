/* SPDX-License-Identifier: Apache-2.0
 * What a task gave to each system, as it is kept: for sets of any shape the same pairs come back,
 * however few or many, and what is damaged is refused. */
#include "deploy/auto/claims.h"
#include "support/kit.h"

struct seen {
	const struct resolved *set;
	uint32_t hosts, pairs, short_ones, last;
};

static bool same_as_set(void *arg, uint32_t host, struct str claim, struct err *e)
{
	struct seen *s = arg;
	AUTO(xfree) uint32_t *places = xcalloc(s->set->n + 1, sizeof(*places));
	size_t n, k = 0;
	ok(claim_read(claim, s->set->n, places, &n, e), e);
	for (size_t i = 0; i < s->set->n; i++)
		if (roaring_bitmap_contains(s->set->hosts[i], host)) {
			assert_true(k < n);
			assert_int_equal(places[k++], i);
		}
	assert_int_equal(k, n);
	assert_true(!s->hosts || host > s->last);
	assert_true(claim.n <= (s->set->n + 7) / 8);
	s->short_ones += claim.n < (s->set->n + 7) / 8;
	s->last = host;
	s->hosts++;
	s->pairs += (uint32_t)n;
	return true;
}

/* Every `step`th of the hosts from `from` on has every `stride`th patch. */
static struct seen round_trip(size_t patches, uint32_t from, uint32_t hosts, uint32_t step,
			      uint32_t stride)
{
	struct err e = { 0 };
	AUTO(resolved_done) struct resolved set = { .all = roaring_bitmap_create(), .n = patches };
	set.hosts = xcalloc(patches, sizeof(roaring_bitmap_t *));
	for (uint32_t h = 0; h < hosts; h++)
		roaring_bitmap_add(set.all, from + h * step);
	for (uint32_t p = 0; p < patches; p++) {
		set.hosts[p] = roaring_bitmap_create();
		for (uint32_t h = 0; h < hosts; h++)
			if ((h + p) % stride == 0)
				roaring_bitmap_add(set.hosts[p], from + h * step);
		/* whom the deployment leaves out */
		roaring_bitmap_add(set.hosts[p], from + hosts * step);
		if (from)
			roaring_bitmap_add(set.hosts[p], from - 1);
	}
	struct seen s = { .set = &set };
	ok(claims_each(&set, same_as_set, &s, &e), &e);
	assert_int_equal(s.hosts, hosts);
	s.set = NULL;
	return s;
}

static void S_08_claims_of_any_shape_come_back(void **state UNUSED)
{
	assert_int_equal(round_trip(1, 0, 1, 1, 1).pairs, 1);
	assert_int_equal(round_trip(8, 5, 3000, 1, 1).pairs, 24000);
	assert_int_equal(round_trip(9, 0, 3000, 7, 3).pairs, 9000);
	/* many: bits; few: numbers; and hosts far from each other */
	assert_int_equal(round_trip(1003, 3, 50, 1, 1).short_ones, 0);
	assert_int_equal(round_trip(1003, 3, 50, 1, 2).short_ones, 0);
	assert_int_equal(round_trip(1003, 3, 50, 1, 100).short_ones, 50);
	assert_int_equal(round_trip(1003, 70000, 200, 1000, 50).short_ones, 200);
	/* a host without any */
	assert_int_equal(round_trip(40, 0, 100, 1, 100).pairs, 40);
}

static bool refuse(void *arg, uint32_t host UNUSED, struct str claim UNUSED, struct err *e)
{
	++*(int *)arg;
	return err_set(e, ERR_UNAVAILABLE, "the database is gone");
}

static void a_failure_ends_the_walk(void **state UNUSED)
{
	struct err e = { 0 };
	int calls = 0;
	roaring_bitmap_t *hosts = roaring_bitmap_from_range(0, 10, 1);
	struct resolved set = { .all = hosts, .hosts = &hosts, .n = 1 };
	assert_false(claims_each(&set, refuse, &calls, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(calls, 1);
	roaring_bitmap_free(hosts);
}

static void damaged_claims_are_refused(void **state UNUSED)
{
	static const struct {
		struct str claim;
		size_t patches;
	} cases[] = {
		{ STR_LIT("\x01\x01\x01"), 16 },	 /* longer than bits are */
		{ STR_LIT("\x01\x08"), 11 },		 /* a bit beyond the last patch */
		{ STR_LIT("\x80"), 16 },		 /* ends inside a number */
		{ STR_LIT("\x01\x00"), 24 },		 /* not ascending */
		{ STR_LIT("\x18"), 24 },		 /* beyond the last patch */
		{ STR_LIT("\xff\xff\xff\xff\x7f"), 48 }, /* far beyond it */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		uint32_t places[64];
		size_t n;
		assert_false(claim_read(cases[i].claim, cases[i].patches, places, &n, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(S_08_claims_of_any_shape_come_back),
		cmocka_unit_test(a_failure_ends_the_walk),
		cmocka_unit_test(damaged_claims_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
