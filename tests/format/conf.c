/* SPDX-License-Identifier: Apache-2.0
 * format/conf.h: values arrive, mistakes name their line, nothing is half applied. */
#include "format/conf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct program {
	const char *url, *name;
	int64_t port;
	bool verbose;
};

static bool load(const char *text, struct program *p, struct arena *a, struct err *e)
{
	const struct conf_key keys[] = {
		{ "url", CONF_TEXT, &p->url, 1, 200 },
		{ "name", CONF_TEXT, &p->name, 0, 10 },
		{ "port", CONF_INT, &p->port, 1, 65535 },
		{ "verbose", CONF_BOOL, &p->verbose },
	};
	return conf_parse(str_of(text), "x.conf", keys, ARRAY_LEN(keys), a, e);
}

static void good(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct program p = { .port = 80, .name = "default" };
	struct err e = { 0 };
	assert_true(
		load("# head\r\n\r\n  url=https://h/?a=1#x \n\tverbose = on\nname =", &p, &a, &e));
	assert_string_equal(p.url, "https://h/?a=1#x");
	assert_string_equal(p.name, "");
	assert_true(p.verbose);
	assert_int_equal(p.port, 80);
}

static void bad(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "port = 81\nprot = 1\n",
		  "'x.conf' line 2: unknown key 'prot'; known: url name port verbose" },
		{ "port = 81\n\nport = 82", "'x.conf' line 3 gives 'port' again; it is in line 1" },
		{ "port = 81\nverbose", "'x.conf' line 2 has no '='; write 'key = value'" },
		{ "port = 81x", "'x.conf' line 1: 'port' must be a whole number from 1 to 65535" },
		{ "port = 65536",
		  "'x.conf' line 1: 'port' must be a whole number from 1 to 65535" },
		{ "verbose = 1", "'x.conf' line 1: 'verbose' must be yes or no" },
		{ "url =", "'x.conf' line 1: 'url' must be 1 to 200 bytes of text" },
		{ "name = \xff", "'x.conf' line 1: 'name' must be 0 to 10 bytes of text" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct program p = { .port = 80 };
		struct err e = { 0 };
		assert_false(load(cases[i].text, &p, &a, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.msg, cases[i].message);
		assert_int_equal(p.port, 80);
	}
}

static void missing_file(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	assert_false(conf_load("/nonexistent/x.conf", NULL, 0, &a, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(missing_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
