/* SPDX-License-Identifier: Apache-2.0
 * What hosts say of themselves, turned round: per dimension (office, operating system, ...) the
 * values and the hosts of each, as bitmaps kept when a host changes. Also the owner of those texts:
 * a million hosts share a few hundred of them. Values nobody has any more are dropped, so that
 * changing texts cannot fill the memory: the owner builds a new one when dims_sparse(). Not
 * thread-safe: the fleet locks. */
#ifndef FLEET_DIMS_H
#define FLEET_DIMS_H
#include "fleet/fleet.h"

struct dims;
struct dims *dims_new(void);
void dims_free(struct dims *d);
AUTO_DEFINE(struct dims, dims_free)

/** The texts of a host in every dimension, in the order of enum fleet_dim; NULL is "". */
struct dims_of {
	const char *text[FLEET_DIMS_];
	char os[200]; /* what FLEET_BY_OS points to */
};
void dims_read(const char *office, const struct host_attrs *a, struct dims_of *out);
/** Enters a host. */
void dims_add(struct dims *d, uint32_t host, const struct dims_of *of);
/** The number of a value, given now if it is new; it has hosts soon (dims_add_many). */
uint32_t dims_number(struct dims *d, enum fleet_dim dim, const char *text);
/** Enters hosts, ascending, into one dimension only. */
void dims_add_many(struct dims *d, enum fleet_dim dim, uint32_t value, const uint32_t *hosts,
		   size_t n);
/** A host says `now` instead of `before`; dimensions in which both are the same stay as they are.
 */
void dims_move(struct dims *d, uint32_t host, const struct dims_of *before,
	       const struct dims_of *now);
/** The shared copy of a text that some host has in the dimension; NULL for NULL. */
const char *dims_text(const struct dims *d, enum fleet_dim dim, const char *text);
/** Points the texts that hosts share among their attributes to the shared copies of those in
 * `from`; the others stay as they are. */
void dims_share(const struct dims *d, const struct host_attrs *from, struct host_attrs *out);
/** Whether so many values of a dimension have gone that it is worth building all anew. */
bool dims_sparse(const struct dims *d, enum fleet_dim dim);

uint32_t dims_count(const struct dims *d, enum fleet_dim dim);
struct str dims_value(const struct dims *d, enum fleet_dim dim, uint32_t value);
const roaring_bitmap_t *dims_hosts(const struct dims *d, enum fleet_dim dim, uint32_t value);
const roaring_bitmap_t *dims_find(const struct dims *d, enum fleet_dim dim, struct str value);
#endif
