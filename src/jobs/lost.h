/* SPDX-License-Identifier: Apache-2.0
 * Which systems wait for what a feed's new generation does not say any more (F38). */
#ifndef JOBS_LOST_H
#define JOBS_LOST_H
#include "catalog/catalog.h"
#include "match/match.h"

/** generation_watch.waiting; `arg` is the struct match. A system waits when it lacks the patch (for
 * whatever reason) and has an older version of the lost package, or the patch is rated by the lost
 * notice. */
uint32_t lost_waiting(void *arg, const struct generation_lost *lost, size_t n, size_t *which_out);
#endif
