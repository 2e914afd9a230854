/* SPDX-License-Identifier: Apache-2.0
 * What commands share when they print: JSON documents for programs, times for people, errors with
 * status. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H
#include "format/json.h"

/** One document and a newline. */
void print_json(const json_t *j);
/** "error: ..." to stderr; returns the exit status of the code. */
int print_failure(const struct err *e);
/** "2026-11-22 17:41Z", or "-" for null. Valid until the next call with the same slot (0..3). */
const char *print_time(const json_t *rfc3339, int slot);
/** A member as text; "" when absent or null. */
const char *print_text(const json_t *obj, const char *key);
int64_t print_int(const json_t *obj, const char *key);
#endif
