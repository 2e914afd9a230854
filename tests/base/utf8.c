/* SPDX-License-Identifier: Apache-2.0
 * base/utf8.h: every code point is valid, and nothing else is (RFC 3629). */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static size_t encode(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i; i--) {
		out[i] = (char)(0x80 | (c & 0x3F));
		c >>= 6;
	}
	out[0] = (char)((0xF00 >> n) | c);
	return n;
}

static void every_code_point(void **state)
{
	for (uint32_t c = 0; c < 0x110400; c++) {
		char p[4];
		size_t n = encode(c, p);
		bool want = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
		if (utf8_valid((struct str) { p, n }) != want)
			fail_msg("U+%04X", c);
		if (n > 1 && utf8_valid((struct str) { p, n - 1 }))
			fail_msg("U+%04X, cut", c);
	}
}

static void bad(void **state)
{
	static const char *const texts[] = { "\x80",
					     "\xC0\x80",
					     "\xC1\xBF",
					     "\xE0\x9F\xBF",
					     "\xF0\x8F\xBF\xBF",
					     "\xF4\x90\x80\x80",
					     "\xF8\x88\x80\x80\x80",
					     "\xFF",
					     "\xE6\x97"
					     "a",
					     "\xC3\xC3" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char at[64];
		for (size_t pad = 0; pad < 20; pad++) { /* in every place of the eight-byte steps */
			int n = snprintf(at, sizeof(at), "%.*s%s%s", (int)pad,
					 "aaaaaaaaaaaaaaaaaaaa", texts[i], "bbbbbbbbb");
			assert_false(utf8_valid((struct str) { at, (size_t)n }));
		}
	}
	assert_true(utf8_valid((struct str) { NULL, 0 }));
	assert_true(utf8_valid(STR_LIT("a\0b")));
}

static void repair(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(100);
	utf8_repair(STR_LIT("a\xE6\x97\xA5\xFF\xE6\x97z"), &b);
	assert_string_equal(b.p, "a\xE6\x97\xA5\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
	assert_true(utf8_valid(buf_str(&b)));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_code_point),
					    cmocka_unit_test(bad), cmocka_unit_test(repair) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
