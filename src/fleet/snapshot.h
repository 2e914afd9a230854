/* SPDX-License-Identifier: Apache-2.0
 * A snapshot of the fleet in a file, so that a start does not read a million rows. Derived, never
 * believed: it names the epoch of the database it was begun in; hosts that changed in that epoch
 * or later are read from the database again, and without a matching record in the database the
 * whole file is left alone. Written while hosts go on changing: these are the ones read again.
 *
 * Only on a database of one server: others would change hosts in an epoch this one has closed. */
#ifndef FLEET_SNAPSHOT_H
#define FLEET_SNAPSHOT_H
#include "fleet/fleet.h"
#include "fleet/snapfile.h"

/** As fleet_load(), from the snapshot at `path` when it is usable. When it is not, *why_out says
 * why (code ERR_NOT_FOUND: there was none), else its code is OK. */
bool snapshot_load(struct sql *db, const struct clock *clock, const char *path, struct fleet **out,
		   struct err *why_out, struct err *e) MUST_CHECK;
/** The file the fleet came from, or NULL; lives as long as the fleet. */
const struct snapfile *fleet_snapshot(const struct fleet *f);
/** Hosts that were read from the database because the snapshot did not know them as they are. */
const roaring_bitmap_t *fleet_reread(const struct fleet *f);

/** Whether snapshots of this fleet are of use. */
bool snapshot_possible(const struct fleet *f);
/** Begins an epoch and writes the fleet's sections. No lock is held longer than a slice. */
bool snapshot_begin(struct fleet *f, const char *path, struct snapfile_writer **out, struct err *e)
	MUST_CHECK;
/** Makes what was written durable, known to the database, and visible. */
bool snapshot_end(struct fleet *f, struct snapfile_writer *w, struct err *e) MUST_CHECK;

/** Writes bitmaps (NULL = empty) into the open section; where each is goes to the table. */
struct snapshot_place {
	uint64_t at;
	uint32_t len, zero; /* len 0 = empty */
};
void snapshot_put_bitmap(struct snapfile_writer *w, const roaring_bitmap_t *b,
			 struct snapshot_place *out);
/** A view of a bitmap in a section; not to be changed, freed with roaring_bitmap_free(). NULL with
 * *ok_out false when the place is none. */
roaring_bitmap_t *snapshot_bitmap(struct str section, const struct snapshot_place *p, bool *ok_out);
/** Makes a bitmap that may be changed of a view, in its place. */
void snapshot_own(roaring_bitmap_t **b);
#endif
