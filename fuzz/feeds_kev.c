/* SPDX-License-Identifier: Apache-2.0
 * kev as enrichment; see feeds_enrichment.h. */
#include "feeds_enrichment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enrichment_round(kev_parse, data, size);
	return 0;
}
