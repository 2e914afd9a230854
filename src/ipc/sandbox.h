/* SPDX-License-Identifier: Apache-2.0
 * What a process may still do after it has taken its own rights away, for the rest of its life: no
 * new privileges, limits, Landlock for files, seccomp for system calls. */
#ifndef IPC_SANDBOX_H
#define IPC_SANDBOX_H
#include "base/err.h"

enum sandbox_kind {
	/** Compute on what it was handed: no file, no socket, no program, no signal to others. */
	SANDBOX_COMPUTE,
	/** Outgoing internet connections; reads `read`; writes no file, runs nothing. */
	SANDBOX_NETWORK,
	/** Runs programs of the system that read `read`; no socket; writes no file. */
	SANDBOX_RUN,
};
struct sandbox {
	enum sandbox_kind kind;
	/** Files and directories that may be read beside the system's own (certificates, resolver;
	 * programs and libraries for SANDBOX_RUN); NULL-terminated or NULL. Missing ones are
	 * skipped. */
	const char *const *read;
	int64_t memory; /**< bytes of address space; 0 = no limit */
	int64_t cpu_s;	/**< CPU seconds, after which it is killed; 0 = no limit */
};
/** Landlock's version on this kernel; 0 = absent. Without it SANDBOX_COMPUTE is as strong (seccomp
 * forbids opening), but the other two may read every file that their user may read. */
int sandbox_landlock(void);
/** Applies to this process and all its later children; cannot be undone. Call it before threads are
 * started. When anything the kernel offers cannot be applied: false, and the process must end. */
bool sandbox_enter(const struct sandbox *s, struct err *e) MUST_CHECK;
#endif
