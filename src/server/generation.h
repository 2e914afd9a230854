/* SPDX-License-Identifier: Apache-2.0
 * How the server notices that its database was put back to an earlier state: a number that rises in
 * the database and in a file beside it. */
#ifndef SERVER_GENERATION_H
#define SERVER_GENERATION_H
#include "sql/sql.h"

/** Counts on. *restored_out: the database was behind the file (or `new_epoch` says so), and a new
 * epoch has begun. Call it before deploy_open() and every minute. */
bool generation_turn(const char *state_dir, struct sql *db, bool new_epoch, int64_t *epoch_out,
		     bool *restored_out, struct err *e) MUST_CHECK;
#endif
