/* SPDX-License-Identifier: Apache-2.0
 * Whether what is stored is what was stored: `tsukuroid --verify`, with the server stopped. */
#ifndef SERVER_VERIFY_H
#define SERVER_VERIFY_H
#include "base/buf.h"
#include "sql/sql.h"

/** Looks at everything that has a check of its own: the database's pages, indices and references
 *  (SQLite), every system's inventory against its digest, every generation of the patch DB against
 *  its digest, the audit log's chain; and compares the counters with a forward pass over all
 *  systems. A line for each goes to `report`. False (ERR_CORRUPT) when anything is not right, or
 *  when it could not be read. Changes nothing. */
bool verify_data(struct sql *db, struct buf *report, struct err *e) MUST_CHECK;
#endif
