/* SPDX-License-Identifier: Apache-2.0
 * Tables for people: aligned columns, double-width characters counted as two, control characters
 * shown as dots. On a terminal the last column is cut at its width; in a pipe nothing is cut. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H
#include "base/arena.h"

struct table;
/** `heads` NULL-terminated; a head beginning with '>' is right-aligned (numbers). */
struct table *table_new(const char *const *heads);
/** One cell; rows fill from the left. NULL prints as "-". Copied. */
void table_cell(struct table *t, const char *text);
void table_number(struct table *t, int64_t n);
void table_print(const struct table *t);
size_t table_rows(const struct table *t);
void table_free(struct table *t);
AUTO_DEFINE(struct table, table_free)
#endif
