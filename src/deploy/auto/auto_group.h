/* SPDX-License-Identifier: Apache-2.0
 * A deployment installs each of its patches on each of its systems that lacks it. What a task
 * decided pair by pair is therefore split into deployments whose products hold no pair that must
 * not be installed. Pure. */
#ifndef DEPLOY_AUTO_GROUP_H
#define DEPLOY_AUTO_GROUP_H
#include "deploy/auto/auto.h"

/** At most so many deployments of one task at once; what is left comes with the next run. */
#define AUTO_GROUPS_MAX 20

struct auto_group {
	VEC(uint32_t) rows; /**< indices into the plan's rows */
	roaring_bitmap_t *hosts;
	roaring_bitmap_t *refused; /**< by any of its rows */
};
void auto_groups_done(struct auto_group *groups, size_t n);
/** The chosen pairs of one lane; returns the number of groups. */
size_t auto_groups(const struct auto_plan *p, enum auto_verdict lane,
		   struct auto_group out[static AUTO_GROUPS_MAX]);
#endif
