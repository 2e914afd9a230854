/* SPDX-License-Identifier: Apache-2.0
 * Syncing a suite from a mirror made of the real archive, with every answer replaced in turn: what
 * is not signed, not current, not whole or not asked for never becomes records (A15, A16, F37,
 * F39). */
#include "feeds/debian/debian.h"
#include "../samples.h"

static struct err e;
static const char *keyrings[2];
static struct store *store;
static char dir[64];

static bool sync_with(struct mirror *m, const struct debian_suite *s, int64_t now_ms,
		      struct generation_result *out)
{
	struct feed_env env = { .fetch = { mirror_get, m }, .now_ms = now_ms, .store = store };
	return debian_sync_suite(s, &env, out, &e);
}

static struct debian_suite suite(struct mirror *m)
{
	static char root[500], ring[500];
	snprintf(root, sizeof(root), "%s", sample("archive"));
	snprintf(ring, sizeof(ring), "%s", sample("keys/debian-archive-keyring.gpg"));
	keyrings[0] = ring;
	m->root = root;
	return sample_suite(keyrings);
}

static void refused(struct mirror *m, const struct debian_suite *s, int64_t now_ms,
		    enum err_code code, const char *says)
{
	struct generation_result r = { 0 };
	bool good = sync_with(m, s, now_ms, &r);
	generation_result_done(&r);
	assert_false(good);
	if (e.code != code || !strstr(e.msg, says))
		fail_msg("code %s, text '%s', wanted '%s'", err_code_name(e.code), e.msg, says);
	assert_null(r.sink);
}

static void good_suite_becomes_records(void **state)
{
	struct mirror m = { .has_by_hash = true };
	struct debian_suite s = suite(&m);
	AUTO(generation_result_done) struct generation_result r = { 0 };
	if (!sync_with(&m, &s, SAMPLE_NOW, &r))
		fail_msg("%s", e.msg);
	assert_int_equal(r.offers, 3016);
	assert_int_equal(r.generation.feed.rows, 3016);
	assert_true(r.generation.feed.is_signed);
	assert_non_null(strstr(r.generation.feed.signer.p, "Debian"));
	assert_string_equal(r.etag, "\"e1\"");
	assert_true(r.valid_until_ms > r.generation.feed.released_ms);
	assert_int_equal(m.by_hash, 1);
	assert_int_equal(m.requests, 2);
	struct catalog *c;
	assert_true(catalog_build(&r.generation, 1, &c, &e));
	assert_int_equal(c->n_archives, 1);
	assert_string_equal(c->archives[0].id.p, "mirror_security");
	assert_string_equal(c->archives[0].suite.p, "bookworm-security");
	assert_string_equal(c->archives[0].os.p, "debian:12");
	assert_int_equal(c->archives[0].files, 2);
	assert_string_equal(c->archive_files[0].path.p, "dists/bookworm-security/InRelease");
	assert_string_equal(c->archive_files[1].path.p,
			    "dists/bookworm-security/main/binary-amd64/Packages.xz");
	assert_int_equal(c->patches[0].type, PATCH_TYPE_SECURITY);
	if (store) { /* handed on byte for byte */
		AUTO(buf_done) struct buf kept = BUF_INIT(1u << 20), had = BUF_INIT(1u << 20);
		assert_true(store_read(store, &c->archive_files[0].sha256, &kept, &e));
		assert_true(file_read(sample("archive/bookworm-security/InRelease"), &had, &e));
		assert_true(str_eq(buf_str(&kept), buf_str(&had)));
	}
	catalog_unref(c);
}

static void second_sync_takes_nothing_twice(void **state)
{
	struct mirror m = { .has_by_hash = true };
	struct debian_suite s = suite(&m);
	struct generation_result r = { 0 };
	assert_true(sync_with(&m, &s, SAMPLE_NOW, &r));
	struct sha256 first = r.generation.feed.digest;
	generation_result_done(&r);
	m.requests = 0;
	assert_true(sync_with(&m, &s, SAMPLE_NOW, &r));
	assert_int_equal(m.requests, store ? 1 : 2);
	assert_true(digest_eq(&first, &r.generation.feed.digest));
	generation_result_done(&r);
	s.last.etag = "\"e1\"";
	assert_true(sync_with(&m, &s, SAMPLE_NOW, &r));
	assert_true(r.unchanged);
	assert_null(r.sink);
	generation_result_done(&r);
}

static void not_modified_for_ever_is_noticed_F39(void **state)
{
	struct mirror m = { 0 };
	struct debian_suite s = suite(&m);
	s.last = (struct feed_last) { .etag = "\"e1\"",
				      .released_ms = 1,
				      .valid_until_ms = SAMPLE_NOW - 1 };
	refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "expired");
}

static void without_by_hash_the_plain_name_is_taken(void **state)
{
	struct mirror m = { .has_by_hash = false };
	struct debian_suite s = suite(&m);
	struct generation_result r = { 0 };
	struct store *keep = store;
	store = NULL;
	assert_true(sync_with(&m, &s, SAMPLE_NOW, &r));
	assert_int_equal(r.offers, 3016);
	assert_int_equal(m.requests, 3);
	generation_result_done(&r);
	store = keep;
}

