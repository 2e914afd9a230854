/* SPDX-License-Identifier: Apache-2.0
 * Cursors: where a page ends, as an opaque text. A cursor holds the sort key of a row, the
 * direction and a hash of route, filters and sort order, all under an HMAC; it works only for the
 * list it was made for and nobody can make one up. */
#ifndef API_PAGE_H
#define API_PAGE_H
#include "api/call.h"
#include "crypto/digest.h"

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
/** The page object; cursors may be NULL. */
json_t *page_json(struct call *c, const char *next, const char *prev, int64_t total);
#endif
