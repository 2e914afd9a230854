/* SPDX-License-Identifier: Apache-2.0
 * What ends the use of replaced files by a running process: a restart of its systemd service, a
 * reboot, or neither. One judgement for server and agent; the root half's own is the one that
 * counts. Pure: knows names only, never the machine. */
#ifndef PROTO_UNITS_H
#define PROTO_UNITS_H
#include "base/str.h"

#define UNIT_NAME_MAX 255 /**< systemd's own limit (UNIT_NAME_MAX 256 with the NUL) */

enum unit_remedy {
	UNIT_RESTART, /**< a service that may be restarted */
	UNIT_REBOOT,  /**< process 1, or a service whose restart would cut the machine off, end
		       *   sessions or take down what runs inside it; see units.c */
	UNIT_NONE,    /**< no service (a session's process, a container, a program started by hand:
		       *   whoever started it ends it), or a job that ends by itself */
	UNIT_REMEDIES_
};
const char *unit_remedy_name(enum unit_remedy r); /**< "restart", "reboot", "none" */

/** Name of a service as systemd.unit(5) has it: "ssh.service", "getty@tty1.service". Never one that
 * could be an option or a path. */
bool unit_is_service(struct str unit);
/** Of one process that runs replaced files: its unit ("" = none) and its program, the agent's own
 * being told by that whatever its service is called. */
enum unit_remedy unit_remedy_of(int64_t pid, struct str unit, struct str exe);
#endif
