/* SPDX-License-Identifier: Apache-2.0
 * Tar archives. Property: the same files and verdict whatever the size of the reads; never more
 * bytes of a file than it says. */
#include "base/buf.h"
#include "format/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run(struct str packed, size_t step, uint64_t *hash)
{
	static char part[4096];
	struct err e = { 0 };
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!unpack_open_mem(packed, "x", 1u << 20, 0, &u, &e))
		return false;
	AUTO(tar_free) struct tar *t = tar_new(u);
	for (;;) {
		struct str name;
		uint64_t said, seen = 0;
		bool more;
		size_t got = 1;
		if (!tar_next(t, &name, &said, &more, &e))
			return false;
		if (!more)
			return true;
		ASSERT(name.n <= TAR_NAME);
		*hash = *hash * 31 + str_hash(name);
		while (got) {
			if (!tar_read(t, part, step, &got, &e))
				return false;
			for (size_t i = 0; i < got; i++)
				*hash = *hash * 31 + (unsigned char)part[i];
			seen += got;
		}
		ASSERT(seen == said);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str packed = { (const char *)data, size };
	uint64_t a = 0, b = 0;
	bool one = run(packed, 4096, &a), two = run(packed, 7, &b);
	ASSERT(one == two && (!one || a == b));
	return 0;
}
