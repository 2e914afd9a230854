/* SPDX-License-Identifier: Apache-2.0
 * What a condition says of one fact, and a patch's rule on one host and on the fleet. */
#include "world.h"

static struct rule_hit ask(const char *arch, const char *above, const char *fact_arch,
			   const char *version)
{
	struct rule r = { .op = RULE_DEB_BIN,
			  .compare = RULE_LT,
			  .name = STR_LIT("a"),
			  .arch = str_of(arch),
			  .version = STR_LIT("2-1"),
			  .above = str_of(above) };
	struct fact_package d = { FACT_DEB,	   STR_LIT("a"), str_of(fact_arch),
				  str_of(version), STR_LIT("a"), str_of(version) };
	return rule_fact(&r, &d);
}

static void architectures(void **arg)
{
	assert_true(ask("amd64", "", "amd64", "1").holds);
	assert_false(ask("amd64", "", "amd64", "1").native_only);
	assert_false(ask("amd64", "", "i386", "1").applies);
	assert_true(ask("i386", "", "i386", "1").holds);
	assert_true(ask("all", "", "i386", "1").holds);
	assert_true(ask("", "", "s390x", "1").holds);
	assert_true(ask("all", "", "all", "1").holds);
	assert_false(ask("all", "", "all", "1").native_only);
	assert_true(ask("amd64", "", "all", "1").native_only);
}

static void versions(void **arg)
{
	assert_false(ask("", "", "amd64", "2-1").holds);
	assert_true(ask("", "", "amd64", "2-1").applies);
	assert_true(ask("", "", "amd64", "2-1~bpo1").holds);
	assert_false(ask("", "", "amd64", "1:0").holds);
	/* suites that are not automatic: only for those who came from there */
	assert_false(ask("", "1.5", "amd64", "1.5").applies);
	assert_false(ask("", "1.5", "amd64", "1.4").holds);
	assert_true(ask("", "1.5", "amd64", "1.6").holds);
}

static bool os_is(const char *condition, const char *id, const char *version, const char *codename)
{
	struct fact_os os = { str_of(id), str_of(version), str_of(codename) };
	return rule_os_matches(str_of(condition), &os);
}

static void systems(void **arg)
{
	assert_true(os_is("debian:12", "debian", "12", "bookworm"));
	assert_true(os_is("debian:forky", "debian", "", "forky"));
	assert_true(os_is("debian:bookworm", "debian", "12", "bookworm"));
	assert_true(os_is("", "debian", "", ""));
	assert_false(os_is("debian:", "debian", "", ""));
	assert_false(os_is("debian:1", "debian", "12", "bookworm"));
	assert_false(os_is("debian:12", "ubuntu", "12", "bookworm"));
	assert_false(os_is("debian", "debian", "12", "bookworm"));
}

static void patch_rule(void **arg)
{
	AUTO(catalog_unref)
	struct catalog *c = world_catalog(STR_LIT(
		"patch debian:12:a:1 debian:12 rollup unrated\ndeb a amd64 1\ndeb b amd64 1\n"
		"patch debian:12:a:2 debian:12 security unrated\ndeb a amd64 2\n"));
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(RULE_MAX_TEXT);
	rule_print(rule_of_patch(c, catalog_find(c, STR_LIT("debian:12:a:1")), &a), &text);
	assert_string_equal(text.p,
			    "(and (os \"debian:12\") (or (deb-bin \"b\" \"amd64\" < \"1\")))");
	buf_reset(&text);
	rule_print(rule_of_patch_all(c, catalog_find(c, STR_LIT("debian:12:a:1")), &a), &text);
	assert_string_equal(
		text.p,
		"(and (os \"debian:12\") (or (deb-bin \"a\" \"amd64\" < \"1\") (deb-bin \"b\" \"amd64\" < "
		"\"1\")))");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(architectures),
		cmocka_unit_test(versions),
		cmocka_unit_test(systems),
		cmocka_unit_test(patch_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
