/* SPDX-License-Identifier: Apache-2.0
 * A whole database from one engine to the other. Nobody else may use either meanwhile; the source
 * is read in one state and is not changed; the target gets everything, read back and compared, in
 * one transaction: whatever is killed whenever, it holds all of it or nothing. */
#ifndef SQL_MOVE_H
#define SQL_MOVE_H
#include "sql/sql.h"

enum sql_move_step {
	SQL_MOVE_COPY,
	SQL_MOVE_CHECK, /**< reading back what was copied, or one side of a comparison */
};
struct sql_move_at {
	enum sql_move_step step;
	const char *table;
	int64_t rows;	    /**< of this table so far */
	const char *digest; /**< hex, of the table's rows in any order; NULL before its end */
};
struct sql_move_watch {
	void (*at)(void *arg, const struct sql_move_at *at); /**< may be NULL */
	void *arg;
};
struct sql_moved {
	int tables;
	int64_t rows, bytes;
};

/** Copies every table of `from` into `to`, which must hold none. ERR_CONFLICT when a server uses
 * one of them, when `to` is not empty, or when `from` is not of this program's schema version;
 * ERR_INVALID for a value that its column's type does not allow. */
bool sql_move(struct sql *from, struct sql *to, const struct sql_move_watch *watch,
	      struct sql_moved *out, struct err *e) MUST_CHECK;
/** ERR_CONFLICT, naming the first table that differs, unless both hold the same rows. */
bool sql_compare(struct sql *a, struct sql *b, const struct sql_move_watch *watch,
		 struct sql_moved *out, struct err *e) MUST_CHECK;
#endif
