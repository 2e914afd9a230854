/* SPDX-License-Identifier: Apache-2.0
 * rpm's own words to inventory lines. */
#include "proto/inventory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *line_of(const char *rpm_line, struct buf *out)
{
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	if (!inventory_add_rpm_line(i, str_of(rpm_line), &e))
		return "refused";
	buf_reset(out);
	assert_true(inventory_text(i, out, &e));
	return out->n ? out->p : "";
}

static void lines(void **arg)
{
	static const struct {
		const char *rpm, *line;
	} cases[] = {
		{ "bash\t(none)\t5.1.8\t6.el9\tx86_64\tbash-5.1.8-6.el9.src.rpm\tAlmaLinux\t(none)",
		  "rpm\tbash\tx86_64\t5.1.8-6.el9\t\t\tAlmaLinux\n" },
		{ "openssl-libs\t1\t3.0.7\t27.el9\tx86_64\topenssl-3.0.7-27.el9.src.rpm\t(none)\t(none)",
		  "rpm\topenssl-libs\tx86_64\t1:3.0.7-27.el9\topenssl\t\t\n" },
		{ "npm\t1\t9.5.1\t1.18\tx86_64\tnodejs-18.16.1-1.src.rpm\tA Vendor\tnodejs:18:8080020:63b34585",
		  "rpm\tnpm\tx86_64\t1:9.5.1-1.18\tnodejs\tnodejs:18\tA Vendor\n" },
		{ "a\t0\t1\t2\tnoarch\t(none)\t(none)", "rpm\ta\tnoarch\t1-2\t\t\t\n" },
		{ "gpg-pubkey\t(none)\tb86b3716\t61e69f29\t(none)\t(none)\t(none)", "" },
		{ "a\t0\t1\t2\tnoarch", "refused" },
		{ "a\t0\t\t2\tnoarch\t\t\t", "refused" },
		{ "\t0\t1\t2\tnoarch\t\t\t", "refused" },
		{ "", "refused" },
	};
	AUTO(buf_done) struct buf out = BUF_INIT(10000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(line_of(cases[i].rpm, &out), cases[i].line);
}

static void releases_by_major(void **arg)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf out = BUF_INIT(10000);
	AUTO(inventory_free) struct inventory *i = inventory_new();
	assert_true(
		inventory_add_os_release(i, STR_LIT("ID=\"almalinux\"\nVERSION_ID=\"9.3\"\n"), &e));
	assert_true(inventory_add_os_release(
		i, STR_LIT("ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n"), &e));
	assert_true(inventory_add_os_release(i, STR_LIT("ID=alpine\nVERSION_ID=3.16.2\n"), &e));
	assert_true(inventory_text(i, &out, &e));
	assert_string_equal(out.p,
			    "os\talmalinux\t9\t\nos\talpine\t3.16\t\nos\topensuse-leap\t15.6\t\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(releases_by_major),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
