/* SPDX-License-Identifier: Apache-2.0
 * What commands that change systems do alike: ask a person first, watch a deployment to its end. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H
#include "cli/remote.h"

/** The person's yes; false without a terminal to ask at (said on stderr). */
bool follow_confirmed(const char *question);
/** Tells each change on stderr until the deployment has ended; it is *out then. */
bool follow_deployment(struct remote *r, const char *id, json_t **out, struct err *e) MUST_CHECK;
#endif
