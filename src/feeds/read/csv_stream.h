/* SPDX-License-Identifier: Apache-2.0
 * Comma-separated text read as a stream of rows (RFC 4180; lines may end in LF or CRLF, a byte
 * order mark is skipped). Fields of a row, their length and the number of rows are bounded. */
#ifndef FEEDS_CSV_STREAM_H
#define FEEDS_CSV_STREAM_H
#include "base/buf.h"

#define CSV_STREAM_FIELDS 64u
/** Bytes of one row. */
#define CSV_STREAM_ROW (256u << 10)
#define CSV_STREAM_ROWS 2000000u

/** One row that is not empty; `line` is where it begins, from 1. */
typedef bool (*csv_stream_fn)(void *arg, const struct str *fields, size_t n, uint64_t line,
			      struct err *e);

struct csv_stream;
struct csv_stream *csv_stream_new(csv_stream_fn fn, void *arg);
void csv_stream_free(struct csv_stream *s);
AUTO_DEFINE(struct csv_stream, csv_stream_free)
/** A pipe_consumer. ERR_CORRUPT names the line: a quote in the wrong place, NUL, invalid UTF-8;
 *  ERR_LIMIT. */
bool csv_stream_feed(void *stream, struct str bytes, struct err *e) MUST_CHECK;
/** The last line may lack its end; a quoted field may not. */
bool csv_stream_end(struct csv_stream *s, struct err *e) MUST_CHECK;
#endif
