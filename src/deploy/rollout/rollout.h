/* SPDX-License-Identifier: Apache-2.0
 * Success-gated waves (F40, G12): which hosts of a deployment may be given orders, decided from
 * counts and times alone. Pure: no database, no clock of its own, nothing remembered.
 *
 * Waves open one after the other; one opens when the one before it has shown that it is well: its
 * hosts have ended, the gate holds, and the soak time is over. Whatever breaks the gate of the wave
 * that is open, or the threshold of the whole deployment, halts everything not yet started. A wave
 * of which nothing was heard halts too: nothing opens without evidence, and nothing waits for ever.
 */
#ifndef DEPLOY_ROLLOUT_H
#define DEPLOY_ROLLOUT_H
#include "base/buf.h"

#include <jansson.h>

#define ROLLOUT_WAVES_MAX 20
#define ROLLOUT_NO_LIMIT UINT32_MAX
#define ROLLOUT_JSON_MAX 65536
#define ROLLOUT_NAME_MAX 400 /* bytes of a group's name */

enum rollout_kind {
	ROLLOUT_SYSTEMS, /**< so many more, chosen over all OS releases */
	ROLLOUT_PERCENT, /**< up to so many of all, in this wave and those before it */
	ROLLOUT_GROUP,	 /**< who is a member of a group when the rollout is made */
};
struct rollout_wave {
	enum rollout_kind kind;
	uint32_t amount;		       /**< systems, or per cent */
	char group[33];			       /**< its id */
	char group_name[ROLLOUT_NAME_MAX + 1]; /**< when the rollout was made; "" = not known */
};
struct rollout {
	struct rollout_wave waves[ROLLOUT_WAVES_MAX];
	uint32_t n_waves;
	/* The gate of each wave. */
	uint32_t success_percent; /**< at least, of those that succeeded or failed */
	uint32_t max_failures;	  /**< in the wave, or ROLLOUT_NO_LIMIT */
	uint32_t max_silent;	  /**< not heard from since they got their order, or NO_LIMIT */
	int64_t soak_ms;	  /**< after the last of the wave has ended */
	int64_t heartbeat_ms;	  /**< not heard from for so long = silent, absent */
	int64_t patience_ms;	  /**< so long a wave waits for hosts that are absent */
	/* More than so many failures of the whole deployment halt it. */
	uint32_t halt_failures; /**< or NO_LIMIT */
	uint32_t halt_percent;	/**< of all targets, or NO_LIMIT */
};
/** Strictly from the API's JSON; what is absent has its usual value. */
bool rollout_read(const json_t *j, struct rollout *out, struct err *e) MUST_CHECK;
/** The same from what was stored, which has the groups' names. */
bool rollout_read_stored(const json_t *j, struct rollout *out, struct err *e) MUST_CHECK;
/** What is stored and shown: with the groups' names, as far as they are known. */
json_t *rollout_write(const struct rollout *r);

/* --- who is in which wave --- */
struct rollout_host {
	uint64_t rank;	  /**< rollout_rank() */
	uint32_t release; /**< same number = same OS release */
	uint32_t wave;	  /**< out */
	uint32_t groups;  /**< bit w: it is in the group of wave w */
};
/** The same for the same deployment and host, on every machine and for ever. */
uint64_t rollout_rank(const char *deployment, const char *host);
/** Sets every host's wave, whatever the order they come in. A host is in the first wave whose group
 * it is in; numbers and percentages choose among the others alone, so that nobody is in an earlier
 * wave than that of its group. Of these the first of a wave are one of each OS release (of the most
 * frequent ones when they are too many), the others in proportion. */
void rollout_assign(const struct rollout *r, struct rollout_host *hosts, size_t n);
/** The wave whose group decides for a host with these `groups`; n_waves when none does. */
uint32_t rollout_group_wave(const struct rollout *r, uint32_t groups);
/** How many of `n` hosts each wave gets; `of_groups[w]`: hosts for which the group of wave w
 * decides (NULL = no wave has one). */
void rollout_sizes(const struct rollout *r, size_t n, const uint32_t *of_groups,
		   uint32_t out[static ROLLOUT_WAVES_MAX]);

/* --- decisions --- */
/** A wave's hosts. What an administrator has forgiven on resuming is in `forgiven` only. */
struct rollout_counts {
	uint32_t waiting;	 /**< not started */
	uint32_t absent;	 /**< of waiting: not heard from for heartbeat_ms */
	uint32_t running;	 /**< has its order, no result */
	uint32_t running_silent; /**< of running: not heard from for heartbeat_ms */
	uint32_t succeeded, failed;
	uint32_t silent;  /**< of running, succeeded and failed: not heard from */
	uint32_t skipped; /**< had nothing to do, or were cancelled */
	uint32_t forgiven;
	int64_t opened_ms;     /**< 0 = it is not open */
	int64_t last_ended_ms; /**< 0 = none has ended */
};
enum rollout_state {
	ROLLOUT_CLOSED,
	ROLLOUT_RUNNING,
	ROLLOUT_SOAKING,
	ROLLOUT_PASSED,
	ROLLOUT_HALTED,
	ROLLOUT_STATES_
};
enum rollout_why {
	ROLLOUT_WHY_NONE,
	ROLLOUT_WHY_BEFORE,	 /**< the wave before it has not passed */
	ROLLOUT_WHY_UNDER_WAY,	 /**< hosts are at work or have not started */
	ROLLOUT_WHY_ABSENT,	 /**< only hosts not heard from are left, until the patience ends */
	ROLLOUT_WHY_SOAK,	 /**< until the soak time is over */
	ROLLOUT_WHY_PROVEN,	 /**< passed: the gate held */
	ROLLOUT_WHY_NOTHING,	 /**< passed: nothing was to do */
	ROLLOUT_WHY_FAILURES,	 /**< halted: more than max_failures */
	ROLLOUT_WHY_RATE,	 /**< halted: success_percent is missed, or out of reach */
	ROLLOUT_WHY_SILENT,	 /**< halted: more than max_silent */
	ROLLOUT_WHY_NO_EVIDENCE, /**< halted: none has succeeded or failed, and the patience is over
				  */
	ROLLOUT_WHY_THRESHOLD,	 /**< halted: halt_failures or halt_percent of the deployment */
	ROLLOUT_WHY_MANUAL,	 /**< halted by an administrator */
	ROLLOUT_WHY_EMPTY,	 /**< no host is in it: passed over */
	ROLLOUT_WHYS_
};
const char *rollout_state_name(enum rollout_state s);
const char *rollout_why_name(enum rollout_why w);

struct rollout_judged {
	enum rollout_state state;
	enum rollout_why why;
	int64_t until_ms; /**< when time alone may change it; 0 = time does not */
};
struct rollout_verdict {
	struct rollout_judged waves[ROLLOUT_WAVES_MAX];
	bool open_next; /**< the wave `open` is to be opened */
	bool halt;	/**< everything not started is to stop, because of the wave open - 1 */
	bool done;	/**< the last wave has passed */
};
/** `open` >= 1 waves are open; `halted` is ROLLOUT_WHY_NONE or why it stands still (nothing is
 * decided then). At most one wave opens at a time. */
void rollout_decide(const struct rollout *r, const struct rollout_counts *counts, uint32_t open,
		    enum rollout_why halted, int64_t now_ms, struct rollout_verdict *out);
#endif
