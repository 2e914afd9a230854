/* SPDX-License-Identifier: Apache-2.0
 * What waits for a reboot or a restart on this system, with evidence: kernels judged here
 * (kernels.h), processes that run replaced files as the root half sees them, each file with the
 * package that brings it now. */
#ifndef AGENT_NET_HEALTH_H
#define AGENT_NET_HEALTH_H
#include "agent/agent_conf.h"
#include "format/json.h"
#include "proto/inventory.h"

/** Evidence as docs/agent-protocol.md section 5 has it. Gathered at most once in some seconds
 * unless `fresh`. Any thread. */
bool health_gather(const struct agent_paths *p, bool fresh, json_t **out, struct err *e) MUST_CHECK;
/** The "reboot.needed" of gathered evidence. */
bool health_reboot_needed(const json_t *health);
/** The "restart" and "reboot-pending" lines of an inventory. */
bool health_facts(const json_t *health, struct inventory *i, struct err *e) MUST_CHECK;
#endif
