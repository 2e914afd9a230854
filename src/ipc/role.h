/* SPDX-License-Identifier: Apache-2.0
 * A role: this very program, started again as a child with one job and one socket. It begins as a
 * fresh program (no memory of its parent, no environment, no descriptor but the socket), dies with
 * the parent, and takes its own rights away before it reads a byte (sandbox.h). */
#ifndef IPC_ROLE_H
#define IPC_ROLE_H
#include "base/err.h"

#include <sys/types.h>

struct role_child {
	pid_t pid; /**< 0 = none */
	int fd;	   /**< our end of the socket; -1 = none */
};
#define ROLE_NONE ((struct role_child) { 0, -1 })
/** Starts `/proc/self/exe --role=NAME`. The calling thread must live as long as the child. */
bool role_start(const char *name, struct role_child *out, struct err *e) MUST_CHECK;

/** What became of a child. */
struct role_ending {
	int signal;	    /**< it was ended by this one; 0 = by itself */
	int exit_status;    /**< when by itself */
	bool we_killed;	    /**< it did not end when it should have */
	double cpu_s;	    /**< it used */
	int64_t memory_max; /**< bytes resident at most */
};
/** Closes the socket, gives the child `grace_ms` to end, kills it, waits. `how` may be NULL. */
void role_end(struct role_child *r, int grace_ms, struct role_ending *how);
/** "was killed by signal 6 (Aborted)", "used up its CPU time"... after a name: "the parser ". */
void role_say_ending(const struct role_ending *how, char *out, size_t size);

struct role_entry {
	const char *name;
	/** Serves the socket to its end; returns the exit status. */
	int (*serve)(int fd);
};
/** When this process was started as a role: does its job and never returns. Else returns at once.
 * First thing in main(). `entries` ends with name NULL. */
void role_main(int argc, char **argv, const struct role_entry *entries);
#endif
