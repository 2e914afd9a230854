/* SPDX-License-Identifier: Apache-2.0
 * Nonces over a real database: what a crash forgets is forgiven, what a clone does is not. */
#include "api/agent_nonce.h"
#include "base/file.h"
#include "support/kit.h"

#include <stdio.h>
#include <unistd.h>

#define HOST "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

struct world {
	char dir[64];
	struct sql *db;
	struct nonces *n;
};
static const uint8_t key[32] = { 7, 1, 2 };

static void done(bool fine, const struct err *e)
{
	if (!fine)
		fail_msg("%s", e->msg);
}

/* As after a start of the server. */
static void start(struct world *w)
{
	w->n = nonces_new(w->db, key);
}

static void crash(struct world *w)
{
	nonces_free(w->n);
	start(w);
}

static void flush(struct world *w)
{
	struct err e = { 0 };
	done(nonces_flush(w->n, 1, &e), &e);
}

static enum nonce_verdict turn_of(struct world *w, uint32_t no, const char *host, uint64_t epoch,
				  const char *given, char next[static NONCE_LEN])
{
	struct err e = { 0 };
	enum nonce_verdict v;
	char out[NONCE_LEN] = "";
	done(nonces_turn(w->n, no, host, epoch, given, 1, out, &v, &e), &e);
	if (v == NONCE_GOOD)
		memcpy(next, out, NONCE_LEN);
	return v;
}

static enum nonce_verdict turn(struct world *w, char nonce[static NONCE_LEN])
{
	return turn_of(w, 3, HOST, 1, nonce, nonce);
}

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e = { 0 };
	snprintf(w->dir, sizeof(w->dir), "/tmp/nonce.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	AUTO(xfree) char *url = xasprintf("sqlite:%s/t.db", w->dir);
	done(sql_open(url, &w->db, &e) && sql_migrate(w->db, &e), &e);
	start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	nonces_free(w->n);
	sql_close(w->db);
	done(file_remove_tree(w->dir, &e), &e);
	xfree(w);
	return 0;
}

static void A43_current_and_previous_are_good_others_are_not(void **state)
{
	struct world *w = *state;
	char a[NONCE_LEN] = "", old[NONCE_LEN], lost[NONCE_LEN];
	for (int i = 0; i < 5; i++)
		assert_int_equal(turn(w, a), NONCE_GOOD);
	memcpy(old, a, sizeof(old));
	memcpy(lost, a, sizeof(lost));
	assert_int_equal(turn(w, lost), NONCE_GOOD); /* this reply is lost, twice */
	memcpy(lost, a, sizeof(lost));
	assert_int_equal(turn(w, lost), NONCE_GOOD);
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn(w, old), NONCE_FORKED);
	char junk[NONCE_LEN] = "zz", empty[NONCE_LEN] = "";
	assert_int_equal(turn(w, junk), NONCE_FORKED);
	assert_int_equal(turn(w, empty), NONCE_FORKED);
}

/* Both come with the same nonce in turn: chance makes the two replies differ. */
static void A43_clones_in_step_are_told_apart(void **state)
{
	struct world *w = *state;
	char a[NONCE_LEN] = "", b[NONCE_LEN];
	assert_int_equal(turn(w, a), NONCE_GOOD);
	memcpy(b, a, sizeof(b));
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn(w, b), NONCE_GOOD);
	assert_int_equal(turn(w, a), NONCE_FORKED);
}

static void F02_what_a_crash_forgets_is_forgiven_once(void **state)
{
	struct world *w = *state;
	char a[NONCE_LEN] = "", clone[NONCE_LEN], late[NONCE_LEN];
	assert_int_equal(turn(w, a), NONCE_GOOD);
	flush(w);
	memcpy(clone, a, sizeof(clone));
	for (int i = 0; i < 3; i++)
		assert_int_equal(turn(w, a), NONCE_GOOD);
	memcpy(late, a, sizeof(late));
	for (int i = 0; i < 3; i++)
		assert_int_equal(turn(w, a), NONCE_GOOD);
	crash(w);
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn(w, late), NONCE_FORKED);
	assert_int_equal(turn(w, clone), NONCE_FORKED);
	assert_int_equal(turn(w, a), NONCE_GOOD);
	/* The other way round: the clone comes first after the crash, then the original is found.
	 */
	flush(w);
	memcpy(clone, a, sizeof(clone));
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn(w, a), NONCE_GOOD);
	crash(w);
	assert_int_equal(turn(w, clone), NONCE_GOOD);
	assert_int_equal(turn(w, clone), NONCE_GOOD);
	assert_int_equal(turn(w, a), NONCE_FORKED);
}

static void flushed_is_exact_after_a_start(void **state)
{
	struct world *w = *state;
	char a[NONCE_LEN] = "", before[NONCE_LEN], b[NONCE_LEN] = "";
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn(w, a), NONCE_GOOD);
	memcpy(before, a, sizeof(before));
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn_of(w, 9, OTHER, 1, b, b), NONCE_GOOD);
	flush(w);
	crash(w);
	/* a nonce of another host, or one nobody made, is not "ahead" */
	assert_int_equal(turn_of(w, 3, HOST, 1, b, b), NONCE_FORKED);
	char forged[NONCE_LEN] = "ffffffff00000000112233445566aabb";
	assert_int_equal(turn(w, forged), NONCE_FORKED);
	assert_int_equal(turn(w, before), NONCE_GOOD); /* the previous one: a lost reply */
	assert_int_equal(turn(w, a), NONCE_FORKED);
}

static void F29_a_restored_database_forgives_once(void **state)
{
	struct world *w = *state;
	char a[NONCE_LEN] = "", other[NONCE_LEN] = "00112233445566778899aabbccddeeff";
	assert_int_equal(turn(w, a), NONCE_GOOD);
	assert_int_equal(turn_of(w, 3, HOST, 2, other, a), NONCE_GOOD);
	assert_int_equal(turn_of(w, 3, HOST, 2, a, a), NONCE_GOOD);
	memcpy(other, "00", 2);
	assert_int_equal(turn_of(w, 3, HOST, 2, "", other), NONCE_FORKED);
}

static void many_hosts_are_flushed_in_batches(void **state)
{
	struct world *w = *state;
	static char nonce[1201][NONCE_LEN];
	char id[NONCE_LEN];
	for (uint32_t i = 0; i < 1201; i++) {
		snprintf(id, sizeof(id), "%032x", i);
		for (int k = 0; k < 2; k++)
			assert_int_equal(turn_of(w, i, id, 1, nonce[i], nonce[i]), NONCE_GOOD);
	}
	flush(w);
	crash(w);
	for (uint32_t i = 0; i < 1201; i++) {
		snprintf(id, sizeof(id), "%032x", i);
		assert_int_equal(turn_of(w, i, id, 1, "", id), NONCE_FORKED); /* it is known */
		snprintf(id, sizeof(id), "%032x", i);
		assert_int_equal(turn_of(w, i, id, 1, nonce[i], nonce[i]), NONCE_GOOD);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(A43_current_and_previous_are_good_others_are_not),
		TEST(A43_clones_in_step_are_told_apart),
		TEST(F02_what_a_crash_forgets_is_forgiven_once),
		TEST(flushed_is_exact_after_a_start),
		TEST(F29_a_restored_database_forgives_once),
		TEST(many_hosts_are_flushed_in_batches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
