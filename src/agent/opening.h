/* SPDX-License-Identifier: Apache-2.0
 * When an order may start on this machine, by the windows that are signed with it. Both halves ask:
 * the network half to know when to come back, the root half to be sure. No server is needed. */
#ifndef AGENT_OPENING_H
#define AGENT_OPENING_H
#include "agent/agent_conf.h"
#include "proto/order.h"

struct opening {
	bool open;
	/** When it is open, the window's end; WINDOW_NO_END: open whatever the time. */
	int64_t end_ms;
	/** When it is not: the next window's start; WINDOW_NO_END = none in ten years, or (when
	 * `needs_start_up`) the next start of the machine inside a window. */
	int64_t next_ms;
	bool needs_start_up;
};
/** `boot_ms` is when the machine was started. ERR_NOT_FOUND when the order names a zone and this
 *  machine has no database of zones. */
bool opening_of(const struct agent_paths *p, const struct order *o, int64_t now_ms, int64_t boot_ms,
		struct opening *out, struct err *e) MUST_CHECK;
#endif
