/* SPDX-License-Identifier: Apache-2.0
 * Waking neighbours for the server (M-165): the "wake" of a check-in's reply. */
#ifndef AGENT_NET_WAKES_H
#define AGENT_NET_WAKES_H
#include "agent/net/server.h"

#define WAKES_MAX 32	   /**< of one reply */
#define WAKES_A_MINUTE 128 /**< whatever the server asks for */

/** Sends a magic packet for each item {"system", "mac", "subnet"} whose subnet is one of this
 * machine's own LAN (lan.h), and tells the server which. Nothing else can be asked for. What is not
 * so is passed over with a warning. */
void wakes_run(const struct agent_paths *p, struct server *s, const json_t *list);
/** Whether one more packet may be sent at `now_ms`; counts it then. */
bool wakes_allowed(int64_t now_ms);
#endif
