/* SPDX-License-Identifier: Apache-2.0
 * Blocks of hosts against roaring bitmaps: whatever a set consists of, it comes back as it was, and
 * counting many sets gives what counting host by host gives. */
#include "match/blocks.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BLOCKS 3u

static uint64_t seed = 11;

static uint32_t random_of(uint32_t bound)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % bound);
}

/* Few hosts, many, long runs, all, runs to the very end. */
static roaring_bitmap_t *some_set(uint32_t kind)
{
	roaring_bitmap_t *b = roaring_bitmap_create();
	uint32_t hosts = BLOCKS * BLOCK_HOSTS, n = kind == 0 ? 900 : 90000;
	if (kind == 2)
		for (uint32_t at = random_of(9000); at < hosts; at += 1 + random_of(9000)) {
			uint32_t end = at + random_of(9000);
			end = MIN(end, hosts);
			roaring_bitmap_add_range(b, at, end);
			at = end;
		}
	else if (kind == 3)
		roaring_bitmap_add_range(b, 0, hosts);
	else if (kind == 4)
		roaring_bitmap_add_range(b, BLOCK_HOSTS + random_of(BLOCK_HOSTS), 2 * BLOCK_HOSTS);
	else
		for (uint32_t i = 0; i < n; i++)
			roaring_bitmap_add(b, random_of(hosts));
	roaring_bitmap_run_optimize(b);
	return b;
}

static void there_and_back(void **arg)
{
	for (uint32_t i = 0; i < 25; i++) {
		roaring_bitmap_t *b = some_set(i % 5), *out = NULL;
		uint64_t hosts = 0;
		for (uint32_t no = 0; no < BLOCKS; no++) {
			block_bits bits = { 0 };
			bool any = block_add(bits, b, no);
			uint32_t n = block_append(&out, no, bits);
			assert_int_equal(any, n > 0);
			hosts += n;
		}
		assert_true(roaring_bitmap_equals(b, out));
		assert_int_equal(roaring_bitmap_get_cardinality(out), hosts);
		/* as small, too: the same kinds of containers */
		assert_int_equal(roaring_bitmap_portable_size_in_bytes(out),
				 roaring_bitmap_portable_size_in_bytes(b));
		roaring_bitmap_free(b);
		roaring_bitmap_free(out);
	}
	block_bits bits = { 0 };
	roaring_bitmap_t *none = NULL;
	assert_false(block_add(bits, NULL, 0));
	assert_int_equal(block_append(&none, 0, bits), 0);
	assert_null(none);
}

static roaring_bitmap_t *by_blocks(const roaring_bitmap_t *a, const roaring_bitmap_t *b,
				   void (*fn)(uint64_t *, const uint64_t *))
{
	roaring_bitmap_t *out = NULL;
	for (uint32_t no = 0; no < BLOCKS; no++) {
		block_bits x, y;
		block_clear(x);
		block_clear(y);
		block_add(x, a, no);
		block_add(y, b, no);
		fn(x, y);
		block_append(&out, no, x);
	}
	return out ? out : roaring_bitmap_create();
}

static void walks(void **arg)
{
	for (uint32_t i = 0; i < 10; i++) {
		roaring_bitmap_t *b = some_set(i % 5), *out = NULL;
		for (uint32_t first = 0; first < 2; first++) {
			struct block_walk w;
			block_walk_begin(&w, b);
			for (uint32_t no = first; no < BLOCKS + 1; no += 2) {
				block_bits bits, want = { 0 };
				bool any = block_add(want, b, no);
				memset(bits, 0xa5, sizeof(bits));
				assert_int_equal(block_walk_add(bits, &w, no, true), any);
				if (any)
					assert_memory_equal(bits, want, sizeof(bits));
			}
		}
		struct block_walk w;
		block_walk_begin(&w, b);
		for (uint32_t no = 0; no < BLOCKS; no++) { /* beside what is there */
			block_bits bits, want;
			memset(bits, 0x11, sizeof(bits));
			memset(want, 0x11, sizeof(want));
			assert_int_equal(block_walk_add(bits, &w, no, false),
					 block_add(want, b, no));
			assert_memory_equal(bits, want, sizeof(bits));
			block_append(&out, no, bits);
		}
		roaring_bitmap_free(b);
		roaring_bitmap_free(out);
	}
}

static void operations(void **arg)
{
	static const struct {
		void (*ours)(uint64_t *, const uint64_t *);
		roaring_bitmap_t *(*theirs)(const roaring_bitmap_t *, const roaring_bitmap_t *);
	} both[] = {
		{ block_or, roaring_bitmap_or },
		{ block_and, roaring_bitmap_and },
		{ block_andnot, roaring_bitmap_andnot },
	};
	for (uint32_t i = 0; i < 25; i++) {
		roaring_bitmap_t *a = some_set(i / 5), *b = some_set(i % 5);
		for (size_t k = 0; k < ARRAY_LEN(both); k++) {
			roaring_bitmap_t *x = by_blocks(a, b, both[k].ours);
			roaring_bitmap_t *y = both[k].theirs(a, b);
			assert_true(roaring_bitmap_equals(x, y));
			roaring_bitmap_free(x);
			roaring_bitmap_free(y);
		}
		roaring_bitmap_free(a);
		roaring_bitmap_free(b);
	}
}

static void counted(struct block_counter *c, roaring_bitmap_t *const *sets, uint32_t n,
		    uint32_t times)
{
	const uint32_t no = 1;
	AUTO(xfree) uint32_t *want = xcalloc(BLOCK_HOSTS, sizeof(*want));
	for (uint32_t t = 0; t < times; t++)
		for (uint32_t i = 0; i < n; i++)
			block_count(c, sets[i], no);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t h = 0; h < BLOCK_HOSTS; h++)
			want[h] += times * roaring_bitmap_contains(sets[i], no * BLOCK_HOSTS + h);
	const uint16_t *counts = block_counts(c);
	for (uint32_t h = 0; h < BLOCK_HOSTS; h++)
		assert_int_equal(counts[h], want[h]);
	block_counter_clear(c);
}

static void counts(void **arg)
{
	roaring_bitmap_t *sets[20];
	for (uint32_t i = 0; i < ARRAY_LEN(sets); i++)
		sets[i] = some_set(i % 5);
	AUTO(block_counter_free) struct block_counter *c = block_counter_new();
	assert_false(block_count(c, sets[0], BLOCKS));
	assert_false(block_count(c, NULL, 0));
	counted(c, sets, 0, 1);
	counted(c, sets, 1, 1);
	counted(c, sets, ARRAY_LEN(sets), 1);
	counted(c, sets, ARRAY_LEN(sets), 31); /* more than 255 of a host */
	counted(c, &sets[1], 1, BLOCK_COUNTER_MOST);
	for (uint32_t i = 0; i < ARRAY_LEN(sets); i++)
		roaring_bitmap_free(sets[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(walks),
		cmocka_unit_test(operations),
		cmocka_unit_test(counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
