/* SPDX-License-Identifier: Apache-2.0
 * Failed attempts per address: after a few within a minute the address waits. Fixed memory:
 * addresses that share a slot share their fate for a minute. */
#ifndef API_ENROL_THROTTLE_H
#define API_ENROL_THROTTLE_H
#include "base/base.h"

#define ENROL_THROTTLE_FAILURES 20 /**< a minute */

struct enrol_throttle;
struct enrol_throttle *enrol_throttle_new(void);
void enrol_throttle_free(struct enrol_throttle *t);
/** Seconds to wait; 0 = go on. */
int64_t enrol_throttle_wait_s(struct enrol_throttle *t, const char *address, int64_t now_ms);
void enrol_throttle_failed(struct enrol_throttle *t, const char *address, int64_t now_ms);
#endif
