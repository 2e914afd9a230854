/* SPDX-License-Identifier: Apache-2.0
 * Numbered migrations: what the build embeds, and running a list of them (tests bring their own).
 */
#ifndef SQL_MIGRATE_H
#define SQL_MIGRATE_H
#include "sql/sql.h"

struct sql_migration {
	int number; /**< from 1, ascending; gaps are fine */
	const char *name;
	const char *sha256; /**< of the file, 64 hex digits */
	const char *text;
};
extern const struct sql_migration sql_migrations[];
extern const int sql_migrations_count;

/** Applies what is not yet applied, each in a transaction of its own. ERR_CONFLICT when the
 * database holds a migration this list does not know (the database is newer) or one that has
 * changed. */
bool migrate_run(struct sql *db, const struct sql_migration *list, int n, struct err *e) MUST_CHECK;
#endif
