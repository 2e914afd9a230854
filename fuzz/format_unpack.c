/* SPDX-License-Identifier: Apache-2.0
 * Decompression. Property: never more than the maximum, and the same bytes and verdict whatever the
 * size of the reads. */
#include "base/buf.h"
#include "format/unpack.h"

#define MAX_OUT (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run(struct str packed, size_t step, struct buf *out)
{
	static char part[65536];
	AUTO(unpack_free) struct unpack *u = NULL;
	struct err e = { 0 };
	size_t got = 1;
	if (!unpack_open_mem(packed, "x", MAX_OUT, 0, &u, &e))
		return false;
	while (got) {
		if (!unpack_read(u, part, step, &got, &e))
			return false;
		buf_add(out, part, got);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str packed = { (const char *)data, size };
	AUTO(buf_done) struct buf a = BUF_INIT(MAX_OUT), b = BUF_INIT(MAX_OUT);
	bool one = run(packed, 65536, &a), two = run(packed, 61, &b);
	ASSERT(one == two && !a.overflowed && !b.overflowed);
	ASSERT(!one || str_eq(buf_str(&a), buf_str(&b)));
	return 0;
}
