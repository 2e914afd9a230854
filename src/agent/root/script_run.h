/* SPDX-License-Identifier: Apache-2.0
 * One script, run by a process of its own that outlives whoever asked for it: bounded in time and
 * in what it prints, with a fixed environment, without an input, in a session of its own, killed
 * whole - with everything that came of it - at its time's end. Decides nothing about whose it is.
 */
#ifndef AGENT_ROOT_SCRIPT_RUN_H
#define AGENT_ROOT_SCRIPT_RUN_H
#include "base/err.h"
#include "format/json.h"

#define SCRIPT_OUTPUT_MAX (64u << 10) /**< beginning and end of more are kept */

struct script_run {
	const char *program; /**< path; executed as it is */
	const char *result;  /**< path: how it ended, written durably, then nothing else happens */
	const char *pid;     /**< path: which process it is, before it begins */
	const char *const *env; /**< NAME=value beside the fixed ones, NULL-terminated */
	int64_t timeout_s;
};
/** Starts it; the process that waits for it is *pid_out, a child of ours that holds on to the
 * descriptors which are inherited. */
bool script_run_start(const struct script_run *s, int *pid_out, struct err *e) MUST_CHECK;
/** {"exit_status": code or 128 + signal, "timed_out", "output", "finished_ms"} once it has ended.
 * ERR_NOT_FOUND: not yet, or nobody was left to see it. */
bool script_run_result(const char *result, json_t **out, struct err *e) MUST_CHECK;
/** After whoever waited for it was killed: waits until it has ended by itself, at most until
 * `until_ms` (wall clock), then kills it. */
void script_run_abandon(const char *pid, int64_t until_ms);
#endif
