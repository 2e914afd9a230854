/* SPDX-License-Identifier: Apache-2.0
 * Between sqlite.c (connections, statements) and sqlite_writer.c (the writer thread). */
#ifndef SQL_SQLITE_INT_H
#define SQL_SQLITE_INT_H
#include "sql/sql_int.h"

#include <sqlite3.h>

struct lite_writer;
struct lite { /* struct sql.engine */
	char *path;
	int lock_fd;
	struct lite_writer *writer;
};
struct lite_conn {
	struct sql_conn base;
	sqlite3 *h;
	struct sql_cache cache;
};

struct sql_conn *lite_connect(struct sql *db, bool writer, struct err *e);
void lite_disconnect(struct sql_conn *c);
enum sql_type lite_col_type(struct sql_rows *r, int col);
/** Text without parameters or rows. */
bool lite_exec(struct lite_conn *c, const char *text, struct err *e) MUST_CHECK;

bool lite_writer_start(struct sql *db, struct err *e) MUST_CHECK;
/** Finishes what waits, then ends the thread. NULL is fine. */
void lite_writer_stop(struct lite_writer *w);
bool lite_write(struct sql *db, sql_write_fn fn, void *arg, struct err *e);
#endif
