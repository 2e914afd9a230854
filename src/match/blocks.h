/* SPDX-License-Identifier: Apache-2.0
 * Sets of hosts 65,536 at a time as plain bits, and counting how often a host is in many sets. Made
 * of and into roaring bitmaps; the only file of the room that knows what these consist of. */
#ifndef MATCH_BLOCKS_H
#define MATCH_BLOCKS_H
#include "base/base.h"

#include <roaring/roaring.h>

#define BLOCK_HOSTS 65536u
#define BLOCK_WORDS (BLOCK_HOSTS / 64)
/** Block `no` is of the hosts [no * BLOCK_HOSTS, (no + 1) * BLOCK_HOSTS). */
typedef uint64_t block_bits[BLOCK_WORDS];

/** Adds the hosts of `set` (NULL = empty) that are in the block; false when there are none. */
bool block_add(uint64_t *bits, const roaring_bitmap_t *set, uint32_t no);
/** A set on its way through ascending blocks: what it has nothing of is passed over without a look
 * at the set. */
struct block_walk {
	const roaring_bitmap_t *set; /* not NULL */
	int32_t at;
	uint32_t next; /* block that has the next of its hosts; UINT32_MAX = none */
};
void block_walk_begin(struct block_walk *w, const roaring_bitmap_t *set);
/** Adds as block_add() does; `no` is higher than the last. When `fresh`, `bits` may hold anything
 * and are written only if there are hosts. */
bool block_walk_add(uint64_t *bits, struct block_walk *w, uint32_t no, bool fresh);
void block_clear(uint64_t *bits);
void block_or(uint64_t *bits, const uint64_t *more);
void block_and(uint64_t *bits, const uint64_t *only);
void block_andnot(uint64_t *bits, const uint64_t *without);
/** Appends a block to a set that has none as high (*set NULL = empty, made when needed); returns
 * how many hosts the block has. */
uint32_t block_append(roaring_bitmap_t **set, uint32_t no, const uint64_t *bits);

/** How often each host of a block is in the sets that were added. Sets with many hosts are added
 * eight at a time as the digits of binary numbers, a word of hosts at once. */
struct block_counter;
#define BLOCK_COUNTER_MOST 60000u /* sets; more would overflow */
struct block_counter *block_counter_new(void);
void block_counter_free(struct block_counter *c);
AUTO_DEFINE(struct block_counter, block_counter_free)
/** Returns whether the block has hosts of the set. `set` must live until the next counts. */
bool block_count(struct block_counter *c, const roaring_bitmap_t *set, uint32_t no);
/** The counts by host of the block; only block_counter_clear() may follow. */
const uint16_t *block_counts(struct block_counter *c);
/** Begins again. */
void block_counter_clear(struct block_counter *c);
#endif
