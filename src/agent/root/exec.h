/* SPDX-License-Identifier: Apache-2.0
 * Running one command of a job: own session, no terminal, output straight into a file (so that the
 * command lives on undisturbed when its runner is killed), the job's lock inherited. */
#ifndef AGENT_ROOT_EXEC_H
#define AGENT_ROOT_EXEC_H
#include "base/buf.h"

struct exec_spec {
	const char *const *argv;
	const char *output; /**< path; emptied first */
	int lock;	    /**< inherited descriptor, or -1 */
	int64_t timeout_s;  /**< then the whole session is ended */
};
struct exec_result {
	int exit_status; /**< code, or 128 + signal */
	bool timed_out;
};
#define EXEC_OUTPUT_MAX (8u << 20) /**< of one command; the middle of more is thrown away */

/** Runs to the end. The output stays in the file. */
bool exec_run(const struct exec_spec *spec, struct exec_result *out, struct err *e) MUST_CHECK;
/** Whether something of an output was thrown away. */
bool exec_was_cut(struct str output);
#endif
