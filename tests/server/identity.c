/* SPDX-License-Identifier: Apache-2.0
 * The installation's certificates: the authority stays, the server's certificate is renewed in time
 * and only then, in the files too. */
#include "server/identity.h"
#include "base/clock.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_MS (24 * 3600 * 1000LL)

static int64_t not_after(const struct identity *id)
{
	struct x509_info info;
	assert_true(x509_read(buf_str(&id->chain_pem), &info, NULL));
	return info.not_after_ms;
}

static void renewed_thirty_days_before_its_end(void **state)
{
	char dir[] = "/tmp/identity.XXXXXX";
	struct err e = { 0 };
	int64_t now = clock_wall_ms();
	bool renewed;
	assert_non_null(mkdtemp(dir));
	AUTO(identity_done) struct identity id = { 0 };
	AUTO(identity_done) struct identity again = { 0 };
	if (!identity_load(dir, "one.example", now, &id, &e))
		fail_msg("%s", e.msg);
	int64_t end = not_after(&id);
	AUTO(xfree) char *old = xstrdup(id.chain_pem.p);
	AUTO(xfree) char *ca = xstrdup(id.ca_pem.p);
	assert_true(identity_renew(dir, "one.example", end - 31 * DAY_MS, &id, &renewed, &e));
	assert_false(renewed);
	assert_string_equal(id.chain_pem.p, old);
	assert_true(identity_renew(dir, "one.example", end - 29 * DAY_MS, &id, &renewed, &e));
	assert_true(renewed);
	assert_string_not_equal(id.chain_pem.p, old);
	assert_true(not_after(&id) > end);
	assert_non_null(strstr(id.chain_pem.p, ca)); /* the chain ends in the same authority */
	assert_string_equal(id.ca_pem.p, ca);
	assert_true(identity_renew(dir, "one.example", end - 29 * DAY_MS, &id, &renewed, &e));
	assert_false(renewed);
	/* A restart finds what was renewed. */
	assert_true(identity_load(dir, "one.example", end - 29 * DAY_MS, &again, &e));
	assert_string_equal(again.chain_pem.p, id.chain_pem.p);
	assert_string_equal(again.key_pem.p, id.key_pem.p);
	assert_true(file_remove_tree(dir, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(renewed_thirty_days_before_its_end) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
