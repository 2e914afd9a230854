/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 against RFC 8032 section 7.1; domains kept apart; malleable and damaged signatures
 * refused. */
#include "base/enc.h"
#include "crypto/sign_int.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Secret key, public key, message, signature: tests 1, 2, 3 and "SHA(abc)" of section 7.1. */
static const struct {
	const char *secret, *public, *message, *signature;
} vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
	  "701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
	  "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
	  "60984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c"
	  "23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7"
	  "c66431e0303dca179c138ac17ad9bef1177331a704" },
};

/* A seed as PKCS#8 PEM (RFC 8410 section 7). */
static void seed_pem(const uint8_t seed[32], struct buf *pem)
{
	static const char head[] =
		"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
	AUTO(buf_done) struct buf der = BUF_INIT(64);
	AUTO(buf_done) struct buf b64 = BUF_INIT(128);
	buf_add(&der, head, sizeof(head) - 1);
	buf_add(&der, seed, 32);
	enc_base64url(&b64, der.p, der.n);
	for (size_t i = 0; i < b64.n; i++)
		b64.p[i] = b64.p[i] == '-' ? '+' : b64.p[i] == '_' ? '/' : b64.p[i];
	buf_printf(pem, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", b64.p);
}

static void rfc8032_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint8_t secret[32], public[32], message[64], want[64], got[64];
		size_t n = strlen(vectors[i].message) / 2;
		struct err e = { 0 };
		assert_true(enc_unhex(str_of(vectors[i].secret), secret, 32));
		assert_true(enc_unhex(str_of(vectors[i].public), public, 32));
		assert_true(enc_unhex(str_of(vectors[i].message), message, n));
		assert_true(enc_unhex(str_of(vectors[i].signature), want, 64));
		AUTO(buf_done) struct buf pem = BUF_INIT(1000);
		AUTO(sign_key_free) struct sign_key *k = NULL;
		seed_pem(secret, &pem);
		if (!sign_key_load(buf_str(&pem), &k, &e))
			fail_msg("%s", e.msg);
		uint8_t pub[SIGN_PUBLIC_LEN];
		sign_key_public(k, pub);
		assert_memory_equal(pub, public, 32);
		struct str m = { (char *)message, n };
		assert_true(sign_raw(k, m, got, &e));
		assert_memory_equal(got, want, 64);
		assert_true(sign_raw_verify(public, m, (struct str) { (char *)want, 64 }, &e));
	}
}

static struct sign_key *new_key(uint8_t pub[32])
{
	struct sign_key *k = NULL;
	struct err e = { 0 };
	assert_true(sign_key_new(&k, &e));
	sign_key_public(k, pub);
	return k;
}

static void domains_are_apart(void **state)
{
	uint8_t pub[32], sig[64], other[32];
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *k = new_key(pub);
	AUTO(sign_key_free) struct sign_key *k2 = new_key(other);
	struct str m = STR_LIT("install 42"), s = { (char *)sig, 64 };
	assert_true(sign_message(k, "order", m, sig, &e));
	assert_true(sign_verify(pub, "order", m, s, &e));
	assert_false(sign_verify(pub, "orders", m, s, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_false(sign_verify(pub, "audit", m, s, &e));
	assert_false(sign_verify(other, "order", m, s, &e));
	assert_false(sign_verify(pub, "order", STR_LIT("install 43"), s, &e));
	assert_false(sign_verify(pub, "order", STR_LIT(""), s, &e));
	/* The domain line cannot be moved into the message. */
	assert_false(sign_raw_verify(pub, m, s, &e));
	assert_true(sign_raw_verify(pub, STR_LIT("tsukuroi order v1\ninstall 42"), s, &e));
	assert_true(sign_message(k, "order", STR_LIT(""), sig, &e));
	assert_true(sign_verify(pub, "order", STR_LIT(""), s, &e));
}

static void damaged_signatures(void **state)
{
	uint8_t pub[32], sig[65] = { 0 };
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *k = new_key(pub);
	struct str m = STR_LIT("message");
	assert_true(sign_message(k, "order", m, sig, &e));
	for (size_t bit = 0; bit < 512; bit++) {
		sig[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		assert_false(sign_verify(pub, "order", m, (struct str) { (char *)sig, 64 }, &e));
		sig[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	for (size_t n = 0; n <= 65; n++)
		assert_int_equal(sign_verify(pub, "order", m, (struct str) { (char *)sig, n }, &e),
				 n == 64);
}

/* S + L verifies the same equation: RFC 8032 section 5.1.7 wants it refused. */
static void malleable_signature(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
					   0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
					   0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	uint8_t pub[32], sig[64];
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *k = new_key(pub);
	assert_true(sign_message(k, "order", STR_LIT("m"), sig, &e));
	unsigned carry = 0;
	for (int i = 0; i < 32; i++) {
		carry += sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(sign_verify(pub, "order", STR_LIT("m"), (struct str) { (char *)sig, 64 }, &e));
}

static void save_and_load(void **state)
{
	uint8_t pub[32], again[32], sig[64];
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *k = new_key(pub);
	AUTO(sign_key_free) struct sign_key *copy = NULL;
	AUTO(buf_done) struct buf pem = BUF_INIT(4096);
	assert_true(sign_key_save(k, &pem, &e));
	assert_true(str_starts(buf_str(&pem), "-----BEGIN PRIVATE KEY-----"));
	assert_true(sign_key_load(buf_str(&pem), &copy, &e));
	sign_key_public(copy, again);
	assert_memory_equal(pub, again, 32);
	assert_true(sign_message(copy, "order", STR_LIT("m"), sig, &e));
	assert_true(sign_verify(pub, "order", STR_LIT("m"), (struct str) { (char *)sig, 64 }, &e));
}

static void foreign_keys_refused(void **state)
{
	struct sign_key *k = NULL;
	struct err e = { 0 };
	static const char p256[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n"
		"OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n"
		"1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n"
		"-----END PRIVATE KEY-----\n";
	assert_false(sign_key_load(STR_LIT(p256), &k, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.msg, "signing key is not an Ed25519 key");
	assert_false(sign_key_load(STR_LIT(""), &k, &e));
	assert_false(sign_key_load(STR_LIT("-----BEGIN PRIVATE KEY-----\nAAAA\n"), &k, &e));
	assert_null(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8032_vectors),    cmocka_unit_test(domains_are_apart),
		cmocka_unit_test(damaged_signatures), cmocka_unit_test(malleable_signature),
		cmocka_unit_test(save_and_load),      cmocka_unit_test(foreign_keys_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
