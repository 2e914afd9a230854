/* SPDX-License-Identifier: Apache-2.0
 * This machine's place in the LAN (proto/lan.h), as the kernel tells anyone. */
#ifndef AGENT_NET_LAN_H
#define AGENT_NET_LAN_H
#include "agent/agent_conf.h"
#include "proto/lan.h"

/** Ethernet interfaces that are up and have a subnet, LAN_NICS at most, those of the lowest index
 * first; bridges only with hardware among their ports, no tunnels. What cannot be told is left
 * out. */
void lan_gather(const struct agent_paths *p, struct lan *out);
#endif
