/* SPDX-License-Identifier: Apache-2.0
 * Handlers of the gateway that carry data: inventory, files, plans, progress, results. */
#ifndef API_AGENT_WORK_H
#define API_AGENT_WORK_H
#include "api/call.h"
#include "proto/inventory.h"

#define AGENT_PLAN_MAX_BODY (8u << 20)
#define AGENT_RESULT_MAX_BODY                                                                      \
	(12u << 20) /* 1 MiB of output may take six bytes a character in JSON */

extern const struct param agent_inventory_params[];
bool agent_inventory(struct call *c, struct err *e) MUST_CHECK;
bool agent_file(struct call *c, struct err *e) MUST_CHECK;
bool agent_plan(struct call *c, struct err *e) MUST_CHECK;
bool agent_progress(struct call *c, struct err *e) MUST_CHECK;
bool agent_result(struct call *c, struct err *e) MUST_CHECK;
#endif
