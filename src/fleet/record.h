/* SPDX-License-Identifier: Apache-2.0
 * Hosts' records in memory and everything that is kept of them: the bitmaps of states, scans and
 * dimensions, the roster, the index of facts. What changes here is durable already. All is called
 * under the write lock (or before the fleet is shared). */
#ifndef FLEET_RECORD_H
#define FLEET_RECORD_H
#include "fleet/fleet.h"

/** Puts a copy of a loaded or enrolled host into memory; `from` may borrow all it points to. */
uint32_t fleet_adopt(struct fleet *f, const struct host *from);
/** A host in memory becomes what its row says; it must be in no bitmap of facts. */
void fleet_replace(struct fleet *f, uint32_t no, const struct host *from);
/** Enters the facts of an active host into the index. */
void fleet_index_host(struct fleet *f, const struct host *h);
/** The same for many, ascending numbers. */
void fleet_index_hosts(struct fleet *f, const uint32_t *nos, size_t n);
/** The host's lock held, too: the host becomes what its row says, and the listener is told. */
void fleet_show(struct fleet *f, struct host *h, const struct host *from);

/** Makes the host a member of the bitmap or not. */
void record_put(roaring_bitmap_t *b, uint32_t host, bool is);
/** These tell neither the roster nor the listener. */
void record_set_scan(struct fleet *f, struct host *h, enum scan_status scan);
void record_set_scan_time(struct fleet *f, struct host *h, int64_t ms);
void record_set_attrs(struct fleet *f, struct host *h, const char *office,
		      const struct host_attrs *attrs);
/** A host's facts, decoded; the caller frees them. */
uint32_t *record_facts(const struct host *h);
/** Moves the host from `old` to `new` facts in the index and tells the listener, always when this
 * is its first scan, else when they differ. */
void record_reindex(struct fleet *f, const struct host *h, const uint32_t *old, uint32_t n_old,
		    const uint32_t *new, uint32_t n_new, bool first);
#endif
