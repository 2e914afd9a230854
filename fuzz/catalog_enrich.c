/* SPDX-License-Identifier: Apache-2.0
 * Stored enrichment. Property: what is accepted is written back so that it reads as the same. */
#include "catalog/enrich.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	AUTO(enrich_rows_done) struct enrich_rows rows = { 0 }, again = { 0 };
	AUTO(buf_done) struct buf once = BUF_INIT(8u << 20), twice = BUF_INIT(8u << 20);
	struct str text = { (const char *)data, size };
	if (!enrich_read(text, &rows, &e))
		return 0;
	bool written = enrich_write(&rows, &once, &e);
	ASSERT(written);
	ASSERT(enrich_read(buf_str(&once), &again, &e) && enrich_write(&again, &twice, &e));
	ASSERT(str_eq(buf_str(&once), buf_str(&twice)));
	AUTO(enrich_unref) struct enrich *x = NULL;
	struct generation g = { .feed = { .kind = str_of(enrich_kind_name(rows.kind)) },
				.records = buf_str(&once) };
	ASSERT(enrich_build(&g, 1, &x, &e));
	struct lifecycle_of l;
	for (size_t i = 0; i < rows.releases.n; i++)
		enrich_lifecycle(x, rows.releases.p[i].product, rows.releases.p[i].release, text,
				 STR_LIT(""), &l);
	return 0;
}
