/* SPDX-License-Identifier: Apache-2.0
 * Advisory lists: the real one whole, forms of lines, and pages that are none. */
#include "../samples.h"
#include "feeds/debian/debian_int.h"
#include "feeds/lab/lab_int.h"

static struct err e;

struct seen {
	size_t n, bullseye;
	char last[400];
	int64_t date_ms;
};

static bool take(void *arg, const struct debian_notice *n, struct err *err)
{
	struct seen *s = arg;
	s->n++;
	s->bullseye += str_is(n->a.os, "debian:11");
	s->date_ms = n->a.released_ms;
	assert_int_equal(n->a.severity, SEVERITY_UNRATED); /* DSAs carry none */
	snprintf(s->last, sizeof(s->last), "%.*s|%.*s|%.*s|%.*s|%.*s%s%.*s|%.*s", STR_ARG(n->a.id),
		 STR_ARG(n->a.title), STR_ARG(n->a.os), STR_ARG(n->a.product), STR_ARG(n->a.fixed),
		 n->a.status.n ? "<" : "", STR_ARG(n->a.status), STR_ARG(n->a.cves));
	return true;
}

static bool parse(const char *text, struct seen *s)
{
	*s = (struct seen) { 0 };
	return debian_dsa_parse(str_of(text), take, s, &e);
}

#define HEAD "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n"

static void forms_of_lines(void **state)
{
	struct seen s;
	assert_true(parse(
		HEAD
		"\t{CVE-2023-1393 DSA-1-1 CVE-2023-2}\n\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6 (x)\n",
		&s));
	assert_string_equal(s.last,
			    "DSA-5380-1|xorg-server - security update|debian:11|xorg-server|"
			    "2:1.20.11-1+deb11u6|CVE-2023-1393 CVE-2023-2");
	assert_int_equal(s.date_ms, 1680048000000);
	assert_true(parse(
		HEAD
		"\tNOTE: text\n\t[bullseye] - a <not-affected> (x)\n\t[buster] - a <end-of-life>\n\t[x] - b 1\n",
		&s));
	assert_int_equal(s.n, 1); /* known, and never to be fixed there */
	assert_string_equal(s.last,
			    "DSA-5380-1|xorg-server - security update|debian:10|a|<end-of-life|");
	assert_true(parse(
		"[01 Jan 2024] DLA-3700-1 cjson - security update\n\t[buster] - cjson 1.7.10-1.1+deb10u2\n",
		&s));
	assert_int_equal(s.n, 1);
}

static void pages_that_are_no_list_are_refused_F39(void **state)
{
	struct seen s;
	assert_false(parse("", &s));
	assert_false(parse("<html>log in</html>\n", &s));
	assert_false(parse("\t[bullseye] - a 1\n", &s)); /* belongs to nothing */
	assert_false(parse("[29 Foo 2023] DSA-1-1 x\n", &s));
	assert_false(parse("[29 Mar 2023] RHSA-1-1 x\n", &s));
	assert_false(parse(HEAD "\t{CVE-1\n", &s));
	assert_false(parse(HEAD "\t[bullseye xorg\n", &s));
	assert_non_null(strstr(e.msg, "line 2"));
}

static void the_real_list(void **state)
{
	AUTO(buf_done) struct buf text = BUF_INIT(16u << 20);
	struct seen s = { 0 };
	assert_true(lab_read(sample("tracker/DSA-list-20230329.xz"), 16u << 20, &text, &e));
	if (!debian_dsa_parse(buf_str(&text), take, &s, &e))
		fail_msg("%s", e.msg);
	assert_true(s.n > 6000);
	assert_true(s.bullseye > 400 && s.bullseye < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_lines),
		cmocka_unit_test(pages_that_are_no_list_are_refused_F39),
		cmocka_unit_test(the_real_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
