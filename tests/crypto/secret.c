/* SPDX-License-Identifier: Apache-2.0
 * Sealed secrets open with their key and purpose only, and show nothing (A38). */
#include "crypto/secret.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct secret_key key_of(const char *from, const char *purpose)
{
	struct secret_key k;
	secret_key_derive(str_of(from), purpose, &k);
	return k;
}

static void test_round_trip(void **state UNUSED)
{
	struct secret_key k = key_of("master", "settings");
	static const char *const texts[] = { "", "x", "correct horse battery staple",
					     "パスワード" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(buf_done) struct buf sealed = BUF_INIT(4096);
		AUTO(buf_done) struct buf again = BUF_INIT(4096);
		AUTO(buf_done) struct buf open = BUF_INIT(4096);
		struct err e = { 0 };
		secret_seal(&k, "mail.secret", str_of(texts[i]), &sealed);
		secret_seal(&k, "mail.secret", str_of(texts[i]), &again);
		assert_true(secret_is_sealed(buf_str(&sealed)));
		assert_false(str_eq(buf_str(&sealed), buf_str(&again))); /* a nonce each */
		if (strlen(texts[i]) > 8)
			assert_null(strstr(sealed.p, texts[i]));
		assert_true(secret_open(&k, "mail.secret", buf_str(&sealed), &open, &e));
		assert_true(str_is(buf_str(&open), texts[i]));
	}
}

static void refused(const struct secret_key *k, const char *purpose, struct str sealed,
		    enum err_code want)
{
	AUTO(buf_done) struct buf open = BUF_INIT(4096);
	struct err e = { 0 };
	assert_false(secret_open(k, purpose, sealed, &open, &e));
	assert_int_equal(e.code, want);
	assert_int_equal(open.n, 0);
}

static void test_wrong(void **state UNUSED)
{
	struct secret_key k = key_of("master", "settings");
	struct secret_key other = key_of("another", "settings"), place = key_of("master", "other");
	AUTO(buf_done) struct buf sealed = BUF_INIT(4096);
	secret_seal(&k, "mail.secret", STR_LIT("secret"), &sealed);
	refused(&other, "mail.secret", buf_str(&sealed), ERR_UNTRUSTED);
	refused(&place, "mail.secret", buf_str(&sealed), ERR_UNTRUSTED);
	refused(&k, "notify.url", buf_str(&sealed), ERR_UNTRUSTED);
	refused(&k, "mail.secret", STR_LIT("secret"), ERR_CORRUPT);
	refused(&k, "mail.secret", STR_LIT("sealed:1:"), ERR_CORRUPT);
	refused(&k, "mail.secret", STR_LIT("sealed:1:!!!!"), ERR_CORRUPT);
	for (size_t i = strlen("sealed:1:"); i < sealed.n; i++) {
		char was = sealed.p[i];
		sealed.p[i] = was == 'A' ? 'B' : 'A';
		struct err e = { 0 };
		AUTO(buf_done) struct buf open = BUF_INIT(4096);
		assert_false(secret_open(&k, "mail.secret", buf_str(&sealed), &open, &e));
		sealed.p[i] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
