/* SPDX-License-Identifier: Apache-2.0
 * What commands that change systems do alike: ask a person first, watch a deployment to its end. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H
#include "cli/remote.h"

/** The person's yes; false without a terminal to ask at (said on stderr). */
bool follow_confirmed(const char *question);
/** Sets `policy` of a request to a policy's id, found by id or by its name in either language; NULL
 *  sets nothing. ERR_NOT_FOUND. */
bool follow_policy(struct remote *r, const char *wanted, json_t *req, struct err *e) MUST_CHECK;
/** Prints the deployment that was made; with `wait` as it ended, each change on stderr meanwhile.
 *  The command's exit status: 1 when it did not complete, or could not be watched. */
int follow_made(struct remote *r, const json_t *made, bool wait, bool json);
#endif
