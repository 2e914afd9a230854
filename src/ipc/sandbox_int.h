/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the part of the sandbox that speaks to Landlock. */
#ifndef IPC_SANDBOX_INT_H
#define IPC_SANDBOX_INT_H
#include "ipc/sandbox.h"

/** A ruleset being made; -1 = this kernel has no Landlock. */
bool landlock_begin(int *ruleset_out, struct err *e) MUST_CHECK;
/** Reading (and, with `run`, executing) below `path`; a path that is not there is skipped. */
bool landlock_allow_read(int ruleset, const char *path, bool run, struct err *e) MUST_CHECK;
/** Reading and writing the device at `path`. */
bool landlock_allow_device(int ruleset, const char *path, struct err *e) MUST_CHECK;
/** Everything not allowed is refused from here on. Needs no_new_privs. */
bool landlock_enforce(int ruleset, struct err *e) MUST_CHECK;
#endif
