/* SPDX-License-Identifier: Apache-2.0
 * Words of the push connection, in pieces of any size. */
#include "agent/net/push.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct push_words w = { 0 };
	size_t step = size ? 1 + data[0] % 16 : 1;
	for (size_t at = 0; at < size; at += step) {
		struct str piece = { (const char *)data + at, MIN(step, size - at) };
		while (push_next(&w, &piece) != PUSH_NONE)
			;
		ASSERT(piece.n == 0 && w.n <= sizeof(w.line));
	}
	return 0;
}
