/* SPDX-License-Identifier: Apache-2.0
 * repomd.xml. Property: no place that leads out of the repository, every file with a checksum. */
#include "feeds/rpm/rpm_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(rpm_repomd_done) struct rpm_repomd r = { 0 };
	if (!rpm_repomd_parse((struct str) { (const char *)data, size }, &r, &e))
		return 0;
	ASSERT(r.n_data > 0);
	for (size_t i = 0; i < r.n_data; i++) {
		struct str href = r.data[i].href;
		ASSERT(href.n && href.p[0] != '/' && !strstr(href.p, "..\\") &&
		       strncmp(href.p, "../", 3) != 0 && !strstr(href.p, "/../"));
		ASSERT(r.data[i].checksum.hex.n);
	}
	return 0;
}
