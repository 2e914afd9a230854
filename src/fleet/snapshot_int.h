/* SPDX-License-Identifier: Apache-2.0
 * Between the two halves of the snapshot: hosts (snapshot_hosts.c) and everything else. */
#ifndef FLEET_SNAPSHOT_INT_H
#define FLEET_SNAPSHOT_INT_H
#include "fleet/snapshot.h"

/* The first `n` hosts, a slice under each read lock. */
bool snapshot_save_hosts(struct fleet *f, struct snapfile_writer *w, uint32_t n, struct err *e)
	MUST_CHECK;
/* Into an empty fleet; their texts and facts stay in the file. False when the file contradicts
 * itself: the fleet can only be freed then. The file may be damaged. */
bool snapshot_load_hosts(struct fleet *f, const struct snapfile *s) MUST_CHECK;
#endif
