/* SPDX-License-Identifier: Apache-2.0
 * proto/inventory.h: canonical form, its limits, deltas, and what is read from a Debian system. */
#include "proto/inventory.h"
#include "base/clock.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool add(struct inventory *i, const char *tabbed, struct err *e)
{
	struct str fields[16], rest = str_of(tabbed);
	size_t n = 0;
	while (n < ARRAY_LEN(fields) && str_split(&rest, '\t', &fields[n]))
		n++;
	return inventory_add(i, fields, n, e);
}

static void sorted_and_unique(void **state)
{
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	static const char *const lines[] = { "os\tdebian\t12\tbookworm",
					     "deb\tbash\tamd64\t5\t\t",
					     "deb\tbash-x\tamd64\t5\t\t",
					     "arch\tamd64",
					     "deb\tbash\tamd64\t5\t\t",
					     "deb\tbas\tamd64\t5\t\t",
					     "x\t\xE6\x97\xA5" };
	for (size_t k = 0; k < ARRAY_LEN(lines); k++)
		assert_true(add(i, lines[k], &e));
	AUTO(buf_done) struct buf b = BUF_INIT(INVENTORY_MAX);
	assert_true(inventory_text(i, &b, &e));
	assert_string_equal(
		b.p, "arch\tamd64\ndeb\tbas\tamd64\t5\t\t\ndeb\tbash\tamd64\t5\t\t\n"
		     "deb\tbash-x\tamd64\t5\t\t\nos\tdebian\t12\tbookworm\nx\t\xE6\x97\xA5\n");
	assert_true(inventory_check(buf_str(&b), &e));
	struct str f[6];
	assert_int_equal(inventory_fields(STR_LIT("deb\tbash\tamd64\t5\t\t"), f, 6), 6);
	assert_int_equal(f[5].n, 0);
	assert_int_equal(inventory_fields(STR_LIT("a\tb\tc"), f, 2), 2);
	assert_true(str_is(f[1], "b"));
}

