/* SPDX-License-Identifier: Apache-2.0
 * proto/script.h: what was signed opens for who trusts the keys, and nothing else does (A01, A10,
 * A11, A16). */
#include "proto/script.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TEXT "#!/bin/sh\necho hello\n"

static struct sign_key *new_key(void)
{
	struct sign_key *k = NULL;
	struct err e = { 0 };
	assert_true(sign_key_new(&k, &e));
	return k;
}

static struct script_keys trust(const struct sign_key *const *keys, uint32_t n, uint32_t threshold)
{
	struct script_keys t = { .n = n, .threshold = threshold };
	for (uint32_t i = 0; i < n; i++)
		sign_key_public(keys[i], t.key[i]);
	return t;
}

static struct script sample(void)
{
	return (struct script) { .name = STR_LIT("stop-db"),
				 .platform = STR_LIT(SCRIPT_LINUX),
				 .version = 3,
				 .expires_ms = 1795941660000,
				 .text = STR_LIT(TEXT) };
}

static bool opens(struct str sealed, const struct script_keys *trusted, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct script s = { 0 };
	*e = (struct err) { 0 };
	bool ok = script_open(sealed, trusted, &a, &s, e);
	assert_true(ok || !s.name.p);
	return ok;
}

static void M_168_what_was_signed_is_read_back(void **state)
{
	AUTO(sign_key_free) struct sign_key *key = new_key();
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(arena_done) struct arena a = { 0 };
	struct script in = sample(), out;
	struct script_keys trusted = trust((const struct sign_key *const[]) { key }, 1, 1);
	struct err e = { 0 };
	assert_true(script_seal(&in, key, &sealed, &e));
	if (!script_open(buf_str(&sealed), &trusted, &a, &out, &e))
		fail_msg("%s", e.msg);
	assert_true(str_eq(out.name, in.name) && str_eq(out.text, in.text) &&
		    str_eq(out.platform, in.platform));
	assert_int_equal(out.version, 3);
	assert_int_equal(out.expires_ms, in.expires_ms);
	assert_int_equal(out.n_keys, 1);
	assert_memory_equal(out.keys[0], trusted.key[0], SIGN_PUBLIC_LEN);
}

static void A01_every_changed_byte_is_refused(void **state)
{
	unsigned opened = 0;
	AUTO(sign_key_free) struct sign_key *key = new_key();
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	struct script in = sample();
	struct script_keys trusted = trust((const struct sign_key *const[]) { key }, 1, 1);
	struct err e = { 0 };
	assert_true(script_seal(&in, key, &sealed, &e));
	for (size_t i = 0; i < sealed.n; i++) {
		char old = sealed.p[i];
		sealed.p[i] = old == 'A' ? 'B' : 'A';
		/* of hex digits and of base64's unused bits there are several forms, of what was
		 * signed there is one */
		AUTO(arena_done) struct arena a = { 0 };
		struct script s = { 0 };
		if (script_open(buf_str(&sealed), &trusted, &a, &s, &e) &&
		    (!str_eq(s.text, in.text) || !str_eq(s.name, in.name) || s.version != 3 ||
		     s.expires_ms != in.expires_ms))
			fail_msg("opened as something else with byte %zu changed", i);
		opened += s.n_keys;
		sealed.p[i] = old;
	}
	assert_true(opened < 100);
	assert_true(opens(buf_str(&sealed), &trusted, &e));
	for (size_t n = 0; n < sealed.n; n += 7)
		assert_false(opens((struct str) { sealed.p, n }, &trusted, &e));
}

/* A10: whoever has no content key - a server with all of its own - makes nothing that opens. */
static void A10_another_key_counts_for_nothing(void **state)
{
	AUTO(sign_key_free) struct sign_key *ours = new_key();
	AUTO(sign_key_free) struct sign_key *theirs = new_key();
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	struct script in = sample();
	struct script_keys trusted = trust((const struct sign_key *const[]) { ours }, 1, 1);
	struct script_keys nobody = { .threshold = 1 };
	struct err e = { 0 };
	assert_true(script_seal(&in, theirs, &sealed, &e));
	assert_false(opens(buf_str(&sealed), &trusted, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "0 of the 1"));
	assert_false(opens(buf_str(&sealed), &nobody, &e));
	assert_true(opens(buf_str(&sealed), NULL, &e)); /* whole, whoever's it is */
}

