/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts as policies name them. */
#ifndef API_SCRIPTS_H
#define API_SCRIPTS_H
#include "api/call.h"

/** The scripts that a policy is given must be here and good for longer; fills in what an order says
 * of their files. Answers 400 `unknown_script`, `script_expired`. */
bool scripts_settle(struct call *c, struct actions *a, struct err *e) MUST_CHECK;
#endif
