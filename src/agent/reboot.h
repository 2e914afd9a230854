/* SPDX-License-Identifier: Apache-2.0
 * Which boot of this system is this? What an agent says about reboots is keyed by it: a verdict
 * from before a reboot never outlives it (AC-04). */
#ifndef AGENT_REBOOT_H
#define AGENT_REBOOT_H
#include "base/err.h"

#define REBOOT_BOOT_ID 80
/** What changes with every start of this system, and only then: the kernel's boot id and the start
 *  time of process 1 (a container's boot id is its machine's). */
bool reboot_boot_id(char out[static REBOOT_BOOT_ID], struct err *e) MUST_CHECK;
/** When process 1 was started, wall clock; 0 when that cannot be told. */
int64_t reboot_boot_time_ms(void);
/** This system is a container: whatever kernel packages it has, it does not boot them. */
bool reboot_in_container(void);
#endif
