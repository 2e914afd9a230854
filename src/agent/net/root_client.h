/* SPDX-License-Identifier: Apache-2.0
 * The network half's side of the root half's socket (verbs: root/rootd.h). */
#ifndef AGENT_NET_ROOT_CLIENT_H
#define AGENT_NET_ROOT_CLIENT_H
#include "agent/agent_conf.h"
#include "format/json.h"

/** One verb with at most one text member (name NULL = none). ERR_UNAVAILABLE when there is no root
 *  half; a reply that is an error becomes `e` with the code it names. */
bool root_client_call(const struct agent_paths *p, const char *verb, const char *name,
		      const char *value, json_t **reply_out, struct err *e) MUST_CHECK;
/** Evidence as the root half sees it; false when there is none to ask. */
bool root_client_evidence(const struct agent_paths *p, json_t **out) MUST_CHECK;
/** Highest executed sequence; 0 without a root half. */
int64_t root_client_seq(const struct agent_paths *p);
#endif
