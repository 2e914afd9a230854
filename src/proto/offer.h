/* SPDX-License-Identifier: Apache-2.0
 * What makes an order one that is published to a machine's users (M-143, M-144): nothing of it is
 * installed until one of them asks for it, or its deadline has come. Signed with the order, so the
 * machine needs no server to obey it. Its texts end up on terminals: whatever could steer one is
 * refused. */
#ifndef PROTO_OFFER_H
#define PROTO_OFFER_H
#include "base/arena.h"
#include "format/json.h"

#define OFFER_NAME_MAX 100 /**< characters, from 1 */
#define OFFER_DESCRIPTION_MAX 1000

struct offer {
	struct str name, description; /**< as notice_is_text(); NUL-terminated */
	/** From then on it is carried out unasked, as its windows and notification say; 0 = never.
	 */
	int64_t deadline_ms;
};
/** {"name", "description", "deadline": RFC 3339 or null}. */
json_t *offer_write(const struct offer *o);
/** Strict; ERR_INVALID names the member. */
bool offer_read(const json_t *j, struct arena *a, struct offer *out, struct err *e) MUST_CHECK;
/** Whether its users are still waited for. */
static inline bool offer_waits(const struct offer *o, int64_t now_ms)
{
	return !o->deadline_ms || now_ms < o->deadline_ms;
}
#endif
