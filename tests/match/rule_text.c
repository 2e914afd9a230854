/* SPDX-License-Identifier: Apache-2.0
 * The text form: what is read prints back the same; what is wrong is refused with its place. */
#include "match/rule.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const good[] = {
	"(and)",
	"(or)",
	"(not (or))",
	"(os \"debian:12\")",
	"(and (os \"debian:12\") (or (deb-bin \"libssl3\" \"amd64\" < \"3.0.17-1~deb12u3\") (deb-bin \"openssl\" \"\" >= "
	"\"1:2\" above \"1:1\")))",
	"(deb-bin \"a\" \"all\")",
	"(deb-src \"linux\" < \"6.1.0\")",
	"(deb-src \"linux\" above \"6.1.0\")",
	"(deb-bin \"q\\\"uo\\\\te\" \"amd64\" = \"1\")",
	"(not (deb-bin \"a\" \"i386\" > \"1\"))",
	"(deb-bin \"a\" \"i386\" <= \"1\")",
	"(rpm \"kernel\" \"x86_64\" < \"5.14.0-427.el9\")",
	"(rpm \"nodejs\" \"\" < \"1:18.20-1.module_el9\" module \"nodejs:18\")",
	"(rpm \"nodejs\" \"\" < \"1:18.20-1.module_el9\" module \"nodejs:18\" default)",
	"(rpm \"a\" \"noarch\")",
	"(apk \"musl\" \"x86_64\" < \"1.2.5-r1\")",
	"(apk-src \"openssl\" >= \"3.3.2-r0\")",
};
static const struct {
	const char *text, *error;
} bad[] = {
	{ "", "rule: '(' is missing at byte 1" },
	{ "(and", "rule: ')' is missing at byte 5" },
	{ "(xor)", "rule: an unknown word at byte 5" },
	{ "(not)", "rule: 'not' takes one rule at byte 5" },
	{ "(not (or) (or))", "rule: 'not' takes one rule at byte 15" },
	{ "(os \"\")", "rule: an empty name at byte 7" },
	{ "(os debian)", "rule: a string in double quotes is missing at byte 5" },
	{ "(os \"a\\n\")", "rule: only \\\" and \\\\ may follow a backslash at byte 8" },
	{ "(os \"a", "rule: the string is not closed at byte 7" },
	{ "(os \"a\tb\")", "rule: control character in a string at byte 7" },
	{ "(deb-src \"a\" < \"1\" < \"2\")", "rule: comparison in a wrong place at byte 21" },
	{ "(deb-src \"a\" above \"1\" < \"2\")", "rule: comparison in a wrong place at byte 25" },
	{ "(deb-src \"a\" above \"1\" above \"2\")", "rule: 'above' given twice at byte 29" },
	{ "(deb-src \"a\" above \"\")", "rule: 'above' needs a version at byte 22" },
	{ "(deb-src \"a\" module \"n:1\")",
	  "rule: a comparison, 'above' or ')' is missing at byte 20" },
	{ "(rpm \"a\" \"\" module \"n:1\" module \"n:1\")",
	  "rule: 'module' given twice at byte 32" },
	{ "(rpm \"a\" \"\" module \"\")", "rule: 'module' needs a stream at byte 22" },
	{ "(rpm \"a\" < \"1\")", "rule: a string in double quotes is missing at byte 10" },
	{ "(deb-src \"a\" ~ \"1\")", "rule: a comparison, 'above' or ')' is missing at byte 15" },
	{ "(and) x", "rule: text after the rule at byte 7" },
};

static void round_trip(void **arg)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(buf_done) struct buf text = BUF_INIT(RULE_MAX_TEXT);
		struct rule *r;
		struct err e = { 0 };
		if (!rule_parse(str_of(good[i]), &a, &r, &e))
			fail_msg("%s: %s", good[i], e.msg);
		rule_print(r, &text);
		assert_string_equal(text.p, good[i]);
	}
}

static void refused(void **arg)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct rule *r;
		struct err e = { 0 };
		if (rule_parse(str_of(bad[i].text), &a, &r, &e))
			fail_msg("%s: accepted", bad[i].text);
		assert_string_equal(e.msg, bad[i].error);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

static void bounded(void **arg)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done)
	struct buf deep = BUF_INIT(1 << 20), wide = BUF_INIT(8 << 20), longer = BUF_INIT(1 << 20);
	struct rule *r;
	struct err e = { 0 };
	for (int i = 0; i < 20000; i++)
		buf_adds(&deep, "(not ");
	assert_false(rule_parse(buf_str(&deep), &a, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	buf_adds(&wide, "(or ");
	for (int i = 0; i < 100001; i++)
		buf_adds(&wide, "(or)");
	buf_adds(&wide, ")");
	assert_false(rule_parse(buf_str(&wide), &a, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	buf_adds(&longer, "(os \"");
	for (int i = 0; i < 600; i++)
		buf_addc(&longer, 'x');
	buf_adds(&longer, "\")");
	assert_false(rule_parse(buf_str(&longer), &a, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(refused),
		cmocka_unit_test(bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
