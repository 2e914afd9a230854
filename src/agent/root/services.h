/* SPDX-License-Identifier: Apache-2.0
 * Orders to restart services, in the root half. Whoever signs, only a service is restarted that by
 * this machine's own look runs replaced files, is not protected (proto/units.h), and is not
 * excepted by this machine's policy.conf. */
#ifndef AGENT_ROOT_SERVICES_H
#define AGENT_ROOT_SERVICES_H
#include "agent/agent_conf.h"
#include "proto/order.h"

struct run;

/** The policy's and the table's word, without a look at the machine. *reason_out on refusal:
 * "policy", "protected_unit". */
bool services_permitted(const struct order *o, const struct agent_policy *policy,
			const char **reason_out, struct err *e) MUST_CHECK;
/** Whether every service of the order runs replaced files now. *reason_out: "not_in_evidence",
 * "protected_unit" (it is the agent's own), "internal". */
bool services_in_evidence(const struct agent_paths *p, const struct order *o,
			  const char **reason_out, struct err *e) MUST_CHECK;
/** Carries the job out, to its end; after an interruption it goes on: a service whose run is
 * another one than when the job began is not restarted again. Outcomes: "succeeded" ("restarted",
 * or "already_restarted" when nothing was left to do), "failed" ("restart_failed": systemctl
 * refused, or the service is down; "still_old": it runs replaced files after its restart;
 * "protected_unit"). False: try again. */
bool services_restart(struct run *r, struct err *e) MUST_CHECK;
#endif
