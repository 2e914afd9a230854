/* SPDX-License-Identifier: Apache-2.0
 * Growing delays after failed attempts, per account and per address (A35). In memory; forgotten 15
 * minutes after the last failure. An address that has not failed lately is not delayed by what
 * others do to the account: that is what keeps a right password working during an attack.
 * Thread-safe. */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H
#include "base/base.h"

#define THROTTLE_FREE 5	  /**< failures before the first delay */
#define THROTTLE_MAX_S 60 /**< the longest delay */
#define THROTTLE_FORGET_S 900

struct throttle;
struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
AUTO_DEFINE(struct throttle, throttle_free)
/** 0: go ahead, and the attempt is counted as a failure until told otherwise (so that parallel
 *  attempts cannot slip through together). Else: seconds to wait, nothing counted. */
int64_t throttle_enter(struct throttle *t, const char *account, const char *address,
		       int64_t now_ms);
/** The attempt succeeded: the account starts afresh, the address gets this attempt back. */
void throttle_succeeded(struct throttle *t, const char *account, const char *address);
/** The attempt could not be judged (database down): as if it had not been made. */
void throttle_forgive(struct throttle *t, const char *account, const char *address);
#endif
