/* SPDX-License-Identifier: Apache-2.0
 * A package manager as a pure state machine: it is told what came of its last action (a command's
 * exit status and output, the package database) and says what to do next. It runs nothing, reads
 * nothing, knows no clock: recorded transcripts test it.
 *
 * Rules every backend keeps: exact versions only; never a removal, never a downgrade (A18) but of
 * an order that goes back, exactly as it lists them; never a package the order does not list (A06);
 * of module streams only what dnf enables by itself is enabled: the default stream of what is
 * installed; a lock is waited for, never removed (F18); after an interruption first heal, then the
 * same action again (F15); success is what the database says. */
#ifndef AGENT_BACKENDS_BACKEND_H
#define AGENT_BACKENDS_BACKEND_H
#include "agent/pkgdb.h"
#include "agent/platform.h"
#include "proto/order.h"

#define BACKEND_LOCK_WAIT_S 20	   /**< between two looks at a held lock */
#define BACKEND_LOCK_LIMIT_S 14400 /**< waited for in all before it is a failure */
#define BACKEND_TIMEOUT_S 7200	   /**< one installation */
#define BACKEND_MAX_STEPS 20000	   /**< of one transaction */
#define BACKEND_DETAIL 400

enum backend_phase {
	BACKEND_PLAN,	 /**< read the order's own archives, simulate, judge the transaction */
	BACKEND_INSTALL, /**< heal if needed, judge again, install, look again */
};
struct backend_spec {
	enum backend_phase phase;
	const struct order *order;
	const char *dir;   /**< of the order's mirror, where its configuration is */
	bool resumed;	   /**< an earlier run was cut short: something may have been installed */
	struct str left;   /**< what its last command printed; p NULL = none was under way */
	int64_t started_s; /**< when the installation was begun first */
};

enum backend_kind {
	BACKEND_READ, /**< give the present struct pkgdb */
	BACKEND_RUN,  /**< run argv, output and exit status back */
	BACKEND_WAIT, /**< wait wait_s seconds (a lock is held) */
	BACKEND_DONE, /**< the end: outcome, reason, detail */
};
enum backend_outcome { BACKEND_PLANNED, BACKEND_SUCCEEDED, BACKEND_FAILED, BACKEND_REFUSED };

struct backend_action {
	enum backend_kind kind;
	const char *const *argv;
	int64_t timeout_s;
	int64_t wait_s;
	bool changes; /**< the command changes the system: it must never be cut short lightly */
	enum backend_outcome outcome;
	const char *reason; /**< stable word of docs/agent-protocol.md section 4 */
	const char *detail; /**< for people, at most BACKEND_DETAIL bytes */
};
struct backend_input {
	const struct pkgdb *db; /**< answer to BACKEND_READ */
	int exit_status;	/**< answer to BACKEND_RUN: code, or 128 + signal */
	bool timed_out;
	struct str output;
};

struct backend_step {
	struct str name, arch, from, to; /**< `from` "" = new, `to` "" = removed */
	const char *action; /**< "install", "upgrade", "downgrade", "reinstall", "remove", and
			     * "replaced": removed because what comes obsoletes it. BACKEND_ENABLE:
			     * the stream `to` of the module `name`, `arch` BACKEND_MODULE */
};
#define BACKEND_ENABLE "enable"
#define BACKEND_MODULE "module"
static inline bool backend_is_stream(const struct backend_step *s)
{
	return str_is(s->arch, BACKEND_MODULE) && strcmp(s->action, BACKEND_ENABLE) == 0;
}
struct backend_transaction {
	struct backend_step *steps;
	size_t n;
};

/** What all machines begin with; each backend's own struct has it as its first member. */
struct backend {
	const struct backend_type *type;
	struct backend_spec spec;
	int state; /* the machine's own: what its last action was */
	struct backend_transaction transaction;
	struct arena steps;		   /**< of the transaction */
	struct arena keep;		   /**< what a machine remembers */
	struct arena scratch;		   /**< of the present action */
	const struct order_package **todo; /**< wanted ones that are not there yet */
	size_t n_todo;
	bool ran; /**< an installation was begun, by us or before us */
	int lock_looks;
	int64_t lock_waited_s;
	char detail[BACKEND_DETAIL];
};
struct backend_type {
	const char *name;
	size_t size;
	struct backend_action (*next)(struct backend *b, const struct backend_input *in);
};

struct backend *backend_new(enum platform_manager manager, const struct backend_spec *spec);
void backend_free(struct backend *b);
AUTO_DEFINE(struct backend, backend_free)
/** First call with NULL. Strings live until the next call. */
struct backend_action backend_next(struct backend *b, const struct backend_input *in);
/** The transaction last simulated; until backend_free. */
static inline const struct backend_transaction *backend_transaction(const struct backend *b)
{
	return &b->transaction;
}

/* --- for the machines ---------------------------------------------------------------------------
 */
/** BACKEND_READ, BACKEND_RUN; `state` is entered. */
struct backend_action backend_read(struct backend *b, int state);
struct backend_action backend_run(struct backend *b, int state, const char *const *argv,
				  int64_t timeout_s, bool changes);
struct backend_action backend_done(struct backend *b, enum backend_outcome outcome,
				   const char *reason);
/** Waits a little longer each time; DONE "lock_held" at the limit. */
struct backend_action backend_wait_for_lock(struct backend *b, int state);
/** `line` becomes the detail. */
void backend_note(struct backend *b, struct str line);
/** Fills todo. NULL, or why the order cannot be carried out on what is there (the detail says
 * more): "held" (`remedy` tells how a hold is released), "changed" (an order goes back from another
 * version than the one that is there). */
const char *backend_look(struct backend *b, const struct pkgdb *db, const char *remedy,
			 bool *all_there_out);
/** The end when everything is there: "installed", "already_installed", or of an order that goes
 * back "uninstalled", "already_uninstalled". */
struct backend_action backend_succeeded(struct backend *b);
/** NULL when the order covers every step of the transaction, else the reason of the refusal. An
 *  older version of what the same transaction installs may go: the machine's own limit of kernels,
 *  and a second entry of what is upgraded (dnf calls it obsoleted). */
const char *backend_judge(struct backend *b, enum pkgdb_kind kind);
/** Adds a step; ERR_LIMIT above BACKEND_MAX_STEPS. */
struct backend_steps {
	struct backend_step *p; /* a VEC */
	size_t n, cap;
};
bool backend_add_step(struct backend_steps *v, struct arena *a, const struct backend_step *s,
		      struct err *e) MUST_CHECK;
/** Moves the steps to the arena. */
void backend_take_steps(struct backend_steps *v, struct arena *a, struct backend_transaction *out);
bool backend_contains(struct str s, const char *needle);

extern const struct backend_type backend_apt, backend_dnf, backend_zypper;
#endif
