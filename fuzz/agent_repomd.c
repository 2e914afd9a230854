/* SPDX-License-Identifier: Apache-2.0
 * A repository's index: what comes out is read again and loses nothing more. */
#include "agent/root/mirror.h"

static bool is_kept(void *arg, struct str path)
{
	return path.n % 3 != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_done) struct buf first = BUF_INIT(8u << 20), second = BUF_INIT(8u << 20);
	struct err e = { 0 };
	bool pruned;
	if (!mirror_prune_repomd((struct str) { (const char *)data, size }, is_kept, NULL, &first,
				 &pruned, &e))
		return 0;
	ASSERT(mirror_prune_repomd(buf_str(&first), is_kept, NULL, &second, &pruned, &e));
	ASSERT(!pruned && str_eq(buf_str(&first), buf_str(&second)));
	return 0;
}
