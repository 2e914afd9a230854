/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what a record must satisfy. */
#ifndef CATALOG_RECORDS_INT_H
#define CATALOG_RECORDS_INT_H
#include "catalog/records.h"

/** No control characters, valid UTF-8. */
bool records_text_ok(struct str s);
/** Lengths, required values, forms; *text_out is the length of all texts together. Characters are
 * the caller's part: they are looked at where lines are cut or written. ERR_CORRUPT names record
 * and field. */
bool records_check(const struct record *r, size_t *text_out, struct err *e) MUST_CHECK;
/** Names the field of a record whose characters are not allowed; returns false. */
bool records_blame(const struct record *r, struct err *e);
#endif
