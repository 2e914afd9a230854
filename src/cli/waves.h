/* SPDX-License-Identifier: Apache-2.0
 * Rollouts on the command line: the options that ask for one, and how far one is. */
#ifndef CLI_WAVES_H
#define CLI_WAVES_H
#include "cli/remote.h"
#include "format/json.h"

struct waves_options {
	const char *waves;			      /**< "group:canaries,5,10%,100%" */
	const char *max_failures, *max_silent, *soak; /**< NULL = as the server has it */
};
/** Adds member "rollout" to a request when waves are asked for; "100%" is added when none is.
 * ERR_INVALID says which option is wrong; the numbers' limits are the server's. */
bool waves_request(const struct waves_options *o, json_t *request, struct err *e) MUST_CHECK;
/** Groups in such a request, as they were given, become ids. ERR_NOT_FOUND. */
bool waves_groups(struct remote *r, json_t *request, struct err *e) MUST_CHECK;
/** A table of a deployment's rollout, and why it is halted; nothing when it has none. */
void waves_print(const json_t *deployment);
#endif
