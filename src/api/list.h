/* SPDX-License-Identifier: Apache-2.0
 * Pages of lists that live in memory: one pass over the candidates, a bounded heap for the page,
 * counts for the facets. Nothing is sorted that is not shown, so 100,000 rows cost milliseconds and
 * no index. */
#ifndef API_LIST_H
#define API_LIST_H
#include "api/page.h"

#define LIST_MAX_FACETS 10
#define LIST_MAX_FACET_VALUES 200

struct list_facets; /* receives values */
void list_facet_add(struct list_facets *f, struct str value);

/** What kind of rows; one constant per list. */
struct list_kind {
	const char *const *columns; /**< sort keys, NULL-terminated; the first is the id */
	const char *default_sort;
	const char *const *facets; /**< names, NULL-terminated, or NULL */
	/** Value of a column. */
	void (*value)(void *arg, uint32_t item, int column, struct page_value *out);
	/** What a number that is costly to know lies between (both ends included), if that is
	 * cheap; false for every other column. NULL = no column is costly. */
	bool (*bounds)(void *arg, uint32_t item, int column, struct page_value *low_out,
		       struct page_value *high_out);
	/** Bit mask of the filters the item fails: bit f for the filter of facet f, higher bits for
	 * others; 0 = it is on the list. NULL = everything is. */
	uint32_t (*failing)(void *arg, uint32_t item);
	/** Adds the item's value(s) of a facet. */
	void (*facet)(void *arg, uint32_t item, int facet, struct list_facets *out);
};
/** Candidates: `items`, or 0..n-1 when NULL. */
struct list_input {
	const uint32_t *items;
	uint32_t n;
};
struct list_page {
	uint32_t *items;
	size_t n;
	json_t *page, *facets; /**< new references for the reply; facets may be NULL */
};
/** 400 for an unknown sort key or facet, or a cursor of another list. The caller holds what locks
 * the rows need. Borrowed texts must stay valid during the call. */
bool list_run(struct call *c, const struct list_kind *kind, void *arg, struct list_input in,
	      struct list_page *out, struct err *e) MUST_CHECK;
/** The keys of `sort` (the id is always the last), and the facets wanted (bits). 400 as list_run().
 */
struct list_sort {
	int columns[PAGE_MAX_VALUES];
	bool descending[PAGE_MAX_VALUES];
	size_t n;
};
bool list_sort_read(struct call *c, const struct list_kind *kind, struct list_sort *out,
		    struct err *e) MUST_CHECK;
bool list_facets_read(struct call *c, const struct list_kind *kind, uint32_t *out, struct err *e)
	MUST_CHECK;
/** One facet of the reply: the most frequent values; those that count 0 are left out. */
json_t *list_facet_json(struct call *c, uint32_t n, const int64_t *counts,
			struct str (*text)(void *arg, uint32_t value), void *arg);
/** {items, page, facets?}; takes all. */
json_t *list_reply(json_t *items, struct list_page *p);
#endif
