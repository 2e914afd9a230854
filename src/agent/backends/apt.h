/* SPDX-License-Identifier: Apache-2.0
 * Debian's package manager as a pure state machine: it is told what came of its last action (a
 * command's exit status and output, dpkg's database) and says what to do next. It runs nothing,
 * reads nothing, knows no clock: recorded transcripts test it (tests/agent/apt).
 *
 * Rules it keeps: exact versions only; never a removal, never a downgrade (A18), never a package
 * the order does not list (A06); a lock is waited for, never removed (F18); after an interruption
 * first dpkg --configure -a, then the same action again (F15); success is what dpkg's database
 * says. */
#ifndef AGENT_BACKENDS_APT_H
#define AGENT_BACKENDS_APT_H
#include "agent/dpkgdb.h"
#include "proto/order.h"

#define APT_LOCK_WAIT_S 20     /**< between two looks at a held lock */
#define APT_LOCK_LIMIT_S 14400 /**< waited for in all before it is a failure */
#define APT_TIMEOUT_S 7200     /**< one installation */
#define APT_MAX_STEPS 20000    /**< of one transaction */

enum apt_phase {
	APT_PLAN,    /**< update the order's own lists, simulate, judge the transaction */
	APT_INSTALL, /**< heal if needed, judge again, install, look again */
};

struct apt_spec {
	enum apt_phase phase;
	const struct order *order;
	const char *config; /**< path of the private apt configuration (apt_write_config) */
	bool resumed;	    /**< an earlier run was cut short: something may have been installed */
};

enum apt_kind {
	APT_READ, /**< give the present struct dpkgdb */
	APT_RUN,  /**< run argv, output and exit status back */
	APT_WAIT, /**< wait wait_s seconds (a lock is held) */
	APT_DONE, /**< the end: outcome, reason, detail */
};
enum apt_outcome { APT_PLANNED, APT_SUCCEEDED, APT_FAILED, APT_REFUSED };

struct apt_action {
	enum apt_kind kind;
	const char *const *argv;
	int64_t timeout_s;
	int64_t wait_s;
	bool changes; /**< the command changes the system: it must never be cut short lightly */
	enum apt_outcome outcome;
	const char *reason; /**< stable word of docs/agent-protocol.md section 4 */
	const char *detail; /**< for people, at most 400 bytes */
};
struct apt_input {
	const struct dpkgdb *db; /**< answer to APT_READ */
	int exit_status;	 /**< answer to APT_RUN: code, or 128 + signal */
	bool timed_out;
	struct str output;
};

struct apt_step {
	struct str name, arch, from, to;
	const char *action; /**< "install", "upgrade", "remove" */
};
struct apt_transaction {
	struct apt_step *steps;
	size_t n;
};

struct apt;
struct apt *apt_new(const struct apt_spec *spec);
void apt_free(struct apt *m);
AUTO_DEFINE(struct apt, apt_free)
/** First call with NULL. Strings live until the next call, those of the transaction until apt_free.
 */
struct apt_action apt_next(struct apt *m, const struct apt_input *in);
/** The transaction last simulated. */
const struct apt_transaction *apt_transaction(const struct apt *m);

/** Reads the "Inst", "Conf", "Remv", "Purg" lines of `apt-get -s`, strictly: such a line in a form
 *  not known is ERR_CORRUPT, so that nothing slips past the judgement. */
bool apt_parse_simulation(struct str output, struct arena *a, struct apt_transaction *out,
			  struct err *e) MUST_CHECK;
/** Why a command failed, from its output: a stable word, never NULL. `line_out` gets the line that
 *  says so (empty when none does). */
const char *apt_classify(struct str output, int exit_status, bool timed_out, struct str *line_out);
/** apt's configuration for one order: own sources, lists and caches under `dir`; the system's dpkg.
 */
void apt_write_config(const char *dir, struct buf *out);
#endif
