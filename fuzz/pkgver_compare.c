/* SPDX-License-Identifier: Apache-2.0
 * Version orders: the input's lines, pair by pair. Properties: reflexive, antisymmetric, -1/0/1. */
#include "pkgver/pkgver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str a = { "", 0 }, b, rest = { (const char *)data, size };
	while (str_split(&rest, '\n', &b)) {
		for (enum pkgver_scheme s = 0; s < PKGVER_SCHEMES_; s++) {
			int ab = pkgver_compare(s, a, b);
			ASSERT(ab >= -1 && ab <= 1 && ab == -pkgver_compare(s, b, a));
			ASSERT(pkgver_compare(s, b, b) == 0);
		}
		a = b;
	}
	return 0;
}
