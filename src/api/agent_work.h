/* SPDX-License-Identifier: Apache-2.0
 * Handlers of the gateway that carry data: inventory, files, plans, progress, results. */
#ifndef API_AGENT_WORK_H
#define API_AGENT_WORK_H
#include "api/call.h"
#include "proto/inventory.h"

#define AGENT_PLAN_MAX_BODY (8u << 20)
#define AGENT_RESULT_MAX_BODY                                                                      \
	(12u << 20) /* 1 MiB of output may take six bytes a character in JSON */

/** Before a handler blocks: true when the call goes on later on a worker, or was refused as busy;
 * the handler then returns true at once. */
bool agent_call_later(struct call *c);

extern const struct param agent_inventory_params[];
bool agent_inventory(struct call *c, struct err *e) MUST_CHECK;
bool agent_file(struct call *c, struct err *e) MUST_CHECK;
bool agent_plan(struct call *c, struct err *e) MUST_CHECK;
bool agent_progress(struct call *c, struct err *e) MUST_CHECK;
bool agent_result(struct call *c, struct err *e) MUST_CHECK;
#endif
