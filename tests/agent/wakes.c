/* SPDX-License-Identifier: Apache-2.0
 * agent/net/wakes.h: what a server can have a neighbour do is bounded by the neighbour. */
#include "agent/net/wakes.h"
#include "agent/net/lan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void M_165_so_many_a_minute(void **state UNUSED)
{
	int64_t now = 1000;
	for (int i = 0; i < WAKES_A_MINUTE; i++)
		assert_true(wakes_allowed(now + i));
	assert_false(wakes_allowed(now + WAKES_A_MINUTE));
	assert_false(wakes_allowed(now + 59999));
	assert_true(wakes_allowed(now + 60000));
}

/* Whatever interfaces this machine has: the server takes what is told of them. */
static void M_165_what_is_told_is_taken(void **state UNUSED)
{
	struct agent_paths p = { .sysroot = "" };
	struct lan l, again;
	struct err e = { 0 };
	lan_gather(&p, &l);
	AUTO(json_free) json_t *j = lan_write(&l);
	if (!lan_read(j, &again, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(l.n, again.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(M_165_so_many_a_minute),
					    cmocka_unit_test(M_165_what_is_told_is_taken) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
