/* SPDX-License-Identifier: Apache-2.0
 * Inventories: as canonical text, as dpkg status, as os-release, as delta. Properties: what this
 * house writes passes its own check, and a delta leads back to where it came from. */
#include "proto/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void gathered(struct inventory *i)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(INVENTORY_MAX);
	ASSERT(inventory_text(i, &b, &e));
	ASSERT(inventory_check(buf_str(&b), &e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str base = STR_LIT("arch\tamd64\ndeb\tbash\tamd64\t5\t\t\nos\tdebian\t12\t\n");
	struct str text = { (const char *)data, size };
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	bool ok = inventory_add_dpkg_status(i, text, &e);
	ok |= inventory_add_os_release(i, text, &e);
	if (ok)
		gathered(i);
	AUTO(buf_done)
	struct buf to = BUF_INIT(INVENTORY_MAX), d = BUF_INIT(INVENTORY_MAX),
		   back = BUF_INIT(INVENTORY_MAX);
	if (inventory_apply(base, text, &to, &e)) {
		ASSERT(inventory_check(buf_str(&to), &e));
		ASSERT(inventory_delta(buf_str(&to), base, &d, &e));
		ASSERT(inventory_apply(buf_str(&to), buf_str(&d), &back, &e));
		ASSERT(str_eq(buf_str(&back), base));
	}
	if (inventory_check(text, &e)) {
		buf_reset(&d);
		buf_reset(&back);
		ASSERT(inventory_delta(base, text, &d, &e));
		ASSERT(inventory_apply(base, buf_str(&d), &back, &e));
		ASSERT(str_eq(buf_str(&back), text));
	}
	return 0;
}