static void bad_fields(void **state)
{
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	static const struct str bad[] = {
		{ "a\tb", 3 }, { "a\n", 2 }, { "a\0b", 3 }, { "\xff", 1 }
	};
	for (size_t k = 0; k < ARRAY_LEN(bad); k++) {
		struct str f[] = { STR_LIT("kind"), bad[k] };
		assert_false(inventory_add(i, f, 2, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	assert_false(inventory_add(i, NULL, 0, &e));
	char *longest = xmalloc(INVENTORY_MAX_LINE + 1);
	memset(longest, 'x', INVENTORY_MAX_LINE);
	struct str f[] = { { longest, INVENTORY_MAX_LINE - 1 } };
	assert_true(inventory_add(i, f, 1, &e));
	f[0].n++;
	assert_false(inventory_add(i, f, 1, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	xfree(longest);
}

static void check_refuses(void **state)
{
	static const struct {
		struct str text;
		const char *says;
	} cases[] = {
		{ STR_LIT("a\tb"), "line 1 is not ended" },
		{ STR_LIT("b\na\n"), "line 2 is not after" },
		{ STR_LIT("a\na\n"), "line 2 is not after" },
		{ STR_LIT("a\n\nb\n"), "line 2 has no kind" },
		{ STR_LIT("\tx\n"), "line 1 has no kind" },
		{ STR_LIT("a\nb\xC0\x80\n"), "line 2 is not valid UTF-8" },
		{ STR_LIT("a\0\n"), "line 1 has a NUL" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		assert_false(inventory_check(cases[i].text, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_non_null(strstr(e.msg, cases[i].says));
	}
	struct err e = { 0 };
	assert_true(inventory_check(STR_LIT(""), &e));
}

static char *random_text(struct buf *b)
{
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	for (uint64_t n = random_below(40); n; n--) {
		char line[40];
		snprintf(line, sizeof(line), "deb\tp%d\t%d", (int)random_below(30),
			 (int)random_below(3));
		assert_true(add(i, line, &e));
	}
	assert_true(inventory_text(i, b, &e));
	return b->p;
}

static void delta_round_trip(void **state)
{
	for (int k = 0; k < 500; k++) {
		struct err e = { 0 };
		AUTO(buf_done) struct buf a = BUF_INIT(INVENTORY_MAX), b = BUF_INIT(INVENTORY_MAX);
		AUTO(buf_done) struct buf d = BUF_INIT(INVENTORY_MAX), r = BUF_INIT(INVENTORY_MAX);
		random_text(&a);
		random_text(&b);
		assert_true(inventory_delta(buf_str(&a), buf_str(&b), &d, &e));
		assert_true(inventory_apply(buf_str(&a), buf_str(&d), &r, &e));
		assert_true(str_eq(buf_str(&r), buf_str(&b)));
		if (str_eq(buf_str(&a), buf_str(&b)))
			assert_int_equal(d.n, 0);
		else
			assert_false(str_eq(buf_str(&a), buf_str(&r)));
	}
}

struct summed {
	struct inventory_sum sum;
	int lines;
};

static void add_line(void *arg, char sign, struct str line)
{
	struct summed *s = arg;
	struct inventory_sum one = inventory_sum_of_line(line);
	for (int i = 0; i < 2; i++)
		s->sum.w[i] += sign == '+' ? one.w[i] : -one.w[i];
	s->lines++;
}

/* Whoever has the one text's sum and the delta has the other's. */
static void sums_follow_deltas(void **state)
{
	struct err e = { 0 };
	for (int k = 0; k < 200; k++) {
		AUTO(buf_done) struct buf a = BUF_INIT(INVENTORY_MAX), b = BUF_INIT(INVENTORY_MAX);
		AUTO(buf_done) struct buf d = BUF_INIT(INVENTORY_MAX);
		random_text(&a);
		random_text(&b);
		assert_true(inventory_delta(buf_str(&a), buf_str(&b), &d, &e));
		struct summed s = { .sum = inventory_sum_of_text(buf_str(&a)) };
		struct inventory_sum want = inventory_sum_of_text(buf_str(&b));
		assert_true(inventory_delta_each(buf_str(&d), add_line, &s, &e));
		assert_memory_equal(&s.sum, &want, sizeof(want));
	}
	/* echo -n a | sha256sum */
	char hex[INVENTORY_SUM_HEX];
	struct inventory_sum one = inventory_sum_of_text(STR_LIT("a\n")), read;
	assert_string_equal(inventory_sum_hex(&one, hex), "ca978112ca1bbdcafac231b39a23dc4d");
	assert_true(inventory_sum_parse(str_of(hex), &read));
	assert_memory_equal(&one, &read, sizeof(one));
	assert_false(inventory_sum_parse(STR_LIT("ca97"), &read));
	assert_false(inventory_sum_parse(STR_LIT("ca978112ca1bbdcafac231b39a23dc4x"), &read));
	struct summed none = { 0 };
	assert_false(inventory_delta_each(STR_LIT("+a\nb\n"), add_line, &none, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
}

static void apply_refuses(void **state)
{
	static const char *const bad[] = { "-c\n", "+a\n", "+c\n+b1\n", "b1\n",
					   "+b1",  "+\n",  " b1\n",	"-a\n+a\n" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		AUTO(buf_done) struct buf r = BUF_INIT(1000);
		assert_false(inventory_apply(STR_LIT("a\nb\n"), str_of(bad[i]), &r, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

static const char status[] =
	"Package: bash\nEssential: yes\nStatus: install ok installed\nArchitecture: amd64\n"
	"Version: 5.2.15-2+b2\nSource: bash (5.2.15-2)\nConffiles:\n /etc/x 1\n\n"
	"Package: libc6\nStatus: hold ok triggers-pending\nSource: glibc\nArchitecture: amd64\nVersion: 2.36\n\n"
	"Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
	"Package: never\nStatus: unknown ok not-installed\n\n"
	"Package: half\nStatus: install reinstreq half-installed\nArchitecture: all\nVersion: 1\n\n"
	"Package: tz\nStatus: install ok half-configured\nArchitecture: all\nVersion: 1:2\nSource: tz (1:2)\n";

static void dpkg_status(void **state)
{
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	assert_true(inventory_add_dpkg_status(i, STR_LIT(status), &e));
	assert_true(inventory_add_os_release(
		i,
		STR_LIT("# c\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\nVERSION_CODENAME='book\"worm'\n"),
		&e));
	AUTO(buf_done) struct buf b = BUF_INIT(INVENTORY_MAX);
	assert_true(inventory_text(i, &b, &e));
	assert_string_equal(b.p, "deb\tbash\tamd64\t5.2.15-2+b2\t\t5.2.15-2\n"
				 "deb\tlibc6\tamd64\t2.36\tglibc\t\n"
				 "deb\ttz\tall\t1:2\t\t\n"
				 "hold\tdeb\tlibc6\tamd64\n"
				 "os\tdebian\t12\tbook\"worm\n");
}

static void system_files_refused(void **state)
{
	static const char *const bad_status[] = {
		"Package: a\nStatus: install ok\n", "Package: a\n",
		"Status: install ok installed\nArchitecture: all\nVersion: 1\n",
		"Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nSource: a b\n",
		"Package: a\nPackage: b\nStatus: install ok installed\n"
	};
	for (size_t k = 0; k < ARRAY_LEN(bad_status); k++) {
		struct err e = { 0 };
		AUTO(inventory_free) struct inventory *i = inventory_new();
		assert_false(inventory_add_dpkg_status(i, str_of(bad_status[k]), &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	static const char *const bad_os[] = { "NAME=x\n", "ID=\"debian\nVERSION_ID=1", "ID=a\\",
					      "" };
	for (size_t k = 0; k < ARRAY_LEN(bad_os); k++) {
		struct err e = { 0 };
		AUTO(inventory_free) struct inventory *i = inventory_new();
		assert_false(inventory_add_os_release(i, str_of(bad_os[k]), &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_and_unique),  cmocka_unit_test(bad_fields),
		cmocka_unit_test(check_refuses),      cmocka_unit_test(delta_round_trip),
		cmocka_unit_test(sums_follow_deltas), cmocka_unit_test(apply_refuses),
		cmocka_unit_test(dpkg_status),	      cmocka_unit_test(system_files_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
