/* SPDX-License-Identifier: Apache-2.0
 * A database as one file, made while a server uses it, and put back while none does. `url` as for
 * sql_open(). SQLite: the file is a database. PostgreSQL: the file is pg_dump's archive; pg_dump,
 * pg_restore and psql must be installed, of the server's version or newer. */
#ifndef SQL_BACKUP_H
#define SQL_BACKUP_H
#include "sql/sql.h"

/** "tsukuroi.db" or "tsukuroi.dump": what such a file is called. */
const char *sql_backup_name(const char *url);
/** Copies the database in one state to `to`, which must not be there, reads all of the copy again
 *  (sql_backup_check()) and syncs it. After a failure `to` may hold a part. */
bool sql_backup(const char *url, const char *to, struct err *e) MUST_CHECK;
/** Whether `copy` is whole. SQLite: also that sql_migrate() will not refuse it; it is brought to
 *  this program's schema. ERR_CORRUPT. */
bool sql_backup_check(const char *url, const char *copy, struct err *e) MUST_CHECK;
/** Replaces all the database holds by what `copy` does, which is gone afterwards. May be killed at
 *  any instant and is then to be called again: where `copy` is gone, it had been put back. Nobody
 *  may use the database before it has succeeded (SQLite: before it is called again). */
bool sql_put_back(const char *url, const char *copy, struct err *e) MUST_CHECK;
#endif
