/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what a record must satisfy. */
#ifndef CATALOG_RECORDS_INT_H
#define CATALOG_RECORDS_INT_H
#include "catalog/records.h"

/** No control characters, valid UTF-8. */
bool records_text_ok(struct str s);
/** Lengths, required values, forms; `text` asks for records_text_ok of every value as well (the
 *  reader has done that while cutting). ERR_CORRUPT names record and field. */
bool records_check(const struct record *r, bool text, struct err *e) MUST_CHECK;
#endif
