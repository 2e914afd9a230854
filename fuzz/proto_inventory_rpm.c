/* SPDX-License-Identifier: Apache-2.0
 * Lists that rpm printed. Property: what is gathered of them is a canonical inventory. */
#include "proto/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, line;
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	AUTO(buf_done) struct buf b = BUF_INIT(INVENTORY_MAX);
	while (text.n > 0 && str_line(&text, &line))
		if (!inventory_add_rpm_line(i, line, &e))
			ASSERT(e.code == ERR_CORRUPT || e.code == ERR_LIMIT);
	ASSERT(inventory_text(i, &b, &e));
	ASSERT(inventory_check(buf_str(&b), &e));
	return 0;
}
