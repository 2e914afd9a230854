/* SPDX-License-Identifier: Apache-2.0
 * base/buf.h: grows to its maximum and not a byte further. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void appends(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(100000);
	assert_string_equal(buf_str(&b).p, "");
	buf_adds(&b, "ab");
	buf_addc(&b, 'c');
	buf_add(&b, "d\0e", 3);
	buf_addstr(&b, STR_LIT("f"));
	buf_printf(&b, "%05d", 42);
	assert_int_equal(b.n, 12);
	assert_memory_equal(b.p, "abcd\0ef00042", 13);
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "%d,", i);
	assert_false(b.overflowed);
	assert_int_equal(b.p[b.n], 0);
	buf_reset(&b);
	assert_int_equal(b.n, 0);
	assert_string_equal(b.p, "");
}

static void maximum(void **state)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(5);
	buf_adds(&b, "12345");
	assert_true(buf_ok(&b, "thing", &e));
	buf_addc(&b, '6');
	assert_false(buf_ok(&b, "thing", &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, "thing is larger than 5 bytes");
	assert_string_equal(b.p, "12345");
	buf_reset(&b);
	buf_adds(&b, "1234");
	buf_printf(&b, "%s", "56"); /* nothing is half appended */
	assert_string_equal(b.p, "1234");
	buf_adds(&b, "5"); /* and nothing after that */
	assert_string_equal(b.p, "1234");
	assert_null(buf_reserve(&b, 1));
	buf_reset(&b);
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_true(b.overflowed);
}

static void take(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(5);
	AUTO(xfree) char *empty = buf_take(&b);
	assert_string_equal(empty, "");
	buf_adds(&b, "abc");
	buf_adds(&b, "defg");
	AUTO(xfree) char *s = buf_take(&b);
	assert_string_equal(s, "abc");
	assert_false(b.overflowed); /* empty and usable again */
	buf_adds(&b, "xy");
	assert_string_equal(b.p, "xy");
	char *p = buf_reserve(&b, 3);
	memcpy(p, "z!?", 4);
	b.n += 3;
	assert_string_equal(b.p, "xyz!?");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(appends), cmocka_unit_test(maximum),
					    cmocka_unit_test(take) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
