/* SPDX-License-Identifier: Apache-2.0
 * The decisions of cluster.h. */
#include "deploy/rollout/cluster.h"
#include "base/base.h"

#include <stdio.h>
#include <string.h>

uint32_t cluster_limit(const struct cluster_rule *r, uint32_t members)
{
	if (!r->amount)
		return UINT32_MAX;
	if (!r->percent)
		return r->amount;
	return MAX((uint32_t)((uint64_t)members * r->amount / 100), 1u);
}

static void move_to(struct cluster_slot *s, const char *boot)
{
	snprintf(s->boot, sizeof(s->boot), "%s", boot);
}

/* By both clocks: the server's may have been set forward, the machine's may be wrong for ever. */
static bool is_past(const struct cluster_heard *h, int64_t ms)
{
	return h->own_ms > ms && h->now_ms > ms;
}

enum cluster_verdict cluster_hear(struct cluster_slot *s, const struct cluster_heard *h)
{
	bool other_boot = strncmp(s->boot, h->boot, sizeof(s->boot) - 1) != 0;
	uint64_t seq = h->agent_epoch == s->epoch ? h->agent_seq : 0;
	if (s->stage == CLUSTER_OFF)
		return other_boot || is_past(h, s->until_ms) ? CLUSTER_OVER : CLUSTER_STAYS;
	if (seq > s->seq)
		return CLUSTER_OVER; /* overtaken: it is never begun */
	enum cluster_verdict v = CLUSTER_STAYS;
	if (seq == s->seq && s->stage == CLUSTER_HANDED_OUT) {
		s->stage = CLUSTER_BEGUN;
		v = CLUSTER_CHANGED;
	}
	if (other_boot) { /* it may be going on with what it had begun before it could say so */
		move_to(s, h->boot);
		s->until_ms = MAX(s->until_ms, h->now_ms + CLUSTER_BOOT_MS);
		v = CLUSTER_CHANGED;
	}
	int64_t end_ms = s->until_ms + (s->stage == CLUSTER_BEGUN ? CLUSTER_BEGUN_MS : 0);
	return is_past(h, end_ms) ? CLUSTER_OVER : v;
}

int64_t cluster_not_after(int64_t now_ms, int64_t valid_ms)
{
	return MIN(now_ms + CLUSTER_LEASE_MS, valid_ms);
}

int64_t cluster_until(int64_t not_after_ms, int64_t before_ms)
{
	return not_after_ms + CLUSTER_STEP_MS + before_ms;
}

bool cluster_never_begins(const struct cluster_slot *s, uint64_t seq, int64_t opens_ms)
{
	return s->seq == seq && s->stage == CLUSTER_HANDED_OUT && opens_ms > s->until_ms;
}

enum cluster_verdict cluster_answered(struct cluster_slot *s, uint64_t seq, bool off,
				      const char *boot, int64_t now_ms)
{
	if (s->seq != seq || s->stage == CLUSTER_OFF)
		return CLUSTER_STAYS; /* one before it, or told twice */
	if (!off)
		return CLUSTER_OVER;
	s->stage = CLUSTER_OFF;
	s->until_ms = now_ms + CLUSTER_BEFORE_MS;
	move_to(s, boot);
	return CLUSTER_CHANGED;
}
