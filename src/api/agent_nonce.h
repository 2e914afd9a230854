/* SPDX-License-Identifier: Apache-2.0
 * Telling clones apart (A43): each check-in echoes the nonce of the last reply. Two holders of one
 * key diverge at the second check-in, because only one of them got the newest nonce.
 *
 * The state is in memory and written in batches (nonces_flush), so that a check-in waits for no
 * disk. What a crash forgets is forgiven by the nonce itself: it carries a count and a MAC of this
 * server, so a host's first check-in after a start may be ahead of the database, never behind it.
 * Where several servers share one database, each turn is a transaction instead. */
#ifndef API_AGENT_NONCE_H
#define API_AGENT_NONCE_H
#include "sql/sql.h"

#define NONCE_LEN 33 /**< 32 hex digits and NUL */

enum nonce_verdict {
	NONCE_GOOD,   /**< the current one, or the one before it (the last reply was lost) */
	NONCE_FORKED, /**< neither: somebody else has the same key */
};
struct nonces;
/** `key` signs the nonces: 32 bytes, the same at every start. */
struct nonces *nonces_new(struct sql *db, const uint8_t key[static 32]);
/** Does not flush. */
void nonces_free(struct nonces *n);
/** Judges `given` ("" = none yet) and, when it is good, makes `next_out` the current one of host
 * number `no`, whose id is `host`. A state of a lower epoch (the server was restored) is forgiven
 * once. */
bool nonces_turn(struct nonces *n, uint32_t no, const char *host, uint64_t epoch, const char *given,
		 int64_t now_ms, char next_out[static NONCE_LEN], enum nonce_verdict *out,
		 struct err *e) MUST_CHECK;
/** Writes what has changed, some hundred hosts a transaction. What could not be written waits for
 * the next flush. */
bool nonces_flush(struct nonces *n, int64_t now_ms, struct err *e) MUST_CHECK;
#endif
