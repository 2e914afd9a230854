/* SPDX-License-Identifier: Apache-2.0
 * Cursors: where a page ends, as an opaque text. A cursor holds the sort key of a row, the
 * direction and a hash of route, filters and sort order, all under an HMAC; it works only for the
 * list it was made for and nobody can make one up. */
#ifndef API_PAGE_H
#define API_PAGE_H
#include "api/call.h"
#include "crypto/digest.h"
#include "sql/page.h"

#define PAGE_MAX_VALUES 4
#define PAGE_DEFAULT_LIMIT 50
#define PAGE_MAX_LIMIT 200

/** One value of a sort key: a number, or a text (compared without ASCII case, clipped to 120
 * bytes). */
struct page_value {
	bool is_text;
	int64_t i;
	struct str s;
};
/** <0, 0, >0. Both must be of one type. */
int page_value_cmp(const struct page_value *a, const struct page_value *b);

struct page_position {
	bool present;  /**< a cursor was given */
	bool backward; /**< rows before it are wanted */
	struct page_value at[PAGE_MAX_VALUES];
	size_t n;
};
/** Reads `limit` and `cursor`. 400 `invalid_cursor`. `n_values` is the length of the list's key. */
bool page_read(struct call *c, size_t n_values, size_t *limit_out, struct page_position *out,
	       struct err *e) MUST_CHECK;
/** The text of a cursor at a row's key (from the call's arena). */
const char *page_cursor(struct call *c, bool backward, const struct page_value *at, size_t n);
/** A page of rows that the database keeps by (time, id), newest first. What came is cut to what is
 * shown: rows.n of them, after the first rows.skip. */
struct page_rows {
	struct sql_page ask; /**< one row more than fits, which tells that there are more */
	size_t skip, n;
	bool more; /**< there are rows beyond, in the direction of reading */
};
bool page_rows_read(struct call *c, struct page_rows *out, struct err *e) MUST_CHECK;
void page_rows_came(struct page_rows *p, size_t n);
/** {items, page}. Takes `items`. `ms` and `id`: the key of the first row that is shown, which
 * stands in an array of elements of `stride` bytes. */
json_t *page_rows_reply(struct call *c, const struct page_rows *p, json_t *items, int64_t total,
			const int64_t *ms, const char *id, size_t stride);

/** Cursors around `n` rows shown; `more` = there was a row beyond the page in reading direction. */
json_t *page_around(struct call *c, const struct page_position *at, bool more, size_t n,
		    const struct page_value *first, const struct page_value *last, size_t n_values,
		    int64_t total);
/** {items, page}; takes both. */
json_t *page_reply(json_t *items, json_t *page);
/** The page object; cursors may be NULL. */
json_t *page_json(struct call *c, const char *next, const char *prev, int64_t total);
#endif
