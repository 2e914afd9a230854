/* SPDX-License-Identifier: Apache-2.0
 * A message of the other process: any bytes are read as texts, lists and numbers, within bounds. */
#include "ipc/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct unpacker u = { .rest = { (const char *)data, size }, .a = &a };
	struct err e;
	while (!u.failed && u.rest.n) {
		const char *text = unpack_text(&u);
		ASSERT(!text || strlen(text) <= size);
		const char *const *list = unpack_list(&u);
		for (; list && *list; list++)
			ASSERT(strlen(*list) <= size);
		struct str s = unpack_str(&u);
		ASSERT(s.n <= size);
		int64_t n = unpack_int_in(&u, -1, 5);
		ASSERT(n >= -1 && n <= 5);
	}
	bool good = unpack_end(&u, &e);
	ASSERT(good == (!u.failed && u.rest.n == 0));
	return 0;
}
