/* SPDX-License-Identifier: Apache-2.0
 * One scan: this system's facts as the canonical inventory text (proto/inventory.h) and its name.
 * It reads files; of the programs it starts only rpm, to ask its database. */
#ifndef AGENT_NET_SCAN_H
#define AGENT_NET_SCAN_H
#include "agent/agent_conf.h"
#include "base/buf.h"
#include "crypto/digest.h"

/** Text into `out` (whose maximum must be INVENTORY_MAX), digest of it beside. */
bool scan_system(const struct agent_paths *p, struct buf *out, struct sha256 *hash_out,
		 struct err *e) MUST_CHECK;
#endif
