/* SPDX-License-Identifier: Apache-2.0
 * Sessions in memory, by the hash of their cookie, so that a request costs no database read. An
 * entry is re-read from the database after 30 s (other servers on the same database may have ended
 * it). */
#ifndef AUTH_SESSION_CACHE_H
#define AUTH_SESSION_CACHE_H
#include "auth/auth.h"
#include "crypto/digest.h"

struct session {
	struct sha256 cookie; /**< hash of the cookie */
	struct principal who;
	int64_t created_ms, used_ms;
	int64_t flushed_ms; /**< used_ms as the database has it */
	int64_t read_ms;    /**< when it was read from the database */
};

struct session_cache;
struct session_cache *session_cache_new(void);
void session_cache_free(struct session_cache *k);
/** A copy of the entry, its used_ms set to `now_ms` in the cache. False when there is none or it
 * was read more than 30 s ago. */
bool session_cache_get(struct session_cache *k, const struct sha256 *cookie, int64_t now_ms,
		       struct session *out);
/** Take this before reading the database ... */
uint64_t session_cache_generation(struct session_cache *k);
/** ... and hand it in here: an entry read before something was dropped is not kept. */
void session_cache_put(struct session_cache *k, uint64_t generation, const struct session *s);
void session_cache_flushed(struct session_cache *k, const struct sha256 *cookie, int64_t used_ms);
void session_cache_drop(struct session_cache *k, const struct sha256 *cookie);
/** Drops all. */
void session_cache_clear(struct session_cache *k);
void session_cache_drop_user(struct session_cache *k, const char *user_id);
#endif
