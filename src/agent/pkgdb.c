/* SPDX-License-Identifier: Apache-2.0
 * Order and search in a package database. */
#include "agent/pkgdb.h"
#include "pkgver/pkgver.h"

#include <stdlib.h>

int pkgdb_compare(enum pkgdb_kind kind, struct str a, struct str b)
{
	return kind == PKGDB_RPM ? rpm_compare(a, b) : deb_compare(a, b);
}

static int by_name(const struct pkgdb_package *a, const struct pkgdb_package *b)
{
	int c = str_cmp(a->name, b->name);
	return c ? c : str_cmp(a->arch, b->arch);
}

/* Only rpm has several of one name and architecture. */
static int in_order(const void *x, const void *y)
{
	const struct pkgdb_package *a = x, *b = y;
	int c = by_name(a, b);
	return c ? c : rpm_compare(a->version, b->version);
}

void pkgdb_sort(struct pkgdb *db)
{
	if (db->n)
		qsort(db->packages, db->n, sizeof(*db->packages), in_order);
}

const struct pkgdb_package *pkgdb_find(const struct pkgdb *db, struct str name, struct str arch)
{
	const struct pkgdb_package key = { .name = name, .arch = arch };
	size_t low = 0, high = db->n; /* the last that is not above the key */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_name(&db->packages[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && by_name(&db->packages[low - 1], &key) == 0 ? &db->packages[low - 1] : NULL;
}

const struct pkgdb_package *pkgdb_find_version(const struct pkgdb *db, struct str name,
					       struct str arch, struct str version)
{
	const struct pkgdb_package *p = pkgdb_find(db, name, arch);
	for (; p && p >= db->packages && str_eq(p->name, name) && str_eq(p->arch, arch); p--)
		if (str_eq(p->version, version))
			return p;
	return NULL;
}

bool pkgdb_broken(const struct pkgdb *db)
{
	for (size_t i = 0; i < db->n; i++) {
		if (db->packages[i].state != PKGDB_INSTALLED || db->packages[i].reinstall)
			return true;
	}
	return db->interrupted;
}
