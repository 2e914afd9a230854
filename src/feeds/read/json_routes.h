/* SPDX-License-Identifier: Apache-2.0
 * Large JSON by routes: a table says which places of a document matter, everything else is checked
 * and passed over. A document that is an array is read as its elements, one document after another,
 * so that one table serves a file of one record and a file of many. */
#ifndef FEEDS_JSON_ROUTES_H
#define FEEDS_JSON_ROUTES_H
#include "feeds/read/json_stream.h"

/** A place: members' names from the document down, separated by '/'. "*" is any member that has no
 * name of its own in the table, "[]" every element of an array; "" is the document itself. */
struct json_route {
	const char *path;
	int id; /**< not negative */
};
#define JSON_ROUTES_MAX 120u

struct json_routes;
/** Called for every value at a place of the table: JSON_OBJECT, JSON_ARRAY and their ends,
 * JSON_STRING_VALUE, JSON_OTHER_VALUE. Strings longer than JSON_STREAM_STRING are cut. */
typedef bool (*json_routes_fn)(void *arg, int id, enum json_event ev, struct str text,
			       struct err *e);
/** The table ends with a NULL path and must outlive the reader. */
struct json_routes *json_routes_new(const struct json_route *table, json_routes_fn fn, void *arg);
void json_routes_free(struct json_routes *r);
AUTO_DEFINE(struct json_routes, json_routes_free)
/** The name that stood for the `n`th "*" of the current place (0 = outermost); "" when there is
 * none. Valid within a call. Names longer than JSON_ROUTES_NAME are cut. */
#define JSON_ROUTES_NAME 255u
struct str json_routes_name(const struct json_routes *r, unsigned n);
/** A pipe_consumer. ERR_CORRUPT names the byte's position. */
bool json_routes_feed(void *routes, struct str bytes, struct err *e) MUST_CHECK;
/** ERR_CORRUPT when the document is not complete. */
bool json_routes_end(struct json_routes *r, struct err *e) MUST_CHECK;
#endif
