/* SPDX-License-Identifier: Apache-2.0
 * base/str.h: views, splitting, numbers, hash. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <sys/mman.h>

#include <cmocka.h>

static void compare(void **state)
{
	assert_true(str_eq((struct str) { NULL, 0 }, STR_LIT("")));
	assert_true(str_is(STR_LIT("ab"), "ab"));
	assert_false(str_is(STR_LIT("ab"), "abc"));
	assert_true(str_cmp(STR_LIT("a"), STR_LIT("b")) < 0);
	assert_true(str_cmp(STR_LIT("a"), STR_LIT("ab")) < 0);
	assert_true(str_cmp(STR_LIT("\xff"), STR_LIT("a")) > 0);
	assert_int_equal(str_cmp((struct str) { NULL, 0 }, (struct str) { NULL, 0 }), 0);
	assert_true(str_starts(STR_LIT("abc"), "ab") && !str_starts(STR_LIT("a"), "ab"));
	assert_true(str_ends(STR_LIT("abc"), "bc") && !str_ends(STR_LIT("c"), "bc"));
	assert_true(str_has_nocase(STR_LIT("CentOS Stream 9"), "stream") &&
		    str_has_nocase(STR_LIT("xAb"), "aB") && str_has_nocase((struct str) { 0 }, ""));
	assert_false(str_has_nocase(STR_LIT("CentOS"), "stream"));
	/* nothing behind its end is read: "stream" goes on there */
	assert_false(str_has_nocase((struct str) { "a stream", 5 }, "stream"));
	assert_true(str_starts((struct str) { NULL, 0 }, ""));
	assert_int_equal(str_find(STR_LIT("a\0b"), '\0'), 1);
	assert_int_equal(str_find((struct str) { NULL, 0 }, 'x'), -1);
	assert_true(str_is(str_trim(STR_LIT(" \t\r\na b\n ")), "a b"));
	assert_int_equal(str_trim(STR_LIT(" \n")).n, 0);
	assert_int_equal(str_of(NULL).n, 0);
}

static void split(void **state)
{
	static const struct {
		const char *text;
		const char *want[4];
	} cases[] = { { "a,,b", { "a", "", "b" } },
		      { "", { "" } },
		      { ",", { "", "" } },
		      { "x", { "x" } },
		      { "a,", { "a", "" } } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str rest = str_of(cases[i].text), tok;
		for (size_t k = 0; cases[i].want[k]; k++) {
			assert_true(str_split(&rest, ',', &tok));
			assert_true(str_is(tok, cases[i].want[k]));
		}
		assert_false(str_split(&rest, ',', &tok));
	}
	struct str none = { NULL, 0 }, tok;
	assert_false(str_split(&none, ',', &tok));
}

static void lines(void **state)
{
	struct str rest = STR_LIT("a\r\n\nb\rc\nlast"), line;
	static const char *const want[] = { "a", "", "b\rc", "last" };
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(str_line(&rest, &line));
		assert_true(str_is(line, want[i]));
	}
	assert_false(str_line(&rest, &line));
	rest = STR_LIT("x\n");
	assert_true(str_line(&rest, &line));
	assert_false(str_line(&rest, &line));
}

static void numbers(void **state)
{
	int64_t i = 5;
	uint64_t u = 5;
	assert_true(str_to_i64(STR_LIT("-9223372036854775808"), &i));
	assert_true(i == INT64_MIN);
	assert_true(str_to_i64(STR_LIT("9223372036854775807"), &i));
	assert_true(i == INT64_MAX);
	assert_true(str_to_i64(STR_LIT("-0"), &i) && i == 0);
	assert_true(str_to_u64(STR_LIT("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_true(str_to_u64(STR_LIT("007"), &u) && u == 7);
	i = 5;
	u = 5;
	static const char *const bad[] = { "",	 "-",	"+1",  " 1",  "1 ",
					   "1x", "0x1", "--1", "1.0", "99999999999999999999999" };
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(str_to_i64(str_of(bad[k]), &i) || str_to_u64(str_of(bad[k]), &u));
	assert_false(str_to_i64(STR_LIT("9223372036854775808"), &i));
	assert_false(str_to_i64(STR_LIT("-9223372036854775809"), &i));
	assert_false(str_to_u64(STR_LIT("18446744073709551616"), &u));
	assert_false(str_to_u64(STR_LIT("-1"), &u));
	assert_true(i == 5 && u == 5);
}

static void hash(void **state)
{
	char a[40] = "the same text, far enough for words", b[40];
	memcpy(b, a, sizeof(a));
	for (size_t n = 0; n < 36; n++) {
		uint64_t h = str_hash((struct str) { a, n });
		assert_true(h == str_hash((struct str) { b, n }));
		assert_true(h != str_hash((struct str) { a, n + 1 }));
		if (n) {
			b[n - 1] ^= 1;
			assert_true(h != str_hash((struct str) { b, n }));
			b[n - 1] ^= 1;
		}
	}
	assert_true(str_hash((struct str) { "\0", 1 }) != str_hash((struct str) { "\0\0", 2 }));
}

static void copies_end_at_the_end(void **state)
{
	AUTO(xfree) char *copy = str_dup((struct str) { "abc", 2 });
	assert_string_equal(copy, "ab");
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED && mprotect(page + 4096, 4096, PROT_NONE) == 0);
	memcpy(page + 4092, "abc", 4); /* the last bytes that may be read */
	AUTO(xfree) char *all = xstrndup(page + 4092, 100);
	assert_string_equal(all, "abc");
	munmap(page, 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare), cmocka_unit_test(split),
		cmocka_unit_test(lines),   cmocka_unit_test(numbers),
		cmocka_unit_test(hash),	   cmocka_unit_test(copies_end_at_the_end)
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
