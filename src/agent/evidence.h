/* SPDX-License-Identifier: Apache-2.0
 * Health evidence as docs/agent-protocol.md section 5 has it, from kernels.h and restart.h. */
#ifndef AGENT_EVIDENCE_H
#define AGENT_EVIDENCE_H
#include "agent/pkgdb.h"
#include "format/json.h"

/** Evidence about this system whose packages are `db`; `restart`: also look at all processes
 * (root). */
bool evidence_gather(const struct pkgdb *db, bool restart, json_t **out, struct err *e) MUST_CHECK;
/** The "reboot.needed" of gathered evidence. */
bool evidence_reboot_needed(const json_t *evidence);
#endif
