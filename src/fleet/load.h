/* SPDX-License-Identifier: Apache-2.0
 * Many hosts put into memory together: what they share is looked up once for each kind of host, and
 * the bitmaps are made of sorted arrays at the end. Before the fleet is shared. */
#ifndef FLEET_LOAD_H
#define FLEET_LOAD_H
#include "fleet/fleet.h"

struct load;
/** For about so many hosts. */
struct load *load_new(struct fleet *f, uint32_t hosts);
/** A kind: the office and the texts of `shared` that many hosts have in common, copied. Kinds are
 * numbered from 0, and all are there before the first host. */
void load_kind(struct load *l, const char *office, const struct host_attrs *shared);
/** Adds a host; what it does not share stays where it is and must outlive the fleet. False (nothing
 * is added) when there is no such kind, or a host with its id. */
bool load_host(struct load *l, const struct host *from, uint32_t kind);
/** Completes the fleet. */
void load_end(struct load *l);
/** Without load_end() the fleet can be freed and nothing else. */
void load_free(struct load *l);
AUTO_DEFINE(struct load, load_free)
#endif
