/* SPDX-License-Identifier: Apache-2.0
 * Which versions of packages this machine has had, by its own observation: written down before an
 * order changes them, so that an order that goes back can be judged without trusting who signed it.
 * Only root can write it; nothing a server says comes in. */
#ifndef AGENT_ROOT_HAD_H
#define AGENT_ROOT_HAD_H
#include "base/str.h"
#include "format/json.h"

#define HAD_LINES 20000 /**< the newest are kept */

/** Notes that the versions in `transaction` ("from") and `packages` ("before"), lists as a
 * journal's job has them, were installed at `now_ms`. Durable on return. `root`: the root half's
 * directory. */
bool had_note(const char *root, const json_t *transaction, const json_t *packages, int64_t now_ms,
	      struct err *e) MUST_CHECK;
/** When this version was last seen installed; 0 = never. */
bool had_when(const char *root, struct str name, struct str arch, struct str version,
	      int64_t *ms_out, struct err *e) MUST_CHECK;
#endif
