/* SPDX-License-Identifier: Apache-2.0
 * CSV as spreadsheets read it. */
#include "format/csv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void row(const char *a, const char *b, const char *want)
{
	AUTO(buf_done) struct buf out = BUF_INIT(1000);
	csv_cell(&out, true, str_of(a));
	csv_cell(&out, false, str_of(b));
	csv_row_end(&out);
	assert_int_equal(out.n, strlen(want));
	assert_memory_equal(out.p, want, out.n);
}

static void quotes_what_must_be_quoted(void **state UNUSED)
{
	row("plain", "", "plain,\r\n");
	row("a,b", "say \"no\"", "\"a,b\",\"say \"\"no\"\"\"\r\n");
	row("two\nlines", "重大", "\"two\nlines\",重大\r\n");
}

static void no_cell_is_a_formula(void **state UNUSED)
{
	row("=1+1", "@cmd", "\"'=1+1\",\"'@cmd\"\r\n");
	row("-x", "+y", "\"'-x\",\"'+y\"\r\n");
	row("a=1", "x-y", "a=1,x-y\r\n");
}

static void begins_with_the_mark(void **state UNUSED)
{
	AUTO(buf_done) struct buf out = BUF_INIT(10);
	csv_begin(&out);
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.p, "\xef\xbb\xbf", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_what_must_be_quoted),
		cmocka_unit_test(no_cell_is_a_formula),
		cmocka_unit_test(begins_with_the_mark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
