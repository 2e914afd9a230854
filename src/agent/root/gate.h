/* SPDX-License-Identifier: Apache-2.0
 * What an order must pass before the root half acts on it (A46): the pinned key's
 * signature first, then installation, agent, epoch, sequence, validity, and this machine's own
 * policy. The sender of the envelope is trusted in nothing. */
#ifndef AGENT_ROOT_GATE_H
#define AGENT_ROOT_GATE_H
#include "agent/agent_conf.h"
#include "proto/order.h"

#define GATE_EARLY_MS 300000 /**< an order may be this much early: clocks differ */

/** Opens `envelope`. On refusal *reason_out is the stable word of the protocol and `e` the text. */
bool gate_open(const struct agent_paths *p, struct str envelope, struct arena *a, struct order *out,
	       const char **reason_out, struct err *e) MUST_CHECK;
/** May an opened order be begun now? `last_epoch`, `last_seq` as journal_last() says. */
bool gate_admit(const struct agent_paths *p, const struct order *o, uint64_t last_epoch,
		uint64_t last_seq, int64_t now_ms, const char **reason_out, struct err *e)
	MUST_CHECK;
#endif
