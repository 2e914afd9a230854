/* SPDX-License-Identifier: Apache-2.0
 * Agent id -> host number, by the ids that stand in the hosts themselves: eight bytes a host.
 * Not thread-safe: the fleet locks. */
#ifndef FLEET_IDS_H
#define FLEET_IDS_H
#include "fleet/fleet.h"

struct ids {
	uint32_t *slots; /* number + 1; 0 = empty */
	uint32_t mask, n;
};
void ids_done(struct ids *t);
/** The number of the host with an id, or INTERN_NONE. `hosts` by number. */
uint32_t ids_find(const struct ids *t, struct host *const *hosts, struct str id);
/** Enters host `no`, which is in `hosts` and not in the table. */
void ids_add(struct ids *t, struct host *const *hosts, uint32_t no);
/** The same for one that may be in the table already: false then. */
bool ids_add_new(struct ids *t, struct host *const *hosts, uint32_t no);
/** Makes room for so many more. */
void ids_reserve(struct ids *t, struct host *const *hosts, uint32_t more);
#endif
