/* SPDX-License-Identifier: Apache-2.0
 * What holds for every reader of enrichment: what is accepted can be written and read back as the
 * same document. */
#ifndef FUZZ_FEEDS_ENRICHMENT_H
#define FUZZ_FEEDS_ENRICHMENT_H
#include "feeds/enrichment/enrichment_int.h"

static inline void enrichment_round(bool (*parse)(struct unpack *u, struct enrich_rows *rows,
						  struct err *e),
				    const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(enrich_rows_done) struct enrich_rows rows = { 0 }, again = { 0 };
	AUTO(buf_done) struct buf once = BUF_INIT(8u << 20), twice = BUF_INIT(8u << 20);
	if (!unpack_open_mem((struct str) { (const char *)data, size }, "x", 1u << 20, 0, &u, &e) ||
	    !parse(u, &rows, &e) || !enrich_write(&rows, &once, &e))
		return;
	ASSERT(enrich_read(buf_str(&once), &again, &e) && enrich_write(&again, &twice, &e));
	ASSERT(str_eq(buf_str(&once), buf_str(&twice)));
}
#endif
