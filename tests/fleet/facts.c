/* SPDX-License-Identifier: Apache-2.0
 * Coding and difference of fact arrays, against a naive model on random arrays. */
#include "fleet/facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t state = 7;

static uint32_t next(uint32_t bound)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((state >> 33) % bound);
}

static uint32_t random_facts(uint32_t *out, uint32_t max, uint32_t bound)
{
	uint32_t n = next(max + 1);
	for (uint32_t i = 0; i < n; i++)
		out[i] = next(bound);
	return facts_sort(out, n);
}

static void round_trip(void **arg)
{
	uint32_t in[300], out[300];
	uint8_t bytes[FACTS_MAX_BYTES(300)];
	struct err e;
	for (int run = 0; run < 2000; run++) {
		uint32_t bound = run % 3 ? 1000u : UINT32_MAX;
		uint32_t n = random_facts(in, 300, bound);
		size_t len = facts_encode(in, n, bytes);
		assert_true(facts_decode(bytes, len, n, bound, out, &e));
		assert_memory_equal(in, out, n * sizeof(*in));
		for (uint32_t i = 0; i < n; i++)
			assert_true(facts_have(in, n, in[i]));
		/* every shorter or longer reading is refused */
		if (n > 0) {
			assert_false(facts_decode(bytes, len - 1, n, bound, out, &e));
			assert_int_equal(e.code, ERR_CORRUPT);
			assert_false(facts_decode(bytes, len, n - 1, bound, out, &e));
			assert_false(facts_decode(bytes, len, n, in[n - 1], out, &e));
		}
	}
}

static void bad_bytes(void **arg)
{
	uint32_t out[4];
	struct err e;
	assert_false(facts_decode((const uint8_t *)"\xff\xff\xff\xff\xff\x01", 6, 1, UINT32_MAX,
				  out, &e));
	assert_false(
		facts_decode((const uint8_t *)"\xff\xff\xff\xff\x7f", 5, 1, UINT32_MAX, out, &e));
	assert_false(facts_decode((const uint8_t *)"\x05\x00", 2, 2, UINT32_MAX, out, &e));
	assert_string_equal(e.msg, "fact 2 of 2 is not higher than the one before");
}

static void difference(void **arg)
{
	uint32_t a[60], b[60], removed[60], added[60];
	for (int run = 0; run < 2000; run++) {
		uint32_t n_a = random_facts(a, 60, 80), n_b = random_facts(b, 60, 80), r, d;
		facts_diff(a, n_a, b, n_b, removed, &r, added, &d);
		uint32_t want_r = 0, want_d = 0;
		for (uint32_t i = 0; i < n_a; i++)
			if (!facts_have(b, n_b, a[i]))
				assert_int_equal(removed[want_r++], a[i]);
		for (uint32_t i = 0; i < n_b; i++)
			if (!facts_have(a, n_a, b[i]))
				assert_int_equal(added[want_d++], b[i]);
		assert_int_equal(r, want_r);
		assert_int_equal(d, want_d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
