/* SPDX-License-Identifier: Apache-2.0
 * Random pairs put to the vendors' own programs, where this machine has them: dpkg and rpm. */
#include "base/buf.h"
#include "base/proc.h"
#include "base/random.h"
#include "base/vec.h"
#include "pkgver/pkgver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static char *random_text(const char *letters, size_t max, char *out)
{
	size_t n = 1 + random_below(max), len = strlen(letters);
	for (size_t i = 0; i < n; i++)
		out[i] = letters[random_below(len)];
	out[n] = '\0';
	return out;
}

/* A version dpkg accepts: starts with a digit, now and then with epoch and revision. */
static char *deb_version(char out[static 64])
{
	char upstream[16], revision[16];
	random_text("0012a.~+b", 6, upstream);
	random_text("01a.~+", 4, revision);
	snprintf(out, 64, "%s%d%s%s%s", random_below(4) ? "" : "1:", (int)random_below(3), upstream,
		 random_below(2) ? "-" : "", revision);
	return out;
}

static bool dpkg_says(const char *a, const char *op, const char *b)
{
	const char *argv[] = { "dpkg", "--compare-versions", a, op, b, NULL };
	struct proc_spec spec = { .argv = argv, .timeout_s = 20 };
	struct proc_result r;
	struct err e = { 0 };
	if (!proc_run(&spec, NULL, NULL, &r, &e))
		fail_msg("%s", e.msg);
	assert_true(r.exit_status <= 1);
	return r.exit_status == 0;
}

static void deb_as_dpkg(void **state)
{
	if (access("/usr/bin/dpkg", X_OK) != 0) {
		print_message("no dpkg here\n");
		skip();
	}
	for (int i = 0; i < 200; i++) {
		char a[64], b[64];
		static const char *const ops[] = { "lt", "eq", "gt" };
		int c = deb_compare(str_of(deb_version(a)), str_of(deb_version(b)));
		if (!dpkg_says(a, ops[c + 1], b))
			fail_msg("'%s' '%s': not %s", a, b, ops[c + 1]);
	}
}

#define PAIRS 400

/* One run of rpm compares all pairs: its Lua has rpm.vercmp. */
static void rpm_as_rpm(void **state)
{
	if (access("/usr/bin/rpm", X_OK) != 0) {
		print_message("no rpm here\n");
		skip();
	}
	static char a[PAIRS][40], b[PAIRS][40];
	AUTO(buf_done) struct buf script = BUF_INIT(1u << 20);
	buf_adds(&script, "%{lua:");
	for (size_t i = 0; i < PAIRS; i++) {
		random_text("0012a.~^+bB_", 8, a[i]);
		random_text("0012a.~^+bB_", 8, b[i]);
		if (random_below(2)) { /* full versions */
			strlen(a[i]) < 20 ? (void)snprintf(a[i] + strlen(a[i]), 20, "-%d.el9",
							   (int)random_below(3))
					  : (void)0;
			strlen(b[i]) < 20 ? (void)snprintf(b[i] + strlen(b[i]), 20, "-%d.el9",
							   (int)random_below(3))
					  : (void)0;
		}
		buf_printf(&script, "print(rpm.vercmp('%s','%s')..'\\n');", a[i], b[i]);
	}
	buf_adds(&script, "}");
	const char *argv[] = { "rpm", "--eval", script.p, NULL };
	struct proc_spec spec = { .argv = argv, .timeout_s = 60 };
	struct proc_result r;
	struct err e = { 0 };
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
	if (!proc_run(&spec, &out, NULL, &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(r.exit_status, 0);
	struct str line, rest = buf_str(&out);
	size_t seen = 0;
	for (; str_line(&rest, &line) && seen < PAIRS;) {
		int64_t want;
		if (!str_to_i64(line, &want))
			continue;
		int got = rpm_compare(str_of(a[seen]), str_of(b[seen]));
		if (got != want)
			fail_msg("'%s' '%s': %d, rpm says %d", a[seen], b[seen], got, (int)want);
		seen++;
	}
	assert_int_equal(seen, PAIRS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deb_as_dpkg),
		cmocka_unit_test(rpm_as_rpm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
