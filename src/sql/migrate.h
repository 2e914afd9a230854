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

struct sql_column {
	const char *name;
	enum sql_type type;
	bool small; /**< 32 bits wide on PostgreSQL */
};
/** What all migrations together have made; schema_migration is not among them. */
struct sql_table {
	const char *name;
	const struct sql_column *columns;
	int n;
	struct sql_stmt read, clear, insert; /**< all columns in their order */
	const char *copy;		     /**< PostgreSQL's bulk insert, binary */
};
/** Each after those that its foreign keys refer to. */
extern const struct sql_table sql_tables[];
extern const int sql_tables_count;

/** Applies what is not yet applied, each in a transaction of its own. ERR_CONFLICT when the
 * database holds a migration this list does not know (the database is newer) or one that has
 * changed. */
bool migrate_run(struct sql *db, const struct sql_migration *list, int n, struct err *e) MUST_CHECK;

/** Inside a transaction: applies all embedded migrations to a database without tables. */
bool migrate_fresh(struct sql_conn *c, struct err *e) MUST_CHECK;
/** ERR_CONFLICT with remedy unless exactly the embedded migrations are applied. */
bool migrate_same(struct sql_conn *c, struct err *e) MUST_CHECK;
#endif