static void unsigned_text_never_reaches_records_A15(void **state)
{
	static const char *const bad[] = { "no-signature", "tampered-hash", "truncated-signature" };
	static const char *const good[] = { "good", "prefixed-unsigned", "suffixed-unsigned",
					    "crlf" };
	struct mirror m = { .n = 1 };
	struct debian_suite s = suite(&m);
	char name[100], path[500];
	struct replaced r = { .url_end = "InRelease", .file = path };
	m.replaced = &r;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(name, sizeof(name), "signature-cases/%s.InRelease", bad[i]);
		snprintf(path, sizeof(path), "%s", sample(name));
		refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "InRelease");
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(generation_result_done) struct generation_result got = { 0 };
		snprintf(name, sizeof(name), "signature-cases/%s.InRelease", good[i]);
		snprintf(path, sizeof(path), "%s", sample(name));
		if (!sync_with(&m, &s, SAMPLE_NOW, &got))
			fail_msg("%s: %s", name, e.msg);
		assert_int_equal(got.offers, 3016);
	}
	static char removed[500];
	snprintf(removed, sizeof(removed), "%s", sample("keys/debian-archive-removed-keys.gpg"));
	keyrings[0] = removed;
	r.url_end = "nothing";
	refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "InRelease");
}

static void stale_and_foreign_suites_are_refused(void **state)
{
	struct mirror m = { 0 };
	struct debian_suite s = suite(&m);
	refused(&m, &s, SAMPLE_NOW + 30 * SAMPLE_DAY, ERR_UNTRUSTED, "Valid-Until");
	refused(&m, &s, SAMPLE_NOW - 30 * SAMPLE_DAY, ERR_UNTRUSTED, "future");
	s.last.released_ms = SAMPLE_NOW;
	refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "Date went back");
	s.last.released_ms = 0;
	s.suite = "trixie-security";
	refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "trixie-security");
	s = suite(&m);
	static const char *const contrib[] = { "nothing-such", NULL }, *const arch[] = { "vax",
											 NULL };
	s.components = contrib;
	refused(&m, &s, SAMPLE_NOW, ERR_NOT_FOUND, "nothing-such");
	s = suite(&m);
	s.architectures = arch;
	refused(&m, &s, SAMPLE_NOW, ERR_NOT_FOUND, "vax");
}

static void broken_indices_are_refused_F37(void **state)
{
	struct replaced r = { .url_end = "Packages.xz", .cut = 1000 };
	struct mirror m = { .replaced = &r, .n = 1 };
	struct debian_suite s = suite(&m);
	struct store *keep = store;
	char fresh[] = "/tmp/test-feeds-XXXXXX";
	assert_non_null(mkdtemp(fresh));
	assert_true(store_open(fresh, &store, &e));
	for (int with_store = 1; with_store >= 0; with_store--) {
		r = (struct replaced) { .url_end = "Packages.xz", .cut = 1000 };
		refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "truncated");
		r = (struct replaced) { .url_end = "Packages.xz", .flip = 5000 };
		refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "SHA-256");
		r = (struct replaced) { .url_end = "Packages.xz", .more = true };
		refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "larger");
		r = (struct replaced) { .url_end = "Packages.xz", .status = 404 };
		refused(&m, &s, SAMPLE_NOW, ERR_NOT_FOUND, "not there");
		r = (struct replaced) { .url_end = "Packages.xz", .dead = true };
		refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "reached");
		if (with_store) {
			store_close(store);
			store = NULL;
			assert_true(file_remove_tree(fresh, &e));
		}
	}
	store = keep;
}

static void bad_answers_name_cause_and_remedy_F39(void **state)
{
	struct replaced r = { .url_end = "InRelease",
			      .text = "<!DOCTYPE html><html>Please log in</html>" };
	struct mirror m = { .replaced = &r, .n = 1 };
	struct debian_suite s = suite(&m);
	refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "captive portal");
	r = (struct replaced) { .url_end = "InRelease", .text = "hello" };
	m.content_type = "text/html; charset=utf-8";
	refused(&m, &s, SAMPLE_NOW, ERR_UNTRUSTED, "captive portal");
	m.content_type = NULL;
	r = (struct replaced) { .url_end = "InRelease", .status = 404 };
	refused(&m, &s, SAMPLE_NOW, ERR_NOT_FOUND, "check address");
	r.status = 403;
	refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "403");
	r.status = 503;
	refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "503");
	r.status = 302;
	refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "redirected");
	r.status = 304; /* without having asked conditionally */
	refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "304");
	r = (struct replaced) { .url_end = "InRelease", .dead = true };
	refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "reached");
	keyrings[0] = "/nonexistent/keyring.gpg";
	r = (struct replaced) { .url_end = "nothing" };
	refused(&m, &s, SAMPLE_NOW, ERR_UNAVAILABLE, "keyring");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(good_suite_becomes_records),
	cmocka_unit_test(second_sync_takes_nothing_twice),
	cmocka_unit_test(not_modified_for_ever_is_noticed_F39),
	cmocka_unit_test(without_by_hash_the_plain_name_is_taken),
	cmocka_unit_test(unsigned_text_never_reaches_records_A15),
	cmocka_unit_test(stale_and_foreign_suites_are_refused),
	cmocka_unit_test(broken_indices_are_refused_F37),
	cmocka_unit_test(bad_answers_name_cause_and_remedy_F39),
};

static int open_store(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/test-feeds-XXXXXX");
	return mkdtemp(dir) && store_open(dir, &store, &e) ? 0 : 1;
}

static int close_store(void **state)
{
	store_close(store);
	store = NULL;
	return file_remove_tree(dir, &e) ? 0 : 1;
}

int main(void)
{
	return cmocka_run_group_tests_name("with store", tests, open_store, close_store) +
	       cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
}
