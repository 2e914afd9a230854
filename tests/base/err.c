/* SPDX-License-Identifier: Apache-2.0
 * base/err.h: texts, context in front, and one mapping for every code. */
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void texts(void **state)
{
	struct err e = { 0 };
	assert_false(err_set(&e, ERR_INVALID, "bad '%s'", "x"));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(err_prefix(&e, "feed '%s'", "f"));
	assert_string_equal(e.msg, "feed 'f': bad 'x'");
	assert_int_equal(e.code, ERR_INVALID);
	err_set(&e, ERR_CORRUPT, "again: %s", e.msg); /* its own text as an argument */
	assert_string_equal(e.msg, "again: feed 'f': bad 'x'");
	err_prefix(&e, "%s", e.msg);
	assert_string_equal(e.msg, "again: feed 'f': bad 'x': again: feed 'f': bad 'x'");
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	assert_string_equal(e.msg, "");
	assert_false(err_set(NULL, ERR_INVALID, "x"));
	assert_false(err_prefix(NULL, "x"));
	assert_false(err_sys(NULL, EIO, "x"));
	err_clear(NULL);
}

static void subject_is(const char *msg, const char *subject)
{
	struct err e = { 0 };
	char out[40];
	err_set(&e, ERR_INVALID, "%s", msg);
	assert_string_equal(err_subject(&e, out, sizeof(out)), subject);
}

static void subjects(void **state)
{
	subject_is("cannot open 'a b': no", "a b");
	subject_is("'x' is not 'y'", "x");
	subject_is("the vendor's file ('x') isn't there", "x");
	subject_is("cut off in 'long wo", "long wo");
	subject_is("nothing isn't named", "");
	subject_is("", "");
	subject_is("'0123456789012345678901234567890123456789more'",
		   "012345678901234567890123456789012345678");
}

static void too_long(void **state)
{
	struct err e = { 0 };
	char text[1000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	err_prefix(&e, "first");
	assert_int_equal(strncmp(e.msg, "first: xxx", 10), 0);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	err_sys(&e, EIO, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

static void from_errno(void **state)
{
	static const struct {
		int sys;
		enum err_code code;
	} cases[] = { { ENOSPC, ERR_FULL },   { EDQUOT, ERR_FULL },  { ENOENT, ERR_NOT_FOUND },
		      { EACCES, ERR_DENIED }, { EPERM, ERR_DENIED }, { ETIMEDOUT, ERR_TIMEOUT },
		      { EIO, ERR_IO } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		assert_false(err_sys(&e, cases[i].sys, "cannot open '%s'", "f"));
		assert_int_equal(e.code, cases[i].code);
		assert_int_equal(e.sys, cases[i].sys);
		assert_int_equal(strncmp(e.msg, "cannot open 'f': ", 17), 0);
		assert_true(strlen(e.msg) > 17);
	}
}

static void mapping(void **state)
{
	for (enum err_code c = ERR_NONE + 1; c < ERR_CODES_; c++) {
		assert_true(strlen(err_code_name(c)) > 1);
		assert_in_range(err_http_status(c), 400, 599);
		assert_in_range(err_exit_status(c), 2, 70);
		for (enum err_code d = ERR_NONE; d < c; d++)
			assert_string_not_equal(err_code_name(c), err_code_name(d));
	}
	assert_int_equal(err_exit_status(ERR_NONE), 0);
	assert_true(err_is_transient(ERR_UNAVAILABLE) && err_is_transient(ERR_TIMEOUT));
	assert_false(err_is_transient(ERR_INVALID) || err_is_transient(ERR_UNTRUSTED));
	assert_int_equal(err_http_status(ERR_CODES_), 500);
	assert_string_equal(err_code_name(ERR_CODES_), "internal");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts), cmocka_unit_test(subjects),
					    cmocka_unit_test(too_long),
					    cmocka_unit_test(from_errno),
					    cmocka_unit_test(mapping) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
