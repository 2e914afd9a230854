/* SPDX-License-Identifier: Apache-2.0
 * The network half's side of the root half's socket (verbs: root/rootd.h). */
#ifndef AGENT_NET_ROOT_CLIENT_H
#define AGENT_NET_ROOT_CLIENT_H
#include "agent/agent_conf.h"
#include "format/json.h"
#include "proto/lan.h"

/** One verb with at most one text member (name NULL = none). ERR_UNAVAILABLE when there is no root
 *  half; a reply that is an error becomes `e` with the code it names. */
bool root_client_call(const struct agent_paths *p, const char *verb, const char *name,
		      const char *value, json_t **reply_out, struct err *e) MUST_CHECK;
/** Any request, with the root half's error as it said it. */
bool root_client_request(const struct agent_paths *p, const json_t *request, json_t **reply_out,
			 struct err *e) MUST_CHECK;
/** Processes that run replaced files (restart.h), as the root half sees them; false when there is
 * no root half to ask. */
bool root_client_restart(const struct agent_paths *p, json_t **out) MUST_CHECK;
/** What the server's setting says of waking this machine; its policy.conf has the last word. */
bool root_client_cards(const struct agent_paths *p, bool on, struct err *e) MUST_CHECK;
/** Where the root half has seen by ethtool whether an interface wakes this machine, that goes
 * before what the kernel's files say. */
void root_client_wake(const struct agent_paths *p, struct lan *l);
/** Epoch and sequence of the last executed order; 0 and 0 when there is none, or no root half. */
void root_client_last(const struct agent_paths *p, int64_t *epoch_out, int64_t *seq_out);
#endif
