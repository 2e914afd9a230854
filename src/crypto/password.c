/* SPDX-License-Identifier: Apache-2.0
 * Argon2id through libsodium. Invariant: at most PARALLEL computations run at once, so guesses from
 * outside take at most PARALLEL * 64 MiB however many requests come; the others wait their turn. */
#include "crypto/password.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>

#define OPS 2
#define MEMORY ((size_t)64 << 20)
#define PARALLEL 4
#define PASSWORD_MAX 1024

_Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_argon2id_STRBYTES, "hash fits");

/* Hash of a random value nobody kept, made at the first use: what an absent account is compared
 * with. */
static char nobody[PASSWORD_HASH_MAX];
static sem_t turn;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
	unsigned char secret[32];
	ASSERT(sodium_init() >= 0);
	ASSERT(sem_init(&turn, 0, PARALLEL) == 0);
	randombytes_buf(secret, sizeof(secret));
	ASSERT(crypto_pwhash_argon2id_str(nobody, (const char *)secret, sizeof(secret), OPS,
					  MEMORY) == 0);
	sodium_memzero(secret, sizeof(secret));
}

static void enter(void)
{
	pthread_once(&once, start);
	while (sem_wait(&turn) != 0)
		ASSERT(errno == EINTR);
}

bool password_hash(struct str password, char out[static PASSWORD_HASH_MAX], struct err *e)
{
	if (password.n == 0 || password.n > PASSWORD_MAX)
		return err_set(e, ERR_INVALID, "password must have 1 to %d bytes", PASSWORD_MAX);
	char hash[PASSWORD_HASH_MAX] = "";
	enter();
	int rc = crypto_pwhash_argon2id_str(hash, password.p, password.n, OPS, MEMORY);
	sem_post(&turn);
	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, "no memory to hash a password; try again");
	memcpy(out, hash, sizeof(hash));
	return true;
}

bool password_matches(const char *hash, struct str password)
{
	/* Too long cannot match, but costs the same. */
	bool possible = password.n > 0 && password.n <= PASSWORD_MAX;
	struct str guess = possible ? password : STR_LIT("-");
	enter();
	bool usable = hash && crypto_pwhash_argon2id_str_needs_rehash(hash, OPS, MEMORY) >= 0;
	bool same = crypto_pwhash_argon2id_str_verify(usable ? hash : nobody, guess.p, guess.n) ==
		    0;
	sem_post(&turn);
	return usable && possible && same;
}
