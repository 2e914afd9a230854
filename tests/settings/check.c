/* SPDX-License-Identifier: Apache-2.0
 * The rules of each type of setting, and that every row of settings.def keeps its own rules. */
#include "settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_every_row_is_sound(void **state)
{
	(void)state;
	for (int i = 0; i < SETTINGS_; i++) {
		const struct setting_info *info = setting_info((enum setting)i);
		struct err e = { 0 };
		enum setting found;
		if (!setting_check(info, str_of(info->def), &e))
			fail_msg("%s", e.msg);
		assert_true(setting_find(str_of(info->key), &found)); /* also: keys are unique */
		assert_int_equal(found, i);
		assert_true(info->min <= info->max);
		assert_true(strlen(info->help) > 10 && info->help[strlen(info->help) - 1] != '.');
		assert_non_null(setting_type_name(info->type));
	}
	enum setting none;
	assert_false(setting_find(STR_LIT("no.such"), &none));
}

static void test_rules(void **state)
{
	(void)state;
	static const struct {
		struct setting_info info;
		const char *good[6], *bad[8];
	} cases[] = {
		{ { "n", SETTING_T_INTEGER, "5", -5, 10, "", false, "" },
		  { "-5", "10", "0" },
		  { "", "-6", "11", "1.5", " 1", "0x1", "99999999999999999999" } },
		{ { "b", SETTING_T_BOOLEAN, "true", 0, 0, "", false, "" },
		  { "true", "false" },
		  { "", "1", "True", "yes" } },
		{ { "c", SETTING_T_CHOICE, "a", 0, 0, "a bc", false, "" },
		  { "a", "bc" },
		  { "", "b", "a bc", " " } },
		{ { "t", SETTING_T_TEXT, "x", 1, 6, "", false, "" },
		  { "x", "繕い", "a b" },
		  { "", "1234567", "a\nb", "\x7f", "\xff" } },
		{ { "l", SETTING_T_LIST, "x", 1, 2, "", false, "" },
		  { "a", "a\nb" },
		  { "", "a\nb\nc", "a\n", "\na", "a\n\nb", "a\tb" } },
		{ { "u", SETTING_T_URL, "", 0, 40, "", false, "" },
		  { "", "https://a", "https://a.example:8383/x" },
		  { "http://a", "https://", "a", "https://a b", "https://u:p@a",
		    "javascript:alert(1)" } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		for (int k = 0; k < 6 && cases[i].good[k]; k++) {
			if (!setting_check(&cases[i].info, str_of(cases[i].good[k]), &e))
				fail_msg("'%s': %s", cases[i].good[k], e.msg);
		}
		for (int k = 0; k < 8 && cases[i].bad[k]; k++) {
			if (setting_check(&cases[i].info, str_of(cases[i].bad[k]), &e))
				fail_msg("%s accepted '%s'", cases[i].info.key, cases[i].bad[k]);
			assert_int_equal(e.code, ERR_INVALID);
			assert_non_null(strstr(e.msg, cases[i].info.key));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_sound),
		cmocka_unit_test(test_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
