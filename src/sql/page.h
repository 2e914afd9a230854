/* SPDX-License-Identifier: Apache-2.0
 * One page of rows that are listed by (time, id), newest first. The key of a row never changes, so
 * that whoever reads page after page sees every row once, whatever is inserted meanwhile. */
#ifndef SQL_PAGE_H
#define SQL_PAGE_H
#include "sql/sql.h"

struct sql_page {
	bool from;  /**< begins beside the row with this key; else with the newest */
	bool newer; /**< the rows just before that row are wanted, not those after it */
	int64_t ms;
	char id[65];
	size_t limit; /**< rows at most */
};
static inline struct sql_page sql_page_newest(size_t limit)
{
	return (struct sql_page) { .limit = limit };
}
/** Starts reading it. Both statements take $1 = ms, $2 = id, $3 = limit and then `args` (at most
 * 5): `older` rows with (ms, id) < ($1, $2), descending; `newer` those > ($1, $2), ascending. */
bool sql_page_query(struct sql_conn *c, const struct sql_page *p, const struct sql_stmt *older,
		    const struct sql_stmt *newer, const struct sql_val *args, int nargs,
		    struct sql_rows **out, struct err *e) MUST_CHECK;
/** Puts what was read, `n` elements of `size` bytes, into the order of the list. */
void sql_page_order(const struct sql_page *p, void *list, size_t size, size_t n);
#endif
