/* SPDX-License-Identifier: Apache-2.0
 * Restarting the machine for an order, or switching it off (M-167, M-172, F17). Invariant: a stage
 * ("before", "after") writes the boot it begins in to the job's record before anything is asked of
 * the system; another boot is the proof that it is over, whoever restarted the machine. So a stage
 * asks again only in the boot it began in, and there is at most one reboot a stage.
 *
 * What becomes of a reboot (the job's `reboot`):
 *   came_back       the machine was restarted and this is another boot
 *   old_kernel      it was, and runs an older kernel than is installed for it all the same
 *   not_needed      "if needed", and nothing here waits for one
 *   forbidden       this machine's policy.conf says `reboot = never`; it waits for one now
 *   outside_window  the window had ended when the installation had
 *   failed          the system would not do it
 *   off             switched off once the result is told, or a minute later */
#ifndef AGENT_ROOT_POWER_H
#define AGENT_ROOT_POWER_H
#include "agent/agent_conf.h"

#define POWER_TOLD "told" /**< file of a job: the server knows that the machine goes away */

struct run;

/** Before installing, of an order that restarts the machine first: people are waited for (leave.h),
 * no longer than lets it come back in the window. *go_on_out: install now; else this run is over:
 * the job waits for its window again, or has come to its end. False: try again. */
bool power_before(struct run *r, bool *go_on_out, struct err *e) MUST_CHECK;
/** After an installation that succeeded, and all there is of an order to reboot: brings the job to
 * its end. False: try again. */
bool power_after(struct run *r, struct err *e) MUST_CHECK;
/** The daemon's part of a shutdown: milliseconds until it wants to be called again, -1 = none is
 * due. */
int power_supervise(const char *root);
struct power_need {
	bool kernel; /**< a newer kernel than the running one is installed */
	bool core;   /**< process 1 or its like runs on replaced files */
};
/** Whether this system waits for a reboot, by what is on it now. */
bool power_need(const struct agent_paths *p, struct power_need *out, struct err *e) MUST_CHECK;
#endif
