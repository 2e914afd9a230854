/* SPDX-License-Identifier: Apache-2.0
 * Room-private: a generation's document as it is kept in the database. */
#ifndef CATALOG_GENERATION_INT_H
#define CATALOG_GENERATION_INT_H
#include "base/arena.h"
#include "base/vec.h"
#include "catalog/catalog.h"

/** zstd with a checksum. */
bool generation_pack(struct str records, struct buf *out, struct err *e) MUST_CHECK;
/** Exactly `raw_size` bytes with this digest, or ERR_CORRUPT. */
bool generation_unpack(struct str packed, int64_t raw_size, const struct sha256 *digest,
		       struct buf *out, struct err *e) MUST_CHECK;

/** Current generations with their documents. */
struct generations {
	struct arena arena;
	VEC(struct generation) gens; /* records: on the heap, or NULL once somebody took them */
};
void generations_done(struct generations *l);
AUTO_DEFINE_VALUE(struct generations, generations_done)
/** Those whose kind `want` says yes to, by feed. */
bool generations_load(struct sql *db, bool (*want)(struct str kind), struct generations *out,
		      struct err *e) MUST_CHECK;
#endif
