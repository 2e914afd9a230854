/* SPDX-License-Identifier: Apache-2.0
 * What POST /systems/{id}:<verb> and /systems:<verb> have in common when the verb is carried out by
 * a deployment of its own: which systems, the idempotency key, the answer. */
#ifndef API_SYSTEM_ORDER_H
#define API_SYSTEM_ORDER_H
#include "api/call.h"

struct system_order {
	json_t *body;
	const char *const *systems; /**< ids, in the call's arena */
	size_t n_systems;
	const char *policy; /**< `policy` of the body; POLICY_ANYTIME without */
	bool replayed;	    /**< answered already: nothing is left to do */
};
void system_order_done(struct system_order *o);
AUTO_DEFINE_VALUE(struct system_order, system_order_done)

/** Of the system in the path. `known`: members of the body. 404 for an unknown system. */
bool system_order_of_one(struct call *c, const char *const *known, struct system_order *out,
			 struct err *e) MUST_CHECK;
/** Of the body's `systems`, a selection. */
bool system_order_of_many(struct call *c, const char *const *known, struct system_order *out,
			  struct err *e) MUST_CHECK;
/** 201 with the deployment, after its audit record; `detail` (taken) gets deployment and systems.
 */
bool system_order_reply(struct call *c, const struct system_order *o, const char *action,
			const char *deployment, json_t *detail, struct err *e) MUST_CHECK;
#endif
