/* SPDX-License-Identifier: Apache-2.0
 * Every statement of every room, generated from their .sql files. */
#ifndef STATEMENTS_H
#define STATEMENTS_H
#include "sql/sql.h"
extern const struct sql_stmt sql_all_statements[];
extern const int sql_all_statements_count;
#endif