static void A11_a_threshold_counts_keys_not_signatures(void **state)
{
	AUTO(sign_key_free) struct sign_key *one = new_key();
	AUTO(sign_key_free) struct sign_key *two = new_key();
	AUTO(sign_key_free) struct sign_key *three = new_key();
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(buf_done) struct buf twice = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(buf_done) struct buf both = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(buf_done) struct buf no = BUF_INIT(SCRIPT_SEALED_MAX);
	struct script in = sample();
	struct script_keys trusted = trust((const struct sign_key *const[]) { one, two }, 2, 2);
	struct err e = { 0 };
	assert_true(script_seal(&in, one, &sealed, &e));
	assert_false(opens(buf_str(&sealed), &trusted, &e));
	assert_non_null(strstr(e.msg, "1 of the 2"));
	assert_false(script_cosign(buf_str(&sealed), one, &no, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	/* the same signature a second time */
	char *entry = strstr(sealed.p, "[{"), *last = strrchr(sealed.p, ']');
	buf_add(&twice, sealed.p, (size_t)(last - sealed.p));
	buf_addc(&twice, ',');
	buf_add(&twice, entry + 1, (size_t)(last - entry - 1));
	buf_adds(&twice, last);
	assert_true(opens(buf_str(&twice), NULL, &e));
	assert_false(opens(buf_str(&twice), &trusted, &e));
	/* a third key's counts for nothing, the second's does */
	assert_true(script_cosign(buf_str(&sealed), three, &both, &e));
	assert_false(opens(buf_str(&both), &trusted, &e));
	AUTO(buf_done) struct buf all = BUF_INIT(SCRIPT_SEALED_MAX);
	assert_true(script_cosign(buf_str(&both), two, &all, &e));
	if (!opens(buf_str(&all), &trusted, &e))
		fail_msg("%s", e.msg);
}

/* A signature of another kind of document, by the right key. */
static void A16_domains_are_apart(void **state)
{
	AUTO(sign_key_free) struct sign_key *key = new_key();
	uint8_t pub[SIGN_PUBLIC_LEN], sig[SIGN_SIGNATURE_LEN];
	struct str message = STR_LIT("{\"v\":1}");
	struct err e = { 0 };
	sign_key_public(key, pub);
	assert_true(sign_message(key, "order", message, sig, &e));
	assert_false(sign_verify(pub, SCRIPT_DOMAIN, message,
				 (struct str) { (char *)sig, sizeof(sig) }, &e));
}

static void what_may_not_be_signed(void **state)
{
	AUTO(sign_key_free) struct sign_key *key = new_key();
	AUTO(buf_done) struct buf big = BUF_INIT(SCRIPT_MAX + 100);
	static const char *const names[] = { "", "Stop", "-x", ".x", "a/b", "a b", "a\n", "../x" };
	struct err e = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(buf_done) struct buf out = BUF_INIT(SCRIPT_SEALED_MAX);
		struct script s = sample();
		s.name = str_of(names[i]);
		assert_false(script_seal(&s, key, &out, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	const struct {
		const char *platform, *text;
		int64_t version, expires_ms;
	} bad[] = {
		{ "plan9", TEXT, 1, 1 },  { "linux", "echo hello\n", 1, 1 },
		{ "linux", "", 1, 1 },	  { "linux", TEXT, 0, 1 },
		{ "linux", TEXT, 1, 0 },  { "linux", "#!/bin/sh\n\xff\n", 1, 1 },
		{ "linux", TEXT, -1, 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf out = BUF_INIT(SCRIPT_SEALED_MAX);
		struct script s = { STR_LIT("a"), str_of(bad[i].platform), bad[i].version,
				    bad[i].expires_ms, str_of(bad[i].text) };
		assert_false(script_seal(&s, key, &out, &e));
	}
	buf_adds(&big, "#!/bin/sh\n");
	while (big.n <= SCRIPT_MAX)
		buf_addc(&big, '#');
	struct script s = sample();
	AUTO(buf_done) struct buf out = BUF_INIT(SCRIPT_SEALED_MAX);
	s.text = buf_str(&big);
	assert_false(script_seal(&s, key, &out, &e));
	s.text.n = SCRIPT_MAX; /* the largest fits */
	assert_true(script_seal(&s, key, &out, &e));
	assert_true(opens(buf_str(&out), NULL, &e));
}

static void lists_of_keys(void **state)
{
	static const char a[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const char b[] = "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct script_keys k = { 0 };
	struct err e = { 0 };
	AUTO(xfree) char *two = xasprintf(" %s,\t%s ", a, b), *same = xasprintf("%s %s", a, a);
	assert_true(script_keys_read(str_of(""), &k, &e));
	assert_int_equal(k.n, 0);
	assert_true(script_keys_read(str_of(two), &k, &e));
	assert_int_equal(k.n, 2);
	assert_int_equal(k.key[1][0], 0x11);
	assert_false(script_keys_read(str_of(same), &k, &e));
	assert_non_null(strstr(e.msg, "twice"));
	assert_false(script_keys_read(str_of("abc"), &k, &e));
	AUTO(buf_done) struct buf many = BUF_INIT(4000);
	for (int i = 0; i < 9; i++)
		buf_printf(&many, "%02x%s ", i, a + 2);
	assert_false(script_keys_read(buf_str(&many), &k, &e));
	assert_int_equal(k.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_168_what_was_signed_is_read_back),
		cmocka_unit_test(A01_every_changed_byte_is_refused),
		cmocka_unit_test(A10_another_key_counts_for_nothing),
		cmocka_unit_test(A11_a_threshold_counts_keys_not_signatures),
		cmocka_unit_test(A16_domains_are_apart),
		cmocka_unit_test(what_may_not_be_signed),
		cmocka_unit_test(lists_of_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
