/* SPDX-License-Identifier: Apache-2.0
 * Idempotency-Key: the same user, key and request is carried out once; its answer is kept 24 hours
 * and given again. A claim whose first request never got an answer because the server ended in
 * between is not run again: the client is told to look (409 `idempotency_unfinished`). */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H
#include "api/call.h"

/** Takes the claim for this call, or replays. `required`: 400 without the header. *replayed_out =
 * the stored answer has been given and the handler must return. 422 `idempotency_mismatch`, 409
 * `idempotency_in_progress`. */
bool idempotency_begin(struct call *c, bool required, bool *replayed_out, struct err *e) MUST_CHECK;
/** The work is done: the Location that goes with the answer (the header is set too). From here on
 * the key is never free again, even if the answer fails. */
void idempotency_location(struct call *c, const char *location);
/** Stores the answer (called by call_json before it replies). */
void idempotency_keep(struct call *c, int status, struct str body);
/** The call failed: the key is free again. */
void idempotency_release(struct call *c);
/** Forgets what is older than 24 h. */
bool idempotency_forget(struct api *api, struct err *e) MUST_CHECK;
#endif
