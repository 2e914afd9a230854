/* SPDX-License-Identifier: Apache-2.0
 * Pages by (time, id): which statement, with which key. */
#include "sql/page.h"

#define ARGS_MAX 8

bool sql_page_query(struct sql_conn *c, const struct sql_page *p, const struct sql_stmt *older,
		    const struct sql_stmt *newer, const struct sql_val *args, int nargs,
		    struct sql_rows **out, struct err *e)
{
	struct sql_val all[ARGS_MAX] = { sql_int(p->from ? p->ms : INT64_MAX),
					 sql_text(p->from ? p->id : ""),
					 sql_int((int64_t)p->limit) };
	ASSERT(nargs >= 0 && nargs <= ARGS_MAX - 3);
	for (int i = 0; i < nargs; i++)
		all[3 + i] = args[i];
	return sql_query(c, p->from && p->newer ? newer : older, all, 3 + nargs, out, e);
}

void sql_page_order(const struct sql_page *p, void *list, size_t size, size_t n)
{
	if (!p->from || !p->newer)
		return;
	AUTO(xfree) char *held = xmalloc(size);
	char *rows = list;
	for (size_t i = 0; i < n / 2; i++) {
		char *a = rows + i * size, *b = rows + (n - 1 - i) * size;
		memcpy(held, a, size);
		memcpy(a, b, size);
		memcpy(b, held, size);
	}
}
