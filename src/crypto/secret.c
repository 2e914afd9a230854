/* SPDX-License-Identifier: Apache-2.0
 * Sealed secrets. The form: "sealed:1:" and URL-safe base64 of a random nonce of 24 bytes, then the
 * sealed bytes with their tag; the purpose is authenticated, not stored. */
#include "crypto/secret.h"

#include "base/enc.h"
#include "base/random.h"

#include <sodium.h>

#define PREFIX "sealed:1:"
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(sizeof(((struct secret_key *)0)->b) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	       "key fits");

void secret_key_derive(struct str from, const char *purpose, struct secret_key *out)
{
	size_t n = strlen(purpose);
	ASSERT(sodium_init() >= 0);
	ASSERT(n > 0 && n <= crypto_generichash_KEYBYTES_MAX);
	unsigned char salt[crypto_generichash_KEYBYTES_MAX] = { 0 };
	memcpy(salt, purpose, n);
	ASSERT(crypto_generichash(out->b, sizeof(out->b), (const unsigned char *)from.p, from.n,
				  salt, sizeof(salt)) == 0);
}

void secret_key_forget(struct secret_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

bool secret_is_sealed(struct str s)
{
	return str_starts(s, PREFIX);
}

void secret_seal(const struct secret_key *k, const char *purpose, struct str plain, struct buf *out)
{
	unsigned long long n;
	ASSERT(sodium_init() >= 0);
	unsigned char *raw = xcalloc(1, NONCE + plain.n + TAG);
	random_bytes(raw, NONCE);
	ASSERT(crypto_aead_xchacha20poly1305_ietf_encrypt(
		       raw + NONCE, &n, (const unsigned char *)plain.p, plain.n,
		       (const unsigned char *)purpose, strlen(purpose), NULL, raw, k->b) == 0);
	buf_adds(out, PREFIX);
	enc_base64url(out, raw, NONCE + (size_t)n);
	xfree(raw);
}

bool secret_open(const struct secret_key *k, const char *purpose, struct str sealed,
		 struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(sealed.n + 1);
	unsigned long long n;
	ASSERT(sodium_init() >= 0);
	struct str text = sealed;
	if (secret_is_sealed(sealed))
		text = (struct str) { sealed.p + strlen(PREFIX), sealed.n - strlen(PREFIX) };
	if (text.n == sealed.n || !enc_unbase64url(text, &raw) || raw.n < NONCE + TAG)
		return err_set(e, ERR_CORRUPT, "what is kept of '%s' is not a sealed secret",
			       purpose);
	size_t length = raw.n - NONCE - TAG;
	unsigned char *plain = xcalloc(1, length + 1);
	const unsigned char *at = (const unsigned char *)raw.p;
	bool good = crypto_aead_xchacha20poly1305_ietf_decrypt(
			    plain, &n, NULL, at + NONCE, raw.n - NONCE,
			    (const unsigned char *)purpose, strlen(purpose), at, k->b) == 0;
	if (good)
		buf_add(out, plain, (size_t)n);
	sodium_memzero(plain, length + 1);
	xfree(plain);
	return good ||
	       err_set(e, ERR_UNTRUSTED,
		       "what is kept of '%s' was sealed with another key; enter it again", purpose);
}
