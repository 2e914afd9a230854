/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 against FIPS 180-4's examples, HMAC against RFC 4231. */
#include "crypto/digest.h"
#include "base/enc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void is_hex(struct sha256 d, const char *hex)
{
	char out[SHA256_HEX];
	assert_string_equal(digest_hex(&d, out), hex);
}

static void fips_examples(void **state)
{
	is_hex(digest_of(STR_LIT("")),
	       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	is_hex(digest_of((struct str) { NULL, 0 }),
	       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	is_hex(digest_of(STR_LIT("abc")),
	       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	AUTO(digest_free) struct digest *d = digest_new();
	char a[1000];
	memset(a, 'a', sizeof(a));
	for (int i = 0; i < 1000; i++)
		digest_add(d, a, sizeof(a));
	is_hex(digest_end(d), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void parts_equal_whole(void **state)
{
	char data[3000];
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 31);
	struct sha256 whole = digest_of((struct str) { data, sizeof(data) });
	for (size_t cut = 0; cut <= sizeof(data); cut += 97) {
		AUTO(digest_free) struct digest *d = digest_new();
		digest_add(d, data, cut);
		digest_add(d, data + cut, sizeof(data) - cut);
		struct sha256 parts = digest_end(d);
		assert_true(digest_eq(&whole, &parts));
	}
}

static void files(void **state)
{
	char path[] = "/tmp/test-digest-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	struct sha256 d;
	int64_t size = 0;
	struct err e = { 0 };
	assert_true(digest_file(path, &d, &size, &e));
	assert_int_equal(size, 3);
	is_hex(d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	unlink(path);
	assert_false(digest_file(path, &d, &size, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	is_hex(d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void parse(void **state)
{
	struct sha256 d, abc = digest_of(STR_LIT("abc"));
	char hex[SHA256_HEX];
	digest_hex(&abc, hex);
	assert_true(digest_parse(str_of(hex), &d));
	assert_true(digest_eq(&d, &abc));
	assert_false(digest_parse((struct str) { hex, 63 }, &d));
	assert_false(digest_parse(STR_LIT(""), &d));
	hex[5] = 'g';
	assert_false(digest_parse(str_of(hex), &d));
	assert_true(digest_eq(&d, &abc));
	d.b[31] ^= 1;
	assert_false(digest_eq(&d, &abc));
}

static void equal_bytes(void **state)
{
	assert_true(digest_equal_bytes(STR_LIT("token"), STR_LIT("token")));
	assert_false(digest_equal_bytes(STR_LIT("token"), STR_LIT("tokeN")));
	assert_false(digest_equal_bytes(STR_LIT("token"), STR_LIT("toke")));
	assert_true(digest_equal_bytes(STR_LIT(""), (struct str) { NULL, 0 }));
}

static void hmac_rfc4231(void **state)
{
	char key[131];
	memset(key, 0x0b, 20);
	is_hex(digest_hmac((struct str) { key, 20 }, STR_LIT("Hi There")),
	       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	is_hex(digest_hmac(STR_LIT("Jefe"), STR_LIT("what do ya want for nothing?")),
	       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	is_hex(digest_hmac((struct str) { key, sizeof(key) },
			   STR_LIT("Test Using Larger Than Block-Size Key - Hash Key First")),
	       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	/* An empty key is allowed (RFC 2104); the value is from an independent implementation. */
	is_hex(digest_hmac(STR_LIT(""), STR_LIT("")),
	       "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* FIPS 180-4 examples for "abc". */
static void kinds(void **state)
{
	static const struct {
		enum digest_kind kind;
		const char *name, *hex;
	} rows[] = { { DIGEST_SHA1, "SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		     { DIGEST_SHA256, "SHA-256",
		       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		     { DIGEST_SHA384, "SHA-384",
		       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		       "8086072ba1e7cc2358baeca134c825a7" },
		     { DIGEST_SHA512, "SHA-512",
		       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(digest_free) struct digest *d = digest_new_of(rows[i].kind);
		uint8_t is[DIGEST_MAX];
		char hex[2 * DIGEST_MAX + 1];
		digest_add(d, "abc", 3);
		digest_end_bytes(d, is);
		assert_string_equal(enc_hex(is, digest_len(rows[i].kind), hex), rows[i].hex);
		assert_string_equal(digest_kind_name(rows[i].kind), rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fips_examples), cmocka_unit_test(parts_equal_whole),
		cmocka_unit_test(files),	 cmocka_unit_test(parse),
		cmocka_unit_test(equal_bytes),	 cmocka_unit_test(hmac_rfc4231),
		cmocka_unit_test(kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
