/* SPDX-License-Identifier: Apache-2.0
 * Compiled time zones. What is accepted gives an offset for every instant, and local times that
 * never run backwards. */
#include "window/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t local[] = { -6000000000, 0,	  1743303600, 1743305400,
					 1761444000,  2147483647, 4102444800, 32503680000 };
	AUTO(zone_free) struct zone *z = NULL;
	if (!zone_parse((struct str) { (const char *)data, size }, &z, NULL))
		return 0;
	int64_t last = INT64_MIN;
	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		int64_t instant = zone_instant(z, local[i], NULL);
		ASSERT(instant >= last && instant + zone_offset(z, instant) >= local[i]);
		last = instant;
	}
	return 0;
}
