/* SPDX-License-Identifier: Apache-2.0
 * How this system starts and stops things. */
#ifndef AGENT_ROOT_LAUNCH_H
#define AGENT_ROOT_LAUNCH_H
#include <stdbool.h>

/** Process 1 is systemd: sd_booted(3). */
bool launch_systemd_runs(void);
#endif
