/* SPDX-License-Identifier: Apache-2.0
 * Running another program: argument vector, clean environment, time-out, bounded output. There is
 * no shell anywhere in this house. */
#ifndef BASE_PROC_H
#define BASE_PROC_H
#include "base/buf.h"

struct proc_spec {
	const char *const
		*argv; /**< NULL-terminated; argv[0] is a path or a name found in the fixed PATH */
	const char *const *env; /**< extra "NAME=value", NULL-terminated, or NULL. The base is
				 *   PATH, LC_ALL=C.UTF-8 and HOME=/root or / only. */
	struct str input;	/**< written to its standard input; empty = /dev/null */
	int64_t timeout_s;	/**< 1..86400; the whole process group is killed after it */
	const char *cwd;	/**< NULL = / */
	int pass_fd;		/**< > 0: the child has it too, as descriptor 3 */
	bool bound;		/**< it is killed when the calling thread ends */
};

struct proc_result {
	int exit_status; /**< exit code, or 128 + signal */
	bool timed_out;
	int64_t elapsed_ms;
};

/** Runs to the end. stdout goes to `out`, stderr to `errout` (may be the same buffer, or NULL to
 *  drop). False when it could not be started or produced more than the buffers' maximum
 *  (ERR_LIMIT, killed). A non-zero exit status is not an error here. */
bool proc_run(const struct proc_spec *spec, struct buf *out, struct buf *errout,
	      struct proc_result *result_out, struct err *e) MUST_CHECK;
#endif
