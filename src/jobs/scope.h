/* SPDX-License-Identifier: Apache-2.0
 * What is synced at all (M-073): kinds of sources an administrator has turned off. */
#ifndef JOBS_SCOPE_H
#define JOBS_SCOPE_H
#include "feeds/feed.h"
#include "jobs/jobs.h"

/** Takes the feeds of kinds that are off out of the plan. */
void scope_apply(const struct jobs_conf *conf, struct feed_plan *p);
#endif
