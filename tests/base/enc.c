/* SPDX-License-Identifier: Apache-2.0
 * base/enc.h: there and back, and refusal of everything that is not canonical. */
#include "base/enc.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void hex(void **state)
{
	char out[9];
	uint8_t back[4] = { 1, 2, 3, 4 };
	assert_string_equal(enc_hex("\x00\x7f\x80\xff", 4, out), "007f80ff");
	assert_true(enc_unhex(STR_LIT("007F80fF"), back, 4));
	assert_memory_equal(back, "\x00\x7f\x80\xff", 4);
	assert_false(enc_unhex(STR_LIT("007f80f"), back, 4));
	assert_false(enc_unhex(STR_LIT("007f80fg"), back, 4));
	assert_false(enc_unhex(STR_LIT("007f80ff00"), back, 4));
	assert_memory_equal(back, "\x00\x7f\x80\xff", 4); /* untouched */
}

static void base64url(void **state)
{
	static const char *const pairs[][2] = { { "", "" },
						{ "f", "Zg" },
						{ "fo", "Zm8" },
						{ "foo", "Zm9v" },
						{ "foob", "Zm9vYg" },
						{ "fooba", "Zm9vYmE" },
						{ "foobar", "Zm9vYmFy" },
						{ "\xfb\xff\xbf", "-_-_" } };
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(100), back = BUF_INIT(100);
		enc_base64url(&b, pairs[i][0], strlen(pairs[i][0]));
		assert_true(str_is(buf_str(&b), pairs[i][1]));
		assert_true(enc_unbase64url(str_of(pairs[i][1]), &back));
		assert_true(str_is(buf_str(&back), pairs[i][0]));
	}
	static const struct str bad[] = { { "Z", 1 },	   { "Zg==", 4 },  { "Zh", 2 },
					  { "Zm9", 3 },	   { "Zm9v ", 5 }, { "+/+/", 4 },
					  { "Zm9v\n", 5 }, { "Z\0", 2 },   { "AAAAA", 5 } };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf back = BUF_INIT(100);
		if (enc_unbase64url(bad[i], &back))
			fail_msg("accepted case %zu", i);
	}
	for (size_t n = 0; n < 3000; n += 97) {
		AUTO(xfree) char *p = xmalloc(n);
		AUTO(buf_done) struct buf b = BUF_INIT(10000), back = BUF_INIT(10000);
		random_bytes(p, n);
		enc_base64url(&b, p, n);
		assert_true(enc_unbase64url(buf_str(&b), &back));
		assert_true(str_eq(buf_str(&back), (struct str) { p, n }));
	}
	AUTO(buf_done) struct buf small = BUF_INIT(2);
	assert_true(enc_unbase64url(STR_LIT("Zm9v"), &small));
	assert_true(small.overflowed);
}

static void percent(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(100), back = BUF_INIT(100);
	struct str all = STR_LIT("aZ09-._~ /%\xE6\x97\n");
	enc_percent(&b, all);
	assert_string_equal(b.p, "aZ09-._~%20%2F%25%E6%97%0A");
	assert_true(enc_unpercent(buf_str(&b), &back));
	assert_true(str_eq(buf_str(&back), all));
	static const struct str bad[] = {
		{ "%", 1 }, { "%4", 2 }, { "a%4g", 4 }, { "%00", 3 }, { "\0", 1 }
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(enc_unpercent(bad[i], &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(hex), cmocka_unit_test(base64url),
					    cmocka_unit_test(percent) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
