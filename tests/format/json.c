/* SPDX-License-Identifier: Apache-2.0
 * format/json.h: bounds, typed readers, safe writers. */
#include "format/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static json_t *parse(const char *s)
{
	json_t *j = NULL;
	struct err e = { 0 };
	assert_true(json_parse(str_of(s), 4096, &j, &e));
	return j;
}

static enum err_code parse_code(struct str s, size_t max, struct err *e)
{
	json_t *j = NULL;
	*e = (struct err) { 0 };
	assert_false(json_parse(s, max, &j, e));
	assert_null(j);
	return e->code;
}

static void bounds(void **state)
{
	struct err e;
	assert_int_equal(parse_code(STR_LIT("[1,2,3]"), 6, &e), ERR_LIMIT);
	assert_int_equal(parse_code(STR_LIT(""), 6, &e), ERR_CORRUPT);
	assert_int_equal(parse_code(STR_LIT("{\"a\":1,\"a\":2}"), 99, &e), ERR_CORRUPT);
	assert_int_equal(parse_code(STR_LIT("{} x"), 99, &e), ERR_CORRUPT);
	assert_int_equal(parse_code(STR_LIT("[\"\\u0000\"]"), 99, &e), ERR_CORRUPT);
	assert_int_equal(parse_code(STR_LIT("[\"\xff\"]"), 99, &e), ERR_CORRUPT);
	assert_int_equal(parse_code(STR_LIT("{\n \"a\": ?}"), 99, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "line 2"));

	char deep[67];
	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	assert_int_equal(parse_code((struct str) { deep, 66 }, 99, &e), ERR_LIMIT);
	AUTO(json_free) json_t *j = NULL;
	assert_true(json_parse((struct str) { deep + 1, 64 }, 99, &j, &e));
	AUTO(json_free) json_t *k = parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"]");
	assert_int_equal(json_array_size(k), 1);
}

static void readers(void **state)
{
	AUTO(json_free)
	json_t *j = parse(
		"{\"s\":\"\\u65e5\\u672c\",\"n\":7,\"b\":true,\"z\":null,\"a\":[1,2],\"r\":1.5}");
	struct err e = { 0 };
	const char *s = "before";
	int64_t i = -1;
	bool b = false;
	json_t *a = j;
	assert_true(json_need_str(j, "s", 1, 2, &s, &e)); /* two characters, six bytes */
	assert_string_equal(s, "\xE6\x97\xA5\xE6\x9C\xAC");
	s = "before";
	assert_false(json_need_str(j, "s", 1, 1, &s, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.msg, "'s' must be a string of 1 to 1 characters");
	assert_string_equal(s, "before");
	assert_false(json_need_str(j, "z", 0, 9, &s, &e));
	assert_false(json_need_str(j, "missing", 0, 9, &s, &e));
	assert_true(json_opt_str(j, "z", 9, &s, &e));
	assert_true(json_opt_str(j, "missing", 9, &s, &e));
	assert_string_equal(s, "before");
	assert_false(json_opt_str(j, "n", 9, &s, &e));
	assert_true(json_need_int(j, "n", 0, 7, &i, &e));
	assert_int_equal(i, 7);
	assert_false(json_need_int(j, "n", 8, 9, &i, &e));
	assert_false(json_need_int(j, "r", 0, 9, &i, &e));
	assert_true(json_opt_int(j, "z", 0, 9, &i, &e));
	assert_int_equal(i, 7);
	assert_true(json_opt_bool(j, "b", &b, &e));
	assert_true(b);
	assert_false(json_opt_bool(j, "n", &b, &e));
	assert_true(json_opt_array(j, "a", 2, &a, &e));
	assert_int_equal(json_array_size(a), 2);
	assert_false(json_opt_array(j, "a", 1, &a, &e));
	assert_true(json_opt_array(j, "missing", 1, &a, &e));
	assert_null(a);
	static const char *const known[] = { "s", "n", "b", "z", "a", NULL };
	assert_false(json_only(j, known, &e));
	assert_string_equal(e.msg, "unknown member 'r'");
	assert_false(json_only(a, known, &e));
}

static void writers(void **state)
{
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "z", json_text(STR_LIT("a\xff\xe3\x81")));
	json_object_set_new(j, "a", json_text(STR_LIT("q\"\n")));
	json_object_set_new(j, "t", json_time(1795941660000));
	json_object_set_new(j, "u", json_time(0));
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	json_write(j, &b);
	assert_string_equal(b.p,
			    "{\"z\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"a\":\"q\\\"\\n\","
			    "\"t\":\"2026-11-29T08:41:00Z\",\"u\":null}");
	AUTO(buf_done) struct buf small = BUF_INIT(10);
	json_write(j, &small);
	assert_true(small.overflowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),
		cmocka_unit_test(readers),
		cmocka_unit_test(writers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
