/* SPDX-License-Identifier: Apache-2.0
 * The cluster rule as a pure decision: of a group's members never more than so many are unavailable
 * at once, whatever dies, is lost or comes twice (AC-32). No database, no clock of its own.
 *
 * A member is given work that makes it unavailable only under a place, which is durable before the
 * order leaves. Agents act without the server, so such an order is a lease: it is valid for an hour
 * at most, and a place whose order may still be begun, or was begun and is not answered, is never
 * given back. What a machine has begun is told by its sequence; that it will not begin any more, by
 * its own clock, never by the server's alone. Whoever keeps silent keeps its place. */
#ifndef DEPLOY_CLUSTER_H
#define DEPLOY_CLUSTER_H
#include <stdbool.h>
#include <stdint.h>

#define CLUSTER_MINUTE_MS INT64_C(60000)
/** How long an order under a place may lie unbegun. */
#define CLUSTER_LEASE_MS (60 * CLUSTER_MINUTE_MS)
/** A machine's clock may be set back by so much while such an order lies on it. */
#define CLUSTER_STEP_MS (10 * CLUSTER_MINUTE_MS)
/** Longest that a machine is about to restart before its installation without saying so by its
 * sequence; and from its start until it says that it has gone on with what it had begun: a quarter
 * of an hour, and the longest script before an installation. */
#define CLUSTER_BEFORE_MS (45 * CLUSTER_MINUTE_MS)
#define CLUSTER_BOOT_MS (135 * CLUSTER_MINUTE_MS)
/** What was begun and is not answered for so long, by a machine that is heard, is never answered
 * (longer than an agent works on an order, people waited for included). */
#define CLUSTER_BEGUN_MS (48 * 60 * CLUSTER_MINUTE_MS)
/** A member that has no open connection counts as there so long after its last word. */
#define CLUSTER_SILENT_MS (10 * CLUSTER_MINUTE_MS)
/** ... where several servers may share the database: it may be connected to another one, which
 * hears of it every hour and a half. */
#define CLUSTER_SILENT_SHARED_MS (120 * CLUSTER_MINUTE_MS)
#define CLUSTER_BOOT_ID 65

/** amount 0 = no rule. */
struct cluster_rule {
	uint32_t amount;
	bool percent;
};
/** How many of `members` may be unavailable at once: a percentage is rounded down, but one always
 * may; UINT32_MAX without a rule. */
uint32_t cluster_limit(const struct cluster_rule *r, uint32_t members);

enum cluster_stage {
	CLUSTER_HANDED_OUT, /**< nothing has been heard of the order */
	CLUSTER_BEGUN,
	CLUSTER_OFF, /**< it is answered; the machine is being switched off */
	CLUSTER_STAGES_
};
struct cluster_slot {
	uint64_t epoch, seq; /**< of the newest order under it */
	enum cluster_stage stage;
	int64_t until_ms;
	char boot[CLUSTER_BOOT_ID];
};
/** What a contact says. */
struct cluster_heard {
	uint64_t epoch; /**< the server's */
	uint64_t agent_epoch, agent_seq;
	int64_t now_ms; /**< the server's clock */
	int64_t own_ms; /**< a time that the machine's own clock has shown, at most now_ms */
	const char *boot;
};
enum cluster_verdict {
	CLUSTER_STAYS,
	CLUSTER_CHANGED, /**< stays, and `s` is to be written */
	CLUSTER_OVER,	 /**< is to be given back */
};
enum cluster_verdict cluster_hear(struct cluster_slot *s, const struct cluster_heard *h);

/** An order made now under a place: valid until `valid_ms` at most. */
int64_t cluster_not_after(int64_t now_ms, int64_t valid_ms);
/** The place's until_ms for an order with this end, whose machine may be at work for `before_ms`
 * before its sequence says so: restarting (CLUSTER_BEFORE_MS), a script. */
int64_t cluster_until(int64_t not_after_ms, int64_t before_ms);
/** The agent says that the order `seq` waits for a window that opens then (0 = it does not know):
 * it is a dead letter, and the place free, since it has expired by then on the same clock. */
bool cluster_never_begins(const struct cluster_slot *s, uint64_t seq, int64_t opens_ms);
/** The order `seq` is answered: whether the place is given back now. `off`: the machine is being
 * switched off, `boot` is the one it is heard in. */
enum cluster_verdict cluster_answered(struct cluster_slot *s, uint64_t seq, bool off,
				      const char *boot, int64_t now_ms);
#endif
