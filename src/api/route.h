/* SPDX-License-Identifier: Apache-2.0
 * The route table: method, path pattern, permission, handler. A row without a permission does not
 * compile; a row with PERM_UNDECLARED does not compile either. Matching sees only the one canonical
 * path that net/http_server.h lets through, and authorisation sees the row that dispatch will run.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H
#include "auth/auth.h"
#include "base/str.h"

struct call;
struct param;

enum route_method { ROUTE_END, ROUTE_GET, ROUTE_POST, ROUTE_PATCH, ROUTE_DELETE, ROUTE_METHODS_ };
const char *route_method_name(enum route_method m);	/**< "GET" */
enum route_method route_method_parse(const char *word); /**< ROUTE_END when not one of ours */

#define ROUTE_MAX_PARAMS 3

struct route {
	enum route_method method;
	/** Segments are literal, "{name}" or "{name}:verb"; the pattern "*" takes every path. */
	const char *pattern;
	enum permission permission;
	/** True = replied. False = `e` says why not; dispatch answers with a problem. */
	bool (*handler)(struct call *c, struct err *e);
	const struct param *query; /**< known query parameters; NULL = none */
	size_t max_body;	   /**< bytes; 0 = a body is refused */
	bool slow;		   /**< waits for the disk or computes: runs on a worker */
};

/** One row. The permission has no default: leaving it out is a missing macro argument, and
 *  PERM_UNDECLARED fails the assertion. Further members (.query, .max_body) may follow. */
#define ROUTE(method_, pattern_, permission_, handler_, ...)                                       \
	{                                                                                          \
		.method = ROUTE_##method_, .pattern = (pattern_), .handler = (handler_),           \
		.permission = (permission_) +                                                      \
			      0 * (int)sizeof(struct {                                             \
				      _Static_assert((permission_) != PERM_UNDECLARED &&           \
							     (permission_) < PERMISSIONS_,         \
						     "a route declares its permission");           \
				      int unused_;                                                 \
			      }),                                                                  \
		__VA_ARGS__                                                                        \
	}
#define ROUTE_TABLE_END                                                                            \
	{                                                                                          \
		.method = ROUTE_END                                                                \
	}

struct route_match {
	const struct route *route; /**< NULL: no row for this path, or not with this method */
	struct str params[ROUTE_MAX_PARAMS];
	unsigned allowed; /**< 1 << method for all rows of this path; 0 = no such path */
};
/** Finds the row for a canonical path in `tables` (NULL-terminated array of tables, each ended by
 *  ROUTE_TABLE_END). A literal segment goes before "{name}:verb", that before "{name}", that before
 *  "*". */
void route_find(const struct route *const *tables, enum route_method method, const char *path,
		struct route_match *out);
#endif
