/* SPDX-License-Identifier: Apache-2.0
 * dpkg's status file. */
#include "agent/dpkgdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str text = { (const char *)data, size };
	struct pkgdb db;
	struct err e = { 0 };
	if (dpkgdb_parse(text, &a, &db, &e)) {
		for (size_t i = 0; i < db.n; i++)
			ASSERT(pkgdb_find(&db, db.packages[i].name, db.packages[i].arch));
		(void)pkgdb_broken(&db);
	}
	return 0;
}
