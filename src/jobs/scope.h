/* SPDX-License-Identifier: Apache-2.0
 * What is synced at all (M-073): kinds of sources an administrator has turned off; and which
 * classes of patches of what they bring are managed (M-074). */
#ifndef JOBS_SCOPE_H
#define JOBS_SCOPE_H
#include "feeds/feed.h"
#include "jobs/jobs.h"

/** Takes the feeds of kinds that are off out of the plan. */
void scope_apply(const struct jobs_conf *conf, struct feed_plan *p);
/** The cells that are off, for catalog_load(). */
struct str scope_cells(const struct jobs_conf *conf, struct arena *a);
/** Whether the matrix says another thing of a snapshot's patches than it was built by. */
bool scope_differs(const struct jobs_conf *conf, const struct catalog *c);
#endif
