/* SPDX-License-Identifier: Apache-2.0
 * Syncs with their bookkeeping on a real database: the last good generation survives every failure
 * and the state says what went wrong (F38, F39). */
#include "feeds/debian/debian.h"
#include "samples.h"

static struct err e;

static void error_is(const char *says)
{
	struct feed_state *l;
	size_t n;
	assert_true(feed_state_list(sample_db, &l, &n, &e));
	assert_int_equal(n, 1);
	if (!says)
		assert_null(l[0].error);
	else if (!l[0].error || !strstr(l[0].error, says))
		fail_msg("error is '%s'", l[0].error ? l[0].error : "(none)");
	feed_state_list_free(l, n);
}

/* What is kept to be translated, on a database opened anew as by a server that starts. */
static void trouble_is(const char *code, const char *subject)
{
	struct feed_state *l;
	size_t n;
	sample_db_reopen();
	assert_true(feed_state_list(sample_db, &l, &n, &e));
	assert_int_equal(n, 1);
	if (code) {
		assert_string_equal(l[0].error_code, code);
		assert_string_equal(l[0].error_subject, subject);
	} else {
		assert_null(l[0].error_code);
		assert_null(l[0].error_subject);
	}
	feed_state_list_free(l, n);
}

static void last_good_generation_survives(void **state)
{
	static char root[500], ring[500];
	snprintf(root, sizeof(root), "%s", sample("archive"));
	snprintf(ring, sizeof(ring), "%s", sample("keys/debian-archive-keyring.gpg"));
	const char *const keyrings[] = { ring, NULL };
	struct replaced r = { .url_end = "nothing" };
	struct mirror m = { .replaced = &r, .n = 1, .root = root, .has_by_hash = true };
	struct feed_spec s = sample_spec(keyrings);
	const struct feed_kind *k = feed_kind_find(STR_LIT("debian"));
	struct feed_env env = { .fetch = { mirror_get, &m }, .now_ms = SAMPLE_NOW };
	bool changed = false;
	r = (struct replaced) { .url_end = "InRelease", .dead = true };
	assert_false(feed_run(k, &s, NULL, &env, sample_db, false, &changed, &e));
	error_is("cannot be reached");
	trouble_is("unavailable", "mirror");
	assert_int_equal(sample_db_patches(), 0);
	r.url_end = "nothing";
	if (!feed_run(k, &s, NULL, &env, sample_db, false, &changed, &e))
		fail_msg("%s", e.msg);
	assert_true(changed);
	error_is(NULL);
	trouble_is(NULL, NULL);
	uint32_t n = sample_db_patches();
	assert_true(n > 300);
	m.requests = 0;
	assert_true(feed_run(k, &s, NULL, &env, sample_db, false, &changed, &e));
	assert_false(changed); /* 304 */
	assert_int_equal(m.requests, 1);
	r = (struct replaced) { .url_end = "InRelease", .text = "<html>" };
	env.now_ms += 1000;
	m.requests = 0;
	/* The mirror ignores the condition: a portal always says 200. */
	s.url = "http://mirror/elsewhere";
	assert_false(feed_run(k, &s, NULL, &env, sample_db, false, &changed, &e));
	error_is("captive portal");
	trouble_is("untrusted", "http://mirror/bookworm-security/InRelease");
	assert_int_equal(sample_db_patches(), n);
	struct feed_state *l;
	size_t n_l;
	assert_true(feed_state_list(sample_db, &l, &n_l, &e));
	assert_int_equal(l[0].last_attempt_ms, SAMPLE_NOW + 1000);
	assert_int_equal(l[0].last_success_ms, SAMPLE_NOW);
	assert_int_equal(l[0].generation, 1);
	assert_int_equal(l[0].rows, 3016);
	assert_true(l[0].is_signed);
	feed_state_list_free(l, n_l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(last_good_generation_survives) };
	return cmocka_run_group_tests(tests, sample_db_open, sample_db_close);
}
