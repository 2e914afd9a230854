/* SPDX-License-Identifier: Apache-2.0
 * getrandom(2), read to the end. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

void random_bytes(void *p, size_t n)
{
	uint8_t *q = p;
	while (n) {
		ssize_t r = getrandom(q, n, 0);
		if (r < 0 && errno == EINTR)
			continue;
		ASSERT(r > 0);
		q += r;
		n -= (size_t)r;
	}
}

uint64_t random_u64(void)
{
	uint64_t v;
	random_bytes(&v, sizeof(v));
	return v;
}

uint64_t random_below(uint64_t bound)
{
	ASSERT(bound > 0);
	uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
	uint64_t v;
	do
		v = random_u64();
	while (v >= limit);
	return v % bound;
}
