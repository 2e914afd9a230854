/* SPDX-License-Identifier: Apache-2.0
 * JSON read as a stream of events, for documents too large for a tree (RFC 8259). Depth, string
 * lengths and the number of events are bounded; nothing but the current string is kept. */
#ifndef FEEDS_JSON_STREAM_H
#define FEEDS_JSON_STREAM_H
#include "base/buf.h"

#define JSON_STREAM_DEPTH 32u
/** Bytes of one string that are kept; the rest of a longer one is checked and dropped. */
#define JSON_STREAM_STRING 4096u

enum json_event {
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_KEY,
	JSON_STRING_VALUE,
	JSON_OTHER_VALUE
};
/** `depth`: of the value itself, the outermost is 0; `text`: the key or string. */
typedef bool (*json_stream_fn)(void *arg, enum json_event ev, unsigned depth, struct str text,
			       struct err *e);

struct json_stream;
struct json_stream *json_stream_new(json_stream_fn fn, void *arg);
void json_stream_free(struct json_stream *s);
AUTO_DEFINE(struct json_stream, json_stream_free)
/** A pipe_consumer. ERR_CORRUPT names the byte's position. */
bool json_stream_feed(void *stream, struct str bytes, struct err *e) MUST_CHECK;
/** ERR_CORRUPT when the document is not complete. */
bool json_stream_end(struct json_stream *s, struct err *e) MUST_CHECK;
#endif
