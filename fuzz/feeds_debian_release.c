/* SPDX-License-Identifier: Apache-2.0
 * Release files. Property: what is accepted has a date, an os and digests for every file. */
#include "feeds/debian/debian_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(debian_release_done) struct debian_release r = { 0 };
	struct feed_last last = { 0 };
	if (!debian_release_parse((struct str) { (const char *)data, size }, &r, &e))
		return 0;
	ASSERT(r.date_ms > 0 && r.os.n && r.codename.n);
	for (size_t i = 0; i < r.n_files; i++)
		ASSERT(r.files[i].size >= 0 && r.files[i].path.n);
	if (!debian_release_accept(&r, "bookworm", &last, 1700000000000, &e))
		ASSERT(e.code == ERR_UNTRUSTED || e.code == ERR_INVALID);
	return 0;
}
