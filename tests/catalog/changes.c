/* SPDX-License-Identifier: Apache-2.0
 * What changed between two versions. */
#include "catalog/changes.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ENTRY(version)                                                                             \
	"p (" version                                                                              \
	") s; urgency=low\n\n  * x\n\n -- A <a@x>  Thu, 22 Oct 2026 10:00:00 +0200\n\n"

static bool note(void *arg, const struct changelog_entry *x)
{
	buf_printf(arg, "%.*s|", STR_ARG(x->version));
	return true;
}

static void check(enum component_kind kind, const char *text, const char *installed,
		  const char *offered, size_t max, const char *want, bool want_more)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	bool more;
	changes_between(kind, str_of(text), str_of(installed), str_of(offered), max, note, &b,
			&more);
	assert_string_equal(b.p ? b.p : "", want);
	assert_int_equal(more, want_more);
}

static void ranges(void **state)
{
	static const char deb[] = ENTRY("1:2.0-2") ENTRY("1:2.0-1") ENTRY("1:1.9-5") ENTRY("1.0-1");
	check(COMPONENT_DEB, deb, "1:1.9-5", "1:2.0-2", 9, "1:2.0-2|1:2.0-1|", false);
	check(COMPONENT_DEB, deb, "1:1.9-5", "1:2.0-1", 9, "1:2.0-1|", false);
	check(COMPONENT_DEB, deb, "1:1.9-4", "", 2, "1:2.0-2|1:2.0-1|", true);
	check(COMPONENT_DEB, deb, "", "", 9, "1:2.0-2|1:2.0-1|1:1.9-5|1.0-1|", false);
	check(COMPONENT_DEB, deb, "1:2.0-2", "1:2.0-2", 9, "", false);
	check(COMPONENT_DEB, "nonsense\n", "", "", 9, "", false);
	static const char rpm[] = ENTRY("2.0-2") ENTRY("") ENTRY("2.0-1") ENTRY("1.9-5");
	check(COMPONENT_RPM, rpm, "1:2.0-1.el9", "1:2.0-2.el9", 9, "2.0-2||", false);
	check(COMPONENT_RPM, rpm, "1:1.9-5.el9", "1:2.0-1.el9", 9, "2.0-1|", false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(ranges) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
