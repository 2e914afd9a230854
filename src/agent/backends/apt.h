/* SPDX-License-Identifier: Apache-2.0
 * Debian's package manager (backend.h): apt-get and dpkg. After an interruption dpkg --configure -a
 * comes first. */
#ifndef AGENT_BACKENDS_APT_H
#define AGENT_BACKENDS_APT_H
#include "agent/backends/backend.h"

/** Reads the "Inst", "Conf", "Remv", "Purg" lines of `apt-get -s`, strictly: such a line in a form
 *  not known is ERR_CORRUPT, so that nothing slips past the judgement. */
bool apt_parse_simulation(struct str output, struct arena *a, struct backend_transaction *out,
			  struct err *e) MUST_CHECK;
/** Why a command failed, from its output: a stable word, never NULL. `line_out` gets the line that
 *  says so (empty when none does). */
const char *apt_classify(struct str output, int exit_status, bool timed_out, struct str *line_out);
/** apt's configuration for one order: own sources, lists and caches under `dir`; the system's dpkg.
 */
void apt_write_config(const char *dir, struct buf *out);
#endif
