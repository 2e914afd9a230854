/* SPDX-License-Identifier: Apache-2.0
 * Telling clones apart (A43): each check-in echoes the nonce of the last reply. Two holders of one
 * key diverge at the second check-in, because only one of them got the newest nonce. */
#ifndef API_AGENT_NONCE_H
#define API_AGENT_NONCE_H
#include "sql/sql.h"

#define NONCE_LEN 33 /**< 32 hex digits and NUL */

enum nonce_verdict {
	NONCE_GOOD,   /**< the current one, or the one before it (the last reply was lost) */
	NONCE_FORKED, /**< neither: somebody else has the same key */
};
/** Judges `given` ("" = none yet) and, when it is good, makes `next_out` the current one; durable
 * on return. A row of a lower epoch (the server was restored) is forgiven once. */
bool agent_nonce_turn(struct sql *db, const char *host, uint64_t epoch, const char *given,
		      int64_t now_ms, char next_out[static NONCE_LEN], enum nonce_verdict *out,
		      struct err *e) MUST_CHECK;
#endif
