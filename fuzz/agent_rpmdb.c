/* SPDX-License-Identifier: Apache-2.0
 * rpm's answer, a line of '%' behind it, and then what stands in the files that lock packages. */
#include "agent/rpmconf.h"
#include "agent/rpmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str text = { (const char *)data, size }, rest = { "", 0 };
	const char *cut = size ? memmem(data, size, "\n%\n", 3) : NULL;
	struct pkgdb db;
	struct err e = { 0 };
	if (cut) {
		text.n = (size_t)(cut + 1 - text.p);
		rest = (struct str) { cut + 3, size - text.n - 2 };
	}
	if (!rpmdb_parse(text, &a, &db, &e))
		return 0;
	rpmdb_mark_stale(&db, rest);
	rpmconf_versionlock(rest, &db);
	rpmconf_excludes(rest, &db);
	rpmconf_zypp_locks(rest, &db);
	for (size_t i = 0; i < db.n; i++)
		ASSERT(pkgdb_find(&db, db.packages[i].name, db.packages[i].arch));
	return 0;
}
