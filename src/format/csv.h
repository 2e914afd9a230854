/* SPDX-License-Identifier: Apache-2.0
 * Rows of CSV for people's spreadsheets: RFC 4180 quoting and CRLF; a cell that a spreadsheet would
 * take for a formula gets an apostrophe in front. */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H
#include "base/buf.h"

/** UTF-8's byte order mark: without it Excel reads the file in the machine's old code page. */
void csv_begin(struct buf *out);
/** One cell; `first` in its row. */
void csv_cell(struct buf *out, bool first, struct str text);
void csv_row_end(struct buf *out);
#endif
