/* SPDX-License-Identifier: Apache-2.0
 * What an agent says about its machine at enrolment and check-in: names for people, never identity.
 */
#ifndef AGENT_NET_ATTRS_H
#define AGENT_NET_ATTRS_H
#include "agent/agent_conf.h"
#include "format/json.h"

/** docs/agent-protocol.md section 2, "attrs". Evidence comes from the root half when it answers,
 *  otherwise from what an ordinary user can see. */
bool attrs_gather(const struct agent_paths *p, json_t **out, struct err *e) MUST_CHECK;
#endif
