/* SPDX-License-Identifier: Apache-2.0
 * The root half's memory: one directory a job (jobs/<order id>/) with the sealed order, a small
 * state file written atomically and durably before each step it announces, the output, and a lock
 * that tells whether somebody works on it. Beside the jobs stands the highest sequence ever
 * executed. Invariant: the intent is on disk before the system is touched; a finished job never
 * runs again. */
#ifndef AGENT_ROOT_JOURNAL_H
#define AGENT_ROOT_JOURNAL_H
#include "format/json.h"

#define JOURNAL_ID 33
#define JOURNAL_ATTEMPTS 25 /**< runs of one job before it is given up */
#define JOURNAL_LOG_MAX (1u << 20)

enum journal_phase {
	JOURNAL_PREPARING,  /**< copying, verifying, planning: nothing is changed yet */
	JOURNAL_PREPARED,   /**< the plan is covered by the order; waits for "install" */
	JOURNAL_BEFORE,	    /**< what is to be done before installing; see power.h */
	JOURNAL_INSTALLING, /**< the system is being changed */
	JOURNAL_AFTER,	    /**< outcome known and kept; what is to be done after installing */
	JOURNAL_DONE,	    /**< outcome known; kept until acknowledged */
	JOURNAL_PHASES_
};
const char *journal_phase_name(enum journal_phase p);
/** The same in the words of docs/agent-protocol.md: before and after are parts of installing. */
const char *journal_phase_shown(enum journal_phase p);
/** Somebody is to work on it now. */
bool journal_phase_works(enum journal_phase p);

struct journal_job {
	char id[JOURNAL_ID];
	char deployment[65];
	uint64_t epoch, seq;
	enum journal_phase phase;
	int64_t attempts, started_ms, finished_ms, exit_status;
	char outcome[16], reason[32], detail[401]; /**< once AFTER */
	char reboot[20];			   /**< what became of one, see power.h; "" = none
						    * was ordered */
	bool begun; /**< of an order with an approved plan: its installation, as that plan says */
	json_t *transaction; /**< [{name, arch, from, to, action}] */
	json_t *details;     /**< what follows from it here, see proto/plan.h; NULL = not told */
	json_t *packages;    /**< [{name, arch, before, after, wanted}] */
	json_t *units; /**< of a restart: [{unit, run, exit?}]: which run of each was there before,
			*   and how its restart ended */
	json_t *power; /**< {before?, after?} of a reboot: {boot, since, tries}; wait?, see leave.c
			*/
	json_t *scripts; /**< {before?, after?}, see scripts.h */
};
void journal_job_done(struct journal_job *j);
AUTO_DEFINE_VALUE(struct journal_job, journal_job_done)

/** `root` is the root half's state directory; every call names it. */
bool journal_init(const char *root, struct err *e) MUST_CHECK;
/** Path of a job's file ("" = its directory), on the heap. */
char *journal_path(const char *root, const char *id, const char *name);
/** Records a new job with its sealed order; what an unfinished, never started one left is removed.
 */
bool journal_create(const char *root, const struct journal_job *j, struct str envelope,
		    struct err *e) MUST_CHECK;
bool journal_save(const char *root, const struct journal_job *j, struct err *e) MUST_CHECK;
/** ERR_NOT_FOUND when there is no such job. */
bool journal_load(const char *root, const char *id, struct journal_job *out, struct err *e)
	MUST_CHECK;
/** Ids of all jobs, sorted; at most `max`. */
bool journal_list(const char *root, char (*ids)[JOURNAL_ID], size_t max, size_t *n_out,
		  struct err *e) MUST_CHECK;
bool journal_remove(const char *root, const char *id, struct err *e) MUST_CHECK;

/** Takes the job's lock; false (no error) when a runner, or what it started, still holds it. The
 *  descriptor is inheritable: whoever inherits it holds the lock on. */
bool journal_lock(const char *root, const char *id, int *fd_out);

/** Highest (epoch, seq) executed; 0, 0 = none yet. */
bool journal_last(const char *root, uint64_t *epoch_out, uint64_t *seq_out, struct err *e)
	MUST_CHECK;
bool journal_set_last(const char *root, uint64_t epoch, uint64_t seq, struct err *e) MUST_CHECK;
/** The job's sequence counts as executed from here on: before the system is changed. */
bool journal_count(const char *root, const struct journal_job *j, struct err *e) MUST_CHECK;

/** Adds text to the job's log; when it grows past the maximum its middle goes. */
bool journal_log(const char *root, const char *id, struct str text, struct err *e) MUST_CHECK;
/** The result as the protocol has it (section 4), log included. The job must be DONE. */
bool journal_result(const char *root, const struct journal_job *j, json_t **out, struct err *e)
	MUST_CHECK;
#endif
